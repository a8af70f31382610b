"""Candles of one instrument on OANDA's grid, made of the market's bars; invents none, looks at nothing after now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.bars import GRANULARITY_NS
from rickctl.domain.instants import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS, from_datetime, parse_instant
from rickctl.domain.market import Bar, Ohlc

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence
    from zoneinfo import ZoneInfo

    from rickctl.domain.market import Instrument
    from rickctl.domain.ports import Market

    Finding = Generator[None, None, list[Bar]]

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

GRANULARITIES: dict[str, int] = {
    **{f"S{count}": count * SECOND_NS for count in (5, 10, 15, 30)},
    **{f"M{count}": count * MINUTE_NS for count in (1, 2, 4, 5, 10, 15, 30)},
    **{f"H{count}": count * HOUR_NS for count in (1, 2, 3, 4, 6, 8, 12)},
    "D": DAY_NS,
    "W": 7 * DAY_NS,
    "M": 31 * DAY_NS,
}
"""OANDA's granularities and their nominal lengths."""

_USUAL_HOUR, _USUAL_ZONE = 17, "America/New_York"
_MADE_OF = {"M2": "M1", "M4": "M1", "M10": "M5", "H2": "H1", "H3": "H1", "H6": "H1", "H8": "H4", "H12": "H4"}
_ROUNDS = 500
_BARS_A_SLICE = 32
_SLICES_KEPT = 500
_FLOOR_NS = parse_instant("2000-01-03")
"""No market here is older."""


class Grid(NamedTuple):
    """Where candles begin: those longer than an hour at `hour` in `zone`, weeks on that day of the week (0 Monday)."""

    granularity: str
    hour: int
    zone: ZoneInfo
    weekday: int

    @property
    def is_usual(self) -> bool:
        """Whether days begin where the market's own do."""
        return self.hour == _USUAL_HOUR and self.zone.key == _USUAL_ZONE

    def day(self, at_ns: int) -> datetime:
        """The aligned beginning of the day that holds an instant, in the grid's zone."""
        local = datetime.fromtimestamp(at_ns // SECOND_NS, self.zone)
        found = local.replace(hour=self.hour, minute=0, second=0, microsecond=0, fold=0)
        return found if found.timestamp() <= at_ns // SECOND_NS else self.shifted(found, -1)

    def shifted(self, day: datetime, by_days: int) -> datetime:
        """The beginning of another day, by the calendar."""
        return (day.replace(tzinfo=None) + timedelta(days=by_days)).replace(tzinfo=self.zone)

    def bounds(self, at_ns: int) -> tuple[int, int]:
        """Where the candle that holds an instant begins and ends."""
        length_ns = GRANULARITIES[self.granularity]
        if length_ns <= HOUR_NS:
            start_ns = at_ns - at_ns % length_ns
            return start_ns, start_ns + length_ns
        day = self.day(at_ns)
        if self.granularity == "M":
            first = self._month(day)
            later = self._month(self.shifted(first, 40))
            return _ns(first), _ns(later)
        if self.granularity == "W":
            first = self.shifted(day, -((day.weekday() - self.weekday) % len(DAYS)))
            return _ns(first), _ns(self.shifted(first, len(DAYS)))
        begins_ns, ends_ns = _ns(day), _ns(self.shifted(day, 1))
        start_ns = at_ns - (at_ns - begins_ns) % length_ns
        return (start_ns, min(start_ns + length_ns, ends_ns)) if self.granularity != "D" else (begins_ns, ends_ns)

    def _month(self, day: datetime) -> datetime:
        """The day a month begins on: the last of the month before where trading days begin in the evening."""
        if self.hour < _NOON:
            return day.replace(day=1)
        return self.shifted(self.shifted(day, 1).replace(day=1), -1)


_NOON = 12


def _ns(moment: datetime) -> int:
    return from_datetime(moment.astimezone(UTC))


class Bars:
    """The market's bars a slice at a time; slices that change no more are kept, those asked for last the longest."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self._kept: dict[tuple[str, str, int], list[Bar]] = {}

    def slice(self, symbol: str, granularity: str, number: int, now_ns: int) -> list[Bar]:
        """The bars that begin in the slice of that number, counted from 1970."""
        key = symbol, granularity, number
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._kept[key] = kept
            return kept
        start_ns, end_ns = (at * slice_ns(granularity) for at in (number, number + 1))
        found = self.market.bars(symbol, granularity, max(start_ns, _FLOOR_NS), end_ns, now_ns)
        if found and end_ns <= now_ns and all(bar.complete for bar in found):
            self._kept[key] = found
            if len(self._kept) > _SLICES_KEPT:
                del self._kept[next(iter(self._kept))]
        return found


def slice_ns(granularity: str) -> int:
    """How long a slice is."""
    return _BARS_A_SLICE * GRANULARITY_NS[granularity]


class Series:
    """One instrument's candles on one grid, as known at one instant.

    Candles are found by generators that pause after every slice of bars, so that others may be served in between.
    """

    def __init__(self, bars: Bars, instrument: Instrument, grid: Grid, now_ns: int) -> None:
        self._bars = bars
        self.instrument = instrument
        self._grid = grid
        self.now_ns = now_ns
        self.length_ns = GRANULARITIES[grid.granularity]
        self._source = self._base()

    @property
    def parts(self) -> int:
        """How many bars of the market make a candle."""
        return self.length_ns // GRANULARITY_NS[self._source]

    def check(self) -> None:
        """Raises UsageError where the market has no bars fine enough."""
        self._bars.market.bars(self.instrument.symbol, self._source, self.now_ns, self.now_ns, self.now_ns)

    def start_ns(self, at_ns: int) -> int:
        """Where the candle that holds an instant begins."""
        return self._grid.bounds(at_ns)[0]

    def end_ns(self, at_ns: int) -> int:
        """Where the candle that holds an instant ends."""
        return self._grid.bounds(at_ns)[1]

    def between(self, from_ns: int, to_ns: int) -> Finding:
        """Candles that begin at or after one instant and before another."""
        from_ns, to_ns = max(from_ns, _FLOOR_NS), min(to_ns, self.now_ns + 1)
        if to_ns <= from_ns:
            return []
        last_ns, size_ns = self.end_ns(to_ns - 1), slice_ns(self._source)
        parts: list[Bar] = []
        for number in range(from_ns // size_ns, (min(last_ns, self.now_ns + 1) - 1) // size_ns + 1):
            found = self._bars.slice(self.instrument.symbol, self._source, number, self.now_ns)
            parts += [bar for bar in found if from_ns <= bar.start_ns < last_ns]
            yield
        if self._source == self._grid.granularity:
            return parts
        return [bar for bar in self._joined(parts) if from_ns <= bar.start_ns < to_ns]

    def before(self, to_ns: int | None, count: int) -> Finding:
        """The last candles that begin before an instant, now without one."""
        end_ns = self.now_ns + 1 if to_ns is None else min(to_ns, self.now_ns + 1)
        found: list[Bar] = []
        for _ in range(_ROUNDS):
            open_ns = self._last_open_ns(end_ns)
            if open_ns is None or len(found) >= count:
                break
            begin_ns = max(self.start_ns(open_ns - (count - len(found) - 1) * self.length_ns), _FLOOR_NS)
            found = (yield from self.between(begin_ns, min(end_ns, open_ns + 2 * SECOND_NS))) + found
            end_ns = begin_ns
        return found[-count:]

    def after(self, from_ns: int, count: int) -> Finding:
        """The first candles that begin at or after an instant."""
        found: list[Bar] = []
        from_ns = max(from_ns, _FLOOR_NS)
        for _ in range(_ROUNDS):
            open_ns = self._next_open_ns(from_ns)
            if open_ns is None or open_ns > self.now_ns or len(found) >= count:
                break
            end_ns = min(self.end_ns(open_ns + (count - len(found) - 1) * self.length_ns), self.now_ns + 1)
            found += yield from self.between(max(from_ns, self.start_ns(open_ns)), end_ns)
            from_ns = end_ns
        return found[:count]

    def _last_open_ns(self, before_ns: int) -> int | None:
        """A trading instant less than a second from the last before `before_ns`; None where there is none."""
        lowest, step_ns = before_ns - 1, HOUR_NS
        if lowest < _FLOOR_NS:
            return None
        while not self._opens(lowest, before_ns):
            if lowest <= _FLOOR_NS:
                return None
            lowest, step_ns = max(lowest - step_ns, _FLOOR_NS), step_ns * 2
        highest = before_ns
        while highest - lowest > SECOND_NS:
            middle = (lowest + highest) // 2
            if self._opens(middle, before_ns):
                lowest = middle
            else:
                highest = middle
        return lowest

    def _opens(self, from_ns: int, to_ns: int) -> bool:
        """Whether anything trades between two instants."""
        open_ns = self._next_open_ns(from_ns)
        return open_ns is not None and open_ns < to_ns

    def _next_open_ns(self, at_ns: int) -> int | None:
        return self._bars.market.next_open_ns(self.instrument.symbol, at_ns)

    def _base(self) -> str:
        """The market's own granularity these candles are made of, as large as the grid allows."""
        wanted = self._grid.granularity
        if self.length_ns <= HOUR_NS:
            return wanted if wanted in GRANULARITY_NS else _MADE_OF[wanted]
        has_usual_days = self._grid.is_usual and self.instrument.calendar != "crypto"
        if not has_usual_days:
            return _finest(self._grid)
        if wanted in {"W", "M"}:
            return "D"
        return wanted if wanted in GRANULARITY_NS else _MADE_OF[wanted]

    def _joined(self, parts: Sequence[Bar]) -> Iterable[Bar]:
        """Bars of the source as candles of the grid."""
        for (start_ns, end_ns), group in groupby(parts, key=lambda bar: self._grid.bounds(bar.start_ns)):
            yield _join(list(group), self._grid.granularity, start_ns, end_ns, self.now_ns)


def _finest(grid: Grid) -> str:
    """Bars short enough for a zone whose clock is not whole hours from UTC."""
    offset = datetime(2020, 1, 1, tzinfo=grid.zone).utcoffset() or timedelta()
    return next(
        name for name in ("H1", "M30", "M15", "M5", "M1") if offset % timedelta(seconds=_seconds(name)) == timedelta()
    )


def _seconds(granularity: str) -> int:
    return GRANULARITY_NS[granularity] // SECOND_NS


def _join(parts: Sequence[Bar], granularity: str, start_ns: int, end_ns: int, now_ns: int) -> Bar:
    volumes = [part.volume for part in parts if part.volume is not None]
    return parts[0]._replace(
        granularity=granularity,
        start_ns=start_ns,
        end_ns=end_ns,
        bid=_span([part.bid for part in parts]),
        ask=_span([part.ask for part in parts]),
        complete=end_ns <= now_ns and all(part.complete for part in parts),
        volume=sum(volumes) if len(volumes) == len(parts) else None,
    )


def _span(parts: Sequence[Ohlc]) -> Ohlc:
    return Ohlc(parts[0].open, max(part.high for part in parts), min(part.low for part in parts), parts[-1].close)
