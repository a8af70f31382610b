"""What the venues of one sandbox share: clock, market and faults; kept in the state folder, as a person left it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

from rickctl.domain.errors import SetupError
from rickctl.sandbox.clock import ExchangeClock
from rickctl.sandbox.moved import MovedMarket

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from rickctl.domain.ports import Clock, Market
    from rickctl.domain.records import JSON
    from rickctl.sandbox.folder import StateFolder

_DOCUMENT = "world"


class Origin(NamedTuple):
    """Which market this is, so that state made on one is never carried on on another.

    `starts_ns`: the instant a recorded market begins and the clock of a new sandbox with it; None for one that is now.
    """

    source: str
    seed: int
    fingerprint: str | None = None
    starts_ns: int | None = None
    is_always_open: bool = False

    def record(self) -> dict[str, JSON]:
        """As it is stored."""
        always = {"always_open": True} if self.is_always_open else {}
        return {"source": self.source, "seed": self.seed, "fingerprint": self.fingerprint, **always}

    def __str__(self) -> str:
        return f"{self.source} with seed {self.seed}{', always open' if self.is_always_open else ''}"


class World:
    """Clock and market of one sandbox; every change is on disk before it is told."""

    def __init__(self, folder: StateFolder | None, clock: ExchangeClock, market: MovedMarket, origin: Origin) -> None:
        self.clock = clock
        self.market = market
        self.origin = origin
        self.settle: Callable[[], None] = _nothing
        self._folder = folder

    @classmethod
    def open(cls, folder: StateFolder | None, wall: Clock, market: Market, origin: Origin) -> Self:
        """As it was left in `folder`, or new; None keeps nothing. Raises SetupError (`sandbox_market`, …)."""
        found = None if folder is None else folder.read(_DOCUMENT)
        moved = MovedMarket(market)
        if folder is None or found is None:
            offset_ns = 0 if origin.starts_ns is None else origin.starts_ns - wall.now_ns()
            world = cls(folder, ExchangeClock(wall, offset_ns), moved, origin)
            world.save()
            return world
        try:
            assert isinstance(found, dict)  # noqa: S101 - anything else is corrupt
            is_open = bool(found.get("always_open"))
            was = Origin(found["source"], found["seed"], found["fingerprint"], is_always_open=is_open)
            clock = ExchangeClock(wall, int(str(found["offset_ns"])))
            moved.restore(found["moves"])
        except (AssertionError, AttributeError, KeyError, TypeError, ValueError) as error:
            message = f"{folder.path / _DOCUMENT}.json is not a sandbox's: {error!r}"
            raise SetupError(message, code="sandbox_corrupt", hint="rickctl sandbox start --state DIR") from None
        if was.record() != origin.record():
            message = f"the state in {folder.path} was made on {was}, not on {origin}"
            raise SetupError(message, code="sandbox_market", hint="rickctl sandbox start --state DIR")
        return cls(folder, clock, moved, origin)

    def save(self) -> None:
        """Write it down. Raises OSError."""
        if self._folder is None:
            return
        kept: dict[str, JSON] = {"offset_ns": str(self.clock.offset_ns), "moves": self.market.describe()}
        self._folder.write(_DOCUMENT, {**self.origin.record(), **kept})

    def advance(self, by_ns: int) -> None:
        """Let so much time pass on every venue. Raises UsageError for a step back or beyond what the market covers."""
        for symbol in list(self.market.instruments)[:1]:
            self.market.quote(symbol, self.clock.now_ns() + by_ns)
        self.clock.advance_ns(by_ns)
        self.save()
        self.settle()

    def move(self, symbol: str, price: Decimal, side: str) -> None:
        """Put a symbol at a price from now on. Raises UsageError."""
        self.market.move(symbol, price, self._next_ns(), side)
        self._changed()

    def release(self, symbol: str) -> None:
        """Let a symbol go back to where the market underneath is. Raises UsageError."""
        self.market.release(symbol, self._next_ns())
        self._changed()

    def halt(self, symbol: str, *, is_halted: bool) -> None:
        """Stop a symbol's trading, or allow it again. Raises UsageError."""
        self.market.halt(symbol, self._next_ns(), is_halted=is_halted)
        self._changed()

    def _next_ns(self) -> int:
        """The first instant no venue has settled yet."""
        self.settle()
        return self.clock.now_ns() + 1

    def _changed(self) -> None:
        self.save()
        self.settle()


def _nothing() -> None:
    """Nobody trades on it yet."""
