"""Exits as people write them (`20p`, `0.5%`, `2R`, a price) resolved to prices on the grid; judges only their sides."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.errors import Refused, UsageError
from rickctl.domain.money import parse_positive, quantise
from rickctl.domain.orders import EntryType, Side

if TYPE_CHECKING:
    from rickctl.domain.market import Instrument, Quote


class DistanceUnit(StrEnum):
    """What a written exit counts in."""

    PRICE = "price"
    PIPS = "pips"
    PERCENT = "percent"
    MULTIPLE = "multiple"


_WIDEST_TRAIL = 20
"""How many times the stop's distance a trailing distance may be where it is written as a bare number."""

_LARGEST = Decimal(10) ** 12
"""No price of anything reaches it; above it exact arithmetic on the grid would run out of digits."""


class Distance(NamedTuple):
    """A written exit: a price, or how far from the entry; always above zero."""

    unit: DistanceUnit
    value: Decimal

    def __str__(self) -> str:
        return f"{self.value:f}{_SHOWN[self.unit]}"


class Exits(NamedTuple):
    """Everything in prices: where the entry is counted from, both exits, and the trailing distance."""

    entry: Decimal | None
    stop_loss: Decimal | None
    take_profit: Decimal | None
    trailing: Decimal | None


_SHOWN = {
    DistanceUnit.PRICE: "",
    DistanceUnit.PIPS: "p",
    DistanceUnit.PERCENT: "%",
    DistanceUnit.MULTIPLE: "R",
}
_SUFFIXES = (
    ("pips", DistanceUnit.PIPS),
    ("pip", DistanceUnit.PIPS),
    ("p", DistanceUnit.PIPS),
    ("%", DistanceUnit.PERCENT),
    ("r", DistanceUnit.MULTIPLE),
)


def parse_stop(text: str, what: str = "--stop-loss") -> Distance:
    """Read `20p`, `20pips`, `0.5%` or a price; raises UsageError naming `what`."""
    found = _parse(text, what)
    if found.unit is DistanceUnit.MULTIPLE:
        message = f"{what} {text.strip()!r} counts from the stop itself; R is for --take-profit only"
        raise UsageError(message, code="bad_distance", hint=f"{what} 20p")
    return found


def parse_target(text: str, what: str = "--take-profit") -> Distance:
    """Read `40p`, `40pips`, `1%`, `2R` or a price; raises UsageError naming `what`."""
    return _parse(text, what)


def parse_trailing(text: str, what: str = "--trailing") -> Distance:
    """Read `20p`, `0.5%` or a distance in price; raises UsageError naming `what`."""
    return parse_stop(text, what)


def _parse(text: str, what: str) -> Distance:
    cleaned = text.strip().lower()
    for suffix, unit in _SUFFIXES:
        if cleaned.endswith(suffix):
            return Distance(unit, parse_positive(cleaned.removesuffix(suffix), what))
    return Distance(DistanceUnit.PRICE, parse_positive(cleaned, what))


def resolve_exits(
    *,
    side: Side,
    instrument: Instrument,
    quote: Quote,
    entry: EntryType,
    price: Decimal | None = None,
    stop_loss: Distance | None = None,
    take_profit: Distance | None = None,
    trailing: Distance | None = None,
) -> Exits:
    """Turn written exits into prices, counted from the limit, the stop entry or the touch of the quote.

    Stops are rounded away from the entry, targets toward it. Raises UsageError for a wrong side, an exit off the grid
    or too far, and Refused where a distance has no price to count from.
    """
    start = _start(side, entry, price, quote, instrument)
    stop = None if stop_loss is None else _stop(side, instrument, start, stop_loss)
    target = None if take_profit is None else _target(side, instrument, start, stop, take_profit)
    trail = None if trailing is None else _trailing(instrument, start, stop, trailing)
    if start is not None:
        _check_sides(side, start, stop, target)
    return Exits(start, stop, target, trail)


def _start(side: Side, entry: EntryType, price: Decimal | None, quote: Quote, instrument: Instrument) -> Decimal | None:
    touch = quote.ask if side is Side.BUY else quote.bid
    if entry is EntryType.MARKET:
        return touch
    if price is None:
        message = f"a {entry.value} entry needs its price"
        raise UsageError(message, code="bad_number")
    if price > _LARGEST:
        message = f"a price of {price:f} is beyond any market"
        raise UsageError(message, code="bad_number")
    instrument.ticks(price)
    if entry is EntryType.STOP and touch is not None and (price - touch) * side.sign <= 0:
        where = "above" if side is Side.BUY else "below"
        message = f"a {side.value} --stop-entry must be {where} the market at {touch:f}, not {price:f}"
        raise UsageError(message, code="wrong_side", hint="use --limit for a better price")
    return price


def _stop(side: Side, instrument: Instrument, start: Decimal | None, written: Distance) -> Decimal:
    if written.unit is DistanceUnit.PRICE:
        return _bare(instrument, written, "--stop-loss")
    base = _base(start, instrument)
    away = ROUND_FLOOR if side is Side.BUY else ROUND_CEILING
    exact = base - side.sign * _length(written, base, instrument, "--stop-loss")
    return quantise(exact, instrument.price_increment, away)


def _target(
    side: Side, instrument: Instrument, start: Decimal | None, stop: Decimal | None, written: Distance
) -> Decimal:
    if written.unit is DistanceUnit.PRICE:
        return _bare(instrument, written, "--take-profit")
    base = _base(start, instrument)
    toward = ROUND_FLOOR if side is Side.BUY else ROUND_CEILING
    if written.unit is DistanceUnit.MULTIPLE:
        length = _multiple(base, stop, written)
    else:
        length = _length(written, base, instrument, "--take-profit")
    return quantise(base + side.sign * length, instrument.price_increment, toward)


def _multiple(base: Decimal, stop: Decimal | None, written: Distance) -> Decimal:
    if stop is None:
        message = f"--take-profit {written} counts from the stop, and there is no --stop-loss"
        raise UsageError(message, code="no_stop_for_multiple", hint="add --stop-loss 20p")
    length = abs(base - stop) * written.value
    if length >= base:
        raise _too_far(written, "--take-profit")
    return length


def _trailing(instrument: Instrument, start: Decimal | None, stop: Decimal | None, written: Distance) -> Decimal:
    if written.unit is DistanceUnit.PRICE:
        if start is not None and _reads_as_price(written.value, start, stop):
            pips = f"{written.value / instrument.pip:,.0f}".replace(",", " ")
            message = f"--trailing is a distance, and {written.value:f} would be {pips} pips"
            raise UsageError(message, code="bad_distance", hint="--trailing 20p")
        return _bare(instrument, written, "--trailing")
    length = _length(written, _base(start, instrument), instrument, "--trailing")
    return quantise(length, instrument.price_increment, ROUND_CEILING)


def _reads_as_price(length: Decimal, start: Decimal, stop: Decimal | None) -> bool:
    """Whether a bare number is no distance anybody means: half the price, or far beyond the stop it starts from."""
    return 2 * length >= start or (stop is not None and length > _WIDEST_TRAIL * abs(start - stop))


def _length(written: Distance, base: Decimal, instrument: Instrument, what: str) -> Decimal:
    pips = written.unit is DistanceUnit.PIPS
    length = written.value * instrument.pip if pips else base * written.value / 100
    if length + instrument.price_increment > base:
        raise _too_far(written, what)
    return length


def _bare(instrument: Instrument, written: Distance, what: str) -> Decimal:
    if written.value > _LARGEST or written.value % instrument.price_increment != 0:
        message = (
            f"{what} {written.value:f} is not a multiple of {instrument.price_increment:f} for {instrument.symbol}"
        )
        raise UsageError(message, code="bad_precision")
    return written.value.quantize(instrument.price_increment)


def _base(start: Decimal | None, instrument: Instrument) -> Decimal:
    if start is None or start <= 0:
        message = f"{instrument.symbol} has no price to count a distance from"
        raise Refused(message, code="bad_quote", hint=f"rickctl quote {instrument.symbol}")
    return start


def _too_far(written: Distance, what: str) -> UsageError:
    message = f"{what} {written} is further than the price itself"
    return UsageError(message, code="bad_distance")


def _check_sides(side: Side, entry: Decimal, stop: Decimal | None, target: Decimal | None) -> None:
    behind, ahead = ("below", "above") if side is Side.BUY else ("above", "below")
    if stop is not None and (entry - stop) * side.sign <= 0:
        raise _wrong_side(side, "--stop-loss", behind, entry, stop)
    if target is not None and (target - entry) * side.sign <= 0:
        raise _wrong_side(side, "--take-profit", ahead, entry, target)


def _wrong_side(side: Side, what: str, where: str, entry: Decimal, found: Decimal) -> UsageError:
    message = f"{what} of a {side.value} must be {where} the entry {entry:f}, not {found:f}"
    return UsageError(message, code="wrong_side", hint="write a distance, such as 20p, and the side follows")
