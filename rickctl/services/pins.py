"""The PIN: set, changed and asked for; a try is counted, durably, before it is looked at, so no crash gives one back.

The count is read off the journal, which cannot be shortened unseen: before anything is asked, all of it must prove
itself. So five tries are five, by however many processes at once and whatever is killed between them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.arming import Moment
from rickctl.domain.errors import Refused, SetupError
from rickctl.domain.instants import duration_text
from rickctl.domain.pin import check_new_pin, locked_for_ns

if TYPE_CHECKING:
    from collections.abc import Callable

    from rickctl.domain.arming import Person
    from rickctl.domain.pin import PinBox, PinRecord
    from rickctl.domain.records import JSON
    from rickctl.domain.state import Audit, State, StateReads

_SET, _CHANGED, _TRIED, _ACCEPTED = "pin_set", "pin_changed", "pin_tried", "pin_accepted"
_REFUSED = "pin_refused"
_KINDS = frozenset({_SET, _CHANGED, _TRIED, _ACCEPTED})


class Tries(NamedTuple):
    """Tries since the last right one, the moment of the last, and the digest of the PIN in force (empty: none)."""

    failures: int
    last: Moment | None
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """What a PIN is checked with: the state and its proof, the kept PIN, both clocks, and who sits at the terminal."""

    state: State
    audit: Audit
    box: PinBox
    now: Callable[[], Moment]
    person: Person


def read_tries(reads: StateReads) -> Tries:
    """How the journal tells the story of the PIN."""
    tried: list[tuple[int, Moment]] = []
    digest = ""
    for row in reads.journal(kinds=_KINDS):
        body = json.loads(row.body)
        if row.kind == _TRIED:
            tried.append((row.seq, Moment(body["wall_ns"], body["boot_ns"], body["boot_id"])))
        elif row.kind == _ACCEPTED:
            # A try that began after the right one is still open, whichever was answered first.
            tried = [one for one in tried if one[0] > body["try"]]
        else:
            digest = body["digest"]
    return Tries(len(tried), tried[-1][1] if tried else None, digest)


def set_pin(guard: Guard, ask: Callable[[str], str]) -> None:
    """Set the first PIN, typed twice. Raises Refused where there is one, UsageError for one that is easily guessed."""
    check_presence(guard.box, is_there=False)
    _check_journal(guard)
    tries = read_tries(guard.state)
    # A PIN file that was taken away gives no fresh tries.
    _check_lock(tries, guard.now())
    _keep(guard, _ask_twice(ask), _SET, {"replaces": bool(tries.digest)})


def check_presence(box: PinBox, *, is_there: bool) -> None:
    """That there is a PIN, or none. Raises Refused."""
    if box.is_there and not is_there:
        message = "there is a PIN already"
        raise Refused(message, code="pin_exists", hint="rickctl pin change")
    if is_there and not box.is_there:
        message = "there is no PIN yet"
        raise Refused(message, code="no_pin", hint="rickctl pin set")


def change_pin(guard: Guard, ask: Callable[[str], str]) -> None:
    """Put another PIN in the place of the one in force, which is asked for first. Raises Refused, UsageError."""
    check_pin(guard, ask, "change the PIN")
    _keep(guard, _ask_twice(ask), _CHANGED, {})


def _ask_twice(ask: Callable[[str], str]) -> str:
    pin = check_new_pin(ask("New PIN, six digits or more: ").strip())
    if ask("The same again: ").strip() != pin:
        message = "the two are not the same; nothing was changed"
        raise Refused(message, code="not_confirmed", hint="rickctl pin --help")
    return pin


def _keep(guard: Guard, pin: str, kind: str, body: dict[str, JSON]) -> None:
    """Record the PIN, then let it count: a crash between leaves a draft that the journal knows, and it is finished."""
    record = guard.box.hashed(pin, guard.state.store_id)
    guard.box.prepare(record)
    with guard.state.transaction() as transaction:
        transaction.append(kind, None, {**body, "digest": guard.box.digest(record), **guard.person._asdict()})
    guard.box.commit()


def check_pin(guard: Guard, ask: Callable[[str], str], purpose: str) -> None:
    """Ask for the PIN and return if it is right. Raises Refused (`wrong_pin`, `pin_locked`, `no_pin`), SetupError."""
    check_presence(guard.box, is_there=True)
    _check_journal(guard)
    tries = read_tries(guard.state)
    record = _record_in_force(guard, tries)
    _check_lock(tries, guard.now())
    typed = ask(f"PIN to {purpose}: ").strip()
    if not typed:
        message = "no PIN was typed; nothing was done"
        raise Refused(message, code="not_confirmed")
    number, failures = _count_try(guard, purpose)
    if guard.box.matches(record, typed):
        _note(guard, _ACCEPTED, {"try": number, "purpose": purpose})
        return
    _note(guard, _REFUSED, {"try": number, "purpose": purpose, "failures": failures})
    raise _wrong(failures, guard.now())


def _count_try(guard: Guard, purpose: str) -> tuple[int, int]:
    """Write the try down before it is looked at: its record, and how many there are now. Raises Refused."""
    with guard.state.transaction() as transaction:
        now = guard.now()
        tries = read_tries(transaction)
        _check_lock(tries, now)
        body: dict[str, JSON] = {"purpose": purpose, **now._asdict(), **guard.person._asdict()}
        return transaction.append(_TRIED, None, body).seq, tries.failures + 1


def _note(guard: Guard, kind: str, body: dict[str, JSON]) -> None:
    with guard.state.transaction() as transaction:
        transaction.append(kind, None, {**body, **guard.person._asdict()})


def _wrong(failures: int, now: Moment) -> Refused:
    left_ns = locked_for_ns(failures, now, now)
    locked = f"; locked for {duration_text(left_ns)}" if left_ns else ""
    return Refused(f"that is not the PIN{locked}", code="wrong_pin")


def _check_lock(tries: Tries, now: Moment) -> None:
    left_ns = locked_for_ns(tries.failures, tries.last, now)
    if left_ns:
        message = f"the PIN is locked for {duration_text(left_ns)} after {tries.failures} wrong tries"
        raise Refused(message, code="pin_locked")


def _record_in_force(guard: Guard, tries: Tries) -> PinRecord:
    record = guard.box.load(tries.digest) if tries.digest else None
    if record is None or record.store_id != guard.state.store_id:
        message = "the PIN on file is not the one this journal knows: replaced, an old copy, or of another state folder"
        raise SetupError(message, code="pin_damaged", hint="rickctl pin --help")
    return record


def _check_journal(guard: Guard) -> None:
    """LIVE is opened only over a journal that proves itself: an old copy would forget tries. Raises SetupError."""
    findings = guard.audit.verify()
    if findings:
        message = f"the journal does not prove itself: {findings[0].message}"
        raise SetupError(message, code="journal_broken", hint="rickctl journal verify")
