"""Every kind of fault as a client meets it on a real socket."""

from __future__ import annotations

import json
import socket
import ssl
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rickctl.app.system import SystemClock
from rickctl.domain.errors import UsageError
from rickctl.sandbox.faultfile import KINDS
from rickctl.sandbox.tls import tls_context
from tests.sandbox.kit import PRICES, Gone, Running, Talk, request_bytes, running, wait_until

if TYPE_CHECKING:
    from rickctl.domain.records import JSON

ORDER = {"operation": "order.create"}


def place(server: Running) -> None:
    """Send one order and expect no answer."""
    with server.connect() as talk, pytest.raises(Gone):
        talk.ask("POST", "/orders", b"{}")


def test_a_delay_waits_and_then_does_it() -> None:
    with running(faults=[{"kind": "delay", "for": "150ms", **ORDER}]) as server, server.connect() as talk:
        began = time.monotonic()
        assert talk.ask("POST", "/orders", b"{}").status == 201
        assert time.monotonic() - began >= 0.15
        assert talk.ask("GET", "/prices").status == 200


@pytest.mark.parametrize(("when", "orders"), [("before", 0), ("after", 1)])
@pytest.mark.parametrize("how", ["fin", "rst"])
def test_a_drop_is_before_or_after_the_order(when: str, orders: int, how: str) -> None:
    with running(faults=[{"kind": "drop", "when": when, "how": how, **ORDER}]) as server, server.connect() as talk:
        with pytest.raises(Gone) as gone:
            talk.ask("POST", "/orders", b"{}")
        assert (gone.value.read, gone.value.was_reset) == (b"", how == "rst")
        wait_until(lambda: len(server.log.turns) == 1)
        assert len(server.wire.orders) == orders
        assert server.log.turns[0].status is None


@pytest.mark.parametrize(("when", "orders"), [("before", 0), ("after", 1)])
def test_a_stall_says_nothing_until_it_closes(when: str, orders: int) -> None:
    fault: dict[str, JSON] = {"kind": "stall", "when": when, "for": "200ms", **ORDER}
    with running(faults=[fault]) as server:
        began = time.monotonic()
        place(server)
        assert time.monotonic() - began >= 0.2
        assert len(server.wire.orders) == orders


def test_a_stall_without_an_end_lasts_until_the_client_leaves() -> None:
    with running(faults=[{"kind": "stall"}]) as server:
        with server.connect() as talk:
            talk.socket.settimeout(0.2)
            with pytest.raises(TimeoutError):
                talk.ask("GET", "/prices")
        wait_until(lambda: server.server.open_connections == 0)


@pytest.mark.parametrize("how", ["fin", "rst", "stall"])
def test_late_loses_the_answer_and_does_the_order_afterwards(how: str) -> None:
    with running(faults=[{"kind": "late", "for": "700ms", "how": how, **ORDER}]) as server:
        with server.connect() as talk:
            talk.socket.settimeout(0.05)
            with pytest.raises((Gone, TimeoutError)):
                talk.ask("POST", "/orders", b"{}")
            assert server.wire.orders == []
        wait_until(lambda: server.wire.orders == [b"{}"])


def test_what_is_late_is_done_when_the_server_stops() -> None:
    with running(faults=[{"kind": "late", "for": "1h", **ORDER}]) as server:
        place(server)
        assert server.wire.orders == []
    assert server.wire.orders == [b"{}"]


@pytest.mark.parametrize("wait", [None, "2"])
def test_a_refusal_may_say_when_to_come_back(wait: str | None) -> None:
    fault: dict[str, JSON] = {"kind": "refuse", **ORDER, **({"retry_after": wait} if wait else {})}
    with running(faults=[fault]) as server, server.connect() as talk:
        found = talk.ask("POST", "/orders", b"{}")
        assert (found.status, found.headers.get("retry-after")) == (429, wait)
        assert server.wire.orders == []
        assert talk.ask("GET", "/prices").status == 200


def test_a_server_error_may_hide_an_order_that_was_accepted() -> None:
    fault: dict[str, JSON] = {"kind": "refuse", "status": 503, "body": '{"m":1}', "when": "after", **ORDER}
    with running(faults=[fault]) as server, server.connect() as talk:
        found = talk.ask("POST", "/orders", b"{}")
        assert (found.status, found.body) == (503, b'{"m":1}')
        assert len(server.wire.orders) == 1


def test_html_comes_where_json_was_wanted() -> None:
    with running(faults=[{"kind": "html"}]) as server:
        found = server.get("/prices")
    assert found.status == 502
    assert found.headers["content-type"].startswith("text/html")
    assert found.body.startswith(b"<html>")


def test_a_redirect_leads_elsewhere() -> None:
    with running(faults=[{"kind": "redirect", "location": "http://localhost:1/"}]) as server:
        found = server.get("/prices")
    assert (found.status, found.headers["location"], found.body) == (302, "http://localhost:1/", b"")


def test_another_status_leaves_body_and_order_as_they_are() -> None:
    with running(faults=[{"kind": "status", "status": 200, **ORDER}]) as server, server.connect() as talk:
        found = talk.ask("POST", "/orders", b"{}")
    assert (found.status, found.body) == (200, b'{"order":"1"}')


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_truncated_body_is_seen_to_be_one(framing: str) -> None:
    fault: dict[str, JSON] = {"kind": "truncate", "keep": 10, "framing": framing}
    with running(faults=[fault]) as server, pytest.raises(Gone) as gone:
        server.get("/prices")
    assert gone.value.read in {PRICES[:10], b""}


def test_a_truncated_body_without_a_length_looks_whole() -> None:
    with running(faults=[{"kind": "truncate", "framing": "close"}]) as server:
        found = server.get("/prices")
    assert (found.status, found.body) == (200, PRICES[: len(PRICES) // 2])


def test_a_trickle_comes_byte_by_byte_and_whole() -> None:
    with running(faults=[{"kind": "trickle", "every": "5ms"}]) as server:
        began = time.monotonic()
        found = server.get("/prices")
        assert found.body == PRICES
        assert time.monotonic() - began >= 0.005 * len(PRICES)


def test_an_endless_body_goes_on_and_on() -> None:
    with running(faults=[{"kind": "endless", "every": "0s"}]) as server:
        with server.connect() as talk:
            talk.socket.sendall(request_bytes("GET", "/prices"))
            talk.head()
            assert talk.chunk() == PRICES
            assert len(talk.take(5_000_000)) == 5_000_000
        wait_until(lambda: server.server.open_connections == 0)


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({}, b'{"bid":"NaN","ask":"NaN","volume":7,"ratio":0.25}'),
        ({"bare": True}, b'{"bid":NaN,"ask":NaN,"volume":7,"ratio":0.25}'),
        ({"fields": ["ask"], "word": "Infinity"}, b'{"bid":"1.08512","ask":"Infinity","volume":7,"ratio":0.25}'),
        ({"fields": ["volume", "ratio"], "word": ""}, None),
        (
            {"fields": ["ratio"], "bare": True, "word": "1e999"},
            b'{"bid":"1.08512","ask":"1.08520","volume":7,"ratio":1e999}',
        ),
    ],
)
def test_words_stand_where_numbers_were(terms: dict[str, JSON], expected: bytes | None) -> None:
    if expected is None:
        with pytest.raises(UsageError, match="word"), running(faults=[{"kind": "nan", **terms}]):
            pass
        return
    with running(faults=[{"kind": "nan", **terms}]) as server:
        assert server.get("/prices").body == expected


def test_skew_moves_what_is_stated_and_nothing_else() -> None:
    with running(faults=[{"kind": "skew", "by": "-1h", "times": 1}]) as server:
        stated = int(server.get("/time").body)
        true = int(server.get("/time").body)
        assert 3_599_000_000_000 < true - stated < 3_601_000_000_000
        assert server.clock.skew_ns == 0


@pytest.mark.parametrize("fault", [{"kind": "drop", "how": "rst"}, {"kind": "drop"}, {"kind": "truncate", "keep": 9}])
def test_faults_strike_through_tls_too(fault: dict[str, JSON], tmp_path: Path) -> None:
    context, authority = tls_context(tmp_path, SystemClock().now_ns())
    with running(tls=context, faults=[{**fault, "times": 1}]) as server:
        for strikes in (True, False):
            with socket.create_connection(("127.0.0.1", server.port), timeout=10) as plain:
                believing = ssl.create_default_context(cafile=authority)
                with Talk(believing.wrap_socket(plain, server_hostname="localhost")) as talk:
                    if strikes:
                        with pytest.raises((Gone, OSError)):
                            talk.ask("GET", "/prices")
                    else:
                        assert talk.ask("GET", "/prices").body == PRICES


# streams


def lines(talk: Talk, count: int) -> list[int]:
    """The numbers of so many lines."""
    return [json.loads(talk.chunk())["n"] for _ in range(count)]


def opened(server: Running, path: str = "/stream") -> Talk:
    """A stream that has begun."""
    talk = server.connect()
    talk.socket.sendall(request_bytes("GET", path))
    talk.head()
    return talk


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("lose", [1, 2, 4, 5]), ("repeat", [1, 2, 3, 3]), ("swap", [1, 2, 4, 3])],
)
def test_a_line_is_lost_repeated_or_late(kind: str, expected: list[int]) -> None:
    with running(faults=[{"kind": kind, "after": 2, "times": 1}]) as server, opened(server) as talk:
        assert lines(talk, 4) == expected


def test_only_lines_that_match_are_struck() -> None:
    with running(faults=[{"kind": "lose", "match": '"n":2,'}]) as server, opened(server) as talk:
        assert lines(talk, 2) == [1, 3]


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_half_a_line_is_the_last_that_comes(how: str) -> None:
    with running(faults=[{"kind": "half", "after": 1, "how": how}]) as server, opened(server) as talk:
        assert lines(talk, 1) == [1]
        assert talk.chunk() == b'{"n":2,"bid"'
        with pytest.raises(Gone) as gone:
            talk.chunk()
        assert gone.value.was_reset is (how == "rst")


@pytest.mark.parametrize("how", ["clean", "fin", "rst"])
def test_a_stream_ends_well_or_badly(how: str) -> None:
    with running(faults=[{"kind": "end", "after": 1, "how": how}]) as server, opened(server) as talk:
        assert lines(talk, 1) == [1]
        if how == "clean":
            assert talk.chunk() == b""
            assert talk.rest() == b""
        else:
            with pytest.raises(Gone) as gone:
                talk.chunk()
            assert gone.value.was_reset is (how == "rst")
        wait_until(lambda: server.wire.streams == 0)


def test_silence_keeps_the_connection_and_says_nothing() -> None:
    with running(faults=[{"kind": "silence", "after": 1, "times": 1}]) as server, opened(server) as talk:
        assert lines(talk, 1) == [1]
        talk.socket.settimeout(0.2)
        with pytest.raises(TimeoutError):
            talk.chunk()
        with opened(server) as other:
            assert lines(other, 2) == [1, 2]


def test_silence_may_end() -> None:
    fault: dict[str, JSON] = {"kind": "silence", "after": 1, "times": 1, "for": "100ms"}
    with running(faults=[fault]) as server, opened(server) as talk:
        assert lines(talk, 1) == [1]
        assert lines(talk, 1)[0] > 2


def test_a_stream_may_carry_words_for_prices() -> None:
    with running(faults=[{"kind": "nan", "times": 1}]) as server, opened(server) as talk:
        assert talk.chunk() == b'{"n":1,"bid":"NaN"}\n'
        assert talk.chunk() == b'{"n":2,"bid":"1.08512"}\n'


def test_a_stream_may_be_refused_or_dropped_before_it_begins() -> None:
    faults: list[dict[str, JSON]] = [
        {"kind": "refuse", "status": 503, "times": 1},
        {"kind": "drop", "when": "after", "times": 1, "after": 1},
    ]
    with running(faults=faults) as server:
        assert server.get("/stream").status == 503
        with server.connect() as talk, pytest.raises(Gone):
            talk.ask("GET", "/stream")
        wait_until(lambda: server.wire.streams == 0)


# the exchange


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"kind": "reject", "reason": "INSUFFICIENT_MARGIN"}, {"reject": "INSUFFICIENT_MARGIN"}),
        ({"kind": "cancel", "reason": "MARKET_HALTED"}, {"cancel": "MARKET_HALTED"}),
        ({"kind": "partial", "fraction": "0.4"}, {"fraction": "0.4"}),
        ({"kind": "illiquid"}, {"liquidity": "none"}),
    ],
)
def test_the_exchange_is_asked_for_what_it_alone_can_do(fault: dict[str, JSON], expected: dict[str, str]) -> None:
    with running(faults=[{**fault, **ORDER, "times": 1}]) as server, server.connect() as talk:
        for _ in range(2):
            talk.ask("POST", "/orders", b"{}")
        assert server.wire.hints == [expected, {}]
        wait_until(lambda: len(server.log.turns) == 2)
        assert [[struck.kind for struck in turn.faults] for turn in server.log.turns] == [[fault["kind"]], []]


def test_every_kind_is_met_in_this_file() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    met = {kind for kind in KINDS if f'"{kind}"' in text}
    assert met == set(KINDS)
