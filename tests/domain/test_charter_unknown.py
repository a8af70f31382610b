"""What is not known refuses: a limit is never passed by leaving out what it is measured on."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rickctl.domain.charter import Exposure, Snapshot, check
from rickctl.domain.instants import SECOND_NS
from tests.domain.charter_kit import NOW_NS, carrying, counts, instrument, order, quote, shipped, snapshot

UNKNOWN: dict[str, tuple[Snapshot, frozenset[str]]] = {
    "no instrument": (snapshot(instrument=None), frozenset({"1.1", "3.1", "3.6"})),
    "another instrument": (snapshot(instrument=instrument(symbol="GBP_USD")), frozenset({"1.1"})),
    "another quote": (snapshot(quote=quote(symbol="GBP_USD")), frozenset({"1.1"})),
    "no bid": (snapshot(quote=quote(bid=None)), frozenset({"2.1", "2.6", "4.3"})),
    "no ask": (snapshot(quote=quote(ask=None)), frozenset({"2.1", "2.6", "4.1", "5.1"})),
    "zero bid": (snapshot(quote=quote(bid=Decimal(0))), frozenset({"2.1"})),
    "NaN ask": (snapshot(quote=quote(ask=Decimal("NaN"))), frozenset({"2.1", "4.1", "3.5"})),
    "infinite ask": (snapshot(quote=quote(ask=Decimal("Infinity"))), frozenset({"2.1", "4.1", "3.5"})),
    "price from the future": (snapshot(quote=quote(asserted_ns=NOW_NS + 2 * SECOND_NS)), frozenset({"2.2"})),
    "a move from the future": (snapshot(quote=quote(changed_ns=NOW_NS + 2 * SECOND_NS)), frozenset({"2.4"})),
    "no equity": (snapshot(equity=None), frozenset({"3.5", "8.1", "8.2"})),
    "NaN equity": (snapshot(equity=Decimal("NaN")), frozenset({"3.5", "8.1", "8.2"})),
    "no day start": (snapshot(day_start_equity=None), frozenset({"8.1"})),
    "no peak": (snapshot(peak_equity=None), frozenset({"8.2"})),
    "no day": (snapshot(day_start_ns=None), frozenset({"11.4"})),
    "a day from the future": (snapshot(day_start_ns=NOW_NS + 1), frozenset({"11.4"})),
    "no margin": (snapshot(margin_available=None), frozenset({"3.6"})),
    "no margin free": (snapshot(margin_available=Decimal(0)), frozenset({"3.6"})),
    "no quote rate": (snapshot(quote_to_account=None), frozenset({"3.5", "11.3"})),
    "no base rate": (snapshot(base_to_account=None), frozenset({"3.2", "3.3", "3.4", "3.6", "11.1", "11.2", "11.3"})),
    "negative rate": (snapshot(base_to_account=Decimal(-1)), frozenset({"3.2", "11.3"})),
    "no charter rate": (snapshot(currency="EUR"), frozenset({"3.2", "3.3", "11.3"})),
    "position unknown": (snapshot(exposure=Exposure(position_units=None)), frozenset({"3.3", "3.4", "11.1", "11.2"})),
    "working unknown": (snapshot(exposure=Exposure(working_sell_units=None)), frozenset({"3.3"})),
    "others unknown": (snapshot(exposure=Exposure(others_notional=None)), frozenset({"3.4"})),
    "broker unknown": (snapshot(exposure=Exposure(broker_others_notional=None)), frozenset({"11.2"})),
    "desk unknown": (snapshot(exposure=Exposure(desk_others_notional=None)), frozenset({"11.1"})),
    "negative others": (carrying(others_notional=Decimal(-1_000_000)), frozenset({"3.4"})),
    "negative working": (carrying(working_buy_units=Decimal(-1)), frozenset({"3.3"})),
    "negative count": (counts(trades_today=-5), frozenset({"7.1"})),
    "a hold of nothing": (snapshot(hold_min=0), frozenset({"6.2"})),
    "NaN own order": (snapshot(own_opposite_price=Decimal("NaN")), frozenset({"7.7"})),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_not_known_refuses_by_the_rule_that_needs_it(name: str) -> None:
    moment, rules = UNKNOWN[name]
    assert rules <= {found.rule for found in check(order(), moment, shipped(), client_order_id="c-1").refused}
