"""Reads one field of a body at a time into exact values; the first thing that is wrong names the reject reason.

A value that cannot be read is left out of the fields, so a reject transaction holds what was understood.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from rickctl.domain.errors import UsageError
from rickctl.domain.instants import SECOND_NS, parse_instant
from rickctl.domain.money import MAX_DIGITS, is_multiple
from rickctl.sandbox.oanda.records import Fields, Instant, Value

if TYPE_CHECKING:
    from collections.abc import Collection

    from rickctl.domain.market import Instrument

PIPS_MINIMUM_TRAIL = 5
PIPS_MAXIMUM_TRAIL = 10_000
LONGEST_EXTENSION = 128
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
_LARGEST = Decimal(10) ** 12


def minimum_trail(instrument: Instrument) -> Decimal:
    """The smallest distance a trailing stop may have."""
    return PIPS_MINIMUM_TRAIL * instrument.pip


def maximum_trail(instrument: Instrument) -> Decimal:
    """The largest distance a trailing stop may have."""
    return PIPS_MAXIMUM_TRAIL * instrument.pip


def read_number(value: Value) -> Decimal | None:
    """A plain decimal number given as text or as a JSON number; None for anything else."""
    if isinstance(value, bool) or value is None or isinstance(value, Mapping | tuple):
        return None
    written = format(value, "f") if isinstance(value, Decimal) and value.is_finite() else str(value).strip()
    if not _NUMBER.fullmatch(written) or sum(sign.isdigit() for sign in written) > MAX_DIGITS:
        return None
    found = Decimal(written)
    return found if abs(found) <= _LARGEST else None


def read_instant(value: Value) -> Instant | None:
    """An instant given as such, as RFC 3339 or as seconds with a fraction; None for anything else."""
    if isinstance(value, Instant):
        return value
    if not isinstance(value, str | Decimal):
        return None
    seconds = read_number(value)
    if seconds is not None:
        return Instant(int(seconds * SECOND_NS))
    try:
        return Instant(parse_instant(str(value)))
    except UsageError:
        return None


def read_flag(value: Value) -> bool:
    """True, "true" and 1 are yes."""
    return value is True or str(value).strip().lower() in {"true", "1"}


def read_number_id(value: Value) -> int | None:
    """An id OANDA assigned; None for anything else."""
    written = str(value).strip() if isinstance(value, str | int | Decimal) and not isinstance(value, bool) else ""
    return int(written) if written.isascii() and written.isdigit() and len(written) <= MAX_DIGITS else None


class Reading:
    """A body on its way to fields; `reason` is the first thing that was wrong with it."""

    def __init__(self, body: Fields, now_ns: int) -> None:
        self.body = body
        self.now_ns = now_ns
        self.fields: dict[str, Value] = {}
        self.reason: str | None = None

    def refuse(self, reason: str) -> None:
        """Remember the reason unless there is an earlier one."""
        if self.reason is None:
            self.reason = reason

    def price(self, name: str, prefix: str, increment: Decimal, *, required: bool) -> None:
        """A price above zero on the grid: PREFIX_MISSING, _INVALID, _PRECISION_EXCEEDED."""
        if self.body.get(name) is None:
            if required:
                self.refuse(f"{prefix}_MISSING")
            return
        found = read_number(self.body[name])
        if found is None or found <= 0:
            self.refuse(f"{prefix}_INVALID")
        elif not is_multiple(found, increment):
            self.fields[name] = found
            self.refuse(f"{prefix}_PRECISION_EXCEEDED")
        else:
            self.fields[name] = found.quantize(increment)

    def word(self, name: str, allowed: Collection[str], default: str | None, invalid: str) -> str:
        """One of the words allowed, or the default where it is absent."""
        given = self.body.get(name)
        found = default if given is None else given
        if isinstance(found, str) and found in allowed:
            self.fields[name] = found
            return found
        self.refuse(invalid)
        return ""

    def time_in_force(self, allowed: Collection[str], default: str, prefix: str = "") -> None:
        """The time in force, and the instant of a GTD."""
        if self.word("timeInForce", allowed, default, f"{prefix}TIME_IN_FORCE_INVALID") != "GTD":
            return
        stem = f"{prefix}GTD_TIMESTAMP" if prefix else "TIME_IN_FORCE_GTD_TIMESTAMP"
        at = read_instant(self.body.get("gtdTime"))
        if at is None:
            self.refuse(f"{stem}_MISSING")
            return
        self.fields["gtdTime"] = at
        if at <= self.now_ns:
            self.refuse(f"{stem}_IN_PAST")

    def extensions(self, name: str, prefix: str) -> None:
        """Client extensions: PREFIX_ID_INVALID, _TAG_INVALID, _COMMENT_INVALID."""
        given = self.body.get(name)
        if given is None:
            return
        found: dict[str, Value] = {}
        for part in ("id", "tag", "comment"):
            value = given.get(part) if isinstance(given, Mapping) else None
            if value is None:
                continue
            if not isinstance(value, str) or not 0 < len(value) <= LONGEST_EXTENSION:
                self.refuse(f"{prefix}_{part.upper()}_INVALID")
                continue
            found[part] = value
        if found:
            self.fields[name] = found
