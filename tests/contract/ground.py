"""Where a contract case is run: a desk of its own on one broker, a market that is moved, a clock that is set."""

from __future__ import annotations

import json
from abc import abstractmethod
from decimal import Decimal
from io import StringIO
from typing import TYPE_CHECKING, Any, Self

from rickctl.adapters.factory import OpenedMarket
from rickctl.adapters.sim import SimMarket
from rickctl.app import App
from rickctl.cli import run
from rickctl.domain.instants import MILLISECOND_NS
from rickctl.sandbox.moved import MovedMarket
from tests.cli.harness import Answer, Desk

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

SYMBOL = "EUR_USD"
_UNSCOPED = frozenset({"account", "broker", "charter", "journal"})


class Ground:
    """One account at one broker, worked through the command line; money and prices come back as their JSON text."""

    name = ""
    account = ""

    def __init__(self, folder: Path) -> None:
        self.desk = Desk(root=folder)
        self.market = MovedMarket(SimMarket(seed=0))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del kind, error, trace

    @abstractmethod
    def venue_balance(self) -> Decimal:
        """Cash as the broker itself has it."""

    def app(self, out: StringIO, err: StringIO) -> App:
        """The App of one command line."""
        desk = self.desk
        return App(out=out, err=err, screen=desk.screen, environment=desk.variables(), clock=desk.clock)

    def run(self, *argv: str) -> Answer:
        """One command line on this account."""
        out, err = StringIO(), StringIO()
        scoped = list(argv) if argv[0] in _UNSCOPED else [*argv, "--account", self.account]
        code = run(scoped, self.app(out, err))
        return Answer(out.getvalue(), err.getvalue(), int(code))

    def data(self, *argv: str) -> Any:  # noqa: ANN401 - what a command prints as JSON
        """What a command that works prints."""
        answer = self.run(*argv, "-o", "json")
        assert answer.code == 0, answer.stderr
        return json.loads(answer.stdout)

    def failure(self, *argv: str) -> dict[str, Any]:
        """What a command that fails says; nothing on stdout."""
        answer = self.run(*argv, "-o", "json")
        assert (answer.stdout, answer.code != 0) == ("", True)
        found: dict[str, Any] = json.loads(answer.stderr.splitlines()[-1])
        return found

    def place(self, side: str, units: str, *words: str) -> dict[str, Any]:
        """An order that is taken."""
        found: dict[str, Any] = self.data("order", "place", SYMBOL, side, units, *words)
        return found

    def refusal(self, side: str, units: str, *words: str) -> dict[str, Any]:
        """An order of which not a byte leaves."""
        error = self.failure("order", "place", SYMBOL, side, units, *words)
        assert error["exit_code"] == 6, error
        return error

    def show(self, number: int) -> dict[str, Any]:
        """One order as it stands."""
        found: dict[str, Any] = self.data("order", "show", str(number))
        return found

    def orders(self, *words: str) -> list[dict[str, Any]]:
        """Orders, newest first."""
        found: list[dict[str, Any]] = self.data("order", "list", *words)
        return found

    def positions(self) -> list[dict[str, Any]]:
        """What is open."""
        report = self.data("positions")
        assert (report["complete"], report["failed"]) == (True, [])
        rows: list[dict[str, Any]] = report["rows"]
        return rows

    def capabilities(self) -> dict[str, Any]:
        """What the broker says it can do."""
        [found] = self.data("broker", "capabilities", self.name)
        return dict(found)

    def touch(self) -> tuple[Decimal, Decimal]:
        """Bid and ask now."""
        [row] = self.data("quote", SYMBOL)
        return Decimal(row["bid"]), Decimal(row["ask"])

    def journal_length(self) -> int:
        """How many records there are."""
        return len(self.run("journal", "list", "-o", "jsonl").stdout.splitlines())

    # the world

    def move(self, price: str, side: str = "mid", *, show: bool = True) -> None:
        """A second later the market stands at `price`; with `show` the account has seen it too."""
        self.advance("1s")
        self.market.move(SYMBOL, Decimal(price), self.desk.clock.now_ns(), side)
        self.desk.clock.instant_ns += MILLISECOND_NS
        if show:
            self.positions()

    def halt(self) -> None:
        """The symbol stops trading."""
        self.advance("1s")
        self.market.halt(SYMBOL, self.desk.clock.now_ns(), is_halted=True)
        self.desk.clock.instant_ns += MILLISECOND_NS

    def reopen(self) -> None:
        """It trades again."""
        self.advance("1s")
        self.market.halt(SYMBOL, self.desk.clock.now_ns(), is_halted=False)
        self.desk.clock.instant_ns += MILLISECOND_NS

    def advance(self, duration: str) -> None:
        """Time passes."""
        self.desk.clock.advance(duration)


class _MovedApp(App):
    """An App whose simulated market is the one the case moves."""

    moved: MovedMarket

    def open_market(self, source: str, seed: int, expected: str | None = None) -> OpenedMarket:
        del seed, expected
        assert source == "sim:v1"
        return OpenedMarket(self.moved, source)


class PaperGround(Ground):
    """The embedded broker."""

    name = "paper"
    account = "paper:paper:main"

    def app(self, out: StringIO, err: StringIO) -> App:
        desk = self.desk
        app = _MovedApp(out=out, err=err, screen=desk.screen, environment=desk.variables(), clock=desk.clock)
        app.moved = self.market
        return app

    def venue_balance(self) -> Decimal:
        return Decimal(self.data("account", "show", "main")["balance"])
