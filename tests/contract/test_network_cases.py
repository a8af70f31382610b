"""What only a broker behind a network can do to an order, numbered on from 30: real sockets, real faults.

Nothing here is ever sent twice: each case counts the orders the venue has.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.exchange import ACCOUNT, OandaGround
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


# the venue says no


@pytest.mark.parametrize("reason", ["INSUFFICIENT_MARGIN", "INSTRUMENT_NOT_TRADEABLE", "A_REASON_OF_TOMORROW"])
def test_30_a_refusal_is_told_in_the_venues_own_word(ground: OandaGround, reason: str) -> None:
    ground.fault(operation="order.create", kind="reject", reason=reason)
    error = failed_order(ground)
    assert (error["exit_code"], error["category"], error["venue_code"]) == (4, "rejected", reason)
    assert ground.show(error["order"])["state"] == "rejected"
    assert ground.positions() == []


def test_31_an_order_that_was_taken_and_cancelled_at_once_is_a_no(ground: OandaGround) -> None:
    ground.fault(operation="order.create", kind="cancel", reason="BOUNDS_VIOLATION")
    error = failed_order(ground)
    assert (error["exit_code"], error["code"]) == (4, "price_bound")
    assert ground.positions() == []


def test_32_what_is_filled_in_part_is_counted_in_part_and_its_exits_fit(ground: OandaGround) -> None:
    ground.fault(operation="order.create", kind="partial", fraction="0.4", times=1)
    number = ground.place("buy", "1000", "--limit", "1.09900", *EXITS)["order"]
    ground.move("1.09890")
    ground.advance("1m")
    order = ground.show(number)
    fills = [event for event in ground.data("order", "history", str(number)) if event["event"] == "order_filled"]
    assert [Decimal(fill["detail"]["units"]) for fill in fills] == [400, 600]
    assert (order["state"], Decimal(order["filled_units"])) == ("filled", Decimal(1000))
    [position] = ground.positions()
    assert Decimal(position["units"]) == 1000
    ground.move("1.09600", side="bid")
    assert ground.positions() == []
    assert ground.venue_balance() == Decimal(ground.data("pnl")["accounts"][0]["balance"])


# the network


def test_33_an_answer_that_is_lost_is_unknown_until_the_record_tells(ground: OandaGround) -> None:
    ground.fault(operation="order.create", kind="drop", when="after", times=1)
    error = failed_order(ground)
    assert (error["exit_code"], error["code"]) == (7, "outcome_unknown")
    [resolved] = ground.data("order", "resolve")
    assert (resolved["before"], resolved["after"]) == ("unknown", "accepted")
    assert ground.show(error["order"])["state"] == "filled"
    assert Decimal(ground.positions()[0]["units"]) == 1000


def test_34_what_never_reached_the_venue_stays_unknown_and_is_not_sent_again(ground: OandaGround) -> None:
    ground.fault(operation="order.create", kind="drop", when="before", times=1)
    error = failed_order(ground)
    assert error["exit_code"] == 7
    resolved = ground.run("order", "resolve")
    assert (resolved.code, "nothing more is known" in resolved.stdout) == (7, True)
    assert ground.show(error["order"])["state"] == "unknown"
    assert ground.refusal("buy", "500", *EXITS)["code"] == "instrument_held"
    assert ground.positions() == []
    assert len([path for path in ground.requests("POST") if path.endswith("/orders")]) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "refuse", "status": 502, "when": "after"},
        {"kind": "refuse", "status": 429},
        {"kind": "html", "when": "after"},
        {"kind": "truncate"},
        {"kind": "status", "status": 503},
        {"kind": "drop", "when": "after", "how": "rst"},
    ],
    ids=lambda fault: str(fault["kind"]),
)
def test_35_no_answer_that_can_be_read_is_no_refusal(ground: OandaGround, fault: dict[str, Any]) -> None:
    ground.fault(operation="order.create", times=1, **fault)
    error = failed_order(ground)
    assert error["exit_code"] == 7
    assert len([path for path in ground.requests("POST") if path.endswith("/orders")]) == 1


def test_36_created_under_another_status_is_created(ground: OandaGround) -> None:
    ground.fault(operation="order.create", kind="status", status=200, times=1)
    assert ground.place("buy", "1000", *EXITS)["state"] == "filled"


@pytest.mark.parametrize("operation", ["account.changes", "pricing.get"])
def test_37_a_venue_that_fails_to_tell_takes_no_order(ground: OandaGround, operation: str) -> None:
    ground.place("buy", "2000", *EXITS)
    ground.fault(operation=operation, kind="refuse", status=503)
    error = failed_order(ground)
    assert (error["exit_code"], error["category"]) == (5, "unreachable")
    report = ground.run("positions", "-o", "json")
    assert (report.code, '"failed": [{' in report.stdout) == (9, True)
    assert len([path for path in ground.requests("POST") if path.endswith("/orders")]) == 1


def test_38_a_read_outlives_one_bad_answer(ground: OandaGround) -> None:
    ground.fault(operation="pricing.get", kind="drop", times=1)
    assert ground.touch()[0] > 0


def test_39_a_token_that_is_not_accepted_is_our_set_up_and_no_doubt(ground: OandaGround) -> None:
    ground.place("buy", "500", *EXITS)
    ground.desk.environment["OANDA_PRACTICE_TOKEN"] = "f" * 32 + "-" + "0" * 32
    error = failed_order(ground)
    assert (error["exit_code"], error["code"]) == (3, "bad_token")
    assert "ffff" not in error["message"]


# other people


def test_40_orders_of_others_are_shown_and_never_touched(ground: OandaGround) -> None:
    ground.place("buy", "1000", *EXITS)
    ground.by_others(MARKET)
    ground.by_others({**MARKET, "type": "LIMIT", "price": "1.05000", "timeInForce": "GTC"})
    [position] = ground.positions()
    assert Decimal(position["units"]) == 1500
    assert [trade["external"] for trade in position["trades"]] == [False, True]
    assert ground.data("order", "cancel", "--all") == []
    assert len(ground.exchange.pending_orders(ACCOUNT)) == 1 + 2


def test_41_an_account_that_is_met_in_the_middle_is_known_whole(ground: OandaGround) -> None:
    ground.by_others({**MARKET, "stopLossOnFill": {"price": "1.09000"}, "takeProfitOnFill": {"price": "1.12000"}})
    [position] = ground.positions()
    assert (position["units"], position["stop_loss"], position["take_profit"]) == ("500", "1.09000", "1.12000")
    ground.move("1.12010", side="bid")
    assert ground.positions() == []


def test_42_another_installation_meets_our_trades_as_somebody_elses(ground: OandaGround, tmp_path: Path) -> None:
    ground.place("buy", "1000", *EXITS)
    ground.desk.root = tmp_path / "other"
    [position] = ground.positions()
    assert position["trades"][0]["external"] is True


def test_43_a_position_of_anybody_can_be_closed_by_its_owner(ground: OandaGround) -> None:
    ground.by_others(MARKET)
    trade = ground.positions()[0]["trades"][0]["trade"]
    ground.data("position", "close", "--trade", str(trade))
    assert ground.positions() == []


def test_44_the_books_follow_the_venue_over_money_that_moved(ground: OandaGround) -> None:
    ground.place("buy", "1000", *EXITS)
    ground.advance("26h")
    ground.positions()
    report = ground.data("pnl")["accounts"][0]
    assert Decimal(report["balance"]) == ground.venue_balance()


def test_45_what_became_of_an_order_is_told_while_the_venue_is_away(ground: OandaGround) -> None:
    number = ground.place("buy", "1000", *EXITS)["order"]
    ground.fault(operation="account.changes", kind="drop")
    for words in (("order", "show", str(number)), ("order", "list"), ("order", "history", str(number)), ("why", "1")):
        answer = ground.run(*words)
        assert (answer.code, answer.stderr.count("is shown as last written")) == (0, 1), words
    assert ground.run("positions").code == 9
    assert ground.failure("order", "cancel", "--all")["exit_code"] == 5
