"""What a person may do to a paper account, as events; prices act in `services/settle`, never here.

Each command comes after the account was settled to the command's own instant, so that events stay in order; with an
earlier instant than what is settled already it is refused (`time_before_checkpoint`).
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, TypeVar

from rickctl.domain.account import AccountConfig, AccountState, Ended, Order, Trade
from rickctl.domain.errors import OrderRejected, Refused, UsageError
from rickctl.domain.events import (
    AccountCreated,
    AccountReset,
    CashMoved,
    Event,
    OrderAccepted,
    OrderCancelled,
    OrderModified,
)
from rickctl.domain.fills import Batch
from rickctl.domain.instants import rfc3339
from rickctl.domain.ledger import EXACT
from rickctl.domain.orders import EntryType, OrderState

if TYPE_CHECKING:
    from rickctl.domain.market import Instrument
    from rickctl.domain.orders import OrderRequest
    from rickctl.domain.scope import Scope

_Kept = TypeVar("_Kept")


def open_account(config: AccountConfig, scope: Scope, at_ns: int) -> tuple[Event, ...]:
    """The creation of an account, for `ledger.fold`."""
    return (AccountCreated(n=1, at_ns=at_ns, scope=scope, config=config),)


def accept_order(
    state: AccountState, request: OrderRequest, instrument: Instrument, *, number: int, sent_ns: int
) -> tuple[Event, ...]:
    """Take an entry; it is live after the account's latency.

    Raises Refused for a time already settled, UsageError for units or prices off the grid.
    """
    _check_settled(state, sent_ns)
    _check_new(state, number)
    _check_units(request.units, instrument)
    for price in (request.price, request.stop_loss, request.take_profit, request.trailing):
        if price is not None:
            instrument.ticks(price)
    if (request.price is None) is not (request.entry is EntryType.MARKET):
        message = f"a {request.entry.value} entry {'takes no' if request.price is not None else 'needs its'} price"
        raise UsageError(message, code="bad_number")
    return _made(
        state,
        OrderAccepted(
            at_ns=sent_ns,
            number=number,
            symbol=request.symbol,
            side=request.side,
            units=request.units,
            entry=request.entry,
            live_ns=sent_ns + state.config.latency_ns,
            price=request.price,
            stop_loss=request.stop_loss,
            take_profit=request.take_profit,
            trailing=request.trailing,
            expires_ns=request.expires_ns,
        ),
    )


def accept_close(
    state: AccountState,
    *,
    number: int,
    sent_ns: int,
    symbol: str | None = None,
    trade: int | None = None,
    units: Decimal | None = None,
    instrument: Instrument | None = None,
) -> tuple[Event, ...]:
    """Take a reduce-only market order for one trade or all trades of a symbol; `units` None closes them whole.

    Raises Refused for a time already settled, OrderRejected where nothing is open, UsageError for too many units or
    units off the grid.
    """
    _check_settled(state, sent_ns)
    _check_new(state, number)
    trades = [held for held in state.trades if held.number == trade or (trade is None and held.symbol == symbol)]
    if not trades:
        what = symbol if trade is None else f"trade {trade}"
        message = f"there is no open position in {what}" if trade is None else f"{what} is not open"
        raise OrderRejected(message, code="nothing_to_close", hint="rickctl positions")
    held_units = sum((held.units for held in trades), Decimal(0))
    if units is not None and instrument is not None:
        _check_units(units, instrument)
    if units is not None and units > held_units:
        message = f"only {held_units:f} units are open, not {units:f}"
        raise UsageError(message, code="too_many_units")
    return _made(
        state,
        OrderAccepted(
            at_ns=sent_ns,
            number=number,
            symbol=trades[0].symbol,
            side=trades[0].side.opposite,
            units=held_units if units is None else units,
            entry=EntryType.MARKET,
            live_ns=sent_ns + state.config.latency_ns,
            is_close=True,
            trade=trade,
        ),
    )


def cancel_order(state: AccountState, number: int, *, at_ns: int, ended: OrderState | None = None) -> tuple[Event, ...]:
    """Cancel what has not been filled of an order; no events where it was cancelled or expired before.

    `ended` is what the ledger says of an order that no longer works. Raises OrderRejected (`already_filled`) for a
    filled one, UsageError for one that never was, Refused for a time already settled.
    """
    _check_settled(state, at_ns)
    if state.order(number) is not None:
        return _made(state, OrderCancelled(at_ns=at_ns, number=number, reason=Ended.CLIENT))
    if state.trade(number) is not None or ended is OrderState.FILLED:
        message = f"order {number} is already filled"
        raise OrderRejected(message, code="already_filled", hint=f"rickctl position close --trade {number}")
    if ended in {OrderState.CANCELLED, OrderState.EXPIRED}:
        return ()
    message = f"this account has no order {number}"
    raise UsageError(message, code="unknown_order", hint="rickctl order list")


def modify_order(
    state: AccountState,
    number: int,
    instrument: Instrument,
    *,
    at_ns: int,
    units: Decimal | None = None,
    price: Decimal | None = None,
    stop_loss: Decimal | None = None,
    take_profit: Decimal | None = None,
    trailing: Decimal | None = None,
    expires_ns: int | None = None,
) -> tuple[Event, ...]:
    """Change a working order, or the exits of the trade it opened; None leaves as it is, no change gives no events.

    Exits change at once; a new price or size is live after the account's latency. Raises OrderRejected where only
    exits can still change, UsageError off the grid or for an unknown order, Refused for a time already settled.
    """
    _check_settled(state, at_ns)
    order, trade = state.order(number), state.trade(number)
    held: Order | Trade | None = trade or order
    if held is None or (order is not None and order.is_close):
        message = f"order {number} is neither working nor open"
        raise OrderRejected(message, code="not_working", hint=f"rickctl order show {number}")
    for level in (price, stop_loss, take_profit, trailing):
        if level is not None:
            instrument.ticks(level)
    new_units, new_price, new_expiry = _entry_changes(order, units, price, expires_ns, instrument)
    event = OrderModified(
        at_ns=at_ns,
        number=number,
        units=new_units,
        price=new_price,
        stop_loss=_changed(held.stop_loss, stop_loss),
        take_profit=_changed(held.take_profit, take_profit),
        trailing=_changed(held.trailing, trailing),
        expires_ns=new_expiry,
        live_ns=None if new_units is None and new_price is None else at_ns + state.config.latency_ns,
    )
    return () if event == OrderModified(at_ns=at_ns, number=number) else _made(state, event)


def deposit(state: AccountState, amount: Decimal, *, at_ns: int) -> tuple[Event, ...]:
    """Move cash in, or out where `amount` is below zero; raises UsageError where there is not that much cash."""
    _check_settled(state, at_ns)
    with localcontext(EXACT):
        balance = state.balance + amount
    if not amount or not amount.is_finite() or (amount < 0 and balance < 0):
        message = f"cannot move {amount:f} {state.config.currency} with {state.balance:f} of cash"
        raise UsageError(message, code="bad_amount")
    return _made(state, CashMoved(at_ns=at_ns, amount=amount, balance=balance))


def reset(state: AccountState, *, at_ns: int) -> tuple[Event, ...]:
    """Cancel every order, drop every trade and go back to the first balance; the ledger keeps what was."""
    _check_settled(state, at_ns)
    cancelled = [OrderCancelled(at_ns=at_ns, number=order.number, reason=Ended.ACCOUNT_RESET) for order in state.orders]
    return _made(state, *cancelled, AccountReset(at_ns=at_ns, balance=state.config.balance))


def _made(state: AccountState, *events: Event) -> tuple[Event, ...]:
    batch = Batch(state)
    for event in events:
        batch.add(event)
    return tuple(batch.events)


def _check_settled(state: AccountState, at_ns: int) -> None:
    if at_ns < state.checkpoint_ns:
        message = f"the account is settled to {rfc3339(state.checkpoint_ns)}, after {rfc3339(at_ns)}"
        raise Refused(message, code="time_before_checkpoint", hint="rickctl account show")
    if at_ns > state.checkpoint_ns:
        message = f"the account is settled to {state.checkpoint_ns}, not to {at_ns}: settle it first"
        raise ValueError(message)


def _check_new(state: AccountState, number: int) -> None:
    if state.order(number) is not None or state.trade(number) is not None:
        message = f"order {number} exists already"
        raise ValueError(message)


def _check_units(units: Decimal, instrument: Instrument) -> None:
    if units <= 0 or units % instrument.unit_increment:
        message = f"{units:f} units are not a positive multiple of {instrument.unit_increment:f} {instrument.symbol}"
        raise UsageError(message, code="bad_precision")


def _entry_changes(
    order: Order | None,
    units: Decimal | None,
    price: Decimal | None,
    expires_ns: int | None,
    instrument: Instrument,
) -> tuple[Decimal | None, Decimal | None, int | None]:
    if units is None and price is None and expires_ns is None:
        return None, None, None
    if order is None:
        message = "the order is filled: only its exits can change"
        raise OrderRejected(message, code="already_filled")
    if price is not None and (order.entry is EntryType.MARKET or order.is_triggered):
        message = "the order trades at any price: it has none to change"
        raise OrderRejected(message, code="not_working")
    if units is not None:
        _check_units(units, instrument)
        if units <= order.filled:
            message = f"{order.filled:f} units are filled already"
            raise OrderRejected(message, code="already_filled")
    expiry = None if expires_ns == order.expires_ns else expires_ns
    return _changed(order.units, units), _changed(order.price, price), expiry


def _changed(old: _Kept | None, new: _Kept | None) -> _Kept | None:
    return None if new == old else new
