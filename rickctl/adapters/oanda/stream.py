"""OANDA's pricing stream as quotes, read in large pieces by its one reader; reconnects by itself, invents no price.

A line of any kind proves the link and no more: a quote is vouched for at the time its own price carries.
"""

from __future__ import annotations

from os import urandom
from threading import Event
from time import monotonic_ns
from typing import TYPE_CHECKING

import msgspec

from rickctl.adapters.oanda.answers import judge_read, not_sent
from rickctl.adapters.oanda.parse import parse_price, parse_time_ns
from rickctl.adapters.transport import Answer, Deadline, WireFailure
from rickctl.domain.errors import RickctlError, SetupError, Unreachable
from rickctl.domain.instants import SECOND_NS
from rickctl.domain.market import Quote
from rickctl.domain.streaming import StreamCounts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from decimal import Decimal

    from rickctl.adapters.oanda.client import OandaClient
    from rickctl.adapters.transport import Connection, Opened

SILENCE_NS = 10 * SECOND_NS
"""A stream that brought nothing for two heartbeats is dead."""

_CONNECT_NS = 10 * SECOND_NS
_FIRST_PAUSE_NS, _LONGEST_PAUSE_NS = SECOND_NS // 2, 30 * SECOND_NS
_LONGEST_LINE = 1024 * 1024
_MOST_KNOWN = 10_000
_OK, _NOT_FOUND = 200, 404
_FULL_TIME = len("2016-06-22T18:41:36.201836422Z")
_WHOLE_SECOND = len("2016-06-22T18:41:36")
_FRACTION = _WHOLE_SECOND + 1


_make = tuple.__new__
"""A quote without the price of naming its fields; there are thousands a second."""


class _Level(msgspec.Struct, gc=False):
    price: str = ""


class _Line(msgspec.Struct, gc=False):
    """What is read of a PRICE; of a HEARTBEAT only that it is one. A line without a type is a price."""

    type: str = "PRICE"
    instrument: str = ""
    time: str = ""
    tradeable: bool | None = None
    bids: list[_Level] = []
    asks: list[_Level] = []
    status: str = ""
    closeoutBid: str = ""  # noqa: N815 - the venue's own name
    closeoutAsk: str = ""  # noqa: N815


class OandaStream:
    """Prices of some symbols; `read` by one thread, `stop` from any."""

    def __init__(
        self, client: OandaClient, account_path: str, symbols: Sequence[str], *, silence_ns: int = SILENCE_NS
    ) -> None:
        self._client = client
        self._path = f"{account_path}/pricing/stream"
        self._query = {"instruments": ",".join(symbols)}
        self._silence_ns = silence_ns
        self._decoder = msgspec.json.Decoder(_Line)
        self._connection: Connection | None = None
        self._opening: Connection | None = None
        self._opened: Opened | None = None
        self._stopped = Event()
        self._rest = b""
        self._heard_ns = 0
        self._next_try_ns = 0
        self._failures = 0
        self._skew_ns = 0
        self._second, self._second_ns = "", 0
        self._known: dict[str, Decimal | None] = {}
        self._last: dict[str, Quote] = {}
        self._prices = self._dropped = self._unreadable = self._connections = 0

    @property
    def counts(self) -> StreamCounts:
        """What it brought so far."""
        return StreamCounts(self._prices, self._dropped, self._unreadable, self._connections)

    @property
    def is_alive(self) -> bool:
        """Whether the link has shown itself within the time after which it counts as dead."""
        return self._connection is not None and monotonic_ns() - self._heard_ns < self._silence_ns

    def read(self, wait_ns: int) -> Sequence[Quote]:
        """The next quotes in order, waiting `wait_ns` at most; none where none came, and for ever once stopped.

        A lost link is made again. Raises Unreachable where the first cannot be, SetupError where none can ever be.
        """
        deadline = Deadline(wait_ns)
        while not self._stopped.is_set():
            quotes = self._receive(deadline) if self._connection is not None else self._connect(deadline)
            if quotes or deadline.left_ns() <= 0:
                return quotes
        return ()

    def stop(self) -> None:
        """End it, from any thread: a waiting reader leaves at once."""
        self._stopped.set()
        for held in (self._opening, self._connection):
            if held is not None:
                held.stop()

    def close(self) -> None:
        """Let go of the connection, once nobody reads."""
        self._stopped.set()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self, deadline: Deadline) -> Sequence[Quote]:
        pause_ns = self._next_try_ns - monotonic_ns()
        if pause_ns > 0:
            self._stopped.wait(max(min(pause_ns, deadline.left_ns()), 0) / SECOND_NS)
            return ()
        client = self._client
        connection = self._opening = client.connection(client.hosts.stream)
        patience, sent_ns = Deadline(_CONNECT_NS), client.clock.now_ns()
        try:
            opened = connection.begin(client.request(self._path, self._query), patience)
            if opened.status != _OK:
                refused = Answer(opened.status, opened.headers, connection.rest(opened, patience))
                judge_read(client.hosts, refused)
        except WireFailure as failure:
            connection.close()
            return self._not_connected(not_sent(client.hosts, failure), is_final=False)
        except (SetupError, Unreachable) as error:
            connection.close()
            return self._not_connected(error, is_final=isinstance(error, SetupError) or refused.status == _NOT_FOUND)
        self._skew_ns = client.reply(Answer(_OK, opened.headers, b""), {}, sent_ns).skew_ns or 0
        self._connection, self._opened = connection, opened
        self._connections += 1
        self._heard_ns = monotonic_ns()
        if self._stopped.is_set():
            connection.stop()
        return self._quotes(opened.first)

    def _not_connected(self, error: RickctlError, *, is_final: bool) -> Sequence[Quote]:
        if self._stopped.is_set():
            return ()
        if is_final or not self._connections:
            raise error
        self._wait_before_next()
        return ()

    def _receive(self, deadline: Deadline) -> Sequence[Quote]:
        connection, opened = self._connection, self._opened
        if connection is None or opened is None:
            return ()
        silent_until_ns = self._heard_ns + self._silence_ns - monotonic_ns()
        wait_ns = max(min(silent_until_ns, deadline.left_ns()), SECOND_NS // 1000)
        try:
            data = connection.receive(wait_ns / SECOND_NS)
            text = opened.body.take(data) if data else b""
        except TimeoutError:
            if monotonic_ns() - self._heard_ns >= self._silence_ns:
                self._lose(is_clean=False)
            return ()
        except (OSError, ValueError):
            self._lose(is_clean=False)
            return ()
        if data:
            self._heard_ns = monotonic_ns()
        quotes = self._quotes(text) if text else ()
        if not data or opened.body.has_ended:
            self._lose(is_clean=opened.body.is_whole)
        return quotes

    def _lose(self, *, is_clean: bool) -> None:
        """Forget the connection; a first clean end is followed at once, anything else after a pause."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._opened = None
        if self._rest.strip():
            self._unreadable += 1
        self._rest = b""
        if is_clean and not self._failures:
            self._failures = 1
            return
        self._wait_before_next()

    def _wait_before_next(self) -> None:
        """A pause of anything up to half a second, doubled with each failure: many readers do not come back at once."""
        longest_ns = min(_FIRST_PAUSE_NS << min(self._failures, 6), _LONGEST_PAUSE_NS)
        self._failures += 1
        self._next_try_ns = monotonic_ns() + (longest_ns * int.from_bytes(urandom(4), "little") >> 32)

    def _quotes(self, text: bytes) -> Sequence[Quote]:
        """The quotes of all whole lines; what follows the last line end is kept for the next piece."""
        block = self._rest + text if self._rest else text
        end = block.rfind(b"\n") + 1
        self._rest = block[end:]
        if len(self._rest) > _LONGEST_LINE:
            self._unreadable += 1
            self._rest = b""
        if not end:
            return ()
        lines = self._decoded(block[:end])
        if lines:
            self._failures = 0
        received_ns = self._client.clock.now_ns()
        found = self._accepted(lines, received_ns)
        self._prices += len(found)
        return found

    def _decoded(self, block: bytes) -> list[_Line]:
        try:
            return self._decoder.decode_lines(block)
        except (ValueError, RecursionError):
            found = []
            for line in block.splitlines():
                try:
                    if line.strip():
                        found.append(self._decoder.decode(line))
                except (ValueError, RecursionError):
                    self._unreadable += 1
            return found

    def _accepted(self, lines: list[_Line], received_ns: int) -> list[Quote]:
        """The prices of the lines; what is late, told twice or without a time is counted and left out."""
        found: list[Quote] = []
        seen, known, source, skew_ns = self._last, self._known, self._client.hosts.source, self._skew_ns
        for line in lines:
            if line.type != "PRICE":
                continue
            time = line.time
            try:
                # Lines come in the same second; what is no full time of it is read the long way.
                same = time[:_WHOLE_SECOND] == self._second and len(time) == _FULL_TIME
                at_ns = self._second_ns + int(time[_FRACTION:-1]) if same else self._time_ns(time)
            except ValueError:
                self._unreadable += 1
                continue
            changed_ns = at_ns - skew_ns if at_ns - skew_ns < received_ns else received_ns  # noqa: FURB136
            bids, asks, can_trade = line.bids, line.asks, line.tradeable
            bid = (len(bids) == 1 and known.get(bids[0].price)) or self._best(bids, max)
            ask = (len(asks) == 1 and known.get(asks[0].price)) or self._best(asks, min)
            if bid is None or ask is None:
                bid, ask, can_trade = bid or self._price(line.closeoutBid), ask or self._price(line.closeoutAsk), False
            elif can_trade is None:
                can_trade = line.status == "tradeable"
            quote = _make(
                Quote, (line.instrument, bid, ask, source, can_trade, changed_ns, changed_ns, received_ns, None)
            )
            last = seen.get(line.instrument)
            if last is not None and changed_ns <= last.changed_ns and _is_old(quote, last):
                self._dropped += 1
                continue
            seen[line.instrument] = quote
            found.append(quote)
        return found

    def _best(self, levels: list[_Level], better: Callable[[Iterable[Decimal]], Decimal]) -> Decimal | None:
        """The top of one side; unknown where it is empty or holds a price that is none."""
        prices = [price for level in levels if (price := self._price(level.price)) is not None]
        return better(prices) if prices and len(prices) == len(levels) else None

    def _price(self, text: str) -> Decimal | None:
        """A price above zero, or None; the same few texts come again and again, so those read are kept."""
        try:
            return self._known[text]
        except KeyError:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
        found = self._known[text] = parse_price(text)
        return found

    def _time_ns(self, text: str) -> int:
        """As `parse_time_ns`, and the second is kept for the lines that follow. Raises ValueError."""
        at_ns = parse_time_ns(text)
        if len(text) == _FULL_TIME:
            self._second, self._second_ns = text[:_WHOLE_SECOND], at_ns - at_ns % SECOND_NS
        return at_ns


def _is_old(quote: Quote, last: Quote) -> bool:
    """Whether a price no later than the last one is earlier, or the same again."""
    return quote.changed_ns < last.changed_ns or quote[:5] == last[:5]
