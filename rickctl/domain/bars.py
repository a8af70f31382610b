"""Where bars begin and end, and how small ones make large ones; pure, invents no bar for an interval without prices."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from rickctl.domain.errors import UsageError
from rickctl.domain.hours import day_start_ns, next_day_ns, next_week_ns, week_start_ns
from rickctl.domain.instants import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS
from rickctl.domain.market import Bar, Ohlc

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

GRANULARITY_NS: dict[str, int] = {
    "S5": 5 * SECOND_NS,
    "S10": 10 * SECOND_NS,
    "S15": 15 * SECOND_NS,
    "S30": 30 * SECOND_NS,
    "M1": MINUTE_NS,
    "M5": 5 * MINUTE_NS,
    "M15": 15 * MINUTE_NS,
    "M30": 30 * MINUTE_NS,
    "H1": HOUR_NS,
    "H4": 4 * HOUR_NS,
    "D": DAY_NS,
    "W": 7 * DAY_NS,
}
"""Nominal length by name; a day or week across a clock change is an hour shorter or longer."""


def granularity_ns(granularity: str) -> int:
    """Nominal length of a granularity; raises UsageError for one that does not exist."""
    try:
        return GRANULARITY_NS[granularity]
    except KeyError:
        message = f"granularity {granularity!r} is not one of {', '.join(GRANULARITY_NS)}"
        raise UsageError(message, code="bad_granularity") from None


def bar_start_ns(granularity: str, calendar: str, at_ns: int) -> int:
    """The start of the bar that holds `at_ns`; hours and longer count from the trading day. Raises UsageError."""
    length_ns = granularity_ns(granularity)
    if granularity == "W":
        return week_start_ns(calendar, at_ns)
    if granularity == "D":
        return day_start_ns(calendar, at_ns)
    if length_ns > HOUR_NS:
        day_ns = day_start_ns(calendar, at_ns)
        return at_ns - (at_ns - day_ns) % length_ns
    return at_ns - at_ns % length_ns


def bar_end_ns(granularity: str, calendar: str, start_ns: int) -> int:
    """The end of the bar that starts at `start_ns`; none outlasts its trading day. Raises UsageError."""
    length_ns = granularity_ns(granularity)
    if granularity == "W":
        return next_week_ns(calendar, start_ns)
    if granularity == "D":
        return next_day_ns(calendar, start_ns)
    if length_ns > HOUR_NS:
        return min(start_ns + length_ns, next_day_ns(calendar, start_ns))
    return start_ns + length_ns


def aggregate(bars: Iterable[Bar], granularity: str, calendar: str, now_ns: int) -> list[Bar]:
    """Join bars of one symbol, in time order and each within one larger bar, into bars of `granularity`.

    A joined bar is complete when every part is and its interval has ended by `now_ns`. Raises UsageError.
    """
    groups = groupby(bars, key=lambda bar: bar_start_ns(granularity, calendar, bar.start_ns))
    return [_join(list(parts), granularity, calendar, start_ns, now_ns) for start_ns, parts in groups]


def _join(parts: Sequence[Bar], granularity: str, calendar: str, start_ns: int, now_ns: int) -> Bar:
    end_ns = bar_end_ns(granularity, calendar, start_ns)
    volumes = [part.volume for part in parts if part.volume is not None]
    return Bar(
        symbol=parts[0].symbol,
        granularity=granularity,
        start_ns=start_ns,
        end_ns=end_ns,
        bid=_join_prices([part.bid for part in parts]),
        ask=_join_prices([part.ask for part in parts]),
        complete=end_ns <= now_ns and all(part.complete for part in parts),
        source=parts[0].source,
        volume=sum(volumes) if len(volumes) == len(parts) else None,
    )


def _join_prices(parts: Sequence[Ohlc]) -> Ohlc:
    return Ohlc(parts[0].open, max(part.high for part in parts), min(part.low for part in parts), parts[-1].close)
