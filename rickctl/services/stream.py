"""A stream of quotes: what changed, as it changes; drops nothing it has read, draws nothing, settles nothing.

A market that sends its prices is listened to, any other one is looked at ten times a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.errors import UsageError
from rickctl.domain.instants import MILLISECOND_NS
from rickctl.domain.streaming import Streaming
from rickctl.domain.symbols import canonical_symbol
from rickctl.services.quotes import QuoteRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rickctl.domain.market import Quote
    from rickctl.domain.ports import Clock, Market
    from rickctl.domain.scope import Scope
    from rickctl.domain.streaming import PriceStream

_make = tuple.__new__
"""A row without the price of naming its fields; there are thousands a second."""

POLL_NS = 100 * MILLISECOND_NS
"""How often prices are looked at: the screen is repainted no more often than this."""


class Limits(NamedTuple):
    """When a stream ends: after so many quotes, or after so long; None is never."""

    quotes: int | None = None
    duration_ns: int | None = None


def check_limits(limits: Limits) -> Limits:
    """The limits, if they can be met. Raises UsageError."""
    if limits.quotes is not None and limits.quotes < 1:
        message = f"--count must be at least 1, not {limits.quotes}"
        raise UsageError(message, code="bad_number")
    return limits


def stream_rounds(
    symbols: Sequence[str],
    *,
    market: Market,
    scope: Scope,
    clock: Clock,
    limits: Limits,
    is_paced: bool,
    tell: Callable[[str], None],
) -> Iterator[tuple[list[QuoteRow], list[QuoteRow]]]:
    """All rows and those that are new, again and again; `is_paced` gathers what comes within 100 ms.

    `tell` is told when prices stop coming and when they come again. Raises UsageError for an unknown symbol,
    Unreachable, SetupError.
    """
    canonical = [canonical_symbol(text, market.instruments) for text in symbols]
    if not isinstance(market, Streaming):
        yield from _watch(canonical, market=market, scope=scope, clock=clock, limits=limits)
        return
    stream = market.open_stream(canonical)
    try:
        follower = _Follower(canonical, market, scope, clock, stream, tell)
        yield from follower.rounds(limits, is_paced=is_paced)
    finally:
        stream.close()


class _Follower:
    """Rows of a market that sends its prices."""

    def __init__(
        self,
        symbols: Sequence[str],
        market: Market,
        scope: Scope,
        clock: Clock,
        stream: PriceStream,
        tell: Callable[[str], None],
    ) -> None:
        self._symbols = symbols
        self._instruments = {symbol: market.instruments[symbol] for symbol in symbols}
        self._scope = scope
        self._clock = clock
        self._stream = stream
        self._tell = tell
        self._newest: dict[str, Quote] = {}
        self._is_lost = False

    def rounds(self, limits: Limits, *, is_paced: bool) -> Iterator[tuple[list[QuoteRow], list[QuoteRow]]]:
        """As `stream_rounds`."""
        started_ns = self._clock.now_ns()
        left = limits.quotes
        while True:
            changed = self._gathered() if is_paced else list(self._stream.read(POLL_NS))
            self._newest.update({quote.symbol: quote for quote in (changed if is_paced else changed[-1:])})
            self._notice()
            if left is not None:
                changed = changed[:left]
                left -= len(changed)
            now_ns = self._clock.now_ns()
            shown = [self._newest[symbol] for symbol in self._symbols if symbol in self._newest] if is_paced else []
            if changed or is_paced:
                yield self._rows(shown, now_ns), self._rows(changed, now_ns)
            if left == 0 or (limits.duration_ns is not None and now_ns - started_ns >= limits.duration_ns):
                return

    def _gathered(self) -> list[Quote]:
        """Everything that comes until the screen may be painted again."""
        until_ns = self._clock.now_ns() + POLL_NS
        found: list[Quote] = []
        while (wait_ns := until_ns - self._clock.now_ns()) > 0:
            found += self._stream.read(wait_ns)
        return found

    def _notice(self) -> None:
        is_lost = not self._stream.is_alive and bool(self._newest)
        if is_lost is not self._is_lost:
            self._is_lost = is_lost
            self._tell("no word from the price stream; trying again" if is_lost else "prices come again")

    def _rows(self, quotes: Sequence[Quote], now_ns: int) -> list[QuoteRow]:
        """As of now, or of when the last of them came where the clock was set back meanwhile."""
        scope, instruments = self._scope, self._instruments
        seen_ns = max(now_ns, quotes[-1].received_ns) if quotes else now_ns
        return [_make(QuoteRow, (scope, instruments[quote[0]], quote, seen_ns)) for quote in quotes]


def _watch(
    canonical: Sequence[str], *, market: Market, scope: Scope, clock: Clock, limits: Limits
) -> Iterator[tuple[list[QuoteRow], list[QuoteRow]]]:
    """Every 100 ms: all rows, and those whose price or tradeable flag changed since the round before.

    The first round counts every row as changed.
    """
    started_ns = clock.now_ns()
    sent = 0
    before: dict[str, tuple[object, ...]] = {}
    while True:
        now_ns = clock.now_ns()
        rows = [_row(symbol, market, scope, now_ns) for symbol in canonical]
        changed = [row for row in rows if before.get(row.quote.symbol) != _face(row)]
        if limits.quotes is not None:
            changed = changed[: limits.quotes - sent]
        before.update((row.quote.symbol, _face(row)) for row in changed)
        sent += len(changed)
        yield rows, changed
        if limits.quotes is not None and sent >= limits.quotes:
            return
        if limits.duration_ns is not None and now_ns + POLL_NS - started_ns > limits.duration_ns:
            return
        clock.sleep_ns(POLL_NS - (clock.now_ns() - started_ns) % POLL_NS)


def _row(symbol: str, market: Market, scope: Scope, now_ns: int) -> QuoteRow:
    return QuoteRow(
        scope=scope, instrument=market.instruments[symbol], quote=market.quote(symbol, now_ns), now_ns=now_ns
    )


def _face(row: QuoteRow) -> tuple[object, ...]:
    return (row.quote.bid, row.quote.ask, row.quote.tradeable)
