"""What clients ask about orders: create, replace, cancel, rename; each is one batch and one answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.sandbox.oanda.creation import create
from rickctl.sandbox.oanda.drafts import read_order
from rickctl.sandbox.oanda.fills import cancel
from rickctl.sandbox.oanda.meeting import meet_now
from rickctl.sandbox.oanda.reading import Reading, read_number_id
from rickctl.sandbox.oanda.records import client_id

if TYPE_CHECKING:
    from rickctl.sandbox.oanda.batch import Batch
    from rickctl.sandbox.oanda.book import Book
    from rickctl.sandbox.oanda.drafts import Draft
    from rickctl.sandbox.oanda.records import Fields, Hints, Order, Outcome, Value
    from rickctl.sandbox.oanda.valuation import Valuation


def find_order(book: Book, specifier: str) -> Order | None:
    """By id, or `@` and the client's id (a pending one first, else the newest)."""
    if specifier.startswith("@"):
        wanted = specifier[1:]
        found = book.pending_client(wanted)
        return found or next((one for one in reversed(book.orders.values()) if one.client_id == wanted), None)
    return book.orders.get(read_number_id(specifier) or 0)


def submit(batch: Batch, body: Fields, valuation: Valuation, hints: Hints) -> Outcome:
    """Create an order and let it meet the standing price."""
    draft = read_order(body, batch.book, valuation, batch.at_ns)
    if hints.reject is not None:
        draft = draft._replace(reason=hints.reject)
    if draft.reason is not None:
        return _reject(batch, draft, {"reason": "CLIENT_ORDER"})
    made = create(batch, draft.type, draft.fields, {"reason": "CLIENT_ORDER"}, valuation, hints=hints)
    batch.name("orderCreateTransaction", made)
    result = meet_now(batch, batch.book.orders[made.id], valuation)
    batch.name("orderFillTransaction", result.fill)
    batch.name("orderCancelTransaction", result.cancel)
    batch.name("orderReissueTransaction", result.reissue)
    return batch.done()


def replace_order(batch: Batch, specifier: str, body: Fields, valuation: Valuation) -> Outcome:
    """Cancel a working order and create another of its type in its place."""
    order = find_order(batch.book, specifier)
    if order is None or not order.is_pending:
        return _no_order(batch, specifier, order)
    draft = read_order(body, batch.book, valuation, batch.at_ns, order)
    if draft.reason is not None:
        return _reject(batch, draft, {"reason": "REPLACEMENT", "intendedReplacesOrderID": str(order.id)})
    ended = cancel(batch, order, "CLIENT_REQUEST_REPLACED", batch.book.last_id + 2)
    batch.name("orderCancelTransaction", ended)
    extra = {"reason": "REPLACEMENT", "replacesOrderID": str(order.id), "cancellingTransactionID": str(ended.id)}
    made = create(batch, draft.type, draft.fields, extra, valuation)
    batch.name("orderCreateTransaction", made)
    result = meet_now(batch, batch.book.orders[made.id], valuation)
    batch.name("orderFillTransaction", result.fill)
    batch.name("replacingOrderCancelTransaction", result.cancel)
    return batch.done()


def cancel_order(batch: Batch, specifier: str) -> Outcome:
    """Cancel a working order."""
    order = find_order(batch.book, specifier)
    if order is None or not order.is_pending:
        return _no_order(batch, specifier, order)
    batch.name("orderCancelTransaction", cancel(batch, order, "CLIENT_REQUEST"))
    return batch.done()


def rename_order(batch: Batch, specifier: str, body: Fields) -> Outcome:
    """Change the client extensions of a working order, or those its trade will have."""
    order = find_order(batch.book, specifier)
    reading = Reading(body, batch.at_ns)
    reading.extensions("clientExtensions", "CLIENT_ORDER")
    reading.extensions("tradeClientExtensions", "CLIENT_TRADE")
    if not reading.fields:
        reading.refuse("CLIENT_EXTENSIONS_DATA_MISSING")
    wanted = client_id(reading.fields.get("clientExtensions"))
    taken = batch.book.pending_client(wanted) if wanted is not None else None
    if taken is not None and (order is None or taken.id != order.id):
        reading.refuse("CLIENT_ORDER_ID_ALREADY_EXISTS")
    fields = _named(specifier, order)
    for ours in ("clientExtensions", "tradeClientExtensions"):
        if ours in reading.fields:
            fields[f"{ours}Modify"] = reading.fields[ours]
    missing = order is None or not order.is_pending
    reason = "ORDER_DOESNT_EXIST" if missing else reading.reason
    stem = "ORDER_CLIENT_EXTENSIONS_MODIFY"
    if reason is not None:
        rejected = batch.add(f"{stem}_REJECT", {**fields, "rejectReason": reason})
        batch.name("orderClientExtensionsModifyRejectTransaction", rejected)
        return batch.refused(reason, missing=missing)
    batch.name("orderClientExtensionsModifyTransaction", batch.add(stem, fields))
    return batch.done()


def _reject(batch: Batch, draft: Draft, extra: Fields) -> Outcome:
    reason = draft.reason or ""
    made = batch.add(f"{draft.type}_ORDER_REJECT", {**draft.fields, **extra, "rejectReason": reason})
    batch.name("orderRejectTransaction", made)
    return batch.refused(reason, missing=draft.is_missing)


def _no_order(batch: Batch, specifier: str, order: Order | None) -> Outcome:
    made = batch.add("ORDER_CANCEL_REJECT", {**_named(specifier, order), "rejectReason": "ORDER_DOESNT_EXIST"})
    batch.name("orderCancelRejectTransaction", made)
    return batch.refused("ORDER_DOESNT_EXIST", missing=True)


def _named(specifier: str, order: Order | None) -> dict[str, Value]:
    """How a transaction names the order a request meant."""
    fields: dict[str, Value] = {}
    number = order.id if order is not None else read_number_id(specifier)
    if number is not None:
        fields["orderID"] = str(number)
    named = order.client_id if order is not None else specifier[1:] if specifier.startswith("@") else None
    if named:
        fields["clientOrderID"] = named
    return fields
