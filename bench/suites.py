"""The proofs that are test suites of their own, run at full size with a limit each, told while they run."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from threading import Timer
from typing import TYPE_CHECKING, NamedTuple

from bench.figures import ROOT, python
from bench.rows import Row, children_cpu_s

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FIGURES_VARIABLE = "RICKCTL_SAFETY_FIGURES"
"""Names a file to which tests may add figures of their own, one JSON object a line with the fields of `Row`."""

FEWEST_PLANTED = 20
_PLANTED = "::test_a_planted_fault_is_noticed["
_TOLD_EVERY_S = 20
_LONGEST_LINE = 300
_ENDED = re.compile(r"(?:\[gw\d+\] )?\[ *(\d+)%\] (PASSED|FAILED|ERROR|SKIPPED) (.*)")
_EXAMPLES = re.compile(r"(\d+) passing")


class Suite(NamedTuple):
    """Test files, or folders, and for how many seconds they may run; on two idle cores they take about a third."""

    name: str
    tests: tuple[str, ...]
    limit_s: int


SUITES = (
    Suite("journal attacks", ("tests/store/test_attacks.py",), 120),
    Suite(
        "store under kill",
        ("tests/store/test_processes.py", "tests/store/test_owner.py", "tests/store/test_migrations.py"),
        180,
    ),
    Suite(
        "settle equivalence",
        (
            "tests/services/test_settle_properties.py",
            "tests/properties/test_settle_equivalence.py",
            "tests/properties/test_stored_ledgers.py",
        ),
        600,
    ),
    Suite(
        "invariants",
        (
            "tests/properties",
            "--ignore=tests/properties/test_planted_faults.py",
            "--ignore=tests/properties/test_settle_equivalence.py",
            "--ignore=tests/properties/test_stored_ledgers.py",
        ),
        600,
    ),
    Suite("planted faults", ("tests/properties/test_planted_faults.py",), 600),
    Suite("sandbox fuzz", ("tests/sandbox/test_oanda_fuzz.py",), 900),
)


def run_suite(suite: Suite, figures: Path) -> Iterator[Row]:
    """Failing tests of one suite, the figures it writes, and the planted faults that were noticed."""
    done = _Run(suite, figures)
    bad = sum(word in {"FAILED", "ERROR"} for word, _ in done.ended)
    name = f"{suite.name}: tests that fail"
    if done.is_late:
        yield Row(f"{suite.name}: not at its end", 1, 0, done.told)
    else:
        yield Row(name, bad or int(bool(done.code)), 0, done.told)
    if done.code:
        done.write_failures()
    tried = [word for word, test in done.ended if _PLANTED in test]
    if tried:
        yield Row("planted faults noticed", tried.count("PASSED"), max(len(tried), FEWEST_PLANTED), at_least=True)
    for line in figures.read_text(encoding="utf-8").splitlines() if figures.exists() else []:
        yield Row(**json.loads(line))


class _Run:
    """One run of pytest: how every test ended, and what was printed."""

    def __init__(self, suite: Suite, figures: Path) -> None:
        self.ended: list[tuple[str, str]] = []
        self.lines: list[str] = []
        self.is_late = False
        self._name = suite.name
        argv = python("-m", "pytest", *suite.tests, "--numprocesses", "auto", "-vv", "--hypothesis-show-statistics")
        environment = {**os.environ, "RICKCTL_TEST_SIZE": "full", FIGURES_VARIABLE: str(figures)}
        begun, used_s = time.monotonic(), children_cpu_s()
        with subprocess.Popen(
            argv, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        ) as process:  # fmt: skip
            timer = Timer(suite.limit_s, self._end, (process,))
            timer.start()
            try:
                self._read(process, begun)
                process.wait()
            except BaseException:
                self._end(process)
                raise
            finally:
                timer.cancel()
        self.code = process.returncode
        self.took_s = time.monotonic() - begun
        self.used_s = children_cpu_s() - used_s

    @property
    def told(self) -> str:
        """How many tests passed or were skipped, on how many drawn examples, in what time, at what cost."""
        words = Counter(word for word, _ in self.ended)
        skipped = f", {words['SKIPPED']} skipped" if words["SKIPPED"] else ""
        examples = sum(int(count) for line in self.lines for count in _EXAMPLES.findall(line))
        drawn = f", {examples} drawn examples" if examples else ""
        return f"{words['PASSED']} passed{skipped}{drawn}, {self.took_s:.0f} s, {self.used_s:.0f} s of CPU"

    def write_failures(self) -> None:
        """What pytest says of tests that failed, on stderr."""
        shown = [
            number
            for number, line in enumerate(self.lines)
            if line.startswith("=") and ("FAIL" in line or "ERROR" in line)
        ]
        for line in self.lines[shown[0] if shown else -50 :]:
            print(line[:_LONGEST_LINE], file=sys.stderr)

    def _read(self, process: subprocess.Popen[str], begun: float) -> None:
        told = begun
        for line in process.stdout or ():
            self.lines.append(line.rstrip("\n"))
            found = _ENDED.match(line)
            if found is None:
                continue
            self.ended.append((found[2], found[3]))
            if time.monotonic() - told > _TOLD_EVERY_S:
                told = time.monotonic()
                print(f"{self._name}: {found[1]} %, {told - begun:.0f} s", file=sys.stderr)

    def _end(self, process: subprocess.Popen[str]) -> None:
        """End the run and what it started, which have a session of their own."""
        self.is_late = True
        os.killpg(process.pid, signal.SIGKILL)
