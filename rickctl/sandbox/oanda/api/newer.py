"""What OANDA tells today beyond its description of 2018, worked out from what the exchange keeps; changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.sandbox.oanda.records import ZERO, Instant, each, nested, number, text

if TYPE_CHECKING:
    from decimal import Decimal

    from rickctl.sandbox.oanda.api.call import Desk
    from rickctl.sandbox.oanda.records import Fields, Value

_MUTABILITY = "FIXED"
_GUARANTEES: Fields = {
    "guaranteedStopLossOrderMutability": _MUTABILITY,
    "guaranteedStopLossOrderParameters": {
        "mutabilityMarketOpen": _MUTABILITY,
        "mutabilityMarketHalted": _MUTABILITY,
    },
}
_BALANCES = (
    "balance",
    "pl",
    "resettablePL",
    "financing",
    "commission",
    "dividendAdjustment",
    "guaranteedExecutionFees",
)


def newer_account(desk: Desk, account: Fields) -> Fields:
    """An account, or its summary, with the terms of guaranteed stops."""
    return {**account, **_GUARANTEES} if desk.settings.newer_fields else account


def newer_state(desk: Desk, account_id: str, state: Fields) -> Fields:
    """The state of account changes with the balances."""
    if not desk.settings.newer_fields:
        return state
    summary = desk.exchange.summary(account_id)
    return {**state, **{name: summary[name] for name in _BALANCES if name in summary}}


def newer_transaction(desk: Desk, told: Fields) -> Fields:
    """A transaction; a fill with its result in the instrument's own currency and what currencies were worth at home."""
    if not desk.settings.newer_fields or told["type"] != "ORDER_FILL":
        return told
    factors = _factors(desk, told)
    return {
        **told,
        "quotePL": sum((_quote_result(desk, told, part) for part in _closed(told)), ZERO),
        "baseFinancing": ZERO,
        "quoteFinancing": ZERO,
        "quoteGuaranteedExecutionFee": ZERO,
        **({"homeConversionFactors": factors} if factors else {}),
    }


def _closed(fill: Fields) -> tuple[Fields, ...]:
    reduced = nested(fill, "tradeReduced")
    return (*each(fill, "tradesClosed"), *([reduced] if reduced else []))


def _quote_result(desk: Desk, fill: Fields, part: Fields) -> Decimal:
    """What closing a part of a trade came to before it was brought home; units are below zero for what was long."""
    trade = desk.exchange.trade(text(fill, "accountID"), text(part, "tradeID"))
    return ZERO if trade is None else (trade.price - number(part, "price")) * number(part, "units")


def _factors(desk: Desk, fill: Fields) -> dict[str, Value]:
    instrument = desk.exchange.instruments[text(fill, "instrument")]
    at_ns = fill["time"]
    found: dict[str, Value] = {}
    for side, currency in (("Quote", instrument.quote_currency), ("Base", instrument.base_currency)):
        home = desk.exchange.home_factors(text(fill, "accountID"), currency, at_ns if isinstance(at_ns, Instant) else 0)
        if home is not None:
            found[f"gain{side}Home"] = {"factor": home["accountGain"]}
            found[f"loss{side}Home"] = {"factor": home["accountLoss"]}
    return found
