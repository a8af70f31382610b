"""Five tries are five with real processes: guessed at once by many, and killed with -9 wherever they are."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from rickctl.app.system import SystemClock
from rickctl.domain.pin import FREE_TRIES
from rickctl.services.pins import read_tries
from rickctl.store.state import Store
from tests.cli.live_desk import PIN, WRONG, LiveDesk
from tests.cli.terminal import Terminal
from tests.faults.ground import draw

if TYPE_CHECKING:
    from pathlib import Path

SEED = 20261121
AT_ONCE = 8
KILLED = 10
PROMPT = "PIN to change the PIN"


@pytest.fixture
def desk(tmp_path: Path) -> LiveDesk:
    found = LiveDesk(root=tmp_path)
    assert found.type("pin", "set", typed=(PIN, PIN)).code == 0
    return found


def tries(desk: LiveDesk) -> int:
    with Store.open(desk.folders.state, desk.folders.config, SystemClock(), write=False) as reads:
        assert reads.verify() == []
        return read_tries(reads).failures


def guess(desk: LiveDesk, pin: str) -> str:
    """What one process at a terminal says of a PIN."""
    with Terminal(["pin", "change"], desk.variables()) as terminal:
        terminal.read_until(PROMPT)
        terminal.type(f"{pin}\n")
        assert terminal.finish() == 6
        return terminal.shown


def test_many_who_guess_at_once_have_five_tries_together(desk: LiveDesk) -> None:
    terminals = [Terminal(["pin", "change"], desk.variables()) for _ in range(AT_ONCE)]
    try:
        for terminal in terminals:
            terminal.read_until(PROMPT)
        for terminal in terminals:
            terminal.type(f"{WRONG}\n")
        codes = [terminal.finish() for terminal in terminals]
    finally:
        for terminal in terminals:
            terminal.__exit__()
    told = [terminal.shown for terminal in terminals]
    assert codes == [6] * AT_ONCE
    assert sum("that is not the PIN" in shown for shown in told) == FREE_TRIES
    assert sum("the PIN is locked" in shown for shown in told) == AT_ONCE - FREE_TRIES
    assert tries(desk) == FREE_TRIES


def test_a_guess_that_is_killed_is_a_try_or_was_never_looked_at(desk: LiveDesk) -> None:
    """Killed between nothing and a second after the PIN is typed: what was told of is counted, and five is the end."""
    told = 0
    for run in range(KILLED):
        before = tries(desk)
        if before == FREE_TRIES:
            break
        with Terminal(["pin", "change"], desk.variables()) as terminal:
            terminal.read_until(PROMPT)
            terminal.type(f"{WRONG}\n")
            try:
                terminal.process.wait(draw(SEED, run) * 0.8)
            except subprocess.TimeoutExpired:
                terminal.process.kill()
            terminal.finish()
            told += "that is not the PIN" in terminal.shown
        assert before <= tries(desk) <= before + 1
        assert told <= tries(desk)
    while tries(desk) < FREE_TRIES:
        assert "that is not the PIN" in guess(desk, WRONG)
    with Terminal(["pin", "change"], desk.variables()) as terminal:
        assert terminal.finish() == 6
        assert "the PIN is locked for 1" in terminal.shown
        assert PROMPT not in terminal.shown
    assert json.loads(desk.run("journal", "verify", "-o", "json").stdout)["ok"] is True
