"""The life of orders and exits, second by second, on a market that is written down."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from rickctl.domain.account import AccountConfig, Leg
from rickctl.domain.errors import OrderRejected, Refused
from rickctl.domain.events import OrderFilled
from rickctl.domain.instants import MILLISECOND_NS
from rickctl.domain.orders import OrderState, Side
from rickctl.services.settle import settle
from tests.domain.paper_kit import INSTANT, T0, Desk, at
from tests.fakes import FakeMarket, point, span

if TYPE_CHECKING:
    from rickctl.domain.market import Step

QUIET = point(T0, "1.08000", "1.08010")


def bars(*steps: Step) -> FakeMarket:
    """A market of minute bars: points trade at their own instant only."""
    return FakeMarket(steps, stands=False)


def test_a_market_order_fills_at_the_standing_price_when_its_latency_is_over() -> None:
    desk = Desk(
        FakeMarket([QUIET, point(at(1), "1.08100", "1.08110")]), AccountConfig(latency_ns=1500 * MILLISECOND_NS)
    )
    desk.order(1, sl="1.07000", tp="1.09000")
    assert desk.settle(at(1)) == []
    desk.settle(at(2))
    assert desk.told() == ["1 entry 1000 @ 1.08110"]
    assert desk.fills()[0].at_ns == at(1, 500 * MILLISECOND_NS)


def test_a_market_order_on_bars_waits_for_the_next_open() -> None:
    market = bars(
        QUIET,
        span(T0, at(60), ("1.07900", "1.08200"), ("1.07910", "1.08210")),
        point(at(60), "1.08050", "1.08060"),
    )
    desk = Desk(market)
    desk.order(1, sl="1.07000", tp="1.09000", at_ns=at(10))
    desk.settle(at(120))
    assert desk.told() == ["1 entry 1000 @ 1.08060"]


def test_a_market_order_without_a_price_for_a_minute_is_cancelled() -> None:
    desk = Desk(FakeMarket([QUIET], closed=[(at(5), at(900))]))
    desk.order(1, sl="1.07000", tp="1.09000", at_ns=at(10))
    desk.settle(at(69))
    assert desk.told() == []
    desk.settle(at(70))
    assert desk.told() == ["1 cancelled market_halted"]


def test_a_market_order_on_long_bars_waits_while_the_market_is_open() -> None:
    desk = Desk(bars(QUIET, point(at(900), "1.08050", "1.08060")))
    desk.order(1, sl="1.07000", tp="1.09000", at_ns=at(10))
    desk.settle(at(1000))
    assert desk.told() == ["1 entry 1000 @ 1.08060"]


def test_a_resting_limit_fills_when_touched_and_its_target_closes_it() -> None:
    steps = [QUIET, point(at(1), "1.07980", "1.07990"), point(at(2), "1.08200", "1.08210")]
    desk = Desk(FakeMarket(steps))
    desk.order(1, limit="1.07995", sl="1.07000", tp="1.08100")
    desk.settle(at(5))
    assert desk.told() == ["1 entry 1000 @ 1.07990", "1 take_profit 1000 @ 1.08200"]
    assert not desk.state.trades
    assert not desk.state.orders


def test_a_stop_entry_gapped_over_fills_at_the_gap() -> None:
    desk = Desk(FakeMarket([QUIET, point(at(1), "1.08300", "1.08310")]))
    desk.order(1, stop="1.08100", sl="1.07000", tp="1.09000")
    desk.settle(at(5))
    assert desk.told() == ["1 entry 1000 @ 1.08310"]


def test_exits_do_not_see_the_price_that_filled_the_entry() -> None:
    desk = Desk(FakeMarket([point(T0, "1.08000", "1.08050"), point(at(3), "1.08000", "1.08050")]))
    desk.order(1, sl="1.08020", tp="1.09000")
    desk.settle(at(2))
    assert desk.told() == ["1 entry 1000 @ 1.08050"]
    desk.settle(at(3))
    assert desk.told()[1:] == ["1 stop_loss 1000 @ 1.08000"]


@pytest.mark.parametrize(
    ("side", "sl", "tp", "wanted"),
    [
        (Side.BUY, "1.08020", "1.09000", "1 cancelled stop_loss_on_fill_loss"),
        (Side.BUY, "1.07000", "1.08005", "1 cancelled take_profit_on_fill_loss"),
        (Side.SELL, "1.07990", "1.07000", "1 cancelled stop_loss_on_fill_loss"),
        (Side.SELL, "1.09000", "1.08005", "1 cancelled take_profit_on_fill_loss"),
    ],
)
def test_a_fill_beyond_its_own_exit_is_cancelled(side: Side, sl: str, tp: str, wanted: str) -> None:
    desk = Desk(FakeMarket([QUIET]))
    desk.order(1, side, sl=sl, tp=tp)
    desk.settle(at(1))
    assert desk.told() == [wanted]


def test_an_order_is_dead_at_its_expiry_instant() -> None:
    steps = [QUIET, point(at(10), "1.07900", "1.07910")]
    early, late = Desk(FakeMarket(steps)), Desk(FakeMarket(steps))
    early.order(1, limit="1.07950", sl="1.07000", tp="1.09000", expires_ns=at(10))
    late.order(1, limit="1.07950", sl="1.07000", tp="1.09000", expires_ns=at(10, 1))
    early.settle(at(20))
    late.settle(at(20))
    assert early.told() == ["1 expired"]
    assert late.told() == ["1 entry 1000 @ 1.07910"]


def test_time_to_live_runs_through_a_closure() -> None:
    desk = Desk(FakeMarket([QUIET, point(at(900), "1.07900", "1.07910")], closed=[(at(5), at(900))]))
    desk.order(1, limit="1.07950", sl="1.07000", tp="1.09000", expires_ns=at(600))
    desk.settle(at(1000))
    assert desk.told() == ["1 expired"]


def test_a_bar_that_straddles_the_expiry_fills_nothing() -> None:
    market = bars(QUIET, span(T0, at(60), ("1.07800", "1.08200"), ("1.07810", "1.08210")))
    desk = Desk(market)
    desk.order(1, limit="1.07900", sl="1.07000", tp="1.09000", expires_ns=at(30))
    desk.settle(at(60))
    assert desk.told() == ["1 expired"]


def test_what_a_bar_reached_before_it_ended_with_the_order_counts() -> None:
    market = bars(QUIET, span(T0, at(60), ("1.07800", "1.08200"), ("1.07810", "1.08210")))
    desk = Desk(market)
    desk.order(1, limit="1.07900", sl="1.07000", tp="1.09000", expires_ns=at(60))
    desk.settle(at(60))
    assert desk.told() == ["1 entry 1000 @ 1.07900"]


def test_a_price_right_after_another_symbol_s_order_expired_is_seen() -> None:
    cable = point(T0, "1.27000", "1.27010", symbol="GBP_USD")
    desk = Desk(FakeMarket([QUIET, cable, point(at(10, 1), "1.07900", "1.07910")]))
    desk.order(1, limit="1.26000", sl="1.25000", tp="1.29000", symbol="GBP_USD", expires_ns=at(10))
    desk.order(2, limit="1.07910", sl="1.07000", tp="1.09000")
    desk.settle(at(20))
    assert desk.told() == ["1 expired", "2 entry 1000 @ 1.07910"]


def test_both_exits_in_one_bar_mean_the_stop() -> None:
    market = bars(QUIET, span(T0, at(60), ("1.07800", "1.08300"), ("1.07810", "1.08310")))
    desk = Desk(market)
    desk.order(1, sl="1.07900", tp="1.08200")
    desk.settle(at(60))
    assert desk.told() == ["1 entry 1000 @ 1.08010", "1 stop_loss 1000 @ 1.07900"]


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        ("1.07850", "1.08050", ["1 entry 1000 @ 1.07950", "1 stop_loss 1000 @ 1.07900"]),
        ("1.07930", "1.08300", ["1 entry 1000 @ 1.07950"]),
        ("1.07850", "1.08300", ["1 entry 1000 @ 1.07950", "1 stop_loss 1000 @ 1.07900"]),
    ],
)
def test_entry_and_stop_in_one_bar_count_entry_and_target_do_not(low: str, high: str, wanted: list[str]) -> None:
    asks = f"{Decimal(low) + Decimal('0.0001')}", f"{Decimal(high) + Decimal('0.0001')}"
    desk = Desk(bars(QUIET, span(T0, at(60), (low, high), asks)))
    desk.order(1, limit="1.07950", sl="1.07900", tp="1.08200")
    desk.settle(at(60))
    assert desk.told() == wanted


def test_a_bar_that_began_before_the_order_was_live_does_not_touch_it() -> None:
    wide = ("1.07800", "1.08200"), ("1.07810", "1.08210")
    desk = Desk(bars(QUIET, span(T0, at(60), *wide), point(at(60), "1.08000", "1.08010"), span(at(60), at(120), *wide)))
    desk.order(1, limit="1.07900", sl="1.07000", tp="1.09000", at_ns=at(1))
    desk.settle(at(60))
    assert desk.told() == []
    desk.settle(at(120))
    assert desk.told() == ["1 entry 1000 @ 1.07900"]


def test_the_open_after_a_bar_that_opened_a_trade_can_gap_its_stop() -> None:
    steps = span(T0, at(60), ("1.07930", "1.08100"), ("1.07940", "1.08110")), point(at(60), "1.07700", "1.07710")
    desk = Desk(bars(QUIET, *steps))
    desk.order(1, limit="1.07950", sl="1.07900", tp="1.09000")
    desk.settle(at(60))
    assert desk.told() == ["1 entry 1000 @ 1.07950", "1 stop_loss 1000 @ 1.07700"]


def test_settling_the_past_changes_nothing() -> None:
    desk = Desk(FakeMarket([QUIET]))
    desk.settle(at(10))
    settled = settle(desk.state, desk.market, at(5))
    assert settled.state is desk.state
    assert settled.events == ()


def test_an_order_before_what_is_settled_is_refused() -> None:
    desk = Desk(FakeMarket([QUIET]))
    desk.settle(at(10))
    with pytest.raises(Refused) as refusal:
        desk.order(1, sl="1.07000", tp="1.09000", at_ns=at(5))
    assert refusal.value.code == "time_before_checkpoint"


def test_events_are_numbered_without_a_gap_and_never_go_back_in_time() -> None:
    desk = Desk(FakeMarket([QUIET, point(at(65), "1.08500", "1.08510"), point(at(400), "1.06900", "1.06910")]))
    desk.order(1, sl="1.07000", tp="1.09000", trailing="0.00200")
    desk.settle(at(600))
    assert [event.n for event in desk.events] == list(range(1, len(desk.events) + 1))
    instants = [event.at_ns for event in desk.events]
    assert instants == sorted(instants)


def test_a_cancelled_order_has_one_winner() -> None:
    desk = Desk(FakeMarket([QUIET, point(at(5), "1.07900", "1.07910")]))
    desk.order(1, limit="1.07950", sl="1.07000", tp="1.09000")
    desk.cancel(1, at_ns=at(4))
    desk.settle(at(9))
    assert desk.told() == ["1 cancelled client"]
    desk.cancel(1, ended=OrderState.CANCELLED)
    assert desk.told() == ["1 cancelled client"]

    late = Desk(desk.market)
    late.order(1, limit="1.07950", sl="1.07000", tp="1.09000")
    with pytest.raises(OrderRejected) as refusal:
        late.cancel(1, at_ns=at(5))
    assert refusal.value.code == "already_filled"


def test_a_modified_price_is_live_after_the_latency() -> None:
    desk = Desk(FakeMarket([QUIET]), replace(INSTANT, latency_ns=MILLISECOND_NS))
    desk.order(1, limit="1.07950", sl="1.07000", tp="1.09000")
    desk.modify(1, limit="1.08020", at_ns=at(5))
    desk.settle(at(9))
    assert desk.told() == ["1 entry 1000 @ 1.08010"]
    assert desk.fills()[0].at_ns == at(5, MILLISECOND_NS)


def test_modified_exits_hold_at_once() -> None:
    desk = Desk(FakeMarket([QUIET, point(at(5), "1.07900", "1.07910"), point(at(9), "1.07500", "1.07510")]))
    desk.order(1, sl="1.07950", tp="1.09000")
    desk.modify(1, sl="1.07600", at_ns=at(4))
    desk.settle(at(9))
    assert desk.told()[1:] == ["1 stop_loss 1000 @ 1.07500"]


def test_every_fill_says_which_leg_it_was() -> None:
    desk = Desk(FakeMarket([QUIET, point(at(5), "1.07900", "1.07910")]))
    desk.order(1, sl="1.07950", tp="1.09000")
    filled = [event for event in desk.settle(at(9)) if isinstance(event, OrderFilled)]
    assert [fill.leg for fill in filled] == [Leg.ENTRY, Leg.STOP_LOSS]
