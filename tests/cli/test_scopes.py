"""Which account a command works on: named whole, named short, or left to the environment; LIVE only named whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.exchange import ACCOUNT, OandaGround

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.harness import Desk


@pytest.mark.parametrize("known_by", ["environment", "login"])
def test_the_account_of_the_last_login_may_be_left_out(tmp_path: Path, known_by: str) -> None:
    with OandaGround(tmp_path) as ground:
        if known_by == "environment":
            ground.desk.environment["OANDA_PRACTICE_ACCOUNT_ID"] = ACCOUNT
        else:
            token = tmp_path / "token"
            token.write_text(ground.desk.environment["OANDA_PRACTICE_TOKEN"], encoding="utf-8")
            token.chmod(0o600)
            words = ("--mode", "practice", "--token-file", str(token), "--insecure-file", str(tmp_path / "kept"))
            assert ground.desk.run("login", "oanda", *words).code == 0
        ground.account = "practice:oanda"
        [row] = ground.data("quote", "EUR_USD")
        assert (row["mode"], row["broker"], row["account"]) == ("practice", "oanda", ACCOUNT)


@pytest.mark.parametrize("named", ["live:oanda", "paper:paper", "practice:oanda:", ":oanda", "practice:"])
def test_nothing_else_may_be_left_out(desk: Desk, named: str) -> None:
    answer = desk.run("quote", "EUR_USD", "--account", named)
    assert (answer.code, answer.stdout) == (2, "")


def test_an_account_nobody_logged_in_to_is_not_guessed(desk: Desk) -> None:
    answer = desk.run("quote", "EUR_USD", "--account", "practice:oanda")
    assert answer.code == 2
    assert "rickctl login oanda --mode practice" in answer.stderr


def test_the_environment_may_not_name_a_live_account(desk: Desk) -> None:
    desk.environment["RICKCTL_ACCOUNT"] = "live:oanda:001-001-1234567-001"
    answer = desk.run("quote", "EUR_USD")
    assert answer.code == 2
    assert "LIVE is named on the command line only" in answer.stderr
