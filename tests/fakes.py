"""Stand-ins for the ports, each as small as its promise: a clock that is set, a market that is written down."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rickctl.domain.instruments import Instruments
from rickctl.domain.market import Phase, Quote, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rickctl.domain.market import Bar, Cursor, Instrument, Watch


class FakeClock:
    """A clock that stands still until somebody sleeps on it; records how long each sleep was."""

    def __init__(self, now_ns: int = 0) -> None:
        self.at_ns = now_ns
        self.slept_ns: list[int] = []

    def now_ns(self) -> int:
        """The instant it was set to, plus every sleep."""
        return self.at_ns

    def sleep_ns(self, length_ns: int) -> None:
        """Move on without waiting."""
        self.slept_ns.append(length_ns)
        self.at_ns += max(0, length_ns)


class FakeMarket:
    """A market that does exactly the steps it was given.

    Its quote is the last POINT. `closed` are intervals `(from_ns, to_ns)` in which nothing trades, whatever the steps.
    With `stands` the last POINT can be traded on at any time (ticks); without, only at its own instant (bars).
    """

    source = "fake"

    def __init__(
        self,
        steps: Iterable[Step],
        *,
        closed: Iterable[tuple[int, int]] = (),
        stands: bool = True,
        instruments: Mapping[str, Instrument] | None = None,
    ) -> None:
        self.instruments: Mapping[str, Instrument] = instruments or Instruments()
        self.closed = tuple(closed)
        self._stands = stands
        self._steps: dict[str, list[Step]] = {}
        for step in sorted(steps, key=lambda step: step.cursor):
            self._steps.setdefault(step.symbol, []).append(step)

    def add(self, step: Step) -> None:
        """One more step, later than all of its symbol so far."""
        steps = self._steps.setdefault(step.symbol, [])
        assert not steps or steps[-1].cursor < step.cursor
        steps.append(step)

    def last_point(self, symbol: str, at_ns: int) -> Step | None:
        """The last POINT by then, as it was."""
        return self._last_point(symbol, at_ns)

    def quote(self, symbol: str, at_ns: int) -> Quote:
        """The last POINT by then; nothing known before the first."""
        step = self._last_point(symbol, at_ns)
        instrument = self.instruments[symbol]
        return Quote(
            symbol=symbol,
            bid=None if step is None else instrument.price(step.bid_low),
            ask=None if step is None else instrument.price(step.ask_low),
            source=self.source,
            tradeable=step is not None and self._is_open(at_ns),
            changed_ns=0 if step is None else step.at_ns,
            asserted_ns=at_ns,
            received_ns=at_ns,
        )

    def point(self, symbol: str, at_ns: int) -> Step | None:
        """The last POINT, moved to now; of bars only at its own instant."""
        step = self._last_point(symbol, at_ns)
        if step is None or not self._is_open(at_ns) or not (self._stands or step.at_ns == at_ns):
            return None
        return step._replace(from_ns=at_ns, at_ns=at_ns)

    def next_step(self, symbol: str, watch: Watch, after: Cursor, until_ns: int) -> Step | None:
        """The first step that wakes the watch, found by looking at every one."""
        for step in self._steps.get(symbol, ()):
            tradeable = step.phase == Phase.RANGE or self._is_open(step.at_ns)
            if step.cursor > after and step.at_ns <= until_ns and tradeable and watch.wakes(step):
                return step
        return None

    def bars(self, symbol: str, granularity: str, start_ns: int, end_ns: int, now_ns: int) -> list[Bar]:  # noqa: ARG002
        """None: it has steps only."""
        return []

    def next_open_ns(self, symbol: str, at_ns: int) -> int | None:  # noqa: ARG002
        """`at_ns`, or the end of the closure it lies in."""
        return next((end for start, end in self.closed if start <= at_ns < end), at_ns)

    def next_close_ns(self, symbol: str, at_ns: int) -> int | None:  # noqa: ARG002
        """The beginning of the next closure; None where there is none, or it is closed already."""
        if not self._is_open(at_ns):
            return None
        return min((start for start, _ in self.closed if start > at_ns), default=None)

    def _is_open(self, at_ns: int) -> bool:
        return not any(start <= at_ns < end for start, end in self.closed)

    def _last_point(self, symbol: str, at_ns: int) -> Step | None:
        points = (step for step in self._steps.get(symbol, ()) if step.phase == Phase.POINT and step.at_ns <= at_ns)
        return max(points, key=lambda step: step.at_ns, default=None)


def point(
    at_ns: int,
    bid: str,
    ask: str,
    *,
    symbol: str = "EUR_USD",
    bid_size: int | None = None,
    ask_size: int | None = None,
) -> Step:
    """A price at an instant; sizes are in unit increments."""
    low, high = ticks(symbol, bid), ticks(symbol, ask)
    return Step(symbol, at_ns, at_ns, Phase.POINT, low, low, high, high, bid_size, ask_size)


def span(from_ns: int, at_ns: int, bid: tuple[str, str], ask: tuple[str, str], *, symbol: str = "EUR_USD") -> Step:
    """What an interval reached, as (low, high) of either side."""
    reached = (ticks(symbol, bid[0]), ticks(symbol, bid[1]), ticks(symbol, ask[0]), ticks(symbol, ask[1]))
    return Step(symbol, from_ns, at_ns, Phase.RANGE, *reached)


def ticks(symbol: str, price: str) -> int:
    """A price as whole increments of a listed instrument."""
    return Instruments()[symbol].ticks(Decimal(price))
