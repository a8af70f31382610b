"""State that cannot be used and streams that cannot be written, met by real processes: a code, a line, nothing lost."""

from __future__ import annotations

import json
import os
import resource
import shlex
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rickctl.domain.errors import ExitCode
from tests.cli.harness import ROOT, Answer, Desk

if TYPE_CHECKING:
    from collections.abc import Callable

ORDER = "order place BTC-USD buy 0.1 --stop-loss 1% --take-profit 2R"
READS = ("positions", "pnl", "order list", "account list", "status", "why 1")
FULL = Path("/dev/full")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk with one order in its books, made by a process as all that follow are."""
    made = Desk(root=tmp_path)
    assert made.run_process(*shlex.split(ORDER)).code == ExitCode.DONE
    return made


def check_refused(answer: Answer, code: str) -> None:
    """Exit 3 with that code, nothing on stdout, one JSON object on stderr."""
    assert (answer.code, answer.stdout) == (ExitCode.SETUP, ""), answer.stderr
    (line,) = answer.stderr.splitlines()
    told = json.loads(line)
    assert (told["category"], told["code"]) == ("setup", code)


def check_whole(desk: Desk, orders: int = 1) -> None:
    """The books are in order and hold what they held."""
    assert desk.run_process("journal", "verify").code == ExitCode.DONE
    assert len(json.loads(desk.run_process("order", "list", "-o", "json").stdout)) == orders


def database(desk: Desk) -> Path:
    return desk.folders.state / "rickctl.db"


def test_a_newer_schema_is_left_alone(desk: Desk) -> None:
    with sqlite3.connect(database(desk)) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    held = database(desk).read_bytes()
    for command in (ORDER, *READS, "journal verify", "account create x", "quote BTC-USD"):
        check_refused(desk.run_process(*shlex.split(command), "-o", "json"), "state_newer")
    assert database(desk).read_bytes() == held


def test_a_locked_database_is_waited_for_and_then_told(desk: Desk) -> None:
    with sqlite3.connect(database(desk), isolation_level=None) as connection:
        connection.execute("BEGIN IMMEDIATE")
        check_refused(desk.run_process(*shlex.split(ORDER), "--key", "k", "-o", "json"), "state_locked")
        assert desk.run_process("positions").code == ExitCode.DONE
        assert desk.run_process(*shlex.split(ORDER), "--key", "k", "--dry-run").code == ExitCode.DONE
        connection.execute("ROLLBACK")
    connection.close()
    check_whole(desk)


def test_a_full_disk_refuses_before_anything_is_sent(desk: Desk) -> None:
    size = database(desk).stat().st_size
    answer = limited(desk, f"{ORDER} --key k -o json", size)
    check_refused(answer, "state_full")
    check_whole(desk)


def limited(desk: Desk, command: str, size: int) -> Answer:
    """Run a command in a process that may write files of that many bytes and no more."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size // 4, size // 4))

    return run(desk, command, before=limit)


def run(
    desk: Desk,
    command: str,
    *,
    before: Callable[[], None] | None = None,
    stdout: int | None = subprocess.PIPE,
    stderr: int | None = subprocess.PIPE,
) -> Answer:
    """Run a command as a process with streams of one's own choice."""
    done = subprocess.run(
        [sys.executable, "-m", "rickctl", *shlex.split(command)],
        cwd=ROOT,
        env={"PATH": os.environ.get("PATH", ""), **desk.variables()},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        preexec_fn=before,
    )
    return Answer(done.stdout or "", done.stderr or "", done.returncode)


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\x00" + b"\xff" * 4000])
def test_a_damaged_database_is_told_by_every_command_and_touched_by_none(desk: Desk, content: bytes) -> None:
    for path in desk.folders.state.glob("rickctl.db*"):
        path.unlink()
    database(desk).write_bytes(content)
    database(desk).chmod(0o600)
    for command in (ORDER, *READS):
        answer = desk.run_process(*shlex.split(command), "-o", "json")
        if content:
            check_refused(answer, "state_corrupt")
        else:
            assert "Traceback" not in answer.stderr
    assert not content or database(desk).read_bytes() == content


def test_without_its_key_the_journal_takes_no_more_and_reads_go_on(desk: Desk) -> None:
    key = desk.folders.config / "journal.key"
    held = key.read_bytes()
    key.unlink()
    check_refused(desk.run_process(*shlex.split(ORDER), "--key", "k", "-o", "json"), "state_unusable")
    assert not key.exists(), "a new key would make every old record look forged"
    key.write_bytes(held)
    key.chmod(0o600)
    check_whole(desk)


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
def test_an_answer_that_cannot_be_written_is_no_silence_and_no_traceback(desk: Desk) -> None:
    with FULL.open("w", encoding="utf-8") as full:
        for command in ("quote BTC-USD", "positions", "schema", "--help", "order list -o csv", f"{ORDER} --dry-run"):
            answer = run(desk, command, stdout=full.fileno())
            assert (answer.code, answer.stderr.count("rickctl: ")) == (ExitCode.SETUP, 1), command
            assert "Traceback" not in answer.stderr
        placed = run(desk, f"{ORDER} --key k -o json", stdout=full.fileno())
        assert (placed.code, json.loads(placed.stderr)["code"]) == (ExitCode.UNKNOWN, "answer_lost")
        assert run(desk, "quote NOPE", stderr=full.fileno()).code == ExitCode.USAGE
    check_whole(desk, orders=2)
    again = desk.run_process(*shlex.split(ORDER), "--key", "k")
    assert again.code == ExitCode.DONE
    check_whole(desk, orders=2)


@pytest.mark.parametrize("command", ["quote BTC-USD", "schema", "order list -o json", "charter show", "--help"])
def test_a_reader_that_goes_away_is_no_failure(desk: Desk, command: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    answer = run(desk, command, stdout=writer)
    os.close(writer)
    assert (answer.code, answer.stderr) == (ExitCode.DONE, "")


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_closed_stream_is_no_traceback_and_no_place_for_another_file(desk: Desk, number: int) -> None:
    for command, code in (("quote BTC-USD", ExitCode.DONE), ("quote NOPE", ExitCode.USAGE), (f"{ORDER} --key k", 0)):
        answer = run(desk, command, before=lambda: os.close(number))
        assert answer.code == code
        assert "Traceback" not in answer.stderr
    check_whole(desk, orders=2)


@pytest.mark.parametrize("command", ["stream BTC-USD", "positions --watch"])
def test_an_interrupt_ends_with_130_and_nothing_said(desk: Desk, command: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "rickctl", *command.split()],
        cwd=ROOT,
        env={"PATH": os.environ.get("PATH", ""), **desk.variables()},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=30)
    assert (process.returncode, stderr) == (ExitCode.INTERRUPTED, "")
    check_whole(desk)
