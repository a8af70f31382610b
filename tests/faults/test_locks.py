"""A process halted while it holds a lock halts nobody else for good."""

from __future__ import annotations

import fcntl
import os
import signal
from typing import TYPE_CHECKING

from tests.faults.acts import begin
from tests.faults.crowd import strike
from tests.faults.ground import Ground, examine, place

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.crowd import Crowd


def head_and_mark(ground: Ground) -> tuple[int, int]:
    """How far the journal has come, and how far its anchor says it has."""
    with ground.reads() as reads:
        head = reads.head()
    (anchor,) = (ground.root / "config").glob("journal-*.anchor")
    return head.seq, int(anchor.read_text(encoding="utf-8").partition('"seq":')[2].partition(",")[0])


def test_an_anchor_that_is_held_lags_and_is_made_good_by_the_next_write(tmp_path: Path, crowd: Crowd) -> None:
    ground = begin(tmp_path / "life", crowd, 1).ground
    (anchor,) = (ground.root / "config").glob("journal-*.anchor")
    descriptor = os.open(anchor, os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    before, mark = head_and_mark(ground)
    assert mark == before
    ground.run("account", "deposit", "a", "100")
    assert examine(ground, "a") == []
    head, mark = head_and_mark(ground)
    assert head > before
    assert mark == before
    os.close(descriptor)
    ground.run("account", "deposit", "a", "100")
    head, mark = head_and_mark(ground)
    assert mark == head
    assert examine(ground, "a") == []


def test_files_of_killed_processes_do_not_pile_up(tmp_path: Path, crowd: Crowd) -> None:
    life = begin(tmp_path / "life", crowd, 1)
    for step in range(3):
        (command,) = life.ground.start(place("BTC-USD", "buy", f"0.{step + 1}"), halt="sent")
        assert life.ground.wait(command) is None
        strike(command.pid, signal.SIGKILL, 0)
        life.ground.finish(command)
    locks = life.ground.root / "state" / "locks"
    assert len(list(locks.iterdir())) == 1
    life.ground.run(*place("BTC-USD", "buy", "0.4"))
    assert list(locks.iterdir()) == []
