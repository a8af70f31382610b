"""How many units a risk buys, and what an order would lose or win in account currency; limits are the charter's."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.errors import Refused, UsageError
from rickctl.domain.models import NO_COMMISSION
from rickctl.domain.money import CONVERTED_INCREMENT, parse_positive, quantise

if TYPE_CHECKING:
    from rickctl.domain.market import Instrument
    from rickctl.domain.models import Commission
    from rickctl.domain.orders import Side

_WHOLE = Decimal(100)
_NOTHING = Decimal(0)
_MOST_UNITS = Decimal(10) ** 15


class Risk(NamedTuple):
    """What an order may lose at its stop: percent of equity, or an amount of account currency."""

    value: Decimal
    is_percent: bool


def parse_risk(text: str, what: str = "--risk") -> Risk:
    """Read `0.5%` or an amount of account currency such as `500`; raises UsageError."""
    cleaned = text.strip()
    is_percent = cleaned.endswith("%")
    value = parse_positive(cleaned.removesuffix("%"), what)
    if is_percent and value > _WHOLE:
        message = f"{what} {cleaned} is more than the whole equity"
        raise UsageError(message, code="bad_risk")
    return Risk(value, is_percent)


def risk_amount(risk: Risk, equity: Decimal) -> Decimal:
    """The risk in account currency; equity at or below zero has nothing to risk and raises Refused."""
    if not equity.is_finite() or equity <= 0:
        message = "the account has no equity to risk"
        raise Refused(message, code="no_equity")
    return equity * risk.value / _WHOLE if risk.is_percent else risk.value


def units_for_risk(
    risk: Risk,
    *,
    equity: Decimal,
    instrument: Instrument,
    entry: Decimal,
    stop_loss: Decimal,
    quote_to_account: Decimal | None,
    commission: Commission = NO_COMMISSION,
) -> Decimal:
    """Units that lose `risk` between entry and stop, commission in and out included, rounded down to the increment.

    Raises UsageError where that is less than the smallest order or there is no distance, Refused without a rate.
    """
    distance = abs(entry - stop_loss)
    if not distance:
        message = "--risk needs a stop-loss away from the entry"
        raise UsageError(message, code="bad_risk", hint="add --stop-loss 20p")
    rate = _rate(quote_to_account, instrument)
    amount = risk_amount(risk, equity)
    exact = max(amount - 2 * commission.per_order, _NOTHING) / (
        (distance + commission.share * (entry + stop_loss)) * rate
    )
    if exact > _MOST_UNITS:
        message = "--risk buys more units than any order can have"
        raise UsageError(message, code="bad_risk", hint="rickctl charter explain 3.5")
    units = quantise(exact, instrument.unit_increment, ROUND_DOWN)
    if units < instrument.minimum_units:
        least = f"{instrument.minimum_units:f} is the smallest order"
        after = "" if commission.is_free else " after fees"
        message = f"--risk of {amount:f} buys {units:f} {instrument.symbol}{after}; {least}"
        raise UsageError(message, code="below_minimum", hint="risk more, or bring the stop nearer")
    return units


def result_at(side: Side, units: Decimal, entry: Decimal, exit_price: Decimal, quote_to_account: Decimal) -> Decimal:
    """What the order wins (+) or loses (−) at an exit, in account currency; kept to 8 decimals where converted."""
    exact = (exit_price - entry) * side.sign * units
    if quote_to_account == 1:
        return exact
    return quantise(exact * quote_to_account, CONVERTED_INCREMENT, ROUND_HALF_EVEN)


def fees_of(
    commission: Commission, units: Decimal, entry: Decimal, exit_price: Decimal, quote_to_account: Decimal
) -> Decimal:
    """What getting in and out costs, in account currency, above zero; kept to 8 decimals where converted."""
    if commission.is_free:
        return _NOTHING
    exact = commission.round_trip(units, entry, exit_price, quote_to_account)
    return exact if quote_to_account == 1 else quantise(exact, CONVERTED_INCREMENT, ROUND_HALF_EVEN)


def net_result_at(
    side: Side,
    units: Decimal,
    entry: Decimal,
    exit_price: Decimal,
    quote_to_account: Decimal,
    commission: Commission,
) -> Decimal:
    """What the order wins (+) or loses (−) at an exit after commission in and out, in account currency."""
    fees = fees_of(commission, units, entry, exit_price, quote_to_account)
    return result_at(side, units, entry, exit_price, quote_to_account) - fees


def _rate(quote_to_account: Decimal | None, instrument: Instrument) -> Decimal:
    if quote_to_account is None or not quote_to_account.is_finite() or quote_to_account <= 0:
        message = f"no rate from {instrument.quote_currency} to the account's currency, so nothing can be sized"
        raise Refused(message, code="no_rate", hint="rickctl charter explain 11.3")
    return quote_to_account
