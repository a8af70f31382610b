"""From a durable intent to a recorded answer: marked sent before the first byte, sent once, never again."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from rickctl.domain.errors import (
    OrderRejected,
    OutcomeUnknown,
    Refused,
    RickctlError,
    SetupError,
    Unreachable,
    UsageError,
)
from rickctl.domain.orders import IntentState
from rickctl.services.desk import change

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rickctl.domain.ports import Submitted
    from rickctl.domain.records import JSON, IntentRow
    from rickctl.services.desk import Desk


def unknown_outcome(row: IntentRow) -> OutcomeUnknown:
    """The error for an order nobody can vouch for."""
    message = f"order {row.number} was sent and nothing proves what became of it; do not send it again"
    hint = f"rickctl order resolve --account {row.scope}"
    return OutcomeUnknown(message, code="outcome_unknown", hint=hint, order=row.number)


def transmit(row: IntentRow, desk: Desk, owner: str, do: Callable[[], Submitted | None]) -> IntentRow:
    """Mark the intent as sent, durably, then `do` it once, then record the answer.

    Raises OrderRejected, Unreachable, Refused and UsageError as `do` does, OutcomeUnknown when in doubt. A SetupError
    is a doubt about our own state, unless a broker raised it: then it is a no, such as a token that is not accepted.
    """
    is_no: tuple[type[RickctlError], ...] = (OrderRejected, Unreachable, UsageError, Refused)
    is_no += (SetupError,) if desk.venue is not None else ()
    if desk.venue is not None:
        desk.venue.prepare()
    if not _moved(desk, row, IntentState.INTENT, IntentState.SENT, owner=owner, sent_ns=account_now(desk)):
        raise unknown_outcome(row)
    try:
        submitted = do()
    except is_no as error:
        error.order = row.number
        _moved(desk, row, IntentState.SENT, IntentState.REJECTED, answered_ns=account_now(desk), error=error)
        raise
    except (OutcomeUnknown, SetupError) as error:
        with suppress(SetupError):
            _moved(desk, row, IntentState.SENT, IntentState.UNKNOWN, answered_ns=account_now(desk), error=error)
        raise unknown_outcome(row) from error
    outcome: dict[str, JSON] = {} if submitted is None else dict(submitted._asdict())
    try:
        _moved(desk, row, IntentState.SENT, IntentState.ACCEPTED, answered_ns=account_now(desk), outcome=outcome)
    except SetupError as error:
        raise unknown_outcome(row) from error
    return desk.reads.intent(desk.scope, row.number) or row


def account_now(desk: Desk) -> int:
    """Now on the account's own clock, in UTC nanoseconds."""
    row = desk.reads.account(desk.scope)
    return desk.clock.now_ns() if row is None or row.clock_ns is None else row.clock_ns


def _moved(
    desk: Desk,
    row: IntentRow,
    expected: IntentState,
    new: IntentState,
    *,
    owner: str | None = None,
    sent_ns: int | None = None,
    answered_ns: int | None = None,
    outcome: Mapping[str, JSON] | None = None,
    error: RickctlError | None = None,
) -> bool:
    """Move an intent on, if it is still where we left it."""
    if error is not None:
        outcome = {"message": error.message, "category": error.category, "venue_code": error.venue_code}
    with desk.writable().transaction() as transaction:
        return transaction.change_intent(
            row.scope,
            row.number,
            expected,
            new,
            owner=owner,
            sent_ns=sent_ns,
            answered_ns=answered_ns,
            outcome=outcome,
            error=None if error is None else error.code,
        )


def await_fill(desk: Desk, live_ns: int) -> None:
    """On a running clock, wait until an order is live and save what the market made of it."""
    row = desk.reads.account(desk.scope)
    if row is not None and row.clock_ns is not None:
        return
    desk.clock.sleep_ns(live_ns - desk.clock.now_ns())
    change(desk, lambda held: ((), held.now_ns))
