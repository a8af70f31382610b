"""The control endpoint on a real socket: what it tells, what it changes, what it refuses, and whom."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rickctl.adapters.sim import SimMarket
from rickctl.app.system import SystemClock
from rickctl.domain.instants import HOUR_NS
from rickctl.sandbox.always_open import AlwaysOpenMarket
from rickctl.sandbox.control import ENDPOINTS, Control
from rickctl.sandbox.world import Origin, World
from tests.sandbox.kit import Answer, Running, Talk, request_bytes, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rickctl.domain.records import JSON
    from rickctl.sandbox.http import Reply, Request

MARKET = AlwaysOpenMarket(SimMarket())


def steer(run: Running) -> Callable[[Request], Reply]:
    """A control endpoint over a world of its own, with the run's clock and faults."""
    world = World(
        None, run.clock, World.open(None, SystemClock(), MARKET, Origin("sim:v1", 0)).market, Origin("sim:v1", 0)
    )
    world.settle = run.server.tick
    return Control(world, run.faults, [run.server]).answer


@pytest.fixture
def talk() -> Iterator[Talk]:
    with running(control=steer) as server, server.connect() as connection:
        yield connection


def ask(talk: Talk, method: str, path: str, body: JSON = None) -> Answer:
    raw = b"" if body is None else json.dumps(body).encode()
    return talk.ask(method, f"/_control{path}", raw)


def test_it_lists_what_it_answers(talk: Talk) -> None:
    listed = ask(talk, "GET", "").json["endpoints"]
    assert listed == ENDPOINTS
    for line in ENDPOINTS:
        method, _, path = line.partition(" ")
        body: JSON = {} if method == "POST" else None
        found = talk.ask(method, path.replace("ID", "1"), b"" if body is None else b"{}")
        assert found.status in {200, 400}, line


def test_the_state_tells_of_clock_market_and_venues(talk: Talk) -> None:
    state = ask(talk, "GET", "/state").json
    assert state["market"] == {"source": "sim:v1", "seed": 0, "fingerprint": None, "moves": {}}
    assert json.dumps(state["venues"]).startswith('[{"name": "echo", "port": ')


def test_faults_are_put_in_force_listed_and_lifted(talk: Talk) -> None:
    added = ask(talk, "POST", "/faults", {"kind": "refuse", "status": 503, "operation": "prices"})
    assert (added.status, added.json) == (201, {"ids": [1]})
    assert ask(talk, "POST", "/faults", {"fault": [{"kind": "html"}, {"kind": "skew", "by": "1s"}]}).json == {
        "ids": [2, 3]
    }
    assert ask(talk, "POST", "/faults", [{"kind": "drop", "times": 0}]).json == {"ids": [4]}
    assert ask(talk, "DELETE", "/faults/2").json == {"lifted": 1}
    assert talk.ask("GET", "/prices").status == 503
    told = ask(talk, "GET", "/faults").json
    faults, struck = told["faults"], told["struck"]
    assert isinstance(faults, list)
    assert isinstance(struck, list)
    assert [(row["id"], row["kind"], row["struck"]) for row in faults] == [
        (1, "refuse", 1),
        (3, "skew", 1),
        (4, "drop", 0),
    ]
    assert [row["kind"] for row in struck] == ["refuse", "skew"]
    assert ask(talk, "DELETE", "/faults").json == {"lifted": 3}
    assert talk.ask("GET", "/prices").status == 200


def test_faults_never_strike_the_control_endpoint(talk: Talk) -> None:
    ask(talk, "POST", "/faults", {"kind": "drop"})
    assert ask(talk, "GET", "/faults").status == 200


@pytest.mark.parametrize(("side", "field"), [("bid", "bid"), ("ask", "ask")])
def test_a_symbol_is_moved_to_a_price(talk: Talk, side: str, field: str) -> None:
    moved = ask(talk, "POST", "/market", {"symbol": "eur/usd", "price": "1.25", "side": side}).json
    assert moved["symbol"] == "EUR_USD"
    assert abs(Decimal(str(moved[field])) - Decimal("1.25")) < Decimal("0.00020")
    again = ask(talk, "POST", "/market", {"symbol": "EUR_USD", "price": "1.3"}).json
    assert Decimal(str(again["bid"])) > Decimal("1.299")
    back = ask(talk, "POST", "/market", {"symbol": "EUR_USD", "released": True}).json
    assert Decimal(str(back["bid"])) < Decimal("1.2")


def test_a_symbol_is_halted_and_opened(talk: Talk) -> None:
    assert ask(talk, "POST", "/market", {"symbol": "EUR_USD", "halted": True}).json["tradeable"] is False
    told = ask(talk, "GET", "/market?symbol=EUR_USD").body
    assert [row["tradeable"] for row in json.loads(told)["symbols"]] == [False]
    assert ask(talk, "POST", "/market", {"symbol": "EUR_USD", "halted": False}).json["tradeable"] is True


def test_time_is_moved_forward_and_venues_with_it() -> None:
    with running(control=steer) as server, server.connect() as talk:
        before, ticks = server.clock.now_ns(), server.wire.ticks
        told = ask(talk, "POST", "/time", {"advance": "2h"}).json
        assert server.clock.now_ns() - before >= 2 * HOUR_NS
        assert server.wire.ticks == ticks + 1
        assert told["offset"] == "2 h"
        assert ask(talk, "POST", "/time", {"to": "2090-01-01T00:00:00Z"}).json["now"] >= "2090-01-01"  # type: ignore[operator]


BAD: list[tuple[str, str, bytes, int, str]] = [
    ("GET", "/nothing", b"", 404, "not_found"),
    ("PUT", "/faults", b"{}", 405, "bad_method"),
    ("POST", "/faults", b"{", 400, "bad_json"),
    ("POST", "/faults", b"[" * 100_000, 400, "bad_json"),
    ("POST", "/faults", b'{"kind": "dorp"}', 400, "bad_fault"),
    ("DELETE", "/faults/7", b"", 400, "unknown_fault"),
    ("DELETE", "/faults/x", b"", 400, "unknown_fault"),
    ("POST", "/market", b"[]", 400, "bad_json"),
    ("POST", "/market", b'{"symbol": "EUR_USD"}', 400, "bad_usage"),
    ("POST", "/market", b'{"symbol": "EUR_USD", "price": "1.1", "halted": true}', 400, "bad_usage"),
    ("POST", "/market", b'{"symbol": "EUR_USD", "halted": true, "side": "bid"}', 400, "bad_usage"),
    ("POST", "/market", b'{"symbol": "EUR_USD", "price": NaN}', 400, "bad_number"),
    ("POST", "/market", b'{"symbol": "EUR_USD", "price": true}', 400, "bad_number"),
    ("POST", "/market", b'{"symbol": "EUR_USD", "price": "1.1", "side": "left"}', 400, "bad_side"),
    ("POST", "/market", b'{"symbol": "EUR_USD", "price": "0.0001"}', 400, "bad_price"),
    ("POST", "/market", b'{"symbol": "EUR_USD", "price": 1.0000001}', 400, "bad_precision"),
    ("POST", "/market", b'{"symbol": "NOPE", "price": 1}', 400, "unknown_symbol"),
    ("POST", "/market", b'{"symbol": 7, "price": 1}', 400, "bad_json"),
    ("POST", "/market", b'{"symbol": "EUR_USD", "halted": "yes"}', 400, "bad_json"),
    ("POST", "/time", b"{}", 400, "bad_usage"),
    ("POST", "/time", b'{"advance": "soon"}', 400, "bad_duration"),
    ("POST", "/time", b'{"advance": 5}', 400, "bad_json"),
    ("POST", "/time", b'{"to": "2100-01-01T00:00:00Z"}', 400, "time_out_of_range"),
    ("POST", "/time", b'{"to": "2001-01-01T00:00:00Z"}', 400, "bad_time"),
]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"), BAD, ids=[f"{n}-{row[4]}" for n, row in enumerate(BAD)]
)
def test_what_cannot_be_done_is_refused_with_a_code(
    talk: Talk, method: str, path: str, body: bytes, status: int, code: str
) -> None:
    found = talk.ask(method, f"/_control{path}", body)
    assert (found.status, found.json["code"]) == (status, code)
    assert isinstance(found.json["error"], str)


@pytest.mark.parametrize(
    "headers",
    [
        "Host: evil.example\r\n",
        "Host: localhost.evil.example\r\n",
        "Host: localhost\r\nOrigin: http://evil.example\r\n",
        "Host: localhost\r\nOrigin: http://localhost\r\n",
        "Host: localhost\r\nSec-Fetch-Site: cross-site\r\n",
    ],
)
def test_no_web_page_can_steer(talk: Talk, headers: str) -> None:
    body = '{"kind": "drop"}'
    found = talk.say(f"POST /_control/faults HTTP/1.1\r\n{headers}Content-Length: {len(body)}\r\n\r\n{body}".encode())
    assert (found.status, found.json["code"]) == (403, "not_local")
    assert ask(talk, "GET", "/faults").json["faults"] == []


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "LOCALHOST", "[::1]:80"])
def test_programs_here_may_call_it_by_every_name(talk: Talk, host: str) -> None:
    assert talk.say(f"GET /_control HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()).status == 200


def test_without_control_there_is_no_such_path() -> None:
    with running() as server, server.connect() as talk:
        raw = request_bytes("GET", "/_control/state")
        assert talk.say(raw).json["segments"] == ["_control", "state"]


def test_no_body_whatever_makes_it_fail() -> None:
    with running(control=steer) as server, server.connect() as talk:
        words = st.sampled_from(
            ["symbol", "price", "side", "halted", "released", "advance", "kind", "for", "times", "fault"]
        )
        values = st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats()
            | st.sampled_from(["EUR_USD", "1.2", "drop", "1s", "bid"]),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
            max_leaves=8,
        )

        @settings(max_examples=200, deadline=None)
        @given(st.sampled_from(["/faults", "/market", "/time"]), values)
        def attack(path: str, body: object) -> None:
            found = talk.ask("POST", f"/_control{path}", json.dumps(body).encode())
            assert found.status in {200, 201, 400}

        attack()
        assert server.log.failures == []
