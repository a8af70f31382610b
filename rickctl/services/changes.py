"""Cancels, closes and modifications: each an intent of its own, none retried, none able to add risk past the gate."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

from rickctl.domain.charter import check_cancel, check_modify, check_reduce, refusal, widens_risk
from rickctl.domain.errors import OrderRejected, Refused, UsageError
from rickctl.domain.instants import rfc3339
from rickctl.domain.orders import EntryType, IntentState, OrderRequest, Side
from rickctl.domain.ports import Close
from rickctl.domain.positions import net_units
from rickctl.domain.records import IntentKind, StaleAccount
from rickctl.services.desk import hold, retry, save
from rickctl.services.drafts import find_instrument, parse_units
from rickctl.services.early import put_on_record
from rickctl.services.gate import Asked, check_fresh, counted, numbers_of, versions_beside
from rickctl.services.moment import measure, nearest_opposite
from rickctl.services.orders import check_unstopped
from rickctl.services.sending import transmit
from rickctl.services.stored import changes_json, quote_json, read_target, read_verdicts, request_json, verdicts_json
from rickctl.services.terms import changed, current_request, resolve_changes

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from rickctl.domain.charter import Charter, Snapshot
    from rickctl.domain.market import Instrument
    from rickctl.domain.orders import Verdict
    from rickctl.domain.ports import Changes, Execution
    from rickctl.domain.records import JSON, IntentRow
    from rickctl.domain.scope import Mode
    from rickctl.domain.state import StateTransaction
    from rickctl.services.desk import Desk, Held
    from rickctl.services.orders import Trader
    from rickctl.services.terms import Words


class _Judge(Protocol):
    """What a change answers to; `number` is the order it leaves out of the exposure, None where it adds none."""

    @property
    def number(self) -> int | None: ...

    def widens(self, held: Held) -> bool:
        """Whether it answers to every rule an entry does."""
        ...

    def verdicts(self, held: Held, snapshot: Snapshot, charter: Charter) -> tuple[Verdict, ...]:
        """Every rule's answer."""
        ...


class _ExitJudge(NamedTuple):
    """A cancel, or with `units` of `symbol` a close: never more than is there, at its own allowance."""

    symbol: str
    units: Decimal | None = None

    @property
    def number(self) -> int | None:
        return None

    def widens(self, held: Held) -> bool:
        del held
        return False

    def verdicts(self, held: Held, snapshot: Snapshot, charter: Charter) -> tuple[Verdict, ...]:
        del held
        if self.units is None:
            return check_cancel(snapshot, charter)
        return check_reduce(self.symbol, self.units, snapshot, charter)


class _ChangeJudge(NamedTuple):
    """A modification, judged against the terms that stand when it is judged."""

    target: IntentRow
    changes: Changes

    @property
    def number(self) -> int:
        return self.target.number

    def widens(self, held: Held) -> bool:
        before = current_request(held, self.number)
        return widens_risk(before, changed(before, self.changes))

    def verdicts(self, held: Held, snapshot: Snapshot, charter: Charter) -> tuple[Verdict, ...]:
        before = current_request(held, self.number)
        if held.account.trade(self.number) is None:
            opposite = nearest_opposite(held.account, before.symbol, before.side)
            snapshot = replace(snapshot, own_opposite_price=opposite)
        after = changed(before, self.changes)
        return check_modify(before, after, snapshot, charter, client_order_id=self.target.client_order_id).verdicts


def cancel(number: int, desk: Desk, trader: Trader, execution: Execution) -> IntentRow:
    """Cancel what is not filled of an order. Raises UsageError for an unknown one, OrderRejected for a filled one."""
    target = find_entry(desk, number)
    judge = _ExitJudge(target.symbol)
    row = _record(IntentKind.CANCEL, target.symbol, {"target": number}, desk, trader, judge)
    return transmit_change(row, desk, trader, lambda: execution.cancel_order(target.client_order_id))


def close_position(
    symbol: str, trade: int | None, units: str | None, desk: Desk, trader: Trader, execution: Execution
) -> IntentRow:
    """Close a position, or part of it, with a reduce-only market order. Raises OrderRejected where nothing is open."""
    instrument = find_instrument(symbol, desk.market.instruments)
    wanted = None if units is None else parse_units(units, instrument)
    held = hold(desk)
    request = _close_request(held, instrument, trade, wanted)
    body: dict[str, JSON] = {**request_json(request), "trade": trade}
    try:
        _check_trades(instrument, desk, held.now_ns)
    except Refused as refused:
        put_on_record(refused, body, desk, trader, kind=IntentKind.CLOSE)
        raise
    row = _record(IntentKind.CLOSE, instrument.symbol, body, desk, trader, _ExitJudge(instrument.symbol, request.units))
    close = Close(row.client_order_id, instrument.symbol, trade, wanted)
    return transmit(row, desk, trader.owner(), lambda: execution.submit_close(close))


def _check_trades(instrument: Instrument, desk: Desk, now_ns: int) -> None:
    """A market order sent to a closed market would be cancelled unseen. Raises Refused."""
    opens_ns = desk.market.next_open_ns(instrument.symbol, now_ns)
    if opens_ns != now_ns:
        when = "" if opens_ns is None else f"; it opens {rfc3339(opens_ns)}"
        message = f"the {instrument.symbol} market is closed{when}; the exits of the position stand"
        raise Refused(message, code="market_closed", hint="close it when the market opens")


def _close_request(held: Held, instrument: Instrument, trade: int | None, units: Decimal | None) -> OrderRequest:
    account = held.account
    found = None if trade is None else account.trade(trade)
    if found is not None and found.symbol != instrument.symbol:
        message = f"trade {trade} is of {found.symbol}, not of {instrument.symbol}"
        raise UsageError(message, code="bad_usage", hint=f"rickctl position close --trade {trade}")
    net = net_units(account, instrument.symbol) if trade is None else (found.units * found.side.sign if found else None)
    if not net:
        what = instrument.symbol if trade is None else f"trade {trade}"
        message = f"nothing is open in {what}"
        raise OrderRejected(message, code="nothing_to_close", hint="rickctl positions")
    return OrderRequest(
        scope=account.scope,
        symbol=instrument.symbol,
        side=Side.SELL if net > 0 else Side.BUY,
        units=abs(net) if units is None else units,
        entry=EntryType.MARKET,
        price=None,
        stop_loss=None,
        take_profit=None,
    )


def modify(words: Words, desk: Desk, trader: Trader, execution: Execution) -> IntentRow:
    """Change an order or the exits of its trade; what widens risk passes every rule an entry does."""
    target = find_entry(desk, words.number)
    instrument = desk.market.instruments[target.symbol]
    held = hold(desk)
    changes = resolve_changes(words, held, instrument, desk)
    after = changed(current_request(held, words.number), changes)
    body: dict[str, JSON] = {**request_json(after), "target": words.number, "changes": changes_json(changes)}
    row = _record(IntentKind.MODIFY, target.symbol, body, desk, trader, _ChangeJudge(target, changes))

    def send() -> None:
        # What the gate held to the switch that stops everything is looked at once more before it leaves.
        if any(verdict.rule == _KILL_RULE for verdict in read_verdicts(row.verdicts)):
            check_unstopped(desk.scope, row.charter_hash, trader)
        execution.modify_order(target.client_order_id, changes)

    return transmit_change(row, desk, trader, send)


_KILL_RULE = "1.3"


def preview_close(symbol: str, trade: int | None, units: str | None, desk: Desk, trader: Trader) -> None:
    """Hold a close to its rules without writing anything. Raises UsageError, OrderRejected, Refused."""
    instrument = find_instrument(symbol, desk.market.instruments)
    held = hold(desk)
    request = _close_request(held, instrument, trade, None if units is None else parse_units(units, instrument))
    _check_trades(instrument, desk, held.now_ns)
    charter = trader.exit_charter()
    judge = _ExitJudge(instrument.symbol, request.units)
    snapshot, asked = _moment(held, instrument, desk, trader, charter, frozenset(), judge)
    verdicts = judge.verdicts(held, counted(asked, snapshot, charter, desk.reads), charter)
    if not all(verdict.passed for verdict in verdicts):
        raise refusal(verdicts)


def preview_change(words: Words, desk: Desk, trader: Trader) -> None:
    """Hold a modification to the charter without writing anything. Raises UsageError, Refused."""
    charter, sealed_for = trader.change_charter()
    target = find_entry(desk, words.number)
    instrument = desk.market.instruments[target.symbol]
    held = hold(desk)
    judge = _ChangeJudge(target, resolve_changes(words, held, instrument, desk))
    snapshot, asked = _moment(held, instrument, desk, trader, charter, sealed_for, judge)
    verdicts = judge.verdicts(held, counted(asked, snapshot, charter, desk.reads), charter)
    if not all(verdict.passed for verdict in verdicts):
        raise refusal(verdicts)


def transmit_change(row: IntentRow, desk: Desk, trader: Trader, do: Callable[[], object]) -> IntentRow:
    """Send a change that was recorded and allowed."""

    def act() -> None:
        do()

    return transmit(row, desk, trader.owner(), act)


def find_entry(desk: Desk, number: int) -> IntentRow:
    """The intent of an order that reached the broker. Raises UsageError."""
    row = desk.reads.intent(desk.scope, number)
    if row is None or row.kind is not IntentKind.ENTRY or row.state is not IntentState.ACCEPTED:
        state = (
            "" if row is None else f": it was {row.state.value}" if row.kind is IntentKind.ENTRY else f" ({row.kind})"
        )
        message = f"account {desk.scope} has no order {number} to change{state}"
        raise UsageError(message, code="unknown_order", hint=f"rickctl order list --account {desk.scope.account}")
    return row


def _record(
    kind: IntentKind, symbol: str, body: dict[str, JSON], desk: Desk, trader: Trader, judge: _Judge
) -> IntentRow:
    """Judge a change and write its intent, allowed or not, in one transaction. Raises Refused."""
    charter, sealed_for = trader.change_charter()
    instrument = desk.market.instruments[symbol]

    def attempt(held: Held) -> tuple[IntentRow, tuple[Verdict, ...]]:
        snapshot, asked = _moment(held, instrument, desk, trader, charter, sealed_for, judge)
        with desk.writable().transaction() as transaction:
            snapshot = _check_moment(held, snapshot, asked, trader, charter, transaction, judge)
            verdicts = judge.verdicts(held, counted(asked, snapshot, charter, transaction), charter)
            allowed = all(verdict.passed for verdict in verdicts)
            row = transaction.add_intent(
                desk.scope,
                kind=kind,
                key=None,
                symbol=symbol,
                request=body,
                request_hash="",
                quotes=[quote_json(snapshot.quote)],
                verdicts=verdicts_json(verdicts),
                charter_hash=charter.hash,
                state=IntentState.INTENT if allowed else IntentState.REFUSED,
                owner=trader.owner() if allowed else None,
                created_ns=held.now_ns,
            )
            if held.events:
                save(transaction, held)
        return row, verdicts

    row, verdicts = retry(desk, attempt)
    if row.state is IntentState.REFUSED:
        refused = refusal(verdicts)
        refused.order = row.number
        raise refused
    return row


def _check_moment(
    held: Held,
    snapshot: Snapshot,
    asked: Asked,
    trader: Trader,
    charter: Charter,
    transaction: StateTransaction,
    judge: _Judge,
) -> Snapshot:
    """That what was measured still stands, no other change of the same order being under way. Raises StaleAccount."""
    scope = asked.request.scope
    under_way = transaction.intents(scope, states=_UNDER_WAY) if judge.number is not None else []
    for row in under_way:
        if row.kind is IntentKind.MODIFY and read_target(row.request) == judge.number:
            raise StaleAccount
    if judge.widens(held):
        check_fresh(asked, held, charter, transaction, trader.wall)
        return replace(snapshot, kill_reason=trader.kill_reason(), arming=trader.arming())
    if transaction.account(scope) != held.row:
        raise StaleAccount
    return snapshot


_UNDER_WAY = frozenset({IntentState.INTENT, IntentState.SENT})


def _moment(
    held: Held,
    instrument: Instrument,
    desk: Desk,
    trader: Trader,
    charter: Charter,
    sealed_for: frozenset[Mode],
    judge: _Judge,
) -> tuple[Snapshot, Asked]:
    """The moment of a change, and whose counts are asked for; the accounts beside matter only to what widens risk."""
    widens, wall_ns = judge.widens(held), trader.wall.now_ns()
    versions = versions_beside(desk) if widens else {}
    snapshot = measure(
        held,
        instrument=instrument,
        market=desk.market,
        charter=charter,
        sealed_for=sealed_for,
        kill_reason=trader.kill_reason(),
        neighbours=trader.neighbours() if widens else (),
        without=judge.number,
        attaches_exits=desk.attaches_exits,
    )
    request = OrderRequest(
        scope=held.account.scope,
        symbol=instrument.symbol,
        side=Side.BUY,
        units=instrument.minimum_units,
        entry=EntryType.MARKET,
        price=None,
        stop_loss=None,
        take_profit=None,
    )
    # Only what widens risk asks for a window; what narrows it never has to be armed.
    snapshot = replace(snapshot, arming=trader.arming()) if widens else snapshot
    return snapshot, Asked(request, "", held.now_ns, wall_ns, numbers_of(held.account), versions)
