"""A sandbox server on a thread of its own over a wire that echoes, and raw sockets to talk to it."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rickctl.app.system import SystemClock
from rickctl.sandbox.clock import ExchangeClock
from rickctl.sandbox.faults import Faults
from rickctl.sandbox.http import MILLISECOND_NS, EndOfStream, Reply, Request, Streamed
from rickctl.sandbox.server import Server
from rickctl.sandbox.turn import House

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType

    from rickctl.domain.records import JSON
    from rickctl.sandbox.reading import Limits
    from rickctl.sandbox.turn import Heard

JSON_HEADERS = (("Content-Type", "application/json"),)
PRICES = b'{"bid":"1.08512","ask":"1.08520","volume":7,"ratio":0.25}'


class EchoWire:
    """A venue without a market: says back what it was sent, counts orders, streams numbered lines."""

    name = "echo"

    def __init__(self, clock: ExchangeClock) -> None:
        self.clock = clock
        self.faults: Faults | None = None
        self.orders: list[bytes] = []
        self.ticks = 0
        self.streams = 0
        self.closed = 0
        self.hints: list[Mapping[str, str]] = []

    def operation(self, request: Request) -> str:
        """The word of the path."""
        word = request.path.strip("/").replace("/", ".")
        return "order.create" if request.method == "POST" else word

    def answer(self, request: Request) -> Reply | Streamed:
        """By the path: prices, a stream, a bug, the time, or an echo."""
        if request.path == "/prices":
            return Reply(200, PRICES, JSON_HEADERS)
        if request.path == "/time":
            return Reply(200, str(self.clock.stated_ns()).encode())
        if request.path == "/bug":
            message = "planted"
            raise RuntimeError(message)
        if request.path.startswith("/stream"):
            return self._stream(request)
        if request.method == "POST":
            if self.faults is not None:
                self.hints.append(self.faults.hints("order.create"))
            self.orders.append(request.body)
            return Reply(201, b'{"order":"%d"}' % len(self.orders), JSON_HEADERS)
        seen = {"method": request.method, "segments": request.segments, "query": request.query}
        return Reply(200, json.dumps({**seen, "headers": request.headers}).encode(), JSON_HEADERS)

    def _stream(self, request: Request) -> Streamed:
        numbers = iter(range(1, int(request.first("lines") or 1000) + 1))
        self.streams += 1

        def poll(now_ns: int) -> list[bytes]:
            del now_ns
            number = next(numbers, None)
            if number is None:
                raise EndOfStream
            return [b'{"n":%d,"bid":"1.08512"}\n' % number]

        def closed() -> None:
            self.streams -= 1

        return Streamed(200, (("Content-Type", "application/octet-stream"),), poll, 5 * MILLISECOND_NS, closed)

    def tick(self, now_ns: int) -> None:
        """Count."""
        del now_ns
        self.ticks += 1

    def invitation(self, url: str) -> Sequence[str]:
        """One line."""
        return [f"curl {url}/prices"]

    def describe(self) -> Mapping[str, JSON]:
        """How many orders there are."""
        return {"orders": len(self.orders)}

    def close(self) -> None:
        """Count."""
        self.closed += 1


@dataclass
class ListLog:
    """What a server told."""

    turns: list[Heard] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    def heard(self, heard: Heard) -> None:
        """Keep it."""
        self.turns.append(heard)

    def failed(self, request: Request | None, error: Exception) -> None:
        """Keep it."""
        del request
        self.failures.append(error)


@dataclass
class Running:
    """A server that runs, and everything behind it."""

    port: int
    wire: EchoWire
    clock: ExchangeClock
    faults: Faults
    log: ListLog
    server: Server
    loop: asyncio.AbstractEventLoop

    def connect(self) -> Talk:
        """A connection to it."""
        return Talk(socket.create_connection(("127.0.0.1", self.port), timeout=10))

    def get(self, path: str) -> Answer:
        """One request on a connection of its own."""
        with self.connect() as talk:
            return talk.ask("GET", path)

    def on_loop(self, act: Callable[[], object]) -> None:
        """Do something on the server's thread and wait for it."""
        done = threading.Event()

        def run() -> None:
            act()
            done.set()

        self.loop.call_soon_threadsafe(run)
        assert done.wait(10)


@dataclass
class Answer:
    """One HTTP answer as it was read."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, JSON]:
        """The body as an object."""
        found: dict[str, JSON] = json.loads(self.body)
        return found


class Gone(Exception):
    """The server ended the connection before a whole answer."""

    def __init__(self, read: bytes, *, was_reset: bool = False) -> None:
        super().__init__(read)
        self.read = read
        self.was_reset = was_reset


class Talk:
    """One connection, spoken to in bytes."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.buffer = b""

    def __enter__(self) -> Talk:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def ask(self, method: str, path: str, body: bytes = b"") -> Answer:
        """Send one ordinary request and read its answer."""
        self.socket.sendall(request_bytes(method, path, body))
        return self.answer(is_head=method == "HEAD")

    def say(self, raw: bytes) -> Answer:
        """Send bytes as they are and read an answer."""
        self.socket.sendall(raw)
        return self.answer()

    def answer(self, *, is_head: bool = False) -> Answer:
        """Read one whole answer. Raises Gone."""
        status, headers = self.head()
        if is_head or status in {204, 304}:
            return Answer(status, headers, b"")
        if headers.get("transfer-encoding") == "chunked":
            return Answer(status, headers, b"".join(iter(self.chunk, b"")))
        if "content-length" not in headers:
            return Answer(status, headers, self.rest())
        return Answer(status, headers, self.take(int(headers["content-length"])))

    def head(self) -> tuple[int, dict[str, str]]:
        """Status and headers; an interim 100 is kept as a header of its own."""
        line, *lines = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        status = int(line.split(" ")[1])
        if status == 100:
            status, headers = self.head()
            return status, {**headers, "was-invited": "yes"}
        headers = {name.lower(): value.strip() for name, _, value in (row.partition(":") for row in lines if row)}
        return status, headers

    def chunk(self) -> bytes:
        """One chunk; empty for the last."""
        length = int(self.until(b"\r\n").strip(), 16)
        part = self.take(length)
        assert self.take(2) == b"\r\n"
        return part

    def until(self, mark: bytes) -> bytes:
        """Bytes up to and with a mark. Raises Gone."""
        while mark not in self.buffer:
            self._more()
        found, _, self.buffer = self.buffer.partition(mark)
        return found + mark

    def take(self, length: int) -> bytes:
        """So many bytes. Raises Gone."""
        while len(self.buffer) < length:
            self._more()
        found, self.buffer = self.buffer[:length], self.buffer[length:]
        return found

    def rest(self) -> bytes:
        """Everything up to the end of the connection. Raises Gone where it was reset."""
        while True:
            try:
                self._more()
            except Gone as gone:
                if gone.was_reset:
                    raise
                found, self.buffer = self.buffer, b""
                return found

    def _more(self) -> None:
        try:
            part = self.socket.recv(65_536)
        except ConnectionResetError:
            raise Gone(self.buffer, was_reset=True) from None
        if not part:
            raise Gone(self.buffer)
        self.buffer += part


def wait_until(holds: Callable[[], bool], seconds: int = 5, pause_s: float = 0.005) -> None:
    """Wait for what another thread is about to make true. Raises AssertionError when it does not."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(pause_s)


def request_bytes(method: str, path: str, body: bytes = b"", *headers: str) -> bytes:
    """An ordinary request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


@contextmanager
def running(
    *,
    limits: Limits | None = None,
    tls: ssl.SSLContext | None = None,
    faults: Sequence[Mapping[str, JSON]] = (),
    seed: int = 0,
    control: Callable[[Running], Callable[[Request], Reply]] | None = None,
) -> Iterator[Running]:
    """A server with these faults, stopped at the end of the block."""
    clock = ExchangeClock(SystemClock())
    wire, log = EchoWire(clock), ListLog()
    book = Faults(clock, seed=seed)
    book.add([dict(fault) for fault in faults])
    wire.faults = book
    loop = asyncio.new_event_loop()
    server = Server(House(wire, clock, book, log), limits=limits)
    run = Running(0, wire, clock, book, log, server, loop)
    if control is not None:
        server.control = control(run)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    run.port = asyncio.run_coroutine_threadsafe(server.start(0, tls), loop).result(10)
    try:
        yield run
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
