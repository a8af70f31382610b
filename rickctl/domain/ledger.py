"""What each event does to an account: a pure fold, nothing is looked up and nothing is rounded.

Margin accounts: balance = start + deposits + realised − fees. Spot accounts: the cost of what is held is taken off.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Context, DivisionByZero, Inexact, InvalidOperation, Overflow, localcontext
from typing import TYPE_CHECKING, Any

from rickctl.domain.account import ZERO, AccountState, Leg, Lot, Mark, Order, Taken, Total, Trade
from rickctl.domain.events import (
    AccountCreated,
    AccountReset,
    CashMoved,
    CostCharged,
    EquityMarked,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderModified,
    OrderTriggered,
    OrderWorking,
    StopTrailed,
    VenueRead,
)
from rickctl.domain.hours import day_start_ns
from rickctl.domain.instants import MILLISECOND_NS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from decimal import Decimal

    from rickctl.domain.events import Event

RESUME_NS = 250 * MILLISECOND_NS
"""After a partial fill the rest waits this long for the next price."""

EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])
"""Sums and products of money: any digit lost is an error, never a rounding."""

_EXIT_LEGS = frozenset(Leg) - {Leg.ENTRY, Leg.CLOSE}


def fold(events: Iterable[Event]) -> AccountState:
    """The account after all events, the first being its creation; raises ValueError where the sequence is broken."""
    state: AccountState | None = None
    last_ns = 0
    for event in events:
        if event.at_ns < last_ns:
            message = f"event {event.n} at {event.at_ns} is before the one ahead of it at {last_ns}"
            raise ValueError(message)
        last_ns = event.at_ns
        state = _created(event) if state is None else apply(state, event)
    if state is None:
        message = "no events, no account"
        raise ValueError(message)
    return state


def apply(state: AccountState, event: Event) -> AccountState:
    """The account after `event`; raises ValueError where it is not the next one."""
    if event.n != state.n + 1:
        message = f"event {event.n} does not follow event {state.n}"
        raise ValueError(message)
    with localcontext(EXACT):
        checkpoint_ns = max(state.checkpoint_ns, event.at_ns)
        state = replace(_rolled(state, event.at_ns), n=event.n, checkpoint_ns=checkpoint_ns)
        return _APPLY[type(event)](state, event)


def reduce_lots(lots: tuple[Lot, ...], units: Decimal) -> tuple[tuple[Lot, ...], tuple[Lot, ...]]:
    """Oldest lots up to `units`, and what is left."""
    taken: list[Lot] = []
    for place, lot in enumerate(lots):
        if units <= 0:
            return tuple(taken), lots[place:]
        part = min(units, lot.units)
        taken.append(Lot(part, lot.price))
        units -= part
        if part < lot.units:
            return tuple(taken), (Lot(lot.units - part, lot.price), *lots[place + 1 :])
    return tuple(taken), ()


def _created(event: Event) -> AccountState:
    if not isinstance(event, AccountCreated) or event.n != 1:
        message = "an account's first event is its creation"
        raise ValueError(message)
    config, at_ns = event.config, event.at_ns
    return AccountState(
        scope=event.scope,
        config=config,
        n=1,
        created_ns=at_ns,
        checkpoint_ns=at_ns,
        start=config.balance,
        balance=config.balance,
        peak=Mark(config.balance, at_ns),
        day=Mark(config.balance, day_start_ns(config.day_calendar, at_ns)),
    )


def _rolled(state: AccountState, at_ns: int) -> AccountState:
    """With nothing open a trading day begins by itself; with trades open the grid marks its equity."""
    if state.trades:
        return state
    start_ns = day_start_ns(state.config.day_calendar, at_ns)
    if start_ns <= state.day.at_ns:
        return state
    return replace(state, day=Mark(state.balance, start_ns), day_realised=ZERO, day_fees=ZERO)


def _moved(state: AccountState, event: CashMoved) -> AccountState:
    return replace(
        state,
        balance=event.balance,
        deposits=state.deposits + event.amount,
        peak=Mark(state.peak.equity + event.amount, state.peak.at_ns),
        day=Mark(state.day.equity + event.amount, state.day.at_ns),
    )


def _reset(state: AccountState, event: AccountReset) -> AccountState:
    start_ns = day_start_ns(state.config.day_calendar, event.at_ns)
    return AccountState(
        scope=state.scope,
        config=state.config,
        n=event.n,
        created_ns=state.created_ns,
        checkpoint_ns=event.at_ns,
        start=event.balance,
        balance=event.balance,
        peak=Mark(event.balance, event.at_ns),
        day=Mark(event.balance, start_ns),
    )


def _accepted(state: AccountState, event: OrderAccepted) -> AccountState:
    order = Order(
        number=event.number,
        symbol=event.symbol,
        side=event.side,
        units=event.units,
        entry=event.entry,
        accepted_ns=event.at_ns,
        live_ns=event.live_ns,
        price=event.price,
        stop_loss=event.stop_loss,
        take_profit=event.take_profit,
        trailing=event.trailing,
        expires_ns=event.expires_ns,
        is_close=event.is_close,
        trade=event.trade,
        venue_id=event.venue_id,
    )
    return replace(state, orders=(*state.orders, order))


def _working(state: AccountState, event: OrderWorking) -> AccountState:
    return _with_order(state, event.number, is_live=True)


def _triggered(state: AccountState, event: OrderTriggered) -> AccountState:
    if event.leg in _EXIT_LEGS:
        return _with_trade(state, event.number, triggered=event.leg)
    return _with_order(state, event.number, is_live=True, is_triggered=True)


def _ended(state: AccountState, event: OrderCancelled | OrderExpired) -> AccountState:
    return replace(state, orders=tuple(order for order in state.orders if order.number != event.number))


def _trailed(state: AccountState, event: StopTrailed) -> AccountState:
    return _with_trade(state, event.number, trailed=event.trailed)


def _charged(state: AccountState, event: CostCharged) -> AccountState:
    return replace(state, balance=event.balance, fees=state.fees + event.amount, day_fees=state.day_fees + event.amount)


def _read(state: AccountState, event: VenueRead) -> AccountState:
    return replace(state, mark=event.mark)


def _marked(state: AccountState, event: EquityMarked) -> AccountState:
    mark = Mark(event.equity, event.at_ns)
    if event.is_day:
        return replace(state, day=mark, day_realised=ZERO, day_fees=ZERO)
    return replace(state, peak=mark, is_peak_new=False)


def _modified(state: AccountState, event: OrderModified) -> AccountState:
    exits = {
        name: value for name in ("stop_loss", "take_profit", "trailing") if (value := getattr(event, name)) is not None
    }
    if event.removed is not None:
        exits[event.removed] = None
    terms = {
        name: value
        for name in ("units", "price", "expires_ns", "venue_id")
        if (value := getattr(event, name)) is not None
    }
    if event.live_ns is not None:
        terms |= {"live_ns": event.live_ns, "is_live": False}
    if state.order(event.number) is not None:
        state = _with_order(state, event.number, **terms, **exits)
    if state.trade(event.number) is not None and exits:
        # Where a trailing stop came to goes with it.
        trailed = {"trailed": None} if event.removed == "trailing" else {}
        state = _with_trade(state, event.number, **exits, **trailed)
    return state


def _filled(state: AccountState, event: OrderFilled) -> AccountState:
    order = None if event.leg in _EXIT_LEGS else state.order(event.number)
    trades = _reduced(state.trades, event)
    if event.opened:
        trades = _opened(trades, event, order)
    orders = state.orders if order is None else _order_filled(state.orders, order, event)
    pnl = sum((part.pnl_account for part in event.reduced), ZERO)
    state = replace(
        state,
        trades=trades,
        orders=orders,
        balance=event.balance,
        realised=state.realised + pnl,
        fees=state.fees + event.commission,
        day_realised=state.day_realised + pnl,
        day_fees=state.day_fees + event.commission,
        totals=_totals(state.totals, event.symbol, pnl, event.commission),
        taken_ns=event.at_ns,
        taken=_taken(state, event),
    )
    if not trades and state.balance > state.peak.equity:
        state = replace(state, peak=Mark(state.balance, event.at_ns), is_peak_new=False)
    return state


def _order_filled(orders: tuple[Order, ...], order: Order, event: OrderFilled) -> tuple[Order, ...]:
    if not event.remaining:
        return tuple(other for other in orders if other.number != order.number)
    filled = replace(
        order,
        filled=order.filled + event.units,
        is_live=True,
        is_triggered=order.is_triggered or event.is_triggered,
        resume_ns=event.at_ns + RESUME_NS,
    )
    return tuple(filled if other.number == order.number else other for other in orders)


def _reduced(trades: tuple[Trade, ...], event: OrderFilled) -> tuple[Trade, ...]:
    units: dict[int, Decimal] = {}
    for part in event.reduced:
        units[part.trade] = units.get(part.trade, ZERO) + part.units
    left = []
    for trade in trades:
        kept = reduce_lots(trade.lots, units[trade.number])[1] if trade.number in units else trade.lots
        if kept:
            left.append(_exit_noted(replace(trade, lots=kept), event) if trade.number in units else trade)
    return tuple(left)


def _exit_noted(trade: Trade, event: OrderFilled) -> Trade:
    if event.leg not in _EXIT_LEGS:
        return trade
    triggered = event.leg if event.is_triggered else trade.triggered
    return replace(trade, last_exit=event.leg, triggered=triggered, resume_ns=event.at_ns + RESUME_NS)


def _opened(trades: tuple[Trade, ...], event: OrderFilled, order: Order | None) -> tuple[Trade, ...]:
    lot = Lot(event.opened, event.price)
    if any(trade.number == event.number for trade in trades):
        return tuple(
            replace(trade, lots=(*trade.lots, lot), venue_id=event.venue_id) if trade.number == event.number else trade
            for trade in trades
        )
    if order is None:
        message = f"event {event.n} opens a trade without an order"
        raise ValueError(message)
    trade = Trade(
        number=event.number,
        symbol=event.symbol,
        side=event.side,
        lots=(lot,),
        opened_ns=event.at_ns,
        since_ns=event.at_ns,
        since_phase=event.phase,
        stop_loss=order.stop_loss,
        take_profit=order.take_profit,
        trailing=order.trailing,
        venue_id=event.venue_id,
    )
    return (*trades, trade)


def _totals(totals: tuple[Total, ...], symbol: str, pnl: Decimal, fees: Decimal) -> tuple[Total, ...]:
    held = {total.symbol: total for total in totals}
    old = held.get(symbol, Total(symbol, ZERO, ZERO))
    held[symbol] = Total(symbol, old.realised + pnl, old.fees + fees)
    return tuple(held[name] for name in sorted(held))


def _taken(state: AccountState, event: OrderFilled) -> tuple[Taken, ...]:
    """What is gone from the touch; another instant starts afresh."""
    held = state.taken if state.taken_ns == event.at_ns else ()
    return (*held, Taken(event.symbol, event.side, event.units))


def _with_order(state: AccountState, number: int, **changes: Any) -> AccountState:  # noqa: ANN401 — fields of Order
    changed = (replace(order, **changes) if order.number == number else order for order in state.orders)
    return replace(state, orders=tuple(changed))


def _with_trade(state: AccountState, number: int, **changes: Any) -> AccountState:  # noqa: ANN401 — fields of Trade
    changed = (replace(trade, **changes) if trade.number == number else trade for trade in state.trades)
    return replace(state, trades=tuple(changed))


_APPLY: dict[type[Event], Callable[[AccountState, Any], AccountState]] = {
    CashMoved: _moved,
    AccountReset: _reset,
    OrderAccepted: _accepted,
    OrderWorking: _working,
    OrderTriggered: _triggered,
    OrderFilled: _filled,
    OrderModified: _modified,
    StopTrailed: _trailed,
    OrderCancelled: _ended,
    OrderExpired: _ended,
    EquityMarked: _marked,
    CostCharged: _charged,
    VenueRead: _read,
}
