"""Whatever is sent to OANDA's wire is answered: never a crash, never a 5xx, always as OANDA's description allows."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rickctl.adapters.sim.market import SimMarket
from rickctl.domain.instants import SECOND_NS
from rickctl.sandbox.http import EndOfStream, Streamed
from rickctl.sandbox.oanda.api.series import Bars
from rickctl.sandbox.oanda.records import Terms
from rickctl.sandbox.oanda.routes import ROUTES, find_route
from tests.conftest import ROOT
from tests.properties.kit import IS_FULL
from tests.sandbox.spec import Spec
from tests.sandbox.wire_kit import ID, Counter

if TYPE_CHECKING:
    from rickctl.sandbox.oanda.routes import Route

CASES = 1000 if IS_FULL else 12
FIGURES = os.environ.get("RICKCTL_SAFETY_FIGURES")
MARKET = SimMarket(7)
BARS = Bars(MARKET)
"""Kept from case to case: the past does not change."""

MINE = {"id": "mine"}

odd_text = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["", " ", "@", "@mine", "null", "NaN", "-0", "1e9999999", "9" * 60, "0x10", "%00", "../..", "🙂", "١"]
    ),
)
numbers = st.one_of(
    st.integers(-2, 12).map(str),
    st.sampled_from(["1000", "-1000", "0", "1.07", "1.06310", "0.00500", "1.123456", "1E2", "1e-400", "Infinity"]),
    st.decimals(allow_nan=True).map(str),
)
times = st.one_of(
    st.sampled_from(
        [
            "2026-11-18T11:00:00Z",
            "2026-11-17T23:59:59.999999999+01:00",
            "1999-12-31",
            "0001-01-01T00:00:00+23:59",
            "9999-12-31T23:59:59-23:59",
            "1795003200",
            "1795000000.000000001",
            "99999999999.9",
            "-1",
            "2026-02-30",
            "2030-01-01T00:00:00Z",
        ]
    ),
    odd_text,
)
names = st.sampled_from(["EUR_USD", "USD_JPY", "XAU_USD", "SPX500_USD", "EUR_USD,USD_JPY", "BTC-USD", "NOBODY"])
plain = st.one_of(numbers, names, times, odd_text)

PARAMETERS: dict[str, st.SearchStrategy[str]] = {
    "instruments": names | odd_text,
    "instrument": names | odd_text,
    "since": times,
    "from": numbers | times,
    "to": numbers | times,
    "count": st.sampled_from(["1", "2", "30", "0", "-1", "5001", "x", "٣"]),
    "granularity": st.sampled_from(["S5", "M1", "M2", "H1", "H3", "D", "W", "M", "H5"]),
    "price": st.text("MBAX", max_size=4),
    "smooth": st.sampled_from(["true", "False", "1", "yes"]),
    "includeFirst": st.sampled_from(["True", "0", "no"]),
    "includeHomeConversions": st.sampled_from(["True", "0", "no"]),
    "snapshot": st.sampled_from(["True", "0", "no"]),
    "dailyAlignment": numbers,
    "alignmentTimezone": st.sampled_from(
        ["Europe/London", "Asia/Kathmandu", "UTC", "America", "../etc", "Nowhere", "\0"]
    ),
    "weeklyAlignment": st.sampled_from(["Monday", "Friday", "monday"]),
    "candleSpecifications": st.sampled_from(
        ["EUR_USD:M1:BM", "EUR_USD:D", "EUR_USD:M1:Z", ":::", "X:M1:M", "USD_JPY:W:A"]
    ),
    "ids": numbers | odd_text,
    "state": st.sampled_from(["ALL", "OPEN", "CLOSED", "PENDING", "FILLED", "none"]),
    "beforeID": numbers,
    "sinceTransactionID": numbers,
    "id": numbers,
    "pageSize": numbers,
    "type": st.sampled_from(["ORDER", "ORDER_FILL,ADMIN", "FUNDING", "NOTHING", ""]),
}
PLACES = {
    "accountID": st.just(ID) | st.sampled_from(["101-001-1234567-002", "1", "@"]),
    "orderSpecifier": st.sampled_from(["@mine", "6", "4", "@", "0", "-1", "9" * 30]) | odd_text,
    "tradeSpecifier": st.sampled_from(["@mine", "5", "@", "0", "9" * 30]) | odd_text,
    "transactionID": numbers | odd_text,
    "instrument": names | odd_text,
}
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd_text, inner, max_size=3),
    max_leaves=6,
)
extensions = st.fixed_dictionaries({}, optional={"id": plain, "tag": odd_text, "comment": anything})
exits = st.fixed_dictionaries(
    {},
    optional={
        "price": numbers | anything,
        "distance": numbers | anything,
        "timeInForce": st.sampled_from(["GTC", "GTD", "GFD", "FOK", "X"]),
        "gtdTime": times,
        "clientExtensions": extensions,
        "guaranteed": st.booleans(),
    },
)
orders = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            ["MARKET", "LIMIT", "STOP", "MARKET_IF_TOUCHED", "TAKE_PROFIT", "STOP_LOSS", "TRAILING_STOP_LOSS"]
        )
    },
    optional={
        "instrument": names | anything,
        "units": numbers | anything,
        "price": numbers | anything,
        "priceBound": numbers | anything,
        "distance": numbers | anything,
        "tradeID": st.sampled_from(["5", "@mine", "999"]) | anything,
        "clientTradeID": plain,
        "timeInForce": st.sampled_from(["FOK", "IOC", "GTC", "GTD", "GFD", "X"]) | anything,
        "gtdTime": times | anything,
        "positionFill": st.sampled_from(["OPEN_ONLY", "REDUCE_FIRST", "REDUCE_ONLY", "DEFAULT", "X"]),
        "triggerCondition": st.sampled_from(["DEFAULT", "INVERSE", "BID", "ASK", "MID", "X"]),
        "takeProfitOnFill": exits | anything,
        "stopLossOnFill": exits | anything,
        "trailingStopLossOnFill": exits | anything,
        "clientExtensions": extensions | anything,
        "tradeClientExtensions": extensions | anything,
    },
)
bodies = st.fixed_dictionaries(
    {},
    optional={
        "order": orders | anything,
        "units": numbers | anything,
        "longUnits": st.sampled_from(["ALL", "NONE", "10"]) | anything,
        "shortUnits": st.sampled_from(["ALL", "NONE", "10"]) | anything,
        "takeProfit": exits | anything,
        "stopLoss": exits | anything,
        "trailingStopLoss": exits | anything,
        "clientExtensions": extensions | anything,
        "tradeClientExtensions": extensions | anything,
        "alias": plain,
        "marginRate": numbers | anything,
    },
)
raw_bodies = st.one_of(
    st.just(b""),
    bodies.map(lambda body: json.dumps(body).encode()),
    anything.map(lambda body: json.dumps(body).encode()),
    st.binary(max_size=30),
    st.sampled_from(
        [b"[" * 5000, b'{"order":' * 300, b'{"units":1e99999999999}', b'{"units":' + b"9" * 5000 + b"}", b'"\\ud800"']
    ),
)
few_bodies = st.sampled_from([b"", b"", b"{}", b"\xff", b'{"order":{}}'])
headers = st.fixed_dictionaries(
    {}, optional={"accept-datetime-format": st.sampled_from(["UNIX", "RFC3339", "unix", "?"])}
)


@cache
def judge() -> Spec | None:
    """The description, where it lies beside the project; without it answers are only counted."""
    path = Path(ROOT).parent / "shared" / "specs" / "oanda-v20.json"
    return Spec(path) if path.exists() else None


def knock(method: str, path: str, query: str, body: bytes, sent: dict[str, str]) -> None:
    """One request to an account with a trade, an order and a history; the answer must be in order."""
    counter = Counter(judge(), terms=Terms(id=ID), market=MARKET)
    counter.order("MARKET", "1000", tradeClientExtensions=MINE)
    counter.order("LIMIT", "500", price="1.0", clientExtensions=MINE)
    counter.wire._desk.bars = BARS
    request = counter.request(method, path, body, sent)
    request = request._replace(query=parse_qs(query, keep_blank_values=True))
    assert isinstance(counter.wire.operation(request), str)
    answer = counter.wire.answer(request)
    route = find_route(method, request.segments).route
    if isinstance(answer, Streamed):
        told_of = [line for _ in range(3) for line in poll(counter, answer)]
        answer.closed()
        if counter.spec is not None and path.endswith("/stream"):
            assert [fault for one in told_of for fault in counter.spec.stream_faults(path, one)] == []
    else:
        told = json.loads(answer.body)
        assert answer.status < 500
        assert route is not None or answer.status in {400, 401, 403, 404, 405}
        faults = (
            []
            if route is None or counter.spec is None
            else counter.spec.faults(method, route.path, answer.status, told)
        )
        assert not faults, faults
    counter.pass_ns(60 * SECOND_NS)


def poll(counter: Counter, streamed: Streamed) -> list[Any]:
    """What a stream, or an answer in slices, says three seconds later."""
    counter.wall.at_ns += 3 * SECOND_NS
    try:
        return [json.loads(line) for line in streamed.poll(counter.clock.now_ns()) if line.strip()]
    except EndOfStream:
        return []


@st.composite
def requests_to(draw: st.DrawFn, route: Route) -> tuple[str, str, bytes, dict[str, str]]:
    """A path of the route, a query, a body and headers: mostly what it knows, and sometimes not."""
    parts = [
        quote(draw(PLACES[part[1:-1]]), safe="@") if part.startswith("{") else part for part in route.path.split("/")
    ]
    asked = draw(st.dictionaries(st.sampled_from(sorted(PARAMETERS)), st.none(), max_size=5))
    query = urlencode({name: draw(PARAMETERS[name]) for name in asked})
    body = draw(few_bodies if route.method == "GET" else raw_bodies)
    return "/v3/" + "/".join(parts), query, body, draw(headers)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_a_route_answers_whatever_it_is_sent(route: Route) -> None:
    count = 0

    @settings(max_examples=CASES)
    @given(drawn=requests_to(route))
    def run(drawn: tuple[str, str, bytes, dict[str, str]]) -> None:
        nonlocal count
        count += 1
        knock(route.method, *drawn)

    run()
    _tell(f"sandbox fuzz: {route.method} {route.path}", count)


@settings(max_examples=CASES)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", ""]),
    path=st.lists(st.sampled_from(["v3", "accounts", ID, "orders", "%2F", ".."]) | odd_text, max_size=7),
    query=odd_text,
    body=raw_bodies,
)
def test_no_path_no_method_no_body_is_too_odd_to_answer(method: str, path: list[str], query: str, body: bytes) -> None:
    knock(method, "/" + "/".join(quote(part, safe="%@.") for part in path), quote(query, safe="=&%"), body, {})


def _tell(name: str, count: int) -> None:
    if FIGURES:
        row: dict[str, Any] = {
            "name": name,
            "measured": count,
            "target": 1000,
            "detail": "no 5xx, no crash",
            "at_least": True,
        }
        with Path(FIGURES).open("a", encoding="utf-8") as out:
            out.write(json.dumps(row) + "\n")
