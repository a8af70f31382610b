"""Every command that changes something can be rehearsed: told on stdout, exit 0 or 6, and not a byte written."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from rickctl.commands.schema import describe_noun
from rickctl.commands.table import NOUNS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.harness import Desk

EXITS = ("--stop-loss", "2%", "--take-profit", "2R")
LINES: dict[str, tuple[tuple[str, ...], ...]] = {
    "order place": (("BTC-USD", "buy", "0.1", *EXITS), ("BTC-USD", "buy", "0.1")),
    "order cancel": (("2",), ("--all",)),
    "order modify": (("1", "--take-profit", "3%"),),
    "order resolve": ((),),
    "position close": (("BTC-USD",), ("--all",)),
    "account create": (("other",),),
    "account deposit": (("main", "100"),),
    "account reset": (("main",),),
    "account close": (("empty",), ("main",)),
    "account advance": (("empty", "--by", "1h"),),
    "arm": (("--account", "live:oanda:001"),),
    "disarm": ((),),
    "pin set": ((),),
    "pin change": ((),),
    "logout": (("oanda", "--mode", "practice"),),
    "kill": ((), ("--reason", "odd fills")),
    "resume": ((),),
    "charter seal": (("--expect", "a461e2", "--mode", "practice"), ("--expect", "0" * 12)),
    "charter edit": ((),),
    "config set": (("output", "csv"),),
    "config unset": (("colour",),),
    "journal backup": (("copy.db",),),
    "sandbox start": ((), ("--oanda", "8080", "--tls", "--control", "--accounts", "3", "--always-open")),
}
"""Command lines that rehearse each command on the desk below; a backup changes no state and is among them."""

ELSEWHERE = {"login", "sandbox start"}
"""Rehearsed in tests of their own: one asks for a token and tries it at a broker, one opens a port."""

TREE = [entry for found in NOUNS for entry in describe_noun(found)]
CHANGING = {entry["command"] for entry in TREE if entry["mutates"]}


def flags_of(entry: dict[str, object]) -> set[str]:
    parameters = entry["parameters"]
    assert isinstance(parameters, list)
    return {flag for parameter in parameters for flag in parameter["flags"]}


def help_of(entry: dict[str, object]) -> str:
    parameters = entry["parameters"]
    assert isinstance(parameters, list)
    return next(str(parameter["help"]) for parameter in parameters if "--dry-run" in parameter["flags"])


def test_every_command_that_changes_anything_has_a_dry_run() -> None:
    without = {entry["command"] for entry in TREE if entry["mutates"] and "--dry-run" not in flags_of(entry)}
    assert without == set()


def test_every_dry_run_is_rehearsed_here() -> None:
    offered = {entry["command"] for entry in TREE if "--dry-run" in flags_of(entry)}
    assert offered == set(LINES) | ELSEWHERE
    assert offered >= CHANGING


def test_only_orders_are_said_to_be_sent() -> None:
    speaking = {entry["command"] for entry in TREE if "--dry-run" in flags_of(entry) and "sent" in help_of(entry)}
    assert speaking == {"order place", "order cancel", "order modify", "position close"}


def contents(root: Path) -> dict[str, str]:
    """Every file below a folder with a mark of what it holds; what SQLite keeps while it is open left out."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.name.endswith(("-shm", "-wal"))
    }


def prepare(desk: Desk) -> None:
    """A position, a working entry, an empty account and a settings file edited by hand."""
    desk.environment["EDITOR"] = "false"
    assert desk.run("order", "place", "BTC-USD", "buy", "0.1", *EXITS).code == 0
    bid = float(json.loads(desk.run("quote", "BTC-USD", "-o", "json").stdout)[0]["bid"])
    assert desk.run("order", "place", "BTC-USD", "buy", "0.1", "--limit", f"{bid * 0.98:.2f}", *EXITS).code == 0
    assert desk.run("account", "create", "empty", "--speed", "step", "--start", "2025-11-19T14:00:00Z").code == 0
    (desk.folders.config / "config.toml").write_text('colour = "never"\noutput = "table"\n', encoding="utf-8")


def log_bytes(desk: Desk) -> int:
    log = desk.folders.state / "rickctl.db-wal"
    return log.stat().st_size if log.exists() else 0


@pytest.mark.parametrize("name", LINES)
def test_a_rehearsal_tells_on_stdout_and_leaves_every_file_as_it_was(desk: Desk, name: str) -> None:
    prepare(desk)
    before, logged = contents(desk.root), log_bytes(desk)
    for words in LINES[name]:
        line = (*name.split(), *(str(desk.root / word) if word == "copy.db" else word for word in words), "--dry-run")
        answer = desk.run(*line)
        assert answer.code in {0, 6}, answer.stderr
        assert answer.stdout or answer.code == 6
        assert (contents(desk.root), log_bytes(desk)) == (before, logged)


@pytest.mark.parametrize("name", LINES)
def test_a_rehearsal_in_empty_folders_makes_none(desk: Desk, name: str) -> None:
    desk.environment["EDITOR"] = "false"
    for words in LINES[name]:
        answer = desk.run(*name.split(), *words, "--dry-run")
        assert "bug" not in answer.stderr
        assert list(desk.root.iterdir()) == []


def test_a_rehearsed_kill_names_what_it_would_cancel_and_stops_nothing(desk: Desk) -> None:
    prepare(desk)
    told = json.loads(desk.run("kill", "--reason", "odd fills", "--dry-run", "-o", "json").stdout)
    assert (told["killed"], told["reason"], [row["order"] for row in told["cancelled"]]) == (False, "odd fills", [2])
    assert desk.run("order", "place", "BTC-USD", "buy", "0.1", *EXITS, "--key", "next").code == 0
    assert "would kill  odd fills" in desk.run("kill", "--reason", "odd fills", "--dry-run").stdout


def test_a_rehearsed_kill_over_a_kill_says_that_it_is_one_already(desk: Desk) -> None:
    assert desk.run("kill", "--reason", "first").code == 0
    told = json.loads(desk.run("kill", "--reason", "second", "--dry-run", "-o", "json").stdout)
    assert (told["killed"], told["reason"]) == (True, "first")


def test_a_rehearsed_resume_lists_what_a_person_would_lift_and_asks_nobody(desk: Desk) -> None:
    assert desk.run("resume", "--dry-run").code == 0
    desk.run("kill", "--reason", "odd fills")
    answer = desk.run("resume", "--dry-run", "-o", "json")
    assert (answer.code, json.loads(answer.stdout)) == (6, {"killed": True, "lifted": ["killed: odd fills"]})
    assert desk.run("status").code == 9


def test_a_rehearsed_seal_shows_the_seal_and_sets_none(desk: Desk) -> None:
    shown = json.loads(desk.run("charter", "path", "-o", "json").stdout)["hash"]
    words = ("charter", "seal", "--expect", shown, "--mode", "practice", "--dry-run", "-o", "json")
    assert json.loads(desk.run(*words).stdout)["sealed_for"] == ["paper", "practice"]
    assert json.loads(desk.run("charter", "path", "-o", "json").stdout)["sealed_for"] == ["paper"]


def test_a_rehearsed_edit_names_the_file_and_opens_no_editor(desk: Desk) -> None:
    desk.environment["EDITOR"] = "false"
    answer = desk.run("charter", "edit", "--dry-run", "-o", "json")
    assert answer.code == 0
    assert json.loads(answer.stdout)["path"] == str(desk.folders.config / "charter.toml")


def test_a_rehearsed_resolve_tells_what_it_would_settle(desk: Desk) -> None:
    prepare(desk)
    with closing(sqlite3.connect(desk.folders.state / "rickctl.db", isolation_level=None)) as connection:
        connection.execute("UPDATE intents SET state = 'unknown', is_open = 1 WHERE number = 2")
    told = json.loads(desk.run("order", "resolve", "--dry-run", "-o", "json").stdout)
    assert [(row["order"], row["before"], row["after"]) for row in told] == [(2, "unknown", "accepted")]
    assert (
        desk.run("order", "resolve", "--dry-run", "-o", "json").stdout
        == desk.run("order", "resolve", "-o", "json").stdout
    )


def test_a_backup_that_could_not_be_made_is_refused_when_rehearsed(desk: Desk) -> None:
    assert desk.run("journal", "backup", str(desk.root / "copy.db"), "--dry-run").code == 3
    prepare(desk)
    (desk.root / "there.db").touch()
    assert desk.run("journal", "backup", str(desk.root / "there.db"), "--dry-run").code == 2
    assert desk.run("journal", "backup", str(desk.root / "nowhere" / "copy.db"), "--dry-run").code == 3


def test_a_dry_run_keeps_nothing_of_a_settings_file_edited_by_hand(desk: Desk) -> None:
    desk.folders.config.mkdir(mode=0o700)
    (desk.folders.config / "config.toml").write_text('output = "json"\n', encoding="utf-8")
    desk.run("order", "place", "BTC-USD", "buy", "0.1", *EXITS, "--dry-run")
    assert [path.name for path in desk.folders.config.iterdir()] == ["config.toml"]
    desk.run("quote", "BTC-USD")
    assert {path.name for path in desk.folders.config.iterdir()} == {"config.toml", "settings.json"}
