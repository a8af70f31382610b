"""Every numeric rule at its limit, one step inside and one step beyond; every other rule kept and broken."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

import pytest

from rickctl.domain.charter import (
    KEYS,
    OVERRIDES,
    RULES_BY_ID,
    Action,
    Bound,
    Charter,
    Counts,
    Exposure,
    Snapshot,
    check,
    check_cancel,
    is_slow_placement,
    refusal,
    rules_for,
)
from rickctl.domain.instants import HOUR_NS, MILLISECOND_NS, MINUTE_NS, SECOND_NS
from rickctl.domain.market import InstrumentKind
from rickctl.domain.orders import EntryType, OrderRequest, Side
from rickctl.domain.scope import Mode
from tests.domain.charter_kit import BROKEN_LIVE, NOW_NS, counts, instrument, order, quote, shipped, snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from rickctl.domain.charter import Decision
    from rickctl.domain.orders import Verdict

TICK = Decimal("0.00001")
ROUND_QUOTE = quote(bid=Decimal("0.99995"), ask=Decimal("1.00005"))
"""A mid of exactly one, so that percent of it fall on the grid."""


class Asked(NamedTuple):
    request: OrderRequest
    moment: Snapshot
    charter: Charter


def asked(request: OrderRequest | None = None, moment: Snapshot | None = None, charter: Charter | None = None) -> Asked:
    return Asked(request or order(), moment or snapshot(), charter or shipped())


def decide(case: Asked) -> Decision:
    return check(case.request, case.moment, case.charter, client_order_id="c-1")


def verdict(case: Asked, rule: str) -> Verdict:
    return next(found for found in decide(case).verdicts if found.rule == rule)


def aged(step: int) -> Asked:
    return asked(moment=snapshot(quote=quote(asserted_ns=NOW_NS - 5 * SECOND_NS - step)))


def frozen(step: int) -> Asked:
    return asked(moment=snapshot(quote=quote(changed_ns=NOW_NS - 120 * SECOND_NS - step)))


def own_frozen(step: int) -> Asked:
    charter = shipped(instruments={"EUR_USD": {"max_frozen_s": Decimal(7)}})
    return asked(moment=snapshot(quote=quote(changed_ns=NOW_NS - 7 * SECOND_NS - step)), charter=charter)


def entry_away(step: int, charter: Charter | None = None, edge: str = "0.98") -> Asked:
    limit = Decimal(edge) - step * TICK
    request = order(
        entry=EntryType.LIMIT, price=limit, stop_loss=limit - Decimal("0.002"), take_profit=limit + Decimal("0.004")
    )
    return asked(request, snapshot(quote=ROUND_QUOTE), charter)


def own_entry_away(step: int) -> Asked:
    return entry_away(step, shipped(instruments={"EUR_USD": {"max_entry_distance_pct": Decimal(1)}}), "0.99")


def exit_away(step: int) -> Asked:
    request = order(entry=EntryType.LIMIT, price=Decimal(1), stop_loss=Decimal("0.99"), take_profit=Decimal("1.2"))
    return asked(replace(request, take_profit=Decimal("1.2") + step * TICK), snapshot(quote=ROUND_QUOTE))


def own_exit_away(step: int) -> Asked:
    case = exit_away(0)
    charter = shipped(instruments={"EUR_USD": {"max_exit_distance_pct": Decimal(3)}})
    request = replace(case.request, stop_loss=Decimal("0.97") - step * TICK, take_profit=Decimal("1.03"))
    return asked(request, case.moment, charter)


def sized(kind: InstrumentKind, limit: str, increment: str = "1") -> Callable[[int], Asked]:
    def build(step: int) -> Asked:
        made = instrument(kind, unit_increment=Decimal(increment), minimum_units=Decimal(increment))
        units = Decimal(limit) + step * Decimal(increment)
        return asked(order(units=units), snapshot(instrument=made))

    return build


def own_size(step: int) -> Asked:
    return asked(
        order(units=Decimal(500 + step)), charter=shipped(instruments={"EUR_USD": {"max_order_units": Decimal(500)}})
    )


def own_size_over_the_floor(step: int) -> Asked:
    charter = shipped(instruments={"EUR_USD": {"max_order_units": Decimal(10_000_000)}})
    moment = snapshot(instrument=instrument(InstrumentKind.INDEX))
    return asked(order(units=Decimal(10_000 + step)), moment, charter)


def valued(step: int) -> Asked:
    return asked(order(units=Decimal(500_000 + step)), snapshot(base_to_account=Decimal(1)))


def own_value(step: int) -> Asked:
    charter = shipped(instruments={"EUR_USD": {"max_order_notional": Decimal(2_000)}})
    return asked(order(units=Decimal(2_000 + step)), snapshot(base_to_account=Decimal(1)), charter)


def foreign_value(step: int) -> Asked:
    moment = snapshot(currency="JPY", base_to_account=Decimal(160), account_to_charter=Decimal("0.00625"))
    return asked(order(units=Decimal(500_000 + step)), moment)


def positioned(step: int) -> Asked:
    exposure = Exposure(
        position_units=Decimal(300_000),
        working_buy_units=Decimal(200_000),
        unknown_buy_units=Decimal(150_000),
        working_sell_units=Decimal(50_000),
    )
    return asked(order(units=Decimal(100_000 + step)), snapshot(base_to_account=Decimal(1), exposure=exposure))


def positioned_short(step: int) -> Asked:
    exposure = Exposure(position_units=Decimal(-700_000), working_buy_units=Decimal(600_000))
    request = order(
        side=Side.SELL, units=Decimal(50_000 + step), stop_loss=Decimal("1.0872"), take_profit=Decimal("1.08")
    )
    return asked(request, snapshot(base_to_account=Decimal(1), exposure=exposure))


def positioned_unknown(step: int) -> Asked:
    exposure = Exposure(position_units=Decimal(-600_000), unknown_sell_units=Decimal(100_000))
    request = replace(positioned_short(step).request, units=Decimal(50_000 + step))
    return asked(request, snapshot(base_to_account=Decimal(1), exposure=exposure))


def exposed_in_yen(step: int) -> Asked:
    """1.4 million dollars at 160 yen carried in other symbols."""
    exposure = Exposure(others_notional=Decimal(224_000_000))
    moment = snapshot(currency="JPY", base_to_account=Decimal(160), account_to_charter=Decimal("0.00625"))
    return asked(order(units=Decimal(100_000 + step)), replace(moment, exposure=exposure))


def smallest(step: int) -> Asked:
    return asked(order(units=Decimal(100 - step)), snapshot(instrument=instrument(minimum_units=Decimal(100))))


def largest(step: int) -> Asked:
    return asked(order(units=Decimal(900 + step)), snapshot(instrument=instrument(maximum_units=Decimal(900))))


def own_position(step: int) -> Asked:
    charter = shipped(instruments={"EUR_USD": {"max_position_notional": Decimal(2_000)}})
    return asked(order(units=Decimal(2_000 + step)), snapshot(base_to_account=Decimal(1)), charter)


def exposed(step: int) -> Asked:
    exposure = Exposure(others_notional=Decimal(1_400_000))
    return asked(order(units=Decimal(100_000 + step)), snapshot(base_to_account=Decimal(1), exposure=exposure))


def desk_exposed(step: int) -> Asked:
    exposure = Exposure(desk_others_notional=Decimal(2_900_000))
    return asked(order(units=Decimal(100_000 + step)), snapshot(base_to_account=Decimal(1), exposure=exposure))


def broker_exposed(step: int) -> Asked:
    exposure = Exposure(broker_others_notional=Decimal(1_400_000))
    return asked(order(units=Decimal(100_000 + step)), snapshot(base_to_account=Decimal(1), exposure=exposure))


def own_broker_exposed(step: int) -> Asked:
    case = broker_exposed(step)
    exposure = Exposure(broker_others_notional=Decimal(5_000))
    moment = replace(case.moment, exposure=exposure)
    return asked(case.request, moment, shipped(brokers={"paper": Decimal(105_000)}))


def risky(step: int) -> Asked:
    """100 000 units losing 200 ticks of 0.0001 are 2 000 USD, 2 % of the equity."""
    stop = Decimal("1.06520") - step * TICK
    return asked(order(units=Decimal(100_000), stop_loss=stop, take_profit=Decimal("1.12520")))


def margined(step: int) -> Asked:
    """40 000 USD at 2 % need 800 USD, 80 % of 1 000."""
    return asked(
        order(units=Decimal(40_000 + step)), snapshot(base_to_account=Decimal(1), margin_available=Decimal(1_000))
    )


def rewarded(step: int) -> Asked:
    """100 ticks at risk, 80 to win."""
    return asked(order(stop_loss=Decimal("1.08420"), take_profit=Decimal("1.08600") - step * TICK))


def stated(step: int) -> Asked:
    return asked(order(quality=70 - step))


def resting(step: int) -> Asked:
    request = order(entry=EntryType.LIMIT, price=Decimal("1.08400"), expires_ns=NOW_NS + 360 * MINUTE_NS + step)
    return asked(request)


def held(step: int) -> Asked:
    return asked(moment=snapshot(hold_min=360 + step))


def counted(name: str, before: int) -> Callable[[int], Asked]:
    return lambda step: asked(moment=counts(**{name: before + step}))


def down_on_the_day(step: int) -> Asked:
    return asked(moment=snapshot(equity=Decimal(95_000) - step * Decimal("0.01")))


def down_from_the_peak(step: int) -> Asked:
    moment = snapshot(peak_equity=Decimal(110_000), equity=Decimal(99_000) - step * Decimal("0.01"))
    return asked(moment=replace(moment, day_start_equity=Decimal(99_000)))


BOUNDARIES: dict[str, tuple[str, Callable[[int], Asked]]] = {
    "MAX_QUOTE_AGE_SECONDS": ("2.2", aged),
    "max_frozen_s": ("2.4", frozen),
    "max_frozen_s of EUR_USD": ("2.4", own_frozen),
    "max_entry_distance_pct": ("2.6", entry_away),
    "max_entry_distance_pct of EUR_USD": ("2.6", own_entry_away),
    "max_exit_distance_pct": ("2.7", exit_away),
    "max_exit_distance_pct of EUR_USD": ("2.7", own_exit_away),
    "max_fx_units": ("3.1", sized(InstrumentKind.FX, "1000000")),
    "max_metal_units": ("3.1", sized(InstrumentKind.METAL, "500")),
    "max_index_units": ("3.1", sized(InstrumentKind.INDEX, "200", "0.1")),
    "max_crypto_units": ("3.1", sized(InstrumentKind.CRYPTO, "2500", "0.00000001")),
    "max_order_units of EUR_USD": ("3.1", own_size),
    "max_order_units over its floor": ("3.1", own_size_over_the_floor),
    "max_order_notional": ("3.2", valued),
    "max_order_notional of EUR_USD": ("3.2", own_value),
    "max_order_notional in yen": ("3.2", foreign_value),
    "max_position_notional": ("3.3", positioned),
    "max_position_notional short": ("3.3", positioned_short),
    "max_position_notional with unknown sells": ("3.3", positioned_unknown),
    "max_exposure in yen": ("3.4", exposed_in_yen),
    "the instrument's smallest order": ("1.1", smallest),
    "the instrument's largest order": ("1.1", largest),
    "max_position_notional of EUR_USD": ("3.3", own_position),
    "max_exposure": ("3.4", exposed),
    "max_risk_pct": ("3.5", risky),
    "max_margin_use_pct": ("3.6", margined),
    "min_reward_risk": ("4.1", rewarded),
    "min_quality": ("5.1", stated),
    "max_ttl_min": ("6.1", resting),
    "max_hold_min": ("6.2", held),
    "max_latency_breaches": ("6.3", counted("latency_breaches", 2)),
    "max_daily_trades": ("7.1", counted("trades_today", 49)),
    "max_orders_per_minute": ("7.2", counted("orders_last_minute", 19)),
    "max_messages_per_minute": ("7.3", counted("messages_last_minute", 59)),
    "max_repeats": ("7.6", counted("repeated_executions", 9)),
    "max_day_drawdown_pct": ("8.1", down_on_the_day),
    "max_peak_drawdown_pct": ("8.2", down_from_the_peak),
    "MAX_TOTAL_EXPOSURE": ("11.1", desk_exposed),
    "MAX_EXPOSURE_PER_BROKER": ("11.2", broker_exposed),
    "MAX_EXPOSURE_PER_BROKER of paper": ("11.2", own_broker_exposed),
}

ELSEWHERE = {
    "max_placement_ms": "measured after the answer, below",
    "max_cancels_per_minute": "stands before cancels, below",
    "latency_window_min": "the window its counter is kept over",
    "duplicate_window_s": "the window its counter is kept over",
    "repeat_window_s": "the window its counter is kept over",
    **dict.fromkeys(("LIVE_STREAM_TIMEOUT_SECONDS", "MAX_RECONNECT_ATTEMPTS"), "held by the stream"),
    "max_arm_min": "held when a window is opened, not by an order",
}


@pytest.mark.parametrize("name", BOUNDARIES)
def test_a_limit_passes_one_step_inside_and_at_itself_and_refuses_one_step_beyond(name: str) -> None:
    rule, build = BOUNDARIES[name]
    found = [verdict(build(step), rule).passed for step in (-1, 0, 1)]
    assert found == [True, True, False]


@pytest.mark.parametrize("name", BOUNDARIES)
def test_what_is_beyond_a_limit_is_never_shown_as_the_limit(name: str) -> None:
    rule, build = BOUNDARIES[name]
    found = verdict(build(1), rule)
    assert found.measured != found.limit.removeprefix("≤ ").removeprefix("≥ ")
    assert found.detail


def test_every_number_of_the_charter_has_its_boundary() -> None:
    numbers = {key.name for key in KEYS if key.bound in {Bound.AT_MOST, Bound.AT_LEAST}}
    assert numbers == {name for name in BOUNDARIES if " " not in name} | set(ELSEWHERE)
    assert {f"{name} of EUR_USD" for name in OVERRIDES} <= set(BOUNDARIES)


def test_placement_is_slow_from_one_nanosecond_over_300_ms() -> None:
    limit = 300 * MILLISECOND_NS
    assert [is_slow_placement(limit + step, shipped()) for step in (-1, 0, 1)] == [False, False, True]


def test_cancels_have_their_own_allowance_of_300_a_minute() -> None:
    found = [check_cancel(counts(cancels_last_minute=299 + step), shipped())[0].passed for step in (-1, 0, 1)]
    assert found == [True, True, False]
    assert check_cancel(counts(orders_last_minute=10_000, messages_last_minute=10_000), shipped())[0].passed


def test_an_equal_day_drawdown_is_judged_from_the_day_and_not_from_the_peak() -> None:
    case = asked(moment=snapshot(peak_equity=Decimal(120_000), day_start_equity=Decimal(100_000)))
    assert verdict(case, "8.1").passed
    assert not verdict(case, "8.2").passed


BROKEN: dict[str, Asked] = {
    "1.1": asked(order(units=Decimal("10000.5"))),
    "1.2": asked(moment=snapshot(sealed_for=frozenset({Mode.PRACTICE}))),
    "1.3": asked(moment=snapshot(kill_reason="by hand")),
    "1.4": asked(moment=snapshot(latches=("day_drawdown",))),
    "1.5": asked(moment=snapshot(held_symbols=frozenset({"EUR_USD"}))),
    "2.1": asked(moment=snapshot(quote=quote(bid=Decimal("1.08521")))),
    "2.2": aged(1),
    "2.3": asked(moment=snapshot(quote=quote(tradeable=False))),
    "2.4": frozen(1),
    "2.5": asked(moment=snapshot(market_open=False)),
    "2.6": entry_away(1),
    "2.7": exit_away(1),
    "3.1": own_size(1),
    "3.2": valued(1),
    "3.3": positioned(1),
    "3.4": exposed(1),
    "3.5": risky(1),
    "3.6": margined(1),
    "4.1": rewarded(1),
    "4.2": asked(order(take_profit=None)),
    "4.3": asked(order(stop_loss=Decimal("1.08515"), take_profit=Decimal("1.1"))),
    "4.4": asked(moment=snapshot(attaches_exits=False)),
    "5.1": stated(1),
    "5.2": asked(order(timeframe="M1")),
    "6.1": resting(1),
    "6.2": asked(moment=snapshot(hold_min=None)),
    "6.3": BOUNDARIES["max_latency_breaches"][1](1),
    "7.1": BOUNDARIES["max_daily_trades"][1](1),
    "7.2": BOUNDARIES["max_orders_per_minute"][1](1),
    "7.3": BOUNDARIES["max_messages_per_minute"][1](1),
    "7.5": asked(moment=snapshot(counts=Counts(duplicate_of=17))),
    "7.6": BOUNDARIES["max_repeats"][1](1),
    "7.7": asked(moment=snapshot(own_opposite_price=Decimal("1.08520"))),
    "8.1": down_on_the_day(1),
    "8.2": down_from_the_peak(1),
    "10.1": asked(moment=snapshot(source="replay:tape")),
    "11.1": desk_exposed(1),
    "11.2": broker_exposed(1),
    "11.3": asked(moment=snapshot(currency="JPY")),
    "11.4": asked(moment=snapshot(day_start_ns=NOW_NS - 25 * HOUR_NS)),
    **{rule: asked(*case) for rule, case in BROKEN_LIVE.items()},
}


def test_every_rule_for_entries_is_broken_by_a_case_here() -> None:
    assert set(BROKEN) == {rule.id for rule in rules_for(Action.ENTRY)}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_broken_rule_refuses_the_order_with_its_own_verdict(rule: str) -> None:
    decision = decide(BROKEN[rule])
    assert decision.approved is None
    assert rule in {found.rule for found in decision.refused}
    assert len(decision.verdicts) == len(rules_for(Action.ENTRY))


@pytest.mark.parametrize("rule", BROKEN)
def test_a_rule_broken_alone_leads_with_its_code(rule: str) -> None:
    alone = [found for found in decide(BROKEN[rule]).verdicts if found.passed or found.rule == rule]
    error = refusal(alone, order())
    assert error.code == RULES_BY_ID[rule].code
    assert not error.message.startswith("refused")
    assert error.hint is not None
    assert error.hint.startswith("rickctl ")
