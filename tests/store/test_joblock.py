"""A job lock belongs to a living process and to nobody else."""

from __future__ import annotations

import os
import signal
import stat
from typing import TYPE_CHECKING

import pytest

from rickctl.domain.errors import RickctlError, Skipped
from rickctl.store.joblock import hold_job_lock
from tests.store.kit import finish, start

if TYPE_CHECKING:
    from pathlib import Path

HOLD = """
from rickctl.store.joblock import hold_job_lock
hold_job_lock(root / "state", "nightly")
print("held", flush=True)
"""


def test_a_lock_is_held_until_its_process_ends(tmp_path: Path) -> None:
    process = start(HOLD + "signal.pause()", tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    with pytest.raises(Skipped) as caught:
        hold_job_lock(tmp_path / "state", "nightly")
    assert caught.value.code == "overlap"
    os.close(hold_job_lock(tmp_path / "state", "hourly"))
    process.send_signal(signal.SIGKILL)
    finish(process, -signal.SIGKILL)
    os.close(hold_job_lock(tmp_path / "state", "nightly"))


def test_a_child_that_was_started_meanwhile_does_not_keep_it(tmp_path: Path) -> None:
    code = HOLD + "import subprocess\nchild = subprocess.Popen(['sleep', '30'], stdout=-3, stderr=-3)\n"
    child = int(finish(start(code + "print(child.pid)", tmp_path)).split()[-1])
    try:
        os.close(hold_job_lock(tmp_path / "state", "nightly"))
    finally:
        os.kill(child, signal.SIGKILL)


def test_lock_files_are_private(tmp_path: Path) -> None:
    os.close(hold_job_lock(tmp_path / "state", "nightly"))
    found = tmp_path / "state" / "jobs" / "nightly.lock"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (found, found.parent)] == [0o600, 0o700]


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "A", "x" * 41, "a b", "a\0"])
def test_a_name_that_could_lead_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RickctlError):
        hold_job_lock(tmp_path / "state", name)
    assert not (tmp_path / "state").exists() or not list((tmp_path / "state").rglob("*.lock"))
