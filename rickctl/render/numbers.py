"""Numbers, money and times as people read them; exact digits, never rounded except where a name says so."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING

from rickctl.domain.instants import DAY_NS, SECOND_NS, duration_text, rfc3339
from rickctl.domain.market import STALE_NS
from rickctl.domain.money import decimal_text
from rickctl.render.view import Cell

if TYPE_CHECKING:
    from rickctl.domain.market import Instrument

UNKNOWN = "–"
_CENT = Decimal("0.01")
_GROUP = 3


def grouped(text: str) -> str:
    """`1085200.50` as `1 085 200.50`; digits after the point stay together."""
    sign = text[0] if text[:1] in {"-", "+", "−"} else ""
    whole, point, fraction = text[len(sign) :].partition(".")
    groups = []
    while len(whole) > _GROUP:
        whole, last = whole[:-_GROUP], whole[-_GROUP:]
        groups.append(last)
    return sign + " ".join([whole, *reversed(groups)]) + point + fraction


def counted(count: int, noun: str) -> str:
    """`1 trade`, `2 trades`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def order_text(number: int) -> str:
    """An order or trade by its number, `ext 6543` for one that is not ours, by its broker's."""
    return str(number) if number >= 0 else f"ext {-number}"


def price_text(value: Decimal | None) -> str:
    """A price in its own precision, grouped; `–` when unknown."""
    return UNKNOWN if value is None else grouped(decimal_text(value))


def units_text(value: Decimal | None, *, signed: bool = False) -> str:
    """Units without trailing zeros, grouped, with a sign where asked."""
    if value is None:
        return UNKNOWN
    text = decimal_text(value)
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return grouped(("+" if signed and value > 0 else "") + text).replace("-", "−")


def pips_text(difference: Decimal | None, instrument: Instrument) -> str:
    """A price difference in pips with one decimal, `0.8 p`; crypto and the like, whose pip is a whole unit, plain."""
    if difference is None:
        return UNKNOWN
    if instrument.pip_location >= 0:
        return price_text(difference)
    pips = (difference / instrument.pip).quantize(Decimal("0.1"), rounding=ROUND_HALF_EVEN)
    return f"{grouped(decimal_text(pips))} p"


def money_text(amount: Decimal | None, currency: str) -> str:
    """An amount to the cent with its sign and currency, `+227.50 USD`."""
    if amount is None:
        return UNKNOWN
    cents = amount.quantize(_CENT, rounding=ROUND_HALF_EVEN)
    text = grouped(decimal_text(abs(cents)))
    sign = "+" if cents > 0 else "−" if cents < 0 else ""
    return f"{sign}{text} {currency}"


def balance_text(amount: Decimal | None, currency: str) -> str:
    """An amount to the cent without a plus sign, for what is held rather than gained."""
    return money_text(amount, currency).removeprefix("+")


def gain_cell(amount: Decimal | None, currency: str) -> Cell:
    """Money that is a gain or a loss, marked as such."""
    meaning = "dim" if amount is None else "good" if amount > 0 else "bad" if amount < 0 else "plain"
    return Cell(money_text(amount, currency), meaning)


def age_text(age_ns: int) -> str:
    """How old a price is, to the second below a day."""
    if age_ns < SECOND_NS:
        return "0 s"
    return duration_text(age_ns)


def price_mark(age_ns: int, *, tradeable: bool) -> tuple[str, str]:
    """What a price means to the eye and what stands beside it: dim on the way to old, then `STALE`; or `closed`."""
    if not tradeable:
        return "dim", "closed"
    if age_ns > STALE_NS:
        return "dim", "STALE"
    return ("dim" if age_ns > STALE_NS // 2 else "plain"), ""


def clock_text(at_ns: int, now_ns: int) -> str:
    """`20:15 UTC` for an instant within a day of now, else the date too."""
    text = rfc3339(at_ns)
    clock = f"{text[11:16]} UTC"
    return clock if abs(at_ns - now_ns) < DAY_NS else f"{text[:10]} {clock}"


def seconds_text(length_ns: int) -> str:
    """Seconds as exact decimal text with three digits, for JSON."""
    return decimal_text((Decimal(length_ns) / SECOND_NS).quantize(Decimal("0.001"), rounding=ROUND_HALF_EVEN))
