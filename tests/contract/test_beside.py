"""One account whose broker does not answer, beside another one: it is named, and stops no more than it has to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.exchange import SECOND, OandaGround
from tests.contract.ground import SYMBOL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXITS = ("--stop-loss", "20p", "--take-profit", "40p")
BESIDE = f"practice:oanda:{SECOND}"


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[OandaGround]:
    """A second account that has traded."""
    with OandaGround(tmp_path) as made:
        made.move("1.10000")
        assert made.desk.run("order", "place", SYMBOL, "buy", "500", *EXITS, "--account", BESIDE).code == 0
        yield made


def test_one_that_holds_something_and_cannot_be_priced_stops_entries_by_name(ground: OandaGround) -> None:
    ground.fault(path=f"*{SECOND}*", kind="refuse", status=503)
    error = ground.failure("order", "place", SYMBOL, "buy", "1000", *EXITS)
    assert error["exit_code"] == 5
    assert f"what {BESIDE} carries counts here too" in error["message"]


def test_one_that_held_nothing_when_it_was_last_seen_stops_nothing(ground: OandaGround) -> None:
    assert ground.desk.run("position", "close", SYMBOL, "--account", BESIDE).code == 0
    ground.fault(path=f"*{SECOND}*", kind="refuse", status=403)
    answer = ground.run("order", "place", SYMBOL, "buy", "1000", *EXITS)
    assert answer.code == 0
    assert f"{BESIDE} is shown as last written" in answer.stderr


def test_what_only_narrows_asks_nobody_beside(ground: OandaGround) -> None:
    order = ground.place("buy", "1000", *EXITS)["order"]
    ground.fault(path=f"*{SECOND}*", kind="refuse", status=503)
    assert ground.run("order", "modify", str(order), "--stop-loss", "10p").code == 0
    assert ground.run("position", "close", SYMBOL).code == 0


def test_a_status_looks_at_every_mode(ground: OandaGround) -> None:
    seen = ground.desk.run("status").stdout
    assert BESIDE in seen
    assert "paper:paper:main" in seen
