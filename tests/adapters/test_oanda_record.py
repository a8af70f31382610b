"""OANDA's transactions become events: every sequence its accounts show, and what cannot be read."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from rickctl.adapters.oanda.record import OutOfStepError, Record
from rickctl.domain.account import AccountConfig, AccountState, Ended, Leg
from rickctl.domain.errors import Unreachable
from rickctl.domain.events import AccountCreated, CostCharged, OrderFilled, VenueRead, name_of
from rickctl.domain.history import order_view
from rickctl.domain.instants import parse_instant
from rickctl.domain.ledger import fold
from rickctl.domain.orders import EntryType, OrderState, Side
from rickctl.domain.scope import parse_scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rickctl.domain.events import Event
    from rickctl.domain.history import OrderView

T0 = parse_instant("2026-11-18T12:00:00Z")
TIME = "2026-11-18T12:00:01.201836422Z"
SCOPE = parse_scope("practice:oanda:101-001-1234567-001")
OURS = "rk-0badcafe-101-001-1234567-001-"


def number_of(text: str) -> int | None:
    rest = text.removeprefix(OURS)
    return int(rest) if rest != text else None


def account(*more: Event) -> AccountState:
    created = AccountCreated(n=1, at_ns=T0, scope=SCOPE, config=AccountConfig(source="oanda-practice", latency_ns=0))
    return fold([created, *more])


class Book:
    """An account fed with transactions; `asked` are the orders it had to look up."""

    def __init__(self, orders: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self.asked: list[str] = []
        self._orders = dict(orders or {})
        self.record = Record(account(), number_of, self._look_up)

    def _look_up(self, order_id: str) -> Mapping[str, Any]:
        self.asked.append(order_id)
        return self._orders[order_id]

    def read(self, *bodies: dict[str, Any]) -> Book:
        self.record.read([{"time": TIME, "batchID": bodies[0].get("id"), **body} for body in bodies])
        return self

    @property
    def state(self) -> AccountState:
        return self.record.account

    def names(self) -> list[str]:
        return [name_of(event) for event in self.record.events]

    def view(self, number: int) -> OrderView:
        view = order_view(self.record.events, number)
        assert view is not None
        return view


def market_order(
    order_id: str, units: str = "10000", *, client: str | None = f"{OURS}7", **more: object
) -> dict[str, Any]:
    extensions = {} if client is None else {"clientExtensions": {"id": client}}
    body = {"id": order_id, "type": "MARKET_ORDER", "instrument": "EUR_USD", "units": units, "reason": "CLIENT_ORDER"}
    return {**body, "timeInForce": "FOK", "positionFill": "DEFAULT", **extensions, **more}


def limit_order(order_id: str, price: str = "1.08000", **more: object) -> dict[str, Any]:
    return {**market_order(order_id), "type": "LIMIT_ORDER", "price": price, "timeInForce": "GTC", **more}


def fill(
    fill_id: str, order_id: str, units: str = "10000", *, reason: str = "MARKET_ORDER", **more: object
) -> dict[str, Any]:
    body = {"id": fill_id, "type": "ORDER_FILL", "orderID": order_id, "instrument": "EUR_USD", "units": units}
    return {**body, "reason": reason, "pl": "0.0000", "financing": "0.0000", "accountBalance": "100000.0000", **more}


def opened(trade_id: str, units: str = "10000", price: str = "1.08010") -> dict[str, Any]:
    return {"tradeOpened": {"tradeID": trade_id, "units": units, "price": price}}


def reduced(trade_id: str, units: str, price: str, pl: str) -> dict[str, Any]:
    return {"tradeID": trade_id, "units": units, "price": price, "realizedPL": pl, "financing": "0.0000"}


BRACKET: dict[str, Any] = {"stopLossOnFill": {"price": "1.07500"}, "takeProfitOnFill": {"price": "1.09000"}}


def bracket() -> Book:
    """A market order with both exits, filled: order 6 is ours and our number 7, its trade is 7, its exits 8 and 9."""
    return Book().read(
        market_order("6", **BRACKET),
        fill("7", "6", **opened("7")),
        {"id": "8", "type": "TAKE_PROFIT_ORDER", "tradeID": "7", "price": "1.09000", "reason": "ON_FILL"},
        {"id": "9", "type": "STOP_LOSS_ORDER", "tradeID": "7", "price": "1.07500", "reason": "ON_FILL"},
    )


def test_a_bracket_that_filled_is_an_order_a_fill_and_a_trade_with_both_exits() -> None:
    book = bracket()
    [trade] = book.state.trades
    assert book.names() == ["order_accepted", "order_filled"]
    assert (trade.number, trade.venue_id, trade.units, trade.side) == (7, "7", Decimal(10000), Side.BUY)
    assert (trade.stop_loss, trade.take_profit) == (Decimal("1.07500"), Decimal("1.09000"))
    assert book.view(7).state is OrderState.FILLED
    assert book.view(7).average_price == Decimal("1.08010")


def test_a_stop_that_was_hit_closes_its_trade_with_the_venues_own_result() -> None:
    book = bracket().read(
        fill(
            "10",
            "9",
            "-10000",
            reason="STOP_LOSS_ORDER",
            pl="-51.0000",
            accountBalance="99949.0000",
            tradesClosed=[reduced("7", "-10000", "1.07500", "-51.0000")],
        ),
        {"id": "11", "type": "ORDER_CANCEL", "orderID": "8", "reason": "LINKED_TRADE_CLOSED"},
    )
    assert book.state.trades == ()
    assert (book.state.balance, book.state.realised) == (Decimal("99949.0000"), Decimal("-51.0000"))
    assert book.view(7).closed_by is Leg.STOP_LOSS
    assert book.asked == []


def test_part_of_a_trade_is_closed_by_another_order_and_the_rest_stands() -> None:
    book = bracket().read(
        market_order(
            "10", "-4000", client=f"{OURS}8", reason="TRADE_CLOSE", tradeClose={"tradeID": "7", "units": "4000"}
        ),
        fill(
            "11",
            "10",
            "-4000",
            reason="MARKET_ORDER_TRADE_CLOSE",
            accountBalance="100004.0000",
            tradeReduced=reduced("7", "-4000", "1.08110", "4.0000"),
        ),
    )
    [trade] = book.state.trades
    closing = book.view(8)
    assert (trade.units, book.state.realised) == (Decimal(6000), Decimal("4.0000"))
    assert (closing.state, closing.order.is_close, closing.order.trade) == (OrderState.FILLED, True, 7)


def test_an_opposite_order_reduces_one_trade_closes_another_and_opens_the_rest() -> None:
    book = bracket().read(
        market_order("10", "-15000", client=None),
        fill(
            "11",
            "10",
            "-15000",
            accountBalance="100010.0000",
            tradesClosed=[reduced("7", "-10000", "1.08110", "10.0000")],
            **opened("11", "-5000", "1.08110"),
        ),
    )
    [trade] = book.state.trades
    assert (trade.number, trade.side, trade.units) == (-10, Side.SELL, Decimal(5000))
    assert book.view(7).closed_by is Leg.ENTRY


def test_what_is_not_ours_is_numbered_below_zero() -> None:
    book = Book().read(market_order("21", client="somebody-else"), fill("22", "21", **opened("22")))
    assert [trade.number for trade in book.state.trades] == [-21]


def test_a_client_id_that_stands_for_another_order_already_is_not_believed_twice() -> None:
    book = bracket().read(limit_order("31"))
    assert [order.number for order in book.state.orders] == [-31]


def test_a_working_order_expires_is_cancelled_or_is_cancelled_by_the_venue_with_its_reason() -> None:
    for reason, state, why in (
        ("TIME_IN_FORCE_EXPIRED", OrderState.EXPIRED, None),
        ("CLIENT_REQUEST", OrderState.CANCELLED, Ended.CLIENT),
        ("INSUFFICIENT_MARGIN", OrderState.CANCELLED, Ended.INSUFFICIENT_MARGIN),
        ("A_REASON_OF_TOMORROW", OrderState.CANCELLED, Ended.VENUE),
    ):
        book = Book().read(limit_order("6", gtdTime="2026-11-18T18:00:00.000000000Z", timeInForce="GTD"))
        [order] = book.state.orders
        assert order.expires_ns == parse_instant("2026-11-18T18:00:00Z")
        book.read({"id": "7", "type": "ORDER_CANCEL", "orderID": "6", "reason": reason})
        assert (book.view(7).state, book.view(7).reason, book.state.orders) == (state, why, ())


def test_a_market_order_while_halted_is_an_order_that_was_cancelled() -> None:
    book = Book().read(
        market_order("6"), {"id": "7", "type": "ORDER_CANCEL", "orderID": "6", "reason": "MARKET_HALTED"}
    )
    assert (book.view(7).state, book.view(7).reason) == (OrderState.CANCELLED, Ended.MARKET_HALTED)


def test_a_replaced_order_is_the_same_order_under_new_terms_and_a_new_id() -> None:
    book = Book().read(limit_order("6", **BRACKET))
    replaced = {"id": "7", "type": "ORDER_CANCEL", "orderID": "6", "reason": "CLIENT_REQUEST_REPLACED"}
    book.read(
        {**replaced, "replacedByOrderID": "8"},
        limit_order("8", "1.07900", reason="REPLACEMENT", replacesOrderID="6", stopLossOnFill={"price": "1.07400"}),
    )
    [order] = book.state.orders
    assert (order.number, order.venue_id, order.price) == (7, "8", Decimal("1.07900"))
    assert (order.stop_loss, order.take_profit) == (Decimal("1.07400"), None)
    book.read(fill("9", "8", reason="LIMIT_ORDER", **opened("9", price="1.07900")))
    assert [(trade.number, trade.stop_loss) for trade in book.state.trades] == [(7, Decimal("1.07400"))]


def test_an_exit_is_set_moved_and_taken_off() -> None:
    book = bracket()
    moved = {"id": "10", "type": "ORDER_CANCEL", "orderID": "9", "reason": "CLIENT_REQUEST_REPLACED"}
    book.read(
        {**moved, "replacedByOrderID": "11"},
        {"id": "11", "type": "STOP_LOSS_ORDER", "tradeID": "7", "price": "1.08000", "reason": "REPLACEMENT"},
        {
            "id": "12",
            "type": "TRAILING_STOP_LOSS_ORDER",
            "tradeID": "7",
            "distance": "0.00200",
            "reason": "CLIENT_ORDER",
        },
        {"id": "13", "type": "ORDER_CANCEL", "orderID": "8", "reason": "CLIENT_REQUEST"},
    )
    [trade] = book.state.trades
    assert (trade.stop_loss, trade.take_profit, trade.trailing) == (Decimal("1.08000"), None, Decimal("0.00200"))
    assert book.asked == []


def test_an_exit_of_before_that_was_taken_off_is_looked_up() -> None:
    book = Book({"5": {"id": "5", "type": "TAKE_PROFIT", "tradeID": "7"}})
    book.read(market_order("6", takeProfitOnFill={"price": "1.09000"}), fill("7", "6", **opened("7")))
    book.read({"id": "10", "type": "ORDER_CANCEL", "orderID": "5", "reason": "CLIENT_REQUEST"})
    assert (book.asked, book.state.trades[0].take_profit) == (["5"], None)


def test_a_trailing_stop_is_where_the_venue_says_it_is() -> None:
    book = Book().read(market_order("6", trailingStopLossOnFill={"distance": "0.00300"}), fill("7", "6", **opened("7")))
    for _ in range(2):
        book.record.trail([{"id": "7", "trailingStopLossOrder": {"trailingStopValue": "1.07900"}}])
    assert book.state.trades[0].stop_level == Decimal("1.07900")
    assert book.names().count("stop_trailed") == 1


def test_what_was_filled_in_part_and_not_reissued_is_over() -> None:
    book = Book().read(market_order("6"), fill("7", "6", "4000", **opened("7", "4000")))
    book.record.finish("7")
    view = book.view(7)
    assert (view.filled, view.state, view.reason) == (
        Decimal(4000),
        OrderState.CANCELLED,
        Ended.INSUFFICIENT_LIQUIDITY,
    )


def test_the_rest_of_a_partial_fill_that_was_reissued_is_the_same_order() -> None:
    book = Book().read(limit_order("6"), fill("7", "6", "4000", reason="LIMIT_ORDER", **opened("7", "4000")))
    book.read(limit_order("8", units="6000"))
    book.record.finish("8")
    [order] = book.state.orders
    assert (order.number, order.venue_id, order.remaining) == (7, "8", Decimal(6000))


def test_cash_and_costs_move_the_balance_as_the_venue_says() -> None:
    book = bracket().read(
        {"id": "10", "type": "TRANSFER_FUNDS", "amount": "500.0000", "accountBalance": "100500.0000"},
        {"id": "11", "type": "DAILY_FINANCING", "financing": "-1.2500", "accountBalance": "100498.7500"},
        {"id": "12", "type": "SOMETHING_NEW", "accountBalance": "100498.0000"},
        {"id": "13", "type": "SOMETHING_ELSE", "accountBalance": "100498.0000"},
        {"id": "14", "type": "CLIENT_CONFIGURE", "alias": "mine"},
        {"id": "15", "type": "MARKET_ORDER_REJECT", "rejectReason": "INSUFFICIENT_MARGIN"},
    )
    costs = [(event.what, event.amount) for event in book.record.events if isinstance(event, CostCharged)]
    assert costs == [("financing", Decimal("1.2500")), ("something_new", Decimal("0.7500"))]
    assert (book.state.balance, book.state.deposits, book.state.fees) == (
        Decimal("100498.0000"),
        Decimal("500.0000"),
        Decimal("2.0000"),
    )


def test_financing_that_comes_with_a_fill_is_a_cost_beside_it() -> None:
    book = bracket().read(
        fill(
            "10",
            "8",
            "-10000",
            reason="TAKE_PROFIT_ORDER",
            financing="-0.5000",
            accountBalance="100098.5000",
            commission="0.0000",
            tradesClosed=[reduced("7", "-10000", "1.09000", "99.0000")],
        )
    )
    closing = book.record.events[-2]
    assert isinstance(closing, OrderFilled)
    assert (closing.cash, closing.balance) == (Decimal("99.0000"), Decimal("100099.0000"))
    assert book.state.balance == book.state.start + book.state.realised - book.state.fees == Decimal("100098.5000")


def test_a_margin_closeout_closes_its_trades_and_leaves_no_order_behind() -> None:
    book = bracket().read(
        market_order("10", "-10000", client=None, reason="MARGIN_CLOSEOUT"),
        fill(
            "11",
            "10",
            "-10000",
            reason="MARKET_ORDER_MARGIN_CLOSEOUT",
            accountBalance="99000.0000",
            tradesClosed=[reduced("7", "-10000", "0.98010", "-1000.0000")],
        ),
    )
    assert (book.state.trades, book.state.orders) == ((), ())
    assert book.view(7).closed_by is Leg.MARGIN_CLOSEOUT


def test_the_mark_moves_only_when_there_was_something_new() -> None:
    book = bracket()
    book.record.finish("9")
    book.record.finish("9")
    assert [event.mark for event in book.record.events if isinstance(event, VenueRead)] == ["9"]


def test_times_never_run_back() -> None:
    book = bracket().read({**limit_order("20"), "time": "2026-11-18T11:00:00Z"})
    assert book.record.events[-1].at_ns == parse_instant(TIME)


def test_a_trade_this_account_never_saw_asks_to_meet_anew() -> None:
    with pytest.raises(OutOfStepError):
        bracket().read(fill("10", "77", "-1", reason="TAKE_PROFIT_ORDER", tradeReduced=reduced("70", "-1", "1.1", "0")))
    with pytest.raises(OutOfStepError):
        bracket().read(fill("10", "77", "1", reason="LIMIT_ORDER", **opened("10", "1")))


@pytest.mark.parametrize(
    "body",
    [
        {"id": "6", "type": "MARKET_ORDER"},
        market_order("6", "many"),
        market_order("6", "NaN"),
        {**market_order("6"), "time": "yesterday"},
        limit_order("6", price="Infinity"),
        {"type": "ORDER_CANCEL", "id": "6"},
        {"id": "6"},
        limit_order("six", client=None) | {"clientExtensions": None},
    ],
)
def test_what_cannot_be_read_is_an_answer_that_is_no_answer(body: dict[str, Any]) -> None:
    with pytest.raises(Unreachable) as raised:
        Book().read(body)
    assert raised.value.code == "bad_answer"


def test_kinds_of_entries_are_told_apart() -> None:
    book = Book()
    book.read(limit_order("6"))
    book.read({**limit_order("7", client=None), "clientExtensions": {"id": "x"}, "type": "STOP_ORDER", "units": "-5"})
    kinds = {order.number: (order.entry, order.side) for order in book.state.orders}
    assert kinds == {7: (EntryType.LIMIT, Side.BUY), -7: (EntryType.STOP, Side.SELL)}
