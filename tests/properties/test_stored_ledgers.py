"""Through the front door: the records a day leaves in the store are the same bytes however often rickctl was run."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from rickctl.domain.account import parse_state
from rickctl.domain.events import from_json
from rickctl.domain.instants import MINUTE_NS
from rickctl.domain.scope import Mode, Scope
from rickctl.store.state import Store
from tests.cli.harness import Desk, FakeClock
from tests.properties.kit import IS_FULL
from tests.properties.plans import Draws

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

START = "2026-11-18T18:00:00Z"
MINUTES = 24 * 60 if IS_FULL else 11 * 60
EVERY = 1 if IS_FULL else 11
TERMS = ("--currency", "EUR", "--seed", "3", "--slippage", "random:0.5p", "--commission", "35/million")
ORDERS = (
    "EUR_USD buy 40_000 --stop-loss 6p --take-profit 8p",
    "USD_JPY sell 30_000 --stop-loss 25p --take-profit 40p --trailing 8p",
    "XAU_USD buy 12 --stop-loss 0.5% --take-profit 2R --trailing 0.2%",
    "GBP_JPY buy 20_000 --limit 199 --stop-loss 60p --take-profit 90p --ttl 3h",
    "AUD_USD sell 35_000 --stop-loss 8p --take-profit 10p",
)


class Person:
    """Somebody with a terminal, an account on either clock, and nothing kept between two commands but the folders."""

    def __init__(self, root: Path, speed: str) -> None:
        self.desk = Desk(root=root, clock=FakeClock(START))
        self.speed = speed
        begins = ("--start", START) if speed == "step" else ()
        self.run("account", "create", "day", *TERMS, "--speed", speed, *begins)

    def run(self, *argv: str) -> str:
        answer = self.desk.run(*argv)
        assert answer.code == 0, answer
        return answer.stdout

    def go(self, minutes: int) -> None:
        """Carry on for some minutes and look: a write on either clock, and two reads that must change nothing."""
        if self.speed == "step":
            self.run("account", "advance", "day", "--by", f"{minutes}m")
        else:
            self.desk.clock.instant_ns += minutes * MINUTE_NS
            self.run("positions", "--account", "day", "-o", "json")
            self.run("order", "cancel", "1", "--account", "day")

    def trade(self) -> None:
        """The orders of the day, a minute apart; the first is cancelled before it can fill."""
        self.place("EUR_USD buy 10_000 --limit 1.08 --stop-loss 20p --take-profit 40p")
        self.run("order", "cancel", "1", "--account", "day")
        for words in ORDERS:
            self.place(words)
            self.wait()

    def wait(self) -> None:
        """A minute passes."""
        if self.speed == "step":
            self.run("account", "advance", "day", "--by", "1m")
        else:
            self.desk.clock.advance("1m")

    def place(self, words: str) -> None:
        symbol = words.split(maxsplit=1)[0]
        bid = json.loads(self.run("quote", symbol, "--account", "day", "-o", "json"))[0]["bid"]
        self.run(
            "order", "place", *_near(words.replace("_000", "000"), bid).split(), "--quality", "90", "--account", "day"
        )

    def ledger(self) -> list[tuple[int | None, str]]:
        """What the store holds of the account: the order each record is about, and its bytes."""
        folders, scope = self.desk.folders, Scope(Mode.PAPER, "paper", "day")
        with closing(Store.open(folders.state, folders.config, self.desk.clock, write=False)) as store:
            row = store.account(scope)
            assert row is not None
            rows = store.ledger(scope)
            assert store.verify() == []
        folded = parse_state(row.state)
        assert folded.n == len(rows) == from_json(json.loads(rows[-1].body)).n
        return [(held.number, held.body) for held in rows]


def _near(words: str, bid: str) -> str:
    """A limit entry is written a fraction of a percent under the price of the moment."""
    if "--limit" not in words:
        return words
    before, _, rest = words.partition("--limit ")
    _, _, after = rest.partition(" ")
    digits = len(bid.partition(".")[2])
    whole = int(bid.replace(".", "")) * 9990 // 10000
    return f"{before}--limit {str(whole)[:-digits]}.{str(whole)[-digits:]} {after}"


def pieces(name: str) -> Iterator[int]:
    """Minutes between two commands of a person who comes and goes."""
    draws, left = Draws(name), MINUTES
    while left:
        part = min(left, 1 + draws.below((3, 30, 240)[draws.below(3)]))
        left -= part
        yield part


def live(root: Path, speed: str, minutes: Iterable[int]) -> list[tuple[int | None, str]]:
    person = Person(root, speed)
    person.trade()
    for length in minutes:
        person.go(length)
    return person.ledger()


@pytest.mark.parametrize("speed", ["step", "wall"])
def test_a_day_of_commands_leaves_the_same_records_however_many_they_were(tmp_path: Path, speed: str) -> None:
    rarely = live(tmp_path / "rarely", speed, [MINUTES])
    told = [json.loads(body) for _, body in rarely]
    assert len({event.get("leg") for event in told} - {None}) >= 4
    assert live(tmp_path / "often", speed, [EVERY] * (MINUTES // EVERY)) == rarely
    assert live(tmp_path / "sometimes", speed, pieces(speed)) == rarely
