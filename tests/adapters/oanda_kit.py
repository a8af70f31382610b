"""A venue of one page: a server on a real loopback socket that answers each request as a test wrote it down."""

from __future__ import annotations

import json
import socket
import struct
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from rickctl.adapters.oanda.client import OandaClient, Patience
from rickctl.adapters.oanda.hosts import Hosts
from rickctl.adapters.transport import Host
from rickctl.domain.credentials import Secret
from rickctl.domain.scope import Mode
from tests.fakes import FakeClock

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Act = Callable[[socket.socket], bool | None]
    """What a server does once a request is read; True keeps the connection."""

ACCOUNT = "101-001-1234567-001"
TOKEN = "canary-0123456789abcdef-fedcba9876543210"  # noqa: S105 - a canary
NOW_NS = 1_795_255_200_000_000_000
"""2026-11-21T10:00:00Z."""
DATE = "Sat, 21 Nov 2026 10:00:00 GMT"
MILLISECOND_NS = 1_000_000


class Seen(NamedTuple):
    """A request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Venue:
    """Answers by the next act; when there are none left, by the last one again."""

    def __init__(self, acts: list[Act], context: ssl.SSLContext | None = None, address: str = "127.0.0.1") -> None:
        self.acts = acts
        self.seen: list[Seen] = []
        self.connections = 0
        self.has_seen = threading.Event()
        self._context = context
        self._listener = socket.create_server((address, 0))
        self._open: list[socket.socket] = []
        self._is_closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def host(self) -> Host:
        return Host("http" if self._context is None else "https", *self._listener.getsockname()[:2])

    def close(self) -> None:
        self._is_closed = True
        for held in [self._listener, *self._open]:
            with suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)
            held.close()

    def _accept(self) -> None:
        while not self._is_closed:
            try:
                found, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(found)
            self.connections += 1
            threading.Thread(target=self._serve, args=(found,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with suppress(OSError), self._secured(plain) as found:
            self._open.append(found)
            while (request := _read_request(found)) is not None:
                self.seen.append(request)
                self.has_seen.set()
                act = self.acts.pop(0) if len(self.acts) > 1 else self.acts[0]
                if not act(found):
                    break

    def _secured(self, plain: socket.socket) -> socket.socket:
        return plain if self._context is None else self._context.wrap_socket(plain, server_side=True)


def _read_request(found: socket.socket) -> Seen | None:
    data = b""
    while b"\r\n\r\n" not in data:
        more = found.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += found.recv(65536)
    return Seen(method, target, headers, body)


# acts


def raw(data: bytes, *, keep: bool = False) -> Act:
    """Send exactly these bytes."""

    def act(found: socket.socket) -> bool:
        found.sendall(data)
        return keep

    return act


def page(status: int, body: bytes, *headers: str, date: str = DATE) -> bytes:
    """A whole answer."""
    lines = [f"HTTP/1.1 {status} X", f"Date: {date}", f"Content-Length: {len(body)}", "RequestID: 4711", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def answer(body: object, status: int = 200, *headers: str, date: str = DATE) -> Act:
    """Answer with JSON and keep the connection."""
    return raw(page(status, json.dumps(body).encode(), *headers, date=date), keep=True)


def drop(found: socket.socket) -> bool:  # noqa: ARG001
    """End the connection without a word."""
    return False


def reset(found: socket.socket) -> bool:
    """Break the connection."""
    found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def silence(found: socket.socket) -> bool:
    """Read, and never answer."""
    found.settimeout(30)
    found.recv(1)
    return False


def drip(data: bytes, pause_s: float = 0.02) -> Act:
    """Send a byte at a time, until nobody listens."""

    def act(found: socket.socket) -> bool:
        for byte in data:
            found.sendall(bytes([byte]))
            threading.Event().wait(pause_s)
        return False

    return act


def chunks(*parts: bytes, end: bool = True) -> bytes:
    """A chunked answer; without `end` it goes on."""
    framed = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    head = f"HTTP/1.1 200 OK\r\nDate: {DATE}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    return head + framed + (b"0\r\n\r\n" if end else b"")


# clients

_CLIENTS: list[OandaClient] = []
"""Those made while a venue is there; they are closed with it."""


@contextmanager
def venue(*acts: Act, context: ssl.SSLContext | None = None, address: str = "127.0.0.1") -> Iterator[Venue]:
    """A venue that is there for a moment."""
    found = Venue(list(acts), context, address)
    try:
        yield found
    finally:
        found.close()
        while _CLIENTS:
            _CLIENTS.pop().close()


def hosts(host: Host, mode: Mode = Mode.PRACTICE, ca_file: str | None = None) -> Hosts:
    source = "oanda-sandbox" if mode is Mode.PRACTICE else f"oanda-{mode.value}"
    return Hosts(mode, host, host, source, ca_file)


def client(
    host: Host,
    *,
    patience_ms: int = 2000,
    folder: Path | None = None,
    clock: FakeClock | None = None,
    mode: Mode = Mode.PRACTICE,
    ca_file: str | None = None,
    token: str = TOKEN,
) -> OandaClient:
    patience_ns = patience_ms * MILLISECOND_NS
    found = OandaClient(
        hosts(host, mode, ca_file),
        token=lambda: Secret(token),
        clock=clock or FakeClock(NOW_NS),
        folder=folder,
        patience=Patience(patience_ns, patience_ns),
    )
    _CLIENTS.append(found)
    return found
