"""Whatever clients and markets do, the OANDA exchange's books stay right, and nobody's looking changes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rickctl.adapters.sim import SimMarket
from rickctl.domain.instants import DAY_NS, MINUTE_NS, SECOND_NS
from rickctl.domain.market import Phase
from rickctl.sandbox.oanda.exchange import Exchange
from rickctl.sandbox.oanda.records import Terms
from tests.fakes import FakeMarket
from tests.properties.kit import IS_FULL
from tests.properties.prices import ANYTHING
from tests.sandbox.oanda_kit import ID, START
from tests.sandbox.oanda_programs import Act, Floor, accounts, acts, check, check_waiting, markets, thin_accounts

if TYPE_CHECKING:
    from rickctl.domain.market import Cursor, Step, Watch

programs = st.lists(acts(), min_size=1, max_size=14)
worlds = st.booleans().flatmap(lambda has_bars: markets(has_bars=has_bars))
looks = st.lists(st.integers(0, 6_000).map(lambda second: START + second * SECOND_NS), max_size=25)
SIZE = settings(max_examples=600 if IS_FULL else 60)


@SIZE
@given(terms=accounts, steps=worlds, program=programs)
def test_the_books_are_right_after_every_request(terms: Terms, steps: list[Step], program: list[Act]) -> None:
    floor, now = Floor(terms, steps), START
    for count, act in enumerate(program):
        now += act.after_ns
        floor.act(act, f"R{count}", now)
        check(floor.exchange)
    floor.exchange.advance(now + 7_200 * SECOND_NS)
    check(floor.exchange)
    if all(step.phase == Phase.POINT for step in steps):
        check_waiting(floor.exchange, floor.market)


@SIZE
@given(terms=accounts, steps=worlds, program=programs, looks=looks)
def test_looking_often_changes_nothing(terms: Terms, steps: list[Step], program: list[Act], looks: list[int]) -> None:
    rarely, often = Floor(terms, steps), Floor(terms, steps)
    rarely.run(program)
    often.run(program, looks)
    assert often.record == rarely.record
    assert often.exchange.account(ID) == rarely.exchange.account(ID)


@settings(max_examples=300 if IS_FULL else 30)
@given(terms=accounts, steps=worlds, program=programs, looks=looks)
def test_a_restart_finds_the_same_account(
    tmp_path_factory: pytest.TempPathFactory, terms: Terms, steps: list[Step], program: list[Act], looks: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("accounts")
    floor = Floor(terms, steps, folder)
    floor.run(program, looks)
    now_ns = floor.exchange.settled_ns(ID)
    again = Exchange.open(folder, floor.market, [], now_ns)
    again.advance(now_ns)
    assert again.transactions(ID, 1, again.last_id(ID)) == floor.record
    assert again.account(ID) == floor.exchange.account(ID)
    assert again.orders(ID) == floor.exchange.orders(ID)
    assert again.trades(ID) == floor.exchange.trades(ID)


@settings(max_examples=300 if IS_FULL else 30)
@given(terms=accounts, steps=worlds, program=programs, stop=st.integers(0, 13))
def test_a_restart_in_between_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, terms: Terms, steps: list[Step], program: list[Act], stop: int
) -> None:
    whole, halves = Floor(terms, steps), Floor(terms, steps, tmp_path_factory.mktemp("accounts"))
    whole.run(program)
    now = START
    for count, act in enumerate(program):
        if count == stop:
            halves.exchange = Exchange.open(halves.folder, halves.market, [], now)
        now += act.after_ns
        halves.act(act, f"R{count}", now)
    halves.exchange.advance(now + 3_600 * SECOND_NS)
    assert halves.record == whole.record


@pytest.mark.parametrize("seed", range(4))
def test_on_the_simulated_market_looking_often_changes_nothing_either(seed: int) -> None:
    records = []
    for minutes in (11, 4_320):
        exchange = Exchange.open(None, SimMarket(seed), [Terms(id=ID)], START)
        for units, name in (("1000", "EUR_USD"), ("-2000", "USD_JPY"), ("3", "XAU_USD")):
            distance = {"EUR_USD": "0.00150", "USD_JPY": "0.200", "XAU_USD": "6.000"}[name]
            body = {"type": "MARKET", "instrument": name, "units": units}
            exchange.submit(ID, {**body, "trailingStopLossOnFill": {"distance": distance}}, "R", START)
        for at_ns in range(START, START + 3 * DAY_NS + 1, minutes * MINUTE_NS):
            exchange.advance(at_ns)
        records.append(exchange.transactions(ID, 1, exchange.last_id(ID)))
    assert records[0] == records[1]
    assert sum(one.type == "ORDER_FILL" for one in records[0]) > 3


class _Restless(FakeMarket):
    """A market in which everything always moves far: whoever waits for moves on all sides is woken by every price."""

    def next_step(self, symbol: str, watch: Watch, after: Cursor, until_ns: int) -> Step | None:
        """The next step at all, where a move either way of either price is waited for."""
        is_guard = None not in watch[:4]
        return super().next_step(symbol, ANYTHING if is_guard else watch, after, until_ns)


@SIZE
@given(terms=thin_accounts, steps=markets(has_bars=False), program=st.lists(acts(), max_size=4), is_long=st.booleans())
def test_a_closeout_is_found_without_looking_every_minute(
    terms: Terms, steps: list[Step], program: list[Act], *, is_long: bool
) -> None:
    body = {"type": "MARKET", "instrument": "EUR_USD", "units": "25000" if is_long else "-25000"}
    program = [Act(0, "order", body, 0, None), *program]
    calm, restless = Floor(terms, steps), Floor(terms, steps)
    restless.market = _Restless(steps)
    restless.exchange = Exchange.open(None, restless.market, [terms], START)
    calm.run(program)
    restless.run(program)
    assert calm.record == restless.record
