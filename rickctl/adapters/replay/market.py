"""A tape as a Market: standing quotes, next touches and bars from one past; it never looks past the asked instant."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from rickctl.adapters.replay.touch import TouchIndex
from rickctl.domain.bars import bar_end_ns, bar_start_ns, granularity_ns
from rickctl.domain.errors import UsageError
from rickctl.domain.instants import HOUR_NS, duration_text
from rickctl.domain.market import Bar, Ohlc, Phase, Quote, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rickctl.adapters.replay.tape import Prices, Tape, TapeReport
    from rickctl.domain.market import Cursor, Instrument, Watch

SESSION_BREAK_NS = HOUR_NS
"""A hole longer than this (and than two bars) is a close people plan for; nobody foresees a missing row."""


class ReplayMarket:
    """The recorded market of one symbol; tradeable where the tape has cover, whatever a calendar says."""

    def __init__(self, tape: Tape, instrument: Instrument, *, source: str, fingerprint: str, location: str) -> None:
        self._tape = tape
        self._instrument = instrument
        self._instruments = MappingProxyType({instrument.symbol: instrument})
        self._source = source
        self.fingerprint = fingerprint
        self.location = location
        self._bid_low = TouchIndex(tape.bid.low, falling=True)
        self._bid_high = TouchIndex(tape.bid.high, falling=False)
        self._ask_low = TouchIndex(tape.ask.low, falling=True)
        self._ask_high = TouchIndex(tape.ask.high, falling=False)
        self._closes = _closes(tape)

    @property
    def source(self) -> str:
        """`replay:NAME@HASH`, the hash being the first 12 digits of the fingerprint."""
        return self._source

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """The one instrument recorded."""
        return self._instruments

    def report(self, is_open: Callable[[int], bool] | None = None) -> TapeReport:
        """What was read and dropped; with a calendar's `is_open`, also how many used rows it calls closed."""
        if is_open is None:
            return self._tape.report
        return replace(self._tape.report, closed_rows=sum(not is_open(start) for start in self._tape.starts))

    def quote(self, symbol: str, at_ns: int) -> Quote:
        """The quote standing at `at_ns`: a bar's open while it runs, what was last known (not tradeable) in a hole."""
        self._check(symbol)
        tape = self._tape
        row = bisect_right(tape.starts, at_ns) - 1
        if row < 0:
            return self._quote(None, tradeable=False, changed_ns=0, asserted_ns=0)
        end_ns = tape.ends[row]
        if at_ns < end_ns:
            prices = tape.bid.open[row], tape.ask.open[row]
            return self._quote(prices, tradeable=True, changed_ns=self._changed_ns(row), asserted_ns=at_ns)
        prices = tape.bid.close[row], tape.ask.close[row]
        changed_ns = self._changed_ns(row) if tape.bar_ns is None else end_ns
        return self._quote(prices, tradeable=False, changed_ns=changed_ns, asserted_ns=end_ns)

    def point(self, symbol: str, at_ns: int) -> Step | None:
        """The standing tick while covered; of bars only the open, at the instant the bar starts."""
        self._check(symbol)
        tape = self._tape
        row = bisect_right(tape.starts, at_ns) - 1
        if row < 0 or at_ns >= tape.ends[row] or (tape.bar_ns is not None and tape.starts[row] != at_ns):
            return None
        return self._point(row, at_ns)

    def next_step(self, symbol: str, watch: Watch, after: Cursor, until_ns: int) -> Step | None:
        """The first step past `after`, at `until_ns` or before, that wakes the watch."""
        self._check(symbol)
        starts = self._tape.starts
        row = bisect_left(starts, after.at_ns)
        if row < len(starts) and starts[row] == after.at_ns and after.phase >= Phase.POINT:
            row += 1
        running = [self._range(row - 1)] if row and self._tape.bar_ns is not None else []
        for step in (*running, *self._steps(self._first_row(watch, row))):
            if step.cursor > after and step.at_ns <= until_ns and watch.wakes(step):
                return step
        return None

    def bars(self, symbol: str, granularity: str, start_ns: int, end_ns: int, now_ns: int) -> list[Bar]:
        """Bars labelled within `[start_ns, end_ns)`, put together from rows begun by `now_ns`.

        Of a bar still running only the open is known. Raises UsageError for a granularity the rows do not fill.
        """
        self._check(symbol)
        starts, calendar = self._tape.starts, self._instrument.calendar
        self._check_fits(granularity_ns(granularity), granularity)
        row, seen = bisect_left(starts, start_ns), bisect_right(starts, now_ns)
        found: list[Bar] = []
        while row < seen:
            label_ns = bar_start_ns(granularity, calendar, starts[row])
            if label_ns >= end_ns:
                break
            after_ns = bar_end_ns(granularity, calendar, label_ns)
            stop = bisect_left(starts, after_ns, row, seen)
            if label_ns >= start_ns:
                found.append(self._bar(granularity, range(row, stop), (label_ns, after_ns), now_ns))
            row = stop
        return found

    def next_open_ns(self, symbol: str, at_ns: int) -> int | None:
        """`at_ns` while covered, else the start of the next row; None after the last."""
        self._check(symbol)
        tape = self._tape
        row = bisect_right(tape.starts, at_ns) - 1
        if row >= 0 and at_ns < tape.ends[row]:
            return at_ns
        return tape.starts[row + 1] if row + 1 < len(tape.starts) else None

    def next_close_ns(self, symbol: str, at_ns: int) -> int | None:
        """Where cover next ends for longer than SESSION_BREAK_NS, or for good; None while not covered."""
        self._check(symbol)
        tape = self._tape
        row = bisect_right(tape.starts, at_ns) - 1
        if row < 0 or at_ns >= tape.ends[row]:
            return None
        return tape.ends[self._closes[bisect_left(self._closes, row)]]

    def _check(self, symbol: str) -> None:
        if symbol != self._instrument.symbol:
            message = f"the tape holds {self._instrument.symbol}, not {symbol}"
            raise UsageError(message, code="unknown_symbol")

    def _check_fits(self, length_ns: int, granularity: str) -> None:
        bar_ns = self._tape.bar_ns
        if bar_ns is not None and length_ns % bar_ns:
            message = f"the tape's bars of {duration_text(bar_ns)} do not make up {granularity}"
            raise UsageError(message, code="bad_granularity")

    def _bar(self, granularity: str, rows: range, span: tuple[int, int], now_ns: int) -> Bar:
        """One bar over `span` from the rows begun in it; raises UsageError when the last reaches beyond it."""
        tape, (start_ns, end_ns) = self._tape, span
        last_end_ns = tape.ends[rows[-1]]
        if tape.bar_ns is not None and last_end_ns > end_ns:
            message = f"the tape's bars of {duration_text(tape.bar_ns)} begin at other times than {granularity} bars do"
            raise UsageError(message, code="bad_granularity")
        running = tape.bar_ns is not None and last_end_ns > now_ns
        return Bar(
            symbol=self._instrument.symbol,
            granularity=granularity,
            start_ns=start_ns,
            end_ns=end_ns,
            bid=self._ohlc(tape.bid, rows, running=running),
            ask=self._ohlc(tape.ask, rows, running=running),
            complete=end_ns <= now_ns,
            source=self._source,
        )

    def _ohlc(self, prices: Prices, rows: range, *, running: bool) -> Ohlc:
        """What the rows reached; of the last only its open while it is running."""
        whole = slice(rows.start, rows.stop - running)
        highs, lows = prices.high[whole], prices.low[whole]
        known = prices.open[rows[-1]] if running else prices.close[rows[-1]]
        highest, lowest = max(highs, default=known), min(lows, default=known)
        reached = (prices.open[rows[0]], max(highest, known), min(lowest, known), known)
        return Ohlc(*map(self._instrument.price, reached))

    def _changed_ns(self, row: int) -> int:
        """When the standing price last moved: a bar's start, or the first of the ticks that repeat one price."""
        tape = self._tape
        if tape.bar_ns is None:
            bid, ask = tape.bid.open, tape.ask.open
            while row and bid[row - 1] == bid[row] and ask[row - 1] == ask[row]:
                row -= 1
        return tape.starts[row]

    def _quote(self, ticks: tuple[int, int] | None, *, tradeable: bool, changed_ns: int, asserted_ns: int) -> Quote:
        bid, ask = map(self._instrument.price, ticks) if ticks else (None, None)
        return Quote(
            symbol=self._instrument.symbol,
            bid=bid,
            ask=ask,
            source=self._source,
            tradeable=tradeable,
            changed_ns=changed_ns,
            asserted_ns=asserted_ns,
            received_ns=asserted_ns,
        )

    def _first_row(self, watch: Watch, row: int) -> int:
        """The first row from `row` on whose prices wake the watch; the number of rows when none does."""
        levels = (
            (watch.bid_at_most, self._bid_low),
            (watch.bid_at_least, self._bid_high),
            (watch.ask_at_most, self._ask_low),
            (watch.ask_at_least, self._ask_high),
        )
        found = [index.first(row, level) for level, index in levels if level is not None]
        if watch.any_point:
            found.append(row)
        return min(found, default=len(self._tape.starts))

    def _steps(self, row: int) -> Iterator[Step]:
        """The steps of one row in order; none past the last row."""
        if row < len(self._tape.starts):
            yield self._point(row, self._tape.starts[row])
            if self._tape.bar_ns is not None:
                yield self._range(row)

    def _point(self, row: int, at_ns: int) -> Step:
        bid, ask = self._tape.bid.open[row], self._tape.ask.open[row]
        return Step(self._instrument.symbol, at_ns, at_ns, Phase.POINT, bid, bid, ask, ask)

    def _range(self, row: int) -> Step:
        tape = self._tape
        bid, ask = tape.bid, tape.ask
        lows_highs = bid.low[row], bid.high[row], ask.low[row], ask.high[row]
        return Step(self._instrument.symbol, tape.starts[row], tape.ends[row], Phase.RANGE, *lows_highs)


def _closes(tape: Tape) -> list[int]:
    """Rows after which the tape pauses for a session break, and the last row."""
    shortest = max(SESSION_BREAK_NS, 2 * (tape.bar_ns or 0))
    starts, ends = tape.starts, tape.ends
    last = len(starts) - 1
    return [row for row in range(last) if starts[row + 1] - ends[row] > shortest] + [last]
