"""Every way a call to OANDA can go wrong ends in time and in the one failure it proves, over real sockets."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import traceback
from decimal import Decimal
from threading import Barrier, Thread
from typing import TYPE_CHECKING

import pytest

from rickctl.adapters.transport import MOST_BODY, Deadline, Host, Request
from rickctl.domain.errors import OrderRejected, OutcomeUnknown, RickctlError, SetupError, Unreachable
from tests.adapters.oanda_kit import (
    ACCOUNT,
    NOW_NS,
    TOKEN,
    answer,
    chunks,
    client,
    drip,
    drop,
    page,
    raw,
    reset,
    silence,
    venue,
)
from tests.fakes import FakeClock
from tests.house.kit import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.adapters.oanda_kit import Act

ORDERS = f"/accounts/{ACCOUNT}/orders"
BODY = {"order": {"type": "MARKET", "instrument": "EUR_USD", "units": "100"}}
CREATED = {"orderCreateTransaction": {"id": "7", "time": "2026-11-21T10:00:00.000000000Z"}, "lastTransactionID": "8"}
REFUSED = {"orderRejectTransaction": {"rejectReason": "INSUFFICIENT_MARGIN"}, "errorCode": "INSUFFICIENT_MARGIN"}
HTML = page(502, b"<html><body>Bad Gateway</body></html>")
GOOD = page(200, b'{"a": 1}')
MALFORMED = {
    "HTML": page(200, b"<html></html>"),
    "nothing": page(200, b""),
    "half an object": page(200, b'{"a": "1'),
    "NaN": page(200, b'{"a": NaN}'),
    "Infinity": page(200, b'{"a": -Infinity}'),
    "an array": page(200, b"[1]"),
    "no text": page(200, b"\xff\xfe"),
    "nested too deeply": page(200, b'{"a":' + b"[" * 100_000),
    "a number without end": page(200, b'{"a": 0.' + b"1" * 1000 + b"}"),
}
BROKEN: dict[str, Act] = {
    "dropped without a word": drop,
    "reset": reset,
    "half a head": raw(b"HTTP/1.1 200 OK\r\nContent-"),
    "half a body": raw(GOOD[:-3]),
    "half a chunk": raw(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"a"'),
    "no HTTP": raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    "a chunk of no size": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n"),
    "a length that is none": raw(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}"),
    "an endless body": raw(b"HTTP/1.1 200 OK\r\n\r\n" + b" " * (MOST_BODY + 1)),
}
SLOW: dict[str, Act] = {
    "silence": silence,
    "a body that drips": drip(page(200, b" " * 10_000)),
    "headers that drip": drip(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000),
}


def refuse_all() -> Host:
    """A host nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return Host("http", "127.0.0.1", listener.getsockname()[1])


def outcome(host: Host, *, writes: bool, patience_ms: int = 2000) -> RickctlError | None:
    """What one call ends in."""
    calls = client(host, patience_ms=patience_ms)
    try:
        calls.send("POST", ORDERS, BODY) if writes else calls.get("/accounts")
    except RickctlError as error:
        return error
    return None


@pytest.mark.parametrize("act", [raw(text, keep=True) for text in MALFORMED.values()], ids=MALFORMED)
def test_a_malformed_answer_fails_a_read_and_leaves_a_write_in_doubt(act: Act) -> None:
    with venue(act) as found:
        error = outcome(found.host, writes=False, patience_ms=300)
        assert isinstance(error, Unreachable)
        assert error.code == "bad_answer"
    with venue(act) as found:
        assert isinstance(outcome(found.host, writes=True), OutcomeUnknown)
        assert len(found.seen) == 1


@pytest.mark.parametrize("act", BROKEN.values(), ids=BROKEN)
def test_a_broken_connection_fails_a_read_and_leaves_a_write_in_doubt(act: Act) -> None:
    with venue(act) as found:
        assert isinstance(outcome(found.host, writes=False, patience_ms=300), Unreachable)
    with venue(act) as found:
        assert isinstance(outcome(found.host, writes=True), OutcomeUnknown)
        assert len(found.seen) == 1


@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
@pytest.mark.parametrize("act", SLOW.values(), ids=SLOW)
def test_a_call_ends_at_its_deadline_whatever_drips(act: Act, *, writes: bool) -> None:
    with venue(act) as found:
        started = time.monotonic()
        error = outcome(found.host, writes=writes, patience_ms=400)
        assert time.monotonic() - started < 0.9
        assert isinstance(error, OutcomeUnknown if writes else Unreachable)


@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
def test_where_nobody_listens_nothing_has_left(*, writes: bool) -> None:
    error = outcome(refuse_all(), writes=writes, patience_ms=600)
    assert isinstance(error, Unreachable)
    assert error.code == "venue_away"


def test_a_name_that_does_not_exist_means_nothing_has_left() -> None:
    assert isinstance(outcome(Host("http", "nowhere.invalid", 80), writes=True), Unreachable)


def test_a_name_nobody_looks_up_in_time_means_nothing_has_left() -> None:
    """The look-up of a real resolver cannot be interrupted; this one hangs until the process ends."""
    program = (
        "import socket, sys, threading\n"
        "from rickctl.adapters.transport import Allowance, Connection, Deadline, Host, Limits, Request, WireFailure\n"
        "real = socket.getaddrinfo\n"
        "def hang(*words, flags=0, **more):\n"
        "    return real(*words, flags=flags, **more) if flags else threading.Event().wait()\n"
        "socket.getaddrinfo = hang\n"
        "connection = Connection(Host('https', 'slow.example', 443), Limits(*[Allowance(None, 9)] * 3))\n"
        "try:\n"
        "    connection.exchange(Request('GET', '/', {}), Deadline(300_000_000))\n"
        "except WireFailure as failure:\n"
        "    sys.exit(f'{failure.why} {failure.has_left}')\n"
    )
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
    )
    assert done.stderr.strip() == "timeout False"
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("status", [200, 201])
def test_a_write_is_taken_by_its_body_whichever_way_it_was_accepted(status: int) -> None:
    with venue(answer(CREATED, status)) as found:
        assert client(found.host).send("POST", ORDERS, BODY) == CREATED


@pytest.mark.parametrize("status", [400, 404, 201])
def test_a_refusal_that_can_be_read_is_a_no_with_the_venues_own_word(status: int) -> None:
    with venue(answer({**REFUSED, "errorMessage": "Insufficient margin"}, status)) as found:
        error = outcome(found.host, writes=True)
    assert isinstance(error, OrderRejected)
    assert (error.venue_code, error.request_id) == ("INSUFFICIENT_MARGIN", "4711")
    assert "Insufficient margin" in error.message


@pytest.mark.parametrize("status", [400, 405, 429])
def test_a_refusal_without_a_code_is_a_no_as_well(status: int) -> None:
    with venue(answer({"errorMessage": "no"}, status)) as found:
        assert isinstance(outcome(found.host, writes=True), OrderRejected)


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503, 302])
def test_a_status_whose_body_refuses_nothing_leaves_a_write_in_doubt(status: int) -> None:
    with venue(answer(CREATED, status, "Location: http://127.0.0.1:1/")) as found:
        assert isinstance(outcome(found.host, writes=True), OutcomeUnknown)
        assert len(found.seen) == 1


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_that_failed_is_not_believed_when_it_refuses(status: int) -> None:
    with venue(answer(REFUSED, status)) as found:
        assert isinstance(outcome(found.host, writes=True), OutcomeUnknown)
        assert len(found.seen) == 1


@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
@pytest.mark.parametrize("status", [401, 403])
def test_a_token_the_venue_does_not_know_is_a_matter_of_set_up(status: int, *, writes: bool) -> None:
    with venue(answer({"errorMessage": "Insufficient authorization to perform request."}, status)) as found:
        error = outcome(found.host, writes=writes)
        assert len(found.seen) == 1
    assert isinstance(error, SetupError)
    assert (error.code, error.hint) == ("bad_token", "rickctl login oanda --mode practice")


def test_an_account_the_token_does_not_open_is_named_as_such() -> None:
    with venue(answer({"errorMessage": "Invalid value specified for 'accountID'"}, 400)) as found:
        error = outcome(found.host, writes=False)
    assert isinstance(error, SetupError)
    assert error.code == "account_refused"


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_is_not_followed(status: int) -> None:
    with venue(answer({}, 200)) as other, venue(answer({}, status, f"Location: {other.host}/")) as found:
        assert isinstance(outcome(found.host, writes=False), Unreachable)
        assert isinstance(outcome(found.host, writes=True), OutcomeUnknown)
        assert other.connections == 0


@pytest.mark.parametrize("first", [drop, raw(HTML), answer({}, 503), answer({}, 429), raw(MALFORMED["half an object"])])
def test_a_read_is_tried_again(first: Act) -> None:
    with venue(first, answer({"a": 1})) as found:
        assert client(found.host).get("/accounts") == {"a": 1}
        assert len(found.seen) == 2


def test_a_read_whose_connection_died_silently_is_tried_on_another() -> None:
    with venue(silence, answer({"a": 1})) as found:
        assert client(found.host, patience_ms=1500).get("/accounts") == {"a": 1}
        assert found.connections == 2


def test_a_read_ends_after_three_attempts() -> None:
    with venue(answer({}, 500)) as found:
        error = outcome(found.host, writes=False, patience_ms=5000)
        assert len(found.seen) == 3
    assert isinstance(error, Unreachable)
    assert error.code == "venue_failed"


def test_a_wait_the_venue_asks_for_is_kept() -> None:
    with venue(answer({}, 429, "Retry-After: 1"), answer({"a": 1})) as found:
        started = time.monotonic()
        assert client(found.host, patience_ms=3000).get("/accounts") == {"a": 1}
        assert time.monotonic() - started >= 1


def test_a_wait_longer_than_the_deadline_fails_at_once_and_names_it() -> None:
    with venue(answer({}, 429, "Retry-After: 30")) as found:
        error = outcome(found.host, writes=False)
        assert len(found.seen) == 1
    assert isinstance(error, Unreachable)
    assert (error.code, "30 s" in error.message) == ("rate_limited", True)


def test_numbers_are_exact() -> None:
    with venue(raw(page(200, b'{"a": 1.123456789012345678, "b": "0.1"}'))) as found:
        assert client(found.host).get("/accounts") == {"a": Decimal("1.123456789012345678"), "b": "0.1"}


def test_a_chunked_answer_is_put_together_however_it_is_cut() -> None:
    with venue(drip(chunks(b'{"a"', b': "', b'1"}'), 0.001)) as found:
        assert client(found.host).get("/accounts") == {"a": "1"}


def test_calls_share_a_connection_and_a_stale_one_is_replaced_before_a_write_is_sent() -> None:
    with venue(answer({"a": 1}), raw(page(200, b'{"a": 2}')), answer(CREATED, 201)) as found:
        calls = client(found.host)
        assert [calls.get("/accounts")["a"] for _ in range(2)] == [1, 2]
        assert found.connections == 1
        time.sleep(0.05)
        assert calls.send("POST", ORDERS, BODY) == CREATED
        assert found.connections == 2
        assert [seen.method for seen in found.seen] == ["GET", "GET", "POST"]


def test_each_thread_has_a_connection_of_its_own() -> None:
    with venue(answer({"a": 1})) as found:
        calls = client(found.host, patience_ms=5000)
        together = Barrier(2)

        def ask() -> None:
            calls.get("/accounts")
            together.wait(5)

        threads = [Thread(target=ask) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (found.connections, len(found.seen)) == (2, 2)


def test_what_is_sent_is_what_was_asked_with_the_token_and_without_the_librarys_own_headers() -> None:
    with venue(answer(CREATED, 201)) as found:
        client(found.host).send("PUT", f"{ORDERS}/%40rk-1/cancel")
        [seen] = found.seen
    assert (seen.method, seen.target, seen.body) == ("PUT", f"/v3{ORDERS}/%40rk-1/cancel", b"")
    assert seen.headers["authorization"] == f"Bearer {TOKEN}"
    assert set(seen.headers) == {
        "host", "authorization", "accept", "accept-datetime-format", "user-agent", "content-length",
    }  # fmt: skip


def test_the_environment_sends_no_call_elsewhere(tmp_path: Path) -> None:
    """A `.netrc` entry would replace the token, a proxy would read it."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login thief password thief\n", encoding="utf-8")
    (tmp_path / ".netrc").chmod(0o600)
    program = (
        "import sys\nfrom tests.adapters.oanda_kit import Host, client\n"
        "calls = client(Host('http', '127.0.0.1', int(sys.argv[1])))\n"
        "calls.get('/accounts'); calls.send('POST', '/accounts/1/orders', {'order': {}})\n"
    )
    with venue(answer(CREATED)) as proxy, venue(answer(CREATED)) as found:
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(tmp_path),
            "HTTP_PROXY": str(proxy.host),
            "ALL_PROXY": str(proxy.host),
        }
        argv = [sys.executable, "-c", program, str(found.host.port)]
        done = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert [seen.headers["authorization"] for seen in found.seen] == [f"Bearer {TOKEN}"] * 2
        assert proxy.connections == 0


@pytest.mark.parametrize("token", ["", "two words", "a\r\nX-Evil: 1", "tökén"])
def test_a_token_that_would_break_out_of_its_header_is_refused_unsent(token: str) -> None:
    with venue(answer({})) as found:
        calls = client(found.host, token=token)
        with pytest.raises(SetupError) as caught:
            calls.get("/accounts")
        assert caught.value.code == "bad_token"
        assert found.connections == 0


@pytest.mark.parametrize("target", ["/a b", "/a\r\nX: y", "/ä"])
def test_a_target_that_would_break_out_of_its_line_is_not_sent(target: str) -> None:
    with pytest.raises(ValueError, match="cannot be sent"):
        Request("GET", target, {}).wire(Host("http", "127.0.0.1", 80))


@pytest.mark.parametrize("act", [answer({}, 500), answer({"errorMessage": "x"}, 401), drop, raw(HTML), silence])
@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
def test_no_failure_shows_the_token(act: Act, capfd: pytest.CaptureFixture[str], *, writes: bool) -> None:
    with venue(act) as found:
        error = outcome(found.host, writes=writes, patience_ms=300)
    assert error is not None
    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert TOKEN not in shown + repr(error.__dict__)
    assert TOKEN not in "".join(capfd.readouterr())


def test_a_request_shows_no_token_when_it_is_printed() -> None:
    shown = repr(Request("GET", "/v3/accounts?x=1", {"Authorization": f"Bearer {TOKEN}", "Accept": "a"}))
    assert TOKEN not in shown
    assert "?x" not in shown


def test_a_refused_write_says_nothing_on_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    with venue(answer(REFUSED, 400)) as found:
        assert isinstance(outcome(found.host, writes=True), OrderRejected)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("now_offset_ns", "skew_ns"),
    [(0, 0), (999_999_999, 0), (5_000_000_000, -4_000_000_000), (-5_000_000_000, 5_000_000_000)],
)
def test_the_venues_clock_is_measured_by_what_its_date_proves(now_offset_ns: int, skew_ns: int) -> None:
    with venue(answer({})) as found:
        reply = client(found.host, clock=FakeClock(NOW_NS + now_offset_ns)).read("/accounts")
    assert reply.skew_ns == skew_ns


@pytest.mark.parametrize("date", ["", "yesterday", "Sat, 21 Foo 2026 10:00:00 GMT", "Sat, 99 Nov 2026 10:00:00 GMT"])
def test_a_date_that_is_none_measures_nothing(date: str) -> None:
    with venue(answer({}, date=date)) as found:
        assert client(found.host).read("/accounts").skew_ns is None


def test_a_deadline_that_has_passed_leaves_no_seconds() -> None:
    with pytest.raises(TimeoutError):
        Deadline(-1).left_s()
