"""`kill -9` of a command that waits for a venue's answer: a process against an exchange that is a process too.

Whatever the venue made of the request, nothing is sent a second time, and what it made is found again.
"""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import pytest

from rickctl.domain.orders import IntentState
from tests.faults.ground import Ground, look
from tests.sandbox.process_kit import started

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.faults.crowd import Crowd, Ended
    from tests.sandbox.process_kit import Box

SYMBOL = "EUR_USD"
PATIENCE_S = 20
LATE = "4s"
FAR = ("--limit", "1.09", "--stop-loss", "20p", "--take-profit", "40p")


class Shore(NamedTuple):
    """One of our accounts at a venue that runs beside us."""

    ground: Ground
    box: Box
    account: str

    @classmethod
    def land(cls, root: Path, crowd: Crowd, box: Box) -> Self:
        """A machine that is pointed at the venue and may trade in practice."""
        ground = Ground(root, crowd)
        ground.environment |= {"RICKCTL_OANDA_URL": box.told["url"], "OANDA_PRACTICE_TOKEN": box.told["token"]}
        box.call("/_control/market", {"symbol": SYMBOL, "price": "1.10000"}, "POST")
        charter = ground.run("charter", "validate").json()
        ground.run("charter", "seal", "--mode", "practice", "--expect", charter["hash"])
        return cls(ground, box, f"practice:oanda:{box.told['accounts'][0]}")

    def argv(self, *words: str) -> tuple[str, ...]:
        return (*words, "--account", self.account)

    def run(self, *words: str, codes: Sequence[int] = (0,)) -> Ended:
        return self.ground.run(*self.argv(*words), codes=codes)

    def place(self, units: str, *words: str) -> int:
        exits = words or ("--stop-loss", "20p", "--take-profit", "40p")
        number: int = self.run("order", "place", SYMBOL, "buy", units, *exits).json()["order"]
        return number

    def fault(self, **written: Any) -> None:  # noqa: ANN401 - terms of a fault
        self.box.call("/_control/faults", written, "POST")

    def venue(self, path: str) -> Any:  # noqa: ANN401 - JSON of the venue
        return self.box.call(f"/v3/accounts/{self.account.rpartition(':')[2]}{path}")

    def kill_while_it_waits(self, *words: str) -> None:
        """Start a command, and SIGKILL it once the venue has its request."""
        (command,) = self.ground.start(self.argv(*words))
        until = time.monotonic() + PATIENCE_S
        while not any(row["struck"] for row in self.box.call("/_control/faults")["faults"]):  # type: ignore[index, union-attr, call-overload]
            assert time.monotonic() < until, self.ground.finish(command)
            time.sleep(0.02)
        os.kill(command.pid, signal.SIGKILL)
        assert self.ground.finish(command).was_killed
        assert look(self.ground, self.account).intents[0].state is IntentState.SENT

    def orders(self) -> list[dict[str, Any]]:
        """Entries and closes the venue ever took."""
        kinds = {"MARKET", "LIMIT"}
        rows: list[dict[str, Any]] = self.venue("/orders?state=ALL&count=500")["orders"]
        return [row for row in rows if row["type"] in kinds]

    def resolve(self, code: int) -> list[str]:
        """What became of what was unknown."""
        return [row["after"] for row in self.run("order", "resolve", codes=(code,)).json()]


@pytest.fixture
def shore(tmp_path: Path, crowd: Crowd) -> Iterator[Shore]:
    with started(tmp_path / "venue", "--control", "--always-open") as box:
        yield Shore.land(tmp_path / "ours", crowd, box)


ACTS = {
    "order.create": ("order", "place", SYMBOL, "buy", "700", *FAR),
    "order.cancel": ("order", "cancel", "1"),
    "order.replace": ("order", "modify", "1", "--price", "1.091", "--stop-loss", "1.089"),
    "trade.orders": ("order", "modify", "2", "--stop-loss", "15p"),
    "position.close": ("position", "close", SYMBOL),
}


@pytest.mark.parametrize("operation", ACTS)
def test_a_request_the_venue_did_is_found_again(shore: Shore, operation: str) -> None:
    shore.place("500", *FAR)
    shore.place("1000")
    taken = len(shore.orders())
    shore.fault(operation=operation, kind="stall", when="after", times=1)
    shore.kill_while_it_waits(*ACTS[operation])
    assert shore.resolve(0) == ["accepted"]
    makes = operation in {"order.create", "order.replace", "position.close"}
    assert len(shore.orders()) == taken + makes
    assert shore.ground.run("journal", "verify").json()["findings"] == []


def test_a_close_of_one_trade_the_venue_did_is_found_again(shore: Shore) -> None:
    number = shore.place("1000")
    shore.fault(operation="trade.close", kind="stall", when="after", times=1)
    shore.kill_while_it_waits("position", "close", "--trade", str(number))
    assert shore.resolve(0) == ["accepted"]
    assert shore.venue("/openTrades")["trades"] == []


def test_a_request_the_venue_never_did_stays_unknown_and_is_not_sent_again(shore: Shore) -> None:
    shore.place("1000")
    shore.fault(operation="order.create", kind="stall", when="before", times=1)
    shore.kill_while_it_waits(*ACTS["order.create"])
    assert shore.resolve(7) == ["unknown"]
    assert shore.resolve(7) == []
    again = shore.run(*ACTS["order.create"], codes=(6,))
    assert "instrument_held" in again.err
    assert len(shore.orders()) == 1


def test_a_request_the_venue_does_after_it_was_asked_is_found_in_the_end(shore: Shore) -> None:
    shore.place("1000")
    shore.fault(operation="order.create", kind="late", **{"for": LATE, "how": "stall", "times": 1})
    shore.kill_while_it_waits(*ACTS["order.create"])
    assert shore.resolve(7) == ["unknown"]
    until = time.monotonic() + PATIENCE_S
    while len(shore.orders()) == 1:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert shore.resolve(0) == ["accepted"]
    assert len(shore.orders()) == 2


def test_several_processes_that_meet_an_account_at_once_place_each_order_once(shore: Shore) -> None:
    words = [("order", "place", SYMBOL, "buy", str(units), *FAR) for units in (500, 600, 700, 800)]
    keyed = [("order", "place", SYMBOL, "buy", "900", *FAR, "--key", "job")] * 2
    commands = shore.ground.start(*(shore.argv(*each) for each in (*words, *keyed)))
    ended = [shore.ground.finish(command) for command in commands]
    assert [each.code for each in ended] == [0] * 6, [each.err for each in ended]
    assert sorted(row["units"] for row in shore.orders()) == ["500", "600", "700", "800", "900"]
    assert ended[4].json()["order"] == ended[5].json()["order"]
    assert len(shore.run("order", "list", "--state", "working").json()) == 5
