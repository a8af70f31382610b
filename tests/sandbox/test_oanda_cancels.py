"""Orders the OANDA exchange accepts and does not fill: every cancel reason it gives by itself, and when."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from rickctl.domain.instants import SECOND_NS, parse_instant
from rickctl.sandbox.oanda.records import Hints, OrderState, Terms, Verdict, text
from tests.sandbox.oanda_kit import ID, START, Floor, at, said

if TYPE_CHECKING:
    from collections.abc import Callable

    from rickctl.sandbox.oanda.records import Outcome

HEDGING = Terms(id=ID, hedging=True)
FIFO = Terms(id=ID, fifo=True)
LIMITED = Terms(id=ID, position_limit=Decimal(1500))
POOR = Terms(id=ID, balance=Decimal(30))
MARKET_ROWS: list[tuple[Terms, Callable[[Floor], Outcome], str]] = [
    (HEDGING, lambda floor: floor.order("MARKET", priceBound="1.10009"), "BOUNDS_VIOLATION"),
    (HEDGING, lambda floor: floor.order("MARKET", "-1", priceBound="1.10001"), "BOUNDS_VIOLATION"),
    (LIMITED, lambda floor: floor.order("MARKET", "501"), "POSITION_SIZE_EXCEEDED"),
    (POOR, lambda floor: floor.order("MARKET", "2000"), "INSUFFICIENT_MARGIN"),
    (Terms(id=ID, most_open=1), lambda floor: floor.order("MARKET"), "OPEN_TRADES_ALLOWED_EXCEEDED"),
    (
        HEDGING,
        lambda floor: floor.order("MARKET", takeProfitOnFill={"price": "1.10010"}),
        "TAKE_PROFIT_ON_FILL_LOSS",
    ),
    (HEDGING, lambda floor: floor.order("MARKET", stopLossOnFill={"price": "1.10000"}), "STOP_LOSS_ON_FILL_LOSS"),
    (HEDGING, lambda floor: floor.order("MARKET", stopLossOnFill={"distance": "0.00010"}), "STOP_LOSS_ON_FILL_LOSS"),
    (HEDGING, lambda floor: floor.order("MARKET", "-1", stopLossOnFill={"price": "1.1001"}), "STOP_LOSS_ON_FILL_LOSS"),
    (HEDGING, lambda floor: floor.order("MARKET", stopLossOnFill={"distance": "3"}), "STOP_LOSS_ON_FILL_LOSS"),
    (
        HEDGING,
        lambda floor: floor.order("MARKET", takeProfitOnFill={"price": "1.2", "clientExtensions": {"id": "mine"}}),
        "TAKE_PROFIT_ON_FILL_CLIENT_ORDER_ID_ALREADY_EXISTS",
    ),
    (
        HEDGING,
        lambda floor: floor.order("MARKET", stopLossOnFill={"price": "1.0", "clientExtensions": {"id": "mine"}}),
        "STOP_LOSS_ON_FILL_CLIENT_ORDER_ID_ALREADY_EXISTS",
    ),
    (
        HEDGING,
        lambda floor: floor.order(
            "MARKET", trailingStopLossOnFill={"distance": "0.1", "clientExtensions": {"id": "mine"}}
        ),
        "TRAILING_STOP_LOSS_ON_FILL_CLIENT_ORDER_ID_ALREADY_EXISTS",
    ),
    (HEDGING, lambda floor: floor.order("MARKET", positionFill="REDUCE_ONLY"), "POSITION_CLOSEOUT_FAILED"),
    (FIFO, lambda floor: floor.order("MARKET", "-1", positionFill="OPEN_ONLY"), "FIFO_VIOLATION"),
    (
        FIFO,
        lambda floor: floor.order("MARKET", stopLossOnFill={"price": "1.0"}),
        "FIFO_VIOLATION_SAFEGUARD_VIOLATION",
    ),
    (FIFO, lambda floor: floor.close(str(floor.buy().id)), "FIFO_VIOLATION"),
    (HEDGING, lambda floor: floor.order("LIMIT", price="1.1", timeInForce="FOK"), "TIME_IN_FORCE_EXPIRED"),
    (HEDGING, lambda floor: floor.order("STOP", price="1.2", timeInForce="IOC"), "TIME_IN_FORCE_EXPIRED"),
    (HEDGING, lambda floor: floor.order("MARKET", hints=Hints(partial=Decimal("0.5"))), "INSUFFICIENT_LIQUIDITY"),
    (HEDGING, lambda floor: floor.order("MARKET", hints=Hints(cancel="ACCOUNT_LOCKED")), "ACCOUNT_LOCKED"),
]


@pytest.mark.parametrize(
    ("terms", "ask", "reason"), MARKET_ROWS, ids=[f"{row[2]} {n}" for n, row in enumerate(MARKET_ROWS)]
)
def test_an_order_that_may_not_fill_is_cancelled(terms: Terms, ask: Callable[[Floor], Outcome], reason: str) -> None:
    floor = Floor(terms)
    floor.buy()
    floor.pend("LIMIT", "1", price="1.05000", clientExtensions={"id": "mine"})
    outcome = ask(floor)
    assert outcome.verdict is Verdict.DONE, "it was accepted"
    cancelled = outcome.parts["orderCancelTransaction"]
    assert text(cancelled.fields, "reason") == reason
    order = floor.standing(text(cancelled.fields, "orderID"))
    assert (order.state, order.cancelling_id, order.cancelled_ns) == (OrderState.CANCELLED, cancelled.id, floor.now)
    assert "orderFillTransaction" not in outcome.parts


@pytest.mark.parametrize(
    ("fields", "prepare", "reason"),
    [
        (
            {"tradeClientExtensions": {"id": "x"}},
            {"tradeClientExtensions": {"id": "x"}},
            "CLIENT_TRADE_ID_ALREADY_EXISTS",
        ),
        (
            {"takeProfitOnFill": {"price": "1.2", "timeInForce": "GTD", "gtdTime": at("2026-11-18T12:00:10Z")}},
            {},
            "TAKE_PROFIT_ON_FILL_GTD_TIMESTAMP_IN_PAST",
        ),
        (
            {"stopLossOnFill": {"price": "1.0", "timeInForce": "GTD", "gtdTime": at("2026-11-18T12:00:10Z")}},
            {},
            "STOP_LOSS_ON_FILL_GTD_TIMESTAMP_IN_PAST",
        ),
        (
            {
                "trailingStopLossOnFill": {
                    "distance": "0.1",
                    "timeInForce": "GTD",
                    "gtdTime": at("2026-11-18T12:00:10Z"),
                }
            },
            {},
            "TRAILING_STOP_LOSS_ON_FILL_GTD_TIMESTAMP_IN_PAST",
        ),
        ({"priceBound": "1.10110"}, {}, "BOUNDS_VIOLATION"),
        ({"hints": Hints(cancel="INSUFFICIENT_LIQUIDITY")}, {}, "INSUFFICIENT_LIQUIDITY"),
    ],
)
def test_a_waiting_order_is_judged_when_it_would_fill(
    fields: dict[str, Any], prepare: dict[str, Any], reason: str
) -> None:
    floor = Floor()
    floor.pend("STOP", price="1.10100", **fields)
    floor.buy(**prepare)
    floor.now = START + 20 * SECOND_NS
    assert said(floor.price("1.10110", "1.10120")) == [f"ORDER_CANCEL({reason})"]
    assert floor.standing("4").state is OrderState.CANCELLED


@pytest.mark.parametrize(
    ("fields", "expires"),
    [
        ({"timeInForce": "GTD", "gtdTime": "2026-11-18T13:00:00.5Z"}, "2026-11-18T13:00:00.5Z"),
        ({"timeInForce": "GTD", "gtdTime": "1795007000.000000001"}, "2026-11-18T13:03:20.000000001Z"),
        ({"timeInForce": "GFD"}, "2026-11-18T22:00:00Z"),
    ],
)
def test_an_order_expires_at_its_instant_not_before(fields: dict[str, str], expires: str) -> None:
    floor = Floor()
    floor.pend("LIMIT", price="1.05000", **fields)
    end = parse_instant(expires)
    assert floor.until(end - 1) == []
    made = floor.until(end + SECOND_NS)
    assert said(made) == ["ORDER_CANCEL(TIME_IN_FORCE_EXPIRED)"]
    assert made[0].time_ns == end


def test_an_order_is_dead_at_the_instant_it_expires() -> None:
    floor = Floor()
    floor.pend("LIMIT", price="1.05000", timeInForce="GTD", gtdTime=at("2026-11-18T12:00:02Z"))
    assert said(floor.price("1.04000", "1.04010")) == ["ORDER_CANCEL(TIME_IN_FORCE_EXPIRED)"]
    assert floor.now == START + 2 * SECOND_NS


@pytest.mark.parametrize(
    ("hedging", "mode", "opens", "reduces"),
    [
        (False, "DEFAULT", Decimal(-500), Decimal(-1000)),
        (True, "DEFAULT", Decimal(-1500), None),
        (True, "REDUCE_FIRST", Decimal(-500), Decimal(-1000)),
        (True, "OPEN_ONLY", Decimal(-1500), None),
        (False, "REDUCE_ONLY", None, Decimal(-1000)),
    ],
)
def test_what_an_order_on_the_other_side_does(
    *, hedging: bool, mode: str, opens: Decimal | None, reduces: Decimal | None
) -> None:
    floor = Floor(Terms(id=ID, hedging=hedging))
    floor.buy("1000")
    fill = floor.order("MARKET", "-1500", positionFill=mode).parts["orderFillTransaction"]
    opened, closed = fill.fields.get("tradeOpened"), fill.fields.get("tradesClosed")
    assert (opened["units"] if isinstance(opened, dict) else None) == opens
    assert (closed[0]["units"] if isinstance(closed, tuple) and isinstance(closed[0], dict) else None) == reduces
    assert fill.fields["units"] == (opens or 0) + (reduces or 0)
    assert floor.held("5").is_open is (reduces is None)


def test_a_reduction_needs_no_margin() -> None:
    floor = Floor(POOR)
    floor.buy("1000")
    floor.price("1.09000", "1.09010")
    assert "orderFillTransaction" in floor.order("MARKET", "-600").parts
    assert "orderCancelTransaction" in floor.order("MARKET", "1000").parts


def test_the_oldest_of_a_size_may_close_where_fifo_rules() -> None:
    floor = Floor(FIFO)
    floor.buy()
    floor.buy()
    assert "orderFillTransaction" in floor.close("5").parts
    assert "orderFillTransaction" in floor.close("7").parts
