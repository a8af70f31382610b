"""A stream on a terminal repaints one screen and leaves it clean; on a pipe it writes whole lines, at once."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from rickctl.domain.instants import SECOND_NS, parse_instant
from rickctl.domain.instruments import Instruments
from rickctl.domain.market import STALE_NS, Instrument, Quote
from rickctl.domain.scope import DEFAULT_SCOPE
from rickctl.render.prices import quotes_view
from rickctl.services.quotes import QuoteRow
from tests.cli.harness import ROOT, Desk
from tests.cli.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rickctl.render.view import Cell

TAPE = ROOT / "tests" / "fixtures" / "tapes" / "usdjpy-ticks.csv"
NOW = parse_instant("2025-11-19T14:00:00Z")
HIDDEN, VISIBLE = "\x1b[?25l", "\x1b[?25h"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(root=tmp_path)


@pytest.fixture
def piped(desk: Desk) -> Iterator[subprocess.Popen[str]]:
    """A stream without an end, read by somebody."""
    command = [sys.executable, "-m", "rickctl", "stream", "BTC-USD", "ETH-USD", "SOL-USD", "-o", "jsonl"]
    environment = {"PATH": os.environ.get("PATH", ""), **desk.variables()}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def test_every_line_of_a_pipe_is_whole_and_there_at_once(piped: subprocess.Popen[str]) -> None:
    assert piped.stdout is not None
    rows = [json.loads(piped.stdout.readline()) for _ in range(6)]
    assert piped.poll() is None
    assert {row["symbol"] for row in rows[:3]} == {"BTC-USD", "ETH-USD", "SOL-USD"}
    assert all(row["bid"] and row["tradeable"] for row in rows)


def test_a_reader_that_goes_away_ends_the_stream_quietly_with_0(piped: subprocess.Popen[str]) -> None:
    assert piped.stdout is not None
    assert piped.stderr is not None
    piped.stdout.readline()
    piped.stdout.close()
    assert piped.wait(timeout=30) == 0
    assert piped.stderr.read() == ""


def test_an_interrupt_on_a_pipe_ends_with_130_and_no_half_line(piped: subprocess.Popen[str]) -> None:
    assert piped.stdout is not None
    assert piped.stderr is not None
    piped.stdout.readline()
    piped.send_signal(signal.SIGINT)
    rest = piped.stdout.read()
    assert (piped.wait(timeout=30), piped.stderr.read()) == (130, "")
    assert not rest or rest.endswith("\n")
    assert all(json.loads(line) for line in rest.splitlines())


def test_ctrl_c_at_a_terminal_gives_the_cursor_back_and_ends_with_130(desk: Desk) -> None:
    with Terminal(["stream", "BTC-USD", "ETH-USD"], desk.variables()) as terminal:
        terminal.read_until("ETH-USD", times=3)
        terminal.type("\x03")
        assert terminal.finish() == 130
    assert terminal.shown.count(HIDDEN) == terminal.shown.count(VISIBLE) == 1
    assert terminal.shown.rindex(VISIBLE) > terminal.shown.rindex("ETH-USD")
    assert "Traceback" not in terminal.shown
    assert terminal.shown.startswith(HIDDEN)


def test_a_screen_is_repainted_in_place_at_most_ten_times_a_second(desk: Desk) -> None:
    desk.screen = desk.screen._replace(is_terminal=True)
    answer = desk.run("stream", "EUR_USD", "BTC-USD", "--duration", "3s")
    assert answer.code == 0
    assert 3 < answer.stdout.count("symbol") <= 31
    assert answer.stdout.count("Data: sim") == answer.stdout.count("symbol")
    assert answer.stdout.count(HIDDEN) == answer.stdout.count(VISIBLE) == 1


def test_a_table_without_a_terminal_is_json_lines(desk: Desk) -> None:
    answer = desk.run("stream", "EUR_USD", "BTC-USD", "--count", "5")
    assert [json.loads(line)["mode"] for line in answer.stdout.splitlines()] == ["paper"] * 5


def test_csv_has_its_header_once(desk: Desk) -> None:
    answer = desk.run("stream", "EUR_USD", "BTC-USD", "--count", "7", "-o", "csv")
    header, *rows = csv.reader(answer.stdout.splitlines())
    assert header[0] == "symbol"
    assert [row[0] for row in rows[:2]] == ["EUR_USD", "BTC-USD"]
    assert len(rows) == 7


@pytest.mark.parametrize(
    ("words", "count"), [("--count 1", 1), ("--count 4 --duration 1h", 4), ("--duration 50ms", 2), ("--duration 0s", 2)]
)
def test_a_stream_ends_where_it_was_told_to(desk: Desk, words: str, count: int) -> None:
    answer = desk.run("stream", "EUR_USD", "BTC-USD", *words.split())
    assert (answer.code, len(answer.stdout.splitlines())) == (0, count)


@pytest.mark.parametrize("words", ["--count 0", "--count x", "--duration soon", "--duration -1s"])
def test_a_limit_that_cannot_be_met_is_usage(desk: Desk, words: str) -> None:
    assert desk.run("stream", "EUR_USD", *words.split()).code == 2


def test_a_stepped_account_has_nothing_to_stream(desk: Desk) -> None:
    desk.run("account", "create", "tape", "--source", f"replay:{TAPE}", "--speed", "step")
    answer = desk.run("stream", "USD_JPY", "-a", "tape")
    assert (answer.code, answer.stdout) == (2, "")
    assert "account advance tape" in answer.stderr


def quoted(age_ns: int, *, tradeable: bool = True) -> tuple[Cell, ...]:
    """The cells of one quote that was asserted so long ago."""
    instrument: Instrument = Instruments()["EUR_USD"]
    bid, ask = instrument.price(110000), instrument.price(110010)
    asserted_ns = NOW - age_ns
    quote = Quote(
        symbol="EUR_USD",
        bid=bid,
        ask=ask,
        source="fake",
        tradeable=tradeable,
        changed_ns=asserted_ns,
        asserted_ns=asserted_ns,
        received_ns=asserted_ns,
    )
    block = quotes_view([QuoteRow(DEFAULT_SCOPE, instrument, quote, NOW)]).blocks()[0]
    return block.rows[0]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("age_ns", "tradeable", "meaning", "mark"),
    [
        (0, True, "plain", ""),
        (STALE_NS // 2, True, "plain", ""),
        (STALE_NS // 2 + 1, True, "dim", ""),
        (STALE_NS, True, "dim", ""),
        (STALE_NS + 1, True, "dim", "STALE"),
        (3600 * SECOND_NS, False, "dim", "closed"),
    ],
)
def test_an_old_price_turns_dim_then_stale(age_ns: int, tradeable: bool, meaning: str, mark: str) -> None:  # noqa: FBT001
    cells = quoted(age_ns, tradeable=tradeable)
    assert [cell.meaning for cell in cells[1:3]] == [meaning] * 2
    assert cells[-1].text == mark


def test_stale_is_what_the_charter_calls_too_old() -> None:
    assert STALE_NS == 5 * SECOND_NS
