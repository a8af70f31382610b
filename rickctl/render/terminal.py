"""Draws blocks on a terminal with rich; receives finished text and never computes a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.text import Span, Text

from rickctl.render.clean import clean_text
from rickctl.render.layout import NARROWEST, fit_columns, padded_cells
from rickctl.render.view import Cell, Line, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rickctl.render.layout import Screen

STYLES = {
    "plain": "",
    "dim": "dim",
    "good": "green",
    "bad": "red",
    "warn": "yellow",
    "loud": "bold",
    "key": "cyan",
    "live": "bold reverse red",
}


def print_blocks(badge: str, blocks: Sequence[Table | Line], screen: Screen, out: TextIO) -> None:
    """Print the badge and the blocks; rows are never wrapped and never cut."""
    console = open_console(screen, out)
    for text in page_texts(badge, blocks, screen.width):
        _print(console, text)


def page_texts(badge: str, blocks: Sequence[Table | Line], width: int) -> list[Text]:
    """Badge and blocks as styled lines; the last one says so where columns had to go."""
    lines = [badge_text(badge), Text("")] if badge else []
    hidden = 0
    for block in blocks:
        texts, dropped = block_texts(block, width)
        lines.extend(texts)
        hidden += dropped
    if hidden:
        count = "1 column" if hidden == 1 else f"{hidden} columns"
        lines.append(Text(f"{count} hidden; widen the terminal or use -o json", style=STYLES["dim"]))
    return lines


def badge_text(badge: str) -> Text:
    """The badge; LIVE stands out by its word and by reverse video."""
    return Text(clean_text(badge), style=STYLES["live"] if "LIVE" in badge else STYLES["dim"])


def block_texts(block: Table | Line, width: int) -> tuple[list[Text], int]:
    """The lines of one block as styled text, and how many of a table's least important columns did not fit."""
    if isinstance(block, Line):
        return [_joined([Cell(clean_text(cell.text), cell.meaning) for cell in block.cells], "")], 0
    table = fit_columns(block, max(width, NARROWEST))
    headings, rows = padded_cells(table)
    lines = [Text("  ".join(headings).rstrip(), style=STYLES["dim"]), *(_joined(row, "  ") for row in rows)]
    return lines, len(block.columns) - len(table.columns)


def _joined(cells: Sequence[Cell], gap: str) -> Text:
    """Cells as one text, made in one go: a screen is repainted ten times a second."""
    spans, place = [], 0
    for cell in cells:
        if STYLES[cell.meaning]:
            spans.append(Span(place, place + len(cell.text), STYLES[cell.meaning]))
        place += len(cell.text) + len(gap)
    text = Text(gap.join([cell.text for cell in cells]), spans=spans)
    if gap:
        text.rstrip()
    return text


def open_console(screen: Screen, out: TextIO) -> Console:
    """A rich console that guesses nothing: colours, width and terminal are what the screen says."""
    return Console(
        file=out,
        width=screen.width,
        force_terminal=True,
        color_system="standard" if screen.has_colour else None,
        no_color=not screen.has_colour,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        _environ={},
    )


def _print(console: Console, text: Text) -> None:
    console.print(text, soft_wrap=True)
