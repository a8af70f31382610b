"""When markets are open and where a trading day begins, as integer arithmetic; knows no clock, no holidays, no venue.

Calendars:

- `fx`: Sunday 17:00 to Friday 17:00 New York with a break from 16:58 to 17:03 Monday to Thursday; the week itself opens
  at 17:00:00 sharp on Sunday and shuts at 17:00:00 sharp on Friday.
- `metal` and `index`: Sunday 18:00 to Friday 16:59 New York with a break from 16:59 to 18:00 Monday to Thursday.
- `crypto`: always open.

A trading day begins at 17:00 New York, for `crypto` at 00:00 UTC; a week on Sunday 17:00 New York, for `crypto` on
Monday 00:00 UTC. Sessions are numbered in order, one to an open trading day; intervals are `[opens, closes)`.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import NamedTuple

from rickctl.domain.instants import HOUR_NS, SECOND_NS

_HOUR_S = 3600
_DAY_S = 24 * _HOUR_S
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_MEAN_YEAR_S = 31_556_952
_FIRST_YEAR, _LAST_YEAR = 1967, 9999
_STANDARD_S = -5 * _HOUR_S
_DAYLIGHT_S = -4 * _HOUR_S
_DAYS_A_WEEK = 7


class Session(NamedTuple):
    """One uninterrupted stretch of trading within a trading day."""

    opens_ns: int
    closes_ns: int


class Calendar(NamedTuple):
    """Where days begin, and from when to when each open day of a week trades, in seconds after its beginning."""

    in_new_york: bool
    week_shift_days: int
    open_days: tuple[tuple[int, int], ...]


_FX_OPENS, _FX_BREAKS = 3 * 60, _DAY_S - 2 * 60
_METAL_DAY = (_HOUR_S, _DAY_S - 60)

CALENDARS: dict[str, Calendar] = {
    "fx": Calendar(
        in_new_york=True,
        week_shift_days=4,
        open_days=((0, _FX_BREAKS), *((_FX_OPENS, _FX_BREAKS),) * 3, (_FX_OPENS, _DAY_S)),
    ),
    "metal": Calendar(in_new_york=True, week_shift_days=4, open_days=(_METAL_DAY,) * 5),
    "index": Calendar(in_new_york=True, week_shift_days=4, open_days=(_METAL_DAY,) * 5),
    "crypto": Calendar(in_new_york=False, week_shift_days=3, open_days=((0, _DAY_S),) * 7),
}
"""Every calendar by name; open days are listed from the first day of the week."""


def is_open(calendar: str, at_ns: int) -> bool:
    """Whether `calendar` trades at `at_ns`."""
    return at_ns < session_bounds(calendar, session_number(calendar, at_ns)).closes_ns


def next_open_ns(calendar: str, at_ns: int) -> int:
    """`at_ns` if the calendar trades then, else the next instant it does."""
    number = session_number(calendar, at_ns)
    if at_ns < session_bounds(calendar, number).closes_ns:
        return at_ns
    return session_bounds(calendar, number + 1).opens_ns


def next_close_ns(calendar: str, at_ns: int) -> int | None:
    """The instant trading next stops; None while it is closed, and where it never closes."""
    closes_ns = session_bounds(calendar, session_number(calendar, at_ns)).closes_ns
    if at_ns >= closes_ns or is_open(calendar, closes_ns):
        return None
    return closes_ns


def session_number(calendar: str, at_ns: int) -> int:
    """The number of the latest session that opened at or before `at_ns`."""
    number = _session_at_hour(calendar, at_ns // HOUR_NS)
    return number + 1 if at_ns >= session_bounds(calendar, number + 1).opens_ns else number


@lru_cache(maxsize=4096)
def session_bounds(calendar: str, number: int) -> Session:
    """When session `number` opens and closes."""
    rules = CALENDARS[calendar]
    week, place = divmod(number, len(rules.open_days))
    start_s = _day_start_s(rules, week * _DAYS_A_WEEK + place - rules.week_shift_days)
    opens_s, closes_s = rules.open_days[place]
    return Session((start_s + opens_s) * SECOND_NS, (start_s + closes_s) * SECOND_NS)


def day_start_ns(calendar: str, at_ns: int) -> int:
    """The beginning of the trading day that holds `at_ns`, open or not."""
    rules = CALENDARS[calendar]
    return _day_start_s(rules, _day(rules, at_ns // SECOND_NS)) * SECOND_NS


def next_day_ns(calendar: str, at_ns: int) -> int:
    """The beginning of the trading day after the one that holds `at_ns`."""
    rules = CALENDARS[calendar]
    return _day_start_s(rules, _day(rules, at_ns // SECOND_NS) + 1) * SECOND_NS


def week_start_ns(calendar: str, at_ns: int) -> int:
    """The beginning of the trading week that holds `at_ns`."""
    rules = CALENDARS[calendar]
    return _day_start_s(rules, _week_day(rules, at_ns)) * SECOND_NS


def next_week_ns(calendar: str, at_ns: int) -> int:
    """The beginning of the trading week after the one that holds `at_ns`."""
    rules = CALENDARS[calendar]
    return _day_start_s(rules, _week_day(rules, at_ns) + _DAYS_A_WEEK) * SECOND_NS


def new_york_offset_s(at_s: int) -> int:
    """Seconds New York is ahead of UTC (always below zero) at `at_s` seconds since the epoch, 1967 to 9999."""
    # A year taken a few hours wrong at its edge does no harm: both years are on standard time there.
    begins_s, ends_s = _daylight_time(min(max(1970 + at_s // _MEAN_YEAR_S, _FIRST_YEAR), _LAST_YEAR))
    return _DAYLIGHT_S if begins_s <= at_s < ends_s else _STANDARD_S


@lru_cache(maxsize=4096)
def _session_at_hour(calendar: str, hour: int) -> int:
    rules = CALENDARS[calendar]
    week, weekday = divmod(_day(rules, hour * _HOUR_S) + rules.week_shift_days, _DAYS_A_WEEK)
    number = week * len(rules.open_days) + min(weekday, len(rules.open_days) - 1)
    return number if hour * HOUR_NS >= session_bounds(calendar, number).opens_ns else number - 1


def _day(rules: Calendar, at_s: int) -> int:
    if not rules.in_new_york:
        return at_s // _DAY_S
    return (at_s + new_york_offset_s(at_s) - 17 * _HOUR_S) // _DAY_S


def _week_day(rules: Calendar, at_ns: int) -> int:
    day = _day(rules, at_ns // SECOND_NS)
    return day - (day + rules.week_shift_days) % _DAYS_A_WEEK


def _day_start_s(rules: Calendar, day: int) -> int:
    if not rules.in_new_york:
        return day * _DAY_S
    local_s = day * _DAY_S + 17 * _HOUR_S
    # Clocks change at 02:00, so the offset an hour or two around 17:00 is the offset at 17:00.
    return local_s - new_york_offset_s(local_s - _STANDARD_S)


@lru_cache(maxsize=512)
def _daylight_time(year: int) -> tuple[int, int]:
    """When daylight time begins and ends in New York in `year`, by the rules in force then."""
    begins, ends = next(dates for since, dates in _DAYLIGHT_RULES if year >= since)
    return _sunday_from(year, *begins) * _DAY_S + 7 * _HOUR_S, _sunday_from(year, *ends) * _DAY_S + 6 * _HOUR_S


_DAYLIGHT_RULES = (
    (2007, ((3, 8), (11, 1))),
    (1987, ((4, 1), (10, 25))),
    (1976, ((4, 24), (10, 25))),
    (1975, ((2, 23), (10, 25))),
    (1974, ((1, 6), (10, 25))),
    (_FIRST_YEAR, ((4, 24), (10, 25))),
)
"""From which year on daylight time runs from the first Sunday on or after one date to that on or after another."""


def _sunday_from(year: int, month: int, day: int) -> int:
    """Days since the epoch of the first Sunday on or after a date."""
    ordinal = date(year, month, day).toordinal()
    return ordinal + (-ordinal) % _DAYS_A_WEEK - _EPOCH_ORDINAL
