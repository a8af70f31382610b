"""What is known to be paid in and out counts: in the risk, in reward:risk, in the quality and in the sentences."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from rickctl.domain.charter import check
from rickctl.domain.market import InstrumentKind
from rickctl.domain.models import Commission, parse_commission
from tests.domain.charter_kit import instrument, order, quote, shipped, snapshot

if TYPE_CHECKING:
    from rickctl.domain.charter import Decision, Snapshot
    from rickctl.domain.orders import OrderRequest, Verdict

HALF_A_COIN = order(
    symbol="BTC-USD",
    units=Decimal("0.5"),
    stop_loss=Decimal(49_500),
    take_profit=Decimal(51_000),
)
"""250 to lose and 500 to win in price, of 25 000 of notional."""


def moment(commission: str, **changes: object) -> Snapshot:
    coin = instrument(
        InstrumentKind.CRYPTO,
        symbol="BTC-USD",
        base_currency="BTC",
        pip_location=0,
        price_increment=Decimal("0.01"),
    )
    plain = snapshot(
        instrument=coin,
        quote=quote(symbol="BTC-USD", bid=Decimal("49999.00"), ask=Decimal("50000.00")),
        base_to_account=Decimal("49999.5"),
        recent_range=Decimal(200),
        margin_rate=Decimal(1),
        commission=parse_commission(commission),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def decide(snapshot_: Snapshot, request: OrderRequest = HALF_A_COIN) -> Decision:
    return check(request, snapshot_, shipped(), client_order_id="c-1")


def verdict(decision: Decision, rule: str) -> Verdict:
    return next(found for found in decision.verdicts if found.rule == rule)


def test_two_to_one_in_price_is_refused_where_fees_eat_the_reward() -> None:
    free, spot = verdict(decide(moment("none")), "4.1"), verdict(decide(moment("0.6%")), "4.1")
    assert (free.passed, free.measured, free.detail) == (True, "2", None)
    # 298.50 in and out at the stop, 303 at the target: 197 / 548.50.
    assert (spot.passed, spot.measured) == (False, "0.35")
    assert spot.detail == "reward:risk is 0.35, fees included; the charter asks for 0.8"


@pytest.mark.parametrize(
    ("commission", "told"),
    [
        ("none", "250 USD at the stop"),
        ("0.6%", "548.5 USD at the stop, fees included"),
        ("10/order", "270 USD at the stop, fees included"),
        ("100/million", "254.98 USD at the stop, fees included"),
    ],
)
def test_the_risk_is_what_the_stop_really_costs(commission: str, told: str) -> None:
    assert verdict(decide(moment(commission)), "3.5").detail == told


def test_fees_alone_may_be_over_the_risk_allowed() -> None:
    poor = moment("0.6%", equity=Decimal(20_000))
    found = verdict(decide(poor), "3.5")
    assert not found.passed
    assert found.detail == "548.5 USD at the stop, fees included, is 2.75 % of the equity; 2 % is the most"
    assert verdict(decide(replace(poor, commission=Commission())), "3.5").passed


def test_fees_are_converted_at_the_rate_the_loss_is() -> None:
    found = verdict(decide(moment("0.6%", quote_to_account=Decimal("0.5"))), "3.5")
    assert found.detail == "274.25 USD at the stop, fees included"


def test_the_ratio_may_touch_the_limit_after_fees_and_no_less() -> None:
    # A fee per order of 5: 260 at risk asks for 208 to win, so 218 in price, so a target 436 away.
    at_limit = replace(HALF_A_COIN, take_profit=Decimal(50_436))
    assert verdict(decide(moment("5/order"), at_limit), "4.1").passed
    short = replace(at_limit, take_profit=Decimal("50435.99"))
    assert not verdict(decide(moment("5/order"), short), "4.1").passed


def test_a_target_that_does_not_pay_its_fees_measures_below_zero() -> None:
    near = replace(HALF_A_COIN, take_profit=Decimal(50_500))
    assert verdict(decide(moment("0.6%"), near), "4.1").measured == "-0.1"


def test_quality_scores_the_reward_after_fees_and_says_so() -> None:
    free, spot = decide(moment("none")).quality, decide(moment("0.6%")).quality
    assert free is not None
    assert spot is not None
    assert free.parts[0].sentence == "the target is 2.00 times as far as the stop"
    assert spot.parts[0].sentence == "the target brings 0.35 times what the stop costs, fees included"
    assert spot.score < free.score
    assert spot.parts[1:] == free.parts[1:]


def test_a_stop_beyond_the_entry_of_a_trade_still_costs_its_fees() -> None:
    held = replace(moment("0.6%"), entry_price=Decimal(49_000))
    kept = replace(HALF_A_COIN, stop_loss=Decimal(49_100))
    # 50 won in price, 294.30 paid.
    assert verdict(decide(held, kept), "3.5").detail == "244.3 USD at the stop, fees included"
    assert verdict(decide(replace(held, commission=Commission()), kept), "3.5").detail == "0 USD at the stop"
    won = replace(HALF_A_COIN, stop_loss=Decimal(49_900))
    assert verdict(decide(held, won), "3.5").detail == "0 USD at the stop, fees included"


@pytest.mark.parametrize("share", ["NaN", "Infinity", "-0.006"])
def test_fees_that_are_no_fees_refuse(share: str) -> None:
    broken = replace(moment("none"), commission=Commission("?", share=Decimal(share)))
    refused = {found.rule for found in decide(broken).refused}
    assert {"3.5", "4.1", "5.1"} <= refused


def test_without_a_rate_nothing_with_fees_is_measured() -> None:
    refused = {found.rule for found in decide(moment("0.6%", quote_to_account=None)).refused}
    assert {"3.5", "4.1", "5.1"} <= refused
