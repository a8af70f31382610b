"""OANDA's prices for one account: instruments of a day ago at most, quotes pulled for the moment, its own candles.

A quote is a snapshot asked for when it is asked; there is no past but candles, and no step of a price that can be
replayed.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn

from rickctl.adapters.oanda.answers import name_of
from rickctl.adapters.oanda.client import quoted
from rickctl.adapters.oanda.parse import Asserted, Frame, parse_bar, parse_instrument, parse_quote, parse_time_ns
from rickctl.domain import hours
from rickctl.domain.errors import Unreachable, UsageError
from rickctl.domain.instants import MINUTE_NS, SECOND_NS, rfc3339
from rickctl.domain.market import Phase, Step

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from rickctl.adapters.oanda.cache import Cache
    from rickctl.adapters.oanda.client import OandaClient
    from rickctl.domain.market import Bar, Cursor, Instrument, Quote, Watch
    from rickctl.domain.streaming import PriceStream

_NOW_NS = MINUTE_NS
"""An instant no further from now than this is now: a command takes a moment to come to its price."""

_MOST_CANDLES = 5000
_EARLIEST_NS = 946_684_800 * SECOND_NS
"""The venue has no candles before the year 2000."""

_ALIGNED = {"dailyAlignment": "17", "alignmentTimezone": "America/New_York", "weeklyAlignment": "Sunday"}
_ALIGNED_UTC = {"dailyAlignment": "0", "alignmentTimezone": "UTC", "weeklyAlignment": "Monday"}


class OandaMarket:
    """Prices of one account; every new instant pulls anew, all symbols in one request."""

    def __init__(self, client: OandaClient, account: str, cache: Cache) -> None:
        self._client = client
        self._base = f"/accounts/{quoted(account)}"
        self._cache = cache
        self._key = f"{client.hosts.rest} {account}"
        self._cache_name = f"instruments-{account}"
        self._instruments: Mapping[str, Instrument] | None = None
        self._expected: dict[str, None] = {}
        self._at_ns: int | None = None
        self._quotes: dict[str, Quote] = {}

    @property
    def source(self) -> str:
        """`oanda-practice`, `oanda-live`, or `oanda-sandbox` where an exchange on this machine stands in."""
        return self._client.hosts.source

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """What the account may trade, as of a day ago at most. Raises Unreachable, SetupError."""
        if self._instruments is None:
            now_ns = self._client.clock.now_ns()
            found = _instruments(self._cache.load(self._cache_name, self._key, now_ns))
            if not found:
                rows = self._list(self._client.get(f"{self._base}/instruments"), "instruments")
                found = _instruments(rows)
                if not found:
                    self._malformed("no instrument that can be read")
                self._cache.save(self._cache_name, self._key, [_kept(row) for row in rows], now_ns)
            self._instruments = MappingProxyType(found)
        return self._instruments

    def expect(self, symbols: Collection[str]) -> None:
        """These will be asked for: the next pull brings them too."""
        self._expected |= dict.fromkeys(sorted(symbols))

    def quote(self, symbol: str, at_ns: int) -> Quote:
        """The snapshot pulled for `at_ns`, which is now. Raises Unreachable, SetupError, UsageError for the past."""
        self._check_now(at_ns)
        if at_ns != self._at_ns or symbol not in self._quotes:
            self._expected[symbol] = None
            self._quotes = self._pull()
            self._at_ns = at_ns
        found = self._quotes.get(symbol)
        if found is None:
            message = f"{name_of(self._client.hosts)} sent no price of {symbol}"
            raise Unreachable(message, code="no_price")
        return found

    def point(self, symbol: str, at_ns: int) -> Step | None:
        """The standing price at `at_ns`, which is now, if an order could trade on it; else None."""
        quote = self.quote(symbol, at_ns)
        if not quote.tradeable or quote.bid is None or quote.ask is None:
            return None
        instrument = self.instruments[symbol]
        bid, ask = instrument.ticks(quote.bid), instrument.ticks(quote.ask)
        return Step(symbol, at_ns, at_ns, Phase.POINT, bid, bid, ask, ask)

    def next_step(self, symbol: str, watch: Watch, after: Cursor, until_ns: int) -> NoReturn:
        """Never: a venue fills orders itself, and tells. Raises UsageError."""
        del watch, after, until_ns
        message = f"{symbol} at {self.source} has no steps to fill a paper order by"
        raise UsageError(message, code="no_past_prices")

    def bars(self, symbol: str, granularity: str, start_ns: int, end_ns: int, now_ns: int) -> list[Bar]:
        """The venue's candles labelled within `[start_ns, end_ns)`, bid and ask. Raises Unreachable, SetupError."""
        from rickctl.domain.bars import bar_end_ns, bar_start_ns, granularity_ns  # noqa: PLC0415 - a quote has no bars

        calendar = self.instruments[symbol].calendar
        frame = Frame(symbol, granularity, self.source)
        step_ns = granularity_ns(granularity)
        at_ns, end_ns = max(start_ns, _EARLIEST_NS), min(end_ns, now_ns + 1)
        found: list[Bar] = []
        while at_ns < end_ns:
            count = min((end_ns - at_ns) // step_ns + 2, _MOST_CANDLES)
            candles = self._candles(frame, calendar, at_ns, count)
            last_ns = at_ns
            for raw in candles:
                last_ns = bar_start_ns(granularity, calendar, self._time_ns(raw))
                if start_ns <= last_ns < end_ns and (not found or last_ns > found[-1].start_ns):
                    found.append(self._bar(raw, frame, last_ns, bar_end_ns(granularity, calendar, last_ns)))
            if len(candles) < count or last_ns <= at_ns:
                break
            at_ns = last_ns
        return found

    def next_open_ns(self, symbol: str, at_ns: int) -> int | None:
        """`at_ns` if tradeable then: now by its own word, else by the calendar, which knows no halt."""
        calendar = self.instruments[symbol].calendar
        if not self._is_now(at_ns):
            return hours.next_open_ns(calendar, at_ns)
        if self.quote(symbol, at_ns).tradeable:
            return at_ns
        closes_ns = hours.next_close_ns(calendar, at_ns)
        return hours.next_open_ns(calendar, at_ns) if closes_ns is None else hours.next_open_ns(calendar, closes_ns)

    def next_close_ns(self, symbol: str, at_ns: int) -> int | None:
        """The calendar's next close after `at_ns`; None when it is closed, or the venue halts it now."""
        if self._is_now(at_ns) and not self.quote(symbol, at_ns).tradeable:
            return None
        return hours.next_close_ns(self.instruments[symbol].calendar, at_ns)

    def open_stream(self, symbols: Sequence[str]) -> PriceStream:
        """Prices of these symbols from now on; connects when it is first read."""
        from rickctl.adapters.oanda.stream import OandaStream  # noqa: PLC0415 - a quote streams nothing

        return OandaStream(self._client, self._base, symbols)

    def _pull(self) -> dict[str, Quote]:
        """One snapshot of everything expected; a price that cannot be read is left out."""
        reply = self._client.read(f"{self._base}/pricing", {"instruments": ",".join(self._expected)})
        asserted = Asserted(self.source, reply.skew_ns or 0, reply.received_ns, self._time_ns(reply.body))
        found: dict[str, Quote] = {}
        for raw in self._list(reply.body, "prices"):
            try:
                quote = parse_quote(raw, asserted)
            except ValueError:
                continue
            found[quote.symbol] = quote
        return found

    def _candles(self, frame: Frame, calendar: str, from_ns: int, count: int) -> list[Any]:
        aligned = _ALIGNED_UTC if calendar == "crypto" else _ALIGNED
        query = {"granularity": frame.granularity, "price": "BA", "from": rfc3339(from_ns), "count": str(count)}
        body = self._client.get(f"{self._base}/instruments/{quoted(frame.symbol)}/candles", query | aligned)
        return self._list(body, "candles")

    def _bar(self, raw: Mapping[str, Any], frame: Frame, start_ns: int, end_ns: int) -> Bar:
        try:
            return parse_bar(raw, frame, start_ns, end_ns)
        except ValueError as error:
            self._malformed(str(error))

    def _list(self, body: Mapping[str, Any], name: str) -> list[Any]:
        found = body.get(name)
        if not isinstance(found, list) or not all(isinstance(raw, dict) for raw in found):
            self._malformed(f"no {name}")
        return found

    def _time_ns(self, body: Mapping[str, Any]) -> int:
        try:
            return parse_time_ns(body.get("time"))
        except ValueError as error:
            self._malformed(str(error))

    def _malformed(self, what: str) -> NoReturn:
        message = f"{name_of(self._client.hosts)} sent no answer that can be read: {what}"
        raise Unreachable(message, code="bad_answer")

    def _is_now(self, at_ns: int) -> bool:
        return abs(self._client.clock.now_ns() - at_ns) <= _NOW_NS

    def _check_now(self, at_ns: int) -> None:
        """Only the past is refused: an account's now is its broker's, whose clock may be ahead of ours."""
        if self._client.clock.now_ns() - at_ns > _NOW_NS:
            message = f"{self.source} quotes now only"
            raise UsageError(message, code="no_past_prices", hint="rickctl candles SYMBOL --at TIME")


_KEPT = (
    "name",
    "type",
    "pipLocation",
    "displayPrecision",
    "tradeUnitsPrecision",
    "minimumTradeSize",
    "maximumOrderUnits",
    "marginRate",
    "tags",
)


def _kept(raw: Mapping[str, Any]) -> dict[str, Any]:
    """What of an instrument is kept on disk."""
    return {name: raw[name] for name in _KEPT if name in raw}


def _instruments(rows: object) -> dict[str, Instrument]:
    """By symbol; a row that cannot be read is left out: nothing can then be traded in it."""
    found: dict[str, Instrument] = {}
    for raw in rows if isinstance(rows, list) else ():
        try:
            instrument = parse_instrument(raw)
        except (ValueError, AttributeError):
            continue
        found[instrument.symbol] = instrument
    return found
