"""Changes, closes and cancels: what widens risk meets the whole gate, what narrows it is never held up."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from rickctl.domain.charter import (
    Exposure,
    Snapshot,
    check_cancel,
    check_modify,
    check_reduce,
    refusal,
    widens_risk,
)
from rickctl.domain.instants import HOUR_NS
from rickctl.domain.orders import EntryType, OrderRequest, Side
from tests.domain.charter_kit import NOW_NS, carrying, counts, order, quote, shipped, snapshot

CHARTER = shipped()

WIDER: dict[str, OrderRequest] = {
    "more units": order(units=Decimal(10_001)),
    "stop further": order(stop_loss=Decimal("1.08319")),
    "stop removed": order(stop_loss=None),
    "target nearer": order(take_profit=Decimal("1.08919")),
    "target removed": order(take_profit=None),
    "another price": order(entry=EntryType.LIMIT, price=Decimal("1.085")),
    "another side": order(side=Side.SELL),
    "another symbol": order(symbol="GBP_USD"),
}
NARROWER: dict[str, OrderRequest] = {
    "the same": order(),
    "fewer units": order(units=Decimal(9_999)),
    "stop nearer": order(stop_loss=Decimal("1.08321")),
    "target further": order(take_profit=Decimal("1.08921")),
    "trailing added": order(trailing=Decimal("0.002")),
}


def test_a_change_widens_when_it_can_lose_more_or_protect_less() -> None:
    assert all(widens_risk(order(), after) for after in WIDER.values())
    assert not any(widens_risk(order(), after) for after in NARROWER.values())
    trailing = order(trailing=Decimal("0.002"))
    assert widens_risk(trailing, order())
    assert widens_risk(trailing, order(trailing=Decimal("0.003")))
    assert not widens_risk(trailing, order(trailing=Decimal("0.001")))
    resting = order(entry=EntryType.LIMIT, price=Decimal("1.085"), expires_ns=NOW_NS + HOUR_NS)
    assert widens_risk(resting, replace(resting, expires_ns=NOW_NS + HOUR_NS + 1))
    assert widens_risk(resting, replace(resting, expires_ns=None))
    assert not widens_risk(resting, replace(resting, expires_ns=NOW_NS + HOUR_NS - 1))


def test_an_exit_added_to_a_bare_position_is_never_held_up() -> None:
    bare = order(stop_loss=None, take_profit=None)
    moment = snapshot(entry_price=Decimal("1.08400"), kill_reason="lunch", market_open=False)
    for after in (order(take_profit=None), order(stop_loss=None), order()):
        assert not widens_risk(bare, after)
        assert check_modify(bare, after, moment, CHARTER, client_order_id="c-1").approved is not None
    assert widens_risk(order(), bare)


def test_a_sell_widens_the_other_way_round() -> None:
    before = order(side=Side.SELL, stop_loss=Decimal("1.08712"), take_profit=Decimal("1.08112"))
    assert widens_risk(before, replace(before, stop_loss=Decimal("1.08713")))
    assert not widens_risk(before, replace(before, stop_loss=Decimal("1.08711")))
    assert widens_risk(before, replace(before, take_profit=Decimal("1.08113")))


def modified(after: OrderRequest, moment: Snapshot) -> tuple[bool, set[str]]:
    decision = check_modify(order(), after, moment, CHARTER, client_order_id="c-1")
    return decision.approved is not None, {found.rule for found in decision.refused}


def test_a_widening_change_passes_the_gate_like_an_entry() -> None:
    killed = snapshot(kill_reason="lunch")
    assert modified(order(units=Decimal(20_000)), snapshot()) == (True, set())
    assert modified(order(units=Decimal(20_000)), killed) == (False, {"1.3"})
    over = order(units=Decimal(800_000))
    assert modified(over, snapshot(base_to_account=Decimal(1))) == (False, {"3.2", "3.3"})


def test_a_narrowing_change_is_free_of_the_limits_that_stop_entries() -> None:
    stuck = replace(
        counts(trades_today=1_000, orders_last_minute=1_000),
        kill_reason="lunch",
        latches=("day_drawdown",),
        sealed_for=frozenset(),
        equity=Decimal(1_000),
        market_open=False,
    )
    assert modified(order(stop_loss=Decimal("1.08400")), stuck) == (True, set())
    assert modified(order(stop_loss=Decimal("1.08515")), stuck) == (False, {"4.3"})
    assert modified(order(stop_loss=Decimal("1.08400")), counts(messages_last_minute=60)) == (False, {"7.3"})


def test_a_stop_may_be_moved_past_the_entry_of_an_open_position() -> None:
    moment = snapshot(entry_price=Decimal("1.08000"))
    assert modified(order(stop_loss=Decimal("1.08400")), moment) == (True, set())
    before = order(stop_loss=Decimal("1.08450"))
    back = check_modify(before, order(stop_loss=Decimal("1.08100")), moment, CHARTER, client_order_id="c-1")
    assert back.refused == ()
    reached = order(stop_loss=Decimal("1.08400"), take_profit=Decimal("1.08512"))
    assert modified(reached, moment)[1] >= {"4.3"}


def test_a_reduce_only_close_answers_to_validity_alone() -> None:
    worst = replace(
        carrying(position_units=Decimal(-500)),
        kill_reason="lunch",
        latches=("peak_drawdown",),
        sealed_for=frozenset(),
        equity=None,
        market_open=False,
        quote=quote(bid=None, ask=None, tradeable=False),
    )
    for units, passed in ((499, True), (500, True), (501, False), (0, False), (-5, False)):
        verdicts = check_reduce("EUR_USD", Decimal(units), worst, CHARTER)
        assert all(found.passed for found in verdicts) is passed
    assert not check_reduce("GBP_USD", Decimal(1), worst, CHARTER)[0].passed
    assert not check_reduce("EUR_USD", Decimal("NaN"), worst, CHARTER)[0].passed
    assert not check_reduce("EUR_USD", Decimal("0.5"), worst, CHARTER)[0].passed
    assert not check_reduce("EUR_USD", Decimal(1), snapshot(exposure=Exposure(position_units=None)), CHARTER)[0].passed


def test_a_refused_close_and_a_refused_cancel_are_told_like_any_other() -> None:
    close = refusal(check_reduce("EUR_USD", Decimal(5), snapshot(), CHARTER))
    assert (close.code, close.message) == ("invalid_order", "5 EUR_USD is more than the 0 held")
    cancel = refusal(check_cancel(counts(cancels_last_minute=300), CHARTER))
    assert cancel.code == "cancel_rate"
