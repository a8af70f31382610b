"""Whatever happens in an OANDA account, our ledger of it holds the same money, trades, orders and exits.

Random clients and random markets run the exchange; the account is met at a drawn moment and read at others after it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rickctl.adapters.oanda.venue import OandaVenue
from rickctl.domain.account import AccountConfig, AccountState
from rickctl.domain.ledger import apply, fold
from rickctl.domain.scope import parse_scope
from rickctl.sandbox.clock import ExchangeClock
from rickctl.sandbox.http import Reply, Request
from rickctl.sandbox.oanda.wire import OandaWire
from tests.fakes import FakeMarket
from tests.properties.kit import IS_FULL
from tests.sandbox.oanda_kit import ID, START
from tests.sandbox.oanda_programs import Floor, accounts, acts, markets
from tests.sandbox.wire_kit import SETTINGS, TOKEN, Wall, Wishes

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from rickctl.domain.market import Step
    from rickctl.domain.ports import News
    from rickctl.sandbox.oanda.records import Terms
    from tests.sandbox.oanda_programs import Act

SCOPE = parse_scope(f"practice:oanda:{ID}")
programs = st.lists(acts(), min_size=1, max_size=14)
worlds = st.booleans().flatmap(lambda has_bars: markets(has_bars=has_bars))


class Prices(FakeMarket):
    """A market that is told what will be asked for."""

    def expect(self, symbols: Collection[str]) -> None:
        """It knows everything anyhow."""
        del symbols


class WireCalls:
    """REST calls without a socket."""

    def __init__(self, floor: Floor) -> None:
        self.wall = Wall(START)
        clock = ExchangeClock(self.wall)
        self._wire = OandaWire(floor.exchange, floor.market, clock, SETTINGS, Wishes())

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        """The body of an answer that went well."""
        query = {name: [value] for name, value in (params or {}).items()}
        headers = {"authorization": f"Bearer {TOKEN}"}
        reply = self._wire.answer(Request("GET", f"/v3{path}", query, headers, b"", self.wall.at_ns, 1))
        assert isinstance(reply, Reply)
        assert reply.status == 200, reply.body
        found: dict[str, Any] = json.loads(reply.body, parse_float=Decimal)
        return found

    def prepare(self) -> None:
        """Nothing: it is here."""

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """Nothing is sent here."""
        raise AssertionError((method, path, body))


class Mirror:
    """Our ledger of one account."""

    def __init__(self, floor: Floor) -> None:
        self.calls = WireCalls(floor)
        self._venue = OandaVenue(SCOPE, ID, self.calls, Prices([]), "rk-0badcafe-")
        self.account: AccountState | None = None

    def look(self, now_ns: int) -> AccountState:
        """The account as of now: met the first time, caught up with after."""
        self.calls.wall.at_ns = max(self.calls.wall.at_ns, now_ns)
        if self.account is None:
            self.account = fold(self._venue.meet(AccountConfig(), now_ns).events)
        else:
            self.account = after(self.account, self._venue.news(self.account, now_ns))
        return self.account


def after(account: AccountState, news: News) -> AccountState:
    for event in news.events:
        account = apply(account, event)
    return account


def check_mirror(account: AccountState, calls: WireCalls) -> None:
    """Money, trades with their exits, orders with theirs: as the venue has them."""
    theirs = calls.get(f"/accounts/{ID}")["account"]
    assert account.balance == Decimal(theirs["balance"])
    assert account.mark == theirs["lastTransactionID"]
    assert account.balance == account.start + account.deposits + account.realised - account.fees
    trades = {trade["id"]: trade for trade in calls.get(f"/accounts/{ID}/openTrades")["trades"]}
    assert {trade.venue_id: (trade.units * trade.side.sign, trade.lots[0].price) for trade in account.trades} == {
        key: (Decimal(trade["currentUnits"]), Decimal(trade["price"])) for key, trade in trades.items()
    }
    for held in account.trades:
        exits = trades[str(held.venue_id)]
        assert held.stop_loss == term(exits, "stopLossOrder", "price")
        assert held.take_profit == term(exits, "takeProfitOrder", "price")
        assert held.trailing == term(exits, "trailingStopLossOrder", "distance")
        assert held.trailed == term(exits, "trailingStopLossOrder", "trailingStopValue")
    entries = {order["id"]: order for order in theirs["orders"] if "tradeID" not in order}
    assert {order.venue_id: order.remaining * order.side.sign for order in account.orders} == {
        key: Decimal(order["units"]) for key, order in entries.items()
    }
    for order in account.orders:
        body = entries[str(order.venue_id)]
        assert order.price == Decimal(body["price"])
        assert order.take_profit == term(body, "takeProfitOnFill", "price")
        assert order.stop_loss == term(body, "stopLossOnFill", "price")


def term(body: Mapping[str, Any], name: str, field: str) -> Decimal | None:
    found = (body.get(name) or {}).get(field)
    return None if found is None else Decimal(found)


@settings(max_examples=1_500 if IS_FULL else 80)
@given(
    terms=accounts.map(lambda terms: replace(terms, hedging=False)),
    steps=worlds,
    program=programs,
    met=st.integers(0, 6),
    looks=st.sets(st.integers(0, 13)),
)
def test_the_ledger_holds_what_the_venue_holds(
    terms: Terms, steps: list[Step], program: list[Act], met: int, looks: set[int]
) -> None:
    floor, now = Floor(terms, steps), START
    early, late = Mirror(floor), Mirror(floor)
    early.look(now)
    for count, act in enumerate(program):
        now += act.after_ns
        floor.act(act, f"R{count}", now)
        if count in looks:
            check_mirror(early.look(now), early.calls)
        if count == met:
            check_mirror(late.look(now), late.calls)
    for mirror in (early, late):
        check_mirror(mirror.look(now + 3_600_000_000_000), mirror.calls)
