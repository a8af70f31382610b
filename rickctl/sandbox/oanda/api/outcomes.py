"""What a change did, as an answer: done, refused, or about something that is not there."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rickctl.sandbox.oanda.api.call import Answer
from rickctl.sandbox.oanda.api.newer import newer_transaction
from rickctl.sandbox.oanda.records import NO_HINTS, Hints, Verdict, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rickctl.sandbox.oanda.api.call import Desk, Headers
    from rickctl.sandbox.oanda.records import Fields, Outcome, Value

_AT_ONCE = frozenset({"FOK", "IOC"})
_STATUS = {Verdict.REJECTED: 400, Verdict.MISSING: 404}


def answer_outcome(
    desk: Desk, outcome: Outcome, status: int, *, names_related: bool = True, headers: Headers = ()
) -> Answer:
    """The body of a change; `status` and `headers` are those of success."""
    fields: dict[str, Value] = {
        name: newer_transaction(desk, part.all_fields()) for name, part in outcome.parts.items()
    }
    if names_related:
        fields["relatedTransactionIDs"] = tuple(str(one) for one in outcome.related_ids)
    fields["lastTransactionID"] = str(outcome.last_id)
    if outcome.verdict is Verdict.DONE:
        return Answer(status, fields, headers)
    reason = outcome.reason or ""
    fields["errorCode"] = reason
    fields["errorMessage"] = outcome.message or reason
    return Answer(_STATUS[outcome.verdict], fields)


def read_hints(words: Mapping[str, str], order: Fields) -> Hints:
    """What the fault layer wants of one order, in the exchange's terms.

    Where there is nothing to trade with, what must trade at once is cancelled; the rest would wait, and does.
    """
    if not words:
        return NO_HINTS
    is_dry = "liquidity" in words and (text(order, "type") == "MARKET" or text(order, "timeInForce") in _AT_ONCE)
    fraction = words.get("fraction")
    return Hints(
        reject=words.get("reject"),
        cancel=words.get("cancel") or ("INSUFFICIENT_LIQUIDITY" if is_dry else None),
        partial=None if fraction is None else Decimal(fraction),
    )
