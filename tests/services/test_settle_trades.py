"""Trade lots, shared touches, holds, trailing stops and the minute grid."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from rickctl.domain.errors import OrderRejected
from rickctl.domain.events import EquityMarked
from rickctl.domain.instants import HOUR_NS, MILLISECOND_NS, MINUTE_NS, parse_instant
from rickctl.domain.orders import Side
from rickctl.domain.positions import day_of
from tests.domain.paper_kit import INSTANT, T0, Desk, at
from tests.fakes import FakeMarket, point

QUIET = point(T0, "1.08000", "1.08010")


def held(desk: Desk) -> list[tuple[int, str]]:
    """Open trades by number, with their units, below zero for short."""
    return [(trade.number, f"{trade.units * trade.side.sign:f}") for trade in desk.state.trades]


def test_partial_fills_share_the_touch_in_order_sequence_and_resume_after_a_quarter_second() -> None:
    first = point(T0, "1.08000", "1.08010", bid_size=1000, ask_size=1500)
    soon = point(at(0, 249 * MILLISECOND_NS), "1.08000", "1.08020", bid_size=1000, ask_size=1500)
    then = point(at(0, 250 * MILLISECOND_NS), "1.08000", "1.08030", bid_size=1000, ask_size=1500)
    desk = Desk(FakeMarket([first, soon, then]))
    desk.order(1, units="1000", sl="1.07000", tp="1.09000")
    desk.order(2, units="1000", sl="1.07000", tp="1.09000")
    desk.settle(at(1))
    assert desk.told() == ["1 entry 1000 @ 1.08010", "2 entry 500 @ 1.08010", "2 entry 500 @ 1.08030"]
    assert held(desk) == [(1, "1000"), (2, "1000")]
    assert desk.state.trades[1].cost == 500 * Decimal("1.08010") + 500 * Decimal("1.08030")


def test_the_rest_of_a_triggered_stop_trades_at_any_price_the_rest_of_a_limit_does_not() -> None:
    steps = [
        QUIET,
        point(at(1), "1.08100", "1.08110", ask_size=400),
        point(at(2), "1.08050", "1.08060", ask_size=10_000),
        point(at(3), "1.07900", "1.07910", ask_size=400),
        point(at(4), "1.07950", "1.07960", ask_size=10_000),
        point(at(5), "1.07900", "1.07910", ask_size=10_000),
    ]
    desk = Desk(FakeMarket(steps))
    desk.order(1, stop="1.08100", sl="1.07000", tp="1.09000")
    desk.order(2, limit="1.07910", sl="1.07000", tp="1.09000")
    desk.settle(at(9))
    assert desk.told() == [
        "1 entry 400 @ 1.08110",
        "1 entry 600 @ 1.08060",
        "2 entry 400 @ 1.07910",
        "2 entry 600 @ 1.07910",
    ]
    assert [fill.at_ns for fill in desk.fills()] == [at(1), at(2), at(3), at(5)]


def test_exits_are_sized_to_what_was_filled_and_end_the_rest_of_the_entry() -> None:
    steps = [QUIET, point(at(1), "1.07990", "1.08000", ask_size=400), point(at(2), "1.07800", "1.07850")]
    desk = Desk(FakeMarket(steps))
    desk.order(1, limit="1.08000", sl="1.07900", tp="1.09000")
    desk.settle(at(1))
    assert desk.state.trades[0].units == 400
    desk.settle(at(9))
    assert desk.told() == ["1 entry 400 @ 1.08000", "1 stop_loss 400 @ 1.07800", "1 cancelled trade_closed"]


def test_a_stop_hit_with_nothing_on_offer_stays_triggered() -> None:
    steps = [QUIET, point(at(1), "1.07900", "1.07910", bid_size=0), point(at(2), "1.08000", "1.08010", bid_size=5000)]
    desk = Desk(FakeMarket(steps))
    desk.order(1, sl="1.07950", tp="1.09000")
    desk.settle(at(9))
    assert desk.told() == ["1 entry 1000 @ 1.08010", "1 triggered stop_loss", "1 stop_loss 1000 @ 1.08000"]


def test_the_rest_of_a_stop_closes_at_any_price() -> None:
    steps = [QUIET, point(at(1), "1.07900", "1.07910", bid_size=300), point(at(2), "1.08500", "1.08510")]
    desk = Desk(FakeMarket(steps))
    desk.order(1, sl="1.07950", tp="1.09000")
    desk.settle(at(9))
    assert desk.told()[1:] == ["1 stop_loss 300 @ 1.07900", "1 stop_loss 700 @ 1.08500"]


def test_three_orders_at_one_instant_share_what_is_there() -> None:
    desk = Desk(FakeMarket([point(T0, "1.08000", "1.08010", ask_size=2500), point(at(9), "1.08000", "1.08010")]))
    for number in (1, 2, 3):
        desk.order(number, units="1000", sl="1.07000", tp="1.09000")
    desk.settle(at(1))
    assert desk.told() == ["1 entry 1000 @ 1.08010", "2 entry 1000 @ 1.08010", "3 entry 500 @ 1.08010"]


def test_a_target_partly_filled_leaves_the_stop_on_what_is_left() -> None:
    steps = [QUIET, point(at(1), "1.08200", "1.08210", bid_size=300), point(at(2), "1.07800", "1.07810")]
    desk = Desk(FakeMarket(steps))
    desk.order(1, sl="1.07900", tp="1.08100")
    desk.settle(at(9))
    assert desk.told()[1:] == ["1 take_profit 300 @ 1.08200", "1 stop_loss 700 @ 1.07800"]


def test_an_opposite_entry_reduces_the_oldest_trade_first_and_opens_the_rest_with_its_exits() -> None:
    desk = Desk(FakeMarket([QUIET]))
    for number in (1, 2):
        desk.order(number, units="1000", sl="1.07000", tp="1.09000")
    desk.settle(at(1))
    desk.order(3, Side.SELL, units="1500", sl="1.09000", tp="1.07000", at_ns=at(1))
    desk.settle(at(2))
    assert [(part.trade, f"{part.units:f}") for part in desk.fills()[-1].reduced] == [(1, "1000"), (2, "500")]
    assert held(desk) == [(2, "500")]
    desk.order(4, Side.SELL, units="800", sl="1.09000", tp="1.07000", at_ns=at(2))
    desk.settle(at(3))
    assert held(desk) == [(4, "-300")]
    assert desk.state.trades[0].stop_loss == Decimal("1.09000")


def test_a_reduced_trade_closes_only_what_is_left_of_it() -> None:
    desk = Desk(FakeMarket([QUIET, point(at(5), "1.06900", "1.06910")]))
    desk.order(1, units="1000", sl="1.07000", tp="1.09000")
    desk.close(2, trade=1, units="400", at_ns=at(1))
    desk.settle(at(9))
    assert desk.told() == ["1 entry 1000 @ 1.08010", "2 close 400 @ 1.08000", "1 stop_loss 600 @ 1.06900"]


def test_closing_a_symbol_closes_every_trade_of_it() -> None:
    desk = Desk(FakeMarket([QUIET]))
    for number in (1, 2):
        desk.order(number, sl="1.07000", tp="1.09000")
    desk.close(3, symbol="EUR_USD", at_ns=at(1))
    desk.settle(at(2))
    assert desk.state.trades == ()
    assert desk.told()[-1] == "3 close 2000 @ 1.08000"


def test_a_close_that_comes_too_late_is_cancelled() -> None:
    market = FakeMarket([QUIET, point(at(7), "1.06900", "1.06910")])
    desk = Desk(market, replace(INSTANT, latency_ns=2_500 * MILLISECOND_NS))
    desk.order(1, sl="1.07000", tp="1.09000")
    desk.close(2, trade=1, at_ns=at(5))
    desk.settle(at(9))
    assert desk.told()[1:] == ["1 stop_loss 1000 @ 1.06900", "2 cancelled nothing_to_close"]


def test_a_second_close_of_the_same_trade_finds_nothing() -> None:
    desk = Desk(FakeMarket([QUIET]))
    desk.order(1, sl="1.07000", tp="1.09000")
    desk.close(2, trade=1, at_ns=at(1))
    with pytest.raises(OrderRejected) as refusal:
        desk.close(3, trade=1, at_ns=at(2))
    assert refusal.value.code == "nothing_to_close"


def test_a_close_does_not_wait_for_what_may_be_opened_later() -> None:
    steps = [
        QUIET,
        point(at(6), "1.08100", "1.08110", bid_size=400),
        point(at(7), "1.08090", "1.08100"),
        point(at(8), "1.07900", "1.07910"),
    ]
    desk = Desk(FakeMarket(steps), replace(INSTANT, latency_ns=2_500 * MILLISECOND_NS))
    desk.order(1, sl="1.07000", tp="1.08100")
    desk.order(2, limit="1.07950", sl="1.07000", tp="1.09000")
    desk.close(3, symbol="EUR_USD", at_ns=at(5))
    desk.settle(at(30))
    assert desk.told()[1:] == [
        "1 take_profit 400 @ 1.08100",
        "3 close 600 @ 1.08090",
        "3 cancelled nothing_to_close",
        "2 entry 1000 @ 1.07910",
    ]


def test_a_minute_is_a_grid_point_only_where_a_market_is_open_at_it() -> None:
    closed = [(at(50), at(90)), (at(100), at(150))]
    steps = [QUIET, point(at(95), "1.08500", "1.08510"), point(at(151), "1.08100", "1.08110")]
    desks = [Desk(FakeMarket(steps, closed=closed)) for _ in range(2)]
    for desk in desks:
        desk.order(1, sl="1.07000", tp="1.09000", trailing="0.00100")
    desks[1].settle(at(97))
    for desk in desks:
        desk.settle(at(200))
    assert desks[0].written() == desks[1].written()
    assert desks[0].told()[1:] == ["1 trailed 1.08000"]


def test_two_closes_in_flight_close_once() -> None:
    desk = Desk(FakeMarket([QUIET]), replace(INSTANT, latency_ns=2_500 * MILLISECOND_NS))
    desk.order(1, sl="1.07000", tp="1.09000")
    desk.close(2, trade=1, at_ns=at(5))
    desk.close(3, trade=1, at_ns=at(6))
    desk.settle(at(9))
    assert desk.told()[1:] == ["2 close 1000 @ 1.08000", "3 cancelled nothing_to_close"]


def test_the_maximum_hold_closes_at_that_instant_where_a_price_stands() -> None:
    desk = Desk(FakeMarket([QUIET]))
    desk.order(1, sl="1.07000", tp="1.09000")
    desk.settle(at(0, 6 * HOUR_NS - 1))
    assert len(desk.fills()) == 1
    desk.settle(at(0, 6 * HOUR_NS))
    assert desk.told()[1:] == ["1 max_hold 1000 @ 1.08000"]
    assert desk.fills()[-1].at_ns == at(0, 6 * HOUR_NS)


def test_the_maximum_hold_waits_through_a_closure() -> None:
    opens_ns = at(0, 20 * HOUR_NS)
    market = FakeMarket([QUIET, point(opens_ns, "1.07500", "1.07510")], closed=[(at(0, 5 * HOUR_NS), opens_ns)])
    desk = Desk(market)
    desk.order(1, sl="1.07000", tp="1.09000")
    desk.settle(opens_ns + HOUR_NS)
    assert desk.told()[1:] == ["equity_marked 99999.90000", "1 max_hold 1000 @ 1.07500"]
    assert desk.fills()[-1].at_ns == opens_ns


def test_exits_do_nothing_while_the_market_is_closed() -> None:
    steps = [QUIET, point(at(100), "1.06000", "1.06010"), point(at(900), "1.06500", "1.06510")]
    desk = Desk(FakeMarket(steps, closed=[(at(50), at(900))]))
    desk.order(1, sl="1.07000", tp="1.09000")
    desk.settle(at(1000))
    assert desk.told()[1:] == ["1 stop_loss 1000 @ 1.06500"]


def test_a_trailing_stop_follows_on_whole_minutes_only_and_never_back() -> None:
    steps = [
        QUIET,
        point(at(30), "1.08500", "1.08510"),
        point(at(50), "1.08100", "1.08110"),
        point(at(110), "1.08300", "1.08310"),
        point(at(170), "1.08200", "1.08210"),
        point(at(200), "1.08190", "1.08200"),
    ]
    desk = Desk(FakeMarket(steps))
    desk.order(1, sl="1.07000", tp="1.09000", trailing="0.00110")
    desk.settle(at(199))
    assert [line for line in desk.told() if "trailed" in line] == ["1 trailed 1.07990", "1 trailed 1.08190"]
    desk.settle(at(200))
    assert desk.told()[-1] == "1 trailing_stop 1000 @ 1.08190"


def test_a_trailing_stop_does_not_follow_a_price_nobody_can_trade_on() -> None:
    start_ns, day_ns = parse_instant("2026-11-18T21:50:00Z"), parse_instant("2026-11-18T22:00:00Z")
    steps = [point(start_ns, "1.08000", "1.08010"), point(day_ns - MINUTE_NS, "1.08500", "1.08510")]
    desk = Desk(FakeMarket(steps, closed=[(day_ns - 2 * MINUTE_NS, day_ns + HOUR_NS)]), at_ns=start_ns)
    desk.order(1, sl="1.07000", tp="1.09000", trailing="0.00500")
    desk.settle(day_ns + MINUTE_NS)
    assert [line for line in desk.told() if "trailed" in line] == ["1 trailed 1.07500"]


def test_the_initial_stop_holds_until_trailing_is_nearer() -> None:
    desk = Desk(FakeMarket([QUIET, point(at(61), "1.07890", "1.07900")]))
    desk.order(1, sl="1.07900", tp="1.09000", trailing="0.00500")
    desk.settle(at(90))
    assert desk.told()[1:] == ["1 stop_loss 1000 @ 1.07890"]


def test_a_new_peak_of_equity_enters_the_ledger_before_whatever_comes_next() -> None:
    steps = [QUIET, point(at(40), "1.08500", "1.08510"), point(at(100), "1.08400", "1.08410")]
    desk = Desk(FakeMarket(steps))
    desk.order(1, sl="1.07000", tp="1.09000")
    desk.settle(at(150))
    assert desk.state.peak == (Decimal("100004.90"), at(60))
    assert desk.state.is_peak_new
    desk.close(2, trade=1, at_ns=at(170))
    assert isinstance(desk.events[-2], EquityMarked)
    assert desk.events[-2].at_ns == at(60)
    assert not desk.state.is_peak_new


def test_a_trading_day_begins_with_the_equity_of_that_instant() -> None:
    opened_ns, day_ns = parse_instant("2026-11-18T21:00:00Z"), parse_instant("2026-11-18T22:00:00Z")
    steps = [point(opened_ns, "1.08000", "1.08010"), point(opened_ns + MINUTE_NS, "1.08200", "1.08210")]
    closed = [(day_ns - 2 * MINUTE_NS, day_ns + 3 * MINUTE_NS)]
    desk = Desk(FakeMarket(steps, closed=closed), at_ns=opened_ns)
    desk.order(1, sl="1.07000", tp="1.09000")
    desk.settle(day_ns + HOUR_NS)
    assert desk.state.day == (Decimal("100001.90"), day_ns)


def test_an_idle_trading_day_begins_with_the_balance() -> None:
    desk = Desk(FakeMarket([QUIET, point(at(5), "1.07000", "1.07010")]))
    desk.order(1, sl="1.07500", tp="1.09000")
    desk.settle(at(0, 40 * HOUR_NS))
    day, realised, fees = day_of(desk.state, desk.state.checkpoint_ns)
    assert day.equity == desk.state.balance == Decimal("99989.90")
    assert not realised
    assert not fees


def test_results_of_the_day_begin_anew_after_an_idle_night() -> None:
    tomorrow_ns = at(0, 24 * HOUR_NS)
    desk = Desk(FakeMarket([QUIET, point(at(5), "1.07000", "1.07010")]))
    desk.order(1, sl="1.07500", tp="1.09000")
    desk.order(2, sl="1.06000", tp="1.09000", at_ns=tomorrow_ns)
    desk.close(3, trade=2, at_ns=tomorrow_ns + HOUR_NS)
    desk.settle(tomorrow_ns + 2 * HOUR_NS)
    day, realised, _ = day_of(desk.state, desk.state.checkpoint_ns)
    assert day == (Decimal("99989.90"), parse_instant("2026-11-18T22:00:00Z"))
    assert realised == Decimal("-0.10")
    assert desk.state.realised == Decimal("-10.20")
