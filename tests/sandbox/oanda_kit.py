"""An OANDA exchange over a market that does what a test says; every request a second after the last."""

# ruff: noqa: ANN401 - a body is whatever a client sends
from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rickctl.domain.instants import SECOND_NS, parse_instant
from rickctl.sandbox.oanda.exchange import Exchange
from rickctl.sandbox.oanda.records import Instant, Terms, text
from tests.fakes import FakeMarket, point

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from rickctl.domain.market import Instrument, Step
    from rickctl.sandbox.oanda.records import Fields, Hints, Order, Outcome, Trade, Transaction

ID = "101-001-1234567-001"
START = parse_instant("2026-11-18T12:00:00Z")
"""A Wednesday noon."""

BID, ASK = "1.10000", "1.10010"


@dataclass
class Floor:
    """The exchange, its market and the time."""

    terms: Terms = field(default_factory=lambda: Terms(id=ID))
    steps: Iterable[Step] = ()
    closed: tuple[tuple[int, int], ...] = ()
    instruments: Mapping[str, Instrument] | None = None
    folder: Path | None = None
    stands: bool = True

    def __post_init__(self) -> None:
        self.now = START
        self.requests = 0
        first = point(START - SECOND_NS, BID, ASK)
        self.market = FakeMarket(
            [first, *self.steps], closed=self.closed, instruments=self.instruments, stands=self.stands
        )
        self.exchange = Exchange.open(self.folder, self.market, [self.terms], START)

    def price(self, bid: str, ask: str, symbol: str = "EUR_USD") -> list[Transaction]:
        """The market moves a second later, and the account is settled there."""
        self.now += SECOND_NS
        self.market.add(point(self.now, bid, ask, symbol=symbol))
        return list(self.exchange.advance(self.now))

    def until(self, at_ns: int) -> list[Transaction]:
        """Time passes to that instant."""
        self.now = at_ns
        return list(self.exchange.advance(at_ns))

    def order(self, kind: str, units: str = "1000", hints: Hints | None = None, **fields: Any) -> Outcome:
        """POST orders; EUR_USD unless said otherwise, fields of None are left out."""
        body: dict[str, Any] = {"type": kind, "instrument": "EUR_USD", "units": units, **fields}
        body = {name: value for name, value in body.items() if value is not None}
        return self.exchange.submit(ID, body, self._request(), self.now, hints)

    def exit(self, kind: str, trade: Trade | str, **fields: Any) -> Outcome:
        """POST orders with an exit of a trade."""
        number = trade if isinstance(trade, str) else str(trade.id)
        return self.exchange.submit(ID, {"type": kind, "tradeID": number, **fields}, self._request(), self.now)

    def replace(self, specifier: str, **fields: Any) -> Outcome:
        return self.exchange.replace(ID, specifier, fields, self._request(), self.now)

    def cancel(self, specifier: str) -> Outcome:
        return self.exchange.cancel(ID, specifier, self._request(), self.now)

    def close(self, specifier: str, units: str | None = None) -> Outcome:
        return self.exchange.close_trade(ID, specifier, units, self._request(), self.now)

    def flatten(self, instrument: str = "EUR_USD", **body: Any) -> Outcome:
        return self.exchange.close_position(ID, instrument, body, self._request(), self.now)

    def exits(self, specifier: str, **body: Any) -> Outcome:
        return self.exchange.set_trade_orders(ID, specifier, body, self._request(), self.now)

    def rename_order(self, specifier: str, **body: Any) -> Outcome:
        return self.exchange.set_order_extensions(ID, specifier, body, self._request(), self.now)

    def rename_trade(self, specifier: str, **body: Any) -> Outcome:
        return self.exchange.set_trade_extensions(ID, specifier, body, self._request(), self.now)

    def configure(self, **body: Any) -> Outcome:
        return self.exchange.configure(ID, body, self._request(), self.now)

    def buy(self, units: str = "1000", **fields: Any) -> Trade:
        """A market order that opens a trade."""
        outcome = self.order("MARKET", units, **fields)
        assert "orderFillTransaction" in outcome.parts, outcome
        trade = self.exchange.trade(ID, str(outcome.parts["orderFillTransaction"].id))
        assert trade is not None
        return trade

    def pend(self, kind: str, units: str = "1000", **fields: Any) -> Order:
        """An order that waits."""
        outcome = self.order(kind, units, **fields)
        order = self.exchange.order(ID, str(outcome.parts["orderCreateTransaction"].id))
        assert order is not None
        assert order.is_pending, outcome
        return order

    def standing(self, specifier: str) -> Order:
        order = self.exchange.order(ID, specifier)
        assert order is not None
        return order

    def held(self, specifier: str) -> Trade:
        trade = self.exchange.trade(ID, specifier)
        assert trade is not None
        return trade

    def last(self, number: int = 1) -> list[Transaction]:
        """The newest transactions, oldest first."""
        newest = self.exchange.last_id(ID)
        return list(self.exchange.transactions(ID, newest - number + 1, newest))

    def balance(self) -> Decimal:
        found = self.exchange.summary(ID)["balance"]
        assert isinstance(found, Decimal)
        return found

    def _request(self) -> str:
        self.requests += 1
        self.now += SECOND_NS
        return f"R{self.requests}"


def said(made: Iterable[Transaction]) -> list[str]:
    """Transactions as `TYPE` or `TYPE(REASON)`."""
    return [f"{one.type}({text(one.fields, 'reason')})" if "reason" in one.fields else one.type for one in made]


def did(floor: Floor, outcome: Outcome) -> list[str]:
    """What a request made, in the same words."""
    return said(one for number in outcome.related_ids if (one := floor.exchange.transaction(ID, number)) is not None)


def at(iso: str) -> Instant:
    """An instant as a body may hold it."""
    return Instant(parse_instant(iso))


def sent(outcome: Outcome, part: str = "orderCreateTransaction") -> Fields:
    """The fields of one transaction of an answer."""
    return outcome.parts[part].fields
