"""Every reject reason the OANDA exchange gives by itself: HTTP 400 or 404, and a transaction that says why."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from rickctl.domain.instruments import Instruments
from rickctl.sandbox.oanda.records import BadRequest, Hints, NoAccount, Terms, Verdict, text
from tests.sandbox.oanda_kit import ID, START, Floor, at

if TYPE_CHECKING:
    from collections.abc import Callable

    from rickctl.sandbox.oanda.records import Outcome

PAST = at("2026-11-18T11:00:00Z")
LONG = "x" * 129


@pytest.mark.parametrize(
    ("kind", "fields", "reason"),
    [
        ("MARKET", {"instrument": None}, "INSTRUMENT_MISSING"),
        ("MARKET", {"instrument": "EUR_XXX"}, "INSTRUMENT_UNKNOWN"),
        ("MARKET", {"instrument": "BTC-USD"}, "INSTRUMENT_UNKNOWN"),
        ("MARKET", {"instrument": "EUR_GBP"}, "INSTRUMENT_PRICE_UNKNOWN"),
        ("MARKET", {"units": None}, "UNITS_MISSING"),
        ("MARKET", {"units": "0"}, "UNITS_INVALID"),
        ("MARKET", {"units": "NaN"}, "UNITS_INVALID"),
        ("MARKET", {"units": "1e3"}, "UNITS_INVALID"),
        ("MARKET", {"units": True}, "UNITS_INVALID"),
        ("MARKET", {"units": "0.5"}, "UNITS_PRECISION_EXCEEDED"),
        ("MARKET", {"units": "-100000001"}, "UNITS_LIMIT_EXCEEDED"),
        ("MARKET", {"priceBound": "-1"}, "PRICE_BOUND_INVALID"),
        ("MARKET", {"priceBound": "1.100001"}, "PRICE_BOUND_PRECISION_EXCEEDED"),
        ("MARKET", {"timeInForce": "GTC"}, "TIME_IN_FORCE_INVALID"),
        ("MARKET", {"positionFill": "ALL"}, "ORDER_FILL_POSITION_ACTION_INVALID"),
        ("LIMIT", {"price": None}, "PRICE_MISSING"),
        ("STOP", {"price": "0"}, "PRICE_INVALID"),
        ("LIMIT", {"price": "1.12247999999999"}, "PRICE_PRECISION_EXCEEDED"),
        ("LIMIT", {"timeInForce": "SOON"}, "TIME_IN_FORCE_INVALID"),
        ("LIMIT", {"timeInForce": "GTD"}, "TIME_IN_FORCE_GTD_TIMESTAMP_MISSING"),
        ("LIMIT", {"timeInForce": "GTD", "gtdTime": "tomorrow"}, "TIME_IN_FORCE_GTD_TIMESTAMP_MISSING"),
        ("LIMIT", {"timeInForce": "GTD", "gtdTime": PAST}, "TIME_IN_FORCE_GTD_TIMESTAMP_IN_PAST"),
        ("LIMIT", {"triggerCondition": "LAST"}, "TRIGGER_CONDITION_INVALID"),
        ("MARKET_IF_TOUCHED", {"price": "1.1000000"}, None),
        ("LIMIT", {"clientExtensions": {"id": LONG}}, "CLIENT_ORDER_ID_INVALID"),
        ("LIMIT", {"clientExtensions": {"tag": LONG}}, "CLIENT_ORDER_TAG_INVALID"),
        ("LIMIT", {"clientExtensions": {"comment": 7}}, "CLIENT_ORDER_COMMENT_INVALID"),
        ("LIMIT", {"tradeClientExtensions": {"id": ""}}, "CLIENT_TRADE_ID_INVALID"),
        ("LIMIT", {"tradeClientExtensions": {"tag": LONG}}, "CLIENT_TRADE_TAG_INVALID"),
        ("LIMIT", {"tradeClientExtensions": {"comment": LONG}}, "CLIENT_TRADE_COMMENT_INVALID"),
        ("LIMIT", {"takeProfitOnFill": {}}, "TAKE_PROFIT_ON_FILL_PRICE_MISSING"),
        ("LIMIT", {"takeProfitOnFill": {"price": "x"}}, "TAKE_PROFIT_ON_FILL_PRICE_INVALID"),
        ("LIMIT", {"takeProfitOnFill": {"price": "1.123456"}}, "TAKE_PROFIT_ON_FILL_PRICE_PRECISION_EXCEEDED"),
        (
            "LIMIT",
            {"takeProfitOnFill": {"price": "1.2", "timeInForce": "FOK"}},
            "TAKE_PROFIT_ON_FILL_TIME_IN_FORCE_INVALID",
        ),
        (
            "LIMIT",
            {"takeProfitOnFill": {"price": "1.2", "timeInForce": "GTD"}},
            "TAKE_PROFIT_ON_FILL_GTD_TIMESTAMP_MISSING",
        ),
        (
            "LIMIT",
            {"takeProfitOnFill": {"price": "1.2", "timeInForce": "GTD", "gtdTime": PAST}},
            "TAKE_PROFIT_ON_FILL_GTD_TIMESTAMP_IN_PAST",
        ),
        (
            "LIMIT",
            {"takeProfitOnFill": {"price": "1.2", "clientExtensions": {"id": LONG}}},
            "TAKE_PROFIT_ON_FILL_CLIENT_ORDER_ID_INVALID",
        ),
        ("LIMIT", {"stopLossOnFill": {}}, "STOP_LOSS_ON_FILL_PRICE_AND_DISTANCE_BOTH_MISSING"),
        (
            "LIMIT",
            {"stopLossOnFill": {"price": "1.0", "distance": "0.1"}},
            "STOP_LOSS_ON_FILL_PRICE_AND_DISTANCE_BOTH_SPECIFIED",
        ),
        ("LIMIT", {"stopLossOnFill": {"price": "-1"}}, "STOP_LOSS_ON_FILL_PRICE_INVALID"),
        ("LIMIT", {"stopLossOnFill": {"price": "1.000001"}}, "STOP_LOSS_ON_FILL_PRICE_PRECISION_EXCEEDED"),
        ("LIMIT", {"stopLossOnFill": {"distance": "0"}}, "STOP_LOSS_ON_FILL_DISTANCE_INVALID"),
        ("LIMIT", {"stopLossOnFill": {"distance": "0.000001"}}, "STOP_LOSS_ON_FILL_DISTANCE_PRECISION_EXCEEDED"),
        (
            "LIMIT",
            {"stopLossOnFill": {"price": "1.0", "guaranteed": "True"}},
            "STOP_LOSS_ON_FILL_GUARANTEED_NOT_ALLOWED",
        ),
        ("LIMIT", {"trailingStopLossOnFill": {}}, "TRAILING_STOP_LOSS_ON_FILL_PRICE_DISTANCE_MISSING"),
        (
            "LIMIT",
            {"trailingStopLossOnFill": {"distance": "-1"}},
            "TRAILING_STOP_LOSS_ON_FILL_PRICE_DISTANCE_INVALID",
        ),
        (
            "LIMIT",
            {"trailingStopLossOnFill": {"distance": "0.001001"}},
            "TRAILING_STOP_LOSS_ON_FILL_PRICE_DISTANCE_PRECISION_EXCEEDED",
        ),
        (
            "LIMIT",
            {"trailingStopLossOnFill": {"distance": "0.00049"}},
            "TRAILING_STOP_LOSS_ON_FILL_PRICE_DISTANCE_MINIMUM_NOT_MET",
        ),
        (
            "LIMIT",
            {"trailingStopLossOnFill": {"distance": "1.00001"}},
            "TRAILING_STOP_LOSS_ON_FILL_PRICE_DISTANCE_MAXIMUM_EXCEEDED",
        ),
        (
            "LIMIT",
            {
                "clientExtensions": {"id": "a"},
                "stopLossOnFill": {"distance": "0.1", "clientExtensions": {"id": "a"}},
            },
            "ORDERS_ON_FILL_DUPLICATE_CLIENT_ORDER_IDS",
        ),
    ],
)
def test_an_entry_that_is_wrong_is_rejected(kind: str, fields: dict[str, Any], reason: str | None) -> None:
    floor = Floor()
    body = {"price": "1.09000", **fields} if kind != "MARKET" else fields
    outcome = floor.order(kind, **body)
    if reason is None:
        assert outcome.verdict is Verdict.DONE
        return
    assert (outcome.verdict, outcome.reason) == (Verdict.REJECTED, reason)
    rejected = outcome.parts["orderRejectTransaction"]
    assert rejected.type == f"{kind}_ORDER_REJECT"
    assert text(rejected.fields, "rejectReason") == reason
    assert outcome.last_id == rejected.id == 4, "a reject takes an id"
    assert outcome.message
    assert floor.exchange.orders(ID) == ()


def test_units_below_the_smallest_order_are_rejected() -> None:
    instrument = Instruments()["EUR_USD"]._replace(minimum_units=Decimal(10))
    floor = Floor(instruments={"EUR_USD": instrument})
    assert floor.order("MARKET", "9").reason == "UNITS_MIMIMUM_NOT_MET"
    assert floor.order("MARKET", "10").reason is None


def named(name: str) -> dict[str, Any]:
    return {"clientExtensions": {"id": name}}


@pytest.mark.parametrize(
    ("ask", "reason", "verdict"),
    [
        (lambda floor: floor.order("LIMIT", price="1.08000", **named("mine")), "CLIENT_ORDER_ID_ALREADY_EXISTS", 400),
        (
            lambda floor: floor.order("MARKET", tradeClientExtensions={"id": "held"}),
            "CLIENT_TRADE_ID_ALREADY_EXISTS",
            400,
        ),
        (lambda floor: floor.exit("TAKE_PROFIT", "99", price="1.2"), "TRADE_DOESNT_EXIST", 404),
        (
            lambda floor: floor.exit("TAKE_PROFIT", "5", price="1.2", clientTradeID="no"),
            "TRADE_IDENTIFIER_INCONSISTENCY",
            400,
        ),
        (lambda floor: floor.exit("STOP_LOSS", "5", price="1.0"), "STOP_LOSS_ORDER_ALREADY_EXISTS", 400),
        (lambda floor: floor.exit("TAKE_PROFIT", "5"), "PRICE_MISSING", 400),
        (lambda floor: floor.exit("TAKE_PROFIT", "5", price="1.123456"), "PRICE_PRECISION_EXCEEDED", 400),
        (lambda floor: floor.exit("TAKE_PROFIT", "5", price="1.2", timeInForce="FOK"), "TIME_IN_FORCE_INVALID", 400),
        (lambda floor: floor.exit("TRAILING_STOP_LOSS", "5"), "PRICE_DISTANCE_MISSING", 400),
        (lambda floor: floor.exit("TRAILING_STOP_LOSS", "5", distance="x"), "PRICE_DISTANCE_INVALID", 400),
        (
            lambda floor: floor.exit("TRAILING_STOP_LOSS", "5", distance="0.001001"),
            "PRICE_DISTANCE_PRECISION_EXCEEDED",
            400,
        ),
        (
            lambda floor: floor.exit("TRAILING_STOP_LOSS", "5", distance="0.00001"),
            "PRICE_DISTANCE_MINIMUM_NOT_MET",
            400,
        ),
        (lambda floor: floor.exit("TRAILING_STOP_LOSS", "5", distance="2"), "PRICE_DISTANCE_MAXIMUM_EXCEEDED", 400),
        (
            lambda floor: floor.order("STOP_LOSS", price="1.0", units=None, instrument=None),
            "TRADE_ID_UNSPECIFIED",
            400,
        ),
        (
            lambda floor: floor.replace("6", type="STOP", instrument="EUR_USD", units="1", price="1.2"),
            "REPLACING_ORDER_INVALID",
            400,
        ),
        (
            lambda floor: floor.replace("7", type="STOP_LOSS", tradeID="9", price="1.0"),
            "REPLACING_TRADE_ID_INVALID",
            400,
        ),
        (lambda floor: floor.replace("99", type="LIMIT"), "ORDER_DOESNT_EXIST", 404),
        (lambda floor: floor.cancel("99"), "ORDER_DOESNT_EXIST", 404),
        (lambda floor: floor.cancel("@gone"), "ORDER_DOESNT_EXIST", 404),
        (lambda floor: floor.cancel("5"), "ORDER_DOESNT_EXIST", 404),
        (lambda floor: floor.close("99"), "TRADE_DOESNT_EXIST", 404),
        (lambda floor: floor.close("5", "1001"), "CLOSE_TRADE_UNITS_EXCEED_TRADE_SIZE", 400),
        (lambda floor: floor.close("5", "-1"), "UNITS_INVALID", 400),
        (lambda floor: floor.close("5", "0.5"), "UNITS_PRECISION_EXCEEDED", 400),
        (lambda floor: floor.flatten("USD_JPY"), "CLOSEOUT_POSITION_DOESNT_EXIST", 404),
        (lambda floor: floor.flatten(shortUnits="ALL"), "CLOSEOUT_POSITION_DOESNT_EXIST", 404),
        (
            lambda floor: floor.flatten(longUnits="NONE", shortUnits="NONE"),
            "CLOSEOUT_POSITION_INCOMPLETE_SPECIFICATION",
            400,
        ),
        (lambda floor: floor.flatten(longUnits="9999"), "CLOSEOUT_POSITION_UNITS_EXCEED_POSITION_SIZE", 400),
        (lambda floor: floor.flatten(longUnits="some"), "UNITS_INVALID", 400),
        (lambda floor: floor.flatten(longClientExtensions={"id": LONG}), "CLIENT_ORDER_ID_INVALID", 400),
        (lambda floor: floor.flatten(longClientExtensions={"id": "mine"}), "CLIENT_ORDER_ID_ALREADY_EXISTS", 400),
        (lambda floor: floor.exits("99", stopLoss=None), "TRADE_DOESNT_EXIST", 404),
        (lambda floor: floor.exits("5", takeProfit=None), "ORDER_DOESNT_EXIST", 400),
        (lambda floor: floor.exits("5", stopLoss={}), "STOP_LOSS_ORDER_PRICE_AND_DISTANCE_BOTH_MISSING", 400),
        (
            lambda floor: floor.exits("5", stopLoss={"price": "1.0", "distance": "0.1"}),
            "STOP_LOSS_ORDER_PRICE_AND_DISTANCE_BOTH_SPECIFIED",
            400,
        ),
        (
            lambda floor: floor.exits("5", stopLoss={"price": "1.0", "guaranteed": True}),
            "STOP_LOSS_ORDER_GUARANTEED_NOT_ALLOWED",
            400,
        ),
        (lambda floor: floor.exits("5", stopLoss={"distance": "5"}), "PRICE_DISTANCE_INVALID", 400),
        (lambda floor: floor.rename_order("99", **named("x")), "ORDER_DOESNT_EXIST", 404),
        (lambda floor: floor.rename_order("6"), "CLIENT_EXTENSIONS_DATA_MISSING", 400),
        (lambda floor: floor.rename_order("7", **named("mine")), "CLIENT_ORDER_ID_ALREADY_EXISTS", 400),
        (lambda floor: floor.rename_trade("99", **named("x")), "TRADE_DOESNT_EXIST", 404),
        (lambda floor: floor.rename_trade("5"), "CLIENT_EXTENSIONS_DATA_MISSING", 400),
        (lambda floor: floor.rename_trade("9", **named("held")), "CLIENT_TRADE_ID_ALREADY_EXISTS", 400),
        (lambda floor: floor.configure(), "CLIENT_CONFIGURE_DATA_MISSING", 400),
        (lambda floor: floor.configure(alias=""), "ALIAS_INVALID", 400),
        (lambda floor: floor.configure(marginRate="2"), "MARGIN_RATE_INVALID", 400),
        (lambda floor: floor.configure(marginRate="1"), "MARGIN_RATE_WOULD_TRIGGER_CLOSEOUT", 400),
        (lambda floor: floor.order("MARKET", hints=Hints(reject="ACCOUNT_LOCKED")), "ACCOUNT_LOCKED", 400),
    ],
)
def test_a_request_about_what_is_there_is_rejected(ask: Callable[[Floor], Outcome], reason: str, verdict: int) -> None:
    floor = Floor(Terms(id=ID, balance=Decimal(600)))
    floor.exchange.submit(
        ID,
        {"type": "MARKET", "instrument": "EUR_USD", "units": "1000", "tradeClientExtensions": {"id": "held"}},
        "A",
        START,
    )
    floor.pend("LIMIT", price="1.09000", **named("mine"))
    floor.exits("5", stopLoss={"price": "1.05000"})
    floor.buy("500")
    before = floor.exchange.last_id(ID)
    # 4 and 5 are the first trade's order and fill, 6 waits, 7 is its stop, 8 and 9 the second trade.
    outcome = ask(floor)
    assert (outcome.reason, outcome.verdict) == (reason, Verdict.MISSING if verdict == 404 else Verdict.REJECTED)
    made = floor.exchange.transactions(ID, before + 1, outcome.last_id)
    assert [one.id for one in made] == list(outcome.related_ids)
    assert all(one.type.endswith("_REJECT") and one.fields["rejectReason"] == reason for one in made)
    assert [one.id for one in outcome.parts.values()] == [one.id for one in made]


def test_no_more_orders_wait_than_the_account_may_have() -> None:
    floor = Floor(Terms(id=ID, most_pending=1))
    floor.pend("LIMIT", price="1.05000")
    assert floor.order("LIMIT", price="1.05000").reason == "PENDING_ORDERS_ALLOWED_EXCEEDED"
    assert floor.order("MARKET").reason is None
    assert floor.replace("4", instrument="EUR_USD", units="1", price="1.04000").reason is None


def test_a_second_exit_in_a_fifo_account_would_break_the_order_of_closing() -> None:
    floor = Floor(Terms(id=ID, fifo=True))
    floor.buy()
    floor.buy()
    outcome = floor.exits("7", stopLoss={"price": "1.00000"})
    assert outcome.reason == "STOP_LOSS_ORDER_WOULD_VIOLATE_FIFO_VIOLATION_SAFEGUARD"


@pytest.mark.parametrize(
    "ask",
    [
        lambda floor: floor.order("ICEBERG"),
        lambda floor: floor.flatten("EUR_XXX"),
        lambda floor: floor.exits("5"),
        lambda floor: floor.exits("5", stopLoss="1.0"),
    ],
)
def test_what_is_no_request_at_all_leaves_no_transaction(ask: Callable[[Floor], Outcome]) -> None:
    floor = Floor()
    floor.buy()
    with pytest.raises(BadRequest):
        ask(floor)
    assert floor.exchange.last_id(ID) == 5


def test_an_account_that_is_not_there_is_told_so() -> None:
    floor = Floor()
    with pytest.raises(NoAccount):
        floor.exchange.submit("101-001-1-001", {"type": "MARKET"}, "R", START)
