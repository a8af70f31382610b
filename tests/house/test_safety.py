"""The safety report counts what its suites did: what failed, what did not end in time, what they say of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.rows import Row
from bench.suites import SUITES, Suite, run_suite
from tests.house.kit import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SUITE = """
import json, os, pathlib, time
def test_good(): pass
def test_of_its_own():
    row = {"name": "deaths", "measured": 3, "target": 2}
    pathlib.Path(os.environ["RICKCTL_SAFETY_FIGURES"]).write_text(json.dumps(row) + "\\n")
"""
BAD = "def test_bad(): assert False\n"
SLOW = "def test_slow(): time.sleep(60)\n"


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_what_a_suite_names_is_there(suite: Suite) -> None:
    assert all((ROOT / test.removeprefix("--ignore=")).exists() for test in suite.tests)


@pytest.mark.parametrize(("more", "limit_s", "measured"), [("", 50, 0), (BAD, 50, 1), (SLOW, 4, 1)])
def test_a_suite_is_counted(tmp_path: Path, more: str, limit_s: int, measured: int) -> None:
    (tmp_path / "test_it.py").write_text(SUITE + more)
    first, *rest = run_suite(Suite("mine", (str(tmp_path / "test_it.py"),), limit_s), tmp_path / "figures.jsonl")
    assert (first.measured, first.is_met) == (measured, not measured)
    assert ("not at its end" in first.name) == (more == SLOW)
    assert Row("deaths", 3, 2) in rest or more == SLOW


def test_a_suite_that_cannot_even_begin_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("import nothing_of_that_name\n")
    (row,) = run_suite(Suite("mine", (str(tmp_path / "test_it.py"),), 50), tmp_path / "figures.jsonl")
    assert not row.is_met
