"""What the venue grants a second is kept by all processes together, and never stands in the way for ever."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rickctl.adapters.transport import Allowance, Deadline, Why, WireFailure
from tests.adapters.oanda_kit import ACCOUNT, MILLISECOND_NS, answer, client, venue
from tests.house.kit import ROOT

WINDOW_NS = 200 * MILLISECOND_NS
LONG_NS = 60_000 * MILLISECOND_NS
_CROWD = """
import sys, time
from pathlib import Path
from rickctl.adapters.transport import Allowance, Deadline
allowance = Allowance(Path(sys.argv[1]), 5, 200_000_000)
for _ in range(5):
    allowance.take(Deadline(60_000_000_000))
    print(time.monotonic_ns())
"""


def test_processes_together_keep_within_every_window(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", _CROWD, str(tmp_path / "rate")]
    crowd = [subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    turns = sorted(int(line) for process in crowd for line in process.communicate(timeout=60)[0].splitlines())
    assert len(turns) == 20
    # A turn is granted at its instant and taken a little later; the one five before it may have been late as well.
    spans = [later - earlier for earlier, later in zip(turns, turns[5:], strict=False)]
    assert min(spans) > WINDOW_NS - 60 * MILLISECOND_NS
    assert turns[-1] - turns[0] >= 3 * WINDOW_NS - 60 * MILLISECOND_NS


@pytest.mark.parametrize("path", [Path("rate"), None], ids=["shared", "alone"])
def test_turns_beyond_the_count_wait_for_the_window(path: Path | None, tmp_path: Path) -> None:
    allowance = Allowance(None if path is None else tmp_path / path, 2, WINDOW_NS)
    started = time.monotonic_ns()
    for _ in range(5):
        allowance.take(Deadline(LONG_NS))
    assert 2 * WINDOW_NS <= time.monotonic_ns() - started < 6 * WINDOW_NS


def test_no_turn_before_the_deadline_is_told_at_once_and_uses_none(tmp_path: Path) -> None:
    allowance = Allowance(tmp_path / "rate", 1, WINDOW_NS)
    allowance.take(Deadline(LONG_NS))
    started = time.monotonic_ns()
    for _ in range(3):
        with pytest.raises(WireFailure) as caught:
            allowance.take(Deadline(WINDOW_NS // 10))
        assert (caught.value.why, caught.value.has_left) == (Why.RATE, False)
    allowance.take(Deadline(LONG_NS))
    assert time.monotonic_ns() - started < 2 * WINDOW_NS


def test_instants_of_another_boot_hold_nobody_up(tmp_path: Path) -> None:
    path = tmp_path / "rate"
    path.write_bytes((0).to_bytes(8, "little") + (time.monotonic_ns() + 10**15).to_bytes(8, "little"))
    started = time.monotonic_ns()
    Allowance(path, 1, WINDOW_NS).take(Deadline(LONG_NS))
    assert time.monotonic_ns() - started < WINDOW_NS


@pytest.mark.parametrize("content", [b"", b"x", b"\xff" * 8, b"\xff" * 4096])
def test_a_damaged_file_holds_nobody_up(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "rate").write_bytes(content)
    started = time.monotonic_ns()
    Allowance(tmp_path / "rate", 3, WINDOW_NS).take(Deadline(LONG_NS))
    assert time.monotonic_ns() - started < WINDOW_NS


def test_a_holder_that_was_stopped_holds_nobody_up(tmp_path: Path) -> None:
    path = tmp_path / "rate"
    with path.open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        started = time.monotonic_ns()
        allowance = Allowance(path, 1, WINDOW_NS)
        allowance.take(Deadline(LONG_NS))
        assert time.monotonic_ns() - started < 500 * MILLISECOND_NS
        with pytest.raises(WireFailure):
            allowance.take(Deadline(MILLISECOND_NS))


def test_files_and_folders_are_their_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "brokers" / "rate"
    Allowance(path, 1).take(Deadline(LONG_NS))
    assert [oct(found.stat().st_mode & 0o777) for found in (path, *list(path.parents)[:2])] == [
        "0o600",
        "0o700",
        "0o700",
    ]


def test_a_folder_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    Allowance(tmp_path / "file" / "rate", 1).take(Deadline(LONG_NS))


def test_a_link_in_the_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"precious")
    (tmp_path / "rate").symlink_to(target)
    Allowance(tmp_path / "rate", 1).take(Deadline(LONG_NS))
    assert target.read_bytes() == b"precious"


def test_clients_of_one_folder_share_their_connections(tmp_path: Path) -> None:
    with venue(answer({})) as found:
        started = time.monotonic()
        for _ in range(3):
            client(found.host, folder=tmp_path, patience_ms=5000).get("/accounts")
        assert time.monotonic() - started >= 1
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            f"127.0.0.1-{found.host.port}.connections", f"127.0.0.1-{found.host.port}.requests",
        ]  # fmt: skip


def test_a_cancel_has_turns_of_its_own(tmp_path: Path) -> None:
    with venue(answer({})) as found:
        calls = client(found.host, folder=tmp_path)
        calls.get("/accounts")
        busy = tmp_path / f"127.0.0.1-{found.host.port}.requests"
        later = (time.monotonic_ns() + 30_000 * MILLISECOND_NS).to_bytes(8, "little")
        busy.write_bytes((0).to_bytes(8, "little") + later * 100)
        with pytest.raises(Exception, match="no turn"):
            calls.get("/accounts")
        calls.send("PUT", f"/accounts/{ACCOUNT}/orders/7/cancel")
        assert [seen.method for seen in found.seen] == ["GET", "PUT"]
