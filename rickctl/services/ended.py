"""What became of a change without an answer once what it was to change has ended; asks nobody, sends nothing.

The broker's own record is proof: what has ended there can no longer be cancelled, changed or closed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.account import Ended, Leg
from rickctl.domain.events import OrderAccepted, OrderCancelled, OrderFilled, OrderModified
from rickctl.domain.orders import IntentState
from rickctl.domain.records import IntentKind
from rickctl.services.stored import read_changes, read_request, read_target

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from rickctl.domain.account import AccountState
    from rickctl.domain.events import Event
    from rickctl.domain.records import JSON, IntentRow

    Proof = tuple[IntentState, dict[str, JSON]]


_MADE: Proof = (IntentState.ACCEPTED, {})


class Standing(NamedTuple):
    """An account as its broker has it, and every event of one order or trade in it."""

    account: AccountState
    events: Sequence[Event]


def subject_of(row: IntentRow) -> int | None:
    """The order or trade an intent would change; None where the broker knows the intent by a client id."""
    if row.kind is IntentKind.CLOSE:
        trade: int | None = json.loads(row.request).get("trade")
        return trade
    return None if row.kind is IntentKind.ENTRY else read_target(row.request)


def judge_ended(row: IntentRow, number: int, standing: Standing, claimed: Collection[str]) -> Proof | None:
    """What the record proves of a change to `number`; None while it could still come.

    `claimed` are the broker's ids of closing orders that other intents made.
    """
    account, events = standing
    is_known = any(isinstance(event, OrderAccepted) and event.number == number for event in events)
    if not is_known or account.order(number) is not None:
        return None  # a record that does not have it yet says nothing
    changes = read_changes(row.request)
    if row.kind is IntentKind.CANCEL:
        return _MADE if _was_cancelled(number, events) else _too_late(number)
    if row.kind is IntentKind.CLOSE:
        return _judge_close(row, number, standing, claimed)
    exits = changes is not None and {changes.stop_loss, changes.take_profit, changes.trailing} != {None}
    if changes is None or (exits and account.trade(number) is not None):
        return None
    wanted = {name: value for name, value in changes._asdict().items() if value is not None}
    made = [event for event in events if isinstance(event, OrderModified) and event.number == number]
    is_made = all(any(getattr(event, name) == value for event in made) for name, value in wanted.items())
    return _MADE if is_made else _too_late(number)


def _was_cancelled(number: int, events: Sequence[Event]) -> bool:
    return any(
        isinstance(event, OrderCancelled) and event.number == number and event.reason is Ended.CLIENT
        for event in events
    )


def _judge_close(row: IntentRow, number: int, standing: Standing, claimed: Collection[str]) -> Proof | None:
    """A close that carried no client id: a closing order of that trade and size which no other intent made."""
    if standing.account.trade(number) is not None:
        return None
    units = read_request(row.request).units
    for event in reversed(standing.events):
        if not isinstance(event, OrderFilled) or event.leg is not Leg.CLOSE or event.number >= 0:
            continue
        closed = sum(part.units for part in event.reduced if part.trade == number)
        if closed == units and str(-event.number) not in claimed:
            return IntentState.ACCEPTED, {"broker_order_id": str(-event.number), "accepted_ns": event.at_ns}
    return _too_late(number)


def _too_late(number: int) -> Proof:
    return IntentState.ABANDONED, {"message": f"order {number} had ended: there was nothing left to change"}
