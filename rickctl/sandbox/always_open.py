"""A simulated market without nights and weekends: in closed hours it does what it did in open ones shortly before.

Every day from 20:55 to 23:05 UTC it repeats the prices of six hours earlier, from Friday 20:55 to Sunday 23:05 UTC
those of three days earlier as well. Those hours hold every break of every calendar, in summer and in winter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.domain.bars import aggregate, bar_end_ns, bar_start_ns, granularity_ns
from rickctl.domain.instants import DAY_NS, HOUR_NS, MINUTE_NS
from rickctl.domain.market import Bar, Cursor, Phase, Quote, Step, Watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rickctl.domain.market import Instrument
    from rickctl.domain.ports import Market

_FIRST_MONDAY_NS = 4 * DAY_NS
_BREAK_NS, _BREAK_ENDS_NS = 20 * HOUR_NS + 55 * MINUTE_NS, 23 * HOUR_NS + 5 * MINUTE_NS
_WEEKEND_NS, _WEEKEND_ENDS_NS = 4 * DAY_NS + _BREAK_NS, 6 * DAY_NS + _BREAK_ENDS_NS
_UNBROKEN_NS = 5 * MINUTE_NS
_PARTS = {"W": "D", "D": "H1", "H4": "H1"}


def earlier_ns(at_ns: int) -> int:
    """How much earlier the prices are that stand for those of `at_ns`."""
    is_break = _BREAK_NS <= at_ns % DAY_NS < _BREAK_ENDS_NS
    is_weekend = _WEEKEND_NS <= (at_ns - _FIRST_MONDAY_NS) % (7 * DAY_NS) < _WEEKEND_ENDS_NS
    return is_break * 6 * HOUR_NS + is_weekend * 3 * DAY_NS


def _next_edge_ns(at_ns: int) -> int:
    """The next instant at which that may change."""
    midnight_ns = at_ns - at_ns % DAY_NS
    edges = (midnight_ns + _BREAK_NS, midnight_ns + _BREAK_ENDS_NS, midnight_ns + DAY_NS + _BREAK_NS)
    return next(edge_ns for edge_ns in edges if edge_ns > at_ns)


class AlwaysOpenMarket:
    """The Market port over one that keeps hours; it never closes."""

    def __init__(self, market: Market) -> None:
        self._market = market

    @property
    def source(self) -> str:
        """Of the market underneath."""
        return self._market.source

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """Of the market underneath."""
        return self._market.instruments

    def quote(self, symbol: str, at_ns: int) -> Quote:
        """The standing quote, always tradeable."""
        by_ns = earlier_ns(at_ns)
        quote = self._market.quote(symbol, at_ns - by_ns)
        return quote._replace(changed_ns=quote.changed_ns + by_ns, asserted_ns=at_ns, received_ns=at_ns)

    def point(self, symbol: str, at_ns: int) -> Step | None:
        """The price an order could trade on now."""
        by_ns = earlier_ns(at_ns)
        return _later(self._market.point(symbol, at_ns - by_ns), by_ns)

    def next_step(self, symbol: str, watch: Watch, after: Cursor, until_ns: int) -> Step | None:
        """The first step that wakes the watch; where other hours begin to stand in, their first price is a step."""
        for from_ns, to_ns in _spans(after.at_ns - 1, until_ns + 1):
            by_ns = earlier_ns(from_ns)
            start = max(after, Cursor(from_ns, Phase.RANGE))
            first = self.point(symbol, from_ns) if start < Cursor(from_ns, Phase.POINT) else None
            if first is not None and from_ns <= until_ns and watch.wakes(first):
                return first
            moved = start._replace(at_ns=start.at_ns - by_ns)
            found = self._market.next_step(symbol, watch, moved, min(until_ns, to_ns - 1) - by_ns)
            if found is not None:
                return _later(found, by_ns)
        return None

    def bars(self, symbol: str, granularity: str, start_ns: int, end_ns: int, now_ns: int) -> list[Bar]:
        """Bars of all hours; those that hold other hours' prices only in part are made of finer ones."""
        if granularity_ns(granularity) <= _UNBROKEN_NS:
            return self._short_bars(symbol, granularity, (start_ns, end_ns), now_ns)
        calendar = self.instruments[symbol].calendar
        found: list[Bar] = []
        at_ns = bar_start_ns(granularity, calendar, start_ns)
        while at_ns < min(end_ns, now_ns + 1):
            stop_ns = bar_end_ns(granularity, calendar, at_ns)
            if at_ns >= start_ns:
                found += self._bar(symbol, granularity, (at_ns, stop_ns), now_ns)
            at_ns = stop_ns
        return found

    def _short_bars(self, symbol: str, granularity: str, span: tuple[int, int], now_ns: int) -> list[Bar]:
        """Bars no edge ever falls into."""
        found: list[Bar] = []
        for from_ns, to_ns in _spans(span[0], min(span[1], now_ns + 1)):
            by_ns = earlier_ns(from_ns)
            bars = self._market.bars(symbol, granularity, from_ns - by_ns, to_ns - by_ns, now_ns - by_ns)
            found += [_later_bar(bar, by_ns) for bar in bars]
        return found

    def _bar(self, symbol: str, granularity: str, span: tuple[int, int], now_ns: int) -> list[Bar]:
        """One bar, or none."""
        from_ns, to_ns = span
        calendar, by_ns = self.instruments[symbol].calendar, earlier_ns(from_ns)
        is_aligned = bar_start_ns(granularity, calendar, from_ns - by_ns) == from_ns - by_ns
        if is_aligned and _next_edge_ns(from_ns) >= to_ns:
            bars = self._market.bars(symbol, granularity, from_ns - by_ns, from_ns - by_ns + 1, now_ns - by_ns)
            return [_later_bar(bar, by_ns) for bar in bars]
        parts = self.bars(symbol, _PARTS.get(granularity, "M5"), from_ns, to_ns, now_ns)
        return aggregate(parts, granularity, calendar, now_ns)

    def next_open_ns(self, symbol: str, at_ns: int) -> int | None:
        """At once."""
        del symbol
        return at_ns

    def next_close_ns(self, symbol: str, at_ns: int) -> int | None:
        """Never."""
        del symbol, at_ns
        return None


def _spans(from_ns: int, until_ns: int) -> Iterator[tuple[int, int]]:
    """Stretches in which the same earlier hours stand in, from the one that holds `from_ns`, cut at both ends."""
    while from_ns < until_ns:
        edge_ns = min(_next_edge_ns(from_ns), until_ns)
        yield from_ns, edge_ns
        from_ns = edge_ns


def _later(step: Step | None, by_ns: int) -> Step | None:
    return None if step is None else step._replace(from_ns=step.from_ns + by_ns, at_ns=step.at_ns + by_ns)


def _later_bar(bar: Bar, by_ns: int) -> Bar:
    return bar._replace(start_ns=bar.start_ns + by_ns, end_ns=bar.end_ns + by_ns)
