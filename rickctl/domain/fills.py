"""What a fill does to an account, as events: lots reduced oldest first, the rest opened, margin and cash held to.

Nothing here looks for a price: the price, the units and the instant are given.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.account import ZERO, Ended, Leg
from rickctl.domain.conversion import UNCHANGED, RateSide
from rickctl.domain.events import EquityMarked, OrderCancelled, OrderFilled, Reduction
from rickctl.domain.ledger import EXACT, apply, reduce_lots
from rickctl.domain.orders import Side
from rickctl.domain.positions import equity, margin_of, margin_used, net_units

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rickctl.domain.account import AccountState, Order, Trade
    from rickctl.domain.conversion import Conversion, Rates
    from rickctl.domain.events import Event


class Batch:
    """Events in the making and the account they lead to."""

    def __init__(self, state: AccountState) -> None:
        self.state = state
        self.events: list[Event] = []

    def add(self, event: Event) -> None:
        """Number the event and apply it; a new peak of equity goes into the ledger ahead of whatever comes next."""
        if self.state.is_peak_new:
            mark = self.state.peak
            self._append(EquityMarked(at_ns=mark.at_ns, equity=mark.equity))
        self._append(event)

    def _append(self, event: Event) -> None:
        numbered = replace(event, n=self.state.n + 1)
        self.events.append(numbered)
        self.state = apply(self.state, numbered)


class Execution(NamedTuple):
    """Units of one leg at one price and instant (`phase` of the market's step); `rates` are that instant's.

    `is_triggered`: what remains trades at any price from now on.
    """

    leg: Leg
    price: Decimal
    units: Decimal
    phase: int
    is_triggered: bool
    rates: Rates


def fill_order(batch: Batch, order: Order, execution: Execution) -> None:
    """Book units of a working order, or cancel what remains of it where that is not possible."""
    with localcontext(EXACT):
        reason = _close(batch, order, execution) if order.is_close else _enter(batch, order, execution)
    if reason is not None:
        batch.add(OrderCancelled(at_ns=execution.rates.at_ns, number=order.number, reason=reason))


def fill_exit(batch: Batch, trade: Trade, execution: Execution) -> None:
    """Book units of an exit of `trade`; nothing happens where the result cannot be converted at this instant."""
    with localcontext(EXACT):
        reduced = _reductions(batch.state, [trade], execution)
        if reduced is None:
            return
        remaining = trade.units - execution.units
        is_first = trade.last_exit is not execution.leg
        _book(batch, trade.number, trade.side.opposite, execution, _Booking(reduced, ZERO, remaining, is_first))


def reducible(state: AccountState, order: Order) -> list[Trade]:
    """Trades a fill of the order would reduce, oldest first: those on the other side."""
    return [
        trade
        for trade in state.trades
        if trade.symbol == order.symbol
        and trade.side is not order.side
        and (order.trade is None or trade.number == order.trade)
    ]


class _Booking(NamedTuple):
    reduced: Sequence[Reduction]
    opened: Decimal
    remaining: Decimal
    is_first: bool


def _close(batch: Batch, order: Order, execution: Execution) -> Ended | None:
    trades = reducible(batch.state, order)
    units = min(execution.units, sum((trade.units for trade in trades), ZERO))
    if not units:
        return Ended.NOTHING_TO_CLOSE
    execution = execution._replace(units=units)
    reduced = _reductions(batch.state, trades, execution)
    if reduced is None:
        return Ended.NO_CONVERSION
    booking = _Booking(reduced, ZERO, order.remaining - units, not order.filled)
    _book(batch, order.number, order.side, execution, booking)
    left = batch.state.order(order.number)
    # What was closed otherwise meanwhile is not left over to close what may be opened later.
    return Ended.NOTHING_TO_CLOSE if left is not None and not reducible(batch.state, left) else None


def _enter(batch: Batch, order: Order, execution: Execution) -> Ended | None:
    state, units = batch.state, execution.units
    trades = [] if state.is_spot else reducible(state, order)
    reduced = _reductions(state, trades, execution)
    if reduced is None:
        return Ended.NO_CONVERSION
    opened = units - sum((part.units for part in reduced), ZERO)
    booking = _Booking(reduced, opened, order.remaining - units, not order.filled)
    reason = _objection(state, order, execution, booking)
    if reason is None:
        _book(batch, order.number, order.side, execution, booking)
    return reason


def _objection(state: AccountState, order: Order, execution: Execution, booking: _Booking) -> Ended | None:
    """Why an entry cannot be filled like this; what only reduces always can."""
    if not booking.opened:
        return None
    if state.is_spot and order.side is Side.SELL:
        return Ended.NO_SHORTS
    paid = _commission(state, order.symbol, execution, is_first=booking.is_first)
    if paid is None:
        return Ended.NO_CONVERSION
    money = _spot_objection if state.is_spot else _margin_objection
    return _wrong_side(order, execution.price) or money(state, order, execution, paid[0])


def _wrong_side(order: Order, price: Decimal) -> Ended | None:
    """An exit that the fill has already passed would never protect anything."""
    sign = order.side.sign
    if order.stop_loss is not None and (price - order.stop_loss) * sign <= 0:
        return Ended.STOP_LOSS_ON_FILL_LOSS
    if order.take_profit is not None and (order.take_profit - price) * sign <= 0:
        return Ended.TAKE_PROFIT_ON_FILL_LOSS
    return None


def _spot_objection(state: AccountState, order: Order, execution: Execution, commission: Decimal) -> Ended | None:
    if execution.rates.instrument(order.symbol).quote_currency != state.config.currency:
        return Ended.NO_CONVERSION
    if execution.units * execution.price + commission > state.balance:
        return Ended.INSUFFICIENT_FUNDS
    return None


def _margin_objection(state: AccountState, order: Order, execution: Execution, commission: Decimal) -> Ended | None:
    """Margin after the fill must be covered by equity less commission, unless the fill lowers the margin."""
    rates, symbol = execution.rates, order.symbol
    net = net_units(state, symbol)
    before, used = margin_of(state, symbol, net, rates), margin_used(state, rates)
    after = margin_of(state, symbol, net + order.side.sign * execution.units, rates)
    have = equity(state, rates)
    if before is None or used is None or after is None or have is None:
        return Ended.NO_CONVERSION
    if after > before and have - commission < used - before + after:
        return Ended.INSUFFICIENT_MARGIN
    return None


def _reductions(state: AccountState, trades: Sequence[Trade], execution: Execution) -> list[Reduction] | None:
    """Lots closed by the execution, oldest trade first; None where a result cannot be converted."""
    units, found = execution.units, []
    for trade in trades:
        taken, _ = reduce_lots(trade.lots, units)
        for lot in taken:
            pnl = (execution.price - lot.price) * lot.units * trade.side.sign
            currency = execution.rates.instrument(trade.symbol).quote_currency
            way = execution.rates.for_result(pnl, currency, state.config.currency)
            if way is None:
                return None
            units -= lot.units
            shown = way if way.legs else None
            found.append(Reduction(trade.number, lot.units, lot.price, pnl, way.amount(pnl), shown))
    return found


def _book(batch: Batch, number: int, side: Side, execution: Execution, booking: _Booking) -> None:
    state, symbol = batch.state, _symbol_of(batch.state, number)
    paid = _commission(state, symbol, execution, is_first=booking.is_first)
    if paid is None:
        return
    commission, way = paid
    pnl = sum((part.pnl_account for part in booking.reduced), ZERO)
    moved = -side.sign * execution.price * execution.units if state.is_spot else pnl
    cash = moved - commission
    batch.add(
        OrderFilled(
            at_ns=execution.rates.at_ns,
            phase=execution.phase,
            number=number,
            leg=execution.leg,
            symbol=symbol,
            side=side,
            price=execution.price,
            units=execution.units,
            remaining=booking.remaining,
            opened=booking.opened,
            reduced=tuple(booking.reduced),
            commission=commission,
            conversion=way if way.legs else None,
            cash=cash,
            balance=state.balance + cash,
            is_triggered=execution.is_triggered,
        )
    )
    _drop_orphans(batch, state.trades, execution.rates.at_ns)


def _drop_orphans(batch: Batch, before: Sequence[Trade], at_ns: int) -> None:
    """An entry still working ends with the trade it opened, or its rest would open the trade again."""
    open_now = {trade.number for trade in batch.state.trades}
    for trade in before:
        if trade.number not in open_now and batch.state.order(trade.number) is not None:
            batch.add(OrderCancelled(at_ns=at_ns, number=trade.number, reason=Ended.TRADE_CLOSED))


def _commission(
    state: AccountState, symbol: str, execution: Execution, *, is_first: bool
) -> tuple[Decimal, Conversion] | None:
    """What the fill costs in account currency and how that was converted; None where it cannot be."""
    terms = state.config.commission
    if not terms.share:
        return (terms.per_order if is_first else ZERO), UNCHANGED
    currency = execution.rates.instrument(symbol).quote_currency
    way = execution.rates.conversion(currency, state.config.currency, RateSide.ASK)
    if way is None:
        return None
    return way.amount(execution.units * execution.price * terms.share), way


def _symbol_of(state: AccountState, number: int) -> str:
    found = state.order(number) or state.trade(number)
    if found is None:
        message = f"neither an order nor a trade {number} is open"
        raise ValueError(message)
    return found.symbol
