"""Shows a sandbox that has begun and the faults it can be asked for; starts nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.render.view import Cell, Column, Line, Table, View, line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rickctl.domain.sandbox import FaultKind, OpenedSandbox

SANDBOX_FIELDS = (
    "venue", "url", "token", "accounts", "source", "seed", "state", "ca_file", "control_url", "paste",
)  # fmt: skip
FAULT_FIELDS = ("kind", "strikes", "terms", "about")


def sandbox_view(opened: OpenedSandbox) -> View:
    """Where a venue is and the lines to paste to reach it."""
    return View(
        records={
            "venue": opened.venue,
            "url": opened.url,
            "token": opened.token,
            "accounts": list(opened.accounts),
            "source": opened.source,
            "seed": opened.seed,
            "state": str(opened.state),
            "ca_file": None if opened.ca_file is None else str(opened.ca_file),
            "control_url": opened.control_url,
            "paste": list(opened.paste),
        },
        blocks=lambda: _blocks(opened),
        fields=SANDBOX_FIELDS,
        is_single=True,
    )


def _blocks(opened: OpenedSandbox) -> list[Table | Line]:
    control = () if opened.control_url is None else (line("control  ", opened.control_url),)
    return [
        line(Cell(opened.venue.ljust(9), "loud"), opened.url),
        line(f"market   {opened.source}, seed {opened.seed}"),
        line(f"state    {opened.state}"),
        *control,
        line(""),
        line(Cell("in another terminal (Ctrl-C here ends it):", "dim")),
        line(""),
        *(line(text) for text in opened.paste),
    ]


def faults_view(kinds: Sequence[FaultKind]) -> View:
    """Every kind of fault with its terms."""
    columns = (
        Column("kind", "left"),
        Column("strikes", "left", drop=2),
        Column("terms", "left", drop=1),
        Column("", "left"),
    )
    return View(
        records=[kind._asdict() for kind in kinds],
        blocks=lambda: [Table(columns, [(Cell(one.kind, "loud"), *map(Cell, one[1:])) for one in kinds])],
        fields=FAULT_FIELDS,
    )
