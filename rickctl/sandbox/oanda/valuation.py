"""What an account is worth at one instant: results, margin, what the market would have to do; changes nothing.

Open units are valued at the side that would close them, margin at mid. Gains come home at the worse side of the market.
Account amounts have 4 decimals, half to even. What cannot be priced counts as unchanged.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING

from rickctl.domain.conversion import Rates, RateSide
from rickctl.domain.market import Watch
from rickctl.sandbox.oanda.records import ZERO, Held

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rickctl.domain.conversion import Conversion
    from rickctl.domain.market import Instrument, Quote
    from rickctl.domain.ports import Market
    from rickctl.sandbox.oanda.book import Book

CENT_OF_CENT = Decimal("0.0001")
FACTOR_INCREMENT = Decimal("0.000000000001")
_DIGITS = Context(prec=28)
_WIDE = Context(prec=60)
_WIDEST_FIRST = tuple(map(Decimal, ("0.05", "0.02", "0.01", "0.005", "0.002", "0.001")))
"""How far prices may move, as a share, while an account provably stays clear of its closeout."""


def amount(value: Decimal) -> Decimal:
    """An amount of the account's currency, to 4 decimals; never a negative zero."""
    return value.quantize(CENT_OF_CENT, rounding=ROUND_HALF_EVEN, context=_WIDE) + ZERO


def is_listed(name: str) -> bool:
    """Whether the exchange trades what its market calls so: OANDA's names are written with an underscore."""
    return "_" in name


class Valuation:
    """The market's prices and an account's currency at one instant."""

    def __init__(self, market: Market, book: Book, at_ns: int) -> None:
        self.market = market
        self.book = book
        self.rates = Rates(market, at_ns)
        self._home = book.terms.currency

    def instrument(self, name: str) -> Instrument:
        """The instrument of that name."""
        return self.market.instruments[name]

    def listed(self, name: str) -> Instrument | None:
        """The instrument of that name, None where the exchange does not list it."""
        return self.market.instruments.get(name) if is_listed(name) else None

    def quote(self, name: str) -> Quote:
        """The quote standing at the instant."""
        return self.rates.quote(name)

    def home(self, value: Decimal, instrument: str) -> Decimal:
        """A result in the instrument's quote currency, brought home; 4 decimals."""
        way = self.rates.for_result(value, self.instrument(instrument).quote_currency, self._home)
        return ZERO if way is None else amount(way.amount(value))

    def at_mid(self, value: Decimal, instrument: str) -> Decimal:
        """A value in the instrument's quote currency at the middle rate, not rounded."""
        way = self.rates.conversion(self.instrument(instrument).quote_currency, self._home, RateSide.MID)
        return ZERO if way is None else way.amount(value)

    def factors(self, currency: str) -> tuple[Conversion, Conversion, Conversion] | None:
        """How gains, losses and values of a currency come home; None without a way."""
        ways = [
            self.rates.conversion(currency, self._home, side) for side in (RateSide.BID, RateSide.ASK, RateSide.MID)
        ]
        gain, loss, middle = ways
        return None if gain is None or loss is None or middle is None else (gain, loss, middle)

    def closing_price(self, instrument: str, sign: int) -> Decimal | None:
        """What closing a long (+1) or short (-1) would trade at."""
        quote = self.quote(instrument)
        return quote.bid if sign > 0 else quote.ask

    def unrealised(self, held: Held) -> Decimal:
        """What closing it now would bring."""
        price = self.closing_price(held.instrument, held.sign)
        return amount(ZERO) if price is None else self.home(price * held.units - held.cost, held.instrument)

    def value(self, instrument: str, units: Decimal) -> Decimal:
        """What units are worth at mid, without their sign."""
        mid = self.quote(instrument).mid
        return ZERO if mid is None else self.at_mid(abs(units) * mid, instrument)

    def margin_rate(self, instrument: str) -> Decimal:
        """The higher of the instrument's and the account's."""
        return max(self.instrument(instrument).margin_rate, self.book.margin_rate)

    def margin(self, instrument: str, units: Decimal) -> Decimal:
        """Margin units ask for."""
        return amount(self.value(instrument, units) * self.margin_rate(instrument))

    def margin_used(self, held: Iterable[Held]) -> Decimal:
        """Margin of all that is held: of the bigger side of an instrument where the account hedges."""
        sides: dict[str, dict[int, Decimal]] = {}
        for one in held:
            both = sides.setdefault(one.instrument, {1: ZERO, -1: ZERO})
            both[one.sign] += abs(one.units)
        is_hedged = self.book.terms.hedging
        bound = ((name, max(both.values()) if is_hedged else both[1] + both[-1]) for name, both in sides.items())
        return sum((self.margin(name, units) for name, units in bound), amount(ZERO))

    def total_unrealised(self, held: Iterable[Held]) -> Decimal:
        """What closing all of it now would bring."""
        return sum((self.unrealised(one) for one in held), amount(ZERO))

    def is_closeout(self) -> bool:
        """Whether net value has come down to half the margin used."""
        held = self.book.held()
        used = self.margin_used(held)
        return used > 0 and (self.book.balance + self.total_unrealised(held)) * 2 <= used

    # how far away a closeout is

    def guards(self) -> dict[str, Watch] | None:
        """What would have to happen before a closeout can be; None where it is too near to say."""
        held = self.book.held()
        for share in _WIDEST_FIRST:
            if self._is_clear(held, share):
                return self._moves(held, share)
        return None

    def _is_clear(self, held: list[Held], share: Decimal) -> bool:
        """Whether no move of every price by up to `share` can bring the account to its closeout.

        A result crosses at most two pairs on its way home, so it is at most `(1 + share)^3` off either way; dividing
        by a price that fell by `share` raises by more, which `most` covers.
        """
        most = _DIGITS.power(_DIGITS.divide(Decimal(1), 1 - share), 3)
        worst, used = self.book.balance, ZERO
        for one in held:
            quote = self.quote(one.instrument)
            price = self.closing_price(one.instrument, one.sign)
            if price is None or quote.ask is None:
                return False
            result = price * one.units - one.cost
            swing = abs(one.units) * quote.ask * (most - 1)
            low = self._worst_home(result - swing, one.instrument, most)
            if low is None:
                return False
            worst += low
            used += self.margin(one.instrument, one.units) * most
        return worst * 2 > used + len(held)

    def _worst_home(self, value: Decimal, instrument: str, most: Decimal) -> Decimal | None:
        way = self.rates.for_result(value, self.instrument(instrument).quote_currency, self._home)
        if way is None:
            return None
        found = way.amount(value)
        return found * most if found < 0 else found / most

    def _moves(self, held: list[Held], share: Decimal) -> dict[str, Watch]:
        """For every pair that matters, a move of either of its prices by `share`."""
        names = {one.instrument for one in held}
        for name in list(names):
            for side in (RateSide.BID, RateSide.ASK, RateSide.MID):
                way = self.rates.conversion(self.instrument(name).quote_currency, self._home, side)
                names |= {leg.symbol for leg in way.legs} if way is not None else set()
        return {name: self._move(name, share) for name in sorted(names)}

    def _move(self, name: str, share: Decimal) -> Watch:
        quote, increment = self.quote(name), self.instrument(name).price_increment
        bid, ask = quote.bid or ZERO, quote.ask or ZERO

        def ticks(price: Decimal, rounding: str) -> int:
            # Rounded toward the price: the guard wakes rather early than late.
            return int((price / increment).to_integral_value(rounding=rounding))

        return Watch(
            bid_at_most=ticks(bid * (1 - share), ROUND_CEILING),
            bid_at_least=ticks(bid * (1 + share), ROUND_FLOOR),
            ask_at_most=ticks(ask * (1 - share), ROUND_CEILING),
            ask_at_least=ticks(ask * (1 + share), ROUND_FLOOR),
        )
