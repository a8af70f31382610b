"""LIVE armed and disarmed, and what became of it: the one place that opens a window, and the one that ends it."""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.arming import (
    DEFAULT_WINDOW_NS,
    SHORTEST_WINDOW_NS,
    Cause,
    Ended,
    Window,
    open_window,
    time_fault,
)
from rickctl.domain.errors import Refused, UsageError
from rickctl.domain.instants import MINUTE_NS, duration_text, parse_duration_ns
from rickctl.domain.scope import Mode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rickctl.domain.arming import ArmBox, Moment, Person, Standing
    from rickctl.domain.errors import RickctlError
    from rickctl.domain.records import JSON, JournalRow
    from rickctl.domain.scope import Scope
    from rickctl.domain.state import State, StateReads, StateTransaction
    from rickctl.services.charter import LoadedCharter

ARMED, DISARMED = "armed", "disarmed"
_CHANGES = frozenset(
    {ARMED, DISARMED, "arm_refused", "pin_set", "pin_changed", "pin_refused", "charter_sealed", "resumed"}
)
MOST_CHANGES = 100
LONGEST_REASON = 200


class Change(NamedTuple):
    """One change of what may be risked: when (UTC nanoseconds), where (None: everywhere), what, and by whom."""

    at_ns: int
    scope: Scope | None
    kind: str
    detail: str
    by: str


def check_scope(scope: Scope) -> Scope:
    """The scope if it is one that is armed at all. Raises UsageError."""
    if scope.mode is not Mode.LIVE:
        message = f"{scope} risks no money and needs no window; only a LIVE account is armed"
        raise UsageError(message, code="not_live", hint="rickctl arm --account live:BROKER:ACCOUNT")
    return scope


def read_length(text: str | None, loaded: LoadedCharter) -> int:
    """How long a window shall stand, held to the charter. Raises UsageError, Refused."""
    charter = loaded.require()
    longest_ns = charter.max_arm_min * MINUTE_NS
    if text is None:
        return min(DEFAULT_WINDOW_NS, longest_ns)
    length_ns = parse_duration_ns(text, "--for")
    if length_ns < SHORTEST_WINDOW_NS:
        message = f"a window of {duration_text(length_ns)} is too short to send anything in"
        raise UsageError(message, code="bad_duration", hint="rickctl arm --help")
    if length_ns > longest_ns:
        message = f"{duration_text(length_ns)} is longer than the {charter.max_arm_min} min the charter allows"
        raise Refused(message, code="window_too_long", hint="rickctl charter explain max_arm_min")
    return length_ns


def check_may_arm(scope: Scope, standing: Standing, loaded: LoadedCharter, latches: Sequence[str]) -> None:
    """That everything but the person allows LIVE. Raises Refused."""
    charter = loaded.require()
    if not standing.is_enabled:
        message = "execution is switched off in the settings"
        raise Refused(message, code="execution_disabled", hint="rickctl config set execution_enabled true")
    if standing.kill_reason is not None:
        message = f"trading is killed: {standing.kill_reason}"
        raise Refused(message, code="kill_latch", hint="rickctl resume")
    if latches:
        message = f"{scope} is latched by {', '.join(latches)} until a person resumes"
        raise Refused(message, code="latched", hint="rickctl resume")
    if not standing.is_sealed:
        message = f"charter {charter.shown_hash} is not sealed for live"
        hint = f"rickctl charter seal --expect {charter.shown_hash} --mode live"
        raise Refused(message, code="charter_unsealed", hint=hint)


def check_person(*, is_terminal: bool, what: str, command: str) -> None:
    """That somebody sits there to do `what` with `command`. Raises Refused."""
    if not is_terminal:
        message = f"only a person at a terminal {what}; this is not a terminal"
        raise Refused(message, code="needs_person", hint=f"rickctl {command}, at a terminal")


def arm(
    scope: Scope, length_ns: int, reason: str, *, state: State, box: ArmBox, now: Moment, standing: Standing, by: Person
) -> Window:
    """Open a window, recorded before it stands; the caller has checked the rest. Raises Refused, SetupError."""
    if not now.boot_id:
        message = "this system does not name its boots, so no window could be closed by a restart"
        raise Refused(message, code="no_boot_id")
    with state.transaction() as transaction:
        _note_ended(transaction, box.all(), now.wall_ns)
        before = box.load(scope)
        if isinstance(before, Window):
            _append(transaction, Ended(scope, before.number, Cause.BY_HAND, "armed anew", now.wall_ns), by)
        body: dict[str, JSON] = {
            "charter": standing.bindings.charter_hash,
            "length_ns": length_ns,
            "wall_end_ns": now.wall_ns + length_ns,
            "boot_end_ns": now.boot_ns + length_ns,
            "boot_id": now.boot_id,
            "reason": reason,
            **by._asdict(),
        }
        number = transaction.append(ARMED, scope, body).seq
    window = open_window(number, scope, standing.bindings, now, length_ns, reason, by)
    box.open(window)
    return window


def disarm(box: ArmBox, scope: Scope | None, cause: Cause, detail: str, now: Moment) -> list[Ended]:
    """End the window of a scope, or every one, at once and whatever state the database is in; what was ended.

    One whose time was over keeps that as its cause. Whoever notices that LIVE must stop calls this: a kill, drift, a
    lost connection, the start of a resident process, a person. Raises SetupError where not even the file goes away.
    """
    found = box.all() if scope is None else [box.load(scope)]
    done = []
    for window in found:
        if isinstance(window, Window):
            why = time_fault(window, now) or (cause, detail)
            ended = Ended(window.scope, window.number, *why, now.wall_ns)
            box.end(ended)
            done.append(ended)
    return done


def record(state: State, box: ArmBox, by: Person, now_ns: int) -> None:
    """Write into the journal every ending it does not tell of yet. Raises SetupError."""
    with state.transaction() as transaction:
        _note_ended(transaction, box.all(), now_ns, by)


def _note_ended(
    transaction: StateTransaction, found: Iterable[Window | Ended], now_ns: int, by: Person | None = None
) -> None:
    """A record for every window whose opening is told and whose end is not: from its note, else because it is gone."""
    open_rows = _open_rows(transaction.journal(kinds={ARMED, DISARMED}))
    standing = {window.number: window for window in found}
    for number, row in open_rows.items():
        window = standing.get(number)
        if isinstance(window, Ended):
            _append(transaction, window, by)
        elif window is None and row.scope is not None:
            end_ns = json.loads(row.body)["wall_end_ns"]
            is_over = end_ns <= now_ns
            cause = Cause.EXPIRED if is_over else Cause.DAMAGED
            detail = "" if is_over else "its file was taken away"
            _append(transaction, Ended(row.scope, number, cause, detail, min(end_ns, now_ns)), by)


def _open_rows(rows: Iterable[JournalRow]) -> dict[int, JournalRow]:
    found: dict[int, JournalRow] = {}
    for row in rows:
        if row.kind == ARMED:
            found[row.seq] = row
        else:
            found.pop(json.loads(row.body).get("window"), None)
    return found


def _append(transaction: StateTransaction, ended: Ended, by: Person | None) -> None:
    body: dict[str, JSON] = {
        "window": ended.number,
        "cause": ended.cause.value,
        "detail": ended.detail,
        "at_ns": ended.at_ns,
        **({} if by is None else by._asdict()),
    }
    transaction.append(DISARMED, ended.scope, body)


def is_recorded(reads: StateReads, window: Window) -> bool:
    """Whether the journal tells of this window's opening: a state put back to before that does not."""
    row = next(iter(reads.journal(after_seq=window.number - 1, limit=1)), None)
    return row is not None and row.seq == window.number and row.kind == ARMED and row.scope == window.scope


def note_refusal(state: State, scope: Scope, error: RickctlError, by: Person) -> None:
    """Keep in the journal that arming was tried and refused. Raises SetupError."""
    with state.transaction() as transaction:
        transaction.append("arm_refused", scope, {"code": error.code, **by._asdict()})


def history(reads: StateReads, found: Iterable[Window | Ended], now_ns: int) -> list[Change]:
    """The newest hundred changes of what may be risked, newest first, those nobody recorded yet included."""
    rows = list(deque(reads.journal(kinds=_CHANGES), MOST_CHANGES))
    changes = [_change(row) for row in rows]
    open_rows = _open_rows(reads.journal(kinds={ARMED, DISARMED}))
    notes = {window.number: window for window in found}
    for number, row in open_rows.items():
        note, end_ns = notes.get(number), json.loads(row.body)["wall_end_ns"]
        if isinstance(note, Ended):
            changes.append(Change(note.at_ns, row.scope, DISARMED, _words(note.cause.value, note.detail), ""))
        elif end_ns <= now_ns:
            changes.append(Change(end_ns, row.scope, DISARMED, Cause.EXPIRED.value, ""))
    # Of the same instant the later one first.
    changes.sort(key=lambda change: change.at_ns)
    return changes[: -MOST_CHANGES - 1 : -1]


def _change(row: JournalRow) -> Change:
    body = json.loads(row.body)
    by = f"user {body['uid']} at {body['tty'] or 'no terminal'}" if "uid" in body else ""
    at_ns = body.get("at_ns", row.recorded_ns) if row.kind == DISARMED else row.recorded_ns
    return Change(at_ns, row.scope, row.kind, _detail(row.kind, body), by)


def _detail(kind: str, body: dict[str, JSON]) -> str:
    if kind == ARMED:
        length = body["length_ns"]
        shown = duration_text(length) if isinstance(length, int) else ""
        return _words(f"for {shown}", str(body["reason"]))
    if kind == DISARMED:
        return _words(str(body["cause"]), str(body["detail"]))
    if kind == "charter_sealed":
        return f"{str(body['hash'])[:12]} for {body['mode']}"
    if kind == "arm_refused":
        return str(body["code"])
    if kind == "pin_refused":
        return f"to {body['purpose']}, {body['failures']} in a row"
    return str(body.get("reason", ""))


def _words(first: str, more: str) -> str:
    return f"{first}: {more}" if more else first
