"""The log file: whole lines from many processes, private, bounded, and nothing that could hold a command up."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rickctl.store.log import append_line, kept_path
from tests.house.kit import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_file_is_made_private_and_grows_by_lines(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    for line in ("one", "two"):
        append_line(file, line)
    assert file.read_text(encoding="utf-8") == "one\ntwo\n"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    file.touch(mode=0o644)
    file.chmod(0o644)
    append_line(file, "one")
    assert file.stat().st_mode & 0o777 == 0o600


def test_two_files_bound_what_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    for number in range(1000):
        append_line(file, f"line {number:04d}", most_bytes=1_000)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.jsonl", "log.jsonl.1"]
    lines = (kept_path(file).read_text() + file.read_text()).splitlines()
    assert lines == [f"line {number:04d}" for number in range(1000 - len(lines), 1000)]
    assert all(path.stat().st_size <= 1_000 for path in tmp_path.iterdir())
    assert kept_path(file).stat().st_mode & 0o777 == 0o600


def a_link(file: Path) -> None:
    (file.parent / "elsewhere").touch()
    file.symlink_to(file.parent / "elsewhere")


@pytest.mark.parametrize("spoil", [Path.mkdir, os.mkfifo, a_link], ids=["folder", "pipe nobody reads", "link"])
def test_what_is_no_plain_file_is_refused_at_once(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    file = tmp_path / "log.jsonl"
    spoil(file)
    with pytest.raises(OSError, match=r"."):
        append_line(file, "one")
    assert not (tmp_path / "elsewhere").exists() or not (tmp_path / "elsewhere").read_text()


def test_lines_of_many_processes_stay_whole_and_none_is_lost_before_the_bound(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    code = (
        "import sys\nfrom pathlib import Path\nfrom rickctl.store.log import append_line\n"
        "for number in range(200):\n    append_line(Path(sys.argv[1]), f'{sys.argv[2]} {number} ' + 'x' * 300)\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(file), str(who)], cwd=ROOT) for who in range(4)]
    assert [process.wait(timeout=60) for process in running] == [0] * 4
    words = [line.split() for line in file.read_text().splitlines()]
    assert sorted((int(who), int(number)) for who, number, _ in words) == [(w, n) for w in range(4) for n in range(200)]
    assert {filler for _, _, filler in words} == {"x" * 300}
