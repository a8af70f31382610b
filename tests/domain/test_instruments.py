"""The catalogue's promises: what is listed, that its metadata hangs together, that every currency leads to dollars."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from rickctl.domain.hours import CALENDARS
from rickctl.domain.instruments import CATALOGUE, Instruments
from rickctl.domain.market import InstrumentKind
from rickctl.domain.money import is_multiple

INSTRUMENTS = Instruments()


def test_the_catalogue_lists_what_was_promised() -> None:
    kinds = Counter(instrument.kind for instrument in INSTRUMENTS.values())
    assert kinds[InstrumentKind.FX] >= 20
    assert kinds[InstrumentKind.INDEX] == 3
    assert {"XAU_USD", "XAG_USD", "BTC-USD", "ETH-USD", "SOL-USD"} <= set(INSTRUMENTS)
    assert len(INSTRUMENTS) == len(CATALOGUE)


def test_every_currency_converts_to_dollars_in_one_step() -> None:
    pairs = {(each.base_currency, each.quote_currency) for each in INSTRUMENTS.values()}
    currencies = {each.quote_currency for each in INSTRUMENTS.values()}
    currencies |= {each.base_currency for each in INSTRUMENTS.values() if each.kind is InstrumentKind.FX}
    assert [c for c in sorted(currencies - {"USD"}) if not {(c, "USD"), ("USD", c)} & pairs] == []


@pytest.mark.parametrize("symbol", sorted(CATALOGUE))
def test_an_instruments_figures_hang_together(symbol: str) -> None:
    listing, instrument = CATALOGUE[symbol], INSTRUMENTS[symbol]
    assert instrument.symbol == symbol
    assert instrument.calendar in CALENDARS
    assert is_multiple(instrument.pip, instrument.price_increment)
    assert is_multiple(Decimal(listing.level), instrument.price_increment)
    assert is_multiple(Decimal(listing.depth), instrument.unit_increment)
    assert is_multiple(instrument.maximum_units, instrument.unit_increment)
    assert 0 < instrument.minimum_units < Decimal(listing.depth) < instrument.maximum_units
    assert 0 < instrument.margin_rate <= 1
    assert listing.spread_ticks >= 1
    # A spread is a small part of a price: a row with a misplaced point would stand out.
    assert listing.spread_ticks * instrument.price_increment < Decimal(listing.level) / 1000


@pytest.mark.parametrize(
    ("symbol", "pip_location", "price", "unit", "smallest", "margin"),
    [
        ("EUR_USD", -4, "0.00001", "1", "1", "0.02"),
        ("GBP_JPY", -2, "0.001", "1", "1", "0.05"),
        ("USD_JPY", -2, "0.001", "1", "1", "0.05"),
        ("EUR_CHF", -4, "0.00001", "1", "1", "0.04"),
        ("EUR_NOK", -4, "0.00001", "1", "1", "0.07"),
        ("USD_MXN", -4, "0.00001", "1", "1", "0.1"),
        ("XAU_USD", -2, "0.001", "0.1", "0.1", "0.05"),
        ("XAG_USD", -4, "0.00001", "1", "1", "0.1"),
        ("SPX500_USD", 0, "0.1", "0.1", "0.1", "0.05"),
        ("BTC-USD", 0, "0.01", "0.00000001", "0.00000001", "1"),
    ],
)
def test_metadata_is_the_venues(
    symbol: str, pip_location: int, price: str, unit: str, smallest: str, margin: str
) -> None:
    each = INSTRUMENTS[symbol]
    assert each.pip_location == pip_location
    assert (each.price_increment, each.unit_increment) == (Decimal(price), Decimal(unit))
    assert (each.minimum_units, each.margin_rate) == (Decimal(smallest), Decimal(margin))


@pytest.mark.parametrize(
    ("symbol", "largest"),
    [
        ("EUR_USD", "100000000"),
        ("GBP_USD", "50000000"),
        ("GBP_JPY", "50000000"),
        ("GBP_CAD", "100000000"),
        ("XAU_USD", "20000"),
        ("XAG_USD", "500000"),
        ("SPX500_USD", "10000"),
        ("NAS100_USD", "2000"),
        ("DE30_EUR", "1000"),
        ("BTC-USD", "3400"),
    ],
)
def test_the_largest_order_is_the_venues(symbol: str, largest: str) -> None:
    assert INSTRUMENTS[symbol].maximum_units == Decimal(largest)


_CURRENCY_MARGINS = {"USD": 2, "EUR": 2, "CAD": 2, "AUD": 3, "NZD": 3, "SEK": 3, "CHF": 4, "GBP": 5, "JPY": 5, "SGD": 5}
_CURRENCY_MARGINS |= {"NOK": 7, "ZAR": 7, "MXN": 10}


@pytest.mark.parametrize("symbol", [each.symbol for each in INSTRUMENTS.values() if each.kind is InstrumentKind.FX])
def test_the_riskier_currency_of_a_pair_sets_its_margin(symbol: str) -> None:
    each = INSTRUMENTS[symbol]
    riskier = max(_CURRENCY_MARGINS[each.base_currency], _CURRENCY_MARGINS[each.quote_currency])
    assert each.margin_rate == Decimal(riskier) / 100


def test_base_and_quote_come_from_the_symbol() -> None:
    assert (INSTRUMENTS["DE30_EUR"].base_currency, INSTRUMENTS["DE30_EUR"].quote_currency) == ("DE30", "EUR")
    assert (INSTRUMENTS["BTC-USD"].base_currency, INSTRUMENTS["BTC-USD"].quote_currency) == ("BTC", "USD")


def test_an_unlisted_symbol_is_a_key_error_and_not_a_member() -> None:
    assert "EUR_XXX" not in INSTRUMENTS
    with pytest.raises(KeyError):
        INSTRUMENTS["EUR_XXX"]
