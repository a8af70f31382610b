"""A market that keeps the finished bars it was asked for: the past does not change, and candles are asked for again."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rickctl.domain.market import Bar, Cursor, Instrument, Quote, Step, Watch
    from rickctl.domain.ports import Market

_MOST_RUNS = 64
_MOST_BARS = 20_000


class _Run(NamedTuple):
    """Every finished bar that begins in `[from_ns, to_ns)`, in order."""

    from_ns: int
    to_ns: int
    bars: list[Bar]

    def between(self, start_ns: int, end_ns: int) -> list[Bar]:
        """Those that begin in an interval."""
        first = bisect_left(self.bars, start_ns, key=_start)
        return self.bars[first : bisect_left(self.bars, end_ns, key=_start)]


class RememberedMarket:
    """The Market port over one whose past is always the same."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._runs: dict[tuple[str, str], _Run] = {}

    @property
    def source(self) -> str:
        """Of the market underneath."""
        return self._market.source

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """Of the market underneath."""
        return self._market.instruments

    def bars(self, symbol: str, granularity: str, start_ns: int, end_ns: int, now_ns: int) -> list[Bar]:
        """As the market underneath answers; it is asked for what is not known yet."""
        key = symbol, granularity
        run = self._runs.get(key)
        if run is None or end_ns < run.from_ns or start_ns > run.to_ns or now_ns < run.to_ns:
            found = self._market.bars(symbol, granularity, start_ns, end_ns, now_ns)
            self._keep(key, start_ns, found)
            return found
        early = self._market.bars(symbol, granularity, start_ns, run.from_ns, now_ns) if start_ns < run.from_ns else []
        late = self._market.bars(symbol, granularity, run.to_ns, end_ns, now_ns) if end_ns > run.to_ns else []
        self._keep(key, min(start_ns, run.from_ns), [*early, *run.bars, *late])
        return [*early, *run.between(start_ns, end_ns), *late]

    def _keep(self, key: tuple[str, str], from_ns: int, bars: list[Bar]) -> None:
        """Remember the finished ones, if any, or begin anew where they have become too many."""
        done = [bar for bar in bars if bar.complete]
        if len(done) > _MOST_BARS:
            self._runs.pop(key, None)
            return
        if not done:
            return
        if key not in self._runs and len(self._runs) >= _MOST_RUNS:
            self._runs.clear()
        self._runs[key] = _Run(from_ns, done[-1].end_ns, done)

    def quote(self, symbol: str, at_ns: int) -> Quote:
        """As the market underneath answers."""
        return self._market.quote(symbol, at_ns)

    def point(self, symbol: str, at_ns: int) -> Step | None:
        """As the market underneath answers."""
        return self._market.point(symbol, at_ns)

    def next_step(self, symbol: str, watch: Watch, after: Cursor, until_ns: int) -> Step | None:
        """As the market underneath answers."""
        return self._market.next_step(symbol, watch, after, until_ns)

    def next_open_ns(self, symbol: str, at_ns: int) -> int | None:
        """As the market underneath answers."""
        return self._market.next_open_ns(symbol, at_ns)

    def next_close_ns(self, symbol: str, at_ns: int) -> int | None:
        """As the market underneath answers."""
        return self._market.next_close_ns(symbol, at_ns)


def _start(bar: Bar) -> int:
    return bar.start_ns
