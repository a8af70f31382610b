"""What a market is made of: instruments, quotes, bars, and the steps that touch orders; it knows no money."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import NamedTuple

from rickctl.domain.errors import UsageError
from rickctl.domain.instants import SECOND_NS

STALE_NS = 5 * SECOND_NS
"""Age past which a price is not shown as current; no charter may let an order trade on an older one."""


_LARGEST_PRICE = Decimal(10) ** 12
"""Above it arithmetic on the grid would run out of digits."""


class InstrumentKind(StrEnum):
    """Families of instruments; they differ in calendar and in how a day is counted."""

    FX = "fx"
    METAL = "metal"
    INDEX = "index"
    CRYPTO = "crypto"


class Instrument(NamedTuple):
    """What a venue says of one symbol; prices in `quote_currency`, units in `base_currency`."""

    symbol: str
    base_currency: str
    quote_currency: str
    kind: InstrumentKind
    pip_location: int
    price_increment: Decimal
    unit_increment: Decimal
    minimum_units: Decimal
    maximum_units: Decimal
    margin_rate: Decimal
    calendar: str

    @property
    def pip(self) -> Decimal:
        """The size of one pip as a price difference."""
        return Decimal(1).scaleb(self.pip_location)

    def ticks(self, price: Decimal) -> int:
        """The price as a whole number of increments; raises UsageError off the grid or beyond any market."""
        if price > _LARGEST_PRICE:
            message = f"a price of {price:f} is beyond any market"
            raise UsageError(message, code="bad_number")
        count = price / self.price_increment
        if count != count.to_integral_value():
            message = f"{self.symbol} price {price:f} is not a multiple of {self.price_increment:f}"
            raise UsageError(message, code="bad_precision")
        return int(count)

    def price(self, ticks: int) -> Decimal:
        """The price of a whole number of increments, in the instrument's own precision."""
        return (ticks * self.price_increment).quantize(self.price_increment, rounding=ROUND_HALF_EVEN)


class Quote(NamedTuple):
    """Top of book for one symbol; times are UTC nanoseconds. Unknown prices are None, never zero.

    `changed_ns`: the price last moved. `asserted_ns`: the source last said it is current. `received_ns`: it reached us.
    """

    symbol: str
    bid: Decimal | None
    ask: Decimal | None
    source: str
    tradeable: bool
    changed_ns: int
    asserted_ns: int
    received_ns: int
    last: Decimal | None = None

    @property
    def mid(self) -> Decimal | None:
        """Halfway between bid and ask, exact (one more decimal than the prices); None when either is unknown."""
        if self.bid is None or self.ask is None:
            return None
        return (self.bid + self.ask) / 2

    @property
    def spread(self) -> Decimal | None:
        """Ask minus bid; None when either is unknown."""
        if self.bid is None or self.ask is None:
            return None
        return self.ask - self.bid

    def age_ns(self, now_ns: int) -> int:
        """Nanoseconds since the source last asserted this price."""
        return now_ns - self.asserted_ns


class Ohlc(NamedTuple):
    """First, highest, lowest and last price of an interval."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


class Bar(NamedTuple):
    """Prices over `[start_ns, end_ns)`, labelled by its start; `complete` is False while the interval runs."""

    symbol: str
    granularity: str
    start_ns: int
    end_ns: int
    bid: Ohlc
    ask: Ohlc
    complete: bool
    source: str
    volume: int | None = None


class TapeCounts(NamedTuple):
    """What a recorded market held: rows that trade, rows that trade nothing and why, holes; instants UTC nanoseconds.

    `closed_rows` trade although today's calendar calls their hour closed.
    """

    rows: int
    used: int
    crossed: int
    impossible: int
    unmatched: int
    duplicates: int
    gaps: int
    gap_ns: int
    closed_rows: int
    first_ns: int
    last_ns: int


class Phase:
    """Order of what happens at one instant: a finished interval's range comes before the next price."""

    RANGE = 0
    POINT = 1


class Cursor(NamedTuple):
    """A place in a market's sequence of steps."""

    at_ns: int
    phase: int


class Step(NamedTuple):
    """One thing a market does, in ticks: a POINT is one executable bid and ask, a RANGE what an interval reached.

    A RANGE covers `(from_ns, at_ns)` and is known at `at_ns`; its first price was an earlier POINT of its own.
    Sizes are the units available on that side at the touch, in unit increments; None where the source does not say.
    """

    symbol: str
    from_ns: int
    at_ns: int
    phase: int
    bid_low: int
    bid_high: int
    ask_low: int
    ask_high: int
    bid_size: int | None = None
    ask_size: int | None = None

    @property
    def cursor(self) -> Cursor:
        """Where this step stands in the market's sequence."""
        return Cursor(self.at_ns, self.phase)


class Watch(NamedTuple):
    """What would wake a book: levels in ticks per side, or any executable price at all."""

    bid_at_most: int | None = None
    bid_at_least: int | None = None
    ask_at_most: int | None = None
    ask_at_least: int | None = None
    any_point: bool = False

    def wakes(self, step: Step) -> bool:
        """Whether the step meets any of the conditions."""
        return (
            (self.any_point and step.phase == Phase.POINT)
            or (self.bid_at_most is not None and step.bid_low <= self.bid_at_most)
            or (self.bid_at_least is not None and step.bid_high >= self.bid_at_least)
            or (self.ask_at_most is not None and step.ask_low <= self.ask_at_most)
            or (self.ask_at_least is not None and step.ask_high >= self.ask_at_least)
        )
