"""Open hours and trading days, held against the system's own time zone rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rickctl.domain import hours
from rickctl.domain.instants import DAY_NS, HOUR_NS, SECOND_NS, from_datetime

NEW_YORK = ZoneInfo("America/New_York")
INSTANTS = st.integers(0, 4_102_444_799_000).map(lambda ms: ms * 1_000_000)
NAMES = st.sampled_from(sorted(hours.CALENDARS))


def new_york(text: str) -> int:
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC))


def test_the_offset_of_new_york_is_the_zone_databases_at_every_hour_from_1970_to_2100() -> None:
    moment, step = datetime(1970, 1, 1, tzinfo=UTC), timedelta(hours=1)
    wrong = []
    for hour in range(131 * 365 * 24):
        offset = (moment + hour * step).astimezone(NEW_YORK).utcoffset()
        if offset != timedelta(seconds=hours.new_york_offset_s(hour * 3600)):
            wrong.append(hour)
    assert wrong == []


@pytest.mark.parametrize(
    ("calendar", "moment", "expected"),
    [
        ("fx", "2024-03-08 16:59:59", True),  # Friday's last second
        ("fx", "2024-03-08 17:00:00", False),
        ("fx", "2024-03-09 12:00:00", False),
        ("fx", "2024-03-10 16:59:59", False),  # clocks went forward that morning
        ("fx", "2024-03-10 17:00:00", True),
        ("fx", "2024-11-03 16:59:59", False),  # clocks went back that morning
        ("fx", "2024-11-03 17:00:00", True),
        ("fx", "2024-03-11 16:57:59", True),
        ("fx", "2024-03-11 16:58:00", False),
        ("fx", "2024-03-11 17:02:59", False),
        ("fx", "2024-03-11 17:03:00", True),
        ("fx", "2024-07-04 16:58:00", False),  # Thursday's break, in summer
        ("fx", "2024-07-05 16:58:00", True),  # none on Friday
        ("metal", "2024-03-10 17:59:59", False),
        ("metal", "2024-03-10 18:00:00", True),
        ("metal", "2024-03-12 16:58:59", True),
        ("metal", "2024-03-12 16:59:00", False),
        ("metal", "2024-03-12 18:00:00", True),
        ("index", "2024-03-15 16:59:00", False),
        ("crypto", "2024-03-09 12:00:00", True),
        ("crypto", "2024-12-25 00:00:00", True),
    ],
)
def test_a_market_is_open_when_its_calendar_says_so(*, calendar: str, moment: str, expected: bool) -> None:
    assert hours.is_open(calendar, new_york(moment)) is expected


def in_plain_words(calendar: str, at_ns: int) -> bool:
    """Open hours once more, from the wall clock in New York."""
    if calendar == "crypto":
        return True
    local = datetime.fromtimestamp(at_ns // SECOND_NS, NEW_YORK)
    second = local.hour * 3600 + local.minute * 60 + local.second
    weekday = local.isoweekday() % 7  # Sunday is 0
    fx = calendar == "fx"
    opens, closes = (17 * 3600, 17 * 3600) if fx else (18 * 3600, 16 * 3600 + 59 * 60)
    pause = (16 * 3600 + 58 * 60, 17 * 3600 + 180) if fx else (closes, opens)
    if weekday == 6 or (weekday == 0 and second < opens) or (weekday == 5 and second >= closes):
        return False
    return not (1 <= weekday <= 4 and pause[0] <= second < pause[1])


@given(NAMES, INSTANTS)
@settings(derandomize=True, max_examples=1500, deadline=None)
def test_sessions_agree_with_the_wall_clock_in_new_york(calendar: str, at_ns: int) -> None:
    assert hours.is_open(calendar, at_ns) is in_plain_words(calendar, at_ns)


@given(NAMES, INSTANTS)
@settings(derandomize=True, max_examples=500, deadline=None)
def test_the_next_opening_and_closing_are_where_the_state_changes(calendar: str, at_ns: int) -> None:
    opens_ns = hours.next_open_ns(calendar, at_ns)
    assert hours.is_open(calendar, opens_ns)
    if opens_ns > at_ns:
        assert not hours.is_open(calendar, opens_ns - 1)
        assert hours.next_close_ns(calendar, at_ns) is None
        assert opens_ns - at_ns < 3 * DAY_NS
    closes_ns = hours.next_close_ns(calendar, opens_ns)
    if calendar == "crypto":
        assert closes_ns is None
    else:
        assert closes_ns is not None
        assert not hours.is_open(calendar, closes_ns)
        assert hours.is_open(calendar, closes_ns - 1)
        assert opens_ns < closes_ns <= opens_ns + DAY_NS


@given(NAMES, INSTANTS)
@settings(derandomize=True, max_examples=500, deadline=None)
def test_session_numbers_follow_each_other_without_overlap(calendar: str, at_ns: int) -> None:
    number = hours.session_number(calendar, at_ns)
    this, following = hours.session_bounds(calendar, number), hours.session_bounds(calendar, number + 1)
    assert this.opens_ns <= at_ns < following.opens_ns
    assert this.opens_ns < this.closes_ns <= following.opens_ns


@given(st.sampled_from(["fx", "metal", "index"]), INSTANTS)
@settings(derandomize=True, max_examples=500, deadline=None)
def test_a_trading_day_begins_at_17_00_new_york(calendar: str, at_ns: int) -> None:
    start_ns, next_ns = hours.day_start_ns(calendar, at_ns), hours.next_day_ns(calendar, at_ns)
    assert start_ns <= at_ns < next_ns
    assert hours.day_start_ns(calendar, next_ns - 1) == start_ns
    for edge_ns in (start_ns, next_ns):
        local = datetime.fromtimestamp(edge_ns / SECOND_NS, NEW_YORK)
        assert (local.hour, local.minute, local.second) == (17, 0, 0)


def test_a_trading_day_is_an_hour_shorter_or_longer_when_clocks_change() -> None:
    spring, autumn = new_york("2024-03-10 12:00"), new_york("2024-11-03 12:00")
    assert hours.next_day_ns("fx", spring) - hours.day_start_ns("fx", spring) == 23 * HOUR_NS
    assert hours.next_day_ns("fx", autumn) - hours.day_start_ns("fx", autumn) == 25 * HOUR_NS


def test_a_crypto_day_begins_at_midnight_utc_and_its_week_on_monday() -> None:
    at_ns = from_datetime(datetime(2024, 3, 10, 13, 30, tzinfo=UTC))
    assert hours.day_start_ns("crypto", at_ns) == from_datetime(datetime(2024, 3, 10, tzinfo=UTC))
    assert hours.next_day_ns("crypto", at_ns) == from_datetime(datetime(2024, 3, 11, tzinfo=UTC))
    assert hours.week_start_ns("crypto", at_ns) == from_datetime(datetime(2024, 3, 4, tzinfo=UTC))
    assert hours.next_week_ns("crypto", at_ns) == from_datetime(datetime(2024, 3, 11, tzinfo=UTC))


def test_the_fx_week_begins_on_sunday_at_17_00_new_york() -> None:
    at_ns = new_york("2024-03-08 12:00")
    assert hours.week_start_ns("fx", at_ns) == new_york("2024-03-03 17:00")
    assert hours.next_week_ns("fx", at_ns) == new_york("2024-03-10 17:00")
    assert hours.week_start_ns("fx", new_york("2024-03-10 16:59")) == new_york("2024-03-03 17:00")
