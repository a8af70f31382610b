"""Intents whose process died are settled by proof; those of the living are never touched, and nothing is sent again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.orders import IntentState
from rickctl.domain.records import IntentKind
from rickctl.services.ended import judge_ended, subject_of
from rickctl.services.stored import read_changes, read_target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rickctl.domain.ports import Execution
    from rickctl.domain.records import JSON, IntentRow
    from rickctl.domain.scope import Scope
    from rickctl.domain.state import State, StateReads
    from rickctl.services.ended import Standing

    Stands = Callable[[int], Standing]

_OPEN = frozenset({IntentState.INTENT, IntentState.SENT, IntentState.UNKNOWN})

_CHANGES = frozenset({IntentKind.CANCEL, IntentKind.MODIFY})
"""Intents that are no order of their own: the order they change is what the venue knows."""


class Resolved(NamedTuple):
    """An intent that was without an answer, and what it turned out to be."""

    number: int
    before: IntentState
    after: IntentState


def recover(
    state: State, scope: Scope, execution: Execution, is_gone: Callable[[str], bool], stands: Stands, now_ns: int
) -> list[Resolved]:
    """Settle every intent of the scope that nobody owns any more; each is moved by compare-and-set.

    `stands` tells how an order or trade stands in the broker's own record. Raises as that and `execution` do.
    """
    resolved = []
    for row, after, outcome in _proven(state, scope, execution, is_gone, stands):
        with state.transaction() as transaction:
            if transaction.change_intent(scope, row.number, row.state, after, answered_ns=now_ns, outcome=outcome):
                resolved.append(Resolved(row.number, row.state, after))
    return resolved


def preview_recovery(
    reads: StateReads, scope: Scope, execution: Execution, is_gone: Callable[[str], bool], stands: Stands
) -> list[Resolved]:
    """What `recover` would settle; nothing is written."""
    proven = _proven(reads, scope, execution, is_gone, stands)
    return [Resolved(row.number, row.state, after) for row, after, _ in proven]


def _proven(
    reads: StateReads, scope: Scope, execution: Execution, is_gone: Callable[[str], bool], stands: Stands
) -> Iterator[tuple[IntentRow, IntentState, dict[str, JSON]]]:
    """Intents nobody owns any more with what the venue proves of each; those it proves nothing of left out."""
    for row in reads.intents(scope, states=_OPEN):
        if row.owner is not None and row.state is not IntentState.UNKNOWN and not is_gone(row.owner):
            continue
        after, outcome = _proof(row, reads, execution, stands)
        if after is not row.state:
            yield row, after, outcome


def _proof(
    row: IntentRow, reads: StateReads, execution: Execution, stands: Stands
) -> tuple[IntentState, dict[str, JSON]]:
    """What the venue proves of an intent: never sent, taken, without anything left to change, or still unknown."""
    if row.state is IntentState.INTENT:
        return IntentState.ABANDONED, {"message": "its process died before sending it"}
    found = _found_change(row, reads, execution) if row.kind in _CHANGES else _found_order(row, execution)
    if found is not None:
        return IntentState.ACCEPTED, found
    if execution.capabilities.absence_is_proof:
        return IntentState.ABANDONED, {"message": "it never reached the broker"}
    number = subject_of(row)
    proven = None if number is None else judge_ended(row, number, stands(number), _claimed(reads, row.scope))
    if proven is not None:
        return proven
    return IntentState.UNKNOWN, {"message": "the broker does not know it, which proves nothing"}


def _claimed(reads: StateReads, scope: Scope) -> set[str]:
    """The broker's ids of the closing orders that answered intents made."""
    rows = reads.intents(scope, states={IntentState.ACCEPTED})
    closes = (json.loads(row.outcome or "{}") for row in rows if row.kind is IntentKind.CLOSE)
    return {str(outcome["broker_order_id"]) for outcome in closes if "broker_order_id" in outcome}


def _found_order(row: IntentRow, execution: Execution) -> dict[str, JSON] | None:
    found = execution.find_order(row.client_order_id)
    return None if found is None else {"broker_order_id": found.broker_order_id, "accepted_ns": found.accepted_ns}


def _found_change(row: IntentRow, reads: StateReads, execution: Execution) -> dict[str, JSON] | None:
    target = reads.intent(row.scope, read_target(row.request))
    if target is None or not execution.has_change(target.client_order_id, read_changes(row.request)):
        return None
    return {}
