"""What every broker must do, numbered: one file of cases, run through the command line on each broker there is.

What a broker cannot do it says in its capabilities, and the case checks the refusal instead.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from tests.contract.exchange import GROUNDS
from tests.contract.ground import SYMBOL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.contract.ground import Ground

EXITS = ("--stop-loss", "20p", "--take-profit", "40p")
PIP = Decimal("0.0001")


@pytest.fixture(params=GROUNDS, ids=lambda kind: kind.name)
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ground]:
    with request.param(tmp_path) as made:
        made.move("1.10000")
        yield made


# entries


@pytest.mark.parametrize(("side", "sign"), [("buy", 1), ("sell", -1)])
def test_01_a_market_order_fills_at_the_touch_with_both_exits_around_it(ground: Ground, side: str, sign: int) -> None:
    bid, ask = ground.touch()
    order = ground.place(side, "1000", *EXITS)
    price = ask if sign > 0 else bid
    assert (order["state"], Decimal(order["average_price"])) == ("filled", price)
    assert Decimal(order["filled_units"]) == 1000
    assert Decimal(order["stop_loss"]) == price - sign * 20 * PIP
    assert Decimal(order["take_profit"]) == price + sign * 40 * PIP
    [position] = ground.positions()
    assert (Decimal(position["units"]), Decimal(position["average_price"])) == (Decimal(sign * 1000), price)
    assert (position["stop_loss"], position["take_profit"]) == (order["stop_loss"], order["take_profit"])
    assert Decimal(position["current_price"]) == (bid if sign > 0 else ask)


@pytest.mark.parametrize(("side", "far", "near"), [("buy", "1.09900", "1.09890"), ("sell", "1.10100", "1.10110")])
def test_02_a_limit_order_rests_and_fills_at_its_price_or_better(
    ground: Ground, side: str, far: str, near: str
) -> None:
    order = ground.place(side, "1000", "--limit", far, *EXITS)
    assert (order["state"], order["filled_units"]) == ("working", "0")
    assert [row["order"] for row in ground.orders("--state", "working")] == [order["order"]]
    ground.move(near)
    filled = ground.show(order["order"])
    better = Decimal(far) - Decimal(filled["average_price"])
    assert filled["state"] == "filled"
    assert better >= 0 if side == "buy" else better <= 0
    assert ground.orders("--state", "working") == []


@pytest.mark.parametrize(("side", "far", "near"), [("buy", "1.10100", "1.10120"), ("sell", "1.09900", "1.09880")])
def test_03_a_stop_entry_fills_when_it_is_reached_at_its_price_or_worse(
    ground: Ground, side: str, far: str, near: str
) -> None:
    order = ground.place(side, "1000", "--stop-entry", far, *EXITS)
    assert order["state"] == "working"
    ground.move(near)
    filled = ground.show(order["order"])
    worse = Decimal(filled["average_price"]) - Decimal(far)
    assert filled["state"] == "filled"
    assert worse >= 0 if side == "buy" else worse <= 0


def test_04_a_limit_that_can_fill_at_once_does(ground: Ground) -> None:
    _, ask = ground.touch()
    order = ground.place("buy", "1000", "--limit", str(ask + 5 * PIP), *EXITS)
    assert (order["state"], Decimal(order["average_price"])) == ("filled", ask)


# exits


@pytest.mark.parametrize("side", ["buy", "sell"])
@pytest.mark.parametrize(("leg", "pips"), [("stop_loss", -21), ("take_profit", 41)])
def test_05_an_exit_that_is_hit_closes_the_trade_and_its_sibling_is_gone(
    ground: Ground, side: str, leg: str, pips: int
) -> None:
    order = ground.place(side, "1000", *EXITS)
    sign = 1 if side == "buy" else -1
    price = Decimal(order["average_price"]) + sign * pips * PIP
    ground.move(str(price), side="bid" if sign > 0 else "ask")
    closed = ground.show(order["order"])
    assert (closed["closed_by"], Decimal(closed["open_units"])) == (leg, Decimal(0))
    assert (Decimal(closed["realised"]) > 0) is (leg == "take_profit")
    assert (ground.positions(), ground.orders("--state", "working")) == ([], [])
    ground.move(str(price - sign * 2 * pips * PIP))
    assert ground.show(order["order"])["realised"] == closed["realised"]


def test_06_a_stop_that_is_gapped_over_fills_at_the_gap(ground: Ground) -> None:
    order = ground.place("buy", "1000", *EXITS)
    ground.move("1.09000", side="bid")
    closed = ground.show(order["order"])
    lost = (Decimal("1.09000") - Decimal(order["average_price"])) * 1000
    assert (closed["closed_by"], Decimal(closed["realised"])) == ("stop_loss", lost)


def test_07_a_trailing_stop_follows_and_closes(ground: Ground) -> None:
    if not ground.capabilities()["trails_stops"]:
        assert ground.refusal("buy", "1000", *EXITS, "--trailing", "10p")["code"] == "not_offered"
        return
    order = ground.place("buy", "1000", *EXITS, "--trailing", "10p")
    ground.move("1.10200")
    ground.advance("2m")
    [position] = ground.positions()
    assert Decimal(position["stop_loss"]) > Decimal(order["stop_loss"])
    ground.move("1.10050")
    assert ground.show(order["order"])["closed_by"] == "trailing_stop"


# ends of an order


def test_08_a_working_order_is_cancelled_once_and_cancelling_it_again_is_done(ground: Ground) -> None:
    number = ground.place("buy", "1000", "--limit", "1.09000", *EXITS)["order"]
    for _ in range(2):
        [cancelled] = ground.data("order", "cancel", str(number))
        assert (cancelled["state"], cancelled["reason"]) == ("cancelled", "client")
    ground.move("1.08990")
    assert ground.positions() == []


def test_09_what_is_filled_cannot_be_cancelled(ground: Ground) -> None:
    number = ground.place("buy", "1000", *EXITS)["order"]
    error = ground.failure("order", "cancel", str(number))
    assert (error["exit_code"], error["code"]) == (4, "already_filled")
    assert len(ground.positions()) == 1


def test_10_an_order_that_fills_while_it_is_cancelled_is_filled(ground: Ground) -> None:
    number = ground.place("buy", "1000", "--limit", "1.09900", *EXITS)["order"]
    ground.move("1.09890", show=False)
    error = ground.failure("order", "cancel", str(number))
    assert (error["exit_code"], error["code"]) == (4, "already_filled")
    assert ground.show(number)["state"] == "filled"


def test_11_an_order_expires_at_its_instant(ground: Ground) -> None:
    number = ground.place("buy", "1000", "--limit", "1.09000", "--ttl", "30m", *EXITS)["order"]
    ground.advance("29m")
    assert ground.show(number)["state"] == "working"
    ground.advance("2m")
    assert ground.show(number)["state"] == "expired"
    ground.move("1.08990")
    assert ground.positions() == []


def test_12_every_working_order_is_cancelled_at_once(ground: Ground) -> None:
    for away in ("1.09000", "1.09100"):
        ground.place("buy", "1000", "--limit", away, *EXITS)
    held = ground.place("buy", "2000", *EXITS)["order"]
    cancelled = ground.data("order", "cancel", "--all")
    assert [row["state"] for row in cancelled] == ["cancelled", "cancelled"]
    assert Decimal(ground.show(held)["open_units"]) == 2000


# changes


def test_13_a_working_order_is_moved_and_keeps_its_number_and_its_exits(ground: Ground) -> None:
    number = ground.place("buy", "1000", "--limit", "1.09000", *EXITS)["order"]
    changed = ground.data("order", "modify", str(number), "--price", "1.09100", "--stop-loss", "1.08950")
    assert (changed["order"], changed["price"], changed["stop_loss"]) == (number, "1.09100", "1.08950")
    ground.move("1.09080")
    filled = ground.show(number)
    assert (filled["state"], filled["stop_loss"]) == ("filled", "1.08950")
    assert Decimal(filled["take_profit"]) == Decimal("1.09400")


def test_14_the_exits_of_an_open_trade_are_moved(ground: Ground) -> None:
    order = ground.place("buy", "1000", *EXITS)
    changed = ground.data("order", "modify", str(order["order"]), "--stop-loss", "1.09900")
    assert (changed["stop_loss"], changed["take_profit"]) == ("1.09900", order["take_profit"])
    ground.move("1.09890", side="bid")
    assert ground.show(order["order"])["closed_by"] == "stop_loss"


def test_15_a_change_of_what_has_ended_is_refused(ground: Ground) -> None:
    number = ground.place("buy", "1000", "--limit", "1.09000", *EXITS)["order"]
    ground.data("order", "cancel", str(number))
    error = ground.failure("order", "modify", str(number), "--price", "1.09500")
    assert (error["exit_code"], error["code"]) == (4, "not_working")


# closing


def test_16_part_of_a_position_is_closed_and_then_the_rest(ground: Ground) -> None:
    order = ground.place("buy", "1000", *EXITS)
    ground.data("position", "close", SYMBOL, "--units", "400")
    [position] = ground.positions()
    assert Decimal(position["units"]) == 600
    ground.data("position", "close", SYMBOL)
    assert ground.positions() == []
    closed = ground.show(order["order"])
    assert (closed["closed_by"], Decimal(closed["open_units"])) == ("close", Decimal(0))


def test_17_one_trade_of_two_is_closed_by_its_number(ground: Ground) -> None:
    first = ground.place("buy", "1000", *EXITS)["order"]
    ground.advance("1s")
    second = ground.place("buy", "2000", *EXITS)["order"]
    [closing] = ground.data("position", "close", "--trade", str(second))
    assert closing["state"] == "filled"
    assert (ground.show(second)["closed_by"], ground.show(first)["closed_by"]) == ("close", None)
    assert [trade["trade"] for trade in ground.positions()[0]["trades"]] == [first]


def test_18_closing_what_is_not_open_is_a_no(ground: Ground) -> None:
    error = ground.failure("position", "close", SYMBOL)
    assert (error["exit_code"], error["code"]) == (4, "nothing_to_close")


def test_19_an_opposite_order_reduces_first(ground: Ground) -> None:
    first = ground.place("buy", "1000", *EXITS)["order"]
    ground.place("sell", "1500", *EXITS)
    [position] = ground.positions()
    assert Decimal(position["units"]) == -500
    assert Decimal(ground.show(first)["open_units"]) == 0


# refusals


def test_20_a_closed_market_takes_no_order(ground: Ground) -> None:
    ground.halt()
    error = ground.refusal("buy", "1000", *EXITS)
    assert error["code"] == "market_closed"
    ground.reopen()
    assert ground.place("buy", "1000", *EXITS)["state"] == "filled"


def test_21_a_naked_entry_never_leaves(ground: Ground) -> None:
    error = ground.refusal("buy", "1000")
    assert error["code"] == "naked_entry"
    assert ground.orders("--state", "working") == ground.positions() == []


def test_22_units_and_prices_off_the_grid_are_wrong_words(ground: Ground) -> None:
    for words in (("0.5", *EXITS), ("1000", "--limit", "1.0900001", *EXITS)):
        assert ground.failure("order", "place", SYMBOL, "buy", *words)["exit_code"] == 2


# the same thing twice, and what became of it


def test_23_the_same_key_is_the_same_order(ground: Ground) -> None:
    words = ("buy", "1000", *EXITS, "--key", "job-1")
    first, again = ground.place(*words), ground.place(*words)
    assert (first["order"], first["state"]) == (again["order"], again["state"])
    assert Decimal(ground.positions()[0]["units"]) == 1000


def test_24_the_books_agree_after_a_day_of_trades(ground: Ground) -> None:
    for number, (side, to) in enumerate([("buy", "1.10500"), ("sell", "1.10000"), ("buy", "1.09500")]):
        ground.place(side, str(1000 + number), *EXITS)
        ground.move(to)
    report = ground.data("pnl")
    [account] = report["accounts"]
    realised = sum((Decimal(row["realised"]) for row in ground.orders("--state", "filled")), Decimal(0))
    assert Decimal(account["balance"]) == Decimal(account["start"]) + Decimal(account["realised"])
    assert (Decimal(account["realised"]), Decimal(account["fees"])) == (realised, Decimal(0))
    assert ground.venue_balance() == Decimal(account["balance"])


def test_25_what_happened_is_told_offline(ground: Ground) -> None:
    number = ground.place("buy", "1000", *EXITS)["order"]
    ground.move("1.09700")
    ground.positions()
    text = ground.run("why", str(number)).stdout
    assert "stop" in text
    assert f"order {number} " in text


def test_26_reads_write_nothing_and_writes_leave_a_clean_journal(ground: Ground) -> None:
    ground.place("buy", "1000", *EXITS)
    before = ground.journal_length()
    ground.move("1.10300")
    ground.positions()
    ground.data("pnl")
    ground.orders()
    assert ground.journal_length() == before
    ground.data("order", "resolve")
    assert json.loads(ground.run("journal", "verify", "-o", "json").stdout)["findings"] == []
