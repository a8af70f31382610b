"""Shows what happened to an account or an order, one event a row; tells, judges nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rickctl.domain.events import OrderFilled, name_of, number_of, to_json
from rickctl.domain.instants import rfc3339
from rickctl.render.numbers import UNKNOWN, gain_cell, order_text, price_text, units_text
from rickctl.render.view import Cell, Column, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rickctl.domain.events import Event

_COLUMNS = (
    Column("at", "left", drop=3), Column("event", "left"), Column("order"), Column("symbol", "left", drop=4),
    Column("why", "left", drop=1), Column("units", drop=2), Column("price"), Column("result", drop=1),
)  # fmt: skip


def events_table(events: Sequence[Event], currency: str) -> Table:
    """Events in order, with the result of each fill in account currency."""
    return Table(_COLUMNS, [_cells(event, currency) for event in events])


def _cells(event: Event, currency: str) -> tuple[Cell, ...]:
    body = to_json(event)
    result = sum((part.pnl_account for part in event.reduced), Decimal(0)) if isinstance(event, OrderFilled) else None
    number, symbol = number_of(event), str(body.get("symbol", UNKNOWN))
    why = str(body.get("leg") or body.get("reason") or body.get("what") or "").replace("_", " ")
    price = body.get("price") or body.get("trailed")
    units = Decimal(str(body["units"])) if "units" in body else None
    return (
        Cell(rfc3339(event.at_ns - event.at_ns % 1_000_000), "dim"),
        Cell(name_of(event).replace("_", " "), "loud"),
        Cell(UNKNOWN if number is None else order_text(number)),
        Cell(symbol),
        Cell(why or UNKNOWN),
        Cell(units_text(units)),
        Cell(price_text(None if price is None else Decimal(str(price)))),
        Cell(UNKNOWN, "dim") if not result else gain_cell(result, currency),
    )
