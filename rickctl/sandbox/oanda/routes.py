"""Which request is which operation: OANDA's paths and methods beside what answers them; answers nothing itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rickctl.sandbox.oanda.api import accounts, candles, orders, pricing, trades, transactions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rickctl.sandbox.http import Streamed
    from rickctl.sandbox.oanda.api.call import Answer, Call, Desk

    Handler = Callable[[Desk, Call], Answer | Streamed]

UNKNOWN = "unknown"
ACCOUNT = "accountID"


class Route(NamedTuple):
    """One operation; a part of its path in braces is named and may be anything."""

    method: str
    path: str
    operation: str
    handler: Handler


_A = "accounts/{accountID}"
_ORDER = f"{_A}/orders/{{orderSpecifier}}"
_TRADE = f"{_A}/trades/{{tradeSpecifier}}"

ROUTES = (
    Route("GET", "accounts", "account.list", accounts.list_accounts),
    Route("GET", _A, "account.get", accounts.get_account),
    Route("GET", f"{_A}/summary", "account.summary", accounts.get_summary),
    Route("GET", f"{_A}/instruments", "account.instruments", accounts.list_instruments),
    Route("PATCH", f"{_A}/configuration", "account.configure", accounts.configure),
    Route("GET", f"{_A}/changes", "account.changes", accounts.get_changes),
    Route("GET", "instruments/{instrument}/candles", "candles.get", candles.get_candles),
    Route("GET", f"{_A}/instruments/{{instrument}}/candles", "candles.get", candles.get_candles),
    Route("GET", f"{_A}/candles/latest", "candles.latest", candles.get_latest),
    Route("GET", f"{_A}/pricing", "pricing.get", pricing.get_pricing),
    Route("GET", f"{_A}/pricing/stream", "pricing.stream", pricing.stream_pricing),
    Route("POST", f"{_A}/orders", "order.create", orders.create_order),
    Route("GET", f"{_A}/orders", "order.list", orders.list_orders),
    Route("GET", f"{_A}/pendingOrders", "order.pending", orders.list_pending),
    Route("GET", _ORDER, "order.get", orders.get_order),
    Route("PUT", _ORDER, "order.replace", orders.replace_order),
    Route("PUT", f"{_ORDER}/cancel", "order.cancel", orders.cancel_order),
    Route("PUT", f"{_ORDER}/clientExtensions", "order.extensions", orders.set_order_extensions),
    Route("GET", f"{_A}/trades", "trade.list", trades.list_trades),
    Route("GET", f"{_A}/openTrades", "trade.open", trades.list_open_trades),
    Route("GET", _TRADE, "trade.get", trades.get_trade),
    Route("PUT", f"{_TRADE}/close", "trade.close", trades.close_trade),
    Route("PUT", f"{_TRADE}/orders", "trade.orders", trades.set_trade_orders),
    Route("PUT", f"{_TRADE}/clientExtensions", "trade.extensions", trades.set_trade_extensions),
    Route("GET", f"{_A}/positions", "position.list", trades.list_positions),
    Route("GET", f"{_A}/openPositions", "position.open", trades.list_open_positions),
    Route("GET", f"{_A}/positions/{{instrument}}", "position.get", trades.get_position),
    Route("PUT", f"{_A}/positions/{{instrument}}/close", "position.close", trades.close_position),
    Route("GET", f"{_A}/transactions", "transaction.list", transactions.list_pages),
    Route("GET", f"{_A}/transactions/idrange", "transaction.range", transactions.get_range),
    Route("GET", f"{_A}/transactions/sinceid", "transaction.since", transactions.get_since),
    Route("GET", f"{_A}/transactions/stream", "transaction.stream", transactions.stream_transactions),
    Route("GET", f"{_A}/transactions/{{transactionID}}", "transaction.get", transactions.get_transaction),
)
"""Everything that is spoken; where two paths fit, the first is meant."""


def _parts(path: str) -> tuple[str, ...]:
    return ("v3", *path.split("/"))


_BY_LENGTH: dict[int, list[tuple[tuple[str, ...], Route]]] = {}
for _route in ROUTES:
    _BY_LENGTH.setdefault(len(_parts(_route.path)), []).append((_parts(_route.path), _route))


class Found(NamedTuple):
    """The route of a request with the named parts of its path; without one, the methods its path knows."""

    route: Route | None
    places: dict[str, str]
    methods: tuple[str, ...]


def find_route(method: str, segments: Sequence[str]) -> Found:
    """What a method on a path means."""
    methods: list[str] = []
    for parts, route in _BY_LENGTH.get(len(segments), ()):
        places = _match(parts, segments)
        if places is None:
            continue
        if route.method == method:
            return Found(route, places, ())
        methods.append(route.method)
    return Found(None, {}, tuple(dict.fromkeys(methods)))


def _match(parts: Sequence[str], segments: Sequence[str]) -> dict[str, str] | None:
    places = {}
    for part, segment in zip(parts, segments, strict=True):
        if part.startswith("{"):
            if not segment:
                return None
            places[part[1:-1]] = segment
        elif part != segment:
            return None
    return places
