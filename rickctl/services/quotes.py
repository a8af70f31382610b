"""Quotes and bars as a caller asked for them; never settles an account, never writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.errors import Skipped, UsageError
from rickctl.domain.symbols import canonical_symbol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rickctl.domain.market import Bar, Instrument, Quote
    from rickctl.domain.ports import Market
    from rickctl.domain.scope import Scope

MOST_BARS = 5000
"""Most bars one call may ask for."""


class QuoteRow(NamedTuple):
    """One quote with the instrument it is of and the book it was asked for; `now_ns` is the scope's own clock."""

    scope: Scope
    instrument: Instrument
    quote: Quote
    now_ns: int

    @property
    def age_ns(self) -> int:
        """Nanoseconds since the source asserted the price, on the scope's clock."""
        return self.quote.age_ns(self.now_ns)


class BarRows(NamedTuple):
    """Bars of one instrument, oldest first."""

    scope: Scope
    instrument: Instrument
    granularity: str
    bars: Sequence[Bar]


def check_not_future(at_ns: int, now_ns: int) -> int:
    """`at_ns` unless it lies after the scope's clock. Raises UsageError."""
    if at_ns > now_ns:
        message = "--at lies in the future of this account's clock"
        raise UsageError(message, code="future_time")
    return at_ns


def check_market_open(symbol: str, market: Market, now_ns: int) -> None:
    """Nothing while the symbol trades. Raises Skipped while it is closed, UsageError where it is unknown."""
    canonical = canonical_symbol(symbol, market.instruments)
    if market.next_open_ns(canonical, now_ns) != now_ns:
        message = f"{canonical} is closed"
        raise Skipped(message, code="market_closed")


def fetch_quotes(
    symbols: Sequence[str], *, market: Market, scope: Scope, now_ns: int, at_ns: int | None
) -> list[QuoteRow]:
    """A quote for each symbol, in the order asked, at `at_ns` or now. Raises UsageError for an unknown symbol."""
    instant = now_ns if at_ns is None else check_not_future(at_ns, now_ns)
    known = market.instruments
    rows = []
    for text in symbols:
        symbol = canonical_symbol(text, known)
        quote = market.quote(symbol, instant)
        # A price that had to be fetched came later than it was asked for.
        seen_ns = instant if at_ns is not None else max(instant, quote.received_ns)
        rows.append(QuoteRow(scope=scope, instrument=known[symbol], quote=quote, now_ns=seen_ns))
    return rows


def fetch_bars(
    symbol: str, *, granularity: str, count: int, market: Market, scope: Scope, now_ns: int, until_ns: int | None
) -> BarRows:
    """The last `count` bars starting before `until_ns` (now when None); the running one is marked incomplete."""
    from rickctl.domain.bars import GRANULARITY_NS  # noqa: PLC0415 - a quote does not need it

    if not 1 <= count <= MOST_BARS:
        message = f"--count must be 1 to {MOST_BARS}, not {count}"
        raise UsageError(message, code="bad_number")
    name = granularity.upper()
    if name not in GRANULARITY_NS:
        message = f"granularity {granularity!r} is not one of {', '.join(GRANULARITY_NS)}"
        raise UsageError(message, code="bad_granularity")
    canonical = canonical_symbol(symbol, market.instruments)
    end_ns = now_ns if until_ns is None else check_not_future(until_ns, now_ns)
    bars = _last_bars(canonical, name, count, market, end_ns)
    return BarRows(scope=scope, instrument=market.instruments[canonical], granularity=name, bars=bars)


def _last_bars(symbol: str, granularity: str, count: int, market: Market, end_ns: int) -> list[Bar]:
    """Widens the window backwards until it holds `count` bars, since closed hours have none."""
    from rickctl.domain.bars import GRANULARITY_NS  # noqa: PLC0415 - a quote does not need it

    width_ns = GRANULARITY_NS[granularity]
    span_ns = count * width_ns
    for _ in range(8):
        bars = market.bars(symbol, granularity, end_ns - span_ns, end_ns + 1, end_ns)
        if len(bars) >= count:
            break
        span_ns = span_ns * 2 + width_ns
    return bars[-count:]
