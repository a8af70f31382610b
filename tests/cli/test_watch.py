"""`--watch` asks again every second: repainted at a terminal, whole answers one after another on a pipe."""

from __future__ import annotations

import csv
import json
from io import StringIO
from typing import TYPE_CHECKING

import pytest

from rickctl.app import App
from rickctl.cli import run
from tests.cli.harness import Desk, FakeClock
from tests.cli.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

WATCHED = ("quote EUR_USD BTC-USD", "positions", "pnl")


class ImpatientClock(FakeClock):
    """A clock on which somebody presses Ctrl-C after so many waits; it keeps how long each was."""

    def __init__(self, waits: int) -> None:
        super().__init__()
        self._waits = waits
        self.slept_ns: list[int] = []

    def sleep_ns(self, length_ns: int) -> None:
        self.slept_ns.append(length_ns)
        if len(self.slept_ns) > self._waits:
            raise KeyboardInterrupt
        super().sleep_ns(length_ns)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(root=tmp_path)


def watch(desk: Desk, *words: str, waits: int = 2) -> tuple[int, str, ImpatientClock]:
    """What a watch printed until it was interrupted."""
    out, clock = StringIO(), ImpatientClock(waits)
    app = App(out=out, err=StringIO(), screen=desk.screen, environment=desk.variables(), clock=clock)
    return run([*words, "--watch"], app), out.getvalue(), clock


@pytest.mark.parametrize("words", WATCHED)
def test_each_round_is_a_line_of_json_a_second_apart_until_interrupted(desk: Desk, words: str) -> None:
    code, out, clock = watch(desk, *words.split(), "-o", "json")
    assert code == 130
    assert len([json.loads(line) for line in out.splitlines()]) == 3
    assert clock.slept_ns == [1_000_000_000] * 3


def test_a_watched_quote_moves_with_the_market(desk: Desk) -> None:
    _, out, _ = watch(desk, "quote", "BTC-USD", "-o", "json", waits=5)
    rows = [json.loads(line)[0] for line in out.splitlines()]
    assert len({row["bid"] for row in rows}) > 1
    assert [row["received_at"][17:19] for row in rows] == ["00", "01", "02", "03", "04", "05"]


def test_csv_of_a_watch_has_its_header_once(desk: Desk) -> None:
    _, out, _ = watch(desk, "quote", "EUR_USD", "BTC-USD", "-o", "csv")
    rows = list(csv.reader(out.splitlines()))
    assert [row[0] for row in rows] == ["symbol", *["EUR_USD", "BTC-USD"] * 3]


def test_at_a_terminal_the_same_screen_is_repainted(desk: Desk) -> None:
    desk.screen = desk.screen._replace(is_terminal=True)
    code, out, _ = watch(desk, "quote", "EUR_USD", "BTC-USD")
    assert code == 130
    assert out.count("Data: sim") == out.count("symbol") >= 3
    assert (out.count("\x1b[?25l"), out.count("\x1b[?25h")) == (1, 1)


def test_ctrl_c_at_a_terminal_gives_the_cursor_back_and_ends_with_130(desk: Desk) -> None:
    with Terminal(["quote", "BTC-USD", "--watch"], desk.variables()) as terminal:
        terminal.read_until("BTC-USD", times=2)
        terminal.type("\x03")
        assert terminal.finish() == 130
    assert terminal.shown.count("\x1b[?25l") == terminal.shown.count("\x1b[?25h") == 1
    assert "Traceback" not in terminal.shown


def test_there_is_nothing_to_watch_in_the_past(desk: Desk) -> None:
    answer = desk.run("quote", "EUR_USD", "--watch", "--at", "2025-11-19T13:00:00Z")
    assert (answer.code, answer.stdout) == (2, "")
