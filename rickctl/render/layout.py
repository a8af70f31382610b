"""Lays tables out: column widths, what is dropped on a narrow screen, padding; prints nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rickctl.render.clean import clean_text
from rickctl.render.view import Cell, Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NARROWEST = 40
_GAP = "  "


class Screen(NamedTuple):
    """What the output stream is: a terminal or not, its width in columns, and whether colour is wanted."""

    is_terminal: bool
    width: int
    has_colour: bool


def fit_columns(table: Table, width: int) -> Table:
    """The table without the columns that do not fit, the most expendable first; a kept row is never cut."""
    columns = list(table.columns)
    kept = list(range(len(columns)))
    while True:
        rows = [[clean_text(row[index].text) for index in kept] for row in table.rows]
        needed = sum(_widths([columns[index] for index in kept], rows)) + len(_GAP) * (len(kept) - 1)
        expendable = [index for index in kept if columns[index].drop]
        if needed <= width or not expendable:
            break
        kept.remove(max(expendable, key=lambda index: columns[index].drop))
    cut: list[tuple[Cell, ...]] = [tuple(row[index] for index in kept) for row in table.rows]
    return Table(tuple(columns[index] for index in kept), cut)


def padded_cells(table: Table) -> tuple[list[str], list[list[Cell]]]:
    """Headings and cells of a table padded to their columns' widths, cleaned, for the terminal to style."""
    texts = [[clean_text(cell.text) for cell in row] for row in table.rows]
    widths = _widths(table.columns, texts)
    headings = [_fill(column.name, column, width) for column, width in zip(table.columns, widths, strict=True)]
    cells = [
        [
            Cell(_fill(text, column, width), cell.meaning)
            for text, cell, column, width in zip(row_texts, row, table.columns, widths, strict=True)
        ]
        for row_texts, row in zip(texts, table.rows, strict=True)
    ]
    return headings, cells


def _fill(text: str, column: Column, width: int) -> str:
    return text.ljust(width) if column.align == "left" else text.rjust(width)


def aligned_lines(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[str]:
    """Headings and rows as lines of equal columns, nothing cut."""
    widths = _widths(columns, rows)
    lines = [_pad([column.name for column in columns], columns, widths)]
    lines.extend(_pad(row, columns, widths) for row in rows)
    return lines


def _widths(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> list[int]:
    widths = [len(column.name) for column in columns]
    for row in rows:
        widths = [max(width, len(text)) for width, text in zip(widths, row, strict=True)]
    return widths


def _pad(texts: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> str:
    padded = [
        text.ljust(width) if column.align == "left" else text.rjust(width)
        for text, column, width in zip(texts, columns, widths, strict=True)
    ]
    return _GAP.join(padded).rstrip()
