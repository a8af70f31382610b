"""How a paper account departs from its price source: spread, slippage, latency, commission; parsed from text, no money.

Each model prints the text it was read from (`str`) and one sentence about itself (`describe`).
"""

from __future__ import annotations

import hashlib
from decimal import ROUND_CEILING, Context, Decimal
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.errors import UsageError
from rickctl.domain.instants import MILLISECOND_NS, MINUTE_NS, SECOND_NS, parse_duration_ns
from rickctl.domain.money import MAX_DIGITS, decimal_text, parse_decimal, parse_positive

if TYPE_CHECKING:
    from rickctl.domain.market import Instrument

_DIGITS = Context(prec=MAX_DIGITS)
_MILLION = Decimal(1_000_000)
_PERCENT = Decimal(100)
_LONGEST_LATENCY_NS = MINUTE_NS
_WIDEST_FACTOR = Decimal(100)
_MOST_PIPS = Decimal(100_000)


class Spread(NamedTuple):
    """The spread orders meet: the source's own, a multiple of it, or a fixed one in pips; the mid stays where it is."""

    text: str = "source"
    factor: Decimal | None = None
    pips: Decimal | None = None

    def __str__(self) -> str:
        return self.text

    def describe(self) -> str:
        """One sentence for people."""
        if self.factor is not None:
            return f"the source's spread times {self.factor:f}, about the same mid; stops are triggered by the source"
        if self.pips is not None:
            return f"always {self.pips:f} pips about the source's mid; stops are triggered by the source"
        return "the source's own spread"

    def quoted(self, bid: int, ask: int, instrument: Instrument) -> tuple[int, int]:
        """Bid and ask as this account meets them, in ticks; at least one tick apart."""
        if self.factor is not None:
            width = int(((ask - bid) * self.factor).to_integral_value(rounding=ROUND_CEILING))
        elif self.pips is not None:
            width = pip_ticks(self.pips, instrument)
        else:
            return bid, ask
        width = max(1, width)
        modelled = (bid + ask - width) // 2
        return modelled, modelled + width


class Slippage(NamedTuple):
    """How far past the touch market orders and triggered stops fill, always to their disadvantage, in pips."""

    text: str = "none"
    pips: Decimal = Decimal(0)
    is_random: bool = False

    def __str__(self) -> str:
        return self.text

    def describe(self) -> str:
        """One sentence for people."""
        if not self.pips:
            return "no slippage"
        if self.is_random:
            return (
                f"0 to {self.pips:f} pips worse on market orders and stops, from seed, order and instant; never limits"
            )
        return f"{self.pips:f} pips worse on market orders and triggered stops; never on limits"

    def ticks(self, instrument: Instrument, seed: int, number: int, at_ns: int) -> int:
        """Ticks of slippage for one order at one instant: the same for ever."""
        most = pip_ticks(self.pips, instrument)
        if not self.is_random or not most:
            return most
        digest = hashlib.blake2b(f"slippage:{seed}:{number}:{at_ns}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") % (most + 1)


class Commission(NamedTuple):
    """What the account pays to trade: a share of the notional, or an amount per order in account currency."""

    text: str = "none"
    share: Decimal = Decimal(0)
    per_order: Decimal = Decimal(0)

    def __str__(self) -> str:
        return self.text

    def describe(self) -> str:
        """One sentence for people."""
        if self.per_order:
            return f"{decimal_text(self.per_order)} of account currency with the first fill of each order and each exit"
        if self.text.endswith("%"):
            return f"{self.text} of the notional of every fill"
        if self.share:
            return f"{self.text.partition('/')[0]} per million of notional of every fill"
        return "no commission"

    @property
    def is_free(self) -> bool:
        """Whether trading costs nothing."""
        return self.share == 0 and self.per_order == 0

    def round_trip(self, units: Decimal, entry: Decimal, exit_price: Decimal, quote_to_account: Decimal) -> Decimal:
        """What getting in at one price and out at the other costs, in account currency at the given rate."""
        return units * (entry + exit_price) * self.share * quote_to_account + 2 * self.per_order


SOURCE_SPREAD = Spread()
NO_SLIPPAGE = Slippage()
NO_COMMISSION = Commission()


def pip_ticks(pips: Decimal, instrument: Instrument) -> int:
    """Pips as whole ticks of the instrument, rounded up."""
    # Whatever precision the caller works in: an increment such as 0.03 divides nothing evenly.
    ticks = _DIGITS.divide(pips * instrument.pip, instrument.price_increment)
    return int(ticks.to_integral_value(rounding=ROUND_CEILING))


def parse_spread(text: str, what: str = "--spread") -> Spread:
    """Read `source`, `x1.5` or `fixed:1.2p`; raises UsageError."""
    cleaned = text.strip().lower()
    if cleaned == "source":
        return Spread()
    if cleaned.startswith("x"):
        factor = parse_positive(cleaned[1:], what)
        if factor > _WIDEST_FACTOR:
            message = f"{what} {cleaned} is more than {_WIDEST_FACTOR:f} times the source's spread"
            raise UsageError(message, code="bad_model")
        return Spread(cleaned, factor=factor)
    if cleaned.startswith("fixed:"):
        return Spread(cleaned, pips=_pips(cleaned.removeprefix("fixed:"), what))
    raise _bad(what, text, "source, x1.5 or fixed:1.2p")


def parse_slippage(text: str, what: str = "--slippage") -> Slippage:
    """Read `none`, `fixed:0.2p` or `random:0.5p`; raises UsageError."""
    cleaned = text.strip().lower()
    if cleaned == "none":
        return Slippage()
    kind, _, rest = cleaned.partition(":")
    if kind not in {"fixed", "random"}:
        raise _bad(what, text, "none, fixed:0.2p or random:0.5p")
    return Slippage(cleaned, _pips(rest, what), is_random=kind == "random")


def parse_latency_ns(text: str, what: str = "--latency") -> int:
    """Read `50ms`, `1s`: from sending an order to its being live, up to a minute, in nanoseconds. Raises UsageError."""
    length_ns = parse_duration_ns(text, what)
    if length_ns > _LONGEST_LATENCY_NS:
        message = f"{what} {text.strip()} is longer than a minute"
        raise UsageError(message, code="bad_model")
    return length_ns


def latency_text(latency_ns: int) -> str:
    """`50ms` or `2s`: the shortest text `parse_latency_ns` reads back."""
    if latency_ns % SECOND_NS or not latency_ns:
        return f"{latency_ns // MILLISECOND_NS}ms"
    return f"{latency_ns // SECOND_NS}s"


def parse_commission(text: str, what: str = "--commission") -> Commission:
    """Read `none`, `0.6%`, `2.50/order` or `35/million`; raises UsageError."""
    cleaned = text.strip().lower()
    if cleaned == "none":
        return Commission()
    if cleaned.endswith("%"):
        share = _not_negative(cleaned[:-1], what) / _PERCENT
        if share >= 1:
            raise _bad(what, text, "a share below 100%")
        return Commission(cleaned, share=share)
    rest, _, unit = cleaned.partition("/")
    if unit == "order":
        return Commission(cleaned, per_order=_not_negative(rest, what))
    if unit == "million":
        return Commission(cleaned, share=_not_negative(rest, what) / _MILLION)
    raise _bad(what, text, "none, 0.6%, 2.50/order or 35/million")


def _pips(text: str, what: str) -> Decimal:
    if not text.endswith("p"):
        raise _bad(what, text, "pips, such as 0.5p")
    value = _not_negative(text[:-1], what)
    if value > _MOST_PIPS:
        raise _bad(what, text, f"at most {_MOST_PIPS:f}p")
    return value


def _not_negative(text: str, what: str) -> Decimal:
    value = parse_decimal(text, what)
    if value < 0:
        message = f"{what} must not be below zero, not {text}"
        raise UsageError(message, code="bad_model")
    return value


def _bad(what: str, text: str, wanted: str) -> UsageError:
    message = f"{what} {text.strip()[:40]!r} is not {wanted}"
    return UsageError(message, code="bad_model")
