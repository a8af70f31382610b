"""Currencies: which pair, which side, how it is rounded, and what happens when there is no way."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rickctl.domain.conversion import UNCHANGED, Rates, RateSide
from rickctl.domain.instruments import Instruments
from tests.fakes import FakeMarket, point

if TYPE_CHECKING:
    from rickctl.domain.market import Quote

NOW = 10**18
MARKET = FakeMarket(
    [
        point(NOW, "150.000", "150.030", symbol="USD_JPY"),
        point(NOW, "1.08000", "1.08020"),
        point(NOW, "1.25000", "1.25030", symbol="GBP_USD"),
        point(NOW, "64000.00", "64010.00", symbol="BTC-USD"),
    ]
)


def rates() -> Rates:
    return Rates(MARKET, NOW)


@pytest.mark.parametrize(
    ("currency", "into", "value", "legs", "wanted"),
    [
        ("EUR", "USD", "1000", ["EUR_USD bid"], "1080.00000000"),
        ("EUR", "USD", "-1000", ["EUR_USD ask"], "-1080.20000000"),
        ("USD", "EUR", "1000", ["EUR_USD ask"], "925.75448991"),
        ("USD", "EUR", "-1000", ["EUR_USD bid"], "-925.92592593"),
        ("JPY", "USD", "990", ["USD_JPY ask"], "6.59868026"),
        ("JPY", "USD", "-990", ["USD_JPY bid"], "-6.60000000"),
        ("BTC", "USD", "2", ["BTC-USD bid"], "128000.00000000"),
        ("JPY", "GBP", "1000", ["USD_JPY ask", "GBP_USD ask"], "5.33098744"),
        ("JPY", "GBP", "-1000", ["USD_JPY bid", "GBP_USD bid"], "-5.33333333"),
        ("EUR", "JPY", "1000", ["EUR_USD bid", "USD_JPY bid"], "162000.00000000"),
    ],
)
def test_gains_are_sold_at_the_worse_side_and_losses_bought_at_the_other(
    currency: str, into: str, value: str, legs: list[str], wanted: str
) -> None:
    way = rates().for_result(Decimal(value), currency, into)
    assert way is not None
    assert [f"{leg.symbol} {leg.side}" for leg in way.legs] == legs
    assert f"{way.amount(Decimal(value)):f}" == wanted


def test_nothing_is_rounded_where_nothing_is_converted() -> None:
    way = rates().for_result(Decimal(1), "USD", "USD")
    assert way == UNCHANGED
    exact = Decimal("0.12345678901234567890")
    assert UNCHANGED.amount(exact) == exact


@pytest.mark.parametrize(("currency", "into"), [("CHF", "USD"), ("CHF", "GBP"), ("USD", "XXX"), ("EUR", "XXX")])
def test_without_a_quote_or_a_pair_there_is_no_way(currency: str, into: str) -> None:
    assert rates().for_result(Decimal(1), currency, into) is None


def test_valuation_is_at_mid() -> None:
    way = rates().conversion("JPY", "USD", RateSide.MID)
    assert way is not None
    assert [leg.price for leg in way.legs] == [Decimal("150.015")]


@given(
    currency=st.sampled_from(["EUR", "USD", "JPY", "GBP", "BTC"]),
    into=st.sampled_from(["EUR", "USD", "JPY", "GBP"]),
    value=st.decimals(min_value=Decimal("0.01"), max_value=10**9, places=5),
)
def test_converting_never_earns_anything(currency: str, into: str, value: Decimal) -> None:
    gain, loss = (rates().for_result(signed, currency, into) for signed in (value, -value))
    assert gain is not None
    assert loss is not None
    assert gain.amount(value) <= -loss.amount(-value)
    there = gain.amount(value)
    back = rates().for_result(there, into, currency)
    assert back is not None
    assert back.amount(there) <= value + Decimal("0.00000001") * max(Decimal(1), back.rate)


def test_quotes_are_asked_for_once() -> None:
    class Counting(FakeMarket):
        asked = 0

        def quote(self, symbol: str, at_ns: int) -> Quote:
            Counting.asked += 1
            return super().quote(symbol, at_ns)

    counted = Rates(Counting([point(NOW, "1.08000", "1.08020")], instruments=Instruments()), NOW)
    for side in RateSide:
        counted.conversion("EUR", "USD", side)
    assert Counting.asked == 1
