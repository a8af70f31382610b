"""A market that never closes is the one underneath while that is open, and trades on its grid when it is not."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rickctl.adapters.sim import SimMarket
from rickctl.domain.bars import bar_start_ns
from rickctl.domain.hours import is_open
from rickctl.domain.instants import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS, parse_instant
from rickctl.domain.market import Cursor, Phase, Step, Watch
from rickctl.sandbox.always_open import AlwaysOpenMarket, earlier_ns

SIM = SimMarket(seed=5)
OPEN = AlwaysOpenMarket(SIM)
EUR = "EUR_USD"
SLOT_NS = SECOND_NS // 4
WEDNESDAY = parse_instant("2026-11-18T12:00:00Z")
EDGES = [
    parse_instant(text)
    for text in (
        "2026-11-18T20:55:00Z",
        "2026-11-18T23:05:00Z",
        "2026-11-20T20:55:00Z",
        "2026-11-20T23:05:00Z",
        "2026-11-21T20:55:00Z",
        "2026-11-22T23:05:00Z",
    )
]


@pytest.mark.parametrize("day", ["2026-01-05", "2026-07-06", "2026-03-08", "2026-11-01", "2026-12-28"])
@pytest.mark.parametrize("calendar", ["fx", "metal", "index", "crypto"])
def test_what_stands_in_is_always_an_open_hour(day: str, calendar: str) -> None:
    start_ns = parse_instant(day)
    for minute in range(0, 7 * 24 * 60, 5):
        for at_ns in (start_ns + minute * MINUTE_NS, start_ns + (minute + 5) * MINUTE_NS - 1):
            assert is_open(calendar, at_ns - earlier_ns(at_ns)), at_ns


def test_in_open_hours_it_is_the_market_underneath() -> None:
    assert OPEN.quote(EUR, WEDNESDAY) == SIM.quote(EUR, WEDNESDAY)
    assert OPEN.point(EUR, WEDNESDAY) == SIM.point(EUR, WEDNESDAY)
    for granularity in ("S5", "M15", "H1"):
        span = WEDNESDAY - 2 * HOUR_NS, WEDNESDAY, WEDNESDAY
        assert OPEN.bars(EUR, granularity, *span) == SIM.bars(EUR, granularity, *span)


@pytest.mark.parametrize("edge_ns", EDGES)
def test_it_trades_at_every_hour(edge_ns: int) -> None:
    for at_ns in (edge_ns - 1, edge_ns, edge_ns + HOUR_NS):
        quote, point = OPEN.quote(EUR, at_ns), OPEN.point(EUR, at_ns)
        assert point is not None
        assert (quote.tradeable, quote.asserted_ns, point.at_ns) == (True, at_ns, at_ns)
        assert quote.bid == OPEN.instruments[EUR].price(point.bid_low)
        assert at_ns - HOUR_NS < quote.changed_ns <= at_ns
        assert OPEN.next_open_ns(EUR, at_ns) == at_ns
        assert OPEN.next_close_ns(EUR, at_ns) is None


def walk(watch: Watch, after: Cursor, until_ns: int) -> Step | None:
    """The first step that wakes the watch, found by looking at every slot."""
    for slot in range(after.at_ns // SLOT_NS, until_ns // SLOT_NS + 1):
        at_ns = slot * SLOT_NS
        step = OPEN.point(EUR, at_ns)
        if Cursor(at_ns, Phase.POINT) > after and at_ns <= until_ns and step is not None and watch.wakes(step):
            return step
    return None


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(EDGES),
    st.integers(-20 * SECOND_NS, 5 * SECOND_NS),
    st.integers(0, 40 * SECOND_NS),
    st.sampled_from([0, 1]),
    st.integers(-30, 30),
    st.sampled_from(["bid_at_most", "bid_at_least", "ask_at_most", "ask_at_least", "any"]),
)
def test_the_search_finds_what_a_walk_finds(
    edge_ns: int, start: int, length: int, phase: int, away: int, side: str
) -> None:
    standing = OPEN.point(EUR, edge_ns)
    assert standing is not None
    level = standing.bid_low + away
    levels = [
        level if name == side else None for name in ("bid_at_most", "bid_at_least", "ask_at_most", "ask_at_least")
    ]
    watch = Watch(levels[0], levels[1], levels[2], levels[3], any_point=side == "any")
    after, until_ns = Cursor(edge_ns + start, phase), edge_ns + start + length
    assert OPEN.next_step(EUR, watch, after, until_ns) == walk(watch, after, until_ns)


@pytest.mark.parametrize("granularity", ["M15", "H1", "H4", "D", "W"])
def test_bars_agree_with_the_finer_ones_inside(granularity: str) -> None:
    start_ns, end_ns = WEDNESDAY, WEDNESDAY + 9 * DAY_NS
    bars = OPEN.bars(EUR, granularity, start_ns, end_ns, end_ns)
    assert bars
    for bar, following in pairwise(bars):
        assert bar.end_ns == following.start_ns
    for bar in bars[:: max(1, len(bars) // 12)]:
        assert bar.start_ns == bar_start_ns(granularity, "fx", bar.start_ns)
        parts = OPEN.bars(EUR, "M5", bar.start_ns, min(bar.end_ns, end_ns + 1), end_ns)
        assert (bar.bid.open, bar.bid.close) == (parts[0].bid.open, parts[-1].bid.close)
        assert bar.ask.high == max(part.ask.high for part in parts)
        assert bar.bid.low == min(part.bid.low for part in parts)


def test_a_bar_that_runs_is_not_complete() -> None:
    saturday = parse_instant("2026-11-21T12:10:00Z")
    *_, last = OPEN.bars(EUR, "H1", saturday - 3 * HOUR_NS, saturday + HOUR_NS, saturday)
    assert (last.complete, last.start_ns) == (False, saturday - 10 * MINUTE_NS)
    assert last.bid.close == OPEN.quote(EUR, saturday).bid
