"""When waiting orders of the OANDA exchange wake: stops, limits, touched orders, trailing stops, and by which price."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from rickctl.domain.instants import SECOND_NS
from rickctl.sandbox.oanda.records import Terms
from tests.fakes import point, span
from tests.sandbox.oanda_kit import ID, START, Floor, said

MIT = "MARKET_IF_TOUCHED"


@pytest.mark.parametrize(
    ("kind", "units", "level", "bid", "ask", "price"),
    [
        pytest.param("LIMIT", "1", "1.09990", "1.09980", "1.09990", "1.09990", id="a buy limit at its price"),
        pytest.param("LIMIT", "1", "1.09990", "1.09981", "1.09991", None, id="a tick above it"),
        pytest.param("LIMIT", "1", "1.09990", "1.09900", "1.09910", "1.09910", id="a buy limit gapped over: better"),
        pytest.param("LIMIT", "-1", "1.10050", "1.10050", "1.10060", "1.10050", id="a sell limit on the bid"),
        pytest.param("STOP", "1", "1.10050", "1.10040", "1.10050", "1.10050", id="a buy stop on the ask"),
        pytest.param("STOP", "1", "1.10050", "1.10090", "1.10100", "1.10100", id="a buy stop gapped over: the gap"),
        pytest.param("STOP", "-1", "1.09950", "1.09950", "1.09960", "1.09950", id="a sell stop on the bid"),
        pytest.param(MIT, "1", "1.09990", "1.09980", "1.09990", "1.09990", id="touched from above"),
        pytest.param(MIT, "1", "1.10050", "1.10040", "1.10050", "1.10050", id="touched from below"),
        pytest.param(MIT, "1", "1.10050", "1.10039", "1.10049", None, id="not touched from below"),
        pytest.param(MIT, "-1", "1.10050", "1.10050", "1.10060", "1.10050", id="a sale touched from below"),
        pytest.param(MIT, "-1", "1.09950", "1.09900", "1.09910", "1.09900", id="a sale touched from above, gapped"),
    ],
)
def test_an_entry_meets_its_price(kind: str, units: str, level: str, bid: str, ask: str, price: str | None) -> None:
    floor = Floor()
    order = floor.pend(kind, units, price=level)
    made = floor.price(bid, ask)
    assert [str(one.fields["price"]) for one in made] == ([] if price is None else [price])
    if made:
        assert said(made) == [f"ORDER_FILL({kind}_ORDER)"]
        assert floor.standing(str(order.id)).opened_id == made[0].id


@pytest.mark.parametrize(
    ("kind", "level"), [("LIMIT", "1.10010"), ("LIMIT", "1.20000"), ("STOP", "1.10010"), ("STOP", "1.00000")]
)
def test_an_order_the_market_is_past_fills_as_it_is_made(kind: str, level: str) -> None:
    outcome = Floor().order(kind, price=level)
    assert str(outcome.parts["orderFillTransaction"].fields["price"]) == "1.10010"


def test_a_touched_order_remembers_where_the_market_was() -> None:
    floor = Floor()
    floor.pend(MIT, price="1.10050")
    assert floor.exchange.order_fields(ID, floor.standing("4"))["initialMarketPrice"] == Decimal("1.10010")


@pytest.mark.parametrize(
    ("trigger", "bid", "fills"),
    [
        ("DEFAULT", "1.10040", True),
        ("DEFAULT", "1.10039", False),
        ("ASK", "1.10040", True),
        ("INVERSE", "1.10049", False),
        ("INVERSE", "1.10050", True),
        ("BID", "1.10050", True),
        ("MID", "1.10044", False),
        ("MID", "1.10045", True),
    ],
)
def test_a_buy_stop_waits_for_the_price_it_was_told(trigger: str, bid: str, *, fills: bool) -> None:
    floor = Floor()
    floor.pend("STOP", price="1.10050", triggerCondition=trigger)
    ask = Decimal(bid) + Decimal("0.00010")
    made = floor.price(bid, f"{ask}")
    assert [one.fields["price"] for one in made] == ([ask] if fills else []), "whatever wakes it, a buy pays the ask"


def test_a_limit_fills_at_its_price_or_better_whatever_it_waits_for() -> None:
    floor = Floor()
    floor.pend("LIMIT", price="1.09990", triggerCondition="BID")
    assert floor.price("1.09990", "1.10000") == []
    assert said(floor.price("1.09980", "1.09990")) == ["ORDER_FILL(LIMIT_ORDER)"]


@pytest.mark.parametrize(
    ("units", "path", "value"),
    [
        pytest.param("1000", ["1.10000"], "1.09900", id="it begins a distance from the bid"),
        pytest.param("1000", ["1.10050"], "1.09950", id="it follows up"),
        pytest.param("1000", ["1.10050", "1.10020"], "1.09950", id="never back"),
        pytest.param("1000", ["1.10050", "1.10020", "1.10070"], "1.09970", id="and on"),
        pytest.param("-1000", ["1.09950"], "1.10060", id="a short follows the ask down"),
        pytest.param("-1000", ["1.09950", "1.10000"], "1.10060", id="and stays"),
    ],
)
def test_a_trailing_stop_only_follows_its_trade(units: str, path: list[str], value: str) -> None:
    floor = Floor()
    floor.buy(units, trailingStopLossOnFill={"distance": "0.00100"})
    for bid in path:
        assert floor.price(bid, f"{Decimal(bid) + Decimal('0.00010')}") == []
    assert str(floor.exchange.order_fields(ID, floor.standing("6"))["trailingStopValue"]) == value


def test_a_trailing_stop_stays_when_another_order_meets_a_worse_price() -> None:
    floor = Floor()
    floor.buy(trailingStopLossOnFill={"distance": "0.00100"})
    floor.price("1.10050", "1.10060")
    floor.pend("LIMIT", price="1.10020")
    assert said(floor.price("1.10010", "1.10020")) == ["ORDER_FILL(LIMIT_ORDER)"]
    assert floor.standing("6").trailing == Decimal("1.09950")


def test_a_trailing_stop_does_not_follow_a_bar_that_began_before_it() -> None:
    floor = Floor()
    floor.market.add(span(START, START + 5 * SECOND_NS, ("1.10000", "1.10500"), ("1.10010", "1.10510")))
    floor.buy(trailingStopLossOnFill={"distance": "0.00100"})
    floor.until(START + 5 * SECOND_NS)
    assert floor.standing("6").trailing == Decimal("1.09900")


def test_a_trailing_stop_fills_where_it_has_come_to() -> None:
    floor = Floor()
    floor.buy(trailingStopLossOnFill={"distance": "0.00100"})
    floor.price("1.10500", "1.10510")
    assert floor.price("1.10401", "1.10411") == []
    made = floor.price("1.10400", "1.10410")
    assert said(made) == ["ORDER_FILL(TRAILING_STOP_LOSS_ORDER)"]
    assert made[0].fields["pl"] == Decimal("3.9000")


def test_a_trailing_stop_follows_every_price_nobody_looked_at() -> None:
    floor = Floor()
    floor.buy(trailingStopLossOnFill={"distance": "0.00100"})
    for second, bid in enumerate(["1.10200", "1.10150", "1.10500", "1.10450", "1.10390", "1.11000"], 2):
        floor.market.add(point(START + second * SECOND_NS, bid, f"{Decimal(bid) + Decimal('0.00010')}"))
    made = floor.until(START + 100 * SECOND_NS)
    assert said(made) == ["ORDER_FILL(TRAILING_STOP_LOSS_ORDER)"]
    assert str(made[0].fields["price"]) == "1.10390"
    assert made[0].time_ns == START + 6 * SECOND_NS


@pytest.mark.parametrize(
    ("body", "price"),
    [
        ({"price": "1.09900"}, "1.09900"),
        ({"distance": "0.00200"}, "1.09810"),
    ],
)
def test_a_stop_stands_at_its_price_or_a_distance_from_the_ask(body: dict[str, Any], price: str) -> None:
    floor = Floor()
    floor.buy(stopLossOnFill=body)
    assert str(floor.standing("6").fields["price"]) == price
    floor.exits("5", stopLoss=body)
    assert str(floor.standing(str(floor.held("5").stop_loss_id)).fields["price"]) == price


def test_inside_a_bar_that_reached_both_exits_the_stop_counts() -> None:
    floor = Floor()
    floor.buy(takeProfitOnFill={"price": "1.10100"}, stopLossOnFill={"price": "1.09900"})
    floor.market.add(span(floor.now, floor.now + SECOND_NS, ("1.09800", "1.10200"), ("1.09810", "1.10210")))
    made = floor.until(floor.now + SECOND_NS)
    assert said(made) == ["ORDER_FILL(STOP_LOSS_ORDER)", "ORDER_CANCEL(LINKED_TRADE_CLOSED)"]
    assert str(made[0].fields["price"]) == "1.09900"


def test_an_entry_and_its_stop_inside_one_bar_both_count_and_its_target_does_not() -> None:
    floor = Floor()
    floor.pend("STOP", price="1.10100", takeProfitOnFill={"price": "1.10200"}, stopLossOnFill={"price": "1.09900"})
    floor.market.add(span(floor.now, floor.now + SECOND_NS, ("1.09800", "1.10300"), ("1.09810", "1.10310")))
    made = floor.until(floor.now + SECOND_NS)
    assert said(made) == [
        "ORDER_FILL(STOP_ORDER)",
        "TAKE_PROFIT_ORDER(ON_FILL)",
        "STOP_LOSS_ORDER(ON_FILL)",
        "ORDER_FILL(STOP_LOSS_ORDER)",
        "ORDER_CANCEL(LINKED_TRADE_CLOSED)",
    ]
    assert str(made[3].fields["price"]) == "1.09900"


def test_an_exit_made_inside_a_bar_meets_the_next_one_from_its_open() -> None:
    floor = Floor()
    floor.pend("STOP", price="1.10100", stopLossOnFill={"price": "1.09900"})
    end = floor.now + SECOND_NS
    floor.market.add(span(floor.now, end, ("1.10000", "1.10200"), ("1.10010", "1.10210")))
    floor.market.add(point(end, "1.09500", "1.09510"))
    made = floor.until(end)
    assert said(made) == ["ORDER_FILL(STOP_ORDER)", "STOP_LOSS_ORDER(ON_FILL)", "ORDER_FILL(STOP_LOSS_ORDER)"]
    assert str(made[2].fields["price"]) == "1.09500", "at the gap"


def test_between_the_opens_of_bars_an_order_fills_at_what_is_quoted() -> None:
    floor = Floor(Terms(id=ID), stands=False)
    outcome = floor.order("MARKET")
    assert str(outcome.parts["orderFillTransaction"].fields["price"]) == "1.10010"
