"""Events and the fold: every kind survives JSON, lots come off oldest first, a broken sequence is seen."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rickctl.domain import events as ledger_events
from rickctl.domain.account import AccountConfig, Ended, Leg, Lot
from rickctl.domain.conversion import Conversion, RateLeg, RateSide
from rickctl.domain.ledger import EXACT, apply, fold, reduce_lots
from rickctl.domain.orders import EntryType, Side
from rickctl.domain.records import canonical_json
from rickctl.domain.scope import DEFAULT_SCOPE
from tests.domain.paper_kit import T0, Desk, at
from tests.fakes import FakeMarket, point

if TYPE_CHECKING:
    from rickctl.domain.events import Event

CROSSED = Conversion((RateLeg("USD_JPY", RateSide.ASK, Decimal("150.01"), is_inverse=True),), Decimal("0.0066662"))
EVERY_KIND: list[Event] = [
    ledger_events.AccountCreated(n=1, at_ns=T0, scope=DEFAULT_SCOPE, config=AccountConfig()),
    ledger_events.CashMoved(n=2, at_ns=T0, amount=Decimal("-10.50"), balance=Decimal("99989.50")),
    ledger_events.AccountReset(n=3, at_ns=T0, balance=Decimal(100000)),
    ledger_events.OrderAccepted(
        n=4,
        at_ns=T0,
        number=9,
        symbol="USD_JPY",
        side=Side.SELL,
        units=Decimal(1000),
        entry=EntryType.LIMIT,
        live_ns=T0 + 5,
        price=Decimal("150.500"),
        stop_loss=Decimal("151.000"),
        take_profit=Decimal("149.000"),
        trailing=Decimal("0.200"),
        expires_ns=T0 + 99,
    ),
    ledger_events.OrderWorking(n=5, at_ns=T0, number=9),
    ledger_events.OrderTriggered(n=6, at_ns=T0, number=9, leg=Leg.TRAILING_STOP),
    ledger_events.OrderFilled(
        n=7,
        at_ns=T0,
        number=9,
        leg=Leg.ENTRY,
        symbol="USD_JPY",
        side=Side.SELL,
        price=Decimal("150.500"),
        units=Decimal(1000),
        remaining=Decimal(0),
        opened=Decimal(400),
        reduced=(
            ledger_events.Reduction(3, Decimal(600), Decimal("150.100"), Decimal("240.000"), Decimal("1.6"), CROSSED),
        ),
        commission=Decimal("0.03"),
        conversion=CROSSED,
        cash=Decimal("1.57"),
        balance=Decimal("100001.57"),
        is_triggered=True,
    ),
    ledger_events.OrderModified(n=8, at_ns=T0, number=9, stop_loss=Decimal("150.900"), live_ns=T0 + 7),
    ledger_events.StopTrailed(n=9, at_ns=T0, number=9, trailed=Decimal("150.800")),
    ledger_events.OrderCancelled(n=10, at_ns=T0, number=9, reason=Ended.INSUFFICIENT_MARGIN),
    ledger_events.OrderExpired(n=11, at_ns=T0, number=9),
    ledger_events.EquityMarked(n=12, at_ns=T0, equity=Decimal("100001.5700"), is_day=True),
    ledger_events.CostCharged(
        n=13, at_ns=T0, what="financing", amount=Decimal("-0.0100"), balance=Decimal("100001.58")
    ),
    ledger_events.VenueRead(n=14, at_ns=T0, mark="6372"),
]


def test_every_kind_of_event_is_here() -> None:
    assert {type(event) for event in EVERY_KIND} == set(ledger_events.NAMES)


@pytest.mark.parametrize("event", EVERY_KIND, ids=ledger_events.name_of)
def test_an_event_survives_json_to_the_byte(event: Event) -> None:
    body = ledger_events.to_json(event)
    assert body["event"] == ledger_events.name_of(event)
    back = ledger_events.from_json(body)
    assert back == event
    assert canonical_json(ledger_events.to_json(back)) == canonical_json(body)


@pytest.mark.parametrize("body", [{"event": "order_invented", "n": 1}, {"n": 1}, {"event": "order_expired", "x": 1}])
def test_what_is_not_an_event_is_an_error(body: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError)):
        ledger_events.from_json(body)


def test_an_event_concerns_its_order_and_the_trades_it_reduced() -> None:
    filled = EVERY_KIND[6]
    assert ledger_events.number_of(filled) == 9
    assert ledger_events.number_of(EVERY_KIND[0]) is None
    assert [number for number in range(12) if ledger_events.concerns(filled, number)] == [3, 9]


LOTS = st.lists(st.builds(Lot, st.integers(1, 50).map(Decimal), st.integers(1, 9).map(Decimal)), min_size=1, max_size=6)


@given(lots=LOTS.map(tuple), units=st.integers(0, 400).map(Decimal))
def test_lots_come_off_oldest_first_and_none_is_lost(lots: tuple[Lot, ...], units: Decimal) -> None:
    taken, left = reduce_lots(lots, units)
    whole = sum(lot.units for lot in lots)
    assert sum(lot.units for lot in taken) == min(units, whole)
    assert sum(lot.units for lot in (*taken, *left)) == whole
    assert sum(lot.units * lot.price for lot in (*taken, *left)) == sum(lot.units * lot.price for lot in lots)
    assert all(lot.units > 0 for lot in (*taken, *left))
    assert tuple(lot.price for lot in left) == tuple(lot.price for lot in lots)[len(lots) - len(left) :]


def desk() -> Desk:
    made = Desk(FakeMarket([point(T0, "1.08000", "1.08010"), point(at(5), "1.06900", "1.06910")]))
    made.order(1, sl="1.07000", tp="1.09000")
    made.settle(at(9))
    return made


@pytest.mark.parametrize("broken", ["gap", "repeat", "backwards", "headless", "empty"])
def test_a_broken_sequence_is_seen(broken: str) -> None:
    events = desk().events
    sequences = {
        "gap": [*events[:2], *events[3:]],
        "repeat": [*events[:2], events[1], *events[2:]],
        "backwards": [*events[:-1], replace(events[-1], at_ns=T0 - 1)],
        "headless": events[1:],
        "empty": [],
    }
    with pytest.raises(ValueError, match=r"event|account"):
        fold(sequences[broken])


def test_folding_is_the_same_in_one_go_and_one_by_one() -> None:
    events = desk().events
    state = fold(events[:1])
    for event in events[1:]:
        state = apply(state, event)
    assert state == fold(events)


def test_a_cost_of_a_brokers_counts_as_a_fee_and_its_mark_is_kept() -> None:
    state = fold([ledger_events.AccountCreated(n=1, at_ns=T0, scope=DEFAULT_SCOPE, config=AccountConfig())])
    state = apply(
        state,
        ledger_events.CostCharged(n=2, at_ns=T0, what="financing", amount=Decimal("1.25"), balance=Decimal("99998.75")),
    )
    state = apply(state, ledger_events.VenueRead(n=3, at_ns=T0, mark="6372"))
    assert (state.balance, state.fees, state.day_fees) == (Decimal("99998.75"), Decimal("1.25"), Decimal("1.25"))
    assert state.mark == "6372"


def test_an_exit_that_was_taken_off_is_off() -> None:
    made = Desk(FakeMarket([point(T0, "1.08000", "1.08010"), point(at(1), "1.08000", "1.08010")]))
    made.order(1, sl="1.07000", tp="1.09000")
    made.settle(at(2))
    state = fold(made.events)
    removed = ledger_events.OrderModified(n=state.n + 1, at_ns=state.checkpoint_ns, number=1, removed="take_profit")
    [trade] = apply(state, removed).trades
    assert (trade.stop_loss, trade.take_profit) == (Decimal("1.07000"), None)


def test_balances_keep_every_digit() -> None:
    state = fold([ledger_events.AccountCreated(n=1, at_ns=T0, scope=DEFAULT_SCOPE, config=AccountConfig())])
    huge, tiny = Decimal(10) ** 20, Decimal("0.00000000000000000001")
    for n, amount in ((2, huge), (3, tiny)):
        with localcontext(EXACT):
            balance = state.balance + amount
        state = apply(state, ledger_events.CashMoved(n=n, at_ns=T0, amount=amount, balance=balance))
    assert f"{state.deposits:f}" == "100000000000000000000.00000000000000000001"
    assert f"{state.peak.equity:f}" == "100000000000000100000.00000000000000000001"
