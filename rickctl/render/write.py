"""Writes a View to a stream in the chosen format; the only writer of data, it computes nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TextIO, TypeVar

from rickctl.domain.errors import UsageError
from rickctl.render.clean import clean_text, escape_hidden
from rickctl.render.layout import aligned_lines
from rickctl.render.view import Line, View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rickctl.render.layout import Screen

FORMATS = ("table", "json", "jsonl", "csv")
Row = TypeVar("Row")


def check_format(name: str) -> str:
    """The format's name in lower case. Raises UsageError."""
    lowered = name.strip().lower()
    if lowered not in FORMATS:
        message = f"output {name!r} is not one of {', '.join(FORMATS)}"
        raise UsageError(message, code="bad_output")
    return lowered


def write_view(view: View, *, output: str, badge: str, screen: Screen, out: TextIO) -> None:
    """Print one result: data only on `out`; the badge leads what a person reads, where there is one."""
    if output == "json":
        out.write(json_text(view.records) + "\n")
    elif output == "jsonl":
        out.writelines(json_text(record) + "\n" for record in view.flat())
    elif output == "csv":
        _write_csv(view, out)
    elif screen.is_terminal:
        _write_terminal(view, badge, screen, out)
    else:
        out.writelines(text + "\n" for text in plain_lines(view, badge))
    out.flush()


def write_rounds(
    rounds: Iterator[tuple[Sequence[Row], Sequence[Row]]],
    view_of: Callable[[Sequence[Row]], View],
    *,
    output: str,
    badge: str,
    screen: Screen,
    out: TextIO,
    text_of: Callable[[Sequence[Row]], str] | None = None,
) -> None:
    """Print rounds of (all rows, changed rows): repainted on a terminal, else a flushed line a change.

    `text_of` is a shorter way to the same lines of JSON.
    """
    if output == "table" and screen.is_terminal:
        from rickctl.render.live import paint_all  # noqa: PLC0415 - rich is loaded for a person only

        paint_all(badge, screen, out, (view_of(rows).blocks for rows, _ in rounds))
        return
    has_header = False
    for _, changed in rounds:
        if output == "csv":
            _write_csv(view_of(changed), out, with_header=not has_header)
            has_header = True
        elif text_of is not None:
            out.write(text_of(changed))
        else:
            out.writelines(json_text(record) + "\n" for record in view_of(changed).flat())
        out.flush()


def write_watch(views: Iterator[View], *, output: str, badge: str, screen: Screen, out: TextIO) -> None:
    """Print one result after another: repainted on a terminal, else each whole, a line where it is JSON."""
    if output == "table" and screen.is_terminal:
        from rickctl.render.live import paint_all  # noqa: PLC0415 - rich is loaded for a person only

        paint_all(badge, screen, out, (view.blocks for view in views))
        return
    for count, view in enumerate(views):
        if output == "csv" and count:
            _write_csv(view, out, with_header=False)
            out.flush()
        else:
            write_view(view, output=output, badge=badge, screen=screen, out=out)


def json_text(value: object) -> str:
    """One line of JSON; text stays readable, order is the record's own."""
    return escape_hidden(json.dumps(value, ensure_ascii=False, separators=(", ", ": ")))


def _write_csv(view: View, out: TextIO, *, with_header: bool = True) -> None:
    import csv  # noqa: PLC0415 - only this format needs it

    writer = csv.writer(out, lineterminator="\n")
    if with_header:
        writer.writerow(view.fields)
    for record in view.flat():
        writer.writerow([_csv_cell(record.get(name)) for name in view.fields])


def _csv_cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        guarded = value if not value.startswith(("=", "@", "\t", "\r")) else "'" + value
        return clean_text(guarded)
    return str(value) if isinstance(value, int) else json_text(value)


def plain_lines(view: View, badge: str) -> list[str]:
    """The whole result as aligned text, nothing cut, numbers without grouping."""
    lines = [badge, ""] if badge else []
    for block in view.blocks():
        if isinstance(block, Line):
            lines.append("".join(ungrouped(cell.text) for cell in block.cells).rstrip())
        else:
            lines.extend(aligned_lines(block.columns, [[ungrouped(cell.text) for cell in row] for row in block.rows]))
    return [clean_text(text) for text in lines]


def ungrouped(text: str) -> str:
    """`1 085 200.50` as `1085200.50`: a script reads it, and copies it back."""
    from re import sub  # noqa: PLC0415 - only text output needs it

    return sub(r"(?<=\d) (?=\d{3}(?!\d))", "", text)


def _write_terminal(view: View, badge: str, screen: Screen, out: TextIO) -> None:
    from rickctl.render.terminal import print_blocks  # noqa: PLC0415 - rich is loaded for a person only

    print_blocks(badge, view.blocks(), screen, out)
