"""The gate says everything it measured, approves only what every rule passed, and lets nothing trap a position."""

from __future__ import annotations

import ast
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rickctl.domain.charter import (
    Action,
    Exposure,
    Snapshot,
    check,
    new_latches,
    order_quality,
    refusal,
    rules_for,
)
from rickctl.domain.errors import SetupError
from rickctl.domain.instants import HOUR_NS, MINUTE_NS
from rickctl.domain.market import InstrumentKind
from rickctl.domain.orders import EntryType, OrderRequest, Side
from tests.domain.charter_kit import NOW_NS, carrying, counts, instrument, order, quote, shipped, snapshot

PACKAGE = Path(__file__).parents[2] / "rickctl"
CHARTER = shipped()


def decide(request: OrderRequest, moment: Snapshot | None = None) -> tuple[bool, set[str]]:
    decision = check(request, moment or snapshot(), CHARTER, client_order_id="c-1")
    return decision.approved is not None, {found.rule for found in decision.refused}


@pytest.mark.parametrize("units", [1, 10_000, 100_000, 250_000])
@pytest.mark.parametrize("side", Side)
def test_a_sane_currency_order_passes_as_shipped(units: int, side: Side) -> None:
    stop, target = Decimal("1.08320"), Decimal("1.08920")
    if side is Side.SELL:
        stop, target = Decimal("1.08712"), Decimal("1.08112")
    request = order(side=side, units=Decimal(units), stop_loss=stop, take_profit=target)
    assert decide(request) == (True, set())
    computed = order_quality(request, snapshot(), CHARTER)
    assert computed is not None
    assert 75 <= computed.score <= 92


@pytest.mark.parametrize("units", ["0.01", "0.1", "0.5"])
def test_a_sane_bitcoin_order_passes_as_shipped(units: str) -> None:
    coin = instrument(
        InstrumentKind.CRYPTO, symbol="BTC-USD", price_increment=Decimal("0.01"), margin_rate=Decimal("0.5")
    )
    moment = snapshot(
        instrument=coin,
        quote=quote(symbol="BTC-USD", bid=Decimal("67412.10"), ask=Decimal("67418.55")),
        base_to_account=Decimal("67415.32"),
        recent_range=Decimal(180),
        next_close_ns=None,
    )
    request = order(
        symbol="BTC-USD", units=Decimal(units), stop_loss=Decimal("66744.36"), take_profit=Decimal("68766.93")
    )
    assert decide(request, moment) == (True, set())


def test_an_approval_carries_what_it_was_given_and_every_verdict() -> None:
    request, moment = order(), snapshot()
    approved = check(request, moment, CHARTER, client_order_id="c-9").approved
    assert approved is not None
    assert (approved.request, approved.client_order_id, approved.quote) == (request, "c-9", moment.quote)
    assert approved.charter_hash == CHARTER.hash
    assert [found.rule for found in approved.verdicts] == [rule.id for rule in rules_for(Action.ENTRY)]


def test_only_the_gate_makes_an_approval() -> None:
    makers = set()
    for path in PACKAGE.rglob("*.py"):
        calls = (node.func for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
        names = {call.id if isinstance(call, ast.Name) else getattr(call, "attr", "") for call in calls}
        if "Approved" in names:
            makers.add(path.relative_to(PACKAGE).as_posix())
    assert makers == {"domain/charter/check.py"}


def test_a_naked_entry_is_told_as_such_with_the_line_to_type() -> None:
    request = order(units=Decimal(1_000), stop_loss=None, take_profit=None)
    error = refusal(check(request, snapshot(), CHARTER, client_order_id="c-1").verdicts, request)
    assert error.message == "no stop-loss and no take-profit; every entry carries both"
    assert error.code == "naked_entry"
    assert error.hint == "rickctl order place EUR_USD buy 1000 --stop-loss 20p --take-profit 2R"


def test_several_refusals_lead_with_the_most_fundamental_and_count_the_rest() -> None:
    request = order(units=Decimal(900_000), stop_loss=Decimal("1.08470"), take_profit=Decimal("1.08540"))
    moment = snapshot(kill_reason="lunch", base_to_account=Decimal(1))
    decision = check(request, moment, CHARTER, client_order_id="c-1")
    assert {found.rule for found in decision.refused} == {"1.3", "3.2", "3.3", "4.1", "5.1"}
    error = refusal(decision.verdicts, request)
    assert error.message == "trading is killed: lunch; and 4 more"
    assert (error.code, error.hint) == ("kill_latch", "rickctl resume")
    assert error.verdicts == decision.verdicts


def test_a_small_reward_behind_a_wide_spread_fails_on_both() -> None:
    request = order(units=Decimal(100_000), stop_loss=Decimal("1.08470"), take_profit=Decimal("1.08540"))
    assert decide(request) == (False, {"4.1", "5.1"})


def test_a_stated_quality_counts_and_the_computed_one_stands_beside_it() -> None:
    decision = check(order(quality=95), snapshot(), CHARTER, client_order_id="c-1")
    found = next(one for one in decision.verdicts if one.rule == "5.1")
    assert decision.quality is not None
    assert found.detail == f"stated; computed {decision.quality.score}"
    assert decide(order(quality=101)) == (False, {"5.1"})


def test_the_computed_quality_counts_at_exactly_the_limit() -> None:
    computed = order_quality(order(), snapshot(), CHARTER)
    assert computed is not None
    at, over = shipped(min_quality=computed.score), shipped(min_quality=computed.score + 1)
    assert check(order(), snapshot(), at, client_order_id="c-1").approved is not None
    assert {found.rule for found in check(order(), snapshot(), over, client_order_id="c-1").refused} == {"5.1"}


def test_the_entry_of_a_market_order_is_at_the_touch_it_trades_on() -> None:
    sell = order(side=Side.SELL, stop_loss=Decimal("1.08712"), take_profit=Decimal("1.08112"))
    for request in (order(), sell):
        computed = order_quality(request, snapshot(), CHARTER)
        assert computed is not None
        assert "the entry 0.00 usual" in next(part.sentence for part in computed.parts if part.name == "distance")


def test_breaches_name_the_latches_they_leave() -> None:
    moment = replace(counts(latency_breaches=9, repeated_executions=50), equity=Decimal(80_000))
    verdicts = check(order(), moment, CHARTER, client_order_id="c-1").verdicts
    assert set(new_latches(verdicts)) == {"slow_placement", "repeated_execution", "day_drawdown", "peak_drawdown"}
    assert new_latches(check(order(), snapshot(), CHARTER, client_order_id="c-1").verdicts) == ()


def test_a_timeframe_counts_only_when_it_is_stated() -> None:
    assert decide(order(timeframe=None))[0]
    assert all(decide(order(timeframe=word))[0] for word in ("M15", "M30", "H1"))
    assert decide(order(timeframe="m15")) == (False, {"5.2"})


def test_a_resting_entry_says_when_it_ends_and_not_in_the_past() -> None:
    resting = order(entry=EntryType.LIMIT, price=Decimal("1.08500"))
    assert decide(resting) == (False, {"6.1"})
    assert decide(replace(resting, expires_ns=NOW_NS)) == (False, {"6.1"})
    assert decide(replace(resting, expires_ns=NOW_NS + MINUTE_NS))[0]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"stop_loss": Decimal("1.08600")}, "4.3"),
        ({"take_profit": Decimal("1.08400")}, "4.3"),
        ({"stop_loss": Decimal("1.08520")}, "4.3"),
        ({"stop_loss": Decimal("1.08512")}, "4.3"),
        ({"stop_loss": Decimal("1.083205")}, "4.3 or off the grid"),
        ({"trailing": Decimal(0)}, "1.1"),
        ({"price": Decimal("1.08")}, "1.1"),
        ({"units": Decimal(0)}, "1.1"),
        ({"units": Decimal(-10_000)}, "1.1"),
        ({"units": Decimal("NaN")}, "1.1"),
        ({"units": Decimal("Infinity")}, "1.1"),
        ({"units": Decimal(10) ** 40}, "1.1"),
        ({"units": Decimal("1E+999999")}, "1.1"),
        ({"stop_loss": Decimal("NaN")}, "1.1"),
        ({"take_profit": Decimal("sNaN")}, "1.1"),
        ({"take_profit": Decimal("1E+999999")}, "1.1"),
        ({"take_profit": Decimal("1E-999999")}, "1.1"),
        ({"symbol": "GBP_USD"}, "1.1"),
    ],
)
def test_nonsense_is_refused_and_never_raises(change: dict[str, object], rule: str) -> None:
    approved, refused = decide(order(**change))
    assert not approved
    assert (rule if rule in {"4.3", "1.1"} else "1.1") in refused


def test_a_stop_entry_stands_beyond_the_market() -> None:
    plain = order(entry=EntryType.STOP, expires_ns=NOW_NS + HOUR_NS, take_profit=Decimal("1.09020"))
    assert decide(replace(plain, price=Decimal("1.08550")))[0]
    assert decide(replace(plain, price=Decimal("1.08520"))) == (False, {"4.3"})


def test_an_own_order_on_the_other_side_is_met_only_when_prices_cross() -> None:
    assert decide(order(), snapshot(own_opposite_price=Decimal("1.08521")))[0]
    assert decide(order(), snapshot(own_opposite_price=Decimal("1.08520"))) == (False, {"7.7"})
    sell = order(side=Side.SELL, stop_loss=Decimal("1.08712"), take_profit=Decimal("1.08112"))
    assert decide(sell, snapshot(own_opposite_price=Decimal("1.08511")))[0]
    assert decide(sell, snapshot(own_opposite_price=Decimal("1.08512"))) == (False, {"7.7"})


def test_an_order_that_adds_no_exposure_needs_no_margin() -> None:
    sell = order(side=Side.SELL, stop_loss=Decimal("1.08712"), take_profit=Decimal("1.08112"))
    moment = replace(carrying(position_units=Decimal(50_000)), margin_available=Decimal(0))
    assert decide(sell, moment)[0]
    assert decide(order(), moment) == (False, {"3.6"})


def test_settings_only_tighten_the_charter() -> None:
    tight = CHARTER.tightened(min_quality=88, max_hold_min=60)
    assert (tight.min_quality, tight.max_hold_min, tight.hash) == (88, 60, CHARTER.hash)
    assert CHARTER.tightened() == CHARTER
    for change in ({"min_quality": 69}, {"min_quality": 101}, {"max_hold_min": 361}, {"max_hold_min": 0}):
        with pytest.raises(SetupError) as caught:
            CHARTER.tightened(**change)
        assert caught.value.code == "charter_loosened"


STRANGE = st.sampled_from(["NaN", "sNaN", "Infinity", "-Infinity", "0", "-0", "-1", "1E+999999", "1E-999999", "1E+30"])
NUMBERS = st.one_of(STRANGE.map(Decimal), st.decimals(allow_nan=True, allow_infinity=True), st.none())


@settings(max_examples=300, deadline=None, derandomize=True)
@given(data=st.data())
def test_no_number_whatever_makes_the_gate_raise_or_approve_nonsense(data: st.DataObject) -> None:
    wanted = data.draw(st.sampled_from(["price", "stop_loss", "take_profit", "trailing", "units"]))
    value = data.draw(NUMBERS)
    if wanted == "units" and value is None:
        value = Decimal("NaN")
    request = order(**{wanted: value})
    names = [found.name for found in fields(Snapshot) if found.type in {"Decimal", "Decimal | None"}]
    assert len(names) > 8
    drawn = {data.draw(st.sampled_from(names)): data.draw(NUMBERS)}
    moment = snapshot(quote=quote(bid=data.draw(NUMBERS), ask=data.draw(NUMBERS)), **drawn)
    approved = check(request, moment, CHARTER, client_order_id="c-1").approved
    if approved is not None:
        assert request.units.is_finite()
        assert moment.quote.bid is not None
        assert moment.quote.ask is not None
        assert 0 < moment.quote.bid <= moment.quote.ask


class Book:
    """Working orders and a position that grow by what the gate lets through; the worst that filling them could do."""

    def __init__(self) -> None:
        self.position = Decimal(0)
        self.buys = Decimal(0)
        self.sells = Decimal(0)
        self.trades = 0

    def moment(self, others: Decimal) -> Snapshot:
        exposure = Exposure(
            position_units=self.position,
            working_buy_units=self.buys,
            working_sell_units=self.sells,
            others_notional=others,
            broker_others_notional=others,
            desk_others_notional=others,
        )
        plain = replace(counts(trades_today=self.trades), exposure=exposure, base_to_account=Decimal(1))
        return replace(plain, equity=Decimal(500_000), day_start_equity=Decimal(500_000), peak_equity=Decimal(500_000))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    steps=st.lists(st.tuples(st.sampled_from(Side), st.integers(1, 600_000), st.booleans()), min_size=1, max_size=60),
    others=st.integers(0, 1_500_000).map(Decimal),
)
def test_nothing_accepted_breaks_a_limit_if_everything_working_fills(
    steps: list[tuple[Side, int, bool]], others: Decimal
) -> None:
    book = Book()
    for side, units, fills in steps:
        stop, target = Decimal("1.08320"), Decimal("1.08920")
        if side is Side.SELL:
            stop, target = Decimal("1.08712"), Decimal("1.08112")
        request = order(side=side, units=Decimal(units), stop_loss=stop, take_profit=target, quality=90)
        if check(request, book.moment(others), CHARTER, client_order_id="c-1").approved is None:
            continue
        book.trades += 1
        if fills:
            book.position += side.sign * units
        elif side is Side.BUY:
            book.buys += units
        else:
            book.sells += units
        for fill in (book.buys, -book.sells, book.buys - book.sells):
            reached = abs(book.position + fill)
            assert reached <= CHARTER.max_position_notional
            assert reached + others <= CHARTER.max_exposure
        assert book.trades <= CHARTER.max_daily_trades
