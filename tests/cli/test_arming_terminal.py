"""Arming at a real terminal, on the machine's own clocks: nothing typed is shown, nothing half typed is kept."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.live_desk import LIVE, PIN, LiveDesk
from tests.cli.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path


def test_a_pin_is_not_shown_as_it_is_typed(tmp_path: Path) -> None:
    desk = LiveDesk(root=tmp_path)
    with Terminal(["pin", "set"], desk.variables()) as terminal:
        terminal.read_until("New PIN")
        terminal.type(f"{PIN}\n")
        terminal.read_until("again")
        terminal.type(f"{PIN}\n")
        assert terminal.finish() == 0
    assert PIN not in terminal.shown
    assert "PIN set" in terminal.shown
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert PIN.encode() not in written


def test_ctrl_c_at_the_pin_leaves_everything_as_it_was(tmp_path: Path) -> None:
    desk = LiveDesk(root=tmp_path)
    with Terminal(["pin", "set"], desk.variables()) as terminal:
        terminal.read_until("New PIN")
        terminal.type("\x03")
        assert terminal.finish() == 130
    assert not list(tmp_path.rglob("pin*.json"))


def at_terminal(desk: LiveDesk, argv: list[str], *answers: tuple[str, str]) -> str:
    """What one command line showed at a real terminal, each prompt answered."""
    with Terminal(argv, desk.variables()) as terminal:
        for prompt, keys in answers:
            terminal.read_until(prompt)
            terminal.type(f"{keys}\n")
        assert terminal.finish() == 0, terminal.shown
    assert PIN not in terminal.shown
    return terminal.shown


def test_the_machine_s_own_clocks_arm_and_disarm(tmp_path: Path) -> None:
    """Armed at a terminal for real; in a time namespace a day after boot, nothing is."""
    desk = LiveDesk(root=tmp_path)
    desk.environment["RICKCTL_CREDENTIAL_SOURCE"] = "environment"
    at_terminal(desk, ["pin", "set"], ("New PIN", PIN), ("again", PIN))
    at_terminal(desk, ["config", "set", "execution_enabled", "true"])
    found = json.loads(desk.run("charter", "validate", "-o", "json").stdout)["hash"]
    at_terminal(desk, ["charter", "seal", "--mode", "live", "--expect", found], ("PIN to seal", PIN))
    assert "LIVE ARMED" in at_terminal(desk, ["arm", "--account", LIVE], ("PIN to arm", PIN))
    here = desk.run_process("status", "-o", "json")
    assert json.loads(here.stdout)["arming"][0]["armed"] is True
    if os.geteuid() != 0 or not sys.platform.startswith("linux"):
        pytest.skip("needs root on Linux for a time namespace")
    later = desk.run_process("status", "-o", "json", before=("unshare", "-T", "--boottime", "86400"))
    if "unshare" in later.stderr:
        pytest.skip(f"no time namespace here: {later.stderr.strip()}")
    assert json.loads(later.stdout)["arming"][0]["cause"] == "clock_jump"
