"""What the project's files say: nothing about the machine they were written on, nothing left for later."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.house.kit import name_of, texts

if TYPE_CHECKING:
    from pathlib import Path

# Spelled in pieces, so that this file does not find itself.
MACHINE_PATH = re.compile("/" + r"(?:work|root|tmp/v)\b(?!-)")
UNFINISHED = re.compile("|".join(["TO" + "DO", "FIX" + "ME"]))
INDEX_HOST = re.compile("|".join(["py" + r"pi\.org", "python" + r"hosted", "file://" + "/opt"]))


@pytest.mark.parametrize("path", list(texts()), ids=name_of)
@pytest.mark.parametrize("pattern", [MACHINE_PATH, UNFINISHED, INDEX_HOST], ids=["machine", "unfinished", "index"])
def test_a_file_says_nothing_it_should_not(path: Path, pattern: re.Pattern[str]) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [f"{number}: {line}" for number, line in enumerate(lines, 1) if pattern.search(line)] == []
