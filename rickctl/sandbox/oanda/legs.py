"""OANDA's working orders as legs the matching engine knows, and where their trailing stops go; fills nothing."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

from rickctl.domain.account import AccountConfig, Leg
from rickctl.domain.market import Cursor, Phase, Watch
from rickctl.domain.matching import Resting, Terms, Trigger, watch_for
from rickctl.domain.money import quantise
from rickctl.domain.orders import EntryType, Side
from rickctl.sandbox.oanda.records import ZERO, number, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rickctl.domain.market import Instrument, Step
    from rickctl.sandbox.oanda.book import Book
    from rickctl.sandbox.oanda.records import Order

PLAIN = AccountConfig()
"""No slippage, the source's own spread: what the exchange quotes is what it fills at."""

_LEGS = {"TAKE_PROFIT": Leg.TAKE_PROFIT, "STOP_LOSS": Leg.STOP_LOSS, "TRAILING_STOP_LOSS": Leg.TRAILING_STOP}
_STOPS = {"STOP_LOSS", "TRAILING_STOP_LOSS"}


def terms(instrument: Instrument) -> Terms:
    """How the exchange meets the instrument's prices."""
    return Terms(PLAIN, instrument)


def units_of(book: Book, order: Order) -> Decimal:
    """Units the order trades, below zero to sell: its own, or those that close its trade."""
    return order.units if order.trade_id is None else -book.trades[order.trade_id].units


def side_of(book: Book, order: Order) -> Side:
    """Which way it trades."""
    return Side.BUY if units_of(book, order) > 0 else Side.SELL


def trigger_of(order: Order, side: Side) -> Trigger:
    """The price it waits for; an order that fills at its price or better waits for the one it fills at."""
    if order.type in {"LIMIT", "TAKE_PROFIT"}:
        return Trigger.NATURAL
    own, other = (Trigger.ASK, Trigger.BID) if side is Side.BUY else (Trigger.BID, Trigger.ASK)
    wanted = {"INVERSE": other, "BID": Trigger.BID, "ASK": Trigger.ASK, "MID": Trigger.MID}
    found = wanted.get(text(order.fields, "triggerCondition"), own)
    return Trigger.NATURAL if found is own else found


def resting(book: Book, order: Order, instrument: Instrument) -> Resting:
    """The order as a leg; worked out once for as long as it and the units it trades are the same."""
    units = units_of(book, order)
    held = book.legs.get(order.id)
    if held is not None and held[0] is order and held[1] == units:
        return held[2]
    leg = _leg(order, units, instrument)
    book.legs[order.id] = (order, units, leg)
    return leg


def _leg(order: Order, units: Decimal, instrument: Instrument) -> Resting:
    side = Side.BUY if units > 0 else Side.SELL
    steps = int(abs(units) / instrument.unit_increment)
    entry, level = _waits(order, side)
    return Resting(
        number=order.id,
        leg=_LEGS.get(order.type, Leg.ENTRY),
        side=side,
        entry=entry,
        level=instrument.ticks(level),
        steps=steps,
        since_ns=order.create_ns,
        since_phase=order.since_phase,
        resume_ns=0,
        trigger=trigger_of(order, side),
    )


def _waits(order: Order, side: Side) -> tuple[EntryType, Decimal]:
    if order.type == "MARKET":
        return EntryType.MARKET, ZERO
    if order.type == "TRAILING_STOP_LOSS":
        return EntryType.STOP, order.trailing or ZERO
    price = number(order.fields, "price")
    if order.type in {"LIMIT", "TAKE_PROFIT"}:
        return EntryType.LIMIT, price
    if order.type == "MARKET_IF_TOUCHED" and order.initial is not None and (price - order.initial) * side.sign < 0:
        return EntryType.LIMIT, price
    return EntryType.STOP, price


def in_turn(orders: Sequence[Order]) -> list[Order]:
    """Orders as one step meets them: stops that close first, then by id."""
    return sorted(orders, key=lambda order: (order.type not in _STOPS, order.id))


# trailing stops


def _favourable(order: Order, side: Side, bid: Decimal, ask: Decimal) -> Decimal:
    """The price a trailing stop follows: the one it waits for."""
    trigger = trigger_of(order, side)
    if trigger is Trigger.NATURAL:
        trigger = Trigger.ASK if side is Side.BUY else Trigger.BID
    return {Trigger.BID: bid, Trigger.ASK: ask}.get(trigger, (bid + ask) / 2)


def trailing_value(book: Book, order: Order, instrument: Instrument, bid: Decimal, ask: Decimal) -> Decimal:
    """Where its distance puts a trailing stop at these prices, on the grid, away from the price."""
    side = side_of(book, order)
    away = ROUND_FLOOR if side is Side.SELL else ROUND_CEILING
    exact = _favourable(order, side, bid, ask) + side.sign * number(order.fields, "distance")
    return quantise(exact, instrument.price_increment, away)


def ratchet(book: Book, order: Order, instrument: Instrument, step: Step) -> Order:
    """The trailing stop after the step: moved in the winning direction, never back.

    A RANGE moves it once, by its best price, after it has met the step where it stood.
    """
    side = side_of(book, order)
    if step.phase == Phase.RANGE and step.from_ns < order.create_ns:
        return order
    if step.cursor <= Cursor(order.create_ns, order.since_phase):
        return order
    rises = side is Side.SELL
    bid, ask = (step.bid_high, step.ask_high) if rises else (step.bid_low, step.ask_low)
    value = trailing_value(book, order, instrument, instrument.price(bid), instrument.price(ask))
    if order.trailing is not None and (value - order.trailing) * side.sign >= 0:
        return order
    return replace(order, trailing=value)


def watch(book: Book, orders: Sequence[Order], instrument: Instrument) -> Watch:
    """What would touch any of the orders of one instrument, or move a trailing stop."""
    found = watch_for([resting(book, order, instrument) for order in orders], terms(instrument))
    for order in orders:
        if order.type == "TRAILING_STOP_LOSS" and order.trailing is not None:
            found = _also(found, _next_best(book, order, instrument))
    return found


def _next_best(book: Book, order: Order, instrument: Instrument) -> Watch:
    side = side_of(book, order)
    best = instrument.ticks((order.trailing or ZERO) - side.sign * number(order.fields, "distance"))
    trigger = trigger_of(order, side)
    if side is Side.SELL:
        # A mid is no higher than the ask, so the ask is there first.
        return Watch(ask_at_least=best + 1) if trigger in {Trigger.ASK, Trigger.MID} else Watch(bid_at_least=best + 1)
    return Watch(bid_at_most=best - 1) if trigger in {Trigger.BID, Trigger.MID} else Watch(ask_at_most=best - 1)


def _also(one: Watch, other: Watch) -> Watch:
    def lowest(first: int | None, second: int | None) -> int | None:
        return min((level for level in (first, second) if level is not None), default=None)

    def highest(first: int | None, second: int | None) -> int | None:
        return max((level for level in (first, second) if level is not None), default=None)

    return Watch(
        bid_at_most=highest(one.bid_at_most, other.bid_at_most),
        bid_at_least=lowest(one.bid_at_least, other.bid_at_least),
        ask_at_most=highest(one.ask_at_most, other.ask_at_most),
        ask_at_least=lowest(one.ask_at_least, other.ask_at_least),
        any_point=one.any_point or other.any_point,
    )
