"""Amounts from one currency to another at one instant and a stated side; fetches nothing beyond the market it is given.

What comes in is sold at the worse side and what goes out is bought at the other, so converting never earns anything.
There is no direct pair: the way leads over USD. Division happens here alone, with 28 digits.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.money import CONVERTED_INCREMENT, MAX_DIGITS

if TYPE_CHECKING:
    from rickctl.domain.market import Instrument, Quote
    from rickctl.domain.ports import Market

_DIGITS = Context(prec=MAX_DIGITS, rounding=ROUND_HALF_EVEN)
_CROSS = "USD"
ONE = Decimal(1)


class RateSide(StrEnum):
    """Which price of a pair a conversion used."""

    BID = "bid"
    ASK = "ask"
    MID = "mid"


class RateLeg(NamedTuple):
    """One pair on the way: its price at that side; `is_inverse` when the amount was divided by it."""

    symbol: str
    side: RateSide
    price: Decimal
    is_inverse: bool


class Conversion(NamedTuple):
    """The way from one currency to another; `rate` is what one unit became, to 28 digits."""

    legs: tuple[RateLeg, ...]
    rate: Decimal

    def amount(self, value: Decimal) -> Decimal:
        """`value` converted, to 8 decimals half to even; exact where nothing was converted."""
        if not self.legs:
            return value
        for leg in self.legs:
            value = _DIGITS.divide(value, leg.price) if leg.is_inverse else _DIGITS.multiply(value, leg.price)
        return value.quantize(CONVERTED_INCREMENT, rounding=ROUND_HALF_EVEN, context=Context(prec=2 * MAX_DIGITS))


UNCHANGED = Conversion((), ONE)
"""The way from a currency to itself."""


class Rates:
    """The market's quotes and conversions at one instant, each asked for once."""

    def __init__(self, market: Market, at_ns: int) -> None:
        self.market = market
        self.at_ns = at_ns
        self._quotes: dict[str, Quote] = {}
        self._ways: dict[tuple[str, str, RateSide], Conversion | None] = {}

    def instrument(self, symbol: str) -> Instrument:
        """The instrument of a symbol this market trades; raises KeyError."""
        return self.market.instruments[symbol]

    def quote(self, symbol: str) -> Quote:
        """The quote standing at the instant."""
        found = self._quotes.get(symbol)
        if found is None:
            found = self._quotes[symbol] = self.market.quote(symbol, self.at_ns)
        return found

    def for_result(self, value: Decimal, currency: str, into: str) -> Conversion | None:
        """How a gain (`value` above zero) is sold or a loss is bought in `into`; None when there is no way."""
        return self.conversion(currency, into, RateSide.BID if value > 0 else RateSide.ASK)

    def conversion(self, currency: str, into: str, side: RateSide) -> Conversion | None:
        """The way from `currency` to `into`; BID sells `currency`, ASK buys it back, MID is for valuation only."""
        if currency == into:
            return UNCHANGED
        key = currency, into, side
        if key not in self._ways:
            self._ways[key] = self._way(currency, into, side)
        return self._ways[key]

    def _way(self, currency: str, into: str, side: RateSide) -> Conversion | None:
        legs = self._legs(currency, into, side)
        if legs is None:
            return None
        rate = ONE
        for leg in legs:
            rate = _DIGITS.divide(rate, leg.price) if leg.is_inverse else _DIGITS.multiply(rate, leg.price)
        return Conversion(legs, rate)

    def _legs(self, currency: str, into: str, side: RateSide) -> tuple[RateLeg, ...] | None:
        direct = self._leg(currency, into, side)
        if direct is not None:
            return (direct,)
        if _CROSS in {currency, into}:
            return None
        first, second = self._leg(currency, _CROSS, side), self._leg(_CROSS, into, side)
        return None if first is None or second is None else (first, second)

    def _leg(self, currency: str, into: str, side: RateSide) -> RateLeg | None:
        for base, quoted in ((currency, into), (into, currency)):
            for symbol in (f"{base}_{quoted}", f"{base}-{quoted}"):
                if symbol in self.market.instruments:
                    return self._priced(symbol, side, is_inverse=base == into)
        return None

    def _priced(self, symbol: str, side: RateSide, *, is_inverse: bool) -> RateLeg | None:
        quote = self.quote(symbol)
        if is_inverse and side is not RateSide.MID:
            side = RateSide.ASK if side is RateSide.BID else RateSide.BID
        price = {RateSide.BID: quote.bid, RateSide.ASK: quote.ask, RateSide.MID: quote.mid}[side]
        if price is None or price <= 0:
            return None
        return RateLeg(symbol, side, price, is_inverse)
