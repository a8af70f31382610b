"""A tape answers like a plain walk over its rows would, sees no later row, and trades only where it has cover."""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rickctl.adapters.replay import TICK_HOLD_NS, ReplayMarket, open_tape
from rickctl.adapters.replay.parse import Layout, Table
from rickctl.adapters.replay.tape import build_tape
from rickctl.adapters.replay.touch import TouchIndex
from rickctl.domain.bars import aggregate
from rickctl.domain.errors import UsageError
from rickctl.domain.instants import HOUR_NS, MINUTE_NS, SECOND_NS, parse_instant
from rickctl.domain.market import Cursor, Instrument, InstrumentKind, Phase, Step, Watch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rickctl.domain.ports import Market

TAPES = Path(__file__).parents[1] / "fixtures" / "tapes"
SYMBOL = "EUR_USD"
EUR_USD = Instrument(
    symbol=SYMBOL,
    base_currency="EUR",
    quote_currency="USD",
    kind=InstrumentKind.FX,
    pip_location=-4,
    price_increment=Decimal("0.00001"),
    unit_increment=Decimal(1),
    minimum_units=Decimal(1),
    maximum_units=Decimal(100_000_000),
    margin_rate=Decimal("0.02"),
    calendar="fx",
)
NOON = parse_instant("2024-03-06T12:00:00Z")
FOR_EVER = NOON + 1_000_000 * HOUR_NS


class Row(NamedTuple):
    """One row: minutes (bars) or seconds (ticks) after noon, then its prices in ticks."""

    at: int
    prices: tuple[int, ...]


def market(rows: Sequence[Row], layout: Layout, bar_ns: int | None = MINUTE_NS) -> ReplayMarket:
    unit_ns = MINUTE_NS if layout is Layout.BARS else SECOND_NS
    times = array("q", (NOON + row.at * unit_ns for row in rows))
    columns = tuple(array("q", column) for column in zip(*(row.prices for row in rows), strict=True))
    tape = build_tape([Table(layout, times, columns)], bar_ns=bar_ns)
    return ReplayMarket(tape, EUR_USD, source="replay:x@0", fingerprint="0", location="replay:x")


def side(values: list[int], shift: int) -> tuple[int, ...]:
    opened, closed, up, down = values
    return (opened + shift, max(opened, closed) + up + shift, min(opened, closed) - down + shift, closed + shift)


def bar(at: int, values: list[int], spread: int) -> Row:
    return Row(at, side(values, 0) + side(values, spread))


BAR_ROWS = st.lists(
    st.builds(
        bar,
        st.integers(0, 200),
        st.tuples(st.integers(50, 80), st.integers(50, 80), st.integers(0, 6), st.integers(0, 6)).map(list),
        st.integers(-1, 5),
    ),
    min_size=1,
    max_size=60,
    unique_by=lambda row: row.at,
).map(sorted)
TICK_ROWS = st.lists(
    st.builds(
        lambda at, bid, spread: Row(at, (bid, bid + spread)),
        st.integers(0, 600),
        st.integers(50, 80),
        st.integers(-1, 5),
    ),
    min_size=1,
    max_size=60,
    unique_by=lambda row: row.at,
).map(sorted)
LEVEL = st.none() | st.integers(40, 95)
WATCH = st.builds(Watch, LEVEL, LEVEL, LEVEL, LEVEL, st.booleans())
SECONDS = st.integers(-120, 12_200) | st.integers(-2, 205).map(lambda minutes: minutes * 60)
MOMENT = SECONDS.map(lambda seconds: NOON + seconds * SECOND_NS)
CURSOR = st.builds(Cursor, MOMENT, st.sampled_from([Phase.RANGE, Phase.POINT]))


def is_usable(row: Row) -> bool:
    half = len(row.prices) // 2
    return all(bid <= ask for bid, ask in zip(row.prices[:half], row.prices[half:], strict=True))


def plain_steps(rows: Sequence[Row], layout: Layout) -> list[Step]:
    """Every step of the tape in order, written out row by row."""
    steps = []
    for row in filter(is_usable, rows):
        if layout is Layout.TICKS:
            at_ns = NOON + row.at * SECOND_NS
            steps.append(Step(SYMBOL, at_ns, at_ns, Phase.POINT, *(row.prices[i] for i in (0, 0, 1, 1))))
            continue
        start, end = NOON + row.at * MINUTE_NS, NOON + (row.at + 1) * MINUTE_NS
        bid, ask = row.prices[:4], row.prices[4:]
        steps.append(Step(SYMBOL, start, start, Phase.POINT, bid[0], bid[0], ask[0], ask[0]))
        steps.append(Step(SYMBOL, start, end, Phase.RANGE, bid[2], bid[1], ask[2], ask[1]))
    return sorted(steps, key=lambda step: step.cursor)


def built(rows: Sequence[Row], layout: Layout) -> ReplayMarket | None:
    return market(rows, layout) if any(map(is_usable, rows)) else None


@pytest.mark.parametrize(("layout", "source"), [(Layout.BARS, BAR_ROWS), (Layout.TICKS, TICK_ROWS)])
def test_the_next_step_is_the_one_a_plain_walk_finds(layout: Layout, source: st.SearchStrategy[list[Row]]) -> None:
    @settings(max_examples=300)
    @given(source, WATCH, CURSOR, MOMENT)
    def check(rows: list[Row], watch: Watch, after: Cursor, until_ns: int) -> None:
        tape = built(rows, layout)
        if tape is None:
            return
        walk = (step for step in plain_steps(rows, layout) if step.cursor > after and step.at_ns <= until_ns)
        expected = next(filter(watch.wakes, walk), None)
        assert tape.next_step(SYMBOL, watch, after, until_ns) == expected

    check()


@pytest.mark.parametrize(("layout", "source"), [(Layout.BARS, BAR_ROWS), (Layout.TICKS, TICK_ROWS)])
def test_following_the_cursor_meets_every_step_once(layout: Layout, source: st.SearchStrategy[list[Row]]) -> None:
    @given(source)
    def check(rows: list[Row]) -> None:
        tape = built(rows, layout)
        expected = plain_steps(rows, layout)
        after = Cursor(0, Phase.RANGE)
        for step in expected:
            assert tape is not None
            assert tape.next_step(SYMBOL, Watch(bid_at_least=0), after, FOR_EVER) == step
            after = step.cursor

    check()


@given(BAR_ROWS, st.integers(60, 90))
def test_each_condition_of_a_watch_looks_at_its_own_prices(rows: list[Row], level: int) -> None:
    tape = built(rows, Layout.BARS)
    sides = Watch(bid_at_most=level), Watch(bid_at_least=level), Watch(ask_at_most=level), Watch(ask_at_least=level)
    for watch in sides:
        expected = next(filter(watch.wakes, plain_steps(rows, Layout.BARS)), None)
        assert tape is None or tape.next_step(SYMBOL, watch, Cursor(0, 0), FOR_EVER) == expected


def answers(tape: Market, at_ns: int) -> list[object]:
    """Everything the tape says about `at_ns` and before."""
    watches = (Watch(any_point=True), Watch(bid_at_most=60), Watch(ask_at_least=75), Watch(bid_at_least=82))
    starts = (NOON - 1, at_ns - 90 * SECOND_NS, at_ns - 1)
    return [
        tape.quote(SYMBOL, at_ns),
        tape.point(SYMBOL, at_ns),
        [tape.next_step(SYMBOL, watch, Cursor(start, 0), at_ns) for watch in watches for start in starts],
        [tape.bars(SYMBOL, granularity, 0, FOR_EVER, at_ns) for granularity in ("M1", "M5", "H1")],
    ]


@given(BAR_ROWS, MOMENT)
def test_bars_after_an_instant_and_the_rest_of_the_running_one_change_no_answer(rows: list[Row], at_ns: int) -> None:
    known = [row for row in rows if NOON + row.at * MINUTE_NS <= at_ns and is_usable(row)]
    if not known:
        return
    full = market([row for row in rows if is_usable(row)], Layout.BARS)
    last = known[-1]
    if NOON + (last.at + 1) * MINUTE_NS > at_ns:
        known[-1] = Row(last.at, (last.prices[0],) * 4 + (last.prices[4],) * 4)
    assert answers(full, at_ns) == answers(market(known, Layout.BARS), at_ns)


@given(TICK_ROWS, MOMENT)
def test_ticks_after_an_instant_change_no_answer(rows: list[Row], at_ns: int) -> None:
    known = [row for row in rows if NOON + row.at * SECOND_NS <= at_ns]
    if any(map(is_usable, known)):
        assert answers(market(rows, Layout.TICKS), at_ns) == answers(market(known, Layout.TICKS), at_ns)


COLUMN = [int.from_bytes(hashlib.sha256(str(n).encode()).digest()[:2], "big") for n in range(5000)]


@given(start=st.integers(0, 5000), level=st.integers(-1, 2**16), falling=st.booleans(), length=st.integers(1, 5000))
def test_the_touch_index_finds_what_a_scan_finds(start: int, level: int, *, falling: bool, length: int) -> None:
    column = COLUMN[:length]
    reached = (n for n in range(start, length) if (column[n] <= level if falling else column[n] >= level))
    assert TouchIndex(column, falling=falling).first(start, level) == next(reached, length)


@pytest.mark.parametrize("length", [1, 31, 32, 33, 1024, 1025, 2100])
def test_every_place_of_a_column_can_be_the_one_touched(length: int) -> None:
    falls, rises = TouchIndex(range(length, 0, -1), falling=True), TouchIndex(range(length), falling=False)
    for place in range(length):
        assert falls.first(0, length - place) == rises.first(0, place) == place
    assert falls.first(0, 0) == rises.first(0, length) == length


class Counted(list[int]):
    """A list that counts how often one value is looked at."""

    looks = 0

    def __getitem__(self, place):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN204 - both overloads of list
        Counted.looks += isinstance(place, int)
        return super().__getitem__(place)


def test_a_far_touch_looks_at_few_of_a_hundred_thousand_rows() -> None:
    column = Counted([5] * 99_999 + [1])
    index = TouchIndex(column, falling=True)
    Counted.looks = 0
    assert index.first(3, 1) == 99_999
    assert Counted.looks < 100


THREE = [bar(n, [50 + n, 52 + n, 3, 3], 2) for n in (0, 1, 3)]


def test_a_quote_inside_a_bar_is_its_open_and_asserted_now() -> None:
    quote = market(THREE, Layout.BARS).quote(SYMBOL, NOON + 90 * SECOND_NS)
    assert (quote.bid, quote.ask, quote.tradeable) == (Decimal("0.00051"), Decimal("0.00053"), True)
    assert (quote.changed_ns - NOON, quote.asserted_ns - NOON) == (60 * SECOND_NS, 90 * SECOND_NS)


def test_a_quote_in_a_hole_is_the_last_close_and_not_tradeable() -> None:
    tape = market(THREE, Layout.BARS)
    quote = tape.quote(SYMBOL, NOON + 150 * SECOND_NS)
    assert tape.quote(SYMBOL, NOON + 2 * MINUTE_NS) == quote
    assert (quote.bid, quote.ask, quote.tradeable) == (Decimal("0.00053"), Decimal("0.00055"), False)
    assert (quote.changed_ns, quote.asserted_ns) == (NOON + 2 * MINUTE_NS, NOON + 2 * MINUTE_NS)


def test_before_the_tape_nothing_is_known() -> None:
    quote = market(THREE, Layout.BARS).quote(SYMBOL, NOON - 1)
    assert (quote.bid, quote.ask, quote.tradeable, quote.mid) == (None, None, False, None)


def test_a_bar_offers_a_point_at_its_start_only() -> None:
    tape = market(THREE, Layout.BARS)
    assert tape.point(SYMBOL, NOON + MINUTE_NS) == Step(SYMBOL, *(NOON + MINUTE_NS,) * 2, Phase.POINT, 51, 51, 53, 53)
    assert tape.point(SYMBOL, NOON + MINUTE_NS + 1) is None
    assert tape.point(SYMBOL, NOON + 2 * MINUTE_NS) is None


def test_a_tick_stands_until_the_next_or_for_its_hold() -> None:
    tape = market([Row(0, (50, 52)), Row(10, (50, 52)), Row(20, (51, 53)), Row(500, (52, 54))], Layout.TICKS)
    ended_ns = NOON + 20 * SECOND_NS + TICK_HOLD_NS
    assert tape.point(SYMBOL, ended_ns - 1) == Step(SYMBOL, ended_ns - 1, ended_ns - 1, Phase.POINT, 51, 51, 53, 53)
    assert tape.point(SYMBOL, ended_ns) is None
    late = tape.quote(SYMBOL, ended_ns + HOUR_NS // 60)
    assert (late.bid, late.tradeable, late.asserted_ns) == (Decimal("0.00051"), False, ended_ns)
    repeated = tape.quote(SYMBOL, NOON + 15 * SECOND_NS)
    assert (repeated.changed_ns, repeated.asserted_ns) == (NOON, NOON + 15 * SECOND_NS)


def test_a_market_order_after_a_bar_began_waits_for_the_next_open() -> None:
    step = market(THREE, Layout.BARS).next_step(
        SYMBOL, Watch(any_point=True), Cursor(NOON + SECOND_NS, Phase.POINT), FOR_EVER
    )
    assert step is not None
    assert (step.at_ns, step.phase, step.bid_low, step.ask_low) == (NOON + MINUTE_NS, Phase.POINT, 51, 53)


def test_a_level_gapped_over_is_met_at_the_open_and_not_in_the_range() -> None:
    tape = market([bar(0, [50, 50, 0, 0], 2), bar(1, [70, 70, 0, 0], 2)], Layout.BARS)
    step = tape.next_step(SYMBOL, Watch(bid_at_least=60), Cursor(NOON, Phase.POINT), FOR_EVER)
    assert step is not None
    assert (step.at_ns, step.phase, step.bid_low) == (NOON + MINUTE_NS, Phase.POINT, 70)


def test_opens_and_closes_follow_the_cover() -> None:
    tape = market([*THREE, bar(200, [60, 60, 0, 0], 2)], Layout.BARS)
    minute = [NOON + n * MINUTE_NS for n in range(202)]
    assert tape.next_open_ns(SYMBOL, NOON - HOUR_NS) == NOON
    assert tape.next_open_ns(SYMBOL, NOON + 1) == NOON + 1
    assert tape.next_open_ns(SYMBOL, minute[2]) == minute[3]
    assert tape.next_open_ns(SYMBOL, minute[201]) is None
    assert tape.next_close_ns(SYMBOL, NOON) == minute[4]
    assert tape.next_close_ns(SYMBOL, minute[2]) is None
    assert tape.next_close_ns(SYMBOL, minute[200]) == minute[201]


def test_another_symbol_is_a_usage_error() -> None:
    with pytest.raises(UsageError) as failure:
        market(THREE, Layout.BARS).quote("GBP_USD", NOON)
    assert failure.value.code == "unknown_symbol"


@pytest.fixture(scope="module")
def day() -> ReplayMarket:
    return open_tape(f"replay:{TAPES}/eurusd-m1.csv.gz", {SYMBOL: EUR_USD})


@pytest.mark.parametrize("granularity", ["M1", "M5", "M15", "M30", "H1", "H4", "D", "W"])
@pytest.mark.parametrize("clock", ["2024-03-06T14:30:00Z", "2024-03-06T13:59:20Z", "2024-03-08T00:00:00Z"])
def test_large_bars_are_the_minute_bars_joined(day: ReplayMarket, granularity: str, clock: str) -> None:
    now_ns = parse_instant(clock)
    minutes = day.bars(SYMBOL, "M1", 0, FOR_EVER, now_ns)
    joined = {row.start_ns: row for row in aggregate(minutes, granularity, "fx", now_ns)}
    large = day.bars(SYMBOL, granularity, 0, FOR_EVER, now_ns)
    assert [row.start_ns for row in large] == list(joined)
    for row in large:
        assert (row.bid, row.ask, row.end_ns) == (joined[row.start_ns].bid, joined[row.start_ns].ask, row.end_ns)
        assert row.complete == (row.end_ns <= now_ns)


def test_bars_are_asked_for_by_their_start_and_none_is_invented(day: ReplayMarket) -> None:
    starts = [row.start_ns for row in day.bars(SYMBOL, "H1", 0, FOR_EVER, FOR_EVER)]
    first = parse_instant("2024-03-06T08:00:00Z")
    assert starts == [first + hour * HOUR_NS for hour in range(24) if hour != 14]
    some = day.bars(SYMBOL, "H1", starts[2], starts[5], FOR_EVER)
    assert [row.start_ns for row in some] == starts[2:5]
    assert [row.start_ns for row in day.bars(SYMBOL, "H1", starts[2] + 1, starts[5] + 1, FOR_EVER)] == starts[3:6]
    assert bisect_left(starts, first) == 0


@pytest.mark.parametrize(("granularity", "bar_minutes"), [("S5", 1), ("M1", 5), ("M5", 2), ("M15", 10)])
def test_bars_the_rows_do_not_make_up_are_refused(granularity: str, bar_minutes: int) -> None:
    rows = [bar(n * bar_minutes, [50, 52, 3, 3], 2) for n in range(5)]
    tape = market(rows, Layout.BARS, bar_ns=None)
    with pytest.raises(UsageError) as failure:
        tape.bars(SYMBOL, granularity, 0, FOR_EVER, FOR_EVER)
    assert failure.value.code == "bad_granularity"


def test_bars_that_begin_at_other_times_than_the_trading_day_are_refused() -> None:
    rows = [bar(n * 1440, [50, 52, 3, 3], 2) for n in range(3)]
    tape = market(rows, Layout.BARS, bar_ns=None)
    with pytest.raises(UsageError, match="begin at other times"):
        tape.bars(SYMBOL, "D", 0, FOR_EVER, FOR_EVER)


def test_ticks_make_bars_of_what_was_seen_so_far() -> None:
    tape = market([Row(0, (50, 52)), Row(10, (55, 57)), Row(30, (45, 48)), Row(70, (51, 53))], Layout.TICKS)
    (running,) = tape.bars(SYMBOL, "M1", 0, FOR_EVER, NOON + 20 * SECOND_NS)
    assert (running.complete, running.bid.high, running.bid.close) == (False, Decimal("0.00055"), Decimal("0.00055"))
    whole, after = tape.bars(SYMBOL, "M1", 0, FOR_EVER, NOON + 100 * SECOND_NS)
    assert whole.bid == tuple(map(Decimal, ("0.00050", "0.00055", "0.00045", "0.00045")))
    assert (whole.complete, after.complete, after.start_ns) == (True, False, NOON + MINUTE_NS)
