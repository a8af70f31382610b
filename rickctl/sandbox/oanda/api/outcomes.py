"""What a change did, as an answer: done, refused, or about something that is not there."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rickctl.sandbox.oanda.api.call import Answer
from rickctl.sandbox.oanda.records import NO_HINTS, Hints, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rickctl.sandbox.oanda.api.call import Headers
    from rickctl.sandbox.oanda.records import Outcome, Value

_STATUS = {Verdict.REJECTED: 400, Verdict.MISSING: 404}


def answer_outcome(outcome: Outcome, status: int, *, names_related: bool = True, headers: Headers = ()) -> Answer:
    """The body of a change; `status` and `headers` are those of success."""
    fields: dict[str, Value] = {name: part.all_fields() for name, part in outcome.parts.items()}
    if names_related:
        fields["relatedTransactionIDs"] = tuple(str(one) for one in outcome.related_ids)
    fields["lastTransactionID"] = str(outcome.last_id)
    if outcome.verdict is Verdict.DONE:
        return Answer(status, fields, headers)
    reason = outcome.reason or ""
    fields["errorCode"] = reason
    fields["errorMessage"] = outcome.message or reason
    return Answer(_STATUS[outcome.verdict], fields)


def read_hints(words: Mapping[str, str]) -> Hints:
    """What the fault layer wants of one order, in the exchange's terms."""
    if not words:
        return NO_HINTS
    fraction = words.get("fraction")
    return Hints(
        reject=words.get("reject"),
        cancel=words.get("cancel") or ("INSUFFICIENT_LIQUIDITY" if "liquidity" in words else None),
        partial=None if fraction is None else Decimal(fraction),
    )
