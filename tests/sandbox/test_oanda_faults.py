"""Faults as a client of OANDA meets them: what the account holds after each is what the fault says it holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

import pytest

from rickctl.domain.instants import HOUR_NS, parse_instant
from tests.sandbox.kit import wait_until
from tests.sandbox.process_kit import Box, started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rickctl.domain.records import JSON

MARKET: dict[str, JSON] = {"type": "MARKET", "instrument": "EUR_USD", "units": "100"}
IOC: dict[str, JSON] = {**MARKET, "timeInForce": "IOC"}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    with started(tmp_path_factory.mktemp("sandbox"), "--always-open", "--control", "--quiet") as box:
        yield box


@pytest.fixture
def box(sandbox: Box) -> Iterator[Box]:
    yield sandbox
    sandbox.call("/_control/faults", method="DELETE")


def path_of(box: Box) -> str:
    return f"/v3/accounts/{box.told['accounts'][0]}"


def strike(box: Box, **fault: JSON) -> None:
    box.call("/_control/faults", {"operation": "order.create", "times": 1, **fault})


def send(box: Box, order: dict[str, JSON]) -> dict[str, Any]:
    """The answer's object, whatever its status."""
    try:
        return box.call(f"{path_of(box)}/orders", {"order": order})
    except HTTPError as error:
        found: dict[str, Any] = json.load(error)
        return found


def lost(box: Box, order: dict[str, JSON]) -> None:
    """Send an order and expect no answer."""
    with pytest.raises((OSError, ValueError)):
        box.call(f"{path_of(box)}/orders", {"order": order})


def last_id(box: Box) -> int:
    return int(str(box.call(f"{path_of(box)}/summary")["lastTransactionID"]))


def types_since(box: Box, number: int) -> list[str]:
    rows: Any = box.call(f"{path_of(box)}/transactions/sinceid?id={number}")["transactions"]
    return [row["type"] for row in rows]


@pytest.mark.parametrize("how", ["fin", "rst"])
@pytest.mark.parametrize(("when", "expected"), [("before", []), ("after", ["MARKET_ORDER", "ORDER_FILL"])])
def test_a_dropped_order_is_there_or_not_as_the_fault_says(box: Box, when: str, expected: list[str], how: str) -> None:
    before = last_id(box)
    strike(box, kind="drop", when=when, how=how)
    lost(box, MARKET)
    assert types_since(box, before) == expected


def test_a_late_order_is_not_there_and_then_is(box: Box) -> None:
    before = last_id(box)
    strike(box, kind="late", **{"for": "2s"})
    lost(box, MARKET)
    assert types_since(box, before) == []
    wait_until(lambda: types_since(box, before) == ["MARKET_ORDER", "ORDER_FILL"], seconds=10, pause_s=0.1)


def test_a_reason_may_be_any_word_of_the_venue(box: Box) -> None:
    strike(box, kind="reject", reason="ACCOUNT_LOCKED")
    answer = send(box, MARKET)
    assert (answer["errorCode"], answer["orderRejectTransaction"]["type"]) == ("ACCOUNT_LOCKED", "MARKET_ORDER_REJECT")
    strike(box, kind="cancel", reason="MARKET_HALTED")
    assert send(box, MARKET)["orderCancelTransaction"]["reason"] == "MARKET_HALTED"
    strike(box, kind="illiquid")
    assert send(box, MARKET)["orderCancelTransaction"]["reason"] == "INSUFFICIENT_LIQUIDITY"
    assert send(box, MARKET)["orderFillTransaction"]["units"] == "100"


def test_a_part_fills(box: Box) -> None:
    strike(box, kind="partial", fraction="0.4")
    assert send(box, IOC)["orderFillTransaction"]["units"] == "40"


def test_an_order_may_be_created_under_another_status(box: Box) -> None:
    strike(box, kind="status", status=200)
    assert "orderFillTransaction" in send(box, MARKET)


def test_skew_shows_in_every_time_the_venue_states(box: Box) -> None:
    box.call("/_control/faults", {"kind": "skew", "by": "-1h", "operation": "pricing.get", "times": 1})
    prices = f"{path_of(box)}/pricing?instruments=EUR_USD"
    skewed: Any = box.call(prices)
    true: Any = box.call(prices)
    for one, other in ((skewed["time"], true["time"]), (skewed["prices"][0]["time"], true["prices"][0]["time"])):
        assert abs(parse_instant(other) - parse_instant(one) - HOUR_NS) < 5_000_000_000


def test_prices_may_be_no_numbers(box: Box) -> None:
    box.call("/_control/faults", {"kind": "nan", "operation": "pricing.get", "times": 1})
    found: Any = box.call(f"{path_of(box)}/pricing?instruments=EUR_USD")
    assert found["prices"][0]["bids"][0]["price"] == "NaN"


def test_a_moved_market_hits_a_stop_at_once(box: Box) -> None:
    box.call("/_control/market", {"symbol": "EUR_USD", "price": "1.10000"})
    opened = send(box, {**MARKET, "stopLossOnFill": {"price": "1.09000"}})
    box.call("/_control/market", {"symbol": "EUR_USD", "price": "1.08000"})
    rows: Any = box.call(f"{path_of(box)}/transactions/sinceid?id={opened['lastTransactionID']}")["transactions"]
    [fill] = [row for row in rows if row["type"] == "ORDER_FILL"]
    assert (fill["reason"], fill["units"]) == ("STOP_LOSS_ORDER", "-100")
    assert abs(float(fill["fullVWAP"]) - 1.08) < 0.0003


def test_a_halted_market_cancels_and_an_opened_one_fills(box: Box) -> None:
    box.call("/_control/market", {"symbol": "EUR_USD", "halted": True})
    assert send(box, MARKET)["orderCancelTransaction"]["reason"] == "MARKET_HALTED"
    box.call("/_control/market", {"symbol": "EUR_USD", "halted": False})
    assert "orderFillTransaction" in send(box, MARKET)


def test_time_that_is_advanced_expires_an_order(box: Box) -> None:
    now: Any = box.call("/_control/time")
    good_till = f"{now['now'][:11]}23:59:59.000000000Z"
    order: dict[str, JSON] = {
        "type": "LIMIT",
        "instrument": "EUR_USD",
        "units": "1",
        "price": "0.5",
        "gtdTime": good_till,
    }
    placed = send(box, {**order, "timeInForce": "GTD"})
    box.call("/_control/time", {"advance": "1d"})
    rows: Any = box.call(f"{path_of(box)}/transactions/sinceid?id={placed['lastTransactionID']}")["transactions"]
    assert "TIME_IN_FORCE_EXPIRED" in [row.get("reason") for row in rows]
