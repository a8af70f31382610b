"""One result in every format."""

from __future__ import annotations

import csv
import io
import json

import pytest

from rickctl.domain.errors import UsageError
from rickctl.render.layout import Screen, fit_columns
from rickctl.render.view import Cell, Column, Table, View, line
from rickctl.render.write import check_format, write_view

PIPE = Screen(is_terminal=False, width=80, has_colour=False)
COLUMNS = (Column("symbol", "left"), Column("bid"), Column("note", "left", drop=2), Column("venue", "left", drop=1))
VIEW = View(
    records=[{"symbol": "EUR_USD", "bid": "1.08512", "note": None}, {"symbol": "=cmd", "bid": "12", "note": "a,b"}],
    blocks=lambda: [
        Table(
            COLUMNS, [tuple(map(Cell, ("EUR_USD", "1 085.12", "calm", "sim"))), tuple(map(Cell, ("X", "2", "", "y")))]
        )
    ],
    fields=("symbol", "bid", "note"),
)


def written(view: View, output: str, screen: Screen = PIPE) -> str:
    out = io.StringIO()
    write_view(view, output=output, badge="Data: sim | Exec: paper", screen=screen, out=out)
    return out.getvalue()


def test_json_is_one_document() -> None:
    assert json.loads(written(VIEW, "json")) == VIEW.records


def test_json_lines_are_one_object_each() -> None:
    assert [json.loads(text) for text in written(VIEW, "jsonl").splitlines()] == list(VIEW.records)


def test_csv_has_its_header_and_defuses_formulas() -> None:
    rows = list(csv.reader(io.StringIO(written(VIEW, "csv"))))

    assert rows == [["symbol", "bid", "note"], ["EUR_USD", "1.08512", ""], ["'=cmd", "12", "a,b"]]


@pytest.mark.parametrize(("output", "text"), [("json", "[]\n"), ("jsonl", ""), ("csv", "symbol,bid,note\n")])
def test_nothing_is_an_empty_list_or_a_bare_header(output: str, text: str) -> None:
    empty = View(records=[], blocks=list, fields=VIEW.fields)

    assert written(empty, output) == text


def test_a_pipe_gets_aligned_text_with_numbers_a_script_can_read() -> None:
    assert written(VIEW, "table") == (
        "Data: sim | Exec: paper\n"
        "\n"
        "symbol       bid  note  venue\n"
        "EUR_USD  1085.12  calm  sim\n"
        "X              2        y\n"
    )


def test_a_narrow_terminal_loses_the_most_expendable_column_first_and_never_a_digit() -> None:
    [table] = VIEW.blocks()
    assert isinstance(table, Table)

    assert [column.name for column in fit_columns(table, 80).columns] == ["symbol", "bid", "note", "venue"]
    assert [column.name for column in fit_columns(table, 28).columns] == ["symbol", "bid", "venue"]
    assert [column.name for column in fit_columns(table, 5).columns] == ["symbol", "bid"]


def test_a_terminal_without_colour_gets_the_same_words_and_no_escape() -> None:
    screen = Screen(is_terminal=True, width=80, has_colour=False)

    shown = written(VIEW, "table", screen)

    assert "\x1b" not in shown
    assert "EUR_USD  1 085.12  calm  sim" in shown


def test_live_stands_out_in_reverse_video() -> None:
    out = io.StringIO()
    screen = Screen(is_terminal=True, width=80, has_colour=True)
    view = View(records={}, blocks=lambda: [line("held")], fields=(), is_single=True)

    write_view(view, output="table", badge="Data: live | Exec: LIVE", screen=screen, out=out)

    assert "\x1b[1;7;31mData: live | Exec: LIVE\x1b[0m" in out.getvalue()


def test_markup_and_escapes_from_outside_are_printed_as_they_are_written() -> None:
    screen = Screen(is_terminal=True, width=80, has_colour=True)
    view = View(records={}, blocks=lambda: [line("[bold]x[/bold] \x1b]8;;evil\x07")], fields=(), is_single=True)

    assert "[bold]x[/bold] �]8;;evil�" in written(view, "table", screen)


def test_an_unknown_format_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="output 'xml' is not one of table, json, jsonl, csv"):
        check_format("xml")
