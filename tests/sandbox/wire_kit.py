"""OANDA's wire over a real exchange in this process: requests without a socket, every answer judged by the spec."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote

from rickctl.adapters.sim.market import SimMarket
from rickctl.domain.instants import SECOND_NS, parse_instant
from rickctl.sandbox.clock import ExchangeClock
from rickctl.sandbox.http import Reply, Request, Streamed
from rickctl.sandbox.moved import MovedMarket
from rickctl.sandbox.oanda.exchange import Exchange
from rickctl.sandbox.oanda.records import Terms
from rickctl.sandbox.oanda.routes import find_route
from rickctl.sandbox.oanda.wire import OandaWire, WireSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal
    from pathlib import Path

    from rickctl.domain.ports import Market
    from tests.sandbox.spec import Spec

ID = "101-001-1234567-001"
TOKEN = "a-word-the-sandbox-knows"  # noqa: S105 - it opens nothing
A = f"/v3/accounts/{ID}"
SETTINGS = WireSettings(token=TOKEN, requests_a_second=None)
NOON_NS = parse_instant("2026-11-18T12:00:00Z")
"""A Wednesday."""


@dataclass
class Wall:
    """A wall clock that stands until it is moved."""

    at_ns: int = NOON_NS

    def now_ns(self) -> int:
        return self.at_ns

    def sleep_ns(self, length_ns: int) -> None:
        self.at_ns += length_ns


@dataclass
class Wishes:
    """What a fault layer would want of the exchange: each list is used up from its front."""

    words: dict[str, list[Mapping[str, str]]] = field(default_factory=dict)

    def hints(self, operation: str) -> Mapping[str, str]:
        waiting = self.words.get(operation)
        return waiting.pop(0) if waiting else {}


@dataclass
class Said:
    """One answer."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str]


class Counter:
    """A wire and everything behind it; a second passes with every request."""

    def __init__(
        self,
        spec: Spec | None = None,
        *,
        terms: Terms | None = None,
        market: Market | None = None,
        folder: Path | None = None,
        settings: WireSettings | None = None,
    ) -> None:
        self.spec = spec
        self.wall = Wall()
        self.wishes = Wishes()
        self.market = MovedMarket(SimMarket(7) if market is None else market)
        self.clock = ExchangeClock(self.wall)
        self.exchange = Exchange.open(folder, self.market, [terms or Terms(id=ID)], self.wall.at_ns)
        chosen = settings or SETTINGS
        self.wire = OandaWire(self.exchange, self.market, self.clock, chosen, self.wishes)
        self.connection = 1
        self.step_ns = SECOND_NS
        self.seen: set[tuple[str, str, int]] = set()

    def move(self, price: Decimal, symbol: str = "EUR_USD") -> None:
        """Put the market's middle there, and let it be seen."""
        self.market.move(symbol, price, self.clock.now_ns())
        self.pass_ns(SECOND_NS)

    def pass_ns(self, length_ns: int) -> None:
        """Time goes by, and the exchange follows."""
        self.wall.at_ns += length_ns
        self.wire.tick(self.clock.now_ns())

    def ask(self, method: str, target: str, body: object = None, **headers: str) -> Said:
        """A request and its answer, which must be one the spec allows."""
        raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        reply = self.wire.answer(self.request(method, target, raw, headers))
        assert isinstance(reply, Reply), "a stream"
        said = Said(reply.status, json.loads(reply.body), dict(reply.headers))
        self._judge(method, target, said)
        return said

    def get(self, target: str, **headers: str) -> Said:
        return self.ask("GET", target, **headers)

    def stream(self, target: str, **headers: str) -> Streamed:
        """A stream that was granted."""
        streamed = self.wire.answer(self.request("GET", target, b"", headers))
        assert isinstance(streamed, Streamed), streamed
        return streamed

    def lines(self, stream: Streamed, target: str) -> list[Any]:
        """What a stream tells now."""
        found = [json.loads(line) for line in stream.poll(self.clock.now_ns())]
        if self.spec is not None:
            faults = [fault for one in found for fault in self.spec.stream_faults(target, one)]
            assert not faults, faults
        return found

    def request(self, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Request:
        """The request as a server would have read it; header names are written with `_` for `-`."""
        self.wall.at_ns += self.step_ns
        path, _, query = target.partition("?")
        sent = {"authorization": f"Bearer {TOKEN}", "host": "127.0.0.1:8080"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        found = parse_qs(query, keep_blank_values=True)
        return Request(method, path, found, sent, body, self.clock.now_ns(), self.connection)

    # orders

    def order(self, kind: str = "MARKET", units: str | None = "1000", **fields: object) -> Said:
        """POST orders; EUR_USD unless said otherwise, fields of None are left out."""
        order = {"type": kind, "instrument": "EUR_USD", "units": units, **fields}
        body = {"order": {name: value for name, value in order.items() if value is not None}}
        return self.ask("POST", f"{A}/orders", body)

    def price(self, symbol: str = "EUR_USD") -> tuple[str, str]:
        """Bid and ask."""
        told = self.get(f"{A}/pricing?instruments={symbol}").body["prices"][0]
        return told["closeoutBid"], told["closeoutAsk"]

    def _judge(self, method: str, target: str, said: Said) -> None:
        assert said.headers["Content-Type"] == "application/json"
        assert said.headers["RequestID"].isdigit()
        route = find_route(method, [quote(part) for part in target.partition("?")[0].split("/")[1:]]).route
        if route is not None:
            self.seen.add((route.method, route.path.removeprefix("accounts/{accountID}/"), said.status))
        if self.spec is not None and route is not None:
            faults = self.spec.faults(method, route.path, said.status, said.body)
            assert not faults, faults
