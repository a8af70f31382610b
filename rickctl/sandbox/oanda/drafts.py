"""What a client may ask for: every order type's body into fields, or the reason it is rejected; fills nothing.

Defaults are written into the fields, so a transaction says what holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.money import is_multiple
from rickctl.sandbox.oanda.book import ENTRIES, EXITS
from rickctl.sandbox.oanda.reading import (
    Reading,
    maximum_trail,
    minimum_trail,
    read_flag,
    read_number,
    read_number_id,
)
from rickctl.sandbox.oanda.records import BadRequest, Fields, client_id

if TYPE_CHECKING:
    from decimal import Decimal

    from rickctl.domain.market import Instrument
    from rickctl.sandbox.oanda.book import Book
    from rickctl.sandbox.oanda.records import Order, Trade
    from rickctl.sandbox.oanda.valuation import Valuation

ON_FILL = {
    "takeProfitOnFill": "TAKE_PROFIT",
    "stopLossOnFill": "STOP_LOSS",
    "trailingStopLossOnFill": "TRAILING_STOP_LOSS",
}
"""Exits an entry may carry, in the order they are made."""

_TIMES = {
    "MARKET": (("FOK", "IOC"), "FOK"),
    **dict.fromkeys(("LIMIT", "STOP", "MARKET_IF_TOUCHED"), (("GTC", "GTD", "GFD", "FOK", "IOC"), "GTC")),
}
_RESTING_TIMES = ("GTC", "GTD", "GFD")
_POSITION_FILLS = ("OPEN_ONLY", "REDUCE_FIRST", "REDUCE_ONLY", "DEFAULT")
_TRIGGERS = ("DEFAULT", "INVERSE", "BID", "ASK", "MID")
_BOUNDED = {"MARKET", "STOP", "MARKET_IF_TOUCHED"}
_MISSING = {"TRADE_DOESNT_EXIST"}


class Draft(NamedTuple):
    """An order as understood; `reason` is why it is rejected, None where it is not."""

    type: str
    fields: Fields
    reason: str | None

    @property
    def is_missing(self) -> bool:
        """Whether it names what does not exist (HTTP 404)."""
        return self.reason in _MISSING


def read_order(body: Fields, book: Book, valuation: Valuation, now_ns: int, replaced: Order | None = None) -> Draft:
    """The order a body asks for; `replaced` is the one it would take the place of. Raises BadRequest without a type."""
    kind = body.get("type") or (None if replaced is None else replaced.type)
    if kind not in (*ENTRIES, *EXITS):
        message = "Invalid value specified for 'order.type'"
        raise BadRequest(message)
    reading = Reading(body, now_ns)
    if kind in EXITS:
        _read_exit_order(reading, str(kind), book, valuation, replaced)
    else:
        _read_entry(reading, str(kind), book, valuation)
    _check_order_id(reading, book, replaced)
    if replaced is None and kind != "MARKET" and len(book.pending) >= book.terms.most_pending:
        reading.refuse("PENDING_ORDERS_ALLOWED_EXCEEDED")
    if replaced is not None and replaced.type != kind:
        reading.reason = "REPLACING_ORDER_INVALID"
    return Draft(str(kind), reading.fields, reading.reason)


def read_exit(body: Fields, kind: str, trade: Trade, book: Book, valuation: Valuation, now_ns: int) -> Draft:
    """The exit a body asks for of a trade, in place of the one it may have."""
    reading = Reading(body, now_ns)
    replaced = book.orders.get(getattr(trade, EXITS[kind]) or 0)
    _read_exit(reading, kind, trade, valuation)
    _check_safeguard(reading, kind, trade, book)
    _check_order_id(reading, book, replaced)
    return Draft(kind, reading.fields, reading.reason)


# entries


def _read_entry(reading: Reading, kind: str, book: Book, valuation: Valuation) -> None:
    instrument = _read_instrument(reading, valuation)
    if instrument is not None:
        read_units(reading, "units", instrument)
        if kind != "MARKET":
            reading.price("price", "PRICE", instrument.price_increment, required=True)
        if kind in _BOUNDED:
            reading.price("priceBound", "PRICE_BOUND", instrument.price_increment, required=False)
    allowed, default = _TIMES[kind]
    reading.time_in_force(allowed, default)
    reading.word("positionFill", _POSITION_FILLS, "DEFAULT", "ORDER_FILL_POSITION_ACTION_INVALID")
    if kind != "MARKET":
        reading.word("triggerCondition", _TRIGGERS, "DEFAULT", "TRIGGER_CONDITION_INVALID")
    reading.extensions("clientExtensions", "CLIENT_ORDER")
    reading.extensions("tradeClientExtensions", "CLIENT_TRADE")
    if instrument is not None:
        for name, exit_kind in ON_FILL.items():
            _read_on_fill(reading, name, exit_kind, instrument)
    _check_on_fill_ids(reading)
    wanted = client_id(reading.fields.get("tradeClientExtensions"))
    if kind == "MARKET" and wanted is not None and book.open_client(wanted) is not None:
        reading.refuse("CLIENT_TRADE_ID_ALREADY_EXISTS")


def _read_instrument(reading: Reading, valuation: Valuation) -> Instrument | None:
    name = reading.body.get("instrument")
    if not isinstance(name, str) or not name:
        reading.refuse("INSTRUMENT_MISSING")
        return None
    instrument = valuation.listed(name)
    if instrument is None:
        reading.refuse("INSTRUMENT_UNKNOWN")
        return None
    reading.fields["instrument"] = name
    if valuation.factors(instrument.quote_currency) is None or valuation.quote(name).mid is None:
        reading.refuse("INSTRUMENT_PRICE_UNKNOWN")
    return instrument


def read_units(reading: Reading, name: str, instrument: Instrument) -> Decimal | None:
    """Units within the instrument's bounds, or the reason why not."""
    if reading.body.get(name) is None:
        reading.refuse("UNITS_MISSING")
        return None
    found = read_number(reading.body[name])
    if not found:
        reading.refuse("UNITS_INVALID")
        return None
    reading.fields[name] = found
    if not is_multiple(found, instrument.unit_increment):
        reading.refuse("UNITS_PRECISION_EXCEEDED")
        return found
    reading.fields[name] = found.quantize(instrument.unit_increment)
    if abs(found) > instrument.maximum_units:
        reading.refuse("UNITS_LIMIT_EXCEEDED")
    elif abs(found) < instrument.minimum_units:
        reading.refuse("UNITS_MIMIMUM_NOT_MET")
    return found


def _read_on_fill(reading: Reading, name: str, kind: str, instrument: Instrument) -> None:
    given = reading.body.get(name)
    if given is None:
        return
    inner = Reading(given if isinstance(given, Mapping) else {}, reading.now_ns)
    prefix = f"{kind}_ON_FILL"
    _read_terms(inner, kind, instrument, prefix)
    inner.time_in_force(_RESTING_TIMES, "GTC", f"{prefix}_")
    inner.extensions("clientExtensions", f"{prefix}_CLIENT_ORDER")
    reading.fields[name] = inner.fields
    if inner.reason is not None:
        reading.refuse(inner.reason)


def _check_on_fill_ids(reading: Reading) -> None:
    named = []
    for name in ("clientExtensions", *ON_FILL):
        found = reading.fields.get(name)
        inner = found.get("clientExtensions") if name in ON_FILL and isinstance(found, Mapping) else found
        wanted = client_id(inner)
        if wanted is not None:
            named.append(wanted)
    if len(named) != len(set(named)):
        reading.refuse("ORDERS_ON_FILL_DUPLICATE_CLIENT_ORDER_IDS")


# exits


def _read_exit_order(reading: Reading, kind: str, book: Book, valuation: Valuation, replaced: Order | None) -> None:
    trade = _read_trade(reading, book)
    if trade is None:
        return
    standing = getattr(trade, EXITS[kind])
    if replaced is None and standing is not None:
        reading.refuse(f"{kind}_ORDER_ALREADY_EXISTS")
    if replaced is not None and replaced.trade_id != trade.id:
        reading.refuse("REPLACING_TRADE_ID_INVALID")
    _read_exit(reading, kind, trade, valuation)
    _check_safeguard(reading, kind, trade, book)


def _check_safeguard(reading: Reading, kind: str, trade: Trade, book: Book) -> None:
    """Where the oldest of a size must close first, an exit on one of several trades of a size could not keep to it."""
    same = (one for one in book.open_trades(trade.instrument, trade.sign) if one.units == trade.units)
    if book.terms.fifo and any(one.id != trade.id for one in same):
        reading.refuse(f"{kind}_ORDER_WOULD_VIOLATE_FIFO_VIOLATION_SAFEGUARD")


def _read_trade(reading: Reading, book: Book) -> Trade | None:
    given, client = reading.body.get("tradeID"), reading.body.get("clientTradeID")
    if given is None and client is None:
        reading.refuse("TRADE_ID_UNSPECIFIED")
        return None
    number = read_number_id(given)
    found = book.trades.get(number or 0)
    by_client = book.open_client(client) if isinstance(client, str) else None
    if given is not None and client is not None and (found is None or found != by_client):
        reading.refuse("TRADE_IDENTIFIER_INCONSISTENCY" if found or by_client else "TRADE_DOESNT_EXIST")
        return None
    trade = found if given is not None else by_client
    if trade is None or not trade.is_open:
        if number is not None:
            reading.fields["tradeID"] = str(number)
        reading.refuse("TRADE_DOESNT_EXIST")
        return None
    return trade


def _read_exit(reading: Reading, kind: str, trade: Trade, valuation: Valuation) -> None:
    reading.fields["tradeID"] = str(trade.id)
    if trade.client_id is not None:
        reading.fields["clientTradeID"] = trade.client_id
    instrument = valuation.instrument(trade.instrument)
    _read_terms(reading, kind, instrument, "")
    if kind == "STOP_LOSS" and "distance" in reading.fields and reading.reason is None:
        price = _from_distance(reading, trade, valuation)
        if price is None or price <= 0:
            reading.refuse("PRICE_DISTANCE_INVALID")
        else:
            reading.fields["price"] = price
    reading.time_in_force(_RESTING_TIMES, "GTC")
    reading.word("triggerCondition", _TRIGGERS, "DEFAULT", "TRIGGER_CONDITION_INVALID")
    reading.extensions("clientExtensions", "CLIENT_ORDER")


def _from_distance(reading: Reading, trade: Trade, valuation: Valuation) -> Decimal | None:
    """OANDA counts from the ask of a long and the bid of a short."""
    distance = read_number(reading.fields["distance"])
    start = valuation.closing_price(trade.instrument, -trade.sign)
    return None if start is None or distance is None else start - trade.sign * distance


def _read_terms(reading: Reading, kind: str, instrument: Instrument, prefix: str) -> None:
    """Where the exit stands; reasons are prefixed where it is one on fill."""
    stem, increment = f"{prefix}_" if prefix else "", instrument.price_increment
    if kind == "TAKE_PROFIT":
        reading.price("price", f"{stem}PRICE", increment, required=True)
    elif kind == "TRAILING_STOP_LOSS":
        reading.price("distance", f"{stem}PRICE_DISTANCE", increment, required=True)
        _check_trail(reading, instrument, stem)
    else:
        _read_stop(reading, increment, prefix)


def _check_trail(reading: Reading, instrument: Instrument, stem: str) -> None:
    distance = read_number(reading.fields.get("distance"))
    if distance is None:
        return
    if distance > maximum_trail(instrument):
        reading.refuse(f"{stem}PRICE_DISTANCE_MAXIMUM_EXCEEDED")
    elif distance < minimum_trail(instrument):
        reading.refuse(f"{stem}PRICE_DISTANCE_MINIMUM_NOT_MET")


def _read_stop(reading: Reading, increment: Decimal, prefix: str) -> None:
    has_price, has_distance = (reading.body.get(name) is not None for name in ("price", "distance"))
    both = f"{prefix or 'STOP_LOSS_ORDER'}_PRICE_AND_DISTANCE_BOTH"
    if has_price and has_distance:
        reading.refuse(f"{both}_SPECIFIED")
    if not has_price and not has_distance:
        reading.refuse(f"{both}_MISSING")
    reading.price("price", f"{prefix}_PRICE" if prefix else "PRICE", increment, required=False)
    reading.price("distance", f"{prefix}_DISTANCE" if prefix else "PRICE_DISTANCE", increment, required=False)
    if read_flag(reading.body.get("guaranteed")):
        reading.refuse(f"{prefix or 'STOP_LOSS_ORDER'}_GUARANTEED_NOT_ALLOWED")
    reading.fields["guaranteed"] = False


def _check_order_id(reading: Reading, book: Book, replaced: Order | None) -> None:
    wanted = client_id(reading.fields.get("clientExtensions"))
    if wanted is None:
        return
    standing = book.pending_client(wanted)
    if standing is not None and (replaced is None or standing.id != replaced.id):
        reading.refuse("CLIENT_ORDER_ID_ALREADY_EXISTS")
