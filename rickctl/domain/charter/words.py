"""How verdicts spell numbers: rounded so that a refused number never looks like its limit; draws nothing."""

from __future__ import annotations

from decimal import ROUND_FLOOR, ROUND_UP, Decimal

_WIDEST = 34
_CENT = Decimal("0.01")
UNKNOWN = "unknown"


def grouped(value: Decimal) -> str:
    """`1 085 200` or `0.05`: thousands apart, no trailing zeros, no exponent below absurd sizes."""
    if not value.is_finite() or value.adjusted() > _WIDEST:
        return f"{value:.3e}"
    text = f"{value:,f}".replace(",", " ")
    return text.rstrip("0").rstrip(".") if "." in text else text


def up(value: Decimal | None, unit: str = "", step: Decimal = _CENT) -> str:
    """A measure held under a limit, rounded up."""
    return _rounded(value, unit, step, ROUND_UP)


def down(value: Decimal | None, unit: str = "", step: Decimal = _CENT) -> str:
    """A measure held over a limit, rounded down."""
    return _rounded(value, unit, step, ROUND_FLOOR)


def at_most(value: Decimal | int, unit: str = "") -> str:
    """`≤ 500 000 USD`."""
    return _joined(f"≤ {grouped(Decimal(value))}", unit)


def at_least(value: Decimal | int, unit: str = "") -> str:
    """`≥ 0.8`."""
    return _joined(f"≥ {grouped(Decimal(value))}", unit)


def _rounded(value: Decimal | None, unit: str, step: Decimal, rounding: str) -> str:
    if value is None:
        return UNKNOWN
    if not value.is_finite() or value.adjusted() > _WIDEST:
        return _joined(grouped(value), unit)
    return _joined(grouped(value.quantize(step, rounding=rounding)), unit)


def _joined(text: str, unit: str) -> str:
    return f"{text} {unit}" if unit else text
