"""Where bars begin and end, and how they join."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rickctl.domain.bars import GRANULARITY_NS, aggregate, bar_end_ns, bar_start_ns
from rickctl.domain.errors import UsageError
from rickctl.domain.instants import HOUR_NS, MINUTE_NS, from_datetime, parse_instant, rfc3339
from rickctl.domain.market import Bar, Ohlc

START = parse_instant("2024-03-06T14:00:00Z")


def prices(*texts: str) -> Ohlc:
    return Ohlc(*map(Decimal, texts))


def minute(at: int, bid: Ohlc, volume: int | None = None) -> Bar:
    ask = Ohlc(*(price + Decimal("0.2") for price in bid))
    start_ns = START + at * MINUTE_NS
    return Bar(
        symbol="EUR_USD",
        granularity="M1",
        start_ns=start_ns,
        end_ns=start_ns + MINUTE_NS,
        bid=bid,
        ask=ask,
        complete=True,
        source="test",
        volume=volume,
    )


@pytest.mark.parametrize(
    ("granularity", "calendar", "at", "start", "end"),
    [
        ("S5", "fx", "2024-03-06T14:00:07.9Z", "2024-03-06T14:00:05Z", "2024-03-06T14:00:10Z"),
        ("M15", "fx", "2024-03-06T14:29:59Z", "2024-03-06T14:15:00Z", "2024-03-06T14:30:00Z"),
        ("H1", "crypto", "2024-03-06T14:29:59Z", "2024-03-06T14:00:00Z", "2024-03-06T15:00:00Z"),
        ("H4", "fx", "2024-03-06T14:29:59Z", "2024-03-06T14:00:00Z", "2024-03-06T18:00:00Z"),
        ("H4", "fx", "2024-07-03T14:29:59Z", "2024-07-03T13:00:00Z", "2024-07-03T17:00:00Z"),
        ("H4", "crypto", "2024-03-06T14:29:59Z", "2024-03-06T12:00:00Z", "2024-03-06T16:00:00Z"),
        ("H4", "fx", "2024-03-10T20:30:00Z", "2024-03-10T18:00:00Z", "2024-03-10T21:00:00Z"),  # a 23-hour day
        ("D", "fx", "2024-03-06T14:29:59Z", "2024-03-05T22:00:00Z", "2024-03-06T22:00:00Z"),
        ("D", "fx", "2024-07-03T21:00:00Z", "2024-07-03T21:00:00Z", "2024-07-04T21:00:00Z"),
        ("D", "crypto", "2024-03-06T14:29:59Z", "2024-03-06T00:00:00Z", "2024-03-07T00:00:00Z"),
        ("W", "fx", "2024-03-06T14:29:59Z", "2024-03-03T22:00:00Z", "2024-03-10T21:00:00Z"),
        ("W", "crypto", "2024-03-06T14:29:59Z", "2024-03-04T00:00:00Z", "2024-03-11T00:00:00Z"),
    ],
)
def test_a_bar_is_labelled_by_its_start_and_ends_where_the_next_begins(
    granularity: str, calendar: str, at: str, start: str, end: str
) -> None:
    start_ns = bar_start_ns(granularity, calendar, parse_instant(at))
    assert rfc3339(start_ns) == start
    assert rfc3339(bar_end_ns(granularity, calendar, start_ns)) == end


@given(
    st.sampled_from(sorted(GRANULARITY_NS)),
    st.sampled_from(["fx", "metal", "crypto"]),
    st.integers(946_684_800_000, 4_102_444_799_000),
)
@settings(derandomize=True, max_examples=600, deadline=None)
def test_bars_cover_time_without_gap_or_overlap(granularity: str, calendar: str, at_ms: int) -> None:
    at_ns = at_ms * 1_000_000
    start_ns = bar_start_ns(granularity, calendar, at_ns)
    end_ns = bar_end_ns(granularity, calendar, start_ns)
    assert start_ns <= at_ns < end_ns
    assert bar_start_ns(granularity, calendar, start_ns) == start_ns
    assert bar_start_ns(granularity, calendar, end_ns - 1) == start_ns
    assert bar_start_ns(granularity, calendar, end_ns) == end_ns


def test_the_long_autumn_day_ends_in_a_four_hour_bar_of_one_hour() -> None:
    new_york = ZoneInfo("America/New_York")
    at_ns = from_datetime(datetime(2024, 11, 3, 16, 30, tzinfo=new_york).astimezone(UTC))
    start_ns = bar_start_ns("H4", "fx", at_ns)
    assert bar_end_ns("H4", "fx", start_ns) - start_ns == HOUR_NS


def test_an_unknown_granularity_is_a_usage_error_that_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"'M2' is not one of S5, .*M15.* W") as caught:
        bar_start_ns("M2", "fx", START)
    assert caught.value.code == "bad_granularity"


def test_joined_bars_take_the_first_open_the_extremes_and_the_last_close() -> None:
    parts = [
        minute(0, prices("1.1", "1.4", "1.0", "1.2"), 3),
        minute(3, prices("1.2", "1.3", "0.8", "0.9"), 4),
        minute(5, prices("0.9", "1.0", "0.9", "1.0"), 5),
    ]
    first, second = aggregate(parts, "M5", "fx", START + 10 * MINUTE_NS)
    assert first.bid == prices("1.1", "1.4", "0.8", "0.9")
    assert first.ask == prices("1.3", "1.6", "1.0", "1.1")
    assert (first.start_ns, first.end_ns, first.volume) == (START, START + 5 * MINUTE_NS, 7)
    assert (first.granularity, first.complete) == ("M5", True)
    assert second.bid == parts[2].bid
    assert second.start_ns == START + 5 * MINUTE_NS


def test_a_joined_bar_is_incomplete_before_its_end_and_while_a_part_is() -> None:
    parts = [minute(0, prices("1", "1", "1", "1")), minute(4, prices("1", "1", "1", "1"))]
    end_ns = START + 5 * MINUTE_NS
    assert aggregate(parts, "M5", "fx", end_ns)[0].complete
    assert not aggregate(parts, "M5", "fx", end_ns - 1)[0].complete
    assert not aggregate([parts[0], parts[1]._replace(complete=False)], "M5", "fx", end_ns)[0].complete


def test_no_bar_is_invented_where_there_are_no_parts() -> None:
    parts = [minute(0, prices("1", "1", "1", "1")), minute(30, prices("1", "1", "1", "1"))]
    joined = aggregate(parts, "M5", "fx", START + 60 * MINUTE_NS)
    assert [bar.start_ns for bar in joined] == [START, START + 30 * MINUTE_NS]
    assert aggregate([], "M5", "fx", START) == []


def test_volume_is_unknown_when_a_parts_volume_is() -> None:
    parts = [minute(0, prices("1", "1", "1", "1"), 3), minute(1, prices("1", "1", "1", "1"))]
    assert aggregate(parts, "M5", "fx", START + 60 * MINUTE_NS)[0].volume is None
