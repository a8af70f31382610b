"""Every answer of OANDA's wire is one that OANDA's own description allows."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from rickctl.domain.instants import DAY_NS, SECOND_NS
from rickctl.sandbox.oanda.records import Terms
from rickctl.sandbox.oanda.routes import ROUTES
from rickctl.sandbox.oanda.wire import WireSettings
from tests.conftest import ROOT
from tests.sandbox.spec import NEWER, Spec
from tests.sandbox.wire_kit import ID, TOKEN, A, Counter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SPEC = "specs/oanda-v20.json"
UNSPOKEN = {
    ("GET", "/instruments/{instrument}/price"),
    ("GET", "/instruments/{instrument}/price/range"),
    ("GET", "/instruments/{instrument}/orderBook"),
    ("GET", "/instruments/{instrument}/positionBook"),
    ("GET", "/pricing"),
    ("GET", "/pricing/range"),
    ("GET", "/users/{userSpecifier}"),
    ("GET", "/users/{userSpecifier}/externalInfo"),
}
"""Not public any more, or made of what other people do."""

NEWER_PATHS = {("GET", "/accounts/{accountID}/candles/latest")}
EXTENSIONS = {"clientExtensions": {"id": "mine", "tag": "t", "comment": "c"}}


@pytest.fixture(scope="module")
def spec(shared_file: Callable[[str], Path]) -> Spec:
    return Spec(shared_file(SPEC))


def test_all_of_the_description_is_spoken_but_what_is_listed(spec: Spec) -> None:
    spoken = {(route.method, f"/{route.path}") for route in ROUTES}
    assert spoken - NEWER_PATHS == set(spec.operations()) - UNSPOKEN


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"id": ID, "tags": "none"}, ".tags: 'none' is no array"),
        ({"id": 1, "tags": []}, ".id: 1 is no string"),
        ({"id": "1-2-3", "tags": []}, "is not written as"),
        ({"id": ID, "tags": [], "colour": "red"}, ".colour: AccountProperties does not have it"),
        ({"id": ID, "mt4AccountID": True}, "True is no integer"),
    ],
)
def test_the_judge_finds_what_the_description_does_not_allow(spec: Spec, fields: dict[str, Any], told: str) -> None:
    (fault,) = spec.faults("GET", "accounts", 200, {"accounts": [fields]})
    assert told in fault


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"time": "2026-11-18T12:00:00Z"}, "is not written as The RFC 3339"),
        ({"units": 1000}, "1000 is no string"),
        ({"units": "1e3"}, "is not written as A decimal number"),
        ({"reason": "WHIM"}, "'WHIM' is not one of its words"),
        ({"distance": "0.1"}, "does not have it"),
    ],
)
def test_the_judge_tells_transactions_apart_by_their_type(spec: Spec, change: dict[str, Any], told: str) -> None:
    body = Counter(spec).order("LIMIT", price="1.00000").body
    body["orderCreateTransaction"] |= change
    (fault,) = spec.faults("POST", "accounts/{accountID}/orders", 201, body)
    assert told in fault


def test_the_page_names_every_newer_field_and_every_operation() -> None:
    page = (ROOT / "docs" / "sandbox-oanda.md").read_text(encoding="utf-8")
    names = {one.partition(".")[2] for one in NEWER} | {route.operation for route in ROUTES}
    assert {name for name in names if f"`{name}`" not in page} == set()


def test_every_answer_on_a_walk_through_everything_is_as_described(spec: Spec) -> None:
    counter = Counter(spec)
    walk(counter)
    seen: dict[str, list[str]] = {}
    for method, path, status in sorted(counter.seen):
        seen.setdefault(f"{method} {path}", []).append(str(status))
    assert {route: " ".join(statuses) for route, statuses in seen.items()} == WALKED
    made = counter.get(f"{A}/transactions/sinceid?id=0").body["transactions"]
    assert {one["type"] for one in made} == MADE


def test_without_newer_fields_the_description_of_2018_is_kept_to_the_letter(shared_file: Callable[[str], Path]) -> None:
    settings = WireSettings(token=TOKEN, requests_a_second=None, newer_fields=False)
    walk(Counter(Spec(shared_file(SPEC), newer=()), settings=settings))


def test_a_hedging_account_with_costs_is_told_as_described(spec: Spec) -> None:
    costly = Terms(id=ID, hedging=True, commission_rate=Decimal("0.0001"), financing_rate=Decimal("0.03"))
    counter = Counter(spec, terms=costly)
    walk(counter)
    counter.order(units="500")
    counter.order(units="-300")
    counter.pass_ns(2 * DAY_NS)
    for what in ("changes?sinceTransactionID=1", "transactions/sinceid?id=0", "positions", "summary"):
        counter.get(f"{A}/{what}")
    made = counter.get(f"{A}/transactions/sinceid?id=0&type=DAILY_FINANCING").body["transactions"]
    assert made


def test_a_margin_closeout_is_told_as_described(spec: Spec) -> None:
    counter = Counter(spec, terms=Terms(id=ID, balance=Decimal(1000)))
    assert "orderFillTransaction" in counter.order(units="40000").body
    bid, _ = counter.price()
    counter.move(Decimal(bid) - Decimal("0.01500"))
    counter.pass_ns(60 * SECOND_NS)
    made = counter.get(f"{A}/transactions/sinceid?id=5").body["transactions"]
    assert [one["reason"] for one in made[:2]] == ["MARGIN_CLOSEOUT", "MARKET_ORDER_MARGIN_CLOSEOUT"]


def test_streams_tell_what_is_described(spec: Spec) -> None:
    counter = Counter(spec)
    prices, news = f"{A}/pricing/stream?instruments=EUR_USD,USD_JPY", f"{A}/transactions/stream"
    price_stream, news_stream = counter.stream(prices), counter.stream(news)
    assert [one["type"] for one in counter.lines(price_stream, prices)] == ["PRICE", "PRICE"]
    assert [one["type"] for one in counter.lines(news_stream, news)] == ["HEARTBEAT"]
    walk(counter)
    assert {one["type"] for one in counter.lines(news_stream, news)} >= MADE - {"CREATE", "TRANSFER_FUNDS"}
    assert {one["type"] for one in counter.lines(price_stream, prices)} == {"PRICE", "HEARTBEAT"}


def walk(counter: Counter) -> None:
    """Ask for everything at least once, in good ways and in bad."""
    _walk_orders(counter)
    _walk_exits(counter)
    _walk_closes(counter)
    _walk_refusals(counter)
    for what in LISTS:
        counter.get(f"{A}/{what}")
    counter.get("/v3/accounts")
    counter.get(A)
    for where in ("/v3", A):
        counter.get(f"{where}/instruments/EUR_USD/candles?granularity=M1&count=3&price=MBA")
        counter.get(f"{where}/instruments/EUR_USD/candles?granularity=M1&count=0")
    counter.get(f"{A}/summary", accept_datetime_format="UNIX")


def _walk_orders(counter: Counter) -> None:
    bid, ask = counter.price()
    counter.order()
    counter.order(units="0")
    counter.order(instrument="EUR_US")
    tomorrow = str((counter.clock.now_ns() + DAY_NS) // SECOND_NS)
    number = counter.order("LIMIT", price=_by(bid, -100), timeInForce="GTD", gtdTime=tomorrow).body["lastTransactionID"]
    counter.get(f"{A}/orders/{number}")
    counter.ask("PUT", f"{A}/orders/{number}/clientExtensions", {**EXTENSIONS, "tradeClientExtensions": {"id": "his"}})
    counter.ask("PUT", f"{A}/orders/{number}/clientExtensions", {"clientExtensions": {"id": "x" * 200}})
    counter.ask("PUT", f"{A}/orders/999/clientExtensions", EXTENSIONS)
    limit = {"type": "LIMIT", "instrument": "EUR_USD", "units": "900", "price": _by(bid, -200)}
    counter.ask("PUT", f"{A}/orders/@mine", {"order": {**limit, **EXTENSIONS}})
    counter.ask("PUT", f"{A}/orders/@mine", {"order": {**limit, "price": "0"}})
    counter.ask("PUT", f"{A}/orders/999", {"order": limit})
    counter.ask("PUT", f"{A}/orders/@mine/cancel")
    counter.ask("PUT", f"{A}/orders/@mine/cancel")
    counter.get(f"{A}/orders/@mine")
    counter.order("STOP", price=_by(ask, 20), priceBound=_by(ask, 30), triggerCondition="MID")
    counter.order("STOP", price="1.123456")
    counter.order("MARKET_IF_TOUCHED", price=_by(bid, -20))
    counter.order("MARKET_IF_TOUCHED", price=None)
    counter.order(priceBound=_by(bid, -20), timeInForce="IOC")
    counter.move(Decimal(_by(ask, 25)))
    counter.move(Decimal(_by(bid, -25)))
    counter.order("LIMIT", price="1.0", instrument=None)


def _walk_exits(counter: Counter) -> None:
    bid, ask = counter.price()
    exits: dict[str, Any] = {
        "takeProfitOnFill": {"price": _by(ask, 100), **EXTENSIONS},
        "stopLossOnFill": {"price": _by(bid, -100)},
        "trailingStopLossOnFill": {"distance": "0.00500"},
    }
    fill = counter.order(**exits, tradeClientExtensions={"id": "trade"}).body["orderFillTransaction"]
    trade = fill["tradeOpened"]["tradeID"]
    counter.get(f"{A}/trades/{trade}")
    counter.get(f"{A}/trades/@trade")
    counter.get(f"{A}/trades/999")
    counter.ask("PUT", f"{A}/trades/{trade}/orders", {"takeProfit": {"price": _by(ask, 50)}, "stopLoss": None})
    counter.ask("PUT", f"{A}/trades/{trade}/orders", {"trailingStopLoss": {"distance": "0.00600"}})
    counter.ask("PUT", f"{A}/trades/{trade}/orders", {"takeProfit": {"price": "-1"}})
    counter.ask("PUT", f"{A}/trades/999/orders", {"takeProfit": {"price": "1.2"}})
    counter.ask("PUT", f"{A}/trades/{trade}/clientExtensions", EXTENSIONS)
    counter.ask("PUT", f"{A}/trades/{trade}/clientExtensions", {"clientExtensions": {"tag": "x" * 200}})
    counter.ask("PUT", f"{A}/trades/999/clientExtensions", EXTENSIONS)
    for kind, terms in (("TAKE_PROFIT", {"price": _by(ask, 60)}), ("STOP_LOSS", {"distance": "0.0100"})):
        counter.order(kind, instrument=None, units=None, tradeID=trade, **terms)
        counter.order(kind, instrument=None, units=None, tradeID=trade, price="0")
    counter.order("TAKE_PROFIT", instrument=None, units=None, tradeID="999", price="1.2")
    counter.order("TRAILING_STOP_LOSS", instrument=None, units=None, tradeID=trade, distance="0")
    counter.move(Decimal(_by(ask, 80)))
    counter.pass_ns(SECOND_NS)
    other = counter.order().body["orderFillTransaction"]["tradeOpened"]["tradeID"]
    counter.ask("PUT", f"{A}/trades/{other}/orders", {"takeProfit": {"price": "0.50000"}})


def _walk_closes(counter: Counter) -> None:
    trade = counter.get(f"{A}/openTrades").body["trades"][0]["id"]
    counter.ask("PUT", f"{A}/trades/{trade}/close", {"units": "10"})
    counter.ask("PUT", f"{A}/trades/{trade}/close", {"units": "99999"})
    counter.ask("PUT", f"{A}/trades/999/close", {})
    counter.get(f"{A}/positions/EUR_USD")
    counter.get(f"{A}/positions/EUR_US")
    counter.get(f"{A}/positions/USD_JPY")
    counter.ask("PUT", f"{A}/positions/EUR_USD/close", {"longUnits": "ALL"})
    counter.ask("PUT", f"{A}/positions/EUR_USD/close", {"longUnits": "none of it"})
    counter.ask("PUT", f"{A}/positions/USD_JPY/close", {"shortUnits": "ALL"})
    counter.ask("PUT", f"{A}/positions/EUR_US/close", {})
    counter.order(units="-500")
    counter.ask("PUT", f"{A}/positions/EUR_USD/close", {"shortUnits": "100"})
    counter.ask("PATCH", f"{A}/configuration", {"alias": "Second"})
    counter.ask("PATCH", f"{A}/configuration", {"marginRate": "7"})


def _walk_refusals(counter: Counter) -> None:
    counter.wishes.words["order.create"] = [{"cancel": "MARKET_HALTED"}, {"reject": "INSUFFICIENT_MARGIN"}]
    counter.order()
    counter.order()
    for method, what in BAD:
        counter.ask(method, f"{A}/{what}")
    counter.get(A, authorization="Bearer nobody")
    counter.get("/v3/accounts/1-2-3-4/summary")
    counter.get("/v3/accounts/nobody/summary")
    counter.ask("POST", f"{A}/orders", b"{")
    counter.ask("DELETE", f"{A}/orders")


def _by(price: str, pips: int) -> str:
    return str(Decimal(price) + pips * Decimal("0.0001"))


LISTS = (
    "summary",
    "instruments",
    "instruments?instruments=EUR_USD,XAU_USD",
    "changes?sinceTransactionID=3",
    "pricing?instruments=EUR_USD%2CUSD_JPY&includeHomeConversions=True",
    "candles/latest?candleSpecifications=EUR_USD:M1:BM",
    "orders?state=ALL&count=3",
    "pendingOrders",
    "trades?state=ALL",
    "openTrades",
    "positions",
    "openPositions",
    "transactions?pageSize=5&type=ORDER_FILL,ADMIN",
    "transactions/4",
    "transactions/idrange?from=2&to=6",
    "transactions/sinceid?id=0",
)
BAD = (
    ("GET", "instruments?instruments=NOBODY"),
    ("GET", "changes?sinceTransactionID=99999"),
    ("GET", "changes"),
    ("GET", "pricing"),
    ("GET", "candles/latest?candleSpecifications=EUR_USD"),
    ("GET", "orders?count=501"),
    ("GET", "trades?state=NONE"),
    ("GET", "transactions?pageSize=1001"),
    ("GET", "transactions?type=NOTHING"),
    ("GET", "transactions/99999"),
    ("GET", "transactions/x"),
    ("GET", "transactions/idrange?from=6&to=2"),
    ("GET", "transactions/idrange?from=2"),
    ("GET", "transactions/sinceid?id=99999"),
    ("GET", "transactions/sinceid?id=x"),
)
WALKED = {
    "GET accounts": "200",
    "GET accounts/{accountID}": "200 401",
    "GET summary": "200 400 403",
    "GET instruments": "200 400",
    "GET changes": "200 400 416",
    "GET instruments/{instrument}/candles": "200 400",
    "GET candles/latest": "200 400",
    "GET pricing": "200 400",
    "GET orders": "200 400",
    "GET pendingOrders": "200",
    "GET orders/{orderSpecifier}": "200 404",
    "GET trades": "200 400",
    "GET openTrades": "200",
    "GET trades/{tradeSpecifier}": "200 404",
    "GET positions": "200",
    "GET openPositions": "200",
    "GET positions/{instrument}": "200 400 404",
    "GET transactions": "200 400",
    "GET transactions/idrange": "200 400 416",
    "GET transactions/sinceid": "200 400 416",
    "GET transactions/{transactionID}": "200 400 404",
    "PATCH configuration": "200 400",
    "POST orders": "201 400 404",
    "PUT orders/{orderSpecifier}": "201 400 404",
    "PUT orders/{orderSpecifier}/cancel": "200 404",
    "PUT orders/{orderSpecifier}/clientExtensions": "200 400 404",
    "PUT trades/{tradeSpecifier}/close": "200 400 404",
    "PUT trades/{tradeSpecifier}/orders": "200 400 404",
    "PUT trades/{tradeSpecifier}/clientExtensions": "200 400 404",
    "PUT positions/{instrument}/close": "200 400 404",
}
"""What the walk meets: every operation but the streams, in every way OANDA answers it."""

KINDS = ("MARKET", "LIMIT", "STOP", "MARKET_IF_TOUCHED", "TAKE_PROFIT", "STOP_LOSS", "TRAILING_STOP_LOSS")
CHANGES = ("CLIENT_CONFIGURE", "ORDER_CLIENT_EXTENSIONS_MODIFY", "TRADE_CLIENT_EXTENSIONS_MODIFY", "ORDER_CANCEL")
MADE = {
    *(f"{kind}_ORDER{end}" for kind in KINDS for end in ("", "_REJECT")),
    *(f"{change}{end}" for change in CHANGES for end in ("", "_REJECT")),
    *("CREATE", "TRANSFER_FUNDS", "ORDER_FILL"),
}
"""The types of transactions the walk makes."""
