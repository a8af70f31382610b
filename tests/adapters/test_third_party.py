"""A package adds a broker by entry point; one that is broken is named and the others still work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ROOT / "tests" / "fixtures" / "brokers"


class Answer(NamedTuple):
    stdout: str
    stderr: str
    code: int


@pytest.fixture
def rickctl(tmp_path: Path) -> Callable[..., Answer]:
    """The command line of an environment in which the example package is installed."""

    def run(*argv: str) -> Answer:
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": os.pathsep.join([str(PACKAGES), str(ROOT)]),
            "RICKCTL_STATE_DIR": str(tmp_path / "state"),
            "RICKCTL_CONFIG_DIR": str(tmp_path / "config"),
        }
        done = subprocess.run(
            [sys.executable, "-m", "rickctl", *argv],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=30,
        )
        return Answer(done.stdout, done.stderr, done.returncode)

    return run


def test_an_installed_package_adds_its_broker_and_a_broken_one_is_named(rickctl: Callable[..., Answer]) -> None:
    answer = rickctl("broker", "list", "-o", "json")

    rows = {row["broker"]: row for row in json.loads(answer.stdout)}
    assert answer.code == 9
    assert list(rows) == ["paper", "oanda", "acme", "halfacme", "lostacme"]
    assert rows["paper"]["package"] == "rickctl"
    assert rows["acme"] == {
        "broker": "acme",
        "package": "acme-rickctl",
        "ready": True,
        "modes": ["practice"],
        "summary": "an example venue",
        "fault": None,
    }
    assert rows["halfacme"]["fault"] == "acme-sdk is not installed"
    assert "No module named 'acme_nowhere'" in rows["lostacme"]["fault"]


def test_names_are_found_in_any_case(rickctl: Callable[..., Answer]) -> None:
    [row] = json.loads(rickctl("broker", "capabilities", "ACME", "-o", "json").stdout)

    assert (row["broker"], row["attaches_exits"], row["entries"]) == ("acme", False, ["market"])


def test_an_unknown_name_lists_what_there_is_with_exit_2(rickctl: Callable[..., Answer]) -> None:
    answer = rickctl("broker", "status", "bob")

    assert answer.code == 2
    assert "there is paper, oanda, acme, halfacme, lostacme" in answer.stderr


def test_a_link_that_is_down_is_a_finding(rickctl: Callable[..., Answer]) -> None:
    answer = rickctl("broker", "status", "acme", "-o", "json")

    assert answer.code == 9
    assert [(row["up"], row["detail"]) for row in json.loads(answer.stdout)] == [(False, "no server in this example")]


def test_its_prices_are_quoted_under_its_own_scope(rickctl: Callable[..., Answer]) -> None:
    answer = rickctl("quote", "BTC-USD", "--account", "practice:acme:demo", "-o", "json")

    [row] = json.loads(answer.stdout)
    assert (answer.code, row["mode"], row["broker"], row["account"]) == (0, "practice", "acme", "demo")


def test_a_mode_it_does_not_have_is_a_usage_error(rickctl: Callable[..., Answer]) -> None:
    answer = rickctl("quote", "BTC-USD", "--account", "live:acme:demo")

    assert answer.code == 2
    assert "acme trades in practice, not live" in answer.stderr


def test_a_paper_command_still_works_beside_a_broken_package(rickctl: Callable[..., Answer]) -> None:
    assert rickctl("quote", "BTC-USD").code == 0
