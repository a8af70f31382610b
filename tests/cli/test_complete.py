"""`rickctl complete`: words for a shell at the press of a key, cheap and silent; and scripts that ask for them."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from rickctl.domain.orders import IntentState
from rickctl.domain.records import AccountKind, AccountRow, AccountStatus
from rickctl.domain.scope import DEFAULT_SCOPE, Scope, parse_scope
from rickctl.store.state import Store
from tests.house.kit import ROOT
from tests.house.test_cold_start import HEAVY, imported_by
from tests.store.kit import CountingClock, add_intent

if TYPE_CHECKING:
    from tests.cli.harness import Desk


def account(scope: Scope, *, status: AccountStatus = AccountStatus.OPEN, **held: list[int]) -> AccountRow:
    state = {kind: [{"number": number} for number in numbers] for kind, numbers in held.items()}
    return AccountRow(
        scope=scope,
        kind=AccountKind.MARGIN,
        currency="USD",
        config='{"source":"sim","seed":0}',
        state=json.dumps(state),
        checkpoint_ns=1,
        clock_ns=None,
        status=status,
        version=0,
        created_ns=1,
    )


def fill(desk: Desk) -> None:
    """An account with orders and trades, one more of each mode, and one that is closed."""
    store = Store.open(desk.folders.state, desk.folders.config, CountingClock(), write=True)
    with store, store.transaction() as transaction:
        transaction.put_account(account(DEFAULT_SCOPE, orders=[3, 12, 14], trades=[7]), expected_version=0)
        transaction.put_account(account(parse_scope("scalp"), orders=[2], trades=[]), expected_version=0)
        transaction.put_account(account(parse_scope("practice:oanda:101-1")), expected_version=0)
        transaction.put_account(account(parse_scope("old"), status=AccountStatus.CLOSED), expected_version=0)
        number = add_intent(transaction).number
        transaction.change_intent(DEFAULT_SCOPE, number, IntentState.INTENT, IntentState.SENT, sent_ns=6)


EVERYTHING = {
    "accounts": ["main", "practice:oanda:101-1", "scalp"],
    "orders": ["14", "12", "3", "1"],
    "trades": ["7"],
}


def asked(desk: Desk, *words: str) -> list[str]:
    """What `complete` answers, having failed in no way."""
    answer = desk.run("complete", *words)
    assert (answer.code, answer.stderr) == (0, "")
    return answer.stdout.splitlines()


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("EUR_U", ["EUR_USD"]),
        ("eur/u", ["EUR_USD"]),
        ("eurusd", ["EUR_USD"]),
        ("btc-", ["BTC-USD"]),
        ("XA", ["XAU_USD", "XAG_USD"]),
        ("zzz", []),
    ],
)
def test_symbols_are_found_whatever_their_case_and_separators(desk: Desk, prefix: str, expected: list[str]) -> None:
    assert asked(desk, "symbols", prefix) == expected


def test_every_symbol_is_offered_where_nothing_is_typed(desk: Desk) -> None:
    assert asked(desk, "symbols") == asked(desk, "symbols", "") == asked(desk, "symbols", "*")
    assert len(asked(desk, "symbols")) > 30


def test_without_state_there_is_the_default_account_and_no_order(desk: Desk) -> None:
    assert asked(desk, "accounts") == ["main"]
    assert asked(desk, "orders") == asked(desk, "trades") == []
    assert list(desk.root.iterdir()) == []


def test_accounts_are_offered_short_until_a_colon_is_typed(desk: Desk) -> None:
    fill(desk)
    assert asked(desk, "accounts") == ["main", "practice:oanda:101-1", "scalp"]
    assert asked(desk, "accounts", "s") == ["scalp"]
    assert asked(desk, "accounts", "paper:p") == ["paper:paper:main", "paper:paper:scalp"]


def test_orders_and_trades_are_those_of_the_account_on_the_line(desk: Desk) -> None:
    fill(desk)
    assert asked(desk, "orders") == ["14", "12", "3", "1"]  # 1 was sent and has no answer yet
    assert asked(desk, "orders", "1") == ["14", "12", "1"]
    assert asked(desk, "trades") == ["7"]
    assert asked(desk, "numbers") == ["14", "12", "7", "3", "1"]
    assert asked(desk, "orders", "", "rickctl", "order", "cancel", "--account", "scalp") == ["2"]
    assert asked(desk, "orders", "", "rickctl", "order", "cancel", "--account=scalp") == ["2"]
    desk.environment["RICKCTL_ACCOUNT"] = "scalp"
    assert asked(desk, "orders") == ["2"]
    assert asked(desk, "orders", "", "rickctl", "-a", "main") == ["14", "12", "3", "1"]


@pytest.mark.parametrize("kind", ["accounts", "orders", "trades"])
@pytest.mark.parametrize("fault", ["corrupt", "not ours", "open to all", "locked", "bad account", "no folder"])
def test_nothing_is_said_where_state_cannot_be_read(desk: Desk, kind: str, fault: str) -> None:
    fill(desk)
    path = desk.folders.state / "rickctl.db"
    holder: sqlite3.Connection | None = None
    if fault == "corrupt":
        path.write_bytes(b"SQLite format 3\0" + b"\xff" * 4096)
    elif fault == "not ours":
        path.write_text("a letter", encoding="utf-8")
    elif fault == "open to all":
        path.chmod(0o666)
    elif fault == "bad account":
        desk.environment["RICKCTL_ACCOUNT"] = "no such account!"
    elif fault == "no folder":
        shutil.rmtree(desk.folders.state)
        desk.folders.state.write_text("", encoding="utf-8")
    else:
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("PRAGMA locking_mode = EXCLUSIVE")
        holder.execute("BEGIN EXCLUSIVE")
    try:
        found = asked(desk, kind)
    finally:
        if holder is not None:
            holder.close()
    if fault == "locked":  # what was committed may be read beside a writer, or not; it is whole or nothing
        assert found in ([], *EVERYTHING.values())
    elif kind == "accounts":
        assert found == {"bad account": EVERYTHING["accounts"], "no folder": ["main"]}.get(fault, [])
    else:
        assert found == []


def test_a_state_nobody_could_have_written_is_no_complaint(desk: Desk) -> None:
    fill(desk)
    with closing(sqlite3.connect(desk.folders.state / "rickctl.db", isolation_level=None)) as connection:
        connection.execute("UPDATE accounts SET state = 'not json'")
    assert asked(desk, "orders") == []


def test_asking_changes_no_file(desk: Desk) -> None:
    fill(desk)
    before = {path: path.read_bytes() for path in desk.root.rglob("*") if path.is_file()}
    for kind in ("symbols", "accounts", "orders", "trades"):
        asked(desk, kind)
    after = {path: path.read_bytes() for path in desk.root.rglob("*") if path.is_file()}
    assert {path: after[path] for path in before} == before


@pytest.mark.parametrize(
    ("kind", "allowed"),
    [("symbols", set()), ("accounts", {"sqlite3", "dataclasses"}), ("orders", {"sqlite3", "dataclasses"})],
)
def test_asking_loads_nothing_heavy(kind: str, allowed: set[str], desk: Desk) -> None:
    fill(desk)
    names, _ = imported_by(["complete", kind], desk.root)
    assert not names & (HEAVY - allowed)


def test_a_shell_that_is_not_known_is_a_usage_error(desk: Desk) -> None:
    answer = desk.run("complete", "--shell", "tcsh")
    assert (answer.code, answer.stdout) == (2, "")
    assert "bash, zsh, fish, powershell" in answer.stderr
    assert desk.run("complete", "oranges").code == 2


# Shells themselves


@pytest.fixture
def shim(desk: Desk) -> dict[str, str]:
    """An environment whose `rickctl` is this one, over a desk with orders."""
    fill(desk)
    folder = desk.root / "bin"
    folder.mkdir()
    program = folder / "rickctl"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m rickctl "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    return {**desk.variables(), "PATH": path, "PYTHONPATH": str(ROOT)}


LINES: list[tuple[str, str]] = [
    ("rickctl jo", "journal"),
    ("rickctl charter sh", "show"),
    ("rickctl candles -g M", "M1 M15 M30 M5"),
    ("rickctl quote EUR_USD -o j", "json jsonl"),
    ("rickctl quote EUR_USD eur_u", "EUR_USD"),
    ("rickctl quote -o json GBP_U", "GBP_USD"),
    ("rickctl candles EUR_USD G", ""),
    ("rickctl quote -a s", "scalp"),
    ("rickctl journal list --order 1", "1 12 14"),
    ("rickctl journal list -a scalp --order ", "2"),
    ("rickctl journal backup pyproj", "pyproject.toml"),
    ("rickctl order cancel 1", "1 12 14"),
    ("rickctl order cancel --dry-run 1", "1 12 14"),
    ("rickctl order show ", "1 12 14 3 7"),
    ("rickctl position close --trade ", "7"),
    ("rickctl order place EUR_USD b", "buy"),
    ("rickctl order place EUR_USD --stop-loss 20p s", "sell"),
    ("rickctl order list --state w", "working"),
    ("rickctl account show s", "scalp"),
    ("rickctl account create s", ""),
    ("rickctl quote --acc", "--account"),
    ("rickctl nonsense x", ""),
]
BASH_LINES = [
    *LINES,
    ("rickctl quote --output=js", "json jsonl"),
    ("rickctl quote EUR_USD eur/u", "EUR_USD"),
    ("rickctl quote -a paper:paper:s", "scalp"),  # readline replaces what follows the colon
    ("rickctl quote 'EUR_USD' \"GBP", "GBP_AUD GBP_CAD GBP_CHF GBP_JPY GBP_USD"),
]
DRIVE = """
source completions/rickctl.bash
COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:'
read -ra COMP_WORDS <<<"$1"
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_rickctl rickctl
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize(("line", "expected"), BASH_LINES)
def test_bash_completes(line: str, expected: str, shim: dict[str, str]) -> None:
    done = subprocess.run(
        [shutil.which("bash") or "bash", "--norc", "-c", DRIVE, "drive", line],
        cwd=ROOT, env=shim, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(done.stdout.split()) == expected.split()


@pytest.mark.parametrize(("line", "expected"), [*LINES, ("rickctl quote -a paper:paper:s", "paper:paper:scalp")])
def test_fish_completes(line: str, expected: str, shim: dict[str, str]) -> None:
    fish = shutil.which("fish")
    if fish is None:
        pytest.skip("fish is not installed")
    done = subprocess.run(
        [fish, "--no-config", "-c", f"source completions/rickctl.fish; complete -C '{line}'"],
        cwd=ROOT, env=shim, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert sorted(row.partition("\t")[0] for row in done.stdout.splitlines()) == expected.split()
