"""What an account holds is worth at one instant: positions, equity, margin, exposure, results; changes nothing.

Open units are valued at the side that would close them, as the account meets it; what cannot be valued is None. Results
cross currencies as a close would: gains at the worse side. Margin and exposure are taken at mid.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from typing import TYPE_CHECKING

from rickctl.domain.account import ZERO, Mark
from rickctl.domain.conversion import RateSide
from rickctl.domain.hours import day_start_ns
from rickctl.domain.ledger import EXACT
from rickctl.domain.money import MAX_DIGITS
from rickctl.domain.orders import EntryType, Side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rickctl.domain.account import AccountState, Trade
    from rickctl.domain.conversion import Rates

_DIGITS = Context(prec=MAX_DIGITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTrade:
    """One open trade as it stands; prices and `unrealised` in quote currency, None where unknown."""

    number: int
    symbol: str
    side: Side
    units: Decimal
    average_price: Decimal
    current_price: Decimal | None
    unrealised: Decimal | None
    unrealised_account: Decimal | None
    stop_loss: Decimal | None
    take_profit: Decimal | None
    trailing: Decimal | None
    opened_ns: int
    closes_ns: int
    held_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """All trades of one symbol, which are on one side; `units` above zero for long, below for short."""

    symbol: str
    units: Decimal
    average_price: Decimal
    current_price: Decimal | None
    quote_currency: str
    unrealised: Decimal | None
    unrealised_account: Decimal | None
    trades: tuple[OpenTrade, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """Worst-side units of one symbol: what is open, what working entries would add on either side, and its notional.

    `notional` is the larger side at mid in account currency; None where it cannot be valued.
    """

    symbol: str
    position_units: Decimal
    working_buy_units: Decimal
    working_sell_units: Decimal
    notional: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one symbol brought, in account currency; `unrealised` None where it cannot be valued."""

    symbol: str
    realised: Decimal
    fees: Decimal
    unrealised: Decimal | None


def positions(state: AccountState, rates: Rates) -> list[Position]:
    """What is open, by symbol."""
    return [_position(state, symbol, rates) for symbol in _symbols(state.trades)]


def equity(state: AccountState, rates: Rates) -> Decimal | None:
    """Balance plus what closing everything now would bring, commission apart; None where something has no price.

    On a spot account the balance is cash, so what is held counts in full.
    """
    with localcontext(EXACT):
        return _sum(state.balance, *(_worth(state, trade, rates) for trade in state.trades))


def margin_used(state: AccountState, rates: Rates) -> Decimal | None:
    """Margin of the net units of each symbol, at mid; nothing on spot accounts. None where something has no price."""
    if state.is_spot:
        return ZERO
    return _sum(*(margin_of(state, symbol, net_units(state, symbol), rates) for symbol in _symbols(state.trades)))


def margin_available(state: AccountState, rates: Rates) -> Decimal | None:
    """Equity less margin used, not below zero; on spot accounts the cash. None where something has no price."""
    if state.is_spot:
        return max(state.balance, ZERO)
    have, used = equity(state, rates), margin_used(state, rates)
    return None if have is None or used is None else max(have - used, ZERO)


def margin_of(state: AccountState, symbol: str, units: Decimal, rates: Rates) -> Decimal | None:
    """Margin that `units` of the symbol would take, at mid, in account currency."""
    notional = notional_of(state, symbol, units, rates)
    return None if notional is None else notional * rates.instrument(symbol).margin_rate


def notional_of(state: AccountState, symbol: str, units: Decimal, rates: Rates) -> Decimal | None:
    """What `units` of the symbol are worth at mid, in account currency, always positive; None without a price."""
    mid = rates.quote(symbol).mid
    way = rates.conversion(rates.instrument(symbol).quote_currency, state.config.currency, RateSide.MID)
    if mid is None or way is None:
        return None
    with localcontext(EXACT):
        return way.amount(abs(units) * mid)


def net_units(state: AccountState, symbol: str) -> Decimal:
    """Open units of the symbol, below zero for short."""
    return sum((trade.units * trade.side.sign for trade in state.trades if trade.symbol == symbol), ZERO)


def exposure(state: AccountState, rates: Rates, *, without: int | None = None) -> list[Exposure]:
    """Worst-side exposure by symbol, working entries included; order and trade `without` are left out."""
    entries = [order for order in state.orders if not order.is_close and order.number != without]
    trades = [trade for trade in state.trades if trade.number != without]
    symbols = sorted({order.symbol for order in entries} | {trade.symbol for trade in trades})
    found = []
    for symbol in symbols:
        held = sum((trade.units * trade.side.sign for trade in trades if trade.symbol == symbol), ZERO)
        buys, sells = (
            sum((order.remaining for order in entries if order.symbol == symbol and order.side is side), ZERO)
            for side in (Side.BUY, Side.SELL)
        )
        worst = max(abs(held + buys), abs(held - sells))
        notional = notional_of(state, symbol, worst, rates)
        found.append(
            Exposure(
                symbol=symbol,
                position_units=held,
                working_buy_units=buys,
                working_sell_units=sells,
                notional=notional,
            )
        )
    return found


def results(state: AccountState, rates: Rates) -> list[Result]:
    """Realised, fees and unrealised by symbol since the account opened or was last reset."""
    totals = {total.symbol: total for total in state.totals}
    unrealised = {position.symbol: position.unrealised_account for position in positions(state, rates)}
    found = []
    for symbol in sorted(totals.keys() | unrealised.keys()):
        total = totals.get(symbol)
        realised, fees = (total.realised, total.fees) if total else (ZERO, ZERO)
        open_result = unrealised.get(symbol, ZERO)
        found.append(Result(symbol=symbol, realised=realised, fees=fees, unrealised=open_result))
    return found


def day_of(state: AccountState, now_ns: int) -> tuple[Mark, Decimal, Decimal]:
    """The trading day at `now_ns`: equity where it began, and realised and fees since."""
    start_ns = day_start_ns(state.config.day_calendar, now_ns)
    if state.trades or start_ns <= state.day.at_ns:
        return state.day, state.day_realised, state.day_fees
    return Mark(state.balance, start_ns), ZERO, ZERO


def current_price(state: AccountState, symbol: str, side: Side, rates: Rates) -> Decimal | None:
    """The price that would close a trade of that side now, with the account's spread; None without a quote."""
    quote, instrument = rates.quote(symbol), rates.instrument(symbol)
    if quote.bid is None or quote.ask is None:
        return None
    if state.config.spread.factor is None and state.config.spread.pips is None:
        return quote.bid if side is Side.BUY else quote.ask
    bid, ask = state.config.spread.quoted(instrument.ticks(quote.bid), instrument.ticks(quote.ask), instrument)
    return instrument.price(bid if side is Side.BUY else ask)


def average_price(trades: Sequence[Trade]) -> Decimal:
    """Cost over units, to 28 digits."""
    with localcontext(EXACT):
        cost, units = sum((trade.cost for trade in trades), ZERO), sum((trade.units for trade in trades), ZERO)
    return _DIGITS.divide(cost, units)


def entry_reference(state: AccountState, number: int) -> Decimal | None:
    """What the exits of order or trade `number` are measured from: its average fill, or the price it waits for."""
    trade = state.trade(number)
    if trade is not None:
        return average_price([trade])
    order = state.order(number)
    return None if order is None or order.entry is EntryType.MARKET else order.price


def _position(state: AccountState, symbol: str, rates: Rates) -> Position:
    trades = [trade for trade in state.trades if trade.symbol == symbol]
    shown = tuple(_open_trade(state, trade, rates) for trade in trades)
    with localcontext(EXACT):
        return Position(
            symbol=symbol,
            units=net_units(state, symbol),
            average_price=average_price(trades),
            current_price=shown[0].current_price,
            quote_currency=rates.instrument(symbol).quote_currency,
            unrealised=_sum(*(trade.unrealised for trade in shown)),
            unrealised_account=_sum(*(trade.unrealised_account for trade in shown)),
            trades=shown,
        )


def _open_trade(state: AccountState, trade: Trade, rates: Rates) -> OpenTrade:
    unrealised = _unrealised(state, trade, rates)
    return OpenTrade(
        number=trade.number,
        symbol=trade.symbol,
        side=trade.side,
        units=trade.units,
        average_price=average_price([trade]),
        current_price=current_price(state, trade.symbol, trade.side, rates),
        unrealised=unrealised,
        unrealised_account=_converted(state, trade.symbol, unrealised, rates),
        stop_loss=trade.stop_level,
        take_profit=trade.take_profit,
        trailing=trade.trailing,
        opened_ns=trade.opened_ns,
        closes_ns=trade.opened_ns + state.config.max_hold_ns,
        held_ns=rates.at_ns - trade.opened_ns,
    )


def _unrealised(state: AccountState, trade: Trade, rates: Rates) -> Decimal | None:
    price = current_price(state, trade.symbol, trade.side, rates)
    if price is None:
        return None
    with localcontext(EXACT):
        return (price * trade.units - trade.cost) * trade.side.sign


def _worth(state: AccountState, trade: Trade, rates: Rates) -> Decimal | None:
    """What a trade adds to the balance: its result on margin, all of it on spot (where nothing is converted)."""
    unrealised = _unrealised(state, trade, rates)
    if state.is_spot:
        return None if unrealised is None else unrealised + trade.cost
    return _converted(state, trade.symbol, unrealised, rates)


def _converted(state: AccountState, symbol: str, value: Decimal | None, rates: Rates) -> Decimal | None:
    if value is None:
        return None
    way = rates.for_result(value, rates.instrument(symbol).quote_currency, state.config.currency)
    return None if way is None else way.amount(value)


def _symbols(trades: Sequence[Trade]) -> list[str]:
    return sorted({trade.symbol for trade in trades})


def _sum(*terms: Decimal | None) -> Decimal | None:
    total = ZERO
    for term in terms:
        if term is None:
            return None
        total += term
    return total
