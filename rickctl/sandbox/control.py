"""The control endpoint: what a person or a test asks of a sandbox while it runs, as JSON below `/_control`.

It refuses what a web page could send: another host's name, or any request that says where it comes from.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from rickctl.domain.errors import RickctlError, UsageError
from rickctl.domain.instants import duration_text, parse_duration_ns, parse_instant, rfc3339
from rickctl.domain.symbols import canonical_symbol
from rickctl.sandbox.http import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rickctl.domain.records import JSON
    from rickctl.sandbox.faults import Faults
    from rickctl.sandbox.http import Request
    from rickctl.sandbox.server import Server
    from rickctl.sandbox.world import World

ENDPOINTS = {
    "GET /_control": "this list",
    "GET /_control/state": "clock, market, venues, connections",
    "GET /_control/faults": "faults in force and what struck lately",
    "POST /_control/faults": "one fault, a list, or {fault: [...]} put in force",
    "DELETE /_control/faults": "all faults lifted",
    "DELETE /_control/faults/ID": "one fault lifted",
    "GET /_control/market": "every symbol's price; ?symbol= for one",
    "POST /_control/market": "{symbol, price[, side]} moves it, {symbol, halted}, {symbol, released: true}",
    "GET /_control/time": "the exchange's clock",
    "POST /_control/time": "{advance: 90m} or {to: 2026-11-23T14:00:00Z}; forward only",
}
"""What the endpoint answers, and shows of itself."""

_LOCAL = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", re.IGNORECASE)
_HEADERS = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))


class Control:
    """Steers one sandbox of one or several venues."""

    def __init__(self, world: World, faults: Faults, servers: Sequence[Server]) -> None:
        self._world = world
        self._faults = faults
        self._servers = servers
        self._routes: dict[tuple[str, str], Callable[[Request], JSON]] = {
            ("GET", ""): lambda _: {"endpoints": ENDPOINTS},
            ("GET", "state"): lambda _: self._state(),
            ("GET", "faults"): lambda _: self._faults.describe(),
            ("POST", "faults"): self._add_faults,
            ("DELETE", "faults"): lambda _: {"lifted": self._faults.clear()},
            ("GET", "market"): self._market,
            ("POST", "market"): self._move,
            ("GET", "time"): lambda _: self._time(),
            ("POST", "time"): self._advance,
        }

    def answer(self, request: Request) -> Reply:
        """Do what is asked."""
        if not _LOCAL.fullmatch(request.headers.get("host", "")) or request.headers.keys() & {
            "origin",
            "sec-fetch-site",
        }:
            return _reply(403, {"error": "the control endpoint is for programs on this machine", "code": "not_local"})
        words = [part for part in request.segments[1:] if part]
        try:
            if request.method == "DELETE" and words[:1] == ["faults"] and len(words) == 2:  # noqa: PLR2004 - faults, id
                return _reply(200, self._lift(words[1]))
            return self._route(request, "/".join(words))
        except RickctlError as error:
            return _reply(400, {"error": error.message, "code": error.code})
        except OSError as error:
            return _reply(500, {"error": f"the state cannot be written: {error}", "code": "sandbox_folder"})

    def _route(self, request: Request, path: str) -> Reply:
        act = self._routes.get((request.method, path))
        if act is not None:
            return _reply(201 if (request.method, path) == ("POST", "faults") else 200, act(request))
        methods = sorted(method for method, known in self._routes if known == path)
        if not methods:
            return _reply(
                404, {"error": f"there is no {request.path}; GET /_control lists what is", "code": "not_found"}
            )
        reply = _reply(405, {"error": f"{request.path} takes {', '.join(methods)}", "code": "bad_method"})
        return reply._replace(headers=(*reply.headers, ("Allow", ", ".join(methods))))

    def _state(self) -> JSON:
        world = self._world
        return {
            "time": self._time(),
            "market": {**world.origin.record(), "moves": world.market.describe()},
            "faults": len(self._faults.standing),
            "struck": self._faults.total,
            "venues": [
                {
                    "name": server.house.wire.name,
                    "port": server.port,
                    "requests": server.requests,
                    "connections": server.connections,
                    "open_connections": server.open_connections,
                    "exchange": server.house.wire.describe(),
                }
                for server in self._servers
            ],
        }

    # faults

    def _add_faults(self, request: Request) -> JSON:
        body = _body(request)
        tables = body["fault"] if isinstance(body, dict) and set(body) == {"fault"} else body
        return {"ids": [fault.number for fault in self._faults.add(tables)]}

    def _lift(self, word: str) -> JSON:
        if not word.isascii() or not word.isdigit():
            message = f"a fault has a number, not {word!r}"
            raise UsageError(message, code="unknown_fault")
        self._faults.remove(int(word))
        return {"lifted": 1}

    # market

    def _market(self, request: Request) -> JSON:
        asked = request.first("symbol")
        known = self._world.market.instruments
        symbols = list(known) if asked is None else [canonical_symbol(asked, known)]
        return {"source": self._world.market.source, "symbols": [self._symbol(symbol) for symbol in symbols]}

    def _symbol(self, symbol: str) -> JSON:
        quote = self._world.market.quote(symbol, self._world.clock.now_ns())
        return {
            "symbol": symbol,
            "bid": None if quote.bid is None else f"{quote.bid:f}",
            "ask": None if quote.ask is None else f"{quote.ask:f}",
            "tradeable": quote.tradeable,
            "changed": rfc3339(quote.changed_ns),
        }

    def _move(self, request: Request) -> JSON:
        body = _fields(request, {"symbol", "price", "side", "halted", "released"})
        symbol = canonical_symbol(_text(body, "symbol"), self._world.market.instruments)
        acts = [name for name in ("price", "halted", "released") if name in body]
        if len(acts) != 1 or ("side" in body and acts != ["price"]):
            message = "name one of price, halted and released; side goes with price"
            raise UsageError(message, code="bad_usage")
        if acts == ["price"]:
            self._world.move(symbol, _price(body["price"]), _text(body, "side") if "side" in body else "mid")
        elif acts == ["halted"]:
            self._world.halt(symbol, is_halted=_flag(body, "halted"))
        elif _flag(body, "released"):
            self._world.release(symbol)
        return self._symbol(symbol)

    # time

    def _time(self) -> JSON:
        clock = self._world.clock
        ahead_ns = abs(clock.offset_ns)
        return {
            "now": rfc3339(clock.now_ns()),
            "offset": ("-" if clock.offset_ns < 0 else "") + duration_text(ahead_ns),
            "offset_ns": str(clock.offset_ns),
        }

    def _advance(self, request: Request) -> JSON:
        body = _fields(request, {"advance", "to"})
        if len(body) != 1:
            message = "name one of advance and to"
            raise UsageError(message, code="bad_usage")
        if "advance" in body:
            by_ns = parse_duration_ns(_text(body, "advance"), "advance")
        else:
            by_ns = parse_instant(_text(body, "to"), "to") - self._world.clock.now_ns()
        self._world.advance(by_ns)
        return self._time()


def _reply(status: int, body: JSON) -> Reply:
    return Reply(status, json.dumps(body).encode() + b"\n", _HEADERS)


def _body(request: Request) -> JSON:
    try:
        found: JSON = json.loads(request.body, parse_float=Decimal)
    except (ValueError, RecursionError):
        message = "the body is not JSON"
        raise UsageError(message, code="bad_json") from None
    return found


def _fields(request: Request, known: set[str]) -> Mapping[str, JSON]:
    body = _body(request)
    if not isinstance(body, dict) or set(body) - known:
        message = f"the body is an object of {', '.join(sorted(known))}"
        raise UsageError(message, code="bad_json")
    return body


def _text(body: Mapping[str, JSON], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        message = f"{name} is text, not {value!r}"
        raise UsageError(message, code="bad_json")
    return value


def _flag(body: Mapping[str, JSON], name: str) -> bool:
    value = body.get(name)
    if not isinstance(value, bool):
        message = f"{name} is true or false, not {value!r}"
        raise UsageError(message, code="bad_json")
    return value


def _price(value: JSON) -> Decimal:
    try:
        price = Decimal(str(value)) if isinstance(value, str | int | Decimal) and not isinstance(value, bool) else None
    except InvalidOperation:
        price = None
    if price is None or not price.is_finite():
        message = f"price is a number, not {value!r}"
        raise UsageError(message, code="bad_number")
    return price
