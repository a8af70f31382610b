"""Makes a working order of checked fields, and notes what OANDA's transaction does not say; meets no price."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rickctl.domain.market import Phase
from rickctl.sandbox.oanda.legs import trailing_value
from rickctl.sandbox.oanda.records import NO_HINTS

if TYPE_CHECKING:
    from rickctl.sandbox.oanda.batch import Batch
    from rickctl.sandbox.oanda.records import Fields, Hints, Transaction
    from rickctl.sandbox.oanda.valuation import Valuation


def create(
    batch: Batch,
    kind: str,
    fields: Fields,
    extra: Fields,
    valuation: Valuation,
    *,
    phase: int = Phase.POINT,
    hints: Hints = NO_HINTS,
) -> Transaction:
    """The transaction of a new order; `extra` are fields of the transaction that are not the order's."""
    made = batch.add(f"{kind}_ORDER", {**fields, **extra})
    order = batch.book.orders[made.id]
    noted = replace(order, since_phase=phase, hints=hints)
    quote = valuation.quote(order.instrument) if order.instrument else None
    if quote is not None and quote.bid is not None and quote.ask is not None:
        if kind == "TRAILING_STOP_LOSS":
            instrument = valuation.instrument(order.instrument)
            noted = replace(noted, trailing=trailing_value(batch.book, order, instrument, quote.bid, quote.ask))
        elif kind == "MARKET_IF_TOUCHED":
            noted = replace(noted, initial=quote.ask if order.units > 0 else quote.bid)
    if noted != order:
        batch.book.note(noted)
    return made
