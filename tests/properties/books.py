"""Orders and trades as the second opinion keeps them; plain records that decide nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.properties.prices import ZERO

if TYPE_CHECKING:
    from rickctl.domain.account import Leg
    from rickctl.domain.market import Cursor
    from rickctl.domain.orders import EntryType, Side

Lots = list[tuple[Decimal, Decimal]]
"""Units and price, oldest first."""


@dataclass
class Ordered:
    """What is known of one order."""

    symbol: str
    side: Side
    units: Decimal
    entry: EntryType
    live_ns: int
    level: Decimal | None
    stop_loss: Decimal | None
    target: Decimal | None
    trailing: Decimal | None
    expires_ns: int | None
    is_close: bool
    closes: int | None
    changed_ns: int
    filled: Decimal = ZERO
    resume_ns: int = 0
    is_over: bool = False
    is_at_market: bool = False


@dataclass
class Held:
    """What is known of one trade: its lots as (units, price), oldest first, and its exits."""

    symbol: str
    side: Side
    opened_ns: int
    opened_phase: int
    stop_loss: Decimal | None
    target: Decimal | None
    trailing: Decimal | None
    changed_ns: int
    trailed: Decimal | None = None
    lots: Lots = field(default_factory=list)
    exit_leg: Leg | None = None
    last_leg: Leg | None = None
    exit_cursor: Cursor | None = None
    is_at_market: bool = False
    resume_ns: int = 0

    @property
    def stop(self) -> Decimal | None:
        """The stop in force: the nearer of the one that was set and the one that trails."""
        levels = [level for level in (self.stop_loss, self.trailed) if level is not None]
        return max(levels, key=lambda level: level * self.side.sign, default=None)

    @property
    def units(self) -> Decimal:
        """Open units."""
        return sum((units for units, _ in self.lots), ZERO)


def split(lots: Lots, units: Decimal) -> tuple[Lots, Lots, Decimal]:
    """Lots taken off the front, lots that stay, and units that found none."""
    taken: Lots = []
    kept: Lots = []
    for held, price in lots:
        part = min(held, units)
        units -= part
        if part:
            taken.append((part, price))
        if held > part:
            kept.append((held - part, price))
    return taken, kept, units
