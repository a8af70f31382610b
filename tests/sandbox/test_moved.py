"""A market that is moved does from then on what the one underneath does, on another level; before, nothing changed."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rickctl.adapters.sim import SimMarket
from rickctl.domain.bars import GRANULARITY_NS, aggregate
from rickctl.domain.errors import UsageError
from rickctl.domain.instants import HOUR_NS, MINUTE_NS, SECOND_NS, parse_instant
from rickctl.domain.market import Bar, Cursor, Phase, Step, Watch
from rickctl.sandbox.moved import MovedMarket
from tests.fakes import FakeMarket

if TYPE_CHECKING:
    from collections.abc import Callable

TUESDAY = parse_instant("2026-11-17T12:00:00Z")
SATURDAY = parse_instant("2026-11-21T12:00:00Z")
SLOT_NS = SECOND_NS // 4
SIM = SimMarket(seed=3)
EUR = "EUR_USD"


def ticks(text: str) -> int:
    return SIM.instruments[EUR].ticks(Decimal(text))


def moved(*acts: tuple[int, str]) -> MovedMarket:
    """EUR_USD moved at each instant: to a price, `halt`, `open` or `back`."""
    market = MovedMarket(SIM)
    for at_ns, word in acts:
        if word in {"halt", "open"}:
            market.halt(EUR, at_ns, is_halted=word == "halt")
        elif word == "back":
            market.release(EUR, at_ns)
        else:
            market.move(EUR, Decimal(word), at_ns)
    return market


def test_untouched_it_is_the_market_underneath() -> None:
    market = MovedMarket(SIM)
    assert (market.source, market.instruments) == (SIM.source, SIM.instruments)
    assert market.quote(EUR, TUESDAY) == SIM.quote(EUR, TUESDAY)
    assert market.next_close_ns(EUR, TUESDAY) == SIM.next_close_ns(EUR, TUESDAY)
    assert market.next_open_ns(EUR, SATURDAY) == SIM.next_open_ns(EUR, SATURDAY)


@pytest.mark.parametrize("side", ["bid", "ask", "mid"])
def test_from_the_instant_on_the_price_is_what_was_asked(side: str) -> None:
    market = MovedMarket(SIM)
    market.move(EUR, Decimal("1.20000"), TUESDAY, side)
    quote = market.quote(EUR, TUESDAY)
    assert quote.bid is not None
    assert quote.ask is not None
    assert quote.mid is not None
    assert quote.spread == SIM.quote(EUR, TUESDAY).spread
    price = {"bid": quote.bid, "ask": quote.ask, "mid": quote.mid}[side]
    assert 0 <= Decimal("1.20000") - price <= Decimal("0.000005")
    assert (quote.changed_ns, quote.tradeable) == (TUESDAY, True)
    assert market.quote(EUR, TUESDAY - 1) == SIM.quote(EUR, TUESDAY - 1)
    assert market.quote("GBP_USD", TUESDAY) == SIM.quote("GBP_USD", TUESDAY)


def test_a_level_is_touched_at_the_very_instant_of_the_move() -> None:
    at_ns = TUESDAY + 17_000_001
    market = moved((at_ns, "1.20000"))
    watch = Watch(bid_at_least=ticks("1.19000"))
    step = market.next_step(EUR, watch, Cursor(TUESDAY, Phase.POINT), TUESDAY + HOUR_NS)
    assert step is not None
    assert (step.at_ns, step.phase) == (at_ns, Phase.POINT)
    assert step == market.point(EUR, at_ns)
    following = market.next_step(EUR, watch, step.cursor, TUESDAY + HOUR_NS)
    assert following is not None
    assert following.at_ns == TUESDAY + SLOT_NS


def test_back_it_is_where_the_market_underneath_is() -> None:
    market = moved((TUESDAY, "1.20000"), (TUESDAY + MINUTE_NS, "back"))
    assert market.point(EUR, TUESDAY + MINUTE_NS) == SIM.point(EUR, TUESDAY + MINUTE_NS)
    assert market.point(EUR, TUESDAY + MINUTE_NS - 1) != SIM.point(EUR, TUESDAY + MINUTE_NS - 1)


# against a walk over every step


def walk(market: MovedMarket, watch: Watch, after: Cursor, until_ns: int, acts: list[int]) -> Step | None:
    """The first step that wakes the watch, found by looking at every instant there is."""
    instants = {slot * SLOT_NS for slot in range(after.at_ns // SLOT_NS, until_ns // SLOT_NS + 1)} | set(acts)
    for at_ns in sorted(instants):
        step = market.point(EUR, at_ns)
        if Cursor(at_ns, Phase.POINT) > after and at_ns <= until_ns and step is not None and watch.wakes(step):
            return step
    return None


LEVELS = st.integers(108_000, 112_000)
ACTS = st.lists(
    st.tuples(
        st.integers(0, 40 * SECOND_NS),
        st.sampled_from(["halt", "open", "back"]) | LEVELS.map(lambda level: f"{Decimal(level) / 100_000:.5f}"),
    ),
    max_size=4,
    unique_by=lambda act: act[0],
).map(sorted)
WATCHES = st.builds(
    Watch,
    bid_at_most=st.none() | LEVELS,
    bid_at_least=st.none() | LEVELS,
    ask_at_most=st.none() | LEVELS,
    ask_at_least=st.none() | LEVELS,
    any_point=st.booleans(),
)


@settings(max_examples=150, deadline=None)
@given(ACTS, WATCHES, st.integers(-SECOND_NS, 41 * SECOND_NS), st.integers(0, 20 * SECOND_NS), st.sampled_from([0, 1]))
def test_the_search_finds_what_a_walk_finds(
    acts: list[tuple[int, str]], watch: Watch, start: int, length: int, phase: int
) -> None:
    placed = [(TUESDAY + at, word) for at, word in acts]
    market = moved(*placed)
    after, until_ns = Cursor(TUESDAY + start, phase), TUESDAY + start + length
    expected = walk(market, watch, after, until_ns, [at_ns for at_ns, _ in placed])
    assert market.next_step(EUR, watch, after, until_ns) == expected


@settings(max_examples=60, deadline=None)
@given(ACTS)
def test_a_restart_brings_the_same_market_back(acts: list[tuple[int, str]]) -> None:
    market = moved(*[(TUESDAY + at, word) for at, word in acts])
    again = MovedMarket(SIM)
    again.restore(json.loads(json.dumps(market.describe())))
    for at_ns in range(TUESDAY - SECOND_NS, TUESDAY + 50 * SECOND_NS, 7 * SECOND_NS):
        assert again.quote(EUR, at_ns) == market.quote(EUR, at_ns)


# bars


def test_a_bar_running_at_a_move_is_made_of_what_came_before_and_after() -> None:
    at_ns = TUESDAY + 20 * MINUTE_NS
    market = moved((at_ns, "1.20000"))
    [bar] = market.bars(EUR, "H1", TUESDAY, TUESDAY + HOUR_NS, TUESDAY + HOUR_NS)
    [under] = SIM.bars(EUR, "H1", TUESDAY, TUESDAY + HOUR_NS, TUESDAY + HOUR_NS)
    early = SIM.bars(EUR, "M5", TUESDAY, at_ns, at_ns)
    late = market.bars(EUR, "M5", at_ns, TUESDAY + HOUR_NS, TUESDAY + HOUR_NS)
    assert [bar] == aggregate([*early, *late], "H1", SIM.instruments[EUR].calendar, TUESDAY + HOUR_NS)
    assert bar.bid.open == under.bid.open
    assert bar.bid.low < Decimal("1.15") < bar.bid.close
    assert late[0].bid.open == SIM.bars(EUR, "M5", at_ns, at_ns + 1, TUESDAY + HOUR_NS)[0].bid.open + _shift(
        market, at_ns
    )


def _shift(market: MovedMarket, at_ns: int) -> Decimal:
    here, there = market.quote(EUR, at_ns).bid, SIM.quote(EUR, at_ns).bid
    assert here is not None
    assert there is not None
    return here - there


@pytest.mark.parametrize("granularity", ["S5", "S30", "M1", "M5", "M15", "H1", "H4", "D", "W"])
def test_bars_of_any_length_agree_with_the_finest_about_what_was_reached(granularity: str) -> None:
    at_ns = TUESDAY + 20 * MINUTE_NS + 30 * SECOND_NS
    market = moved((at_ns, "1.20000"), (at_ns + MINUTE_NS, "back"))
    now_ns = at_ns + HOUR_NS
    bars = market.bars(EUR, granularity, at_ns - GRANULARITY_NS[granularity], now_ns, now_ns)
    struck = [bar for bar in bars if bar.start_ns <= at_ns < bar.end_ns]
    finest = market.bars(EUR, "S5", at_ns, at_ns + MINUTE_NS, now_ns)
    [bar] = struck
    within = [small for small in finest if bar.start_ns <= small.start_ns < bar.end_ns]
    assert bar.ask.high == max(small.ask.high for small in within)


def test_a_bar_of_a_halt_does_not_exist() -> None:
    market = moved((TUESDAY + MINUTE_NS, "halt"), (TUESDAY + 4 * MINUTE_NS, "open"))
    bars = market.bars(EUR, "M1", TUESDAY, TUESDAY + 6 * MINUTE_NS, TUESDAY + 6 * MINUTE_NS)
    assert [(bar.start_ns - TUESDAY) // MINUTE_NS for bar in bars] == [0, 4, 5]


# halts


def test_a_halt_shows_the_last_price_and_trades_nothing() -> None:
    at_ns = TUESDAY + 10 * SECOND_NS
    market = moved((at_ns, "halt"), (at_ns + MINUTE_NS, "open"))
    before, during = SIM.quote(EUR, at_ns - 1), market.quote(EUR, at_ns + 30 * SECOND_NS)
    assert (during.bid, during.ask, during.tradeable) == (before.bid, before.ask, False)
    assert during.asserted_ns <= at_ns
    assert market.point(EUR, at_ns) is None
    assert market.next_open_ns(EUR, at_ns) == at_ns + MINUTE_NS
    assert market.next_open_ns(EUR, at_ns - 1) == at_ns - 1
    assert market.next_close_ns(EUR, TUESDAY) == at_ns
    assert market.next_close_ns(EUR, at_ns) is None
    step = market.next_step(EUR, Watch(any_point=True), Cursor(at_ns - 1, Phase.POINT), at_ns + HOUR_NS)
    assert step is not None
    assert step.at_ns == at_ns + MINUTE_NS


def test_a_halt_without_an_end_never_opens() -> None:
    market = moved((TUESDAY, "halt"))
    assert market.next_open_ns(EUR, TUESDAY) is None
    assert market.next_step(EUR, Watch(any_point=True), Cursor(TUESDAY, Phase.RANGE), TUESDAY + HOUR_NS) is None


def test_a_market_closed_by_its_calendar_is_not_opened_by_ending_a_halt() -> None:
    market = moved((SATURDAY - HOUR_NS, "halt"), (SATURDAY, "open"))
    assert market.next_open_ns(EUR, SATURDAY) == SIM.next_open_ns(EUR, SATURDAY)
    assert market.next_close_ns(EUR, SATURDAY) is None


# a recorded market of bars


def test_the_range_of_a_bar_moves_whole_with_the_level_it_ends_on() -> None:
    start, end = TUESDAY, TUESDAY + MINUTE_NS
    opening = Step(EUR, start, start, Phase.POINT, 108_000, 108_000, 108_010, 108_010)
    reach = Step(EUR, start, end, Phase.RANGE, 107_900, 108_100, 107_910, 108_110)
    market = MovedMarket(FakeMarket([opening, reach], stands=False))
    market.move(EUR, Decimal("1.09005"), start + SECOND_NS)
    found = market.next_step(EUR, Watch(bid_at_least=109_050), Cursor(start, Phase.POINT), end)
    assert found == reach._replace(bid_low=108_900, bid_high=109_100, ask_low=108_910, ask_high=109_110)
    market.move(EUR, Decimal("1.08005"), end)
    assert market.next_step(EUR, Watch(bid_at_least=109_050), Cursor(start, Phase.POINT), end) == found


# what is refused

REFUSED: list[tuple[Callable[[MovedMarket], object], str]] = [
    (lambda market: market.move("NOPE", Decimal(1), TUESDAY), "unknown_symbol"),
    (lambda market: market.halt("NOPE", TUESDAY, is_halted=True), "unknown_symbol"),
    (lambda market: market.move(EUR, Decimal("1.000001"), TUESDAY), "bad_precision"),
    (lambda market: market.move(EUR, Decimal("0.01"), TUESDAY), "bad_price"),
    (lambda market: market.move(EUR, Decimal(-1), TUESDAY), "bad_price"),
    (lambda market: market.move(EUR, Decimal("1.1"), TUESDAY, "last"), "bad_side"),
    (lambda market: (market.halt(EUR, TUESDAY, is_halted=True), market.release(EUR, TUESDAY)), "bad_time"),
]


@pytest.mark.parametrize(("act", "code"), REFUSED, ids=[f"{n}-{code}" for n, (_, code) in enumerate(REFUSED)])
def test_what_cannot_be_done_is_refused(act: Callable[[MovedMarket], object], code: str) -> None:
    with pytest.raises(UsageError) as refused:
        act(MovedMarket(SIM))
    assert refused.value.code == code


def test_bars_are_plain_where_nothing_was_moved() -> None:
    market = moved((TUESDAY, "1.2"))
    before: list[Bar] = market.bars(EUR, "M5", TUESDAY - HOUR_NS, TUESDAY, TUESDAY + HOUR_NS)
    assert before == SIM.bars(EUR, "M5", TUESDAY - HOUR_NS, TUESDAY, TUESDAY + HOUR_NS)
