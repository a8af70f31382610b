"""The order path: draft → gate → intent → sent → venue → outcome; the only caller of `submit_order`."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.arming import NOT_LIVE
from rickctl.domain.charter import refusal
from rickctl.domain.conversion import Rates
from rickctl.domain.errors import OrderRejected, Refused, SetupError, Unreachable, UsageError
from rickctl.domain.instants import DAY_NS, MILLISECOND_NS, MINUTE_NS, SECOND_NS, rfc3339
from rickctl.domain.orders import IntentState, Side
from rickctl.services.desk import check_open, hold, retry, save
from rickctl.services.drafts import build_request, check_draft, find_instrument
from rickctl.services.early import on_record
from rickctl.services.gate import Asked, check_fresh, decide, numbers_of, pass_gate, versions_beside
from rickctl.services.moment import measure, nearest_opposite, sizing_of
from rickctl.services.sending import transmit, unknown_outcome
from rickctl.services.stored import read_request, read_verdicts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rickctl.domain.arming import ArmState
    from rickctl.domain.charter import Charter, Snapshot
    from rickctl.domain.errors import RickctlError
    from rickctl.domain.market import Instrument
    from rickctl.domain.orders import Approved, OrderRequest, Verdict
    from rickctl.domain.ports import Clock, Execution, Submitted
    from rickctl.domain.quality import Quality
    from rickctl.domain.records import IntentRow
    from rickctl.domain.scope import Mode, Scope
    from rickctl.domain.state import StateReads
    from rickctl.services.charter import LoadedCharter
    from rickctl.services.desk import Desk, Held
    from rickctl.services.drafts import Draft

AWAIT_NS = 20 * MILLISECOND_NS
AWAIT_TRIES = 250
KEY_LIFE_NS = 30 * DAY_NS
"""How long an idempotency key stands for its order."""


def _never_armed() -> ArmState:
    return NOT_LIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Trader:
    """Who places an order, and what stands in the way: charter, kill switch, wall clock, owner, other accounts.

    `load` reads the charter in use, `shipped` the one of the installation; `arming` says whether LIVE is armed now.
    """

    load: Callable[[], LoadedCharter]
    shipped: Callable[[], Charter]
    kill_reason: Callable[[], str | None]
    wall: Clock
    owner: Callable[[], str]
    neighbours: Callable[[], Sequence[Desk]]
    arming: Callable[[], ArmState] = _never_armed

    def entry_charter(self) -> tuple[Charter, frozenset[Mode]]:
        """The charter entries answer to, and what it is sealed for. Raises Refused where it cannot be used."""
        loaded = self.load()
        return loaded.require(), loaded.sealed_for

    def change_charter(self) -> tuple[Charter, frozenset[Mode]]:
        """As for entries; behind a broken file the shipped one, sealed for nothing: only what narrows risk passes."""
        try:
            return self.entry_charter()
        except (Refused, SetupError):
            return self.shipped(), frozenset()

    def exit_charter(self) -> Charter:
        """The charter cancels and closes answer to: a broken file must not trap a position, so then the shipped one."""
        return self.change_charter()[0]


class Weighed(NamedTuple):
    """A request resolved and measured at one instant, before the gate has counted."""

    asked: Asked
    instrument: Instrument
    snapshot: Snapshot


class Checked(NamedTuple):
    """What the gate says of a request nobody sends; `number` is the order its key stands for already, if any."""

    weighed: Weighed
    verdicts: tuple[Verdict, ...]
    quality: Quality | None
    charter_hash: str
    number: int | None


def preview(draft: Draft, desk: Desk, trader: Trader) -> tuple[Checked, Refused | None]:
    """Everything an order would meet, with nothing written, and the refusal it would end in. Raises UsageError."""
    fingerprint = draft.fingerprint(find_instrument(check_draft(draft).symbol, desk.market.instruments).symbol)
    earlier = find_by_key(desk.reads, draft.key, fingerprint, desk, trader.wall)
    charter, sealed_for = trader.entry_charter()
    weighed = weigh(draft, check_open(hold(desk)), desk, trader, charter, sealed_for)
    decision = decide(weighed.asked, weighed.snapshot, charter, desk.reads)
    if earlier is not None:
        refused = _refusal_of(earlier) if earlier.state is IntentState.REFUSED else None
    else:
        refused = None if decision.approved else refusal(decision.verdicts, weighed.asked.request)
    number = None if earlier is None else earlier.number
    return Checked(weighed, decision.verdicts, decision.quality, charter.hash, number), refused


@on_record
def place(draft: Draft, desk: Desk, trader: Trader, execution: Execution) -> IntentRow:
    """Place an entry exactly once and return its intent as it stands after the venue's answer.

    Raises UsageError, Refused (with the verdicts and the order's number), OrderRejected, Unreachable, OutcomeUnknown.
    """
    fingerprint = draft.fingerprint(find_instrument(check_draft(draft).symbol, desk.market.instruments).symbol)
    earlier = find_by_key(desk.reads, draft.key, fingerprint, desk, trader.wall)
    if earlier is not None:
        return answer_again(earlier, desk, trader.wall)

    def attempt(held: Held) -> tuple[IntentRow, Approved | None]:
        charter, sealed_for = trader.entry_charter()
        weighed = weigh(draft, check_open(held), desk, trader, charter, sealed_for)
        with desk.writable().transaction() as transaction:
            known = find_by_key(transaction, draft.key, fingerprint, desk, trader.wall)
            if known is not None:
                return known, None
            check_fresh(weighed.asked, held, charter, transaction, trader.wall)
            # Read again: a kill may have come down, or the window closed, while this process waited for its turn.
            snapshot = replace(weighed.snapshot, kill_reason=trader.kill_reason(), arming=trader.arming())
            row, decision = pass_gate(weighed.asked, snapshot, charter, transaction, owner=trader.owner())
            if held.events:
                save(transaction, held)
        return row, decision.approved

    row, approved = retry(desk, attempt)
    if approved is None:
        return answer(row, desk, trader.wall)
    return transmit(row, desk, trader.owner(), lambda: _submit(approved, trader, execution))


def _submit(approved: Approved, trader: Trader, execution: Execution) -> Submitted:
    """Send, unless it was stopped since the gate. Raises Refused."""
    check_unstopped(approved.request.scope, approved.charter_hash, trader)
    return execution.submit_order(approved)


def check_unstopped(scope: Scope, charter_hash: str, trader: Trader) -> None:
    """No kill came down and no window closed since the gate: the last look before a byte leaves. Raises Refused."""
    reason = trader.kill_reason()
    if reason is not None:
        message = f"trading was killed before the order was sent: {reason}"
        raise Refused(message, code="kill_latch", hint="rickctl resume")
    state = trader.arming()
    if not state.allows(scope, charter_hash):
        message = f"{scope} was disarmed before the order was sent: {state.told}"
        raise Refused(message, code="not_armed", hint=f"rickctl arm --account {scope}")


def weigh(
    draft: Draft, held: Held, desk: Desk, trader: Trader, charter: Charter, sealed_for: frozenset[Mode]
) -> Weighed:
    """Resolve a draft against one quote and measure the moment. Raises UsageError, Refused."""
    wall_ns, versions = trader.wall.now_ns(), versions_beside(desk)
    instrument = find_instrument(draft.symbol, desk.market.instruments)
    rates = Rates(desk.market, held.now_ns)
    state = trader.arming()
    request = build_request(
        draft,
        scope=desk.scope,
        instrument=instrument,
        quote=rates.quote(instrument.symbol),
        sizing=sizing_of(held.account, instrument, rates),
        expires_ns=_expiry(draft, held.now_ns, charter, state),
    )
    _check_spot(request, held)
    _check_can(request, desk)
    snapshot = measure(
        held,
        instrument=instrument,
        market=desk.market,
        charter=charter,
        sealed_for=sealed_for,
        kill_reason=trader.kill_reason(),
        neighbours=trader.neighbours(),
        attaches_exits=desk.attaches_exits,
    )
    opposite = nearest_opposite(held.account, instrument.symbol, request.side)
    fingerprint = draft.fingerprint(instrument.symbol)
    asked = Asked(request, fingerprint, held.now_ns, wall_ns, numbers_of(held.account), versions)
    return Weighed(asked, instrument, replace(snapshot, own_opposite_price=opposite, arming=state))


def _expiry(draft: Draft, now_ns: int, charter: Charter, state: ArmState) -> int:
    """When a resting entry ends: as asked, else as late as charter and window let it, to the second within it."""
    if draft.ttl_ns is not None:
        return now_ns + draft.ttl_ns
    latest_ns = now_ns + charter.max_ttl_min * MINUTE_NS
    if not state.is_armed:
        return latest_ns
    return min(latest_ns, (state.ends_ns - SECOND_NS) // SECOND_NS * SECOND_NS)


def _check_spot(request: OrderRequest, held: Held) -> None:
    if held.account.is_spot and request.side is Side.SELL:
        message = f"a spot account has no shorts: {request.symbol} is sold by closing what is held"
        raise Refused(message, code="no_shorts", hint=f"rickctl position close {request.symbol}")


def _check_can(request: OrderRequest, desk: Desk) -> None:
    """What a broker cannot carry is never sent to it. Raises Refused."""
    if desk.venue is None:
        return
    can = desk.venue.execution.capabilities
    missing = [] if request.entry.value in can.entries else [f"{request.entry.value} entries"]
    missing += ["trailing stops"] if request.trailing is not None and not can.trails_stops else []
    missing += ["shorts"] if request.side is Side.SELL and not can.shorts else []
    if missing:
        message = f"{desk.scope.broker} has no {' and no '.join(missing)}"
        raise Refused(message, code="not_offered", hint=f"rickctl broker capabilities {desk.scope.broker}")


def find_by_key(reads: StateReads, key: str | None, fingerprint: str, desk: Desk, wall: Clock) -> IntentRow | None:
    """The order this key already stands for; one that provably was never sent stands for nothing.

    Raises Refused where the key stands for another request.
    """
    row = None if key is None else reads.intent_by_key(desk.scope, key)
    if row is None or row.recorded_ns < wall.now_ns() - KEY_LIFE_NS:
        return None
    if row.request_hash != fingerprint:
        message = f"key {key!r} already stands for order {row.number}, which asked for something else"
        raise Refused(message, code="key_reused", hint=f"rickctl order show {row.number}")
    return None if row.state is IntentState.ABANDONED else row


def answer(row: IntentRow, desk: Desk, wall: Clock) -> IntentRow:
    """An intent as its placer is told of it: returned where the venue has it, raised as what became of it otherwise."""
    row = _awaited(row, desk, wall)
    if row.state is IntentState.ACCEPTED:
        return row
    if row.state is IntentState.REFUSED:
        raise _refusal_of(row)
    if row.state in {IntentState.REJECTED, IntentState.ABANDONED}:
        raise _said_no(row)
    raise unknown_outcome(row)


def answer_again(row: IntentRow, desk: Desk, wall: Clock) -> IntentRow:
    """The answer a key was given before; a no is told as the old one it is, since nothing was asked again."""
    try:
        return answer(row, desk, wall)
    except (OrderRejected, Refused, SetupError, Unreachable, UsageError) as error:
        error.message = f"order {row.number} of {rfc3339(row.created_ns)} was answered: {error.message}"
        error.hint = "the same key keeps its answer for 30 days; another --key asks again"
        raise


def _refusal_of(row: IntentRow) -> Refused:
    refused = refusal(read_verdicts(row.verdicts), read_request(row.request))
    refused.order = row.number
    return refused


_FAILURES = {kind.category: kind for kind in (OrderRejected, Refused, SetupError, Unreachable, UsageError)}


def _said_no(row: IntentRow) -> RickctlError:
    """The failure its placer was told, with the same exit code."""
    told = json.loads(row.outcome or "{}")
    message = told.get("message", "the order was never sent: its process died first")
    hint = None if row.error else "run it again: nothing was sent"
    kind = _FAILURES.get(told.get("category", ""), OrderRejected)
    return kind(message, code=row.error or "abandoned", hint=hint, order=row.number, venue_code=told.get("venue_code"))


def _awaited(row: IntentRow, desk: Desk, wall: Clock) -> IntentRow:
    """The intent once the living process that owns it has an answer, or as it stands after a few seconds."""
    for _ in range(AWAIT_TRIES):
        if row.state not in {IntentState.INTENT, IntentState.SENT}:
            break
        wall.sleep_ns(AWAIT_NS)
        row = desk.reads.intent(desk.scope, row.number) or row
    return row
