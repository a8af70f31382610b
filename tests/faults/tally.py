"""What a number of runs came to: how many, what was seen, what was wrong; prints nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Counts of one proof; `faults` begin with their kind, `seen` says which moments the runs met."""

    seed: int
    runs: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def count(self, kind: str) -> int:
        """Faults of one kind."""
        return sum(fault.startswith(f"{kind}:") for fault in self.faults)

    def blame(self, what: str, faults: list[str]) -> None:
        """Add faults, each with what led to it."""
        self.faults += [f"{fault} [{what}, seed {self.seed}]" for fault in faults]

    @property
    def met(self) -> str:
        """Which moments were met how often, the commonest first."""
        return ", ".join(f"{count} {word}" for word, count in self.seen.most_common())
