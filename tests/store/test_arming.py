"""A window's file says what was written or nothing at all, and goes away whatever else fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from rickctl.domain.arming import Bindings, Cause, Ended, Moment, Person, Window, open_window
from rickctl.domain.errors import SetupError
from rickctl.domain.instants import DAY_NS, MINUTE_NS
from rickctl.domain.scope import Mode, Scope
from rickctl.store.anchor import make_key
from rickctl.store.arming import ArmFiles, read_boot
from tests.store.kit import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

LIVE = Scope(Mode.LIVE, "oanda", "001-001-1234567-001")
OTHER = Scope(Mode.LIVE, "oanda", "001-001-1234567-002")
WINDOW = open_window(
    7,
    LIVE,
    Bindings("c" * 64, "5701e1d0", "files", "token"),
    Moment(1_800_000_000_000_000_000, 99, "boot"),
    30 * MINUTE_NS,
    "naïve \u2028 reason",
    Person(1000, "/dev/pts/1"),
)
ENDED = Ended(LIVE, 7, Cause.DRIFT, "account 002 spoke", 5)
NAME = "armed-oanda-001-001-1234567-001.json"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    folder.mkdir(mode=0o700)
    make_key(folder)
    return folder


def test_a_window_is_read_as_it_was_written(config: Path) -> None:
    files = ArmFiles(config)
    assert files.load(LIVE) is None
    files.open(WINDOW)
    assert files.load(LIVE) == WINDOW
    assert files.all() == [WINDOW]
    assert files.load(OTHER) is None
    assert (config / NAME).stat().st_mode & 0o777 == 0o600


def test_an_ended_window_says_why(config: Path) -> None:
    files = ArmFiles(config)
    files.open(WINDOW)
    files.end(ENDED)
    assert files.load(LIVE) == ENDED
    assert [path.name for path in config.iterdir() if path.name != "journal.key"] == [NAME]


@pytest.mark.parametrize("field", ["wall_end_ns", "boot_end_ns", "number"])
def test_a_window_made_longer_by_hand_counts_as_ended(config: Path, field: str) -> None:
    files = ArmFiles(config)
    files.open(WINDOW)
    held = json.loads((config / NAME).read_text(encoding="utf-8"))
    held["window"][field] += DAY_NS
    (config / NAME).write_text(json.dumps(held), encoding="utf-8")
    found = files.load(LIVE)
    assert isinstance(found, Ended)
    assert found.cause is Cause.DAMAGED


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"mac": "00"}', '{"window": {}, "mac": 3}', "\x00" * 100])
def test_a_file_that_is_no_window_counts_as_ended(config: Path, text: str) -> None:
    (config / NAME).write_text(text, encoding="utf-8")
    (config / NAME).chmod(0o600)
    found = ArmFiles(config).load(LIVE)
    assert isinstance(found, Ended)
    assert (found.scope, found.cause) == (LIVE, Cause.DAMAGED)


def test_a_window_under_another_key_counts_as_ended(config: Path) -> None:
    files = ArmFiles(config)
    files.open(WINDOW)
    (config / "journal.key").unlink()
    assert isinstance(files.load(LIVE), Ended)
    make_key(config)
    assert isinstance(files.load(LIVE), Ended)


def test_a_window_copied_to_another_account_still_names_its_own(config: Path) -> None:
    files = ArmFiles(config)
    files.open(WINDOW)
    (config / "armed-oanda-001-001-1234567-002.json").write_bytes((config / NAME).read_bytes())
    (config / "armed-oanda-001-001-1234567-002.json").chmod(0o600)
    found = files.load(OTHER)
    assert isinstance(found, Window)
    assert found.scope == LIVE


def test_a_file_others_can_reach_counts_as_ended_and_keeps_nobody_from_ending_the_rest(config: Path) -> None:
    files = ArmFiles(config)
    files.open(WINDOW)
    (config / NAME).chmod(0o644)
    found = files.load(LIVE)
    assert isinstance(found, Ended)
    assert (found.cause, "others can reach it" in found.detail) == (Cause.DAMAGED, True)
    (config / "journal.key").chmod(0o644)
    assert [type(one) for one in files.all()] == [Ended]


def test_ending_works_without_the_key(config: Path) -> None:
    files = ArmFiles(config)
    files.open(WINDOW)
    (config / "journal.key").unlink()
    files.end(ENDED)
    assert files.load(LIVE) is None


def test_a_window_that_cannot_be_ended_is_said_so(config: Path) -> None:
    (config / NAME).mkdir()
    with pytest.raises(SetupError):
        ArmFiles(config).end(ENDED)


def test_the_clock_since_boot_runs_and_the_boot_has_a_name() -> None:
    first, name = read_boot()
    second, again = read_boot()
    assert 0 < first < second < first + 60_000_000_000
    assert name == again
    assert name or not sys.platform.startswith("linux")


def test_another_clock_since_boot_is_seen_in_a_time_namespace() -> None:
    """`unshare -T` moves the boot clock of a process for real: a day later, nothing is armed that was."""
    code = "from rickctl.store.arming import read_boot; print(read_boot()[0])"
    command = ["unshare", "-T", "--boottime", "86400", sys.executable, "-c", code]
    if os.geteuid() != 0 or not sys.platform.startswith("linux"):
        pytest.skip("needs root on Linux")
    moved = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if moved.returncode:
        pytest.skip(f"no time namespace here: {moved.stderr.strip()}")
    assert abs(int(moved.stdout) - read_boot()[0] - DAY_NS) < MINUTE_NS
