"""What the OANDA exchange writes into an account's record for each thing that can happen, in which order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from rickctl.domain.instants import SECOND_NS
from rickctl.sandbox.oanda.records import Hints, OrderState, Terms, Verdict, each, nested, text
from tests.fakes import point
from tests.sandbox.oanda_kit import ID, START, Floor, at, did, said, sent

BRACKET: dict[str, Any] = {"takeProfitOnFill": {"price": "1.10100"}, "stopLossOnFill": {"price": "1.09900"}}
CLOSED = ((START + 3 * SECOND_NS, START + 3600 * SECOND_NS),)


def test_an_account_begins_created_configured_and_funded() -> None:
    floor = Floor()
    assert said(floor.exchange.transactions(ID, 1, 9)) == ["CREATE", "CLIENT_CONFIGURE", "TRANSFER_FUNDS"]


def test_a_market_order_fills_in_its_own_batch() -> None:
    floor = Floor()
    outcome = floor.order("MARKET")
    assert did(floor, outcome) == ["MARKET_ORDER(CLIENT_ORDER)", "ORDER_FILL(MARKET_ORDER)"]
    create, fill = outcome.parts["orderCreateTransaction"], outcome.parts["orderFillTransaction"]
    assert (create.id, fill.id, outcome.related_ids, outcome.last_id) == (4, 5, (4, 5), 5)
    assert create.batch_id == fill.batch_id == 4
    assert create.time_ns == fill.time_ns == floor.now
    assert create.request_id == fill.request_id == "R1"
    assert create.user_id == fill.user_id == 1234567
    assert text(fill.fields, "orderID") == "4"
    assert text(nested(fill.fields, "tradeOpened"), "tradeID") == "5", "a trade is named by the fill that opened it"


def test_a_bracket_makes_its_target_before_its_stop() -> None:
    floor = Floor()
    outcome = floor.order("MARKET", trailingStopLossOnFill={"distance": "0.00200"}, **BRACKET)
    assert did(floor, outcome)[2:] == [
        "TAKE_PROFIT_ORDER(ON_FILL)",
        "STOP_LOSS_ORDER(ON_FILL)",
        "TRAILING_STOP_LOSS_ORDER(ON_FILL)",
    ]
    for made in floor.last(3):
        assert made.fields["tradeID"] == made.fields["orderFillTransactionID"] == "5"
        assert made.batch_id == 4
    trade = floor.held("5")
    assert trade.exit_ids == (6, 7, 8)


def test_a_market_order_while_halted_is_accepted_and_cancelled() -> None:
    floor = Floor(closed=CLOSED)
    floor.now = START + 10 * SECOND_NS
    outcome = floor.order("MARKET", **BRACKET)
    assert outcome.verdict is Verdict.DONE
    assert did(floor, outcome) == ["MARKET_ORDER(CLIENT_ORDER)", "ORDER_CANCEL(MARKET_HALTED)"]
    assert set(outcome.parts) == {"orderCreateTransaction", "orderCancelTransaction"}


def test_a_limit_order_waits_through_a_halt() -> None:
    floor = Floor(closed=CLOSED)
    floor.now = START + 10 * SECOND_NS
    outcome = floor.order("LIMIT", price="1.20000")
    assert set(outcome.parts) == {"orderCreateTransaction"}
    floor.now = CLOSED[0][1]
    assert said(floor.price("1.10000", "1.10010")) == ["ORDER_FILL(LIMIT_ORDER)"]


@pytest.mark.parametrize(
    ("bid", "reason", "price", "result"),
    [
        pytest.param("1.09890", "STOP_LOSS_ORDER", "1.09890", "-1.2000", id="the stop, at the gap"),
        pytest.param("1.10100", "TAKE_PROFIT_ORDER", "1.10100", "0.9000", id="the target"),
    ],
)
def test_an_exit_that_fills_cancels_the_other(bid: str, reason: str, price: str, result: str) -> None:
    floor = Floor()
    floor.buy(**BRACKET)
    ask = f"{Decimal(bid) + Decimal('0.00010')}"
    made = floor.price(bid, ask)
    assert said(made) == [f"ORDER_FILL({reason})", "ORDER_CANCEL(LINKED_TRADE_CLOSED)"]
    fill = made[0]
    assert (str(fill.fields["price"]), str(fill.fields["pl"])) == (price, result)
    assert fill.request_id is None
    assert fill.user_id == 0
    assert made[1].batch_id == fill.id
    assert not floor.held("5").is_open
    assert floor.exchange.pending_orders(ID) == ()
    assert floor.balance() == 100_000 + Decimal(result)


def test_closing_a_trade_cancels_both_exits() -> None:
    floor = Floor()
    floor.buy(**BRACKET)
    outcome = floor.close("5")
    assert did(floor, outcome) == [
        "MARKET_ORDER(TRADE_CLOSE)",
        "ORDER_FILL(MARKET_ORDER_TRADE_CLOSE)",
        "ORDER_CANCEL(LINKED_TRADE_CLOSED)",
        "ORDER_CANCEL(LINKED_TRADE_CLOSED)",
    ]
    assert sent(outcome)["tradeClose"] == {"tradeID": "5", "units": "ALL"}
    assert sent(outcome)["positionFill"] == "REDUCE_ONLY"
    assert [part["tradeID"] for part in each(sent(outcome, "orderFillTransaction"), "tradesClosed")] == ["5"]


def test_closing_part_of_a_trade_leaves_its_exits() -> None:
    floor = Floor()
    floor.buy(**BRACKET)
    outcome = floor.close("5", "400")
    assert did(floor, outcome) == ["MARKET_ORDER(TRADE_CLOSE)", "ORDER_FILL(MARKET_ORDER_TRADE_CLOSE)"]
    reduced = nested(sent(outcome, "orderFillTransaction"), "tradeReduced")
    assert (reduced["tradeID"], reduced["units"]) == ("5", Decimal(-400))
    assert len(floor.exchange.pending_orders(ID)) == 2
    assert said(floor.price("1.09900", "1.09910"))[0] == "ORDER_FILL(STOP_LOSS_ORDER)"
    assert floor.last(2)[0].fields["units"] == Decimal(-600), "an exit takes what the trade has left"


def test_closing_a_position_closes_its_trades_oldest_first() -> None:
    floor = Floor()
    floor.buy("1000")
    floor.buy("500")
    outcome = floor.flatten(longUnits="1200", longClientExtensions={"id": "mine"})
    assert did(floor, outcome) == ["MARKET_ORDER(POSITION_CLOSEOUT)", "ORDER_FILL(MARKET_ORDER_POSITION_CLOSEOUT)"]
    create, fill = sent(outcome, "longOrderCreateTransaction"), sent(outcome, "longOrderFillTransaction")
    assert (create["clientExtensions"], fill["clientOrderID"]) == ({"id": "mine"}, "mine")
    assert create["longPositionCloseout"] == {"instrument": "EUR_USD", "units": "1200"}
    assert [part["tradeID"] for part in each(fill, "tradesClosed")] == ["5"]
    assert nested(fill, "tradeReduced")["units"] == Decimal(-200)
    assert did(floor, floor.flatten())[-1] == "ORDER_FILL(MARKET_ORDER_POSITION_CLOSEOUT)"
    assert floor.exchange.open_trades(ID) == ()


def test_both_sides_of_a_hedged_position_are_closed_by_one_request() -> None:
    floor = Floor(Terms(id=ID, hedging=True))
    floor.buy("1000")
    floor.buy("-700")
    outcome = floor.flatten(longUnits="ALL", shortUnits="ALL")
    assert set(outcome.parts) == {
        f"{side}Order{what}Transaction" for side in ("long", "short") for what in ("Create", "Fill")
    }
    assert sent(outcome, "shortOrderCreateTransaction")["units"] == Decimal(700)


def test_a_replaced_order_names_the_one_that_takes_its_place() -> None:
    floor = Floor()
    order = floor.pend("LIMIT", price="1.09000", clientExtensions={"id": "mine"})
    outcome = floor.replace("@mine", type="LIMIT", instrument="EUR_USD", units="2000", price="1.08000")
    assert did(floor, outcome) == ["ORDER_CANCEL(CLIENT_REQUEST_REPLACED)", "LIMIT_ORDER(REPLACEMENT)"]
    cancel, create = sent(outcome, "orderCancelTransaction"), sent(outcome)
    assert (cancel["orderID"], cancel["clientOrderID"], cancel["replacedByOrderID"]) == ("4", "mine", "6")
    assert (create["replacesOrderID"], create["cancellingTransactionID"]) == ("4", "5")
    assert floor.standing("4").state is OrderState.CANCELLED
    assert (floor.standing("4").replaced_by_id, floor.standing("6").replaces_id) == (6, order.id)


def test_a_replacement_may_keep_its_client_id() -> None:
    floor = Floor()
    floor.pend("LIMIT", price="1.09000", clientExtensions={"id": "mine"})
    body = {"type": "LIMIT", "instrument": "EUR_USD", "units": "1", "price": "1.08000"}
    assert floor.replace("4", **body, clientExtensions={"id": "mine"}).verdict is Verdict.DONE
    assert floor.standing("@mine").id == 6


def test_a_replacement_may_fill_at_once() -> None:
    floor = Floor()
    floor.pend("LIMIT", price="1.09000")
    outcome = floor.replace("4", type="LIMIT", instrument="EUR_USD", units="1000", price="1.11000")
    assert set(outcome.parts) == {"orderCancelTransaction", "orderCreateTransaction", "orderFillTransaction"}


def test_a_replacement_that_cannot_fill_says_so_under_its_own_name() -> None:
    floor = Floor(Terms(id=ID, balance=Decimal(10)))
    floor.pend("LIMIT", price="1.09000")
    outcome = floor.replace("4", type="LIMIT", instrument="EUR_USD", units="1000", price="1.11000")
    assert text(sent(outcome, "replacingOrderCancelTransaction"), "reason") == "INSUFFICIENT_MARGIN"


def test_a_cancel_is_one_transaction() -> None:
    floor = Floor()
    floor.pend("STOP", price="1.12000")
    assert did(floor, floor.cancel("4")) == ["ORDER_CANCEL(CLIENT_REQUEST)"]
    assert floor.standing("4").cancelling_id == 5


def test_exits_of_a_trade_are_left_replaced_cancelled_or_made() -> None:
    floor = Floor()
    floor.buy(**BRACKET)
    outcome = floor.exits("5", takeProfit={"price": "1.10200"}, trailingStopLoss={"distance": "0.00100"})
    assert did(floor, outcome) == [
        "ORDER_CANCEL(CLIENT_REQUEST_REPLACED)",
        "TAKE_PROFIT_ORDER(REPLACEMENT)",
        "TRAILING_STOP_LOSS_ORDER(CLIENT_ORDER)",
    ]
    assert list(outcome.parts) == [
        "takeProfitOrderCancelTransaction",
        "takeProfitOrderTransaction",
        "trailingStopLossOrderTransaction",
    ]
    assert floor.held("5").stop_loss_id == 7, "what is absent is left"
    outcome = floor.exits("5", stopLoss=None)
    assert list(outcome.parts) == ["stopLossOrderCancelTransaction"]
    assert text(sent(outcome, "stopLossOrderCancelTransaction"), "reason") == "CLIENT_REQUEST"
    assert floor.held("5").stop_loss_id is None


def test_an_exit_the_market_is_past_fills_as_it_is_made() -> None:
    floor = Floor()
    floor.buy()
    outcome = floor.exits("5", takeProfit={"price": "1.20000"}, stopLoss={"price": "1.11000"})
    assert list(outcome.parts) == [
        "takeProfitOrderTransaction",
        "stopLossOrderTransaction",
        "stopLossOrderFillTransaction",
    ]
    assert did(floor, outcome)[-1] == "ORDER_CANCEL(LINKED_TRADE_CLOSED)"


def test_an_exit_made_beside_one_that_fills_at_once_is_cancelled_with_its_trade() -> None:
    floor = Floor()
    floor.buy()
    outcome = floor.exits("5", stopLoss={"price": "1.11000"}, trailingStopLoss={"distance": "0.00100"})
    assert did(floor, outcome) == [
        "STOP_LOSS_ORDER(CLIENT_ORDER)",
        "TRAILING_STOP_LOSS_ORDER(CLIENT_ORDER)",
        "ORDER_FILL(STOP_LOSS_ORDER)",
        "ORDER_CANCEL(LINKED_TRADE_CLOSED)",
    ]
    assert "trailingStopLossOrderTransaction" in outcome.parts
    # A target stands before the stop: both are made, the one that fills first ends the other.
    floor.buy()
    outcome = floor.exits("11", takeProfit={"price": "1.09000"}, stopLoss={"price": "1.11000"})
    assert did(floor, outcome)[-2:] == ["ORDER_CANCEL(LOSING_TAKE_PROFIT)", "ORDER_FILL(STOP_LOSS_ORDER)"]


def test_both_exits_past_the_market_fill_only_once() -> None:
    floor = Floor()
    floor.buy()
    floor.price("1.10100", "1.10110")
    outcome = floor.exits("5", takeProfit={"price": "1.10050"}, stopLoss={"price": "1.11000"})
    assert did(floor, outcome)[-2:] == ["ORDER_FILL(TAKE_PROFIT_ORDER)", "ORDER_CANCEL(LINKED_TRADE_CLOSED)"]


def test_a_target_that_would_lose_is_cancelled_when_it_would_fill() -> None:
    floor = Floor()
    floor.buy()
    outcome = floor.exits("5", takeProfit={"price": "1.09990"})
    assert text(sent(outcome, "takeProfitOrderCreatedCancelTransaction"), "reason") == "LOSING_TAKE_PROFIT"
    assert floor.held("5").is_open


def test_a_day_is_financed_at_seventeen_new_york() -> None:
    floor = Floor(Terms(id=ID, financing_rate=Decimal("0.0365")))
    floor.buy("10000")
    made = floor.until(at("2026-11-18T22:00:00Z"))
    assert said(made) == ["DAILY_FINANCING"]
    assert (made[0].user_id, made[0].request_id) == (0, None)
    assert made[0].fields["financing"] == Decimal("-1.1000"), "10,000 at 1.10005 by a ten-thousandth"
    assert floor.balance() == Decimal("99998.9000")
    assert floor.held("5").financing == Decimal("-1.1000")


def test_an_account_out_of_money_is_closed_out_on_the_minute() -> None:
    floor = Floor(Terms(id=ID, balance=Decimal(25)))
    floor.buy("1000", stopLossOnFill={"price": "1.00000"})
    assert floor.price("1.08500", "1.08510") == []
    made = floor.until(START + 60 * SECOND_NS)
    assert said(made) == [
        "MARKET_ORDER(MARGIN_CLOSEOUT)",
        "ORDER_FILL(MARKET_ORDER_MARGIN_CLOSEOUT)",
        "ORDER_CANCEL(LINKED_TRADE_CLOSED)",
    ]
    assert made[0].fields["marginCloseout"] == {"reason": "MARGIN_CHECK_VIOLATION"}
    assert made[0].time_ns == START + 60 * SECOND_NS


def test_a_partial_fill_reissues_the_rest() -> None:
    floor = Floor()
    outcome = floor.order(
        "LIMIT", price="1.11000", hints=Hints(partial=Decimal("0.35")), clientExtensions={"id": "mine"}, **BRACKET
    )
    assert did(floor, outcome) == [
        "LIMIT_ORDER(CLIENT_ORDER)",
        "ORDER_FILL(LIMIT_ORDER)",
        "TAKE_PROFIT_ORDER(ON_FILL)",
        "STOP_LOSS_ORDER(ON_FILL)",
        "LIMIT_ORDER(CLIENT_ORDER)",
    ]
    reissued = outcome.parts["orderReissueTransaction"]
    assert reissued.fields["units"] == Decimal(650)
    assert floor.standing("@mine").id == reissued.id
    assert floor.standing("4").state is OrderState.FILLED
    assert said(floor.price("1.10000", "1.10010"))[0] == "ORDER_FILL(LIMIT_ORDER)"
    assert [trade.units for trade in floor.exchange.open_trades(ID)] == [Decimal(650), Decimal(350)]


def test_what_is_reissued_does_not_give_a_trade_id_twice() -> None:
    floor = Floor()
    named = {"id": "held", "tag": "t"}
    outcome = floor.order("LIMIT", price="1.2", hints=Hints(partial=Decimal("0.5")), tradeClientExtensions=named)
    assert sent(outcome, "orderReissueTransaction")["tradeClientExtensions"] == {"tag": "t"}
    assert said(floor.price("1.10000", "1.10010")) == ["ORDER_FILL(LIMIT_ORDER)"]
    assert floor.held("@held").id == 5


def test_immediate_or_cancel_keeps_what_it_got() -> None:
    floor = Floor()
    outcome = floor.order("MARKET", timeInForce="IOC", hints=Hints(partial=Decimal("0.35")))
    assert did(floor, outcome) == ["MARKET_ORDER(CLIENT_ORDER)", "ORDER_FILL(MARKET_ORDER)"]
    assert floor.held("5").units == Decimal(350)


def test_a_request_meets_what_the_market_did_before_it() -> None:
    floor = Floor()
    floor.buy(**BRACKET)
    floor.now += SECOND_NS
    floor.market.add(point(floor.now, "1.09800", "1.09810"))
    outcome = floor.close("5")
    assert outcome.verdict is Verdict.MISSING
    assert said(floor.last(3)) == [
        "ORDER_FILL(STOP_LOSS_ORDER)",
        "ORDER_CANCEL(LINKED_TRADE_CLOSED)",
        "MARKET_ORDER_REJECT(TRADE_CLOSE)",
    ]


def test_renaming_an_order_and_a_trade() -> None:
    floor = Floor()
    floor.pend("LIMIT", price="1.09000", clientExtensions={"id": "mine", "tag": "t"})
    outcome = floor.rename_order("4", clientExtensions={"comment": "c"}, tradeClientExtensions={"id": "kept"})
    assert list(outcome.parts) == ["orderClientExtensionsModifyTransaction"]
    assert floor.standing("4").fields["clientExtensions"] == {"id": "mine", "tag": "t", "comment": "c"}
    floor.price("1.08980", "1.08990")
    assert floor.held("@kept").id == 6
    outcome = floor.rename_trade("@kept", clientExtensions={"id": "new"})
    assert list(outcome.parts) == ["tradeClientExtensionsModifyTransaction"]
    assert floor.held("@new").id == 6


def test_configuring_an_account() -> None:
    floor = Floor()
    outcome = floor.configure(alias="Mine", marginRate="0.05")
    assert list(outcome.parts) == ["clientConfigureTransaction"]
    summary = floor.exchange.summary(ID)
    assert (summary["alias"], summary["marginRate"]) == ("Mine", Decimal("0.05"))
