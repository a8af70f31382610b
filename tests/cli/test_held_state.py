"""Somebody keeps the state to himself: reads give up within seconds, and what a kill refuses waits for nobody."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from rickctl.app.system import SystemClock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.harness import Desk

BUY = ("order", "place", "BTC-USD", "buy", "0.1", "--stop-loss", "2%", "--take-profit", "2R")


@contextmanager
def held(desk: Desk, *, from_readers: bool) -> Iterator[None]:
    """Another process's transaction, which keeps writers out, or readers as well."""
    desk.clock.instant_ns = SystemClock().now_ns()
    assert desk.run(*BUY).code == 0
    with closing(sqlite3.connect(desk.folders.state / "rickctl.db", isolation_level=None)) as holder:
        if from_readers:
            holder.execute("PRAGMA locking_mode = EXCLUSIVE")
        holder.execute("BEGIN EXCLUSIVE")
        holder.execute("CREATE TABLE held (word)")
        yield
        holder.execute("ROLLBACK")


@pytest.mark.parametrize("line", [("positions",), ("quote", "BTC-USD"), ("order", "list"), ("why", "1")], ids=" ".join)
def test_a_read_waits_two_seconds_and_says_what_is_in_the_way(desk: Desk, line: tuple[str, ...]) -> None:
    with held(desk, from_readers=True):
        begun = time.monotonic()
        answer = desk.run(*line, "-o", "json")
        took = time.monotonic() - begun
    assert (answer.code, answer.stdout) == (3, "")
    assert json.loads(answer.stderr)["code"] == "state_locked"
    assert 1 < took < 6


@pytest.mark.parametrize("from_readers", [False, True])
def test_an_entry_under_a_kill_is_refused_at_once(desk: Desk, *, from_readers: bool) -> None:
    with held(desk, from_readers=from_readers):
        (desk.folders.state / "killed.json").write_text('{"reason": "odd fills", "set_ns": 1}', encoding="utf-8")
        begun = time.monotonic()
        answer = desk.run(*BUY, "--key", "k", "-o", "json")
        took = time.monotonic() - begun
    told = json.loads(answer.stderr)
    assert (answer.code, told["code"], told["message"]) == (6, "kill_latch", "trading is killed: odd fills")
    assert took < 2


def test_an_entry_under_a_kill_is_on_record_where_the_state_is_free(desk: Desk) -> None:
    assert desk.run("kill", "--reason", "odd fills").code == 0
    answer = desk.run(*BUY, "-o", "json")
    assert (answer.code, json.loads(answer.stderr)["order"]) == (6, 1)
