"""What filling an order does to its account: what it reduces and opens, why it may not, the transactions; no search.

The price, its instant and the touch around it are given. A fill that may not be becomes an ORDER_CANCEL that says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.market import Phase
from rickctl.domain.money import quantise
from rickctl.sandbox.oanda.creation import create
from rickctl.sandbox.oanda.drafts import ON_FILL
from rickctl.sandbox.oanda.legs import units_of
from rickctl.sandbox.oanda.records import ZERO, Fields, Held, Hints, Instant, Value, client_id, nested, number, text
from rickctl.sandbox.oanda.valuation import FACTOR_INCREMENT, amount

if TYPE_CHECKING:
    from rickctl.sandbox.oanda.batch import Batch
    from rickctl.sandbox.oanda.book import Book
    from rickctl.sandbox.oanda.records import Order, Trade, Transaction
    from rickctl.sandbox.oanda.valuation import Valuation


class Touch(NamedTuple):
    """The price of a fill, the bid and ask around it, the phase of the market's step, and everything's value then."""

    price: Decimal
    bid: Decimal
    ask: Decimal
    phase: int
    valuation: Valuation


class Result(NamedTuple):
    """What came of it: a fill (and the order its rest went into), or a cancel."""

    fill: Transaction | None = None
    cancel: Transaction | None = None
    reissue: Transaction | None = None


class _Plan(NamedTuple):
    """`reduced` are trades and the units they change by; `opened` is what is left over; `rest` is not filled."""

    reduced: list[tuple[Trade, Decimal]]
    opened: Decimal
    rest: Decimal
    exits: list[tuple[str, Fields]]

    @property
    def units(self) -> Decimal:
        return sum((units for _, units in self.reduced), self.opened)


def fill(batch: Batch, order: Order, touch: Touch) -> Result:
    """Fill the order at the touch, or cancel it for the reason that forbids it."""
    book = batch.book
    plan = _plan(book, order, touch)
    reason = _refusal(book, order, plan, touch)
    if reason is not None:
        return Result(cancel=cancel(batch, order, reason))
    made = batch.add("ORDER_FILL", _fill_fields(book, order, plan, touch, batch.book.last_id + 1))
    for trade, _ in plan.reduced:
        if not book.trades[trade.id].is_open:
            for number_ in book.trades[trade.id].exit_ids:
                cancel(batch, book.orders[number_], "LINKED_TRADE_CLOSED")
    for kind, fields in plan.exits:
        _attach(batch, kind, fields, made, touch)
    return Result(fill=made, reissue=_reissue(batch, order, plan, touch))


def cancel(batch: Batch, order: Order, reason: str, replaced_by: int | None = None) -> Transaction:
    """End a working order unfilled."""
    fields: dict[str, Value] = {"orderID": str(order.id)}
    if order.client_id is not None:
        fields["clientOrderID"] = order.client_id
    fields["reason"] = reason
    if replaced_by is not None:
        fields["replacedByOrderID"] = str(replaced_by)
    return batch.add("ORDER_CANCEL", fields)


# what would happen


def _plan(book: Book, order: Order, touch: Touch) -> _Plan:
    units = units_of(book, order)
    wanted = _first_part(order, units, touch.valuation)
    mode = text(order.fields, "positionFill") or "REDUCE_ONLY"
    if mode == "DEFAULT":
        mode = "OPEN_ONLY" if book.terms.hedging else "REDUCE_FIRST"
    reduced = [] if mode == "OPEN_ONLY" else _reductions(_reducible(book, order, wanted), wanted)
    left = wanted - sum((part for _, part in reduced), ZERO)
    opened = ZERO if mode == "REDUCE_ONLY" else left
    exits = _exits(order, opened, touch) if opened else []
    return _Plan(reduced, opened, units - wanted, exits)


def _first_part(order: Order, units: Decimal, valuation: Valuation) -> Decimal:
    if order.hints.partial is None or order.trade_id is not None:
        return units
    increment = valuation.instrument(order.instrument).unit_increment
    part = max(increment, quantise(abs(units) * order.hints.partial, increment, ROUND_FLOOR))
    return min(part, abs(units)).copy_sign(units)


def _reducible(book: Book, order: Order, units: Decimal) -> list[Trade]:
    """Open trades on the other side, oldest first; the one trade of an exit or of a trade's close."""
    wanted = order.trade_id or int(text(nested(order.fields, "tradeClose"), "tradeID") or 0)
    found = book.open_trades(order.instrument, -1 if units > 0 else 1)
    return [trade for trade in found if not wanted or trade.id == wanted]


def _reductions(trades: list[Trade], units: Decimal) -> list[tuple[Trade, Decimal]]:
    found, left = [], abs(units)
    for trade in trades:
        part = min(abs(trade.units), left)
        if part:
            found.append((trade, part.copy_sign(units)))
            left -= part
    return found


def _exits(order: Order, opened: Decimal, touch: Touch) -> list[tuple[str, Fields]]:
    """The exits an entry carries, a stop's distance made a price."""
    found: list[tuple[str, Fields]] = []
    for name, kind in ON_FILL.items():
        given = order.fields.get(name)
        if not isinstance(given, Mapping):
            continue
        fields = dict(given)
        if kind == "STOP_LOSS" and "distance" in fields:
            fields["price"] = touch.price - number(fields, "distance").copy_sign(opened)
        found.append((kind, fields))
    return found


# why it may not


def _refusal(book: Book, order: Order, plan: _Plan, touch: Touch) -> str | None:
    lacking = "INSUFFICIENT_LIQUIDITY" if plan.rest and text(order.fields, "timeInForce") == "FOK" else None
    if order.hints.cancel is not None or lacking is not None:
        return order.hints.cancel or lacking
    bound = number(order.fields, "priceBound")
    if bound and (touch.price - bound) * (1 if plan.units > 0 else -1) > 0:
        return "BOUNDS_VIOLATION"
    if not plan.units:
        return "POSITION_CLOSEOUT_FAILED"
    if _breaks_fifo(book, order, plan):
        return "FIFO_VIOLATION"
    if order.type == "TAKE_PROFIT" and any(_loses(trade, touch) for trade, _ in plan.reduced):
        return "LOSING_TAKE_PROFIT"
    return _opening_refusal(book, order, plan, touch) if plan.opened else None


def _loses(trade: Trade, touch: Touch) -> bool:
    return (touch.price - trade.price) * trade.sign < 0


def _breaks_fifo(book: Book, order: Order, plan: _Plan) -> bool:
    """A younger trade closed before an older one of its size, or a netting account opening against what it holds."""
    if plan.opened and not plan.reduced and not book.terms.hedging:
        return bool(book.open_trades(order.instrument, -1 if plan.opened > 0 else 1))
    if not book.terms.fifo or "tradeClose" not in order.fields:
        return False
    return any(
        older.id < trade.id and older.units == trade.units
        for trade, _ in plan.reduced
        for older in book.open_trades(trade.instrument, trade.sign)
    )


def _opening_refusal(book: Book, order: Order, plan: _Plan, touch: Touch) -> str | None:
    wanted = client_id(order.fields.get("tradeClientExtensions"))
    if wanted is not None and book.open_client(wanted) is not None:
        return "CLIENT_TRADE_ID_ALREADY_EXISTS"
    if len(book.open) >= book.terms.most_open and not plan.reduced:
        return "OPEN_TRADES_ALLOWED_EXCEEDED"
    sign = 1 if plan.opened > 0 else -1
    held = book.open_trades(order.instrument, sign)
    limit = book.terms.position_limit
    if limit and abs(sum((trade.units for trade in held), plan.opened)) > limit:
        return "POSITION_SIZE_EXCEEDED"
    if book.terms.fifo and plan.exits and any(trade.units == plan.opened for trade in held):
        return "FIFO_VIOLATION_SAFEGUARD_VIOLATION"
    for kind, fields in plan.exits:
        reason = _exit_refusal(book, kind, fields, sign, touch)
        if reason is not None:
            return reason
    return "INSUFFICIENT_MARGIN" if _lacks_margin(book, order, plan, touch) else None


def _exit_refusal(book: Book, kind: str, fields: Fields, sign: int, touch: Touch) -> str | None:
    at = fields.get("gtdTime")
    if isinstance(at, Instant) and at <= touch.valuation.rates.at_ns:
        return f"{kind}_ON_FILL_GTD_TIMESTAMP_IN_PAST"
    wanted = client_id(fields.get("clientExtensions"))
    if wanted is not None and book.pending_client(wanted) is not None:
        return f"{kind}_ON_FILL_CLIENT_ORDER_ID_ALREADY_EXISTS"
    price = number(fields, "price")
    if kind == "TAKE_PROFIT" and (price - touch.price) * sign <= 0:
        return "TAKE_PROFIT_ON_FILL_LOSS"
    if kind == "STOP_LOSS" and (price <= 0 or (_closing(touch, sign) - price) * sign <= 0):
        return "STOP_LOSS_ON_FILL_LOSS"
    return None


def _closing(touch: Touch, sign: int) -> Decimal:
    """What closing at once would trade at; inside a RANGE nobody knows, and the fill's own price stands for it."""
    if touch.phase == Phase.RANGE:
        return touch.price
    return touch.bid if sign > 0 else touch.ask


def _lacks_margin(book: Book, order: Order, plan: _Plan, touch: Touch) -> bool:
    valuation, before = touch.valuation, book.held()
    sides = {(held.instrument, held.sign): held for held in before}
    opening = Held(order.instrument, plan.opened, plan.opened * touch.price)
    for key, part in (
        ((order.instrument, opening.sign), opening),
        *(((trade.instrument, trade.sign), Held("", units, units * trade.price)) for trade, units in plan.reduced),
    ):
        held = sides.get(key) or Held(order.instrument, ZERO, ZERO)
        sides[key] = held._replace(units=held.units + part.units, cost=held.cost + part.cost)
    after = [held for held in sides.values() if held.units]
    realised = sum((_result(trade, units, touch) for trade, units in plan.reduced), ZERO)
    used, worth = valuation.margin_used(after), book.balance + realised + valuation.total_unrealised(after)
    return used > worth and used > valuation.margin_used(before)


# transactions


def _result(trade: Trade, units: Decimal, touch: Touch) -> Decimal:
    return touch.valuation.home((touch.price - trade.price) * -units, trade.instrument)


def _half_spread(instrument: str, units: Decimal, touch: Touch) -> Decimal:
    return amount(touch.valuation.at_mid(abs(units) * (touch.ask - touch.bid) / 2, instrument))


def _fill_fields(book: Book, order: Order, plan: _Plan, touch: Touch, fill_id: int) -> Fields:
    valuation, name = touch.valuation, order.instrument
    instrument = valuation.instrument(name)
    realised = sum((_result(trade, units, touch) for trade, units in plan.reduced), ZERO)
    commission = amount(valuation.at_mid(abs(plan.units) * touch.price, name) * book.terms.commission_rate)
    fields: dict[str, Value] = {"orderID": str(order.id)}
    if order.client_id is not None:
        fields["clientOrderID"] = order.client_id
    fields |= {"instrument": name, "units": plan.units}
    factors = valuation.factors(instrument.quote_currency)
    if factors is not None:
        fields["gainQuoteHomeConversionFactor"] = factors[0].rate.quantize(FACTOR_INCREMENT)
        fields["lossQuoteHomeConversionFactor"] = factors[1].rate.quantize(FACTOR_INCREMENT)
    fields |= {
        "price": touch.price,
        "fullVWAP": touch.price,
        "fullPrice": full_price(name, touch),
        "reason": _reason(order),
        "pl": amount(realised),
        "financing": amount(ZERO),
        "commission": commission,
        "guaranteedExecutionFee": amount(ZERO),
        "accountBalance": amount(book.balance + realised - commission),
        "halfSpreadCost": _half_spread(name, plan.units, touch),
    }
    if plan.opened:
        fields["tradeOpened"] = _opened(order, plan, touch, fill_id)
    closed = [(trade, units) for trade, units in plan.reduced if not trade.units + units]
    if closed:
        fields["tradesClosed"] = tuple(_reduced(trade, units, touch) for trade, units in closed)
    for trade, units in plan.reduced:
        if trade.units + units:
            fields["tradeReduced"] = _reduced(trade, units, touch)
    return fields


def full_price(name: str, touch: Touch) -> Fields:
    """The market around a fill, as a ClientPrice."""
    return {
        "instrument": name,
        "time": Instant(touch.valuation.rates.at_ns),
        "tradeable": True,
        "bids": ({"price": touch.bid, "liquidity": 10_000_000},),
        "asks": ({"price": touch.ask, "liquidity": 10_000_000},),
        "closeoutBid": touch.bid,
        "closeoutAsk": touch.ask,
    }


def _reason(order: Order) -> str:
    if order.type != "MARKET":
        return f"{order.type}_ORDER"
    for field, word in (
        ("tradeClose", "_TRADE_CLOSE"),
        ("longPositionCloseout", "_POSITION_CLOSEOUT"),
        ("shortPositionCloseout", "_POSITION_CLOSEOUT"),
        ("marginCloseout", "_MARGIN_CLOSEOUT"),
    ):
        if field in order.fields:
            return f"MARKET_ORDER{word}"
    return "MARKET_ORDER"


def _opened(order: Order, plan: _Plan, touch: Touch, fill_id: int) -> Fields:
    fields: dict[str, Value] = {
        "tradeID": str(fill_id),
        "units": plan.opened,
        "price": touch.price,
        "guaranteedExecutionFee": amount(ZERO),
        "halfSpreadCost": _half_spread(order.instrument, plan.opened, touch),
        "initialMarginRequired": touch.valuation.margin(order.instrument, plan.opened),
    }
    extensions = nested(order.fields, "tradeClientExtensions")
    if extensions:
        fields["clientExtensions"] = extensions
    return fields


def _reduced(trade: Trade, units: Decimal, touch: Touch) -> Fields:
    return {
        "tradeID": str(trade.id),
        "units": units,
        "price": touch.price,
        "realizedPL": _result(trade, units, touch),
        "financing": amount(ZERO),
        "guaranteedExecutionFee": amount(ZERO),
        "halfSpreadCost": _half_spread(trade.instrument, units, touch),
    }


def _attach(batch: Batch, kind: str, fields: Fields, made: Transaction, touch: Touch) -> None:
    trade = batch.book.trades[made.id]
    body: dict[str, Value] = {"tradeID": str(trade.id)}
    if trade.client_id is not None:
        body["clientTradeID"] = trade.client_id
    body |= {**fields, "triggerCondition": "DEFAULT"}
    extra: Fields = {"reason": "ON_FILL", "orderFillTransactionID": str(made.id)}
    create(batch, kind, body, extra, touch.valuation, phase=touch.phase)


def _reissue(batch: Batch, order: Order, plan: _Plan, touch: Touch) -> Transaction | None:
    """What was not filled as an order of its own; a trade's client id is not given twice."""
    if not plan.rest or text(order.fields, "timeInForce") == "IOC":
        return None
    fields = {**order.fields, "units": plan.rest}
    extensions = {name: value for name, value in nested(fields, "tradeClientExtensions").items() if name != "id"}
    fields.pop("tradeClientExtensions", None)
    if extensions:
        fields["tradeClientExtensions"] = extensions
    made = create(batch, order.type, fields, {"reason": "CLIENT_ORDER"}, touch.valuation, phase=touch.phase)
    batch.book.note(replace(batch.book.orders[made.id], hints=Hints(), initial=order.initial))
    return made
