"""A report of one account is told at that account's own instant, and what a trade paid to close is in its result."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.harness import Desk

if TYPE_CHECKING:
    from pathlib import Path

START = "2025-11-18T14:00:00Z"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(root=tmp_path)


@pytest.mark.parametrize("noun", ["pnl", "positions"])
def test_a_stepped_account_is_reported_at_its_own_instant(desk: Desk, noun: str) -> None:
    desk.run("account", "create", "steps", "--speed", "step", "--start", START)
    assert json.loads(desk.run(noun, "-a", "steps", "-o", "json").stdout)["as_of"] == START
    desk.run("account", "advance", "steps", "--by", "1h")
    assert json.loads(desk.run(noun, "-a", "steps", "-o", "json").stdout)["as_of"] == "2025-11-18T15:00:00Z"
    assert json.loads(desk.run(noun, "-a", "main", "-o", "json").stdout)["as_of"] == "2025-11-19T14:00:00Z"
    assert json.loads(desk.run(noun, "-o", "json").stdout)["as_of"] == "2025-11-19T14:00:00Z"


def explained(desk: Desk, order: str) -> str:
    return "\n".join(json.loads(desk.run("why", order, "-a", "fees", "-o", "json").stdout)["text"])


def test_the_fee_of_a_close_is_in_the_result_of_the_trade_it_closed(desk: Desk) -> None:
    desk.run("account", "create", "fees", "--commission", "5/order")
    exits = ("--stop-loss", "100p", "--take-profit", "2R")
    assert desk.run("order", "place", "EUR_USD", "buy", "10000", *exits, "-a", "fees").code == 0
    assert desk.run("position", "close", "EUR_USD", "--units", "4000", "-a", "fees").code == 0
    assert desk.run("position", "close", "EUR_USD", "-a", "fees").code == 0
    shown = json.loads(desk.run("order", "show", "1", "-a", "fees", "-o", "json").stdout)
    assert shown["fees"] == "5"
    # Its risk was 100 pips and the fees of both ways; it paid one way in and two out.
    result = (float(shown["realised"]) - 15) / (100 + 10)
    assert f"({result:.2f} R after fees)".replace("-", "−") in explained(desk, "1")


def test_a_close_over_two_trades_charges_each_its_share(desk: Desk) -> None:
    desk.run("account", "create", "fees", "--commission", "6/order")
    exits = ("--stop-loss", "100p", "--take-profit", "2R")
    for units in ("10000", "20000"):
        assert desk.run("order", "place", "EUR_USD", "buy", units, *exits, "-a", "fees").code == 0
        desk.clock.advance("2m")
    assert desk.run("position", "close", "EUR_USD", "-a", "fees").code == 0
    for order, risk, share in (("1", 100, 2), ("2", 200, 4)):
        shown = json.loads(desk.run("order", "show", order, "-a", "fees", "-o", "json").stdout)
        result = (float(shown["realised"]) - 6 - share) / (risk + 12)
        assert f"({result:.2f} R after fees)".replace("-", "−") in explained(desk, order)
