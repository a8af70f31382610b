"""Typing a token: nothing of it appears on the screen, and Ctrl-C leaves nothing behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from rickctl.adapters.oanda.hosts import Hosts, loopback_host
from rickctl.adapters.oanda.probe import OandaProbe
from rickctl.domain.scope import Mode
from tests.cli.harness import ROOT
from tests.cli.terminal import Terminal
from tests.contract.exchange import ACCOUNT, TOKEN, OandaGround
from tests.credentials.canary_kit import teller
from tests.credentials.kit import Machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

QUESTION = "Token of oanda practice (not shown): "


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[OandaGround]:
    """The exchange, and a desk without a token whose processes reach it."""
    (tmp_path / "desk").mkdir()
    with OandaGround(tmp_path / "desk") as opened:
        del opened.desk.environment["OANDA_PRACTICE_TOKEN"]
        yield opened


def login(ground: OandaGround, *argv: str) -> list[str]:
    file = str(ground.desk.root / "tokens")
    return ["login", "oanda", "--mode", "practice", "--insecure-file", file, *argv]


def processes(ground: OandaGround) -> dict[str, str]:
    """Variables of a process: the exchange's clock stands still, so its answers are old to a real one."""
    return ground.desk.variables()


def test_a_typed_token_is_not_shown(ground: OandaGround) -> None:
    with Terminal(login(ground, "--dry-run"), processes(ground)) as terminal:
        terminal.read_until(QUESTION)
        terminal.type(TOKEN + "\n")
        code = terminal.finish()
    assert TOKEN[:8] not in terminal.shown
    assert "clock" in terminal.shown
    assert code == 3


def test_an_interrupted_login_leaves_nothing(ground: OandaGround) -> None:
    with Terminal(login(ground), processes(ground)) as terminal:
        terminal.read_until(QUESTION)
        terminal.type(TOKEN[:20] + "\x03")
        assert terminal.finish() == 130
    assert TOKEN[:8] not in terminal.shown
    assert not (ground.desk.root / "tokens").exists()


def test_a_token_from_a_pipe_goes_the_whole_way_to_the_exchange(ground: OandaGround) -> None:
    words = login(ground, "--token-stdin", "-o", "json", "--dry-run")
    done = subprocess.run(
        [sys.executable, "-m", "rickctl", *words],
        cwd=ROOT,
        env={"PATH": os.environ.get("PATH", ""), **processes(ground)},
        input=f"{TOKEN}\n",
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, json.loads(done.stderr)["code"]) == (3, "clock_skew")
    assert ground.requests("GET") == ["/v3/accounts"]


def test_the_exchange_vouches_for_a_token_and_names_its_account(ground: OandaGround) -> None:
    given = ground.desk.root / "given"
    given.write_text(TOKEN, encoding="utf-8")
    given.chmod(0o600)
    answer = ground.desk.run(*login(ground, "--token-file", str(given), "-o", "json"))
    assert answer.code == 0, answer.stderr
    shown = json.loads(answer.stdout)
    assert (shown["account"], shown["permissions"], shown["skew_ms"]) == ("101-***-001", ["read"], 0)
    [practice, _] = json.loads(ground.desk.run("whoami", "--check", "-o", "json").stdout)
    assert (practice["source"], practice["answers"]) == ("file", True)
    assert ground.desk.run("quote", "EUR_USD", "--account", f"practice:oanda:{ACCOUNT}").code == 0


def test_the_exchange_refuses_a_token_it_does_not_know(ground: OandaGround) -> None:
    given = ground.desk.root / "given"
    given.write_text(TOKEN.replace("0", "1"), encoding="utf-8")
    given.chmod(0o600)
    answer = ground.desk.run(*login(ground, "--token-file", str(given), "-o", "json"))
    assert (answer.code, json.loads(answer.stderr)["code"]) == (3, "bad_token")
    assert not (ground.desk.root / "tokens").exists()


@pytest.mark.parametrize(("asked", "other"), [(Mode.PRACTICE, Mode.LIVE), (Mode.LIVE, Mode.PRACTICE)])
def test_a_token_of_the_other_environment_is_found_out_at_the_socket(
    asked: Mode, other: Mode, ground: OandaGround, tmp_path: Path
) -> None:
    with teller("401") as url:
        theirs, ours = loopback_host(url), loopback_host(ground.desk.environment["RICKCTL_OANDA_URL"])
        hosts = {asked: Hosts(asked, theirs, theirs, "oanda"), other: Hosts(other, ours, ours, "oanda")}
        machine = Machine(
            root=tmp_path / "other",
            clock=ground.desk.clock,
            probe=OandaProbe(lambda mode: hosts[mode], ground.desk.clock),
        )
        machine.told = TOKEN
        file = str(tmp_path / "tokens")
        answer = machine.run("login", "oanda", "--mode", asked.value, "--insecure-file", file, "-o", "json")
    assert (answer.code, answer.stdout) == (3, "")
    assert json.loads(answer.stderr.splitlines()[-1])["code"] == "wrong_environment"
    assert ground.requests("GET") == ["/v3/accounts"]
    assert not (tmp_path / "tokens").exists()
