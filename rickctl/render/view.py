"""What a command has to show, before any format is chosen: JSON-ready records and the blocks a person reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Json = str | int | bool | None | Sequence["Json"] | Mapping[str, "Json"]
    Record = Mapping[str, Json]


class Cell(NamedTuple):
    """One piece of text and what it means: plain, dim, good, bad, warn, loud or key."""

    text: str
    meaning: str = "plain"


class Column(NamedTuple):
    """A heading, its side, and how soon it is dropped when the screen is narrow (0 is never)."""

    name: str
    align: str = "right"
    drop: int = 0


class Table(NamedTuple):
    """Rows under headings; every row has a cell a column."""

    columns: tuple[Column, ...]
    rows: list[tuple[Cell, ...]]


def drop_unknown(table: Table) -> Table:
    """The table without those of its expendable columns that hold nothing but `–`."""
    kept = [
        place
        for place, column in enumerate(table.columns)
        if not column.drop or any(row[place].text != "–" for row in table.rows)
    ]
    rows = [tuple(row[place] for place in kept) for row in table.rows]
    return Table(tuple(table.columns[place] for place in kept), rows)


class Line(NamedTuple):
    """One line made of cells, printed as they stand."""

    cells: tuple[Cell, ...]


def line(*parts: str | Cell) -> Line:
    """A line from texts and cells."""
    return Line(tuple(part if isinstance(part, Cell) else Cell(part) for part in parts))


class View(NamedTuple):
    """One result: `records` is what JSON prints (a list, or one object when `is_single`), `blocks` what a person reads.

    `fields` names the CSV columns; `rows` are the records CSV and JSON lines print where they differ from `records`.
    """

    records: Sequence[Record] | Record
    blocks: Callable[[], Sequence[Table | Line]]
    fields: tuple[str, ...]
    is_single: bool = False
    rows: Sequence[Record] | None = None

    def flat(self) -> Sequence[Record]:
        """The records as a list, for the formats that print one a line."""
        if self.rows is not None:
            return self.rows
        return [self.records] if self.is_single else self.records  # type: ignore[list-item,return-value]
