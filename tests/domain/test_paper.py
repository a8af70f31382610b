"""What a person may do to a paper account, what is refused, and what the ledger then says of each order."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from rickctl.domain.account import Ended, Leg, parse_state, state_json
from rickctl.domain.errors import OrderRejected, Refused, UsageError
from rickctl.domain.history import day_results, order_view
from rickctl.domain.instants import HOUR_NS, parse_instant
from rickctl.domain.models import parse_commission
from rickctl.domain.orders import OrderState, Side
from tests.domain.paper_kit import INSTANT, T0, Desk, at
from tests.fakes import FakeMarket, point

QUIET = point(T0, "1.08000", "1.08010")


def quiet() -> Desk:
    return Desk(FakeMarket([QUIET, point(at(60), "1.06900", "1.06910")]))


@pytest.mark.parametrize("units", ["0", "-1000", "0.5"])
def test_units_off_the_grid_are_a_usage_error(units: str) -> None:
    with pytest.raises(UsageError) as wrong:
        quiet().order(1, units=units, sl="1.07000", tp="1.09000")
    assert wrong.value.code == "bad_precision"


@pytest.mark.parametrize("field", ["limit", "sl", "tp", "trailing"])
def test_prices_off_the_grid_are_a_usage_error(field: str) -> None:
    terms = {"sl": "1.07000", "tp": "1.09000", field: "1.079995"}
    with pytest.raises(UsageError) as wrong:
        quiet().order(1, **terms)  # type: ignore[arg-type]
    assert wrong.value.code == "bad_precision"


def test_a_number_is_used_once() -> None:
    desk = quiet()
    desk.order(1, sl="1.07000", tp="1.09000")
    with pytest.raises(ValueError, match="exists already"):
        desk.order(1, sl="1.07000", tp="1.09000")


@pytest.mark.parametrize("command", ["order", "close", "cancel", "modify", "deposit"])
def test_every_command_is_refused_before_what_is_settled(command: str) -> None:
    desk = quiet()
    desk.order(1, sl="1.07000", tp="1.09000")
    desk.settle(at(10))
    commands = {
        "order": lambda: desk.order(2, sl="1.07000", tp="1.09000", at_ns=at(9)),
        "close": lambda: desk.close(2, trade=1, at_ns=at(9)),
        "cancel": lambda: desk.cancel(1, at_ns=at(9)),
        "modify": lambda: desk.modify(1, sl="1.07100", at_ns=at(9)),
        "deposit": lambda: desk.deposit("5", at_ns=at(9)),
    }
    with pytest.raises(Refused) as refusal:
        commands[command]()
    assert refusal.value.code == "time_before_checkpoint"


def test_a_close_needs_something_open_and_no_more_than_that() -> None:
    desk = quiet()
    with pytest.raises(OrderRejected, match="no open position in EUR_USD"):
        desk.close(1, symbol="EUR_USD")
    with pytest.raises(OrderRejected, match="trade 7 is not open"):
        desk.close(1, trade=7)
    desk.order(2, sl="1.07000", tp="1.09000")
    desk.settle(at(1))
    with pytest.raises(UsageError) as wrong:
        desk.close(3, trade=2, units="1001")
    assert wrong.value.code == "too_many_units"


def test_a_part_of_the_cash_can_be_moved_and_no_more_than_there_is() -> None:
    desk = quiet()
    desk.deposit("250.50")
    desk.deposit("-100000")
    assert (desk.state.balance, desk.state.deposits) == (Decimal("250.50"), Decimal("-99749.50"))
    assert desk.state.peak.equity == desk.state.day.equity == Decimal("250.50")
    for amount in ("-250.51", "0"):
        with pytest.raises(UsageError) as wrong:
            desk.deposit(amount)
        assert wrong.value.code == "bad_amount"


def test_cancelling_names_what_cannot_be_cancelled() -> None:
    desk = quiet()
    desk.order(1, sl="1.07000", tp="1.09000")
    desk.settle(at(1))
    for ended in (None, OrderState.FILLED):
        with pytest.raises(OrderRejected) as refusal:
            desk.cancel(1, ended=ended)
        assert refusal.value.code == "already_filled"
    with pytest.raises(UsageError) as wrong:
        desk.cancel(8)
    assert wrong.value.code == "unknown_order"
    before = list(desk.events)
    desk.cancel(8, ended=OrderState.EXPIRED)
    assert desk.events == before


def test_modifying_changes_what_can_still_change() -> None:
    desk = quiet()
    desk.order(1, limit="1.07900", sl="1.07000", tp="1.09000", expires_ns=at(600))
    desk.settle(at(1))
    desk.modify(1, limit="1.07800", units="2000", sl="1.07100", tp="1.09100", trailing="0.00500", expires_ns=at(900))
    order = desk.state.order(1)
    assert order is not None
    assert (f"{order.price}", f"{order.units}", order.expires_ns) == ("1.07800", "2000", at(900))
    assert (f"{order.stop_loss}", f"{order.take_profit}", f"{order.trailing}") == ("1.07100", "1.09100", "0.00500")
    desk.settle(at(2))
    before = list(desk.events)
    desk.modify(1, limit="1.07800", units="2000", sl="1.07100", expires_ns=at(900))
    assert desk.events == before


def test_of_a_filled_order_only_exits_can_change() -> None:
    desk = quiet()
    desk.order(1, sl="1.07000", tp="1.09000")
    desk.settle(at(1))
    desk.modify(1, tp="1.09500")
    assert desk.state.trades[0].take_profit == Decimal("1.09500")
    for terms in ({"units": "2000"}, {"limit": "1.07000"}, {"expires_ns": at(9)}):
        with pytest.raises(OrderRejected) as refusal:
            desk.modify(1, **terms)
        assert refusal.value.code == "already_filled"
    with pytest.raises(OrderRejected) as refusal:
        desk.modify(5, sl="1.07100")
    assert refusal.value.code == "not_working"


def test_a_reset_cancels_drops_and_begins_again() -> None:
    desk = quiet()
    desk.order(1, sl="1.07000", tp="1.09000")
    desk.order(2, limit="1.07000", sl="1.06000", tp="1.09000")
    desk.settle(at(1))
    desk.deposit("5")
    desk.reset()
    state = desk.state
    assert not state.orders
    assert not state.trades
    assert state.balance == state.start == 100_000
    assert not state.deposits
    assert desk.told()[-1] == "2 cancelled account_reset"
    desk.order(3, sl="1.07000", tp="1.09000", at_ns=at(2))
    desk.settle(at(3))
    assert [trade.number for trade in desk.state.trades] == [3]


def test_a_snapshot_reads_back_to_the_byte() -> None:
    desk = quiet()
    desk.order(1, sl="1.07000", tp="1.09000", trailing="0.00100")
    desk.order(2, limit="1.07000", sl="1.06000", tp="1.09000", expires_ns=at(900))
    desk.settle(at(1))
    text = state_json(desk.state)
    assert parse_state(text) == desk.state
    assert state_json(parse_state(text)) == text


@pytest.mark.parametrize("text", ["{}", "[]", '{"scope":"x:y"}', '{"scope":"paper:paper:main","wings":2}'])
def test_a_snapshot_that_is_none_is_an_error(text: str) -> None:
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError, UsageError)):
        parse_state(text)


# what the ledger says of an order


def test_an_order_is_told_from_acceptance_to_the_stop_that_closed_it() -> None:
    desk = Desk(quiet().market, replace(INSTANT, commission=parse_commission("1/order")))
    desk.order(1, sl="1.07000", tp="1.09000")
    desk.settle(at(90))
    view = order_view(desk.events, 1)
    assert view is not None
    assert (view.state, view.filled, view.open_units, view.closed_by) == (
        OrderState.FILLED,
        Decimal(1000),
        Decimal(0),
        Leg.STOP_LOSS,
    )
    assert (view.average_price, view.realised, view.fees) == (Decimal("1.08010"), Decimal("-11.10"), Decimal(2))
    assert [type(event).__name__ for event in view.events] == ["OrderAccepted", "OrderFilled", "OrderFilled"]
    assert view.ended_ns == T0


def test_a_trade_closed_by_another_order_knows_it() -> None:
    desk = quiet()
    desk.order(1, sl="1.07000", tp="1.09000")
    desk.close(2, trade=1, units="400", at_ns=at(1))
    desk.settle(at(2))
    opened, closing = order_view(desk.events, 1), order_view(desk.events, 2)
    assert opened is not None
    assert closing is not None
    assert (opened.open_units, opened.closed_by, opened.realised) == (Decimal(600), None, Decimal("-0.04"))
    assert (closing.filled, closing.realised, closing.open_units) == (Decimal(400), Decimal(0), Decimal(0))


@pytest.mark.parametrize(
    ("end", "state", "reason"),
    [
        ("cancel", OrderState.CANCELLED, Ended.CLIENT),
        ("expire", OrderState.EXPIRED, None),
        ("", OrderState.WORKING, None),
    ],
)
def test_an_unfilled_order_says_how_it_ended(end: str, state: OrderState, reason: Ended | None) -> None:
    desk = quiet()
    desk.order(1, limit="1.06000", sl="1.05000", tp="1.09000", expires_ns=at(600))
    if end == "cancel":
        desk.cancel(1, at_ns=at(5))
    desk.settle(at(900) if end == "expire" else at(6))
    view = order_view(desk.events, 1)
    assert view is not None
    assert (view.state, view.reason, view.average_price) == (state, reason, None)


def test_terms_and_stop_are_those_last_in_force() -> None:
    desk = Desk(FakeMarket([QUIET, point(at(40), "1.08500", "1.08510")]))
    desk.order(1, sl="1.07000", tp="1.09000", trailing="0.00100")
    desk.settle(at(90))
    desk.modify(1, tp="1.09500")
    view = order_view(desk.events, 1)
    assert view is not None
    assert (view.stop_loss, view.order.take_profit) == (Decimal("1.08400"), Decimal("1.09500"))
    assert order_view(desk.events, 9) is None
    for stop, in_force in (("1.07500", "1.08400"), ("1.08450", "1.08450")):
        desk.modify(1, sl=stop)
        view = order_view(desk.events, 1)
        assert view is not None
        assert view.stop_loss == desk.state.trades[0].stop_level == Decimal(in_force)


def test_results_by_trading_day_and_symbol() -> None:
    late, early = parse_instant("2026-11-18T21:59:59Z"), parse_instant("2026-11-18T22:00:00Z")
    steps = [point(T0, "1.08000", "1.08010"), point(T0, "150.000", "150.010", symbol="USD_JPY")]
    desk = Desk(FakeMarket(steps), replace(INSTANT, commission=parse_commission("1/order"), max_hold_ns=24 * HOUR_NS))
    desk.order(1, sl="1.07000", tp="1.09000")
    desk.order(2, Side.SELL, symbol="USD_JPY", sl="160.000", tp="140.000")
    desk.close(3, trade=1, at_ns=late)
    desk.close(4, trade=2, at_ns=early)
    desk.settle(early)
    days = [(row.day_ns, row.symbol, f"{row.realised:f}", f"{row.fees:f}") for row in day_results(desk.events, "fx")]
    yesterday = parse_instant("2026-11-17T22:00:00Z")
    assert days == [
        (yesterday, "EUR_USD", "-0.10000", "2"),
        (yesterday, "USD_JPY", "0", "1"),
        (early, "USD_JPY", "-0.06666667", "1"),
    ]
