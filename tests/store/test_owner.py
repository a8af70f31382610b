"""Who is alive: the lock says it, not the pid and not the file."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from rickctl.store.owner import FOLDER, Owner, current_boot_id, is_gone, reap
from tests.store.kit import finish, start

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

BOOT = "3f0e9d1c-0000-4000-8000-000000000000"
HOLD = """
import time
from rickctl.store.owner import Owner
owner = Owner.hold(root)
print(owner.name, flush=True)
time.sleep(60)
"""


def started_owner(root: Path, code: str = HOLD) -> tuple[subprocess.Popen[str], str]:
    process = start(code, root)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_a_living_process_is_never_gone_and_a_killed_one_is(tmp_path: Path) -> None:
    process, name = started_owner(tmp_path)
    assert [is_gone(tmp_path, name) for _ in range(50)] == [False] * 50
    assert reap(tmp_path) == 0
    assert (tmp_path / FOLDER / name).exists()
    process.kill()
    process.communicate(timeout=30)
    assert is_gone(tmp_path, name)
    assert reap(tmp_path) == 1
    assert not (tmp_path / FOLDER / name).exists()
    assert is_gone(tmp_path, name)


def test_a_process_sees_itself_alive_and_is_gone_when_it_closed(tmp_path: Path) -> None:
    with Owner.hold(tmp_path, BOOT) as owner:
        assert owner.name.startswith(f"3f0e9d1c-{os.getpid()}-")
        assert not is_gone(tmp_path, owner.name, BOOT)
        assert reap(tmp_path) == 0
    assert is_gone(tmp_path, owner.name, BOOT)
    assert list((tmp_path / FOLDER).iterdir()) == []


def test_a_reused_pid_does_not_pass_for_the_dead(tmp_path: Path) -> None:
    process, dead = started_owner(tmp_path)
    process.kill()
    process.communicate(timeout=30)
    boot, _, nonce = dead.split("-")
    reused = f"{boot}-{os.getpid()}-{nonce}"
    with Owner.hold(tmp_path) as living:
        (tmp_path / FOLDER / living.name).with_name(reused).touch()
        assert is_gone(tmp_path, reused)
        assert not is_gone(tmp_path, living.name)
        assert reap(tmp_path) == 1
        assert not is_gone(tmp_path, living.name)


def test_an_owner_of_an_earlier_boot_is_gone(tmp_path: Path) -> None:
    with Owner.hold(tmp_path, BOOT) as owner:
        assert is_gone(tmp_path, owner.name, "aaaaaaaa-0000-4000-8000-000000000000")


@pytest.mark.parametrize("name", ["", "..", "../rickctl.db", "3f0e9d1c-1-zz", "3f0e9d1c-1-00000000/x", "nobody"])
def test_a_name_no_owner_ever_had_is_gone(tmp_path: Path, name: str) -> None:
    with Owner.hold(tmp_path, BOOT):
        assert is_gone(tmp_path, name, BOOT)


def test_asking_and_reaping_make_no_folder(tmp_path: Path) -> None:
    assert is_gone(tmp_path / "absent", "3f0e9d1c-1-00000000", BOOT)
    assert reap(tmp_path / "absent") == 0
    assert list(tmp_path.iterdir()) == []


def test_reaping_leaves_other_files_alone(tmp_path: Path) -> None:
    with Owner.hold(tmp_path, BOOT):
        (tmp_path / FOLDER / "notes.txt").write_text("mine")
        assert reap(tmp_path) == 0
    assert (tmp_path / FOLDER / "notes.txt").read_text() == "mine"


def test_a_started_program_does_not_keep_its_dead_parent_alive(tmp_path: Path) -> None:
    code = """
import subprocess
from rickctl.store.owner import Owner
owner = Owner.hold(root)
child = subprocess.Popen(["sleep", "30"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(owner.name, child.pid, flush=True)
die()
"""
    process, line = started_owner(tmp_path, code)
    process.communicate(timeout=30)
    name, child = line.split()
    assert is_gone(tmp_path, name)
    os.kill(int(child), 9)


def test_owners_born_while_a_reaper_runs_are_never_gone(tmp_path: Path) -> None:
    reaper = start(
        """
from rickctl.store.owner import reap
while not (root / "stop").exists():
    reap(root)
""",
        tmp_path,
    )
    births = """
from rickctl.store.owner import Owner, is_gone
for _ in range(400):
    with Owner.hold(root) as owner:
        assert (root / "locks" / owner.name).exists()
        assert not is_gone(root, owner.name)
"""
    try:
        for process in [start(births, tmp_path) for _ in range(2)]:
            finish(process)
    finally:
        (tmp_path / "stop").touch()
        finish(reaper)


def test_the_boot_has_one_name() -> None:
    assert current_boot_id() == current_boot_id()
    assert len(current_boot_id()) >= 32


def test_an_owner_that_ends_without_closing_is_gone_at_once(tmp_path: Path) -> None:
    name = finish(start("from rickctl.store.owner import Owner; print(Owner.hold(root).name)", tmp_path)).strip()
    started = time.monotonic()
    assert is_gone(tmp_path, name)
    assert time.monotonic() - started < 5
