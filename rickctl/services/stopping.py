"""Kill and resume: everything that could add risk stops at once, only a person starts it again; exits stay in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.errors import OrderRejected, Refused, RickctlError
from rickctl.services.desk import hold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rickctl.domain.ports import Clock, Execution
    from rickctl.domain.records import IntentRow, LatchRow
    from rickctl.domain.scope import Scope
    from rickctl.domain.state import State
    from rickctl.services.desk import Desk

WORD = "resume"
"""What a person types to resume."""


class Stopped(NamedTuple):
    """What a kill did: entries cancelled, and those it could not reach, which the next command cancels."""

    reason: str
    cancelled: list[tuple[Scope, int]]
    failed: list[tuple[Scope, str]]


def cancel_entries(desk: Desk, execution: Execution) -> list[int]:
    """Cancel every working entry of an account; exits of open positions and reduce-only orders stay.

    Every one is tried, what was filled meanwhile is passed over; then the first failure is raised.
    """
    cancelled: list[int] = []
    failures: list[RickctlError] = []
    for row in working_entries(desk):
        try:
            execution.cancel_order(row.client_order_id)
            cancelled.append(row.number)
        except OrderRejected:
            continue
        except RickctlError as error:
            failures.append(error)
    if failures:
        raise failures[0]
    return cancelled


def working_entries(desk: Desk) -> list[IntentRow]:
    """The entries of an account that wait for a price; reduce-only orders are none."""
    found = (
        None if order.is_close else desk.reads.intent(desk.scope, order.number) for order in hold(desk).account.orders
    )
    return [row for row in found if row is not None]


def preview_stop(reason: str, openers: Sequence[tuple[Scope, Callable[[], Desk]]]) -> Stopped:
    """What `stop_everything` would cancel; nothing is written."""
    stopped = Stopped(reason, [], [])
    for scope, opener in openers:
        try:
            stopped.cancelled.extend((scope, row.number) for row in working_entries(opener()))
        except RickctlError as error:
            stopped.failed.append((scope, error.message))
    return stopped


def stop_everything(reason: str, openers: Sequence[tuple[Scope, Callable[[], tuple[Desk, Execution]]]]) -> Stopped:
    """Cancel working entries everywhere; the latch is down already, so what fails here is finished later."""
    stopped = Stopped(reason, [], [])
    for scope, opener in openers:
        try:
            desk, execution = opener()
            stopped.cancelled.extend((scope, number) for number in cancel_entries(desk, execution))
        except RickctlError as error:
            stopped.failed.append((scope, error.message))
    return stopped


def list_held(kill_reason: str | None, latches: Sequence[LatchRow]) -> list[str]:
    """Everything that stops entries until a person resumes, a line each."""
    killed = [] if kill_reason is None else [f"killed: {kill_reason}"]
    return [*killed, *(f"{row.name}: {row.reason}" for row in latches)]


def check_person(ask: Callable[[str], str] | None, held: Sequence[str]) -> None:
    """A person at a terminal says so, or nothing is lifted. Raises Refused."""
    if ask is None:
        raise needs_person()
    reasons = "; ".join(held)
    if ask(f"Stopped: {reasons}. Type {WORD} to allow entries again: ").strip() != WORD:
        message = "nothing was lifted"
        raise Refused(message, code="not_confirmed", hint="rickctl resume")


def needs_person() -> Refused:
    """The refusal of a resume without a terminal."""
    message = "only a person at a terminal resumes; this is not a terminal"
    return Refused(message, code="needs_person", hint="rickctl resume, at a terminal")


def clear_latches(state: State, latches: Sequence[LatchRow], clock: Clock) -> None:
    """Lift latches, each with a record that a person did it."""
    with state.transaction() as transaction:
        for latch in latches:
            transaction.clear_latch(latch.name, latch.scope, reason="resumed by a person", at_ns=clock.now_ns())
        transaction.append("resumed", None, {"latches": [latch.name for latch in latches]})
