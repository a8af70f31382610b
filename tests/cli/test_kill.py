"""kill stops entries whatever state the rest is in, leaves exits in place, and only a person lifts it."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from rickctl.app.system import SystemClock
from rickctl.store.kill import KILL_FILE
from tests.cli.harness import ROOT, Desk
from tests.cli.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EXITS = ("--stop-loss", "2%", "--take-profit", "2R")
ENTRY = ("order", "place", "BTC-USD", "buy", "0.1", *EXITS)
TAPE = ROOT / "tests" / "fixtures" / "tapes" / "usdjpy-ticks.csv"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(root=tmp_path)


def rows(desk: Desk, *words: str) -> list[dict[str, object]]:
    found = json.loads(desk.run(*words, "-o", "json").stdout)
    listed: list[dict[str, object]] = found["rows"] if isinstance(found, dict) else found
    return listed


def states(desk: Desk) -> dict[object, object]:
    return {row["order"]: row["state"] for row in rows(desk, "order", "list")}


def with_orders(desk: Desk) -> None:
    """An open position with both exits, and a working entry."""
    assert desk.run(*ENTRY).code == 0
    bid = float(str(rows(desk, "quote", "BTC-USD")[0]["bid"]))
    assert desk.run(*ENTRY[:5], "--limit", f"{bid * 0.98:.2f}", *EXITS).code == 0
    assert states(desk) == {2: "working", 1: "filled"}


def corrupt(desk: Desk) -> None:
    with_orders(desk)
    (desk.folders.state / "rickctl.db").write_bytes(b"not a database at all")
    for name in ("rickctl.db-wal", "rickctl.db-shm"):
        (desk.folders.state / name).unlink(missing_ok=True)


def damaged_row(desk: Desk) -> None:
    with_orders(desk)
    with closing(sqlite3.connect(desk.folders.state / "rickctl.db", isolation_level=None)) as connection:
        connection.execute("UPDATE accounts SET state = '{'")


def bad_charter(desk: Desk) -> None:
    with_orders(desk)
    (desk.folders.config / "charter.toml").write_text("[[[")


def missing(desk: Desk) -> None:
    assert not desk.folders.state.exists()


def newer(desk: Desk) -> None:
    with_orders(desk)
    with closing(sqlite3.connect(desk.folders.state / "rickctl.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version = 99")


def bad_settings(desk: Desk) -> None:
    with_orders(desk)
    (desk.folders.config / "config.toml").write_text("output = 7\n[[")


@pytest.mark.parametrize(
    ("spoil", "code", "after"),
    [
        (missing, 0, 6),
        (bad_charter, 0, 6),
        (bad_settings, 0, 3),
        (corrupt, 9, 3),
        (damaged_row, 9, 3),
        (newer, 9, 3),
    ],
)
def test_kill_works_whatever_is_broken(desk: Desk, spoil: Callable[[Desk], None], code: int, after: int) -> None:
    spoil(desk)
    answer = desk.run("kill", "--reason", "odd fills", "-o", "json")
    assert answer.code == code, answer.stderr
    held = json.loads(answer.stdout)
    assert (held["killed"], held["reason"], bool(held["failed"])) == (True, "odd fills", code == 9)
    assert (desk.folders.state / KILL_FILE).exists()
    assert desk.run(*ENTRY).code == after


def test_working_entries_go_and_the_exits_of_a_position_stay(desk: Desk) -> None:
    with_orders(desk)
    before = rows(desk, "positions")
    held = json.loads(desk.run("kill", "-o", "json").stdout)
    assert [row["order"] for row in held["cancelled"]] == [2]
    assert states(desk) == {2: "cancelled", 1: "filled"}
    after = rows(desk, "positions")
    assert [(row["units"], row["stop_loss"], row["take_profit"]) for row in after] == [
        (row["units"], row["stop_loss"], row["take_profit"]) for row in before
    ]
    assert after[0]["stop_loss"]
    assert desk.run("position", "close", "BTC-USD").code == 0


def test_killing_twice_keeps_the_first_reason_and_changes_nothing(desk: Desk) -> None:
    with_orders(desk)
    assert desk.run("kill", "--reason", "first").code == 0
    assert desk.run("kill", "--reason", "second").code == 0
    answer = desk.run(*ENTRY)
    assert (answer.code, "killed: first" in answer.stderr) == (6, True)


def test_what_a_kill_could_not_cancel_the_next_command_of_the_account_does(desk: Desk) -> None:
    with_orders(desk)
    (desk.folders.state / KILL_FILE).touch()
    assert states(desk)[2] == "working"
    assert desk.run(*ENTRY).code == 6
    assert states(desk) == {3: "refused", 2: "cancelled", 1: "filled"}


def test_an_account_whose_tape_is_away_is_named_and_finished_later(desk: Desk) -> None:
    tape = desk.root / "usdjpy.csv"
    tape.write_bytes(TAPE.read_bytes())
    desk.run("account", "create", "tape", "--source", f"replay:{tape}", "--speed", "step")
    desk.run("account", "advance", "tape", "--by", "1m")
    limit = ("order", "place", "USD_JPY", "buy", "1000", "--limit", "148.000", *EXITS, "-a", "tape")
    assert desk.run(*limit).code == 0
    tape.rename(desk.root / "away")
    answer = desk.run("kill", "-o", "json")
    assert (answer.code, [row["account"] for row in json.loads(answer.stdout)["failed"]]) == (9, ["tape"])
    (desk.root / "away").rename(tape)
    assert desk.run("order", "cancel", "--all", "-a", "tape").code == 0
    assert [row["state"] for row in rows(desk, "order", "list", "-a", "tape")] == ["cancelled"]


def test_with_the_database_locked_the_latch_is_down_at_once_and_the_rest_follows(desk: Desk) -> None:
    desk.clock.instant_ns = SystemClock().now_ns()
    with_orders(desk)
    with closing(sqlite3.connect(desk.folders.state / "rickctl.db", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        command = [sys.executable, "-m", "rickctl", "kill", "-o", "json"]
        with subprocess.Popen(command, cwd=ROOT, env=desk.variables(), stdout=subprocess.PIPE, text=True) as process:
            begun = time.monotonic()
            while not (desk.folders.state / KILL_FILE).exists():
                assert time.monotonic() - begun < 10
                time.sleep(0.01)
            assert process.poll() is None, "it goes on, to cancel what it can"
            holder.execute("ROLLBACK")
            out, _ = process.communicate(timeout=30)
    assert (process.returncode, [row["order"] for row in json.loads(out)["cancelled"]]) == (0, [2])


def test_another_process_is_refused_from_then_on(desk: Desk) -> None:
    assert desk.run_process("kill").code == 0
    answer = desk.run_process(*ENTRY)
    assert (answer.code, answer.stdout) == (6, "")
    assert "trading is killed: by hand" in answer.stderr


def test_nothing_but_a_person_resumes(desk: Desk) -> None:
    desk.run("kill")
    answer = desk.run_process("resume")
    assert (answer.code, answer.stdout) == (6, "")
    assert "only a person at a terminal" in answer.stderr
    assert (desk.folders.state / KILL_FILE).exists()


@pytest.mark.parametrize(("typed", "code"), [("resume\n", 0), ("yes\n", 6), ("\n", 6), ("\x04", 6), ("\x03", 130)])
def test_a_person_types_resume(desk: Desk, typed: str, code: int) -> None:
    desk.run("kill", "--reason", "odd fills")
    with Terminal(["resume"], desk.variables()) as terminal:
        terminal.read_until("Type resume")
        assert "odd fills" in terminal.shown
        terminal.type(typed)
        assert terminal.finish() == code
    assert (desk.folders.state / KILL_FILE).exists() is (code != 0)
    assert "Traceback" not in terminal.shown
    records = rows(desk, "journal", "list", "--kind", "resumed")
    assert len(records) == (code == 0)
    assert (desk.run(*ENTRY).code == 0) is (code == 0)


def test_resume_lifts_latches_each_with_a_record(desk: Desk) -> None:
    desk.run(*ENTRY)
    code = (
        "import sys\nfrom pathlib import Path\nfrom rickctl.app.system import SystemClock\n"
        "from rickctl.domain.scope import DEFAULT_SCOPE\nfrom rickctl.store.state import Store\n"
        "with Store.open(Path(sys.argv[1]), Path(sys.argv[2]), SystemClock(), write=True) as store, "
        "store.transaction() as transaction:\n"
        "    transaction.set_latch('drawdown_day', DEFAULT_SCOPE, reason='5 % below', at_ns=1)\n"
    )
    folders = [str(desk.folders.state), str(desk.folders.config)]
    subprocess.run([sys.executable, "-c", code, *folders], cwd=ROOT, check=True)
    assert desk.run(*ENTRY, "--key", "a").code == 6
    with Terminal(["resume"], desk.variables()) as terminal:
        terminal.read_until("Type resume")
        assert "5 % below" in terminal.shown
        terminal.type("resume\n")
        assert terminal.finish() == 0
    kinds = [row["kind"] for row in rows(desk, "journal", "list")]
    assert kinds[-2:] == ["latch_cleared", "resumed"]
    assert desk.run(*ENTRY, "--key", "b").code == 0
    assert desk.run("journal", "verify").code == 0


def test_resuming_what_was_never_stopped_asks_nobody(desk: Desk) -> None:
    assert desk.run("resume").code == 0
