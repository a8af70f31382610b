"""While an outcome is unknown every command that looks at the state says so, and keeps its own answer and code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from rickctl.domain.orders import IntentState
from rickctl.domain.scope import DEFAULT_SCOPE
from rickctl.store.state import Store
from tests.cli.harness import Desk

if TYPE_CHECKING:
    from pathlib import Path

PLACE = ("order", "place", "EUR_USD", "buy", "10000", "--stop-loss", "20p", "--take-profit", "2R")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A place where the answer to order 1 was lost."""
    made = Desk(root=tmp_path)
    assert made.run(*PLACE, "--take-profit", "10p").code == 6
    assert made.run(*PLACE, "--limit", "1.09").code == 0
    with (
        Store.open(made.folders.state, made.folders.config, made.clock, write=True) as store,
        store.transaction() as transaction,
    ):
        row = transaction.intent(DEFAULT_SCOPE, 2)
        assert row is not None
        added = transaction.add_intent(
            DEFAULT_SCOPE,
            kind=row.kind,
            key=None,
            symbol=row.symbol,
            request=json.loads(row.request),
            request_hash="",
            quotes=[],
            verdicts=[],
            charter_hash="",
            state=IntentState.INTENT,
            owner=None,
            created_ns=row.created_ns,
        )
        for before, after in (
            (IntentState.INTENT, IntentState.SENT),
            (IntentState.SENT, IntentState.UNKNOWN),
        ):
            assert transaction.change_intent(DEFAULT_SCOPE, added.number, before, after)
    return made


@pytest.mark.parametrize(
    ("argv", "code"),
    [("quote EUR_USD", 0), ("positions", 0), ("order list", 0), ("pnl", 0), ("status", 9), ("account list", 0)],
)
def test_a_command_warns_and_keeps_its_code(desk: Desk, argv: str, code: int) -> None:
    answer = desk.run(*argv.split())
    assert answer.code == code
    assert "rickctl: warning: the outcome of order 3 of paper:paper:main is unknown" in answer.stderr
    assert "hint: rickctl order resolve --account paper:paper:main" in answer.stderr
    assert "warning" not in answer.stdout


def test_a_script_gets_the_warning_as_one_object(desk: Desk) -> None:
    told = json.loads(desk.run("positions", "-o", "json").stderr)
    assert (told["category"], told["code"], told["order"]) == ("warning", "outcome_unknown", 3)


def test_nothing_is_said_once_it_is_resolved(desk: Desk) -> None:
    desk.run("order", "resolve")
    assert desk.run("positions").stderr == ""


@pytest.mark.parametrize("argv", ["--help", "complete --shell bash"])
def test_what_looks_at_no_state_says_nothing(desk: Desk, argv: str) -> None:
    assert desk.run(*argv.split()).stderr == ""


def test_a_rehearsal_takes_no_lock_and_leaves_no_file(tmp_path: Path) -> None:
    desk = Desk(root=tmp_path)
    assert desk.run(*PLACE, "--dry-run", "--lock", "nightly").code == 0
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
