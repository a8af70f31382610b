"""The server speaks HTTP/1.1 as clients expect it, and outlives every client that does not."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from statistics import median
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rickctl.app.system import SystemClock
from rickctl.sandbox.reading import Limits
from rickctl.sandbox.tls import tls_context
from tests.sandbox.kit import PRICES, Gone, request_bytes, running, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from rickctl.domain.records import JSON
    from rickctl.sandbox.http import Reply, Request

SHORT = Limits(head=2048, headers=20, body=4096, head_s=0.3, body_s=0.3, idle_s=0.6, connections=20)


def test_a_request_arrives_as_it_was_sent() -> None:
    with running() as server, server.connect() as talk:
        raw = request_bytes(
            "GET", "/v3/a%2Fb/@x%40y?instruments=EUR_USD%2CUSD_JPY&x=1&x=2&e=", b"", "X-One: 1", "x-one: 2"
        )
        found = talk.say(raw)
    assert found.status == 200
    assert found.json["segments"] == ["v3", "a/b", "@x@y"]
    assert found.json["query"] == {"instruments": ["EUR_USD,USD_JPY"], "x": ["1", "2"], "e": [""]}
    assert found.json["headers"] == {"host": "localhost", "x-one": "1, 2"}


def test_an_answer_carries_its_exact_length_and_a_date() -> None:
    with running() as server:
        found = server.get("/prices")
    assert found.headers["content-length"] == str(len(PRICES))
    assert found.headers["date"].endswith(" GMT")
    assert "content-encoding" not in found.headers


def test_a_connection_serves_many_requests_one_after_the_other() -> None:
    with running() as server, server.connect() as talk:
        assert [talk.ask("GET", "/prices").status for _ in range(50)] == [200] * 50
        assert server.server.connections == 1


def test_requests_sent_at_once_are_answered_in_order() -> None:
    with running() as server, server.connect() as talk:
        bodies = [b"%d" % number for number in range(20)]
        talk.socket.sendall(b"".join(request_bytes("POST", "/orders", body) for body in bodies))
        found = [talk.answer().body for _ in bodies]
        assert server.wire.orders == bodies
    assert found == [b'{"order":"%d"}' % number for number in range(1, 21)]


def test_headers_and_body_come_in_one_piece() -> None:
    with running() as server, server.connect() as talk:
        talk.socket.sendall(request_bytes("GET", "/prices"))
        assert talk.socket.recv(65_536).endswith(PRICES)


CHUNKED = b"POST /orders HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        CHUNKED + b"3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nT: 1\r\n\r\n",
        b"POST http://x/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\nabcdefg",
        b"\r\nPOST /orders HTTP/1.1\r\nhOsT: x\r\nContent-Length:7\r\nContent-Length: 7\r\n\r\nabcdefg",
    ],
    ids=["chunked", "absolute", "repeated length"],
)
def test_a_body_is_read_however_it_is_framed(raw: bytes) -> None:
    with running() as server, server.connect() as talk:
        assert talk.say(raw).status == 201
        assert server.wire.orders == [b"abcdefg"]
        assert talk.ask("GET", "/prices").status == 200


def test_a_client_that_waits_is_invited_to_send_its_body() -> None:
    with running() as server, server.connect() as talk:
        talk.socket.sendall(b"POST /o HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert talk.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert talk.say(b"ok").status == 201


def test_head_answers_the_length_without_the_body() -> None:
    with running() as server, server.connect() as talk:
        found = talk.ask("HEAD", "/prices")
        assert (found.status, found.headers["content-length"]) == (200, str(len(PRICES)))
        assert talk.ask("GET", "/prices").body == PRICES


@pytest.mark.parametrize(("line", "closes"), [("HTTP/1.0", True), ("HTTP/1.1", False)])
def test_a_connection_stays_open_as_the_version_says(line: str, closes: bool) -> None:  # noqa: FBT001 - a table
    with running() as server, server.connect() as talk:
        found = talk.say(f"GET /prices {line}\r\nHost: x\r\n\r\n".encode())
        assert found.headers["connection"] == ("close" if closes else "keep-alive")
        assert (talk.rest() == b"") if closes else (talk.ask("GET", "/prices").status == 200)


def test_close_is_honoured() -> None:
    with running() as server, server.connect() as talk:
        talk.say(request_bytes("GET", "/prices", b"", "Connection: close"))
        assert talk.rest() == b""


BAD = {
    b"\x00\x01\x02\r\n\r\n": 400,
    b"GET /\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\n\r\n": 400,
    b"GET nowhere HTTP/1.1\r\nHost: x\r\n\r\n": 400,
    b"GET / HTTQ/1.1\r\nHost: x\r\n\r\n": 400,
    b"GET / HTTP/2.0\r\nHost: x\r\n\r\n": 505,
    b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost : x\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: x\r\nA: \x00\r\n\r\n": 400,
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n": 400,
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab": 400,
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n": 400,
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n": 501,
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n": 400,
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n": 400,
    b"POST / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nContent-Length: 1\r\n\r\na": 417,
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4097\r\n\r\n" + b"a" * 4097: 413,
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n": 413,
    b"GET /" + b"a" * 4000 + b" HTTP/1.1\r\nHost: x\r\n\r\n": 431,
    b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 30 + b"\r\n": 431,
    b"GET / HTTP/1.1\r\nHo": 408,
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab": 408,
}


@pytest.mark.parametrize("raw", BAD, ids=[f"{number}-{status}" for number, status in enumerate(BAD.values())])
def test_a_bad_request_is_answered_and_the_connection_closed(raw: bytes) -> None:
    with running(limits=SHORT) as server:
        with server.connect() as talk:
            found = talk.say(raw)
            assert found.status == BAD[raw]
            assert isinstance(found.json["error"], str)
            assert talk.rest() == b""
        assert server.get("/prices").status == 200
        assert server.log.failures == []


def test_a_client_that_says_nothing_is_let_go() -> None:
    with running(limits=SHORT) as server, server.connect() as talk:
        assert talk.rest() == b""


def test_too_many_connections_are_refused() -> None:
    with running(limits=SHORT._replace(connections=2, idle_s=5)) as server:
        with server.connect() as first, server.connect() as second, server.connect() as third:
            assert first.ask("GET", "/prices").status == second.ask("GET", "/prices").status == 200
            assert third.answer().status == 503
        wait_until(lambda: server.server.open_connections == 0)
        assert server.get("/prices").status == 200


def test_a_bug_of_a_wire_is_a_500_and_no_more() -> None:
    with running() as server, server.connect() as talk:
        assert talk.ask("GET", "/bug").status == 500
        assert [str(error) for error in server.log.failures] == ["planted"]
        assert talk.ask("GET", "/prices").status == 200


def test_a_stream_sends_each_line_as_a_chunk_at_once_and_ends_clean() -> None:
    with running() as server, server.connect() as talk:
        talk.socket.sendall(request_bytes("GET", "/stream?lines=3"))
        status, headers = talk.head()
        assert (status, headers["transfer-encoding"]) == (200, "chunked")
        assert [talk.chunk() for _ in range(4)] == [b'{"n":%d,"bid":"1.08512"}\n' % n for n in (1, 2, 3)] + [b""]
        assert talk.ask("GET", "/prices").status == 200
        assert server.wire.streams == 0


def test_a_stream_to_an_old_client_is_not_chunked() -> None:
    with running() as server, server.connect() as talk:
        talk.socket.sendall(b"GET /stream?lines=2 HTTP/1.0\r\n\r\n")
        _, headers = talk.head()
        assert "transfer-encoding" not in headers
        assert talk.rest().count(b"\n") == 2


def test_a_stream_is_closed_when_its_reader_leaves() -> None:
    with running() as server:
        with server.connect() as talk:
            talk.socket.sendall(request_bytes("GET", "/stream"))
            talk.head()
            talk.chunk()
            assert server.wire.streams == 1
        wait_until(lambda: server.wire.streams == 0)


def test_stopping_ends_streams_and_waiting_clients() -> None:
    with running() as server:
        streaming, waiting = server.connect(), server.connect()
        streaming.socket.sendall(request_bytes("GET", "/stream"))
        streaming.head()
    with streaming, waiting, pytest.raises(Gone):
        streaming.take(1 << 20)
    assert server.wire.streams == 0


def test_a_client_that_reads_nothing_is_let_go() -> None:
    endless: dict[str, JSON] = {"kind": "endless", "every": "0s"}
    with running(limits=SHORT._replace(write_s=0.3), faults=[endless]) as server, server.connect() as talk:
        talk.socket.sendall(request_bytes("GET", "/prices"))
        wait_until(lambda: server.server.connections == 1)
        wait_until(lambda: server.server.open_connections == 0)


def test_a_bug_between_wire_and_socket_ends_one_conversation() -> None:
    def planted(request: Request) -> Reply:
        del request
        message = "planted"
        raise RuntimeError(message)

    with running(control=lambda _: planted) as server:
        with server.connect() as talk:
            talk.socket.sendall(request_bytes("GET", "/_control"))
            assert talk.rest() == b""
        assert [str(error) for error in server.log.failures] == ["planted"]
        assert server.get("/prices").status == 200


def test_what_is_no_tls_is_let_go_in_silence(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    context, _ = tls_context(tmp_path, SystemClock().now_ns())
    with running(tls=context) as server:
        with server.connect() as talk:
            talk.socket.sendall(request_bytes("GET", "/prices") + b"\r\n" * 100)
            talk.socket.settimeout(5)
            with suppress(Gone):
                talk.rest()
        assert server.log.failures == []
    assert capfd.readouterr().err == ""


def test_only_loopback_can_connect() -> None:
    with running() as server:
        others = {found[4][0] for found in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)} - {
            "127.0.0.1"
        }
        for address in sorted(map(str, others)):
            if not address.startswith("127."):
                with pytest.raises(OSError, match="refused"):
                    socket.create_connection((address, server.port), timeout=2)


def test_no_answer_waits_for_an_acknowledgement() -> None:
    with running() as server, server.connect() as talk:
        took = []
        for _ in range(50):
            began = time.perf_counter_ns()
            talk.ask("POST", "/orders", b"{}")
            took.append(time.perf_counter_ns() - began)
    # Headers and body in two small packets would cost forty milliseconds each time.
    assert median(took) < 30_000_000


PIECES = [b"GET", b" ", b"/", b"HTTP/1.1", b"\r\n", b"Host: x", b"Content-Length: 3", b"\x00", b":", b"abc", b"5\r\n"]
PIECES += [
    b"Transfer-Encoding: chunked",
    b"\r\n\r\n",
    b"0\r\n\r\n",
    b"POST /orders HTTP/1.1\r\nHost: x\r\n",
    b"\xff",
    b"%",
]


def test_no_bytes_whatever_bring_it_down() -> None:
    with running(limits=SHORT._replace(head_s=0.02, body_s=0.02, idle_s=0.02)) as server:

        @settings(max_examples=150, deadline=None)
        @given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=20), max_size=12))
        def attack(pieces: list[bytes]) -> None:
            with server.connect() as talk:
                with suppress(OSError):  # it may have had enough already
                    talk.socket.sendall(b"".join(pieces))
                    talk.socket.shutdown(socket.SHUT_WR)
                try:
                    said = talk.rest()
                except Gone as gone:
                    said = gone.read
                assert said == b"" or said.startswith(b"HTTP/1.1 ")
                assert b"HTTP/1.1 500" not in said

        attack()
        assert server.log.failures == []
        with server.connect() as talk:
            assert talk.ask("GET", "/prices").status == 200
