"""Every transcript, replayed: the words a user reads are compared to the letter."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.cli.harness import FOLDER, UPDATE_VARIABLE, open_desk, parse_transcript, replay

if TYPE_CHECKING:
    from pathlib import Path

FILES = sorted(FOLDER.rglob("*.txt"))
AS_PROCESS = [path for path in FILES if parse_transcript(path.read_text(encoding="utf-8")).runs_as_process]


def name_of(path: Path) -> str:
    return path.relative_to(FOLDER).as_posix()


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_transcript_reads_the_same_today(path: Path, tmp_path: Path) -> None:
    written = path.read_text(encoding="utf-8")
    transcript = parse_transcript(written)
    assert transcript.steps, "a transcript without a command line proves nothing"
    today = replay(transcript, open_desk(transcript, tmp_path))
    if os.environ.get(UPDATE_VARIABLE) == "1":
        path.write_text(today, encoding="utf-8")
        return
    assert today == written


@pytest.mark.parametrize("path", AS_PROCESS, ids=name_of)
def test_a_transcript_holds_for_a_real_process(path: Path, tmp_path: Path) -> None:
    written = path.read_text(encoding="utf-8")
    transcript = parse_transcript(written)
    assert replay(transcript, open_desk(transcript, tmp_path), as_process=True) == written
