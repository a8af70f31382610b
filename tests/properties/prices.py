"""What a paper account's prices should be: touches, pips and conversions worked out anew from the market alone."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Context, Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.market import Cursor, Phase, Step, Watch

if TYPE_CHECKING:
    from rickctl.domain.account import AccountConfig
    from rickctl.domain.orders import Side
    from rickctl.domain.ports import Market

ANYTHING = Watch(bid_at_least=-(10**15))
PLENTY = Context(prec=90)
DIVISION = Context(prec=28, rounding=ROUND_HALF_EVEN)
CENT_MILLIONTH = Decimal("0.00000001")
ZERO = Decimal(0)


class Prices(NamedTuple):
    """A market as one account meets it."""

    market: Market
    config: AccountConfig

    def touch(self, symbol: str, at_ns: int) -> tuple[Decimal, Decimal]:
        """Bid and ask the account meets by the quote of that instant."""
        quote, instrument = self.market.quote(symbol, at_ns), self.market.instruments[symbol]
        assert quote.bid is not None
        assert quote.ask is not None
        return self.quoted(symbol, instrument.ticks(quote.bid), instrument.ticks(quote.ask))

    def quoted(self, symbol: str, bid: int, ask: int) -> tuple[Decimal, Decimal]:
        """Bid and ask the account meets for those of the source, both in ticks."""
        price, spread = self.market.instruments[symbol].price, self.config.spread
        if spread.factor is None and spread.pips is None:
            return price(bid), price(ask)
        width = (ask - bid) * spread.factor if spread.factor else self.pips(symbol, spread.pips or ZERO) / price(1)
        whole = max(1, int(width.to_integral_value(rounding=ROUND_CEILING)))
        low = (bid + ask - whole) // 2
        return price(low), price(low + whole)

    def pips(self, symbol: str, pips: Decimal) -> Decimal:
        """Pips as a price difference on the grid, rounded up."""
        instrument = self.market.instruments[symbol]
        steps = (pips * instrument.pip / instrument.price_increment).to_integral_value(rounding=ROUND_CEILING)
        return steps * instrument.price_increment

    def convert(self, value: Decimal, symbol: str, at_ns: int, *, at_mid: bool = False) -> Decimal:
        """An amount of a symbol's quote currency in the account's: gains sold at the worse side, losses bought."""
        currency, into = self.market.instruments[symbol].quote_currency, self.config.currency
        if currency == into:
            return value
        side = 0 if at_mid else 1 if value > 0 else -1
        for way in ((currency, into), (currency, "USD", into)):
            rates = [self._rate(one, other, side, at_ns) for one, other in pairwise(way)]
            if None not in rates:
                break
        for price, is_inverse in filter(None, rates):
            value = DIVISION.divide(value, price) if is_inverse else DIVISION.multiply(value, price)
        return value.quantize(CENT_MILLIONTH, rounding=ROUND_HALF_EVEN, context=PLENTY)

    def _rate(self, currency: str, into: str, side: int, at_ns: int) -> tuple[Decimal, bool] | None:
        for symbol, is_inverse in ((f"{currency}_{into}", False), (f"{into}_{currency}", True)):
            if symbol not in self.market.instruments:
                continue
            quote = self.market.quote(symbol, at_ns)
            if quote.bid is None or quote.ask is None:
                return None
            way = -side if is_inverse else side
            price = {1: quote.bid, -1: quote.ask, 0: (quote.bid + quote.ask) / 2}[way]
            return price, is_inverse
        return None

    def step(self, symbol: str, at_ns: int, phase: int) -> Step:
        """The market's own step a fill names; it must have been one to trade on."""
        if phase == Phase.POINT:
            found = self.market.point(symbol, at_ns)
            assert found is not None, "I5: no fill without a price to trade on"
            assert self.market.quote(symbol, at_ns).tradeable, "I5: no fill outside market hours"
            assert found.bid_low <= found.ask_low, "I5: no fill on a crossed quote"
            return found
        found = self.market.next_step(symbol, ANYTHING, Cursor(at_ns - 1, Phase.POINT), at_ns)
        assert found is not None, "I5: no fill without a bar to trade in"
        assert found.phase == Phase.RANGE, "I5: no fill without a bar to trade in"
        return found

    def reaches(self, side: Side, level: Decimal, step: Step) -> bool:
        """Whether the source's own price reached a stop of that side."""
        price = self.market.instruments[step.symbol].price
        return price(step.ask_high) >= level if side.sign > 0 else price(step.bid_low) <= level
