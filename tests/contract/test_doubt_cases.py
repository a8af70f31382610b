"""Answers of a venue that are odd, behind or lost, numbered on from 50: what they prove, and what they leave open."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.exchange import OandaGround
from tests.contract.ground import SYMBOL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXITS = ("--stop-loss", "20p", "--take-profit", "40p")
MARKET = {"type": "MARKET", "instrument": SYMBOL, "units": "500", "timeInForce": "FOK", "positionFill": "DEFAULT"}


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[OandaGround]:
    with OandaGround(tmp_path) as made:
        made.move("1.10000")
        yield made


def failed_order(ground: OandaGround, *words: str) -> dict[str, Any]:
    return ground.failure("order", "place", SYMBOL, "buy", "1000", *EXITS, *words)


# answers that are not what they should be


def answer_with(ground: OandaGround, operation: str, body: object, *, when: str = "before", status: int = 200) -> None:
    ground.fault(operation=operation, kind="refuse", when=when, status=status, times=1, body=json.dumps(body))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"orderCreateTransaction": {"id": "9", "time": "yesterday"}},
        {"orderCreateTransaction": {"id": None, "time": "2025-11-19T14:00:00Z"}},
        {"orderCreateTransaction": "9"},
    ],
    ids=["nothing", "no time", "no id", "no object"],
)
def test_50_an_order_that_was_taken_is_never_called_rejected(ground: OandaGround, body: object) -> None:
    answer_with(ground, "order.create", body, when="after", status=201)
    error = failed_order(ground)
    assert (error["exit_code"], error["code"]) == (7, "outcome_unknown")
    ground.data("order", "resolve")
    assert ground.show(error["order"])["state"] == "filled"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"changes": []},
        {"changes": {"transactions": [{"id": "700"}]}, "state": {"NAV": "1"}},
        {"changes": {"transactions": []}, "state": {}},
        {"changes": {"transactions": []}, "state": {"NAV": "1E+4000"}},
    ],
    ids=["nothing", "a list", "no type", "no worth", "beyond any account"],
)
def test_51_a_record_that_cannot_be_read_is_a_venue_that_failed(ground: OandaGround, body: object) -> None:
    ground.place("buy", "900", *EXITS)
    ground.place("buy", "600", *EXITS)
    answer_with(ground, "account.changes", body)
    error = failed_order(ground)
    assert (error["exit_code"], error["code"]) == (5, "bad_answer")
    assert Decimal(ground.positions()[0]["units"]) == 1500


@pytest.mark.parametrize("body", [{}, {"account": {}}, {"account": {"currency": "USD", "orders": None}}])
def test_52_an_account_that_cannot_be_read_is_a_venue_that_failed(ground: OandaGround, body: object) -> None:
    answer_with(ground, "account.get", body)
    error = failed_order(ground)
    assert (error["exit_code"], error["code"]) == (5, "bad_answer")


@pytest.mark.parametrize(
    ("operation", "body", "words"),
    [
        ("position.get", {}, ("position", "close", SYMBOL)),
        ("trade.list", {"trades": [3]}, ("position", "close", "--trade", "1")),
        ("order.list", {"orders": [3]}, ("order", "modify", "1", "--stop-loss", "1.09850")),
    ],
)
def test_53_what_could_not_be_asked_first_was_not_sent_and_holds_nothing(
    ground: OandaGround, operation: str, body: object, words: tuple[str, ...]
) -> None:
    ground.place("buy", "1000", *EXITS)
    answer_with(ground, operation, body)
    error = ground.failure(*words)
    assert error["exit_code"] in {4, 5}
    assert ground.requests("PUT") == []
    assert ground.run("order", "resolve").code == 0


def test_54_an_answer_from_behind_counts_nothing_twice(ground: OandaGround) -> None:
    for units in ("1000", "500"):
        ground.place("buy", units, *EXITS)
    answer_with(
        ground,
        "account.changes",
        {"changes": {"transactions": []}, "state": {"NAV": "100000"}, "lastTransactionID": "2"},
    )
    number = ground.place("buy", "200", "--limit", "1.09000", *EXITS)["order"]
    assert Decimal(ground.positions()[0]["units"]) == 1500
    ground.data("order", "cancel", str(number))
    ground.place("sell", "300", *EXITS)
    assert Decimal(ground.positions()[0]["units"]) == 1200
    assert Decimal(ground.data("pnl")["accounts"][0]["balance"]) == ground.venue_balance()


def test_55_what_an_answer_leaves_out_is_still_to_be_told(ground: OandaGround) -> None:
    for units in ("1000", "500"):
        ground.place("buy", units, *EXITS)
    ground.by_others(MARKET)
    answer_with(
        ground,
        "account.changes",
        {"changes": {"transactions": []}, "state": {"NAV": "100000"}, "lastTransactionID": "14"},
    )
    ground.place("buy", "200", "--limit", "1.09000", *EXITS)
    assert Decimal(ground.positions()[0]["units"]) == 2000


def test_56_the_exits_of_a_trade_of_long_ago_are_moved(ground: OandaGround) -> None:
    number = ground.place("buy", "1000", *EXITS)["order"]
    for count in range(500):
        ground.by_others({**MARKET, "instrument": "GBP_USD", "units": "-1" if count % 2 else "1"})
    assert ground.data("order", "modify", str(number), "--stop-loss", "1.09850")["stop_loss"] == "1.09850"


# the venue goes away in the middle


@pytest.mark.parametrize(
    ("words", "heard"),
    [
        (("order", "place", SYMBOL, "buy", "700", *EXITS), 2),
        (("order", "cancel", "2"), 1),
        (("order", "modify", "1", "--stop-loss", "1.09850"), 2),
        (("position", "close", SYMBOL), 3),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else "",
)
def test_57_what_was_taken_is_never_called_unsent(ground: OandaGround, words: tuple[str, ...], heard: int) -> None:
    ground.place("buy", "1000", *EXITS)
    ground.place("buy", "500", "--limit", "1.09000", *EXITS)
    before = len(ground.requests("POST") + ground.requests("PUT"))
    ground.fault(operation="account.changes", kind="drop", after=heard)
    error = ground.failure(*words)
    assert len(ground.requests("POST") + ground.requests("PUT")) == before + 1
    assert (error["exit_code"], error["code"], error["retryable"]) == (7, "outcome_unknown", False)
    assert ground.run("order", "show", str(error["order"])).code in {0, 2}


def test_58_a_kill_that_cannot_be_finished_traps_no_position(ground: OandaGround) -> None:
    ground.place("buy", "1000", *EXITS)
    number = ground.place("buy", "500", "--limit", "1.09000", *EXITS)["order"]
    ground.fault(operation="order.cancel", kind="refuse", status=503)
    ground.desk.run("kill")
    assert ground.refusal("buy", "700", *EXITS)["code"] == "kill_latch"
    ground.data("position", "close", SYMBOL)
    assert ground.positions() == []
    assert ground.failure("order", "resolve")["exit_code"] == 7
    assert ground.show(number)["state"] == "working"


def test_59_an_outcome_that_cannot_be_asked_for_traps_no_position(ground: OandaGround) -> None:
    ground.place("buy", "1000", *EXITS)
    ground.fault(operation="order.create", kind="drop", times=1)
    failed_order(ground, "--limit", "1.09000")
    ground.fault(operation="order.list", kind="refuse", status=503)
    ground.data("position", "close", SYMBOL)
    assert ground.positions() == []


@pytest.mark.parametrize("ahead", ["-1h", "+90s", "+1h"])
def test_60_a_clock_that_disagrees_traps_no_position(ground: OandaGround, ahead: str) -> None:
    ground.fault(kind="skew", by=ahead)
    order = ground.place("buy", "1000", *EXITS)
    assert Decimal(ground.positions()[0]["units"]) == 1000
    ground.data("order", "modify", str(order["order"]), "--stop-loss", "1.09850")
    ground.data("position", "close", SYMBOL)
    assert ground.positions() == []


# changes whose answer is lost


def lose(ground: OandaGround, operation: str, when: str, *words: str) -> int:
    """A change that is sent and never answered; its own number."""
    ground.fault(operation=operation, kind="drop", when=when, times=1)
    error = ground.failure(*words)
    assert error["exit_code"] == 7
    number: int = error["order"]
    return number


def resolved(ground: OandaGround) -> dict[int, str]:
    """What became of what was unknown; all of it is known then."""
    return {row["order"]: row["after"] for row in ground.data("order", "resolve")}


@pytest.mark.parametrize(("when", "after"), [("before", "abandoned"), ("after", "accepted")])
def test_61_a_cancel_is_settled_at_last_by_how_its_order_ended(ground: OandaGround, when: str, after: str) -> None:
    order = ground.place("buy", "1000", "--limit", "1.09900", *EXITS)["order"]
    number = lose(ground, "order.cancel", when, "order", "cancel", str(order))
    if when == "before":
        assert ground.run("order", "resolve").code == 7
    ground.move("1.09890")
    assert resolved(ground) == {number: after}
    assert ground.show(order)["state"] == ("filled" if when == "before" else "cancelled")
    assert ground.place("buy", "700", *EXITS)["state"] == "filled"


@pytest.mark.parametrize(("when", "after"), [("before", "abandoned"), ("after", "accepted")])
def test_62_new_terms_are_settled_when_the_order_has_filled(ground: OandaGround, when: str, after: str) -> None:
    order = ground.place("buy", "1000", "--limit", "1.09800", *EXITS)["order"]
    number = lose(ground, "order.replace", when, "order", "modify", str(order), "--price", "1.09850")
    ground.move("1.09790")
    assert resolved(ground) == {number: after}


@pytest.mark.parametrize(("when", "after"), [("before", "abandoned"), ("after", "accepted")])
def test_63_new_exits_are_settled_when_the_trade_has_closed(ground: OandaGround, when: str, after: str) -> None:
    order = ground.place("buy", "1000", *EXITS)["order"]
    number = lose(ground, "trade.orders", when, "order", "modify", str(order), "--stop-loss", "1.09850")
    if when == "before":
        assert ground.run("order", "resolve").code == 7
    ground.move("1.09700", side="bid")
    assert resolved(ground) == {number: after}


@pytest.mark.parametrize("units", [(), ("--units", "400")])
def test_64_a_close_without_a_client_id_is_found_in_the_record(ground: OandaGround, units: tuple[str, ...]) -> None:
    order = ground.place("buy", "1000", *EXITS)["order"]
    number = lose(ground, "trade.close", "after", "position", "close", "--trade", str(order), *units)
    if units:
        assert ground.run("order", "resolve").code == 7
        ground.data("position", "close", "--trade", str(order))
    assert resolved(ground) == {number: "accepted"}
    assert ground.show(number)["state"] == "filled"
    assert ground.positions() == []
    assert ground.place("buy", "700", *EXITS)["state"] == "filled"


@pytest.mark.parametrize("how", ["by its stop", "by another close"])
def test_65_a_close_that_never_arrived_is_not_taken_for_another(ground: OandaGround, how: str) -> None:
    order = ground.place("buy", "1000", *EXITS)["order"]
    number = lose(ground, "trade.close", "before", "position", "close", "--trade", str(order))
    assert ground.run("order", "resolve").code == 7
    if how == "by its stop":
        ground.move("1.09700", side="bid")
    else:
        ground.data("position", "close", "--trade", str(order))
    assert resolved(ground) == {number: "abandoned"}


def test_66_a_close_of_a_whole_symbol_is_found_by_its_client_id(ground: OandaGround) -> None:
    ground.place("buy", "1000", *EXITS)
    number = lose(ground, "position.close", "after", "position", "close", SYMBOL)
    assert resolved(ground) == {number: "accepted"}
    assert ground.show(number)["state"] == "filled"


def test_67_the_close_of_somebody_elses_trade_is_settled_too(ground: OandaGround) -> None:
    ground.by_others(MARKET)
    trade = ground.positions()[0]["trades"][0]["trade"]
    number = lose(ground, "trade.close", "after", "position", "close", "--trade", str(trade))
    assert resolved(ground) == {number: "accepted"}


def test_68_a_record_from_behind_settles_nothing(ground: OandaGround) -> None:
    ground.place("buy", "500", *EXITS)
    order = ground.place("buy", "1000", "--limit", "1.09900", *EXITS)["order"]
    lose(ground, "order.cancel", "before", "order", "cancel", str(order))
    ground.fault(
        operation="account.changes",
        kind="refuse",
        status=200,
        body=json.dumps({"changes": {"transactions": []}, "state": {"NAV": "1"}, "lastTransactionID": "1"}),
    )
    assert ground.run("order", "resolve").code == 7


def test_69_an_account_that_starts_over_counts_what_it_has_once(ground: OandaGround) -> None:
    first = ground.place("buy", "1000", *EXITS)
    ground.place("buy", "500", *EXITS)
    strange = {"id": "900", "type": "ORDER_FILL", "time": "2025-11-19T14:00:01Z", "orderID": "899"}
    strange |= {"reason": "MARKET_ORDER", "instrument": SYMBOL, "units": "1", "accountBalance": "1"}
    answer_with(ground, "account.changes", {"changes": {"transactions": [strange]}, "state": {"NAV": "1"}})
    ground.place("buy", "200", "--limit", "1.09000", *EXITS)
    again = ground.show(first["order"])
    assert [again[name] for name in ("filled_units", "open_units", "average_price", "stop_loss")] == [
        first[name] for name in ("filled_units", "open_units", "average_price", "stop_loss")
    ]
    assert Decimal(ground.positions()[0]["units"]) == 1500
    ground.data("position", "close", SYMBOL)
    assert Decimal(ground.data("pnl")["accounts"][0]["balance"]) == ground.venue_balance()
    assert json.loads(ground.run("journal", "verify", "-o", "json").stdout)["findings"] == []
