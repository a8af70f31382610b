"""The gate's decision: every rule's verdict on an order, and the only place an `Approved` is made; fetches nothing."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from typing import TYPE_CHECKING

from rickctl.domain.charter import judge, limits
from rickctl.domain.charter.case import Case, build_case, finite, quality_of
from rickctl.domain.charter.rules import RULES_BY_ID, Action, Rule, rules_for
from rickctl.domain.charter.words import UNKNOWN
from rickctl.domain.errors import Refused
from rickctl.domain.instants import MILLISECOND_NS
from rickctl.domain.orders import Approved, EntryType, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rickctl.domain.charter.judge import Answer
    from rickctl.domain.charter.snapshot import Snapshot
    from rickctl.domain.charter.values import Charter
    from rickctl.domain.orders import OrderRequest
    from rickctl.domain.quality import Quality

_ROOMY = Context(prec=60, traps=[])
"""Products of two full-length numbers are exact; what overflows becomes infinite and refuses instead of raising."""

_JUDGES: Mapping[str, Callable[[Case], Answer]] = {
    "1.1": judge.valid_order,
    "1.2": judge.charter_sealed,
    "1.3": judge.kill_switch,
    "1.4": judge.latches,
    "1.5": judge.no_unknown,
    "1.6": judge.armed,
    "2.1": judge.real_price,
    "2.2": judge.price_age,
    "2.3": judge.tradeable,
    "2.4": judge.moving_price,
    "2.5": judge.market_hours,
    "2.6": judge.entry_collar,
    "2.7": judge.exit_collar,
    "3.1": limits.order_size,
    "3.2": limits.notional,
    "3.3": limits.position,
    "3.4": limits.exposure,
    "3.5": limits.risk,
    "3.6": limits.margin,
    "4.1": judge.reward_risk,
    "4.2": judge.both_exits,
    "4.3": judge.right_side,
    "4.4": judge.venue_exits,
    "5.1": judge.quality,
    "5.2": judge.timeframe,
    "6.1": judge.time_to_live,
    "6.2": judge.maximum_hold,
    "6.3": limits.placement_latency,
    "6.4": judge.life_in_window,
    "7.1": limits.daily_trades,
    "7.2": limits.order_rate,
    "7.3": limits.message_rate,
    "7.4": limits.cancel_rate,
    "7.5": limits.no_duplicate,
    "7.6": limits.repeated_entries,
    "7.7": limits.no_self_trade,
    "8.1": limits.day_drawdown,
    "8.2": limits.peak_drawdown,
    "10.1": judge.price_source,
    "11.1": limits.all_brokers,
    "11.2": limits.one_broker,
    "11.3": limits.conversion_rates,
    "11.4": limits.trading_day,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Every verdict, and the approval if all of them passed; `quality` is the computed one."""

    verdicts: tuple[Verdict, ...]
    approved: Approved | None
    quality: Quality | None

    @property
    def refused(self) -> tuple[Verdict, ...]:
        """The verdicts that said no."""
        return tuple(verdict for verdict in self.verdicts if not verdict.passed)


def check(request: OrderRequest, snapshot: Snapshot, charter: Charter, *, client_order_id: str) -> Decision:
    """Hold an entry to every rule; raises nothing."""
    return _decide(Action.ENTRY, request, snapshot, charter, client_order_id)


def check_modify(
    before: OrderRequest, after: OrderRequest, snapshot: Snapshot, charter: Charter, *, client_order_id: str
) -> Decision:
    """Hold a change to every rule if it widens risk, else to validity, sides and the message rate alone."""
    decision = _decide(Action.MODIFY, after, snapshot, charter, client_order_id)
    if widens_risk(before, after):
        return decision
    kept = tuple(verdict for verdict in decision.verdicts if verdict.rule in _NARROWING)
    allowed = all(verdict.passed for verdict in kept)
    approved = _approve(after, snapshot, charter, client_order_id, kept) if allowed else None
    return Decision(verdicts=kept, approved=approved, quality=decision.quality)


_NARROWING = frozenset({"1.1", "4.3", "7.3"})


def widens_risk(before: OrderRequest, after: OrderRequest) -> bool:
    """Whether a change can lose more, protect less, live longer or fill elsewhere than what it replaces."""
    same = (before.scope, before.symbol, before.side, before.entry, before.price)
    if same != (after.scope, after.symbol, after.side, after.entry, after.price) or after.units > before.units:
        return True
    sign = before.side.sign
    return (
        _given_up(before.stop_loss, after.stop_loss, -sign)
        or _given_up(before.take_profit, after.take_profit, -sign)
        or _loosened(before.trailing, after.trailing)
        or _outlives(before, after)
    )


def _given_up(before: Decimal | None, after: Decimal | None, sign: int) -> bool:
    """Whether an exit was taken away or moved in the direction of `sign`; one that is added gives nothing up."""
    if before is None or after is None:
        return before is not None
    return (after - before) * sign > 0


def _loosened(before: Decimal | None, after: Decimal | None) -> bool:
    return before is not None and (after is None or after > before)


def _outlives(before: OrderRequest, after: OrderRequest) -> bool:
    if before.expires_ns is None or after.entry is EntryType.MARKET:
        return False
    return after.expires_ns is None or after.expires_ns > before.expires_ns


def check_reduce(symbol: str, units: Decimal, snapshot: Snapshot, charter: Charter) -> tuple[Verdict, ...]:
    """Hold a reduce-only close to validity alone: a known instrument, no more than is held, the cancel allowance."""
    with localcontext(_ROOMY):
        fault = _reduce_fault(symbol, units, snapshot)
    rule, measured = RULES_BY_ID["1.1"], "not valid" if fault else "valid"
    valid = Verdict(rule=rule.id, name=rule.name, measured=measured, limit="valid", passed=not fault, detail=fault)
    return (valid, *check_cancel(snapshot, charter))


def _reduce_fault(symbol: str, units: Decimal, snapshot: Snapshot) -> str | None:
    held = finite(snapshot.exposure.position_units)
    if snapshot.instrument is None or snapshot.instrument.symbol != symbol:
        return f"{symbol} is not an instrument of this account"
    if finite(units) is None or units <= 0 or units % snapshot.instrument.unit_increment != 0:
        return f"units must be a positive multiple of {snapshot.instrument.unit_increment:f}"
    if held is None or units > abs(held):
        return f"{units:f} {symbol} is more than the {abs(held or Decimal(0)):f} held"
    return None


def check_cancel(snapshot: Snapshot, charter: Charter) -> tuple[Verdict, ...]:
    """Hold a cancel to its own allowance, which orders never use up."""
    found, limit = snapshot.counts.cancels_last_minute + 1, charter.max_cancels_per_minute
    passed = found <= limit
    rule = RULES_BY_ID["7.4"]
    detail = None if passed else limits.too_many(found, "cancel in a minute", limit)
    return (
        Verdict(rule=rule.id, name=rule.name, measured=str(found), limit=f"≤ {limit}", passed=passed, detail=detail),
    )


def order_quality(request: OrderRequest, snapshot: Snapshot, charter: Charter) -> Quality | None:
    """The computed quality alone; None where it cannot be measured."""
    with localcontext(_ROOMY):
        return quality_of(build_case(Action.ENTRY, request, snapshot, charter))


def is_slow_placement(latency_ns: int, charter: Charter) -> bool:
    """Whether a placement took longer from sent to answered than rule 6.3 allows."""
    return latency_ns > charter.max_placement_ms * MILLISECOND_NS


def new_latches(verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """The latches these verdicts leave behind until a person resumes."""
    found = (RULES_BY_ID[verdict.rule].latches for verdict in verdicts if not verdict.passed)
    return tuple(name for name in found if name is not None)


def refusal(verdicts: Sequence[Verdict], request: OrderRequest | None = None) -> Refused:
    """The error for verdicts that said no, led by the most fundamental; at least one must have.

    Rules that could not be measured, mostly because of the first, are not counted as "more".
    """
    refused = sorted((v for v in verdicts if not v.passed), key=lambda v: RULES_BY_ID[v.rule].rank)
    lead, rule = refused[0], RULES_BY_ID[refused[0].rule]
    others = sum(verdict.measured != UNKNOWN for verdict in refused[1:])
    more = f"; and {others} more" if others else ""
    return Refused(f"{lead.detail}{more}", code=rule.code, hint=_hint(rule, request), verdicts=verdicts)


def _hint(rule: Rule, request: OrderRequest | None) -> str:
    if rule.code == "naked_entry" and request is not None:
        words = f"{request.symbol} {request.side.value} {request.units:f}"
        distance = "1%" if "-" in request.symbol else "20p"
        return f"rickctl order place {words} --stop-loss {distance} --take-profit 2R"
    if rule.code == "not_armed" and request is not None:
        return f"rickctl arm --account {request.scope}"
    if rule.code == "market_closed":
        return "rickctl account create rehearsal --speed step --start 2026-11-18T14:00"
    if rule.code in _LOOK_AT_QUOTE and request is not None:
        return f"rickctl quote {request.symbol}"
    return rule.hint or f"rickctl charter explain {rule.id}"


_LOOK_AT_QUOTE = frozenset({"bad_quote", "stale_quote", "not_tradeable", "frozen_quote", "price_collar"})


def _decide(
    action: Action, request: OrderRequest, snapshot: Snapshot, charter: Charter, client_order_id: str
) -> Decision:
    with localcontext(_ROOMY):
        case = build_case(action, request, snapshot, charter)
        verdicts = tuple(_verdict(rule, case) for rule in rules_for(action))
        quality = quality_of(case)
    passed = all(verdict.passed for verdict in verdicts)
    approved = _approve(request, snapshot, charter, client_order_id, verdicts) if passed else None
    return Decision(verdicts=verdicts, approved=approved, quality=quality)


def _verdict(rule: Rule, case: Case) -> Verdict:
    found = _JUDGES[rule.id](case)
    return Verdict(
        rule=rule.id,
        name=rule.name,
        measured=found.measured,
        limit=found.limit,
        passed=found.passed,
        detail=found.detail,
    )


def _approve(
    request: OrderRequest, snapshot: Snapshot, charter: Charter, client_order_id: str, verdicts: tuple[Verdict, ...]
) -> Approved:
    return Approved(
        request=request,
        client_order_id=client_order_id,
        charter_hash=charter.hash,
        quote=snapshot.quote,
        verdicts=verdicts,
    )
