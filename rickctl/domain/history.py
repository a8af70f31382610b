"""What became of orders, and what each trading day brought, told from the ledger alone; knows no market."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Context, Decimal, localcontext
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.account import ZERO, Ended, Leg, Lot
from rickctl.domain.events import (
    AccountReset,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderModified,
    StopTrailed,
    concerns,
)
from rickctl.domain.hours import day_start_ns
from rickctl.domain.ledger import EXACT
from rickctl.domain.money import MAX_DIGITS
from rickctl.domain.orders import OrderState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rickctl.domain.events import Event

_DIGITS = Context(prec=MAX_DIGITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """One order and the trade it opened, with everything that happened to either.

    `order` holds the terms as last modified. `open_units` are those of its trade still open, `stop_loss` the stop in
    force, `closed_by` the leg that closed the last of them; `realised` and `fees` are in account currency, of what the
    order's number filled and closed; `exit_fees` what other orders paid to close its trade.
    """

    order: OrderAccepted
    state: OrderState
    filled: Decimal
    average_price: Decimal | None
    stop_loss: Decimal | None
    open_units: Decimal
    closed_by: Leg | None
    realised: Decimal
    fees: Decimal
    exit_fees: Decimal
    ended_ns: int | None
    reason: Ended | None
    events: tuple[Event, ...]


class DayResult(NamedTuple):
    """What one symbol brought in the trading day that began at `day_ns`, in account currency."""

    day_ns: int
    symbol: str
    realised: Decimal
    fees: Decimal


def order_view(events: Iterable[Event], number: int) -> OrderView | None:
    """The order of that number from the account's ledger, or from the part that concerns it; None if there is none."""
    view: OrderView | None = None
    fills: list[Lot] = []
    with localcontext(EXACT):
        for event in events:
            if isinstance(event, OrderAccepted) and event.number == number:
                view = _accepted(event)
                fills.clear()  # what an account starts over with is told from there on
            elif view is not None and (concerns(event, number) or isinstance(event, AccountReset)):
                view = replace(_seen(view, event, fills), events=(*view.events, event))
        if view is None:
            return None
        view = replace(view, stop_loss=_stop_in_force(view))
        if not fills:
            return view
        cost = sum((lot.units * lot.price for lot in fills), ZERO)
        return replace(view, average_price=_DIGITS.divide(cost, view.filled))


def day_results(events: Iterable[Event], calendar: str) -> list[DayResult]:
    """Realised and fees by trading day of `calendar` and symbol, oldest first; days without fills are left out."""
    found: dict[tuple[int, str], DayResult] = {}
    with localcontext(EXACT):
        for event in events:
            if isinstance(event, OrderFilled):
                key = day_start_ns(calendar, event.at_ns), event.symbol
                held = found.get(key, DayResult(*key, ZERO, ZERO))
                pnl = sum((part.pnl_account for part in event.reduced), ZERO)
                found[key] = held._replace(realised=held.realised + pnl, fees=held.fees + event.commission)
    return [found[key] for key in sorted(found)]


def _accepted(event: OrderAccepted) -> OrderView:
    return OrderView(
        order=event,
        state=OrderState.WORKING,
        filled=ZERO,
        average_price=None,
        stop_loss=event.stop_loss,
        open_units=ZERO,
        closed_by=None,
        realised=ZERO,
        fees=ZERO,
        exit_fees=ZERO,
        ended_ns=None,
        reason=None,
        events=(event,),
    )


def _seen(view: OrderView, event: Event, fills: list[Lot]) -> OrderView:
    """The view after one more event about it."""
    if isinstance(event, OrderFilled):
        return _filled(view, event, fills)
    if isinstance(event, OrderModified):
        return _modified(view, event)
    if isinstance(event, OrderCancelled | OrderExpired):
        reason = event.reason if isinstance(event, OrderCancelled) else None
        state = OrderState.EXPIRED if reason is None else OrderState.CANCELLED
        return replace(view, state=state, ended_ns=event.at_ns, reason=reason)
    if isinstance(event, AccountReset):
        return replace(view, open_units=ZERO)
    return view


def _filled(view: OrderView, event: OrderFilled, fills: list[Lot]) -> OrderView:
    number = view.order.number
    closed = [part for part in event.reduced if part.trade == number]
    open_units = view.open_units - sum((part.units for part in closed), ZERO)
    if closed and not open_units:
        view = replace(view, closed_by=event.leg)
    if event.number == number:
        view = replace(view, fees=view.fees + event.commission)
    elif closed and event.commission:
        share = _DIGITS.divide(sum((part.units for part in closed), ZERO), event.units)
        view = replace(view, exit_fees=view.exit_fees + _DIGITS.multiply(event.commission, share))
    own = event.number == number and event.leg in {Leg.ENTRY, Leg.CLOSE}
    realised = sum((part.pnl_account for part in closed), ZERO)
    view = replace(view, open_units=open_units, realised=view.realised + realised)
    if not own:
        return view
    fills.append(Lot(event.units, event.price))
    view = replace(view, filled=view.filled + event.units, open_units=open_units + event.opened)
    if event.remaining:
        return view
    return replace(view, state=OrderState.FILLED, ended_ns=event.at_ns)


def _modified(view: OrderView, event: OrderModified) -> OrderView:
    names = ("units", "price", "stop_loss", "take_profit", "trailing", "expires_ns", "live_ns")
    terms = {name: value for name in names if (value := getattr(event, name)) is not None}
    if event.removed is not None:
        terms[event.removed] = None
    return replace(view, order=replace(view.order, **terms))


def _stop_in_force(view: OrderView) -> Decimal | None:
    """The stop as last modified, or where trailing has brought it if that is nearer."""
    stop = view.order.stop_loss
    trailed = next((event.trailed for event in reversed(view.events) if isinstance(event, StopTrailed)), None)
    if trailed is None or stop is None:
        return trailed or stop
    return trailed if (trailed - stop) * view.order.side.sign > 0 else stop
