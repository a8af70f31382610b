"""A market around another one that a person may move, halt and reopen; the past before each act stays what it was.

A move shifts both sides of a symbol by whole ticks from an instant on, so prices go on as before on another level. A
bar of a recorded market that is running at that instant is moved whole: nobody knows what it reached before.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.bars import GRANULARITY_NS, aggregate
from rickctl.domain.errors import UsageError
from rickctl.domain.market import Bar, Cursor, Ohlc, Phase, Quote, Step, Watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from decimal import Decimal

    from rickctl.domain.market import Instrument
    from rickctl.domain.ports import Market
    from rickctl.domain.records import JSON

_FURTHEST = 20
_FINEST = "S5"


class Act(NamedTuple):
    """From `from_ns` on a symbol is shifted by so many ticks, or does not trade."""

    from_ns: int
    offset: int
    is_halted: bool


_UNTOUCHED = Act(0, 0, is_halted=False)


class MovedMarket:
    """The Market port over `market`, as a person has moved it so far."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._acts: dict[str, list[Act]] = {}

    @property
    def source(self) -> str:
        """Of the market underneath."""
        return self._market.source

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """Of the market underneath."""
        return self._market.instruments

    # what a person does to it

    def move(self, symbol: str, price: Decimal, from_ns: int, side: str = "mid") -> Act:
        """Shift it so that mid (to half a tick), bid or ask is `price` at `from_ns`. Raises UsageError."""
        instrument = self._instrument(symbol)
        ticks = instrument.ticks(price)
        quote = self._market.quote(symbol, from_ns)
        if quote.bid is None or quote.ask is None:
            message = f"{symbol} has no price to move yet"
            raise UsageError(message, code="no_price_to_move")
        bid, ask = instrument.ticks(quote.bid), instrument.ticks(quote.ask)
        if ticks * _FURTHEST < ask:
            message = f"{symbol} is not moved below a twentieth of {quote.ask:f}"
            raise UsageError(message, code="bad_price")
        standing = {"bid": bid, "ask": ask, "mid": -(-(bid + ask) // 2)}
        if side not in standing:
            message = f"a side is bid, ask or mid, not {side!r}"
            raise UsageError(message, code="bad_side")
        return self._add(symbol, self._last(symbol)._replace(from_ns=from_ns, offset=ticks - standing[side]))

    def release(self, symbol: str, from_ns: int) -> Act:
        """Let it go back to where the market underneath is. Raises UsageError."""
        self._instrument(symbol)
        return self._add(symbol, self._last(symbol)._replace(from_ns=from_ns, offset=0))

    def halt(self, symbol: str, from_ns: int, *, is_halted: bool) -> Act:
        """Stop its trading, or allow it again. Raises UsageError."""
        self._instrument(symbol)
        return self._add(symbol, self._last(symbol)._replace(from_ns=from_ns, is_halted=is_halted))

    def describe(self) -> dict[str, JSON]:
        """Every act by symbol, as `restore` reads it."""
        return {
            symbol: [{"from_ns": str(act.from_ns), "offset": act.offset, "halted": act.is_halted} for act in acts]
            for symbol, acts in self._acts.items()
        }

    def restore(self, written: Mapping[str, Iterable[Mapping[str, JSON]]]) -> None:
        """Take over what `describe` said. Raises KeyError, TypeError, ValueError for anything else."""
        self._acts = {
            symbol: [Act(int(str(row["from_ns"])), int(str(row["offset"])), bool(row["halted"])) for row in rows]
            for symbol, rows in written.items()
        }

    def _instrument(self, symbol: str) -> Instrument:
        if symbol not in self._market.instruments:
            message = f"symbol {symbol!r} is not known here"
            raise UsageError(message, code="unknown_symbol")
        return self._market.instruments[symbol]

    def _add(self, symbol: str, act: Act) -> Act:
        acts = self._acts.setdefault(symbol, [])
        if acts and acts[-1].from_ns >= act.from_ns:
            message = f"{symbol} has been moved at that instant or later already"
            raise UsageError(message, code="bad_time")
        acts.append(act)
        return act

    def _last(self, symbol: str) -> Act:
        acts = self._acts.get(symbol)
        return acts[-1] if acts else _UNTOUCHED

    def _at(self, symbol: str, at_ns: int) -> Act:
        """What holds at an instant."""
        acts = self._acts.get(symbol)
        if not acts:
            return _UNTOUCHED
        place = bisect_right(acts, at_ns, key=lambda act: act.from_ns)
        return acts[place - 1] if place else _UNTOUCHED

    def _halted_since(self, symbol: str, at_ns: int) -> int:
        """When the halt that holds at `at_ns` began."""
        since_ns = at_ns
        for act in reversed(self._acts[symbol]):
            if act.from_ns <= at_ns:
                if not act.is_halted:
                    break
                since_ns = act.from_ns
        return since_ns

    # the Market port

    def quote(self, symbol: str, at_ns: int) -> Quote:
        """The standing quote; in a halt the last one before it, on the level it was moved to, not tradeable."""
        act = self._at(symbol, at_ns)
        if act.is_halted:
            since_ns = self._halted_since(symbol, at_ns)
            quote = self._market.quote(symbol, since_ns - 1)
            quote = quote._replace(tradeable=False, asserted_ns=min(quote.asserted_ns, since_ns))
        else:
            quote = self._market.quote(symbol, at_ns)
        if quote.bid is None or quote.ask is None or not act.from_ns:
            return quote
        by = act.offset * self.instruments[symbol].price_increment
        changed_ns = min(max(quote.changed_ns, act.from_ns), quote.asserted_ns)
        return quote._replace(bid=quote.bid + by, ask=quote.ask + by, changed_ns=changed_ns)

    def point(self, symbol: str, at_ns: int) -> Step | None:
        """The price an order could trade on now; None in a halt."""
        act = self._at(symbol, at_ns)
        step = None if act.is_halted else self._market.point(symbol, at_ns)
        return None if step is None else _shifted(step, act.offset)

    def next_step(self, symbol: str, watch: Watch, after: Cursor, until_ns: int) -> Step | None:
        """The first step that wakes the watch; a move and the end of a halt are steps of their own."""
        if symbol not in self._acts:
            return self._market.next_step(symbol, watch, after, until_ns)
        for act, end_ns in self._spans(symbol):
            ends = None if end_ns is None else Cursor(end_ns, Phase.RANGE)
            if (ends is not None and ends <= after) or act.is_halted:
                continue
            if act.from_ns > until_ns:
                return None
            last_ns = until_ns if end_ns is None else min(until_ns, end_ns)
            step = self._step_within(symbol, act, watch, after, last_ns)
            if step is not None and (ends is None or step.cursor <= ends):
                return step
        return None

    def _step_within(self, symbol: str, act: Act, watch: Watch, after: Cursor, last_ns: int) -> Step | None:
        start = Cursor(act.from_ns, Phase.RANGE)
        if after <= start and act.from_ns:
            after = start
            first = self.point(symbol, act.from_ns)
            if first is not None and watch.wakes(first):
                return first
        step = self._market.next_step(symbol, _shifted_watch(watch, -act.offset), after, last_ns)
        return None if step is None else _shifted(step, act.offset)

    def _spans(self, symbol: str) -> Iterator[tuple[Act, int | None]]:
        """Every act with the instant the next one takes over."""
        acts = [_UNTOUCHED, *self._acts[symbol]]
        yield from ((act, following.from_ns) for act, following in pairwise(acts))
        yield acts[-1], None

    def bars(self, symbol: str, granularity: str, start_ns: int, end_ns: int, now_ns: int) -> list[Bar]:
        """Bars on the levels the symbol was moved to; one that was running at a move is made of finer ones."""
        bars = self._market.bars(symbol, granularity, start_ns, end_ns, now_ns)
        if symbol not in self._acts:
            return bars
        return [moved for bar in bars for moved in self._moved_bars(bar, now_ns)]

    def _moved_bars(self, bar: Bar, now_ns: int) -> list[Bar]:
        """A bar as it was moved: one, or none where it was halted all along."""
        edges = [
            act.from_ns for act in self._acts[bar.symbol] if bar.start_ns < act.from_ns < min(bar.end_ns, now_ns + 1)
        ]
        act = self._at(bar.symbol, bar.start_ns)
        if not edges:
            return [] if act.is_halted else [self._moved_bar(bar, act.offset, act.offset)]
        for finer in _finer(bar.granularity):
            try:
                parts = self._market.bars(bar.symbol, finer, bar.start_ns, bar.end_ns, now_ns)
            except UsageError:
                continue
            moved = [whole for part in parts for whole in self._moved_bars(part, now_ns)]
            return aggregate(moved, bar.granularity, self.instruments[bar.symbol].calendar, now_ns)
        last = self._at(bar.symbol, edges[-1])
        return [] if act.is_halted and last.is_halted else [self._moved_bar(bar, act.offset, last.offset)]

    def _moved_bar(self, bar: Bar, opening: int, offset: int) -> Bar:
        """A bar shifted by `offset`, its first price by `opening`, which counts among what it reached."""
        increment = self.instruments[bar.symbol].price_increment
        if not opening and not offset:
            return bar
        return bar._replace(
            bid=_moved_prices(bar.bid, opening * increment, offset * increment),
            ask=_moved_prices(bar.ask, opening * increment, offset * increment),
        )

    def next_open_ns(self, symbol: str, at_ns: int) -> int | None:
        """`at_ns` if it trades then, else the next instant it does; None in a halt without an end."""
        for act, end_ns in self._spans(symbol) if symbol in self._acts else ((_UNTOUCHED, None),):
            if act.is_halted or (end_ns is not None and end_ns <= at_ns):
                continue
            open_ns = self._market.next_open_ns(symbol, max(at_ns, act.from_ns))
            if open_ns is None or end_ns is None or open_ns < end_ns:
                return open_ns
        return None

    def next_close_ns(self, symbol: str, at_ns: int) -> int | None:
        """The next instant trading stops, by the calendar or by a halt; None while it does not trade."""
        if self._at(symbol, at_ns).is_halted:
            return None
        close_ns = self._market.next_close_ns(symbol, at_ns)
        if close_ns is None and self._market.next_open_ns(symbol, at_ns) != at_ns:
            return None
        halts = [act.from_ns for act in self._acts.get(symbol, ()) if act.is_halted and act.from_ns > at_ns]
        return min([*halts[:1], *([] if close_ns is None else [close_ns])], default=None)


def _finer(granularity: str) -> list[str]:
    """Granularities a bar can be put together from, the longest first."""
    names = list(GRANULARITY_NS)
    return [name for name in reversed(names[: names.index(granularity)]) if name in {_FINEST, "M1", "M5", "H1", "D"}]


def _moved_prices(prices: Ohlc, opening: Decimal, by: Decimal) -> Ohlc:
    first, last = prices.open + opening, prices.close + by
    return Ohlc(first, max(prices.high + by, first), min(prices.low + by, first), last)


def _shifted(step: Step, by: int) -> Step:
    return step._replace(
        bid_low=step.bid_low + by,
        bid_high=step.bid_high + by,
        ask_low=step.ask_low + by,
        ask_high=step.ask_high + by,
    )


def _shifted_watch(watch: Watch, by: int) -> Watch:
    def moved(level: int | None) -> int | None:
        return None if level is None else level + by

    return Watch(
        moved(watch.bid_at_most),
        moved(watch.bid_at_least),
        moved(watch.ask_at_most),
        moved(watch.ask_at_least),
        watch.any_point,
    )
