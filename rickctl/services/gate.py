"""The one gate: counts, decides and records an intent in a single transaction; sends nothing and prices nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.charter import Counts, Exposure, check, new_latches, refusal
from rickctl.domain.instants import MILLISECOND_NS, MINUTE_NS, SECOND_NS
from rickctl.domain.orders import COUNTED_INTENTS, IntentState, Side
from rickctl.domain.records import IntentKind
from rickctl.services.stored import (
    quality_json,
    quote_json,
    read_request,
    request_json,
    text_or_none,
    verdicts_json,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from rickctl.domain.charter import Charter, Decision, Snapshot
    from rickctl.domain.orders import OrderRequest
    from rickctl.domain.ports import StateReads, StateTransaction
    from rickctl.domain.records import JSON, IntentRow

IN_FLIGHT = frozenset({IntentState.INTENT, IntentState.SENT, IntentState.UNKNOWN})
"""Intents that may become orders and are not in the account yet: they count as exposure."""

_MOST_COUNTED = 2_000


class Asked(NamedTuple):
    """A request before the gate: its mark, and the instants of the scope's clock and of the wall."""

    request: OrderRequest
    fingerprint: str
    now_ns: int
    wall_ns: int


def decide(asked: Asked, snapshot: Snapshot, charter: Charter, reads: StateReads) -> Decision:
    """Hold a request to every rule, with what the state says counted in; writes nothing."""
    _, client_order_id = next_intent(reads, asked)
    return check(asked.request, counted(asked, snapshot, charter, reads), charter, client_order_id=client_order_id)


def next_intent(reads: StateReads, asked: Asked) -> tuple[int, str]:
    """The number an intent made now would get; a dry run has no transaction to ask."""
    newest = reads.intents(asked.request.scope, limit=1)
    number = newest[0].number + 1 if newest else 1
    return number, f"dry-run-{number}"


def pass_gate(
    asked: Asked, snapshot: Snapshot, charter: Charter, transaction: StateTransaction, *, owner: str
) -> tuple[IntentRow, Decision]:
    """Count, decide and write the intent, refused or not; the caller's transaction makes it one step."""
    scope = asked.request.scope
    full = counted(asked, snapshot, charter, transaction)
    _, client_order_id = transaction.next_intent(scope)
    decision = check(asked.request, full, charter, client_order_id=client_order_id)
    row = transaction.add_intent(
        scope,
        kind=IntentKind.ENTRY,
        key=asked.request.key,
        symbol=asked.request.symbol,
        request={**request_json(asked.request), "measured": _measured(full, decision)},
        request_hash=asked.fingerprint,
        quotes=[quote_json(snapshot.quote)],
        verdicts=verdicts_json(decision.verdicts),
        charter_hash=charter.hash,
        state=IntentState.INTENT if decision.approved else IntentState.REFUSED,
        owner=owner if decision.approved else None,
        created_ns=asked.now_ns,
        error=None if decision.approved else refusal(decision.verdicts, asked.request).code,
    )
    for name in new_latches(decision.verdicts):
        if name not in full.latches:
            reason = next(verdict.detail or verdict.name for verdict in decision.refused)
            transaction.set_latch(name, scope, reason=reason, at_ns=asked.now_ns)
    return row, decision


def _measured(snapshot: Snapshot, decision: Decision) -> dict[str, JSON]:
    """What explains the order later: the computed quality, the rate its risk was counted at, the equity behind it."""
    return {
        "quality": quality_json(decision.quality),
        "quote_to_account": text_or_none(snapshot.quote_to_account),
        "equity": text_or_none(snapshot.equity),
        "currency": snapshot.currency,
    }


def counted(asked: Asked, snapshot: Snapshot, charter: Charter, reads: StateReads) -> Snapshot:
    """The snapshot with everything that only the state knows: counts, what is in flight, latches, held symbols."""
    scope = asked.request.scope
    recent = reads.intents(scope, limit=_MOST_COUNTED)
    in_flight = [row for row in recent if row.state in IN_FLIGHT]
    return replace(
        snapshot,
        counts=_counts(asked, charter, recent, snapshot.day_start_ns or 0),
        exposure=_with_in_flight(snapshot.exposure, in_flight, asked.request.symbol),
        latches=tuple(latch.name for latch in reads.latches(scope)),
        held_symbols=frozenset(row.symbol for row in recent if row.state is IntentState.UNKNOWN),
    )


def _counts(asked: Asked, charter: Charter, recent: Sequence[IntentRow], day_start_ns: int) -> Counts:
    entries = [row for row in recent if row.kind is IntentKind.ENTRY and row.state in COUNTED_INTENTS]
    minute = [row for row in recent if row.recorded_ns > asked.wall_ns - MINUTE_NS and row.state in COUNTED_INTENTS]
    kinds = [row.kind for row in minute]
    return Counts(
        trades_today=sum(row.created_ns >= day_start_ns for row in entries),
        orders_last_minute=kinds.count(IntentKind.ENTRY),
        messages_last_minute=kinds.count(IntentKind.ENTRY) + kinds.count(IntentKind.MODIFY),
        cancels_last_minute=kinds.count(IntentKind.CANCEL) + kinds.count(IntentKind.CLOSE),
        repeated_executions=_repeats(asked, charter, entries),
        latency_breaches=_latency_breaches(asked, charter, entries),
        duplicate_of=_duplicate(asked, charter, entries),
    )


def _repeats(asked: Asked, charter: Charter, entries: Iterable[IntentRow]) -> int:
    since_ns = asked.now_ns - charter.repeat_window_s * SECOND_NS
    same = (row for row in entries if row.symbol == asked.request.symbol and row.created_ns > since_ns)
    return sum(read_request(row.request).side is asked.request.side for row in same)


def _latency_breaches(asked: Asked, charter: Charter, entries: Iterable[IntentRow]) -> int:
    since_ns = asked.now_ns - charter.latency_window_min * MINUTE_NS
    limit_ns = int(charter.max_placement_ms) * MILLISECOND_NS
    return sum(
        row.answered_ns - row.sent_ns > limit_ns
        for row in entries
        if row.sent_ns is not None and row.answered_ns is not None and row.sent_ns > since_ns
    )


def _duplicate(asked: Asked, charter: Charter, entries: Iterable[IntentRow]) -> int | None:
    """The newest entry inside the window that asks for the same, unless both carry keys and the keys differ."""
    since_ns = asked.now_ns - charter.duplicate_window_s * SECOND_NS
    for row in entries:
        if row.created_ns <= since_ns or row.symbol != asked.request.symbol:
            continue
        if asked.request.key is not None and asked.request.key != row.key:
            continue
        if row.request_hash == asked.fingerprint or _same_order(read_request(row.request), asked.request):
            return row.number
    return None


def _same_order(one: OrderRequest, other: OrderRequest) -> bool:
    return (one.side, one.units, one.entry, one.price) == (other.side, other.units, other.entry, other.price)


def _with_in_flight(exposure: Exposure, in_flight: Iterable[IntentRow], symbol: str) -> Exposure:
    buys, sells = exposure.unknown_buy_units, exposure.unknown_sell_units
    for row in in_flight:
        if row.kind is not IntentKind.ENTRY or row.symbol != symbol:
            continue
        request = read_request(row.request)
        if request.side is Side.BUY:
            buys = _plus(buys, request.units)
        else:
            sells = _plus(sells, request.units)
    return replace(exposure, unknown_buy_units=buys, unknown_sell_units=sells)


def _plus(known: Decimal | None, units: Decimal) -> Decimal | None:
    return None if known is None else known + units
