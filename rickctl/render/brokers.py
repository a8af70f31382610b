"""Shows brokers, whether they answer and what they can do; asks none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.render.view import Cell, Column, Line, Table, View, line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rickctl.render.view import Json
    from rickctl.services.brokers import BrokerRow

LIST_FIELDS = ("broker", "package", "ready", "modes", "summary", "fault")
LINK_FIELDS = ("broker", "package", "ready", "up", "set_up", "latency_ms", "detail", "fault")
CAPABILITY_FIELDS = (
    "broker", "attaches_exits", "entries", "trails_stops", "holds_expiry", "shorts", "partial_fills",
    "absence_is_proof", "fault",
)  # fmt: skip


def brokers_view(rows: Sequence[BrokerRow]) -> View:
    """Installed brokers."""
    columns = (Column("broker", "left"), Column("package", "left"), Column("modes", "left"), Column("", "left"))
    return View(
        records=[
            {
                "broker": row.name,
                "package": row.package,
                "ready": row.fault is None,
                "modes": _modes(row),
                "summary": row.broker.summary if row.broker else None,
                "fault": row.fault,
            }
            for row in rows
        ],
        blocks=lambda: [
            Table(
                columns,
                [(Cell(r.name, "loud"), Cell(r.package), Cell(", ".join(_modes(r))), _summary(r)) for r in rows],
            )
        ],
        fields=LIST_FIELDS,
    )


def _modes(row: BrokerRow) -> list[str]:
    return [mode.value for mode in row.broker.modes] if row.broker else []


def _summary(row: BrokerRow) -> Cell:
    return Cell(row.broker.summary, "dim") if row.broker else Cell(row.fault or "", "bad")


def links_view(rows: Sequence[BrokerRow]) -> View:
    """Whether each broker answers."""
    columns = (Column("broker", "left"), Column("state", "left"), Column("latency"), Column("", "left"))
    return View(
        records=[
            {
                "broker": row.name,
                "package": row.package,
                "ready": row.fault is None,
                "up": row.link.is_up if row.link else False,
                "set_up": row.link.is_set_up if row.link else False,
                "latency_ms": row.link.latency_ms if row.link else None,
                "detail": row.link.detail if row.link else None,
                "fault": row.fault,
            }
            for row in rows
        ],
        blocks=lambda: [Table(columns, [_link_cells(row) for row in rows])],
        fields=LINK_FIELDS,
    )


def _link_cells(row: BrokerRow) -> tuple[Cell, ...]:
    if row.link is None:
        return (Cell(row.name, "loud"), Cell("broken", "bad"), Cell("–"), Cell(row.fault or "", "bad"))
    down = Cell("down", "bad") if row.link.is_set_up else Cell("not set up", "dim")
    state = Cell("up", "good") if row.link.is_up else down
    latency = "–" if row.link.latency_ms is None else f"{row.link.latency_ms} ms"
    return (Cell(row.name, "loud"), state, Cell(latency), Cell(row.link.detail, "dim"))


def capabilities_view(rows: Sequence[BrokerRow]) -> View:
    """What each broker can do."""
    return View(
        records=[{"broker": row.name, **_capabilities(row), "fault": row.fault} for row in rows],
        blocks=lambda: [text for row in rows for text in _capability_lines(row)],
        fields=CAPABILITY_FIELDS,
    )


def _capabilities(row: BrokerRow) -> dict[str, Json]:
    names = CAPABILITY_FIELDS[1:-1]
    if row.broker is None:
        return dict.fromkeys(names)
    found: dict[str, Json] = dict(row.broker.capabilities._asdict())
    return {**found, "entries": list(row.broker.capabilities.entries)}


def _capability_lines(row: BrokerRow) -> list[Line]:
    if row.broker is None:
        return [line(Cell(row.name, "loud"), "  ", Cell(row.fault or "", "bad"))]
    lines = [line(Cell(row.name, "loud"))]
    for name, value in row.broker.capabilities._asdict().items():
        shown = ", ".join(value) if isinstance(value, tuple) else "yes" if value else "no"
        lines.append(line(Cell(f"  {name.replace('_', ' ').ljust(17)} ", "dim"), shown))
    return lines
