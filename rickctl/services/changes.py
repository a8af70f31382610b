"""Cancels, closes and modifications: each an intent of its own, none retried, none able to add risk past the gate."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.charter import check_cancel, check_modify, check_reduce, refusal
from rickctl.domain.conversion import Rates
from rickctl.domain.errors import OrderRejected, UsageError
from rickctl.domain.exits import Distance, DistanceUnit, parse_stop, parse_target, parse_trailing, resolve_exits
from rickctl.domain.money import ROUND_HALF_EVEN, quantise
from rickctl.domain.orders import EntryType, IntentState, OrderRequest, Side
from rickctl.domain.ports import Changes, Close
from rickctl.domain.positions import entry_reference, net_units
from rickctl.domain.records import IntentKind, StaleAccount
from rickctl.services.desk import hold, retry, save
from rickctl.services.drafts import find_instrument, parse_entry_price, parse_units
from rickctl.services.gate import Asked, counted
from rickctl.services.moment import measure
from rickctl.services.sending import transmit
from rickctl.services.stored import changes_json, quote_json, request_json, verdicts_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from rickctl.domain.account import Order, Trade
    from rickctl.domain.charter import Charter, Snapshot
    from rickctl.domain.market import Instrument
    from rickctl.domain.orders import Verdict
    from rickctl.domain.ports import Execution
    from rickctl.domain.records import JSON, IntentRow
    from rickctl.domain.scope import Mode
    from rickctl.services.desk import Desk, Held
    from rickctl.services.orders import Trader


class Words(NamedTuple):
    """A modification as typed; every text is still unread, None is not said."""

    number: int
    units: str | None = None
    price: str | None = None
    stop_loss: str | None = None
    take_profit: str | None = None
    trailing: str | None = None
    ttl_ns: int | None = None


def cancel(number: int, desk: Desk, trader: Trader, execution: Execution) -> IntentRow:
    """Cancel what is not filled of an order. Raises UsageError for an unknown one, OrderRejected for a filled one."""
    target = find_entry(desk, number)

    def judge(held: Held, snapshot: Snapshot, charter: Charter) -> tuple[Verdict, ...]:
        del held
        return check_cancel(snapshot, charter)

    row = _record(IntentKind.CANCEL, target.symbol, {"target": number}, desk, trader, judge)
    return transmit_change(row, desk, trader, lambda: execution.cancel_order(target.client_order_id))


def close_position(
    symbol: str, trade: int | None, units: str | None, desk: Desk, trader: Trader, execution: Execution
) -> IntentRow:
    """Close a position, or part of it, with a reduce-only market order. Raises OrderRejected where nothing is open."""
    instrument = find_instrument(symbol, desk.market.instruments)
    wanted = None if units is None else parse_units(units, instrument)
    request = _close_request(hold(desk), instrument, trade, wanted)

    def judge(held: Held, snapshot: Snapshot, charter: Charter) -> tuple[Verdict, ...]:
        del held
        return check_reduce(instrument.symbol, request.units, snapshot, charter)

    row = _record(IntentKind.CLOSE, instrument.symbol, {**request_json(request), "trade": trade}, desk, trader, judge)
    close = Close(row.client_order_id, instrument.symbol, trade, wanted)
    return transmit_change(row, desk, trader, lambda: execution.submit_close(close))


def _close_request(held: Held, instrument: Instrument, trade: int | None, units: Decimal | None) -> OrderRequest:
    account = held.account
    found = None if trade is None else account.trade(trade)
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
    changes, _, after = _resolve(words, hold(desk), instrument, desk)

    def judge(held: Held, snapshot: Snapshot, charter: Charter) -> tuple[Verdict, ...]:
        before = current_request(held, words.number)
        return check_modify(before, after, snapshot, charter, client_order_id=target.client_order_id).verdicts

    body: dict[str, JSON] = {**request_json(after), "target": words.number, "changes": changes_json(changes)}
    row = _record(IntentKind.MODIFY, target.symbol, body, desk, trader, judge, without=words.number)
    return transmit_change(row, desk, trader, lambda: execution.modify_order(target.client_order_id, changes))


def preview_close(symbol: str, trade: int | None, units: str | None, desk: Desk, trader: Trader) -> None:
    """Hold a close to its rules without writing anything. Raises UsageError, OrderRejected, Refused."""
    instrument = find_instrument(symbol, desk.market.instruments)
    held = hold(desk)
    request = _close_request(held, instrument, trade, None if units is None else parse_units(units, instrument))
    charter = trader.exit_charter()
    snapshot = _moment(held, instrument, desk, trader, charter, frozenset(), without=None)
    full = counted(_asked(held, instrument, trader), snapshot, charter, desk.reads)
    verdicts = check_reduce(instrument.symbol, request.units, full, charter)
    if not all(verdict.passed for verdict in verdicts):
        raise refusal(verdicts)


def preview_change(words: Words, desk: Desk, trader: Trader) -> None:
    """Hold a modification to the charter without writing anything. Raises UsageError, Refused."""
    charter, sealed_for = trader.change_charter()
    target = find_entry(desk, words.number)
    instrument = desk.market.instruments[target.symbol]
    held = hold(desk)
    _, before, after = _resolve(words, held, instrument, desk)
    snapshot = _moment(held, instrument, desk, trader, charter, sealed_for, without=words.number)
    full = counted(_asked(held, instrument, trader), snapshot, charter, desk.reads)
    verdicts = check_modify(before, after, full, charter, client_order_id=target.client_order_id).verdicts
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


def current_request(held: Held, number: int) -> OrderRequest:
    """The terms in force of a working order or an open trade, as a request. Raises OrderRejected where it ended."""
    trade, order = held.account.trade(number), held.account.order(number)
    if trade is not None:
        return _trade_request(held, trade)
    if order is None or order.is_close:
        message = f"order {number} is neither working nor open"
        raise OrderRejected(message, code="not_working", hint=f"rickctl order show {number}")
    return _order_request(held, order)


def _trade_request(held: Held, trade: Trade) -> OrderRequest:
    return OrderRequest(
        scope=held.account.scope,
        symbol=trade.symbol,
        side=trade.side,
        units=trade.units,
        entry=EntryType.MARKET,
        price=None,
        stop_loss=trade.stop_level,
        take_profit=trade.take_profit,
        trailing=trade.trailing,
    )


def _order_request(held: Held, order: Order) -> OrderRequest:
    return OrderRequest(
        scope=held.account.scope,
        symbol=order.symbol,
        side=order.side,
        units=order.remaining,
        entry=order.entry,
        price=order.price,
        stop_loss=order.stop_loss,
        take_profit=order.take_profit,
        trailing=order.trailing,
        expires_ns=order.expires_ns,
    )


def _resolve(
    words: Words, held: Held, instrument: Instrument, desk: Desk
) -> tuple[Changes, OrderRequest, OrderRequest]:
    """The changes in prices, and the terms before and after. Raises UsageError where nothing would change."""
    before = current_request(held, words.number)
    price = before.price if words.price is None else parse_entry_price(words.price, "--price", instrument)
    start = price if price is not None else _grid_entry(held, words.number, instrument)
    changes = Changes(
        units=None if words.units is None else parse_units(words.units, instrument),
        price=None if words.price is None else price,
        **_exits(words, before, start, instrument, desk, held),
        expires_ns=None if words.ttl_ns is None else held.now_ns + words.ttl_ns,
    )
    if changes == Changes():
        message = "nothing to change: say --stop-loss, --take-profit, --trailing, --price, --units or --ttl"
        raise UsageError(message, code="bad_usage", hint="rickctl order modify --help")
    named = {name: value for name, value in changes._asdict().items() if value is not None}
    return changes, before, replace(before, **named)


def _grid_entry(held: Held, number: int, instrument: Instrument) -> Decimal | None:
    entry = entry_reference(held.account, number)
    return None if entry is None else quantise(entry, instrument.price_increment, ROUND_HALF_EVEN)


def _exits(
    words: Words, before: OrderRequest, start: Decimal | None, instrument: Instrument, desk: Desk, held: Held
) -> dict[str, Decimal | None]:
    """New exits in prices: a bare price stands as it is, a distance counts from the entry."""
    stop = None if words.stop_loss is None else parse_stop(words.stop_loss)
    target = None if words.take_profit is None else parse_target(words.take_profit)
    trailing = None if words.trailing is None else parse_trailing(words.trailing)
    kept_stop = None if before.stop_loss is None else Distance(DistanceUnit.PRICE, before.stop_loss)
    distances = resolve_exits(
        side=before.side,
        instrument=instrument,
        quote=Rates(desk.market, held.now_ns).quote(instrument.symbol),
        entry=EntryType.MARKET if start is None else EntryType.LIMIT,
        price=start,
        stop_loss=_measured(stop) or (kept_stop if _is_multiple(target) else None),
        take_profit=_measured(target),
        trailing=trailing,
    )
    return {
        "stop_loss": _price_of(stop, distances.stop_loss, instrument),
        "take_profit": _price_of(target, distances.take_profit, instrument),
        "trailing": distances.trailing,
    }


def _measured(distance: Distance | None) -> Distance | None:
    """The distance, if it is one: a bare price is not measured from anything."""
    return None if distance is None or distance.unit is DistanceUnit.PRICE else distance


def _is_multiple(distance: Distance | None) -> bool:
    return distance is not None and distance.unit is DistanceUnit.MULTIPLE


def _price_of(written: Distance | None, resolved: Decimal | None, instrument: Instrument) -> Decimal | None:
    if written is None:
        return None
    if written.unit is DistanceUnit.PRICE:
        return instrument.price(instrument.ticks(written.value))
    return resolved


def _record(
    kind: IntentKind,
    symbol: str,
    body: dict[str, JSON],
    desk: Desk,
    trader: Trader,
    judge: Callable[[Held, Snapshot, Charter], tuple[Verdict, ...]],
    *,
    without: int | None = None,
) -> IntentRow:
    """Judge a change and write its intent, allowed or not, in one transaction. Raises Refused."""
    if kind is IntentKind.MODIFY:
        charter, sealed_for = trader.change_charter()
    else:
        charter, sealed_for = trader.exit_charter(), frozenset()
    instrument = desk.market.instruments[symbol]

    def attempt(held: Held) -> tuple[IntentRow, tuple[Verdict, ...]]:
        snapshot = _moment(held, instrument, desk, trader, charter, sealed_for, without=without)
        with desk.writable().transaction() as transaction:
            if transaction.account(desk.scope) != held.row:
                raise StaleAccount
            verdicts = judge(held, counted(_asked(held, instrument, trader), snapshot, charter, transaction), charter)
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


def _moment(
    held: Held,
    instrument: Instrument,
    desk: Desk,
    trader: Trader,
    charter: Charter,
    sealed_for: frozenset[Mode],
    *,
    without: int | None,
) -> Snapshot:
    return measure(
        held,
        instrument=instrument,
        market=desk.market,
        charter=charter,
        sealed_for=sealed_for,
        kill_reason=trader.kill_reason(),
        neighbours=() if without is None else trader.neighbours(),
        without=without,
    )


def _asked(held: Held, instrument: Instrument, trader: Trader) -> Asked:
    """A request that only says whose counts are asked for."""
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
    return Asked(request, "", held.now_ns, trader.wall.now_ns())
