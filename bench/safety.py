"""`python -m bench.safety [--seed N] [PART…]`: every proof at full size, told as it ends; 9 if a target is missed."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from bench.rows import Row, write_head, write_row, write_total
from bench.suites import SUITES, run_suite
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
from tests.faults.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

SEED = 1
FINDINGS = 9
KINDS = {
    "lost": "acknowledged and lost",
    "twice": "done twice",
    "journal": "journal verify found something",
    "ledger": "ledger not exact",
    "open": "left without an answer",
    "untrue": "record tells what did not happen",
    "code": "ended with an unexpected code",
}

Proof: TypeAlias = "Callable[[], Tally]"


class Ask(NamedTuple):
    """What a part is asked to do: where, with which crowd, drawing from which seed, with how much patience."""

    folder: Path
    crowd: Crowd
    seed: int
    patience: float


def race(ask: Ask) -> Iterator[Row]:
    """Rounds of twenty processes at once that came out exactly right."""
    folder, crowd, seed, _ = ask
    rounds: dict[str, Proof] = {
        "five of twenty placed, rounds": lambda: race_for_the_last_trades(folder, crowd, seed=seed, count=100),
        "the same as programs, rounds": lambda: race_for_the_last_trades(
            folder, crowd, seed=seed, count=10, programs=True
        ),
        "room for five of twenty, rounds": lambda: race_for_the_last_room(folder, crowd, seed=seed, count=20),
        "trades held by halted ones, rounds": lambda: _joined(
            race_behind_the_halted(folder, crowd, seed=seed, moment=moment) for moment in ("recorded", "sent")
        ),
        "one key, one order, rounds": lambda: race_with_one_key(folder, crowd, seed=seed, count=20),
        "duplicates refused, rounds": lambda: race_of_duplicates(folder, crowd, seed=seed, count=20),
    }
    for name, proof in rounds.items():
        tally, took_s = _prove(proof)
        detail = f"20 processes a round, {took_s:.0f} s"
        yield Row(name, tally.seen["clean"], tally.runs, detail, seed, at_least=True)


def _joined(tallies: Iterable[Tally]) -> Tally:
    """Several tallies of one seed as one."""
    first, *rest = tallies
    for tally in rest:
        first.runs += tally.runs
        first.seen += tally.seen
        first.faults += tally.faults
    return first


def kill(ask: Ask) -> Iterator[Row]:
    """What was wrong after commands were killed at drawn moments."""
    folder, crowd, seed, _ = ask
    proofs: dict[str, Proof] = {
        "one at a time": lambda: kill_one_by_one(folder / "one", crowd, seed=seed, count=300),
        "on the wall clock": lambda: kill_one_by_one(folder / "wall", crowd, seed=seed, count=60, account="main"),
        "of two at once": lambda: kill_two_at_once(folder / "two", crowd, seed=seed, count=300),
        "beside each commit": lambda: kill_beside_commits(folder / "commits", crowd, seed=seed, acts=STEPPED),
        "programs": lambda: kill_programs(folder / "programs", crowd, seed=seed, count=40),
    }
    runs, found = 0, Counter[str]()
    for name, proof in proofs.items():
        tally, took_s = _prove(proof)
        runs += tally.runs
        found.update({kind: tally.count(kind) for kind in KINDS})
        yield Row(f"killed {name}", tally.runs, tally.runs, f"{tally.met}, {took_s:.0f} s", seed, at_least=True)
    for kind, words in KINDS.items():
        yield Row(words, found[kind], 0, f"in {runs} runs", seed)


def halt(ask: Ask) -> Iterator[Row]:
    """What became of intents whose process was halted, then killed or let go."""
    folder, crowd, seed, _ = ask
    tally, took_s = _prove(lambda: halt_anywhere(folder, crowd, seed=seed, count=40))
    at, also_s = _prove(lambda: _halt_at_each_moment(folder, crowd, seed))
    stolen = tally.count("stolen") + at.count("stolen")
    rest = len(tally.faults) + len(at.faults) - stolen
    runs = tally.runs + at.runs
    detail = f"{tally.met}, {at.met}, {took_s + also_s:.0f} s"
    yield Row("intents of the living touched", stolen, 0, detail, seed)
    yield Row("other faults after a halt", rest, 0, f"in {runs} halts", seed)


def _halt_at_each_moment(folder: Path, crowd: Crowd, seed: int) -> Tally:
    tally = Tally(seed)
    for name, moment, then in product(ACTS, WHEN_HALTED, (False, True)):
        place = folder / f"{name}-{moment}-{then}"
        faults = halt_at(place, crowd, moment=moment, name=name, seed=seed, kill=then)
        tally.blame(f"{name} halted when {moment}", faults)
        tally.runs += 1
        tally.seen[f"halted when {moment}"] += 1
    return tally


def run_suites(ask: Ask) -> Iterator[Row]:
    """Failing tests among the proofs that are test suites of their own, at full size, and the figures they write.

    What they draw is fixed.
    """
    for suite in SUITES:
        patient = suite._replace(limit_s=round(suite.limit_s * ask.patience))
        yield from run_suite(patient, ask.folder / f"{suite.name.replace(' ', '-')}.jsonl")


def _prove(proof: Proof) -> tuple[Tally, float]:
    """What a proof came to and how many seconds it took; its faults go to stderr."""
    begun = time.monotonic()
    tally = proof()
    for fault in tally.faults:
        print(fault, file=sys.stderr)
    return tally, time.monotonic() - begun


PARTS: dict[str, Callable[[Ask], Iterator[Row]]] = {
    "races": race,
    "kills": kill,
    "halts": halt,
    "suites": run_suites,
}


def prove(name: str, ask: Ask) -> Iterator[Row]:
    """The figures of one part as they come; one that breaks off is a figure that misses."""
    ask.folder.mkdir()
    try:
        yield from PARTS[name](ask)
    except AssertionError as error:
        yield Row(f"{name} that broke off", 1, 0, str(error).partition("\n")[0], ask.seed)


def main(arguments: Sequence[str]) -> int:
    """Prove, print, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.safety", description="Prove what the project promises.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all of them if none is named")
    parser.add_argument("--patience", type=float, default=1, help="times the limit of each suite, on a slow machine")
    parser.add_argument("--seed", type=int, default=SEED, help="what every moment is drawn from")
    asked = parser.parse_args(arguments)
    unknown = [name for name in asked.parts if name not in PARTS]
    if unknown:
        parser.error(f"{unknown[0]!r} is not one of {', '.join(PARTS)}")
    rows: list[Row] = []
    begun = time.monotonic()
    with TemporaryDirectory() as place, Crowd(Path(place)) as crowd:
        for name in asked.parts or PARTS:
            write_head(name)
            for row in prove(name, Ask(Path(place) / name, crowd, asked.seed, asked.patience)):
                write_row(row)
                rows.append(row)
    write_total(rows, time.monotonic() - begun)
    return 0 if all(row.is_met for row in rows) else FINDINGS


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
