"""A figure of the safety report beside its target, and how it is printed; proves nothing."""

from __future__ import annotations

from resource import RUSAGE_CHILDREN, getrusage
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH = 38


class Row(NamedTuple):
    """One figure beside its target; `seed` makes it repeatable, `at_least` says which side of the target is good.

    Without a seed the figure is of runs that are the same every time.
    """

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


def children_cpu_s() -> float:
    """Seconds of CPU, user and system, of every process that was started and has ended; a busy machine adds none."""
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def write_head(part: str) -> None:
    """Begin the table of one part on stdout."""
    print(f"\n{part.ljust(_WIDTH)}  measured  target          seed", flush=True)


def write_row(row: Row) -> None:
    """Print a figure beside its target, as soon as it is known."""
    target = f"{'≥' if row.at_least else '≤'} {row.target}"
    seed = "fixed" if row.seed is None else str(row.seed)
    verdict = "met" if row.is_met else "MISSED"
    line = f"{row.name.ljust(_WIDTH)}  {row.measured:8}  {target:6}  {verdict:6}  {seed:>5}  {row.detail}"
    print(line.rstrip(), flush=True)


def write_total(rows: Sequence[Row], took_s: float) -> None:
    """Print what all of it came to."""
    missed = [row.name for row in rows if not row.is_met]
    told = f"{len(missed)} of {len(rows)} figures MISSED: {', '.join(missed)}" if missed else f"{len(rows)} figures met"
    minutes, seconds = divmod(round(took_s), 60)
    print(f"\n{told}, in {minutes} min {seconds:02} s, {children_cpu_s() / 60:.0f} min of CPU", flush=True)
