"""Settings that tighten the charter: they hold for every order, fit new accounts, and never stand in the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.harness import Desk

if TYPE_CHECKING:
    from pathlib import Path

PLACE = ("order", "place", "EUR_USD", "buy", "10000", "--stop-loss", "20p", "--take-profit", "2R")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(root=tmp_path)


def test_a_quality_threshold_above_the_charters_refuses_what_the_charter_lets_pass(desk: Desk) -> None:
    assert desk.run("config", "set", "quality_threshold", "95").code == 0
    answer = desk.run(*PLACE)
    assert (answer.code, "95 is asked" in answer.stderr) == (6, True)
    assert desk.run(*PLACE, "--quality", "96").code == 0


def test_a_threshold_of_the_environment_holds_too(desk: Desk) -> None:
    desk.environment["QUALITY_THRESHOLD"] = "95"
    assert desk.run(*PLACE).code == 6
    assert '"95"' in desk.run("charter", "show", "-o", "json").stdout


def test_a_shorter_hold_is_what_new_accounts_get_the_default_one_too(desk: Desk) -> None:
    assert desk.run("config", "set", "max_hold_min", "120").code == 0
    assert desk.run(*PLACE).code == 0
    assert desk.run("account", "create", "swing").code == 0
    for name in ("main", "swing"):
        assert "closed at the first price 2 h after opening" in desk.run("account", "show", name).stdout
    assert desk.run(*PLACE, "-a", "swing").code == 0


def test_an_account_that_holds_longer_is_refused_with_the_way_on(desk: Desk) -> None:
    assert desk.run(*PLACE).code == 0
    assert desk.run("config", "set", "max_hold_min", "120").code == 0
    answer = desk.run(*PLACE, "--key", "second")
    assert answer.code == 6
    assert "account main holds a position for 360 min, fixed when it was created; 120 min is the most" in answer.stderr
    assert "hint: rickctl account create NAME" in answer.stderr


def test_a_setting_can_be_moved_back_within_the_charter(desk: Desk) -> None:
    assert desk.run("config", "set", "quality_threshold", "95").code == 0
    assert desk.run("config", "set", "quality_threshold", "80").code == 0


def test_a_setting_that_cannot_stand_stops_entries_and_traps_nothing(desk: Desk) -> None:
    assert desk.run(*PLACE).code == 0
    limit = (
        "order",
        "place",
        "GBP_USD",
        "buy",
        "1000",
        "--limit",
        "1.138",
        "--stop-loss",
        "20p",
        "--take-profit",
        "2R",
    )
    assert desk.run(*limit).code == 0
    desk.environment["QUALITY_THRESHOLD"] = "much"
    assert desk.run(*PLACE, "--key", "second").code == 3
    assert desk.run("order", "modify", "1", "--stop-loss", "10p").code == 0
    assert desk.run("order", "cancel", "--all").code == 0
    assert desk.run("position", "close", "--all").code == 0
