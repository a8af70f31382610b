"""Branch and bound against a plain walk over every slot: next touch, extremes and bars must not differ by a tick."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rickctl.adapters.sim import SimMarket
from rickctl.adapters.sim.book import Book
from rickctl.domain.bars import GRANULARITY_NS, aggregate
from rickctl.domain.hours import session_number
from rickctl.domain.instants import DAY_NS, HOUR_NS, MILLISECOND_NS, MINUTE_NS, SECOND_NS, parse_instant
from rickctl.domain.instruments import CATALOGUE
from rickctl.domain.market import Cursor, Phase, Step, Watch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rickctl.domain.market import Bar

SLOT_NS = 250 * MILLISECOND_NS
MARKET = SimMarket(7)
SYMBOLS = st.sampled_from(["EUR_USD", "USD_JPY", "USD_ZAR", "XAU_USD", "SPX500_USD", "BTC-USD", "SOL-USD"])
SLOTS = st.integers(parse_instant("2023-01-01") // SLOT_NS, parse_instant("2026-01-01") // SLOT_NS)
OFFSETS = st.integers(-3, 60)


def walk(symbol: str, first: int, last: int) -> Iterator[Step]:
    """Every tradeable price, one by one."""
    for slot in range(first, last + 1):
        step = MARKET.point(symbol, slot * SLOT_NS)
        if step is not None:
            yield step


@given(SYMBOLS, SLOTS, OFFSETS, OFFSETS, st.integers(1, 15), st.integers(0, 3))
@settings(derandomize=True, max_examples=150, deadline=None)
def test_the_next_touch_is_the_one_a_plain_walk_finds(
    symbol: str, slot: int, below: int, above: int, conditions: int, scale: int
) -> None:
    start_ns = MARKET.next_open_ns(symbol, slot * SLOT_NS)
    assert start_ns is not None
    here = MARKET.point(symbol, start_ns)
    assert here is not None
    below, above = below << scale, above << scale
    watch = Watch(
        bid_at_most=here.bid_low - below if conditions & 1 else None,
        bid_at_least=here.bid_low + above if conditions & 2 else None,
        ask_at_most=here.ask_low - above if conditions & 4 else None,
        ask_at_least=here.ask_low + below if conditions & 8 else None,
    )
    first = start_ns // SLOT_NS
    expected = next((step for step in walk(symbol, first + 1, first + 1500) if watch.wakes(step)), None)
    found = MARKET.next_step(symbol, watch, Cursor(start_ns, Phase.POINT), start_ns + 1500 * SLOT_NS)
    assert found == expected


@given(SYMBOLS, SLOTS, st.integers(1, 1500))
@settings(derandomize=True, max_examples=100, deadline=None)
def test_a_ranges_extremes_are_those_of_a_plain_walk(symbol: str, slot: int, count: int) -> None:
    book = Book(7, CATALOGUE[symbol])
    start_ns = MARKET.next_open_ns(symbol, slot * SLOT_NS)
    assert start_ns is not None
    steps = list(walk(symbol, start_ns // SLOT_NS, start_ns // SLOT_NS + count))
    session = book.path.session(session_number(book.path.calendar, start_ns))
    steps = [step for step in steps if step.at_ns // SLOT_NS <= session.last]
    found = book.extremes(session, start_ns // SLOT_NS, steps[-1].at_ns // SLOT_NS)
    assert found.bid_low == min(step.bid_low for step in steps)
    assert found.bid_high == max(step.bid_low for step in steps)
    assert found.ask_low == min(step.ask_low for step in steps)
    assert found.ask_high == max(step.ask_low for step in steps)
    assert (found.first.bid, found.last.ask) == (steps[0].bid_low, steps[-1].ask_low)


@pytest.mark.parametrize("symbol", ["EUR_USD", "XAG_USD", "BTC-USD"])
@pytest.mark.parametrize("granularity", ["S5", "S10", "S15", "S30", "M1", "M5"])
def test_a_bar_is_the_first_highest_lowest_and_last_price_of_its_slots(symbol: str, granularity: str) -> None:
    length_ns = GRANULARITY_NS[granularity]
    start_ns = parse_instant("2024-03-06T21:50:00Z")  # runs into the break
    end_ns = start_ns + 3 * length_ns
    price = MARKET.instruments[symbol].price
    for bar in MARKET.bars(symbol, granularity, start_ns, end_ns, end_ns):
        steps = list(walk(symbol, bar.start_ns // SLOT_NS, bar.end_ns // SLOT_NS - 1))
        bids, asks = [step.bid_low for step in steps], [step.ask_low for step in steps]
        assert tuple(bar.bid) == tuple(map(price, (bids[0], max(bids), min(bids), bids[-1])))
        assert tuple(bar.ask) == tuple(map(price, (asks[0], max(asks), min(asks), asks[-1])))


@pytest.mark.parametrize(
    ("small", "large", "days"),
    [("S15", "M1", 0), ("M1", "M15", 0), ("M15", "H1", 2), ("M30", "H4", 4), ("H1", "D", 9), ("D", "W", 20)],
)
@pytest.mark.parametrize("symbol", ["GBP_JPY", "NAS100_USD", "ETH-USD"])
def test_bars_join_into_the_larger_bars_the_market_gives(symbol: str, small: str, large: str, days: int) -> None:
    end_ns = parse_instant("2024-03-12T23:30:00Z")  # over a weekend with a clock change
    now_ns = end_ns - 10 * MINUTE_NS
    wanted = MARKET.bars(symbol, large, end_ns - days * DAY_NS - 2 * HOUR_NS, end_ns, now_ns)
    parts = [bar for bar in _all(symbol, small, wanted, now_ns) if bar.start_ns < wanted[-1].end_ns]
    assert aggregate(parts, large, MARKET.instruments[symbol].calendar, now_ns) == wanted
    assert [bar.complete for bar in wanted] == [bar.end_ns <= now_ns for bar in wanted]


def _all(symbol: str, granularity: str, wanted: list[Bar], now_ns: int) -> list[Bar]:
    return MARKET.bars(symbol, granularity, wanted[0].start_ns, wanted[-1].end_ns, now_ns)


def test_a_level_never_reached_in_a_month_answers_none() -> None:
    at_ns = parse_instant("2024-03-06T14:00:00Z")
    watch = Watch(bid_at_most=1, ask_at_least=10_000_000)
    assert MARKET.next_step("EUR_USD", watch, Cursor(at_ns, Phase.POINT), at_ns + 30 * DAY_NS) is None


@pytest.mark.parametrize("level", [-5, 0, 1 << 70])
def test_absurd_levels_are_answered_without_harm(level: int) -> None:
    at_ns = parse_instant("2024-03-06T14:00:00Z")
    cursor = Cursor(at_ns, Phase.POINT)
    low, high = Watch(bid_at_least=level), Watch(ask_at_most=level)
    found = [MARKET.next_step("EUR_USD", watch, cursor, at_ns + HOUR_NS) for watch in (low, high)]
    assert [step is not None for step in found] == [level <= 0, level > 0]


def test_any_point_wakes_on_the_next_slot_and_on_the_opening_when_closed() -> None:
    at_ns = parse_instant("2024-03-06T14:00:00.100Z")
    step = MARKET.next_step("EUR_USD", Watch(any_point=True), Cursor(at_ns, Phase.POINT), at_ns + SECOND_NS)
    assert step is not None
    assert step.at_ns == parse_instant("2024-03-06T14:00:00.250Z")
    saturday, sunday = parse_instant("2024-03-09T12:00:00Z"), parse_instant("2024-03-10T21:00:00Z")
    step = MARKET.next_step("EUR_USD", Watch(any_point=True), Cursor(saturday, Phase.POINT), saturday + 2 * DAY_NS)
    assert step is not None
    assert step.at_ns == sunday
    assert MARKET.next_step("EUR_USD", Watch(any_point=True), Cursor(saturday, Phase.POINT), sunday - 1) is None


def test_a_cursor_before_the_points_of_its_instant_includes_them() -> None:
    at_ns = parse_instant("2024-03-06T14:00:00Z")
    watch = Watch(any_point=True)
    before = MARKET.next_step("EUR_USD", watch, Cursor(at_ns, Phase.RANGE), at_ns)
    assert before == MARKET.point("EUR_USD", at_ns)
    assert MARKET.next_step("EUR_USD", watch, Cursor(at_ns, Phase.POINT), at_ns) is None


def test_a_jump_over_the_weekend_is_met_at_the_opening_price() -> None:
    opens_ns = parse_instant("2024-03-10T21:00:00Z")
    friday = MARKET.point("EUR_USD", parse_instant("2024-03-08T21:59:59.750Z"))
    sunday = MARKET.point("EUR_USD", opens_ns)
    assert friday is not None
    assert sunday is not None
    rose = sunday.bid_low > friday.bid_low
    between = (friday.bid_low + sunday.bid_low) // 2
    watch = Watch(bid_at_least=between) if rose else Watch(bid_at_most=between)
    assert sunday.bid_low != friday.bid_low
    assert MARKET.next_step("EUR_USD", watch, friday.cursor, opens_ns + HOUR_NS) == sunday


@pytest.mark.parametrize(("symbol", "at"), [("USD_CAD", "2024-03-10T21:00:00Z"), ("ETH-USD", "2024-03-09T00:00:00Z")])
def test_over_a_whole_session_the_first_touch_and_the_extremes_are_a_plain_walks(symbol: str, at: str) -> None:
    book, opens_ns = Book(7, CATALOGUE[symbol]), parse_instant(at)
    session = book.path.session(session_number(book.path.calendar, opens_ns))
    assert session.first == opens_ns // SLOT_NS
    touches = [book.touch(session, slot) for slot in range(session.first, session.last + 1)]
    found = book.extremes(session, session.first, session.last)
    assert (found.bid_low, found.bid_high) == (min(t.bid for t in touches), max(t.bid for t in touches))
    assert (found.ask_low, found.ask_high) == (min(t.ask for t in touches), max(t.ask for t in touches))
    down = range(touches[0].bid - 1, found.bid_low - 2, -max(1, (touches[0].bid - found.bid_low) // 25))
    up = range(touches[0].ask + 1, found.ask_high + 2, max(1, (found.ask_high - touches[0].ask) // 25))
    assert len(down) + len(up) > 20
    for level in down:
        expected = next((t for t in touches if t.bid <= level), None)
        assert book.first_touch(Watch(bid_at_most=level), session.first, session.last) == expected
    for level in up:
        expected = next((t for t in touches if t.ask >= level), None)
        assert book.first_touch(Watch(ask_at_least=level), session.first, session.last) == expected
    for watch in (
        Watch(bid_at_most=found.bid_low - 1),
        Watch(ask_at_least=found.ask_high + 1),
    ):
        assert book.first_touch(watch, session.first, session.last) is None
