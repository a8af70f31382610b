"""Any mixture of faults at once, and whatever a client does about it: the server goes on, the log tells of it."""

from __future__ import annotations

from contextlib import suppress
from io import StringIO
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from rickctl.domain.instants import SECOND_NS
from rickctl.sandbox.faultfile import Fault
from rickctl.sandbox.http import Request
from rickctl.sandbox.running import LineLog
from rickctl.sandbox.turn import Heard
from tests.fakes import FakeClock
from tests.sandbox.kit import Gone, running, wait_until

if TYPE_CHECKING:
    from rickctl.domain.records import JSON

POOL: list[dict[str, JSON]] = [
    {"kind": "delay", "for": "10ms"},
    {"kind": "stall", "for": "20ms", "when": "after"},
    {"kind": "drop", "when": "after", "how": "rst"},
    {"kind": "late", "for": "10ms", "how": "stall"},
    {"kind": "refuse", "retry_after": 1},
    {"kind": "html", "when": "after"},
    {"kind": "redirect", "location": "/elsewhere"},
    {"kind": "skew", "by": "-5m"},
    {"kind": "status", "status": 204},
    {"kind": "truncate", "framing": "chunked", "keep": 0},
    {"kind": "trickle", "every": "0s"},
    {"kind": "endless", "every": "1ms"},
    {"kind": "nan", "fields": ["n", "bid"], "bare": True},
    {"kind": "lose", "match": "3"},
    {"kind": "repeat"},
    {"kind": "swap"},
    {"kind": "half", "after": 2, "how": "rst"},
    {"kind": "silence", "for": "10ms"},
    {"kind": "end", "after": 3},
]
CALLS = st.sampled_from(
    [("GET", "/prices"), ("HEAD", "/prices"), ("POST", "/orders"), ("GET", "/stream?lines=4"), ("GET", "/bug")]
)
MIXED = st.lists(st.sampled_from(POOL), min_size=1, max_size=5)


def test_any_mixture_is_survived() -> None:
    with running() as server:

        @settings(max_examples=60, deadline=None)
        @given(MIXED, st.lists(CALLS, min_size=1, max_size=3))
        def strike(faults: list[dict[str, JSON]], calls: list[tuple[str, str]]) -> None:
            server.on_loop(lambda: server.faults.add([dict(fault) for fault in faults]))
            for method, path in calls:
                with server.connect() as talk:
                    talk.socket.settimeout(0.1)
                    with suppress(Gone, TimeoutError):
                        talk.ask(method, path, b"{}" if method == "POST" else b"")
            server.on_loop(server.faults.clear)
            assert server.get("/prices").status == 200

        strike()
        wait_until(lambda: server.server.open_connections == 0)
        assert server.wire.streams == 0
        assert {str(error) for error in server.log.failures} <= {"planted"}
        assert server.clock.skew_ns == 0


# the log


def heard(path: str = "/v3/accounts", status: int | None = 200, faults: list[Fault] | None = None) -> Heard:
    request = Request("GET", path, {"instruments": ["EUR_USD,USD_JPY"], "x": ["a b", "\u202e"]}, {}, b"", 0, 1)
    return Heard(request, status, 1_230_000, faults or [])


def test_a_request_is_one_line_a_person_can_read() -> None:
    out = StringIO()
    log = LineLog(out, FakeClock(1_050 * SECOND_NS + 7_123_456), is_quiet=False)
    log.heard(heard())
    log.heard(heard(status=None, faults=[Fault(number=3, kind="drop", written={})]))
    path = "/v3/accounts?instruments=EUR_USD,USD_JPY&x=a+b&x=%E2%80%AE"
    assert out.getvalue().splitlines() == [
        f"00:17:30.007  GET    {path}  200  1.2 ms",
        f"00:17:30.007  GET    {path}  –  1.2 ms  [drop 3]",
    ]


def test_a_quiet_log_tells_of_bugs_only_and_of_the_same_one_once() -> None:
    out = StringIO()
    log = LineLog(out, FakeClock(SECOND_NS), is_quiet=True)
    log.heard(heard())
    assert out.getvalue() == ""
    for _ in range(3):
        log.failed(None, RuntimeError("planted"))
    log.failed(heard().request, RuntimeError("planted"))
    assert [line for line in out.getvalue().splitlines() if "planted" not in line] == [
        "00:00:01.000  tick: a bug of the sandbox",
        "00:00:01.000  GET /v3/accounts?instruments=EUR_USD,USD_JPY&x=a+b&x=%E2%80%AE: a bug of the sandbox",
    ]


def test_a_log_nobody_reads_any_more_stops_nothing() -> None:
    out = StringIO()
    out.close()
    LineLog(out, FakeClock(0), is_quiet=False).heard(heard())


def test_a_long_path_is_cut() -> None:
    out = StringIO()
    LineLog(out, FakeClock(0), is_quiet=False).heard(heard("/" + "a" * 5000))
    assert len(out.getvalue()) < 260
