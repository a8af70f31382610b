"""A figure beside its target, and how it is measured: ratios inside one interleaved run, never one clock alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parent.parent
NO_TARGET = float("inf")
PAIRS = 15
"""Interleaved rounds counted; a first one warms the caches and is not."""


class Figure(NamedTuple):
    """One row of the table; `at_least` says which side of the target is the good one, NO_TARGET that there is none."""

    name: str
    measured: float
    target: float
    unit: str
    detail: str = ""
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        """Whether the target is kept."""
        return self.measured >= self.target if self.at_least else self.measured <= self.target


def cpu_ms(argv: Sequence[str], environment: Mapping[str, str]) -> float:
    """CPU milliseconds, user and system, of one process and what it started. Raises RuntimeError if it fails."""
    process = subprocess.Popen(
        argv, cwd=ROOT, env=dict(environment), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        message = f"{' '.join(argv)} ended with {process.returncode}"
        raise RuntimeError(message)
    return (used.ru_utime + used.ru_stime) * 1000


def interleaved_ms(programs: Mapping[str, Sequence[str]]) -> dict[str, list[float]]:
    """CPU milliseconds of each program, run in turn PAIRS times with folders of their own."""
    found: dict[str, list[float]] = {name: [] for name in programs}
    with TemporaryDirectory() as folder:
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": folder,
            "RICKCTL_STATE_DIR": f"{folder}/state",
            "RICKCTL_CONFIG_DIR": f"{folder}/config",
        }
        for count in range(PAIRS + 1):
            for name, argv in programs.items():
                used = cpu_ms(argv, environment)
                if count:
                    found[name].append(used)
    return found


def ratio(counted: Sequence[float], floor: Sequence[float]) -> float:
    """The median of the pairs' ratios."""
    return median(one / other for one, other in zip(counted, floor, strict=True))


def write_table(figures: Sequence[Figure]) -> None:
    """Print every figure beside its target on stdout."""
    width = max((len(figure.name) for figure in figures), default=0)
    print(f"{'figure'.ljust(width)}  {'measured':>10}  {'target':>10}")
    for figure in figures:
        sign = "≥" if figure.at_least else "≤"
        measured = f"{figure.measured:.2f} {figure.unit}"
        target = "–" if figure.target == NO_TARGET else f"{sign} {figure.target:g} {figure.unit}"
        verdict = "" if figure.target == NO_TARGET else "met" if figure.is_met else "MISSED"
        print(f"{figure.name.ljust(width)}  {measured:>10}  {target:>10}  {verdict.ljust(6)}  {figure.detail}".rstrip())


def python(*argv: str) -> list[str]:
    """The command line of this interpreter."""
    return [sys.executable, *argv]
