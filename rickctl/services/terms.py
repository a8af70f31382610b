"""The terms of a working order or an open trade, and what typed words make of them; judges no risk, sends nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.conversion import Rates
from rickctl.domain.errors import OrderRejected, UsageError
from rickctl.domain.exits import Distance, DistanceUnit, parse_stop, parse_target, parse_trailing, resolve_exits
from rickctl.domain.money import ROUND_HALF_EVEN, quantise
from rickctl.domain.orders import EntryType, OrderRequest
from rickctl.domain.ports import Changes
from rickctl.domain.positions import entry_reference
from rickctl.services.drafts import check_ttl, parse_entry_price, parse_units

if TYPE_CHECKING:
    from decimal import Decimal

    from rickctl.domain.account import Order, Trade
    from rickctl.domain.market import Instrument
    from rickctl.services.desk import Desk, Held


class Words(NamedTuple):
    """A modification as typed; every text is still unread, None is not said."""

    number: int
    units: str | None = None
    price: str | None = None
    stop_loss: str | None = None
    take_profit: str | None = None
    trailing: str | None = None
    ttl_ns: int | None = None


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


def resolve_changes(words: Words, held: Held, instrument: Instrument, desk: Desk) -> Changes:
    """What the words would change, in prices. Raises UsageError for nothing, OrderRejected for what cannot be."""
    before, ttl_ns = current_request(held, words.number), check_ttl(words.ttl_ns)
    if held.account.trade(words.number) is not None and {words.units, words.price, ttl_ns} != {None}:
        message = f"order {words.number} is filled, at least in part: only its exits can change"
        raise OrderRejected(message, code="already_filled", hint=f"rickctl order show {words.number}")
    price = before.price if words.price is None else parse_entry_price(words.price, "--price", instrument)
    start = price if price is not None else _grid_entry(held, words.number, instrument)
    changes = Changes(
        units=None if words.units is None else parse_units(words.units, instrument),
        price=None if words.price is None else price,
        **_exits(words, before, start, instrument, desk, held),
        expires_ns=None if ttl_ns is None else held.now_ns + ttl_ns,
    )
    if changes == Changes():
        message = "nothing to change: say --stop-loss, --take-profit, --trailing, --price, --units or --ttl"
        raise UsageError(message, code="bad_usage", hint="rickctl order modify --help")
    return changes


def changed(before: OrderRequest, changes: Changes) -> OrderRequest:
    """The terms after the changes."""
    named = {name: value for name, value in changes._asdict().items() if value is not None}
    return replace(before, **named)


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
