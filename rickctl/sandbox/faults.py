"""Which fault strikes when: matches requests, lines and questions of the exchange, counts, draws and remembers.

It knows no venue and no socket. The same faults, seed and sequence of requests strike the same way again.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.errors import UsageError
from rickctl.domain.instants import rfc3339
from rickctl.sandbox.faultfile import KINDS, MILLION, Strikes, fault_tables, read_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rickctl.domain.records import JSON
    from rickctl.sandbox.clock import ExchangeClock
    from rickctl.sandbox.faultfile import Fault

_REMEMBERED = 1000
_HINT_OF = {"reject": "reject", "cancel": "cancel", "partial": "fraction", "illiquid": "liquidity"}


class Aim(NamedTuple):
    """What a fault can be aimed at: an operation, and the request it came by."""

    operation: str
    method: str = ""
    path: str = ""


class Struck(NamedTuple):
    """One fault that struck: the how-manieth of all, when, and where."""

    place: int
    at_ns: int
    fault: Fault
    aim: Aim

    def record(self) -> dict[str, JSON]:
        """As the control endpoint tells it."""
        return {
            "place": self.place,
            "time": rfc3339(self.at_ns),
            "fault": self.fault.number,
            "kind": self.fault.kind,
            "operation": self.aim.operation,
            "method": self.aim.method or None,
            "path": self.aim.path or None,
        }


@dataclass(slots=True)
class _Standing:
    """A fault in force and what became of it so far."""

    fault: Fault
    seen: int = 0
    struck: int = 0


class Faults:
    """The faults in force on one sandbox; `hints` is what wires and exchanges ask."""

    def __init__(self, clock: ExchangeClock, *, seed: int = 0, tell: Callable[[Struck], None] | None = None) -> None:
        self._clock = clock
        self._tell = tell
        self._standing: dict[int, _Standing] = {}
        self._struck: deque[Struck] = deque(maxlen=_REMEMBERED)
        self._added = 0
        self._total = 0
        self.seed = seed

    def add(self, written: JSON) -> list[Fault]:
        """Put one fault, or a list of them, in force; all or none. Raises UsageError."""
        now_ns = self._clock.now_ns()
        tables = fault_tables(written)
        found = [read_fault(table, self._added + place, now_ns) for place, table in enumerate(tables, 1)]
        self._added += len(found)
        self._standing |= {fault.number: _Standing(fault) for fault in found}
        return found

    def remove(self, number: int) -> None:
        """Lift one fault. Raises UsageError for one that is not there."""
        if self._standing.pop(number, None) is None:
            message = f"there is no fault {number}"
            raise UsageError(message, code="unknown_fault")

    def clear(self) -> int:
        """Lift all; how many there were."""
        count = len(self._standing)
        self._standing.clear()
        return count

    def on_request(self, aim: Aim) -> list[Fault]:
        """What strikes a request before or instead of its answer."""
        return self._strike(Strikes.REQUEST, aim)

    def on_reply(self, aim: Aim) -> list[Fault]:
        """What strikes a whole answer on its way out."""
        return self._strike(Strikes.REPLY, aim)

    def on_line(self, aim: Aim, line: bytes) -> list[Fault]:
        """What strikes one line of a stream."""
        return self._strike(Strikes.LINE, aim, line)

    def hints(self, operation: str) -> Mapping[str, str]:
        """What is wanted of the exchange at this operation, in `HINT_WORDS`; one occurrence."""
        if not self._standing:
            return {}
        return {_HINT_OF[fault.kind]: fault.hint or "none" for fault in self._strike(Strikes.HINT, Aim(operation))}

    @property
    def standing(self) -> list[Fault]:
        """The faults in force."""
        return [row.fault for row in self._standing.values()]

    @property
    def total(self) -> int:
        """How many faults have struck so far."""
        return self._total

    def since(self, total: int) -> list[Fault]:
        """What struck after there were `total`, as far as it is remembered."""
        return [struck.fault for struck in self._struck if struck.place > total]

    def holds(self, fault: Fault) -> bool:
        """Whether a fault that struck is still in force, by schedule and by hand."""
        return fault.number in self._standing and self._is_due(fault, self._clock.now_ns())

    def describe(self) -> dict[str, JSON]:
        """Every fault in force and the latest that struck, newest last."""
        return {
            "seed": self.seed,
            "faults": [
                {"id": number, **row.fault.written, "seen": row.seen, "struck": row.struck}
                for number, row in self._standing.items()
            ],
            "struck": [struck.record() for struck in self._struck],
        }

    def _strike(self, strikes: Strikes, aim: Aim, line: bytes | None = None) -> list[Fault]:
        if not self._standing:
            return []
        now_ns = self._clock.now_ns()
        found = [
            row.fault
            for row in self._standing.values()
            if strikes in KINDS[row.fault.kind].strikes and self._hits(row, aim, line, now_ns)
        ]
        for fault in found:
            self._remember(fault, aim, now_ns)
        return found

    def _hits(self, row: _Standing, aim: Aim, line: bytes | None, now_ns: int) -> bool:
        """Whether it strikes here; counts the occurrence either way."""
        fault = row.fault
        if not _is_aimed(fault, aim) or not self._is_due(fault, now_ns):
            return False
        if line is not None and fault.match.encode() not in line:
            return False
        row.seen += 1
        is_spent = fault.times is not None and row.struck >= fault.times
        if row.seen <= fault.after or is_spent or self._draw(fault, row.seen) >= fault.chance:
            return False
        row.struck += 1
        return True

    def _is_due(self, fault: Fault, now_ns: int) -> bool:
        return fault.from_ns <= now_ns and (fault.until_ns is None or now_ns < fault.until_ns)

    def _draw(self, fault: Fault, occurrence: int) -> int:
        """A number below a million, the same for the same seed, fault and occurrence."""
        if fault.chance == MILLION:
            return 0
        text = f"{self.seed}/{fault.number}/{occurrence}".encode()
        return int.from_bytes(blake2b(text, digest_size=8).digest()) % MILLION

    def _remember(self, fault: Fault, aim: Aim, now_ns: int) -> None:
        self._total += 1
        struck = Struck(self._total, now_ns, fault, aim)
        self._struck.append(struck)
        if self._tell is not None:
            self._tell(struck)


def _is_aimed(fault: Fault, aim: Aim) -> bool:
    return (
        fnmatchcase(aim.operation, fault.operation)
        and fnmatchcase(aim.method, fault.method)
        and fnmatchcase(aim.path, fault.path)
    )
