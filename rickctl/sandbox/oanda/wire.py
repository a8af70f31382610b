"""OANDA's REST interface over one exchange: who asks, what is meant, and how the answer is written; no socket."""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING

from rickctl.domain.instants import rfc3339
from rickctl.sandbox.http import Reply
from rickctl.sandbox.oanda.api.call import Answer, Call, Desk, Failure, WireSettings, refuse
from rickctl.sandbox.oanda.api.pricing import Prices
from rickctl.sandbox.oanda.api.series import Bars
from rickctl.sandbox.oanda.limits import Limit
from rickctl.sandbox.oanda.records import BadRequest
from rickctl.sandbox.oanda.routes import ACCOUNT, UNKNOWN, find_route
from rickctl.sandbox.oanda.shapes import render

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rickctl.domain.ports import Market
    from rickctl.domain.records import JSON
    from rickctl.sandbox.clock import ExchangeClock
    from rickctl.sandbox.http import Hints, Request, Streamed
    from rickctl.sandbox.oanda.api.call import Headers
    from rickctl.sandbox.oanda.exchange import Exchange
    from rickctl.sandbox.oanda.records import Value
    from rickctl.sandbox.oanda.routes import Route

__all__ = ["OandaWire", "WireSettings"]

_ACCOUNT_ID = re.compile(r"\d{1,8}-\d{1,8}-\d{1,12}-\d{1,8}", re.ASCII)
_UNAUTHORISED = "Insufficient authorization to perform request."
_LEDGER_FREE = frozenset({"account.list", "candles.get", "candles.latest", "pricing.get", "account.instruments"})


class OandaWire:
    """One exchange as OANDA's server."""

    def __init__(
        self, exchange: Exchange, market: Market, clock: ExchangeClock, settings: WireSettings, hints: Hints
    ) -> None:
        self._desk = Desk(
            exchange=exchange,
            market=market,
            prices=Prices(exchange, market),
            bars=Bars(market),
            clock=clock,
            settings=settings,
            hints=hints,
        )
        self._requests = Limit(settings.requests_a_second)
        self._connections = Limit(settings.connections_a_second)
        self._newest_connection = 0
        self._request_id = 0

    @property
    def name(self) -> str:
        """The venue's word."""
        return "oanda"

    def operation(self, request: Request) -> str:
        """Such as `order.create`; `unknown` for what OANDA does not have."""
        route = find_route(request.method, request.segments).route
        return UNKNOWN if route is None else route.operation

    def answer(self, request: Request) -> Reply | Streamed:
        """Do what is asked."""
        request_id = self._next_request_id(request.received_ns)
        is_unix = request.headers.get("accept-datetime-format", "").strip().upper() == "UNIX"
        try:
            answer = self._answer(request, request_id, is_unix=is_unix)
        except Failure as failure:
            answer = _failed(failure)
        except BadRequest as error:
            answer = _failed(Failure(400, str(error)))
        return self._reply(answer, request_id, is_unix=is_unix) if isinstance(answer, Answer) else answer

    def tick(self, now_ns: int) -> None:
        """Bring the exchange to `now_ns`."""
        self._desk.exchange.advance(now_ns)

    def invitation(self, url: str) -> Sequence[str]:
        """A line that asks this server for the first account's summary."""
        account_id, token = self._desk.exchange.account_ids[0], self._desk.settings.token
        return (f"curl -H 'Authorization: Bearer {token}' {url}/v3/accounts/{account_id}/summary",)

    def describe(self) -> Mapping[str, JSON]:
        """Accounts with their newest transaction, and what is open."""
        exchange = self._desk.exchange
        accounts: list[JSON] = [
            {
                "id": one,
                "last_transaction": exchange.last_id(one),
                "pending_orders": len(exchange.pending_orders(one)),
                "open_trades": len(exchange.open_trades(one)),
                "settled": rfc3339(exchange.settled_ns(one)),
            }
            for one in exchange.account_ids
        ]
        return {"accounts": accounts, "streams": self._desk.open_streams, "source": self._desk.market.source}

    def close(self) -> None:
        """Nothing is unwritten: the exchange writes what it does as it does it."""

    def _answer(self, request: Request, request_id: str, *, is_unix: bool) -> Answer | Streamed:
        self._check_limits(request)
        self._check_token(request)
        found = find_route(request.method, request.segments)
        if found.route is None:
            raise _no_route(request, found.methods)
        call = Call(request, found.route.operation, found.places, request_id, is_unix)
        self._check_account(call, found.route)
        return found.route.handler(self._desk, call)

    def _check_limits(self, request: Request) -> None:
        is_new = request.connection > self._newest_connection
        self._newest_connection = max(self._newest_connection, request.connection)
        if is_new and not self._connections.takes(request.received_ns):
            message = "Too many new connections"
            raise Failure(429, message)
        if not self._requests.takes(request.received_ns):
            message = "Too many requests"
            raise Failure(429, message)

    def _check_token(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        wanted = self._desk.settings.token.encode()
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode(errors="replace"), wanted):
            raise Failure(401, _UNAUTHORISED)

    def _check_account(self, call: Call, route: Route) -> None:
        account_id = call.places.get(ACCOUNT)
        if account_id is None:
            return
        if not _ACCOUNT_ID.fullmatch(account_id):
            refuse(ACCOUNT)
        if account_id not in self._desk.exchange.account_ids:
            message = "The provided request was forbidden."
            raise Failure(403, message)
        if route.operation not in _LEDGER_FREE:
            self._desk.exchange.advance(call.now_ns)

    def _next_request_id(self, now_ns: int) -> str:
        """Digits that grow, also across restarts."""
        self._request_id = max(self._request_id + 1, now_ns // 1000)
        return str(self._request_id)

    def _reply(self, answer: Answer, request_id: str, *, is_unix: bool) -> Reply:
        desk = self._desk
        with_newer = desk.settings.newer_fields
        body = render(answer.fields, is_unix=is_unix, skew_ns=desk.clock.skew_ns, with_newer=with_newer)
        headers: Headers = (("Content-Type", "application/json"), ("RequestID", request_id), *answer.headers)
        return Reply(answer.status, body, headers)


def _no_route(request: Request, methods: tuple[str, ...]) -> Failure:
    if methods:
        return Failure(
            405, f"The method {request.method} is not allowed here", headers=(("Allow", ", ".join(methods)),)
        )
    return Failure(404, "There is no such resource")


def _failed(failure: Failure) -> Answer:
    fields: dict[str, Value] = {**failure.fields}
    if failure.code is not None:
        fields["errorCode"] = failure.code
    fields["errorMessage"] = failure.message
    return Answer(failure.status, fields, failure.headers)
