"""The kill latch is one file: whatever stands in its place stops entries, and only taking it away lets them go."""

from __future__ import annotations

import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from rickctl.domain.errors import SetupError
from rickctl.store.kill import KILL_FILE, Kill, clear_kill, read_kill, set_kill
from tests.store.kit import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path


def test_a_latch_is_private_and_says_when_and_why(tmp_path: Path) -> None:
    set_kill(tmp_path / "state", Kill("odd fills", 7))
    assert read_kill(tmp_path / "state") == Kill("odd fills", 7)
    assert stat.S_IMODE((tmp_path / "state" / KILL_FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_the_first_reason_stands(tmp_path: Path) -> None:
    state = tmp_path / "state"
    set_kill(state, Kill("first", 1))
    set_kill(state, Kill("second", 2))
    assert read_kill(state) == Kill("first", 1)


def test_no_file_is_no_kill(tmp_path: Path) -> None:
    assert read_kill(tmp_path / "missing") is None
    assert not clear_kill(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"null", b"[]", b'{"reason": "x"}', b'{"set_ns": 1}'])
def test_whatever_a_latch_file_holds_it_is_a_kill(tmp_path: Path, content: bytes) -> None:
    (tmp_path / KILL_FILE).write_bytes(content)
    held = read_kill(tmp_path)
    assert held is not None
    assert held.reason
    assert clear_kill(tmp_path)
    assert read_kill(tmp_path) is None


def test_a_link_to_nowhere_is_a_kill_too(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / KILL_FILE).symlink_to(tmp_path / "nowhere")
    set_kill(tmp_path, Kill("x", 1))
    assert read_kill(tmp_path) is not None
    assert clear_kill(tmp_path)
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_in_its_place_is_a_kill_that_only_a_person_with_a_shell_lifts(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / KILL_FILE).mkdir()
    set_kill(tmp_path, Kill("x", 1))
    assert read_kill(tmp_path) is not None
    with pytest.raises(SetupError):
        clear_kill(tmp_path)


def test_where_no_latch_can_stand_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(SetupError):
        set_kill(tmp_path / "state", Kill("x", 1))


def test_many_at_once_leave_one_whole_latch(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom rickctl.store.kill import Kill, set_kill\n"
        "set_kill(Path(sys.argv[1]), Kill(sys.argv[2] * 500, 1))\n"
    )
    state = tmp_path / "state"
    running = [subprocess.Popen([sys.executable, "-c", code, str(state), name], cwd=REPOSITORY) for name in "abcdef"]
    assert [process.wait(timeout=60) for process in running] == [0] * 6
    held = read_kill(state)
    assert held is not None
    assert (len(held.reason), len(set(held.reason))) == (500, 1)
