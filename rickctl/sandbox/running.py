"""Runs the servers of one sandbox until a signal ends them; tells a log, knows no venue."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, TextIO
from urllib.parse import urlencode

from rickctl.domain.instants import MILLISECOND_NS, SECOND_NS, rfc3339

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

    from rickctl.domain.ports import Clock
    from rickctl.sandbox.faultfile import Fault
    from rickctl.sandbox.http import Request
    from rickctl.sandbox.server import Server
    from rickctl.sandbox.turn import Heard

TICK_S = 0.1
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LONGEST_PATH = 200


class Listening(NamedTuple):
    """A server and the port it shall listen on, 0 for a free one."""

    server: Server
    port: int
    tls: ssl.SSLContext | None = None


def run(listening: Sequence[Listening], ready: Callable[[], None]) -> signal.Signals:
    """Serve until a signal, `ready` called once every port is open; the signal. Raises SetupError (`port_in_use`)."""
    return asyncio.run(_run(listening, ready))


async def _run(listening: Sequence[Listening], ready: Callable[[], None]) -> signal.Signals:
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[signal.Signals] = loop.create_future()
    for number in _SIGNALS:
        loop.add_signal_handler(number, _end, ended, number)
    servers = [one.server for one in listening]
    ticking = loop.create_task(_tick(servers))
    try:
        for one in listening:
            await one.server.start(one.port, one.tls)
        ready()
        return await ended
    finally:
        ticking.cancel()
        for server in servers:
            await server.stop()


def _end(ended: asyncio.Future[signal.Signals], number: signal.Signals) -> None:
    if not ended.done():
        ended.set_result(number)


async def _tick(servers: Sequence[Server]) -> None:
    """Bring every exchange to now, several times a second."""
    while True:
        for server in servers:
            server.tick()
        await asyncio.sleep(TICK_S)


class LineLog:
    """One line a request for a person to follow: when, what, status, how long, which faults struck."""

    def __init__(self, out: TextIO, clock: Clock, *, is_quiet: bool) -> None:
        self._out = out
        self._clock = clock
        self._is_quiet = is_quiet
        self._told = ""

    def heard(self, heard: Heard) -> None:
        """One request was answered, or not."""
        if self._is_quiet:
            return
        status = "–" if heard.status is None else str(heard.status)
        tenths = heard.took_ns * 10 // MILLISECOND_NS
        faults = "".join(f"  {_fault_text(fault)}" for fault in heard.faults)
        self._write(
            f"{heard.request.method:6} {_path(heard.request)}  {status}  {tenths // 10}.{tenths % 10} ms{faults}"
        )

    def failed(self, request: Request | None, error: Exception) -> None:
        """A wire raised: told with its place, also when quiet, for it is a bug."""
        import traceback  # noqa: PLC0415 - only a bug needs it

        text = "".join(traceback.format_exception(error)).rstrip()
        if request is None and text == self._told:
            return  # ten times a second the same
        self._told = text
        what = "tick" if request is None else f"{request.method} {_path(request)}"
        self._write(f"{what}: a bug of the sandbox")
        self._write(text, is_stamped=False)

    def _write(self, text: str, *, is_stamped: bool = True) -> None:
        now_ns = self._clock.now_ns()
        stamp = f"{rfc3339(now_ns)[11:19]}.{now_ns % SECOND_NS // MILLISECOND_NS:03}"
        with suppress(OSError, ValueError):  # a log nobody reads any more stops no exchange
            self._out.write(f"{stamp}  {text}\n" if is_stamped else f"{text}\n")
            self._out.flush()


def _fault_text(fault: Fault) -> str:
    return f"[{fault.kind} {fault.number}]"


def _path(request: Request) -> str:
    query = urlencode(request.query, doseq=True, safe=",:")
    text = f"{request.path}?{query}" if query else request.path
    return text if len(text) <= _LONGEST_PATH else f"{text[:_LONGEST_PATH]}…"
