"""Exact decimal numbers from text and back; no float ever enters, no rounding happens unless a direction is named."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from rickctl.domain.errors import UsageError

MAX_DIGITS = 28
"""Longest number read from text, in digits: the precision of decimal arithmetic, so nothing is rounded silently."""

CONVERTED_INCREMENT = Decimal("0.00000001")
"""Amounts that crossed currencies are kept to 8 decimals, half to even; amounts that did not are exact."""

CURRENCIES = frozenset({"USD", "EUR", "GBP", "JPY", "CHF", "AUD", "CAD", "NZD"})
"""What an account can be kept in."""

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)

__all__ = [
    "CONVERTED_INCREMENT",
    "CURRENCIES",
    "MAX_DIGITS",
    "ROUND_CEILING",
    "ROUND_DOWN",
    "ROUND_FLOOR",
    "ROUND_HALF_EVEN",
    "Money",
    "check_currency",
    "decimal_text",
    "is_multiple",
    "parse_decimal",
    "parse_positive",
    "quantise",
]


class Money(NamedTuple):
    """An exact amount with its currency."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{decimal_text(self.amount)} {self.currency}"


def check_currency(code: str) -> str:
    """The code of a currency accounts and totals can be kept in, in upper case. Raises UsageError."""
    found = code.strip().upper()
    if found not in CURRENCIES:
        message = f"currency {code[:8]!r} is not one of {', '.join(sorted(CURRENCIES))}"
        raise UsageError(message, code="bad_currency")
    return found


def parse_decimal(text: str, what: str) -> Decimal:
    """Read plain decimal text such as `1.0852` or `-12`; `_` and `,` between digits are not accepted.

    Raises UsageError naming `what` for NaN, infinities, exponents and more than 28 digits.
    """
    cleaned = text.strip()
    if not _NUMBER.fullmatch(cleaned):
        shown = cleaned if len(cleaned) <= MAX_DIGITS else cleaned[:MAX_DIGITS] + "…"
        message = f"{what} {shown!r} is not a plain decimal number"
        raise UsageError(message, code="bad_number")
    if sum(character.isdigit() for character in cleaned) > MAX_DIGITS:
        message = f"{what} has more than {MAX_DIGITS} digits"
        raise UsageError(message, code="bad_number")
    return Decimal(cleaned)


def parse_positive(text: str, what: str) -> Decimal:
    """Read a decimal above zero; raises UsageError."""
    value = parse_decimal(text, what)
    if value <= 0:
        message = f"{what} must be above zero, not {text.strip()}"
        raise UsageError(message, code="bad_number")
    return value


def decimal_text(value: Decimal) -> str:
    """Exact fixed-point text, never an exponent and never `-0`."""
    if not value:
        value = abs(value)
    return format(value, "f")


def is_multiple(value: Decimal, increment: Decimal) -> bool:
    """Whether `value` lies on the grid of `increment`."""
    return value % increment == 0


def quantise(value: Decimal, increment: Decimal, rounding: str) -> Decimal:
    """The multiple of `increment` next to `value` in the named direction (a `decimal` rounding constant)."""
    steps = (value / increment).to_integral_value(rounding=rounding)
    return (steps * increment).quantize(increment)
