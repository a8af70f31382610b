"""CSV lines to columns of integer instants and ticks, exactly; opens no file and judges no price."""

from __future__ import annotations

import csv
from array import array
from enum import Enum
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.errors import UsageError
from rickctl.domain.instants import parse_instant
from rickctl.domain.money import decimal_text, is_multiple, parse_decimal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from decimal import Decimal

    from rickctl.domain.market import Instrument

_TIME_NAMES = frozenset({"time", "timestamp"})
_REMEMBERED = 200_000
_LARGEST_TICKS = 2**62
_DATE = 10
_CLOCK = 9


class Layout(Enum):
    """What a file's rows hold, with the long and short names of their price columns in order."""

    BARS = (
        ("bid_open", "bid_high", "bid_low", "bid_close", "ask_open", "ask_high", "ask_low", "ask_close"),
        ("bo", "bh", "bl", "bc", "ao", "ah", "al", "ac"),
    )
    TICKS = (("bid", "ask"), ("b", "a"))
    SIDE = (("open", "high", "low", "close"), ("o", "h", "l", "c"))


class Table(NamedTuple):
    """One file's rows in file order: UTC nanoseconds and one column of ticks for each price of its layout."""

    layout: Layout
    times: array[int]
    columns: tuple[array[int], ...]


class _Header(NamedTuple):
    """Where the wanted cells of a row are."""

    layout: Layout
    width: int
    time: int
    prices: tuple[int, ...]


class _Memo(dict[str, int]):
    """Answers already worked out; a plain dict subclass because its look-up runs once a cell."""

    def __init__(self, work_out: Callable[[str], int]) -> None:
        super().__init__()
        self._work_out = work_out

    def __missing__(self, text: str) -> int:
        if len(self) >= _REMEMBERED:
            self.clear()
        value = self[text] = self._work_out(text)
        return value


def parse_table(lines: Iterable[str], name: str, instrument: Instrument) -> Table:
    """Read the lines of one CSV file; prices become ticks of the instrument.

    Raises UsageError naming `name` and the line: bad_tape, bad_time, bad_number or off_grid.
    """
    reader = csv.reader(lines, strict=True)
    try:
        return _read_rows(reader, instrument.price_increment)
    except UsageError as error:
        message = f"{name} line {max(1, reader.line_num)}: {error.message}"
        raise UsageError(message, code=error.code, hint=error.hint) from None
    except (csv.Error, UnicodeDecodeError) as error:
        message = f"{name} after line {reader.line_num}: not CSV text in UTF-8 ({error})"
        raise UsageError(message, code="bad_tape") from None


def price_ticks(text: str, increment: Decimal) -> int:
    """The price as a whole number of increments; raises UsageError bad_number or off_grid."""
    price = parse_decimal(text, "price")
    if abs(price) >= _LARGEST_TICKS * increment:
        message = f"price {decimal_text(price)} is too large"
        raise UsageError(message, code="bad_number")
    if not is_multiple(price, increment):
        message = f"price {decimal_text(price)} is not a multiple of {decimal_text(increment)}"
        raise UsageError(message, code="off_grid")
    return int(price // increment)


def instant_reader() -> Callable[[str], int]:
    """A reader of times as `parse_instant` reads them, remembering days, clock times and what follows separately."""
    days = _Memo(parse_instant)
    clocks = _Memo(_clock_ns)
    tails = _Memo(lambda tail: parse_instant("1970-01-01T00:00:00" + tail))

    def read(text: str) -> int:
        try:
            return days[text[:_DATE]] + clocks[text[_DATE : _DATE + _CLOCK]] + tails[text[_DATE + _CLOCK :]]
        except UsageError:
            return parse_instant(text)

    return read


def _clock_ns(clock: str) -> int:
    """Nanoseconds into the day of `T14:00:00`; other shapes, some of them legal, are left to the whole text."""
    if len(clock) != _CLOCK or clock[6] != ":":
        message = f"{clock!r} is not hours, minutes and seconds"
        raise UsageError(message, code="bad_time")
    return parse_instant("1970-01-01" + clock)


def _read_rows(rows: Iterator[list[str]], increment: Decimal) -> Table:
    header = _read_header(next(rows, None))
    instant = instant_reader()
    ticks = _Memo(lambda text: price_ticks(text, increment)).__getitem__
    pick = itemgetter(*header.prices)
    times = array("q")
    prices = array("q")
    for row in rows:
        if len(row) == header.width:
            times.append(instant(row[header.time]))
            prices.extend(map(ticks, pick(row)))
        elif row:
            message = f"{len(row)} columns where the header has {header.width}"
            raise UsageError(message, code="bad_tape")
    if not times:
        message = "no rows after the header"
        raise UsageError(message, code="bad_tape")
    stride = len(header.prices)
    return Table(header.layout, times, tuple(prices[place::stride] for place in range(stride)))


def _read_header(row: list[str] | None) -> _Header:
    if row is None:
        message = "the file is empty"
        raise UsageError(message, code="bad_tape")
    names = [cell.strip().lower() for cell in row]
    times = [place for place, name in enumerate(names) if name in _TIME_NAMES]
    for layout in Layout:
        for wanted in layout.value:
            if len(times) == 1 and all(names.count(name) == 1 for name in wanted):
                return _Header(layout, len(names), times[0], tuple(names.index(name) for name in wanted))
    message = "the header names no known columns: time,bid,ask or time,bid_open,… or time,open,high,low,close"
    raise UsageError(message, code="bad_tape", hint="see docs/tapes.md for the three layouts")
