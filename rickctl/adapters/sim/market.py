"""`sim:v1` behind the Market port: turns the book's slots and ticks into quotes, steps and bars; reads no clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.adapters.sim.book import Book, Touch
from rickctl.adapters.sim.profile import SLOT_NS
from rickctl.domain.bars import bar_end_ns, bar_start_ns
from rickctl.domain.errors import UsageError
from rickctl.domain.hours import is_open, next_close_ns, next_open_ns, session_bounds, session_number
from rickctl.domain.instants import parse_instant, rfc3339
from rickctl.domain.instruments import CATALOGUE, Instruments
from rickctl.domain.market import Bar, Ohlc, Phase, Quote, Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rickctl.adapters.sim.book import Extremes
    from rickctl.adapters.sim.path import SessionPath
    from rickctl.domain.market import Cursor, Instrument, Watch

EARLIEST_NS = parse_instant("2000-01-01")
LATEST_NS = parse_instant("2100-01-01")
_LOOK_BACK_SLOTS = 480


class SimMarket:
    """The simulated market of one seed; every answer depends on (seed, symbol, time) alone."""

    source = "sim:v1"

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._instruments = Instruments()
        self._books: dict[str, Book] = {}

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """The catalogue, by canonical symbol."""
        return self._instruments

    def quote(self, symbol: str, at_ns: int) -> Quote:
        """The quote standing at `at_ns`; while closed the last one of the session before, asserted when that ended.

        Raises UsageError for a time outside the years 2000 to 2099.
        """
        _check_covered(at_ns)
        instrument, book = self._instruments[symbol], self._book(symbol)
        number = session_number(instrument.calendar, at_ns)
        closes_ns = session_bounds(instrument.calendar, number).closes_ns
        session = book.path.session(number)
        touch = book.touch(session, min(at_ns // SLOT_NS, session.last))
        return Quote(
            symbol=symbol,
            bid=instrument.price(touch.bid),
            ask=instrument.price(touch.ask),
            source=self.source,
            tradeable=at_ns < closes_ns,
            changed_ns=_changed_slot(book, session, touch) * SLOT_NS,
            asserted_ns=min(at_ns, closes_ns),
            received_ns=min(at_ns, closes_ns),
        )

    def point(self, symbol: str, at_ns: int) -> Step | None:
        """The price standing at `at_ns` with the units on offer; None while closed. Raises UsageError like `quote`."""
        _check_covered(at_ns)
        calendar = self._instruments[symbol].calendar
        if not is_open(calendar, at_ns):
            return None
        book = self._book(symbol)
        session = book.path.session(session_number(calendar, at_ns))
        return _step(symbol, book, book.touch(session, at_ns // SLOT_NS), at_ns)

    def next_step(self, symbol: str, watch: Watch, after: Cursor, until_ns: int) -> Step | None:
        """The first price after `after` and by `until_ns` that wakes `watch`; prices come every 250 ms while open.

        Raises UsageError where `after` is outside the years 2000 to 2099; looks no further than those.
        """
        _check_covered(after.at_ns)
        earliest_ns = after.at_ns if after.phase < Phase.POINT else after.at_ns + 1
        book = self._book(symbol)
        latest = min(until_ns, LATEST_NS - 1) // SLOT_NS
        touch = book.first_touch(watch, -(-earliest_ns // SLOT_NS), latest)
        return None if touch is None else _step(symbol, book, touch, touch.slot * SLOT_NS)

    def bars(self, symbol: str, granularity: str, start_ns: int, end_ns: int, now_ns: int) -> list[Bar]:
        """Bars whose start lies in `[start_ns, end_ns)` with the prices up to `now_ns`; none where nothing traded.

        Raises UsageError for a granularity that does not exist or times outside the years 2000 to 2099.
        """
        _check_covered(start_ns)
        calendar = self._instruments[symbol].calendar
        stop_ns = min(end_ns, now_ns + 1, LATEST_NS)
        bars = []
        at_ns = bar_start_ns(granularity, calendar, start_ns)
        while at_ns < stop_ns:
            bar_end = bar_end_ns(granularity, calendar, at_ns)
            if at_ns >= start_ns:
                bar = self._bar(symbol, granularity, (at_ns, bar_end), now_ns)
                if bar is not None:
                    bars.append(bar)
            at_ns = bar_start_ns(granularity, calendar, next_open_ns(calendar, bar_end))
        return bars

    def next_open_ns(self, symbol: str, at_ns: int) -> int | None:
        """`at_ns` if the symbol trades then, else the next instant it does. Raises UsageError like `quote`."""
        _check_covered(at_ns)
        return next_open_ns(self._instruments[symbol].calendar, at_ns)

    def next_close_ns(self, symbol: str, at_ns: int) -> int | None:
        """The instant trading next stops; None while closed or where it never does. Raises UsageError like `quote`."""
        _check_covered(at_ns)
        return next_close_ns(self._instruments[symbol].calendar, at_ns)

    def _book(self, symbol: str) -> Book:
        if symbol not in self._books:
            self._books[symbol] = Book(self._seed, CATALOGUE[symbol])
        return self._books[symbol]

    def _bar(self, symbol: str, granularity: str, interval: tuple[int, int], now_ns: int) -> Bar | None:
        start_ns, end_ns = interval
        instrument = self._instruments[symbol]
        last = min((end_ns - 1) // SLOT_NS, now_ns // SLOT_NS)
        parts = _extremes(self._book(symbol), instrument.calendar, -(-start_ns // SLOT_NS), last)
        if not parts:
            return None
        first, final = parts[0].first, parts[-1].last
        bid = first.bid, max(part.bid_high for part in parts), min(part.bid_low for part in parts), final.bid
        ask = first.ask, max(part.ask_high for part in parts), min(part.ask_low for part in parts), final.ask
        return Bar(
            symbol=symbol,
            granularity=granularity,
            start_ns=start_ns,
            end_ns=end_ns,
            bid=Ohlc(*map(instrument.price, bid)),
            ask=Ohlc(*map(instrument.price, ask)),
            complete=end_ns <= now_ns,
            source=self.source,
        )


def _extremes(book: Book, calendar: str, first: int, last: int) -> list[Extremes]:
    """What each session reached in the slots `first` to `last`, both counted."""
    found = []
    number = session_number(calendar, first * SLOT_NS)
    while (session := book.path.session(number)).first <= last:
        if session.last >= first:
            found.append(book.extremes(session, max(first, session.first), min(last, session.last)))
        number += 1
    return found


def _changed_slot(book: Book, session: SessionPath, touch: Touch) -> int:
    """The slot at which this price appeared, looking back no further than the session's opening or two minutes."""
    slot = touch.slot
    furthest = max(session.first, slot - _LOOK_BACK_SLOTS)
    while slot > furthest and book.touch(session, slot - 1)[1:] == touch[1:]:
        slot -= 1
    return slot


def _step(symbol: str, book: Book, touch: Touch, at_ns: int) -> Step:
    bid_size, ask_size = book.sizes(at_ns // SLOT_NS)
    return Step(
        symbol=symbol,
        from_ns=at_ns,
        at_ns=at_ns,
        phase=Phase.POINT,
        bid_low=touch.bid,
        bid_high=touch.bid,
        ask_low=touch.ask,
        ask_high=touch.ask,
        bid_size=bid_size,
        ask_size=ask_size,
    )


def _check_covered(at_ns: int) -> None:
    if not EARLIEST_NS <= at_ns < LATEST_NS:
        message = f"time {rfc3339(at_ns)} is outside the years 2000 to 2099 the simulated market covers"
        raise UsageError(message, code="time_out_of_range")
