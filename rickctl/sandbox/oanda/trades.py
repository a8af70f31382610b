"""What clients ask about trades and positions: close, exits, names; and of the account, its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.money import is_multiple
from rickctl.sandbox.oanda.book import EXITS
from rickctl.sandbox.oanda.creation import create
from rickctl.sandbox.oanda.drafts import Draft, read_exit
from rickctl.sandbox.oanda.fills import cancel
from rickctl.sandbox.oanda.meeting import meet_now
from rickctl.sandbox.oanda.reading import LONGEST_EXTENSION, Reading, read_number, read_number_id
from rickctl.sandbox.oanda.records import ZERO, BadRequest, client_id

if TYPE_CHECKING:
    from decimal import Decimal

    from rickctl.sandbox.oanda.batch import Batch
    from rickctl.sandbox.oanda.book import Book
    from rickctl.sandbox.oanda.records import Fields, Outcome, Trade, Transaction, Value
    from rickctl.sandbox.oanda.valuation import Valuation

_NAMES = {"takeProfit": "TAKE_PROFIT", "stopLoss": "STOP_LOSS", "trailingStopLoss": "TRAILING_STOP_LOSS"}
_SIDES = {"long": 1, "short": -1}


def find_trade(book: Book, specifier: str) -> Trade | None:
    """By id, or `@` and the client's id (an open one first, else the newest)."""
    if specifier.startswith("@"):
        wanted = specifier[1:]
        found = book.open_client(wanted)
        return found or next((one for one in reversed(book.trades.values()) if one.client_id == wanted), None)
    return book.trades.get(read_number_id(specifier) or 0)


def close_trade(batch: Batch, specifier: str, units: Value, valuation: Valuation) -> Outcome:
    """A market order that reduces one trade, by all of it or by `units`."""
    trade = find_trade(batch.book, specifier)
    named: dict[str, Value] = {}
    number = trade.id if trade is not None else read_number_id(specifier)
    if number is not None:
        named["tradeID"] = str(number)
    client = trade.client_id if trade is not None else specifier[1:] if specifier.startswith("@") else None
    if client:
        named["clientTradeID"] = client
    if trade is None or not trade.is_open:
        return _reject_close(batch, "order", {"tradeClose": {**named, "units": _shown(units)}}, "TRADE_DOESNT_EXIST")
    wanted, reason = _part(units, abs(trade.units), valuation.instrument(trade.instrument).unit_increment)
    closing = {"tradeClose": {**named, "units": _shown(units)}}
    fields = _market_fields(trade.instrument, -wanted.copy_sign(trade.units), closing)
    if reason is not None:
        reason = "CLOSE_TRADE_UNITS_EXCEED_TRADE_SIZE" if reason == "EXCEEDED" else reason
        return _reject_close(batch, "order", {**fields, "reason": "TRADE_CLOSE"}, reason)
    _send(batch, "order", {**fields, "reason": "TRADE_CLOSE"}, valuation)
    return batch.done()


class _Side(NamedTuple):
    """One side of a position close: what was asked, the units that is, and what the client calls the order."""

    name: str
    asked: Value
    units: Decimal
    reason: str | None
    named: Fields


def close_position(batch: Batch, instrument: str, body: Fields, valuation: Valuation) -> Outcome:
    """Market orders that reduce either side; a side not named is closed where there is one."""
    if valuation.listed(instrument) is None:
        message = "Invalid value specified for 'instrument'"
        raise BadRequest(message)
    sides = [side for name in _SIDES if (side := _side(batch.book, name, instrument, body, valuation)) is not None]
    if not sides:
        wanted = [f"{name}Units" for name in _SIDES if body.get(f"{name}Units") is None]
        reason = "CLOSEOUT_POSITION_DOESNT_EXIST" if wanted else "CLOSEOUT_POSITION_INCOMPLETE_SPECIFICATION"
        return _reject_close(batch, "longOrder", _closeout("long", instrument, "ALL"), reason)
    if any(side.reason is not None for side in sides):
        return _reject_sides(batch, instrument, sides)
    for side in sides:
        units = -side.units * _SIDES[side.name]
        closing = {**_closeout(side.name, instrument, side.asked), **side.named}
        fields = _market_fields(instrument, units, closing)
        _send(batch, f"{side.name}Order", {**fields, "reason": "POSITION_CLOSEOUT"}, valuation)
    return batch.done()


def _side(book: Book, name: str, instrument: str, body: Fields, valuation: Valuation) -> _Side | None:
    asked = body.get(f"{name}Units")
    held = sum((abs(side.units) for side in book.held(instrument) if side.sign == _SIDES[name]), ZERO)
    if asked == "NONE" or (asked is None and not held):
        return None
    if not held:
        return _Side(name, asked, ZERO, "CLOSEOUT_POSITION_DOESNT_EXIST", {})
    units, reason = _part(asked, held, valuation.instrument(instrument).unit_increment)
    if reason == "EXCEEDED":
        reason = "CLOSEOUT_POSITION_UNITS_EXCEED_POSITION_SIZE"
    reading = Reading({"clientExtensions": body.get(f"{name}ClientExtensions")}, valuation.rates.at_ns)
    reading.extensions("clientExtensions", "CLIENT_ORDER")
    wanted = client_id(reading.fields.get("clientExtensions"))
    if wanted is not None and book.pending_client(wanted) is not None:
        reading.refuse("CLIENT_ORDER_ID_ALREADY_EXISTS")
    return _Side(name, asked, units, reason or reading.reason, reading.fields)


def _reject_sides(batch: Batch, instrument: str, sides: list[_Side]) -> Outcome:
    """The request as a whole is rejected, with a transaction for every side that is wrong."""
    first = ""
    for side in sides:
        if side.reason is not None:
            first = first or side.reason
            closing = _closeout(side.name, instrument, side.asked)
            fields = {"instrument": instrument, **closing, "reason": "POSITION_CLOSEOUT", "rejectReason": side.reason}
            batch.name(f"{side.name}OrderRejectTransaction", batch.add("MARKET_ORDER_REJECT", fields))
    return batch.refused(first, missing=first == "CLOSEOUT_POSITION_DOESNT_EXIST")


def _closeout(name: str, instrument: str, asked: Value) -> dict[str, Value]:
    return {f"{name}PositionCloseout": {"instrument": instrument, "units": _shown(asked)}}


def _shown(asked: Value) -> str:
    """Units as a client wrote them; ALL where it wrote none."""
    number = read_number(asked)
    return "ALL" if asked is None else format(number, "f") if number is not None else str(asked)[:LONGEST_EXTENSION]


def _part(asked: Value, held: Decimal, increment: Decimal) -> tuple[Decimal, str | None]:
    """How much of what is held a request means, or why it cannot be."""
    if asked is None or asked == "ALL":
        return held, None
    units = read_number(asked)
    if units is None or units <= 0:
        return ZERO, "UNITS_INVALID"
    if not is_multiple(units, increment):
        return units, "UNITS_PRECISION_EXCEEDED"
    return units.quantize(increment), "EXCEEDED" if units > held else None


def _market_fields(instrument: str, units: Decimal, closing: Fields) -> dict[str, Value]:
    return {
        "instrument": instrument,
        "units": units,
        "timeInForce": "FOK",
        "positionFill": "REDUCE_ONLY",
        **closing,
    }


def _send(batch: Batch, part: str, fields: Fields, valuation: Valuation) -> None:
    extra = {"reason": fields["reason"]}
    own = {name: value for name, value in fields.items() if name != "reason"}
    made = create(batch, "MARKET", own, extra, valuation)
    batch.name(f"{part}CreateTransaction", made)
    result = meet_now(batch, batch.book.orders[made.id], valuation)
    batch.name(f"{part}FillTransaction", result.fill)
    batch.name(f"{part}CancelTransaction", result.cancel)


def _reject_close(batch: Batch, part: str, fields: Fields, reason: str) -> Outcome:
    made = batch.add("MARKET_ORDER_REJECT", {"reason": "TRADE_CLOSE", **fields, "rejectReason": reason})
    batch.name(f"{part}RejectTransaction", made)
    return batch.refused(reason, missing=reason.endswith("_DOESNT_EXIST"))


# exits


def set_exits(batch: Batch, specifier: str, body: Fields, valuation: Valuation) -> Outcome:
    """Create, replace or cancel the exits of a trade; one that is wrong rejects the whole request."""
    trade = find_trade(batch.book, specifier)
    if trade is None or not trade.is_open:
        return batch.refused("TRADE_DOESNT_EXIST", missing=True)
    wanted = {name: body[name] for name in _NAMES if name in body}
    if not wanted:
        message = "Invalid JSON, ParseErrorCode: no order specified"
        raise BadRequest(message)
    drafts = {name: _exit_draft(batch, name, given, trade, valuation) for name, given in wanted.items()}
    refused = {name: draft for name, draft in drafts.items() if draft is not None and draft.reason is not None}
    if refused:
        return _reject_exits(batch, refused, trade)
    made = {name: _put_exit(batch, name, draft, trade, valuation) for name, draft in drafts.items()}
    for name, order in made.items():
        if order is not None and batch.book.orders[order.id].is_pending:
            result = meet_now(batch, batch.book.orders[order.id], valuation)
            batch.name(f"{name}OrderFillTransaction", result.fill)
            batch.name(f"{name}OrderCreatedCancelTransaction", result.cancel)
    return batch.done()


def _exit_draft(batch: Batch, name: str, given: Value, trade: Trade, valuation: Valuation) -> Draft | None:
    """The exit asked for; None where the standing one is to be cancelled, a reason where there is none to cancel."""
    kind = _NAMES[name]
    if isinstance(given, Mapping):
        return read_exit(given, kind, trade, batch.book, valuation, batch.at_ns)
    if given is not None:
        message = f"Invalid value specified for '{name}'"
        raise BadRequest(message)
    return None if getattr(trade, EXITS[kind]) is not None else Draft("", {}, "ORDER_DOESNT_EXIST")


def _reject_exits(batch: Batch, refused: Mapping[str, Draft], trade: Trade) -> Outcome:
    first = next(iter(refused.values())).reason or ""
    for name, draft in refused.items():
        if not draft.type:
            made = batch.add("ORDER_CANCEL_REJECT", {"rejectReason": draft.reason})
            batch.name(f"{name}OrderCancelRejectTransaction", made)
            continue
        standing = getattr(trade, EXITS[draft.type])
        extra: dict[str, Value] = {"reason": "CLIENT_ORDER" if standing is None else "REPLACEMENT"}
        if standing is not None:
            extra["intendedReplacesOrderID"] = str(standing)
        made = batch.add(f"{draft.type}_ORDER_REJECT", {**draft.fields, **extra, "rejectReason": draft.reason})
        batch.name(f"{name}OrderRejectTransaction", made)
    return batch.refused(first)


def _put_exit(batch: Batch, name: str, draft: Draft | None, trade: Trade, valuation: Valuation) -> Transaction | None:
    book = batch.book
    standing = book.orders.get(getattr(book.trades[trade.id], EXITS[_NAMES[name]]) or 0)
    if draft is None:
        if standing is not None:
            batch.name(f"{name}OrderCancelTransaction", cancel(batch, standing, "CLIENT_REQUEST"))
        return None
    extra: dict[str, Value] = {"reason": "CLIENT_ORDER"}
    if standing is not None:
        ended = cancel(batch, standing, "CLIENT_REQUEST_REPLACED", book.last_id + 2)
        batch.name(f"{name}OrderCancelTransaction", ended)
        extra = {"reason": "REPLACEMENT", "replacesOrderID": str(standing.id)}
        extra["cancellingTransactionID"] = str(ended.id)
    made = create(batch, draft.type, draft.fields, extra, valuation)
    batch.name(f"{name}OrderTransaction", made)
    return made


# names and configuration


def rename_trade(batch: Batch, specifier: str, body: Fields) -> Outcome:
    """Change the client extensions of an open trade."""
    trade = find_trade(batch.book, specifier)
    reading = Reading(body, batch.at_ns)
    reading.extensions("clientExtensions", "CLIENT_TRADE")
    if not reading.fields:
        reading.refuse("CLIENT_EXTENSIONS_DATA_MISSING")
    wanted = client_id(reading.fields.get("clientExtensions"))
    taken = batch.book.open_client(wanted) if wanted is not None else None
    if taken is not None and (trade is None or taken.id != trade.id):
        reading.refuse("CLIENT_TRADE_ID_ALREADY_EXISTS")
    fields: dict[str, Value] = {}
    number = trade.id if trade is not None else read_number_id(specifier)
    if number is not None:
        fields["tradeID"] = str(number)
    if trade is not None and trade.client_id is not None:
        fields["clientTradeID"] = trade.client_id
    if "clientExtensions" in reading.fields:
        fields["tradeClientExtensionsModify"] = reading.fields["clientExtensions"]
    missing = trade is None or not trade.is_open
    reason = "TRADE_DOESNT_EXIST" if missing else reading.reason
    if reason is not None:
        made = batch.add("TRADE_CLIENT_EXTENSIONS_MODIFY_REJECT", {**fields, "rejectReason": reason})
        batch.name("tradeClientExtensionsModifyRejectTransaction", made)
        return batch.refused(reason, missing=missing)
    made = batch.add("TRADE_CLIENT_EXTENSIONS_MODIFY", fields)
    batch.name("tradeClientExtensionsModifyTransaction", made)
    return batch.done()


def configure(batch: Batch, body: Fields, valuation: Valuation) -> Outcome:
    """Change the account's alias or margin rate."""
    fields: dict[str, Value] = {}
    reason = None if {"alias", "marginRate"} & body.keys() else "CLIENT_CONFIGURE_DATA_MISSING"
    alias, rate = body.get("alias"), read_number(body.get("marginRate"))
    if isinstance(alias, str) and 0 < len(alias) <= LONGEST_EXTENSION:
        fields["alias"] = alias
    elif alias is not None:
        reason = reason or "ALIAS_INVALID"
    if rate is not None and 0 < rate <= 1:
        fields["marginRate"] = rate
    elif body.get("marginRate") is not None:
        reason = reason or "MARGIN_RATE_INVALID"
    if reason is None and rate is not None and _would_close_out(batch.book, rate, valuation):
        reason = "MARGIN_RATE_WOULD_TRIGGER_CLOSEOUT"
    if reason is not None:
        made = batch.add("CLIENT_CONFIGURE_REJECT", {**fields, "rejectReason": reason})
        batch.name("clientConfigureRejectTransaction", made)
        return batch.refused(reason)
    batch.name("clientConfigureTransaction", batch.add("CLIENT_CONFIGURE", fields))
    return batch.done()


def _would_close_out(book: Book, rate: Decimal, valuation: Valuation) -> bool:
    standing = book.margin_rate
    book.margin_rate = rate
    try:
        return valuation.is_closeout()
    finally:
        book.margin_rate = standing
