"""What arming is tested with: a store in a folder, a PIN that costs nothing to check, clocks that are set by hand."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rickctl.domain.arming import Bindings, Moment, Person, Standing
from rickctl.domain.pin import PinRecord
from rickctl.domain.scope import Mode, Scope
from rickctl.services.pins import Guard
from rickctl.store.arming import ArmFiles
from rickctl.store.state import Store
from tests.fakes import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LIVE = Scope(Mode.LIVE, "oanda", "001-001-1234567-001")
OTHER = Scope(Mode.LIVE, "oanda", "001-001-1234567-002")
START_NS = 1_763_560_800_000_000_000
PIN, NEXT_PIN = "408173", "739164"
BY = Person(1000, "/dev/pts/1")
BOUND = Bindings("c" * 64, "", "files", "token")
STANDS = Standing(BOUND, is_enabled=True, is_sealed=True, is_recorded=True, kill_reason=None)


def _nothing() -> None:
    return


class CheapPin:
    """A PIN box in memory; it remembers how often a PIN was looked at, and does what a test wants at its moments."""

    def __init__(self) -> None:
        self.record: PinRecord | None = None
        self.draft: PinRecord | None = None
        self.looked = 0
        self.at_look: Callable[[], None] = _nothing
        self.at_commit: Callable[[], None] = _nothing

    @property
    def is_there(self) -> bool:
        return self.record is not None

    def hashed(self, pin: str, store_id: str) -> PinRecord:
        return PinRecord(1, 1, 1, "", hashlib.sha256(pin.encode()).hexdigest(), store_id)

    def matches(self, record: PinRecord, pin: str) -> bool:
        self.looked += 1
        self.at_look()
        return record.hash == hashlib.sha256(pin.encode()).hexdigest()

    def digest(self, record: PinRecord) -> str:
        return f"{record.store_id} {record.hash}"

    def load(self, digest: str) -> PinRecord | None:
        for found in (self.record, self.draft):
            if found is not None and self.digest(found) == digest:
                self.record = found
                return found
        return None

    def prepare(self, record: PinRecord) -> None:
        self.draft = record

    def commit(self) -> None:
        self.at_commit()
        self.record, self.draft = self.draft, None


@dataclass(kw_only=True)
class Ground:
    """One machine: its state, its windows, its PIN, its clocks, and the answers a person would type."""

    root: Path
    store: Store
    clock: FakeClock
    box: CheapPin = field(default_factory=CheapPin)
    boot_id: str = "boot-one"
    boot_offset_ns: int = START_NS - 3_600_000_000_000
    typed: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @property
    def files(self) -> ArmFiles:
        return ArmFiles(self.root / "config")

    def now(self) -> Moment:
        return Moment(self.clock.at_ns, self.clock.at_ns - self.boot_offset_ns, self.boot_id)

    def guard(self) -> Guard:
        return Guard(state=self.store, audit=self.store, box=self.box, now=self.now, person=BY)

    def ask(self, question: str) -> str:
        self.asked.append(question)
        return self.typed.pop(0)

    def later(self, length_ns: int) -> None:
        self.clock.at_ns += length_ns

    def kinds(self) -> list[str]:
        return [row.kind for row in self.store.journal()]


def ground(root: Path) -> Ground:
    """A fresh machine."""
    clock = FakeClock(START_NS)
    return Ground(root=root, clock=clock, store=Store.open(root / "state", root / "config", clock, write=True))
