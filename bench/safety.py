"""`python -m bench.safety [--seed N] [PART…]`: every proof at its full size, one table; 9 if a target is missed."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from bench.figures import ROOT, python
from tests.faults.acts import STEPPED
from tests.faults.crowd import Crowd
from tests.faults.halts import ACTS, WHEN_HALTED, halt_anywhere, halt_at
from tests.faults.kills import kill_beside_commits, kill_one_by_one, kill_programs, kill_two_at_once
from tests.faults.races import (
    race_behind_the_halted,
    race_for_the_last_room,
    race_for_the_last_trades,
    race_of_duplicates,
    race_with_one_key,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tests.faults.tally import Tally

SEED = 1
FINDINGS = 9
FIGURES_VARIABLE = "RICKCTL_SAFETY_FIGURES"
"""Names a file to which tests may add figures of their own, one JSON object a line with the fields of `Row`."""

LONGEST_S = 900
"""How long one suite may take at its full size."""

KINDS = {
    "lost": "acknowledged and lost",
    "twice": "done twice",
    "journal": "journal verify found something",
    "ledger": "ledger not exact",
    "open": "left without an answer",
    "untrue": "record tells what did not happen",
    "code": "ended with an unexpected code",
}
SUITES = {
    "journal attacks": ("tests/store/test_attacks.py",),
    "store under kill": ("tests/store/test_processes.py", "tests/store/test_owner.py"),
    "settle equivalence": (
        "tests/services/test_settle_properties.py",
        "tests/properties/test_settle_equivalence.py",
        "tests/properties/test_stored_ledgers.py",
    ),
    "invariants": ("tests/properties", "--ignore=tests/properties/test_planted_faults.py"),
    "planted faults": ("tests/properties/test_planted_faults.py",),
    "sandbox fuzz": ("tests/sandbox/test_oanda_fuzz.py",),
}
PLANTED = "::test_a_planted_fault_is_noticed["
FEWEST_PLANTED = 20


class Row(NamedTuple):
    """One figure beside its target; `seed` makes it repeatable, `at_least` says which side of the target is good."""

    name: str
    measured: int
    target: int
    detail: str = ""
    seed: int | None = None
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        """Whether the target is kept."""
        return self.measured >= self.target if self.at_least else self.measured <= self.target


def race(folder: Path, crowd: Crowd, seed: int) -> list[Row]:
    """Rounds of twenty processes at once that came out exactly right."""
    rounds: dict[str, Tally] = {
        "five of twenty placed, rounds": race_for_the_last_trades(folder, crowd, seed=seed, count=100),
        "the same as programs, rounds": race_for_the_last_trades(folder, crowd, seed=seed, count=10, programs=True),
        "room for five of twenty, rounds": race_for_the_last_room(folder, crowd, seed=seed, count=20),
        "trades held by halted ones, rounds": _joined(
            race_behind_the_halted(folder, crowd, seed=seed, moment=moment) for moment in ("recorded", "sent")
        ),
        "one key, one order, rounds": race_with_one_key(folder, crowd, seed=seed, count=20),
        "duplicates refused, rounds": race_of_duplicates(folder, crowd, seed=seed, count=20),
    }
    _tell(rounds.values())
    return [
        Row(name, tally.seen["clean"], tally.runs, "20 processes a round", seed, at_least=True)
        for name, tally in rounds.items()
    ]


def _joined(tallies: Iterable[Tally]) -> Tally:
    """Several tallies of one seed as one."""
    first, *rest = tallies
    for tally in rest:
        first.runs += tally.runs
        first.seen += tally.seen
        first.faults += tally.faults
    return first


def kill(folder: Path, crowd: Crowd, seed: int) -> list[Row]:
    """What was wrong after commands were killed at drawn moments."""
    tallies = {
        "one at a time": kill_one_by_one(folder / "one", crowd, seed=seed, count=300),
        "on the wall clock": kill_one_by_one(folder / "wall", crowd, seed=seed, count=60, account="main"),
        "of two at once": kill_two_at_once(folder / "two", crowd, seed=seed, count=300),
        "beside each commit": kill_beside_commits(folder / "commits", crowd, seed=seed, acts=STEPPED),
        "programs": kill_programs(folder / "programs", crowd, seed=seed, count=40),
    }
    _tell(tallies.values())
    runs = sum(tally.runs for tally in tallies.values())
    rows = [
        Row(f"killed {name}", tally.runs, tally.runs, tally.met, seed, at_least=True) for name, tally in tallies.items()
    ]
    rows += [
        Row(words, sum(tally.count(kind) for tally in tallies.values()), 0, f"in {runs} runs", seed)
        for kind, words in KINDS.items()
    ]
    return rows


def halt(folder: Path, crowd: Crowd, seed: int) -> list[Row]:
    """What became of intents whose process was halted, then killed or let go."""
    tally = halt_anywhere(folder, crowd, seed=seed, count=40)
    for name in ACTS:
        for moment in WHEN_HALTED:
            for then in (False, True):
                place = folder / f"{name}-{moment}-{then}"
                faults = halt_at(place, crowd, moment=moment, name=name, seed=seed, kill=then)
                tally.blame(f"{name} halted when {moment}", faults)
                tally.runs += 1
                tally.seen[f"halted when {moment}"] += 1
    _tell([tally])
    stolen = tally.count("stolen")
    rest = len(tally.faults) - stolen
    return [
        Row("intents of the living touched", stolen, 0, tally.met, seed),
        Row("other faults after a halt", rest, 0, f"in {tally.runs} halts", seed),
    ]


def run_suites(folder: Path, crowd: Crowd, seed: int) -> list[Row]:
    """Failing tests among the proofs that are test suites of their own, at full size, and the figures they write."""
    del crowd, seed  # theirs are fixed
    rows = []
    for name, arguments in SUITES.items():
        if (ROOT / arguments[0]).exists():
            rows += _run_suite(name, arguments, folder / f"{name.replace(' ', '-')}.jsonl")
    return rows


def _run_suite(name: str, arguments: Sequence[str], figures: Path) -> list[Row]:
    environment = {**os.environ, "RICKCTL_TEST_SIZE": "full", FIGURES_VARIABLE: str(figures)}
    argv = python("-m", "pytest", *arguments, "--numprocesses", "auto", "-rA", "--hypothesis-show-statistics")
    try:
        done = subprocess.run(
            argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=LONGEST_S
        )
    except subprocess.TimeoutExpired:
        return [Row(f"{name}: not at its end after {LONGEST_S} s", 1, 0)]
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
    lines = done.stdout.splitlines()
    bad = sum(line.startswith(("FAILED ", "ERROR ")) for line in lines)
    written = figures.read_text(encoding="utf-8").splitlines() if figures.exists() else []
    rows = [Row(f"{name}: tests that fail", bad or int(bool(done.returncode)), 0, _told(lines))]
    return [*rows, *_planted(lines), *(Row(**json.loads(line)) for line in written)]


def _told(lines: Sequence[str]) -> str:
    """How many tests passed, on how many drawn examples."""
    passed = sum(line.startswith("PASSED ") for line in lines)
    examples = sum(int(count) for line in lines for count in re.findall(r"(\d+) passing examples", line))
    return f"{passed} passed" + (f", {examples} drawn examples" if examples else "")


def _planted(lines: Sequence[str]) -> list[Row]:
    """How many of the faults planted on purpose were noticed, where the suite is the one that plants them."""
    tried = [line for line in lines if PLANTED in line and line.startswith(("PASSED ", "FAILED ", "ERROR "))]
    caught = sum(line.startswith("PASSED ") for line in tried)
    return [Row("planted faults caught", caught, max(len(tried), FEWEST_PLANTED), at_least=True)] if tried else []


def _tell(tallies: Iterable[Tally]) -> None:
    for tally in tallies:
        for fault in tally.faults:
            print(fault, file=sys.stderr)


PARTS: dict[str, Callable[[Path, Crowd, int], list[Row]]] = {
    "races": race,
    "kills": kill,
    "halts": halt,
    "suites": run_suites,
}


def prove(name: str, folder: Path, crowd: Crowd, seed: int) -> list[Row]:
    """The figures of one part; one that breaks off is a figure that misses."""
    print(f"proving {name} …", file=sys.stderr)
    begun = time.monotonic()
    folder.mkdir()
    try:
        rows = PARTS[name](folder, crowd, seed)
    except AssertionError as error:
        rows = [Row(f"{name} that broke off", 1, 0, str(error).partition("\n")[0], seed)]
    print(f"{name}: {time.monotonic() - begun:.0f} s", file=sys.stderr)
    return rows


def write_rows(rows: Sequence[Row]) -> None:
    """Print every figure beside its target on stdout."""
    width = max(len(row.name) for row in rows)
    print(f"{'figure'.ljust(width)}  measured  target          seed")
    for row in rows:
        target = f"{'≥' if row.at_least else '≤'} {row.target}"
        seed = "" if row.seed is None else str(row.seed)
        verdict = "met" if row.is_met else "MISSED"
        print(f"{row.name.ljust(width)}  {row.measured:8}  {target:6}  {verdict:6}  {seed:>4}  {row.detail}".rstrip())


def main(arguments: Sequence[str]) -> int:
    """Prove, print, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.safety", description="Prove what the project promises.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all of them if none is named")
    parser.add_argument("--seed", type=int, default=SEED, help="what every moment is drawn from")
    asked = parser.parse_args(arguments)
    unknown = [name for name in asked.parts if name not in PARTS]
    if unknown:
        parser.error(f"{unknown[0]!r} is not one of {', '.join(PARTS)}")
    rows: list[Row] = []
    with TemporaryDirectory() as place, Crowd(Path(place)) as crowd:
        for name in asked.parts or PARTS:
            rows += prove(name, Path(place) / name, crowd, asked.seed)
    write_rows(rows)
    return 0 if all(row.is_met for row in rows) else FINDINGS


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
