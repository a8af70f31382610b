"""The instruments that tests of tapes know, and where the project lies."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from rickctl.domain.market import Instrument, InstrumentKind

ROOT = Path(__file__).parents[2]


def instrument(symbol: str, decimals: int) -> Instrument:
    base, quote = symbol.split("_")
    return Instrument(
        symbol=symbol,
        base_currency=base,
        quote_currency=quote,
        kind=InstrumentKind.FX,
        pip_location=1 - decimals,
        price_increment=Decimal(1).scaleb(-decimals),
        unit_increment=Decimal(1),
        minimum_units=Decimal(1),
        maximum_units=Decimal(100_000_000),
        margin_rate=Decimal("0.05"),
        calendar="fx",
    )


KNOWN = {row.symbol: row for row in (instrument("EUR_USD", 5), instrument("GBP_USD", 5), instrument("USD_JPY", 3))}
