"""A risk buys the most units that lose no more than it, never one increment above."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rickctl.domain.account import AccountConfig
from rickctl.domain.errors import Refused, UsageError
from rickctl.domain.market import InstrumentKind
from rickctl.domain.models import NO_COMMISSION, Commission, parse_commission
from rickctl.domain.orders import Side
from rickctl.domain.records import AccountKind
from rickctl.domain.sizing import Risk, fees_of, parse_risk, result_at, risk_amount, units_for_risk
from tests.domain.charter_kit import instrument
from tests.domain.paper_kit import T0, Desk, at
from tests.fakes import FakeMarket, point

ENTRY, STOP = Decimal("1.08520"), Decimal("1.08320")


def units(
    risk: str,
    *,
    stop: Decimal = STOP,
    equity: str = "100000",
    rate: Decimal | None = Decimal(1),
    commission: Commission = NO_COMMISSION,
) -> Decimal:
    return units_for_risk(
        parse_risk(risk),
        equity=Decimal(equity),
        instrument=instrument(),
        entry=ENTRY,
        stop_loss=stop,
        quote_to_account=rate,
        commission=commission,
    )


def test_half_a_percent_of_100_000_over_20_pips_is_250_000_units() -> None:
    assert units("0.5%") == units("500") == 250_000
    assert str(units("0.5%")) == "250000"


def test_units_are_rounded_down_to_the_increment() -> None:
    assert units("0.0039") == 1
    assert units("1", stop=Decimal("1.08220")) == 333


def test_the_rate_to_account_currency_counts() -> None:
    assert units("500", rate=Decimal("0.00625")) == 40_000_000


def test_a_coin_is_sized_in_its_own_small_steps() -> None:
    coin = instrument(InstrumentKind.CRYPTO, symbol="BTC-USD")
    found = units_for_risk(
        Risk(Decimal(100), is_percent=False),
        equity=Decimal(1),
        instrument=coin,
        entry=Decimal(67_000),
        stop_loss=Decimal(66_000),
        quote_to_account=Decimal(3),
    )
    assert found == Decimal("0.03333333")


@pytest.mark.parametrize("text", ["", "%", "0", "0%", "-1", "-1%", "NaN", "inf", "1e3", "five", "1" * 40, "1%%"])
def test_a_risk_is_a_plain_number_above_zero(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_risk(text)
    assert caught.value.code == "bad_number"


def test_a_risk_above_the_whole_equity_is_a_slip() -> None:
    assert parse_risk("100%") == Risk(Decimal(100), is_percent=True)
    with pytest.raises(UsageError) as caught:
        parse_risk("100.01%")
    assert caught.value.code == "bad_risk"


@pytest.mark.parametrize(
    ("risk", "stop", "code"),
    [
        ("0.0019", STOP, "below_minimum"),
        ("500", ENTRY, "bad_risk"),
        ("9" * 28, STOP, "bad_risk"),
    ],
)
def test_a_size_that_cannot_be_is_a_usage_error(risk: str, stop: Decimal, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        units(risk, stop=stop)
    assert caught.value.code == code


@pytest.mark.parametrize("rate", [None, Decimal(0), Decimal(-1), Decimal("NaN")])
def test_without_a_rate_nothing_is_sized(rate: Decimal | None) -> None:
    with pytest.raises(Refused) as caught:
        units("500", rate=rate)
    assert caught.value.code == "no_rate"


@pytest.mark.parametrize("equity", ["0", "-1", "NaN"])
def test_without_equity_nothing_is_risked(equity: str) -> None:
    with pytest.raises(Refused) as caught:
        risk_amount(parse_risk("1%"), Decimal(equity))
    assert caught.value.code == "no_equity"


def test_results_carry_their_sign_and_are_exact_in_account_currency() -> None:
    target = Decimal("1.08920")
    assert result_at(Side.BUY, Decimal(250_000), ENTRY, STOP, Decimal(1)) == Decimal(-500)
    assert result_at(Side.BUY, Decimal(250_000), ENTRY, target, Decimal(1)) == Decimal(1_000)
    assert result_at(Side.SELL, Decimal(250_000), ENTRY, target, Decimal(1)) == Decimal(-1_000)
    converted = result_at(Side.BUY, Decimal(1), Decimal("155.01"), Decimal("155.00"), Decimal("0.0064516129032258"))
    assert converted == Decimal("-0.00006452")


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    amount=st.decimals(min_value="0.01", max_value="1000000", places=2),
    ticks=st.integers(1, 5_000),
    rate=st.decimals(min_value="0.0001", max_value="200", places=4),
)
def test_the_stop_never_costs_more_than_was_risked_and_one_more_unit_would(
    amount: Decimal, ticks: int, rate: Decimal
) -> None:
    stop = ENTRY - ticks * Decimal("0.00001")
    try:
        found = units(f"{amount:f}", stop=stop, rate=rate)
    except UsageError:
        found = Decimal(0)
    assert found * (ENTRY - stop) * rate <= amount
    assert (found + 1) * (ENTRY - stop) * rate > amount


@pytest.mark.parametrize(
    ("commission", "found"),
    [("none", 250_000), ("2.50/order", 247_500), ("35/million", 240_860), ("0.6%", 33_310)],
)
def test_fees_leave_less_to_lose_in_price(commission: str, found: int) -> None:
    assert units("500", commission=parse_commission(commission)) == found


@pytest.mark.parametrize("amount", ["5", "4.99"])
def test_a_risk_the_fees_use_up_buys_nothing_and_says_so(amount: str) -> None:
    with pytest.raises(UsageError) as caught:
        units(amount, commission=parse_commission("2.50/order"))
    assert caught.value.code == "below_minimum"
    assert caught.value.message == f"--risk of {amount} buys 0 EUR_USD after fees; 1 is the smallest order"


def test_fees_of_a_converted_order_are_kept_to_eight_decimals() -> None:
    terms = parse_commission("35/million")
    found = fees_of(terms, Decimal(1), Decimal("155.01"), Decimal("155.00"), Decimal("0.0064516129032258"))
    assert found == Decimal("0.00007000")


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    amount=st.decimals(min_value="0.01", max_value="1000000", places=2),
    ticks=st.integers(1, 5_000),
    rate=st.decimals(min_value="0.0001", max_value="200", places=4),
    share=st.decimals(min_value="0", max_value="0.02", places=5),
    per_order=st.decimals(min_value="0", max_value="20", places=2),
)
def test_with_fees_the_stop_costs_no_more_than_was_risked_and_one_more_unit_would(
    amount: Decimal, ticks: int, rate: Decimal, share: Decimal, per_order: Decimal
) -> None:
    stop, terms = ENTRY - ticks * Decimal("0.00001"), Commission("any", share=share, per_order=per_order)
    try:
        found = units(f"{amount:f}", stop=stop, rate=rate, commission=terms)
    except UsageError:
        found = Decimal(0)

    def lost(size: Decimal) -> Decimal:
        return size * (ENTRY - stop) * rate + terms.round_trip(size, ENTRY, stop, rate)

    assert not found or lost(found) <= amount
    assert lost(found + 1) > amount


@pytest.mark.parametrize("commission", ["none", "0.6%", "2.50/order", "35/million"])
def test_half_a_percent_of_a_spot_account_is_lost_at_the_stop_and_not_more(commission: str) -> None:
    terms = parse_commission(commission)
    config = AccountConfig(kind=AccountKind.SPOT, commission=terms, latency_ns=0)
    steps = [point(T0, "1.08000", "1.08010"), point(at(60), "1.07000", "1.07010"), point(at(120), "1.06990", "1.07000")]
    desk = Desk(FakeMarket(steps), config)
    before = desk.state.balance
    size = units_for_risk(
        parse_risk("0.5%"),
        equity=before,
        instrument=instrument(),
        entry=Decimal("1.08010"),
        stop_loss=Decimal("1.07000"),
        quote_to_account=Decimal(1),
        commission=terms,
    )
    desk.order(1, units=str(size), sl="1.07000", tp="1.12000")
    desk.settle(at(180))
    lost = before - desk.state.balance
    assert not desk.state.trades
    assert desk.state.fees == fees_of(terms, size, Decimal("1.08010"), Decimal("1.07000"), Decimal(1))
    assert before * Decimal("0.00499") < lost <= before * Decimal("0.005")
