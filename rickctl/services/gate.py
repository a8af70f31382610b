"""The one gate: counts, decides and records an intent in a single transaction; sends nothing and prices nothing."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.charter import Counts, Exposure, check, is_slow_placement, new_latches, refusal
from rickctl.domain.instants import MINUTE_NS, SECOND_NS
from rickctl.domain.orders import COUNTED_INTENTS, IntentState, Side
from rickctl.domain.records import IntentKind, StaleAccount
from rickctl.services.desk import beside
from rickctl.services.stored import (
    quality_json,
    quote_json,
    read_measured,
    read_request,
    request_json,
    text_or_none,
    verdicts_json,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rickctl.domain.account import AccountState
    from rickctl.domain.charter import Charter, Decision, Snapshot
    from rickctl.domain.orders import OrderRequest
    from rickctl.domain.ports import Clock
    from rickctl.domain.records import JSON, IntentRow
    from rickctl.domain.scope import Scope
    from rickctl.domain.state import StateReads, StateTransaction
    from rickctl.services.desk import Desk, Held

_ZERO = Decimal(0)
IN_FLIGHT = frozenset({IntentState.INTENT, IntentState.SENT, IntentState.UNKNOWN})
"""Intents that may become orders and are not in the account yet: they count as exposure."""

_MOST_IN_A_MINUTE = 2_000
"""More than all rates of any charter allow together."""


class Asked(NamedTuple):
    """A request before the gate: its mark, and the instants of the scope's clock and of the wall it was measured at.

    `placed` are the numbers the account holds as orders or trades; `beside` the versions of the accounts counted along.
    """

    request: OrderRequest
    fingerprint: str
    now_ns: int
    wall_ns: int
    placed: frozenset[int] = frozenset()
    beside: Mapping[Scope, int] = MappingProxyType({})


def decide(asked: Asked, snapshot: Snapshot, charter: Charter, reads: StateReads) -> Decision:
    """Hold a request to every rule, with what the state says counted in; writes nothing."""
    _, client_order_id = next_intent(reads, asked)
    return check(asked.request, counted(asked, snapshot, charter, reads), charter, client_order_id=client_order_id)


def numbers_of(account: AccountState) -> frozenset[int]:
    """The numbers the account holds as orders or trades: what of them is in flight is counted there."""
    return frozenset([*(order.number for order in account.orders), *(trade.number for trade in account.trades)])


def versions_beside(desk: Desk) -> dict[Scope, int]:
    """How the accounts counted along stand, for `check_fresh`; ask before they are measured."""
    return {row.scope: row.version for row in beside(desk.reads, desk.scope)}


def check_fresh(asked: Asked, held: Held, charter: Charter, transaction: StateTransaction, wall: Clock) -> None:
    """That nothing measured for a request has changed since, nor its price grown old. Raises StaleAccount."""
    scope = asked.request.scope
    late = wall.now_ns() - asked.wall_ns > charter.max_quote_age_seconds * SECOND_NS
    versions = {row.scope: row.version for row in beside(transaction, scope)}
    if late or transaction.account(scope) != held.row or versions != asked.beside:
        raise StaleAccount


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
    """What explains the order later, and what a unit of it is worth while it counts for others.

    Explained: the computed quality, the rate its risk was counted at, the equity behind it.
    """
    unit, rate = snapshot.base_to_account, snapshot.account_to_charter
    window = snapshot.arming.window
    return {
        **({} if window is None else {"armed": window.number}),
        "quality": quality_json(decision.quality),
        "quote_to_account": text_or_none(snapshot.quote_to_account),
        "equity": text_or_none(snapshot.equity),
        "currency": snapshot.currency,
        "unit_value": text_or_none(unit),
        "unit_in_charter": text_or_none(None if unit is None or rate is None else unit * rate),
    }


def counted(asked: Asked, snapshot: Snapshot, charter: Charter, reads: StateReads) -> Snapshot:
    """The snapshot with everything that only the state knows: counts, what is in flight, latches, held symbols."""
    scope = asked.request.scope
    in_flight = reads.intents(states=IN_FLIGHT)
    entries = [row for row in in_flight if row.kind is IntentKind.ENTRY]
    unknown = (row.symbol for row in in_flight if row.scope == scope and row.state is IntentState.UNKNOWN)
    return replace(
        snapshot,
        counts=_counts(asked, charter, reads, snapshot.day_start_ns or 0),
        exposure=_with_in_flight(snapshot, entries, asked),
        latches=tuple(latch.name for latch in reads.latches(scope)),
        held_symbols=frozenset(unknown),
    )


def _counts(asked: Asked, charter: Charter, reads: StateReads, day_start_ns: int) -> Counts:
    scope = asked.request.scope
    longest_s = max(charter.repeat_window_s, charter.duplicate_window_s, charter.latency_window_min * 60)
    since_ns = min(day_start_ns, asked.now_ns - longest_s * SECOND_NS)
    found = reads.intents(scope, states=COUNTED_INTENTS, since_ns=since_ns)
    entries = [row for row in found if row.kind is IntentKind.ENTRY]
    newest = reads.intents(scope, states=COUNTED_INTENTS, limit=_MOST_IN_A_MINUTE)
    kinds = [row.kind for row in newest if row.recorded_ns > asked.wall_ns - MINUTE_NS]
    return Counts(
        trades_today=sum(row.created_ns >= day_start_ns for row in entries),
        orders_last_minute=kinds.count(IntentKind.ENTRY),
        messages_last_minute=kinds.count(IntentKind.ENTRY) + kinds.count(IntentKind.MODIFY),
        cancels_last_minute=kinds.count(IntentKind.CANCEL) + kinds.count(IntentKind.CLOSE),
        repeated_executions=_since_resumed(_repeats(asked, charter, entries), charter.max_repeats, reads),
        latency_breaches=_since_resumed(_slow(asked, charter, entries), charter.max_latency_breaches + 1, reads),
        duplicate_of=_duplicate(asked, charter, entries),
    )


def _since_resumed(rows: Sequence[IntentRow], limit: int, reads: StateReads) -> int:
    """How many there are; once they would stop the account, only those since a person last resumed."""
    if len(rows) < limit:
        return len(rows)
    resumed_ns = max((row.recorded_ns for row in reads.journal(kinds={"resumed"})), default=0)
    return sum(row.recorded_ns > resumed_ns for row in rows)


def _repeats(asked: Asked, charter: Charter, entries: Iterable[IntentRow]) -> list[IntentRow]:
    since_ns = asked.now_ns - charter.repeat_window_s * SECOND_NS
    same = (row for row in entries if row.symbol == asked.request.symbol and row.created_ns > since_ns)
    return [row for row in same if read_request(row.request).side is asked.request.side]


def _slow(asked: Asked, charter: Charter, entries: Iterable[IntentRow]) -> list[IntentRow]:
    since_ns = asked.now_ns - charter.latency_window_min * MINUTE_NS
    return [
        row
        for row in entries
        if row.sent_ns is not None
        and row.answered_ns is not None
        and row.sent_ns > since_ns
        and is_slow_placement(row.answered_ns - row.sent_ns, charter)
    ]


def _duplicate(asked: Asked, charter: Charter, entries: Iterable[IntentRow]) -> int | None:
    """The newest entry inside the window that asks for the same, unless it carries a key that one does not."""
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


def _with_in_flight(snapshot: Snapshot, entries: Iterable[IntentRow], asked: Asked) -> Exposure:
    """The exposure with entries that may still fill: this account's, and those of the accounts counted along."""
    exposure, scope = snapshot.exposure, asked.request.scope
    buys, sells, others = exposure.unknown_buy_units, exposure.unknown_sell_units, exposure.others_notional
    outside: Decimal | None = _ZERO
    for row in entries:
        request, worth = read_request(row.request), read_measured(row.request)
        if row.scope == scope and row.number in asked.placed:
            continue
        if row.scope == scope and row.symbol == asked.request.symbol:
            buys = _plus(buys, request.units if request.side is Side.BUY else _ZERO)
            sells = _plus(sells, request.units if request.side is Side.SELL else _ZERO)
        elif row.scope == scope or row.scope in asked.beside:
            outside = _plus(outside, _times(request.units, worth.unit_in_charter if worth else None))
            if row.scope == scope:
                others = _plus(others, _times(request.units, worth.unit_value if worth else None))
    return replace(
        exposure,
        unknown_buy_units=buys,
        unknown_sell_units=sells,
        others_notional=others,
        broker_others_notional=_plus(exposure.broker_others_notional, outside),
        desk_others_notional=_plus(exposure.desk_others_notional, outside),
    )


def _plus(known: Decimal | None, more: Decimal | None) -> Decimal | None:
    return None if known is None or more is None else known + more


def _times(units: Decimal, value: Decimal | None) -> Decimal | None:
    return None if value is None else units * value
