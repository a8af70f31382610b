"""The LIVE window as a value: what it is bound to and whether it stands at an instant; reads no clock and no file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from rickctl.domain.instants import MINUTE_NS, SECOND_NS, duration_text, rfc3339
from rickctl.domain.scope import Mode

if TYPE_CHECKING:
    from rickctl.domain.scope import Scope

DEFAULT_WINDOW_NS = 30 * MINUTE_NS
"""How long a window stands where nothing else is asked for."""

SHORTEST_WINDOW_NS = MINUTE_NS

JUMP_TOLERANCE_NS = 2 * SECOND_NS
SLEW_DIVISOR = 2_000
"""How far the wall clock may leave the boot clock: 2 s, and 0.05 % of the time since, for a clock being slewed."""


class Moment(NamedTuple):
    """An instant on both clocks: UTC nanoseconds, nanoseconds since this boot (sleep counts), and the boot's name."""

    wall_ns: int
    boot_ns: int
    boot_id: str


class Person(NamedTuple):
    """Who did it, as the system knows it: user number and terminal."""

    uid: int
    tty: str


class Cause(StrEnum):
    """Why a scope is not armed."""

    NEVER = "not_armed"
    BY_HAND = "by_hand"
    EXPIRED = "expired"
    REBOOT = "reboot"
    CLOCK_JUMP = "clock_jump"
    KILL = "kill"
    CHARTER = "charter_changed"
    CONFIGURATION = "configuration_changed"
    CREDENTIALS = "credentials_changed"
    NO_CREDENTIALS = "no_credentials"
    SWITCHED_OFF = "execution_disabled"
    OTHER_STATE = "other_state"
    PROCESS_START = "process_started"
    DRIFT = "mode_drift"
    DISCONNECT = "disconnected"
    DAMAGED = "damaged"


WORDS: dict[Cause, str] = {
    Cause.NEVER: "nobody armed it",
    Cause.BY_HAND: "it was disarmed by hand",
    Cause.EXPIRED: "its window has ended",
    Cause.REBOOT: "the machine was started again",
    Cause.CLOCK_JUMP: "the clock was moved",
    Cause.KILL: "trading was killed",
    Cause.CHARTER: "the charter is not the one it was armed under",
    Cause.CONFIGURATION: "the configuration was changed",
    Cause.CREDENTIALS: "the token is not the one it was armed with",
    Cause.NO_CREDENTIALS: "no token answers here",
    Cause.SWITCHED_OFF: "execution is switched off here",
    Cause.OTHER_STATE: "it was armed for another state folder",
    Cause.PROCESS_START: "a resident process was started",
    Cause.DRIFT: "a message came from another account",
    Cause.DISCONNECT: "the connection to the venue was lost",
    Cause.DAMAGED: "its record cannot be trusted",
}
"""What a person is told of each cause."""

PASSING = frozenset({Cause.SWITCHED_OFF, Cause.OTHER_STATE, Cause.NO_CREDENTIALS})
"""Causes that hold for one process and its environment; every other one ends the window for good."""


class Bindings(NamedTuple):
    """What a window holds for and nothing else: one charter, one state, these files and this token, each as a digest.

    `charter_hash` is empty where the charter cannot be used.
    """

    charter_hash: str
    store_id: str
    configuration: str
    credential: str


class Standing(NamedTuple):
    """What stands around a window when it is asked about; `is_recorded`: the journal tells of its opening."""

    bindings: Bindings
    is_enabled: bool
    is_sealed: bool
    is_recorded: bool
    kill_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A time in which one LIVE scope may add risk; it ends at `wall_end_ns` or `boot_end_ns`, whichever is first.

    `number` is the journal record that opened it.
    """

    number: int
    scope: Scope
    bindings: Bindings
    opened: Moment
    wall_end_ns: int
    boot_end_ns: int
    reason: str
    by: Person

    @property
    def length_ns(self) -> int:
        """How long it was opened for."""
        return self.boot_end_ns - self.opened.boot_ns


class Ended(NamedTuple):
    """A window that is over: its journal record, why, and when that was found (UTC nanoseconds)."""

    scope: Scope
    number: int
    cause: Cause
    detail: str
    at_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmState:
    """Whether a scope may add risk now; `ends_ns` is the wall clock's instant at which it no longer may."""

    scope: Scope | None = None
    window: Window | None = None
    cause: Cause | None = Cause.NEVER
    detail: str = ""
    ends_ns: int = 0
    left_ns: int = 0

    @property
    def is_armed(self) -> bool:
        """Whether a window stands."""
        return self.window is not None and self.cause is None

    def allows(self, scope: Scope, charter_hash: str) -> bool:
        """Whether an order of this scope under this charter may add risk; only LIVE has to be armed."""
        if scope.mode is not Mode.LIVE:
            return True
        window = self.window
        return (
            self.is_armed
            and window is not None
            and window.scope == scope
            and window.bindings.charter_hash == charter_hash
        )

    @property
    def is_over(self) -> bool:
        """Whether a window was found that must never stand again, whatever is put back."""
        return self.window is not None and self.cause is not None and self.cause not in PASSING

    @property
    def told(self) -> str:
        """Why it is not armed, in words."""
        if self.cause is None:
            return ""
        return f"{WORDS[self.cause]}: {self.detail}" if self.detail else WORDS[self.cause]


NOT_LIVE = ArmState()
"""What a scope that is not LIVE is told; a LIVE one is refused by it."""


def open_window(
    number: int, scope: Scope, bindings: Bindings, now: Moment, length_ns: int, reason: str, by: Person
) -> Window:
    """The window that begins now; `length_ns` was held to the charter by the caller."""
    return Window(
        number=number,
        scope=scope,
        bindings=bindings,
        opened=now,
        wall_end_ns=now.wall_ns + length_ns,
        boot_end_ns=now.boot_ns + length_ns,
        reason=reason,
        by=by,
    )


def judge(found: Window | Ended | None, scope: Scope, now: Moment, standing: Standing) -> ArmState:
    """Whether what was found for a scope lets it add risk now."""
    if found is None:
        return ArmState(scope=scope)
    if isinstance(found, Ended):
        return ArmState(scope=scope, cause=found.cause, detail=found.detail)
    cause, detail = _fault(found, scope, now, standing)
    left_ns = max(0, min(found.wall_end_ns - now.wall_ns, found.boot_end_ns - now.boot_ns))
    if cause is not None:
        return ArmState(scope=scope, window=found, cause=cause, detail=detail)
    return ArmState(scope=scope, window=found, cause=None, ends_ns=now.wall_ns + left_ns, left_ns=left_ns)


def _fault(window: Window, scope: Scope, now: Moment, standing: Standing) -> tuple[Cause | None, str]:
    """The first thing that ends or suspends a window; what concerns time comes before what could be put back."""
    was, are = window.bindings, standing.bindings
    faults: tuple[tuple[bool, Cause, str], ...] = (
        (window.scope != scope, Cause.DAMAGED, f"it names {window.scope}"),
        *_time_faults(window, now),
        (standing.kill_reason is not None, Cause.KILL, standing.kill_reason or ""),
        (are.store_id != was.store_id, Cause.OTHER_STATE, ""),
        (not standing.is_recorded, Cause.DAMAGED, "the journal does not know it"),
        (are.charter_hash != was.charter_hash or not standing.is_sealed, Cause.CHARTER, ""),
        (are.configuration != was.configuration, Cause.CONFIGURATION, ""),
        (was.credential != "" and are.credential == "", Cause.NO_CREDENTIALS, ""),
        (are.credential != was.credential, Cause.CREDENTIALS, ""),
        (not standing.is_enabled, Cause.SWITCHED_OFF, ""),
    )
    return next(((cause, detail) for is_so, cause, detail in faults if is_so), (None, ""))


def time_fault(window: Window, now: Moment) -> tuple[Cause, str] | None:
    """What the clocks alone say against a window, or None."""
    return next(((cause, detail) for is_so, cause, detail in _time_faults(window, now) if is_so), None)


def _time_faults(window: Window, now: Moment) -> tuple[tuple[bool, Cause, str], ...]:
    opened = window.opened
    is_same_boot = bool(now.boot_id) and now.boot_id == opened.boot_id
    passed_ns = now.boot_ns - opened.boot_ns
    jump_ns = (now.wall_ns - opened.wall_ns) - passed_ns
    has_jumped = passed_ns < 0 or abs(jump_ns) > JUMP_TOLERANCE_NS + passed_ns // SLEW_DIVISOR
    is_over = now.wall_ns >= window.wall_end_ns or now.boot_ns >= window.boot_end_ns
    way = "forward" if jump_ns > 0 else "back"
    return (
        (not is_same_boot, Cause.REBOOT, ""),
        (has_jumped, Cause.CLOCK_JUMP, f"{duration_text(abs(jump_ns))} {way}"),
        (is_over, Cause.EXPIRED, f"at {rfc3339(window.wall_end_ns)}"),
    )


class ArmBox(Protocol):
    """Where windows are kept, away from the database: ending one works while that is locked or lost.

    What changes something raises SetupError.
    """

    def load(self, scope: Scope) -> Window | Ended | None:
        """What stands for a scope; what cannot be trusted counts as ended."""
        ...

    def all(self) -> list[Window | Ended]:
        """What stands for every scope."""
        ...

    def open(self, window: Window) -> None:
        """Let a window stand, durably."""
        ...

    def end(self, ended: Ended) -> None:
        """Let the window of a scope stand no more."""
        ...
