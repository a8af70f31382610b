"""Numbers as people read them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rickctl.domain.instants import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS
from rickctl.render.numbers import age_text, clock_text, grouped, money_text, seconds_text, units_text
from rickctl.render.write import ungrouped


@pytest.mark.parametrize(
    ("text", "shown"),
    [("1", "1"), ("123", "123"), ("1234", "1 234"), ("-1085200.50", "-1 085 200.50"), ("+1234567", "+1 234 567")],
)
def test_thousands_stand_apart(text: str, shown: str) -> None:
    assert grouped(text) == shown


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4))
def test_grouping_is_undone_for_a_pipe(value: Decimal) -> None:
    text = format(value, "f")

    assert ungrouped(grouped(text)) == text


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("227.5", "+227.50 USD"),
        ("-0.005", "0.00 USD"),
        ("-14.285", "−14.28 USD"),
        ("0", "0.00 USD"),
        ("1085200.005", "+1 085 200.00 USD"),
    ],
)
def test_money_has_a_sign_and_its_currency_and_rounds_half_to_even(amount: str, shown: str) -> None:
    assert money_text(Decimal(amount), "USD") == shown


def test_unknown_money_is_a_dash_and_never_zero() -> None:
    assert money_text(None, "USD") == "–"


@pytest.mark.parametrize(
    ("units", "shown"), [("250000", "+250 000"), ("-0.500", "−0.5"), ("0.05", "+0.05"), ("100.0", "+100")]
)
def test_units_lose_trailing_zeros_only_after_the_point(units: str, shown: str) -> None:
    assert units_text(Decimal(units), signed=True) == shown


@pytest.mark.parametrize(
    ("age_ns", "shown"),
    [(0, "0 s"), (SECOND_NS - 1, "0 s"), (8 * SECOND_NS, "8 s"), (90 * SECOND_NS, "1 min"), (25 * HOUR_NS, "1 d 1 h")],
)
def test_age_is_said_in_the_largest_units(age_ns: int, shown: str) -> None:
    assert age_text(age_ns) == shown


def test_a_clock_time_carries_its_date_only_when_it_is_another_day() -> None:
    noon_ns = 1_795_176_000 * SECOND_NS

    assert clock_text(noon_ns + 6 * HOUR_NS, noon_ns) == "18:00 UTC"
    assert clock_text(noon_ns + DAY_NS, noon_ns) == "2026-11-21 12:00 UTC"


def test_seconds_are_exact_to_the_millisecond() -> None:
    assert seconds_text(5 * SECOND_NS) == "5.000"
    assert seconds_text(MINUTE_NS + 1_500_000) == "60.002"
