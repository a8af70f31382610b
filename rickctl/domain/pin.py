"""What a PIN may be and how many tries it takes: pure rules; holds no PIN and reads no clock."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, Protocol

from rickctl.domain.errors import UsageError
from rickctl.domain.instants import HOUR_NS, MINUTE_NS

if TYPE_CHECKING:
    from rickctl.domain.arming import Moment

SHORTEST = 6
LONGEST = 32
FREE_TRIES = 5
FIRST_LOCK_NS = 15 * MINUTE_NS
LONGEST_LOCK_NS = 24 * HOUR_NS

WELL_KNOWN = frozenset({"841921", "147258", "258369", "147852", "159753", "159357", "789456", "456789", "102030"})
"""PINs that stand in programs people copy, or that a finger draws on the keys; runs and repeats are found by rule."""

_FEWEST_DIGITS = 3
_BASE = 10
_MONTHS = 12
_DAYS = 31
_CENTURIES = frozenset({"19", "20"})


class PinRecord(NamedTuple):
    """A PIN as it is kept: scrypt's cost, block size and lanes, salt and hash as hexadecimal, the state it guards."""

    cost: int
    block: int
    lanes: int
    salt: str
    hash: str
    store_id: str


def check_new_pin(pin: str) -> str:
    """The PIN if it may guard LIVE. Raises UsageError, which never holds the PIN."""
    if not (pin.isascii() and pin.isdigit()) or not SHORTEST <= len(pin) <= LONGEST:
        message = f"a PIN is {SHORTEST} to {LONGEST} digits and nothing else"
        raise UsageError(message, code="bad_pin", hint="rickctl pin set")
    fault = weakness(pin)
    if fault is not None:
        message = f"that PIN is too easy to guess: {fault}"
        raise UsageError(message, code="weak_pin", hint="rickctl pin set, with six or more digits drawn by lot")
    return pin


def weakness(pin: str) -> str | None:
    """Why a PIN of digits is among the first to be tried, or None."""
    if pin in WELL_KNOWN:
        return "it is well known"
    if len(set(pin)) < _FEWEST_DIGITS:
        return f"it has fewer than {_FEWEST_DIGITS} different digits"
    if _is_run(pin) or _is_run(_without_repeats(pin)):
        return "its digits follow one another"
    if _is_block_repeated(pin):
        return "it repeats itself"
    if pin == pin[::-1]:
        return "it reads the same from either end"
    return "it is a date" if _is_date(pin) else None


def _steps(pin: str) -> set[int]:
    return {(int(after) - int(before)) % _BASE for before, after in pairwise(pin)}


def _is_run(pin: str) -> bool:
    return len(_steps(pin)) <= 1


def _without_repeats(pin: str) -> str:
    return pin[0] + "".join(after for before, after in pairwise(pin) if after != before)


def _is_block_repeated(pin: str) -> bool:
    return any(pin == (pin[:size] * len(pin))[: len(pin)] for size in range(1, len(pin) // 2 + 1))


def _is_date(pin: str) -> bool:
    """Year, month and day in the orders people write them, the year with two digits or four."""
    if len(pin) == SHORTEST:
        orders = [(pin[2:4], pin[4:]), (pin[2:4], pin[:2]), (pin[:2], pin[2:4])]
        return any(_is_day(month, day) for month, day in orders)
    if len(pin) == SHORTEST + 2:
        return (pin[:2] in _CENTURIES and _is_day(pin[4:6], pin[6:])) or (
            pin[4:6] in _CENTURIES and (_is_day(pin[2:4], pin[:2]) or _is_day(pin[:2], pin[2:4]))
        )
    return False


def _is_day(month: str, day: str) -> bool:
    return 1 <= int(month) <= _MONTHS and 1 <= int(day) <= _DAYS


def lock_length_ns(failures: int) -> int:
    """How long no try is taken after so many in a row that were not right: none, then 15 min, doubling up to a day."""
    if failures < FREE_TRIES:
        return 0
    return min(FIRST_LOCK_NS << min(failures - FREE_TRIES, _MONTHS), LONGEST_LOCK_NS)


def locked_for_ns(failures: int, last: Moment | None, now: Moment) -> int:
    """How long until the next try is taken. A lock ends when both clocks say so; after a reboot it begins anew.

    A wall clock that stands before the last try was set back, and only the boot clock counts.
    """
    length_ns = lock_length_ns(failures)
    if not length_ns or last is None:
        return 0
    is_same_boot = bool(now.boot_id) and now.boot_id == last.boot_id
    boot_left_ns = length_ns - (now.boot_ns - last.boot_ns if is_same_boot else now.boot_ns)
    wall_left_ns = length_ns - (now.wall_ns - last.wall_ns) if now.wall_ns >= last.wall_ns else 0
    return max(0, boot_left_ns, wall_left_ns)


class PinBox(Protocol):
    """Where the PIN is kept, hashed; every call but `hashed`, `digest` and `matches` raises SetupError."""

    @property
    def is_there(self) -> bool:
        """Whether a PIN was set."""
        ...

    def hashed(self, pin: str, store_id: str) -> PinRecord:
        """A PIN as it is kept, with a fresh salt."""
        ...

    def matches(self, record: PinRecord, pin: str) -> bool:
        """Whether this is the PIN."""
        ...

    def digest(self, record: PinRecord) -> str:
        """What the journal knows a PIN by."""
        ...

    def load(self, digest: str) -> PinRecord | None:
        """The PIN the journal knows by `digest`, or None."""
        ...

    def prepare(self, record: PinRecord) -> None:
        """Keep a new PIN beside the old one until it is committed."""
        ...

    def commit(self) -> None:
        """Put the new PIN in the place of the old one."""
        ...
