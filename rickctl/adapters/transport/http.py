"""One HTTP/1.1 request and its answer over a connection kept open; sends once, follows nothing, retries nothing."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, NamedTuple

from rickctl.adapters.transport.dial import Why, WireFailure, open_socket, unsent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rickctl.adapters.transport.dial import Deadline, Host
    from rickctl.adapters.transport.rates import Limits

MOST_BODY = 5 * 1024 * 1024
"""Largest answer taken into memory, in bytes."""

_MOST_HEAD = 64 * 1024
_LONGEST_SIZE_LINE = 256
_READ = 256 * 1024
_END = b"\r\n"
_FIRST_FINAL = 200
_NO_BODY = frozenset({204, 304})

_IDLE_NS = 10_000_000_000
"""A connection unused for longer is not trusted with another request."""

_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"})


class Request(NamedTuple):
    """One request; its text form shows no secret and no query. `is_relief`: it takes risk away (a cancel)."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    is_relief: bool = False

    def __repr__(self) -> str:
        return f"Request({self.method} {self.target.partition('?')[0]} {redacted(self.headers)})"

    def wire(self, host: Host) -> bytes:
        """The bytes to send. Raises ValueError where the target or a header would break out of its line."""
        lines = [f"{self.method} {self.target} HTTP/1.1", f"Host: {host.authority}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.method != "GET":
            lines.append(f"Content-Length: {len(self.body)}")
        if " " in self.target or not all(line.isprintable() and line.isascii() for line in lines):
            message = f"a {self.method} request with a character that cannot be sent"
            raise ValueError(message)
        return "\r\n".join((*lines, "", "")).encode("ascii") + self.body


class Answer(NamedTuple):
    """A whole answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def redacted(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers as they may be shown: what proves identity is masked."""
    return {name: "***" if name.lower() in _SECRET_HEADERS else value for name, value in headers.items()}


class Body:
    """Takes the framing off a body, in whatever pieces it comes."""

    def __init__(self, status: int, headers: Mapping[str, str]) -> None:
        length = headers.get("content-length")
        if length is not None and not (length.isascii() and length.isdecimal()):
            message = "a length that is none"
            raise ValueError(message)
        self._is_chunked = "chunked" in headers.get("transfer-encoding", "").lower()
        self._left = None if length is None or self._is_chunked else int(length)
        if status in _NO_BODY:
            self._is_chunked, self._left = False, 0
        self._rest = b""
        self.has_ended = self._left == 0

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing if the connection ends now."""
        return self.has_ended or (self._left is None and not self._is_chunked)

    def take(self, data: bytes) -> bytes:
        """What `data` adds to the body. Raises ValueError where the framing is broken."""
        if self._is_chunked:
            return self._take_chunks(data)
        if self._left is None:
            return data
        found = data[: self._left]
        self._left -= len(found)
        self.has_ended = not self._left
        return found

    def _take_chunks(self, data: bytes) -> bytes:
        rest = self._rest + data if self._rest else data
        parts = rest.split(_END)
        whole = (len(parts) - 1) // 2 * 2
        sizes, found = parts[:whole:2], parts[1:whole:2]
        # Where no chunk holds a line end of the framing, this is the whole work; lines of a stream never do.
        if (
            found
            and all(found)
            and [int(size, 16) for size in sizes if size.isalnum()] == [len(part) for part in found]
        ):
            self._rest = _END.join(parts[whole:])
            return b"".join(found)
        return self._take_each(rest)

    def _take_each(self, rest: bytes) -> bytes:
        """The same for any chunks, one after the other."""
        found: list[bytes] = []
        at, length = 0, len(rest)
        while not self.has_ended:
            line = rest.find(_END, at)
            if line < 0:
                if length - at > _LONGEST_SIZE_LINE:
                    message = "a chunk without a size"
                    raise ValueError(message)
                break
            size = int(rest[at:line].partition(b";")[0], 16)
            start = line + 2
            if not 0 <= size <= MOST_BODY:
                message = "a chunk of an impossible size"
                raise ValueError(message)
            if size == 0:
                self.has_ended = True
            elif length < start + size + 2:
                break
            else:
                found.append(rest[start : start + size])
                at = start + size + 2
        self._rest = rest[at:]
        return b"".join(found)


class Opened(NamedTuple):
    """An answer whose head is read; `first` is what came of its body."""

    status: int
    headers: Mapping[str, str]
    body: Body
    first: bytes


class Connection:
    """One connection to one host, kept open between calls; for one thread."""

    def __init__(self, host: Host, limits: Limits, *, ca_file: str | None = None) -> None:
        self._host = host
        self._limits = limits
        self._ca_file = ca_file
        self._socket: socket.socket | None = None
        self._used_ns = 0

    def exchange(self, request: Request, deadline: Deadline) -> Answer:
        """Send once and read the whole answer. Raises WireFailure; ValueError for a request that cannot be sent."""
        opened = self.begin(request, deadline)
        try:
            body = self.rest(opened, deadline)
        except BaseException:
            self.close()
            raise
        if not opened.body.has_ended or opened.headers.get("connection", "").lower() == "close":
            self.close()
        self._used_ns = time.monotonic_ns()
        return Answer(opened.status, opened.headers, body)

    def begin(self, request: Request, deadline: Deadline) -> Opened:
        """Send once and read the head of the answer. Raises as `exchange`."""
        wire = request.wire(self._host)
        (self._limits.relief if request.is_relief else self._limits.requests).take(deadline)
        connected = self._connected(deadline)
        if deadline.left_ns() <= 0:
            raise unsent(Why.TIMEOUT, "no time was left to send")
        try:
            connected.settimeout(deadline.left_ns() / 1_000_000_000)
            connected.sendall(wire)
            return self._head(deadline)
        except (OSError, ValueError) as error:
            self.close()
            raise broken(error) from None
        except BaseException:
            self.close()
            raise

    def receive(self, timeout_s: float) -> bytes:
        """What comes next, empty at the end. Raises OSError; TimeoutError where nothing comes."""
        if self._socket is None:
            return b""
        self._socket.settimeout(timeout_s)
        return self._socket.recv(_READ)

    def stop(self) -> None:
        """Wake whoever reads, from any thread: they see the end."""
        held = self._socket
        if held is not None:
            try:
                # Not the method of an encrypted socket: that one says goodbye first, and races with the reader.
                socket.socket.shutdown(held, socket.SHUT_RDWR)
            except OSError:
                return

    def close(self) -> None:
        """Let go of the connection; the next request opens another."""
        held, self._socket = self._socket, None
        if held is not None:
            held.close()

    def rest(self, opened: Opened, deadline: Deadline) -> bytes:
        """The whole body of an answer that was begun. Raises WireFailure."""
        parts, length = [opened.first], len(opened.first)
        try:
            while not opened.body.has_ended and (data := self.receive(deadline.left_s())):
                parts.append(opened.body.take(data))
                length += len(parts[-1])
                if length > MOST_BODY:
                    break
        except (OSError, ValueError) as error:
            raise broken(error) from None
        if length > MOST_BODY:
            raise _left(Why.TOO_LARGE, f"the answer is longer than {MOST_BODY // 1024 // 1024} MiB")
        if not opened.body.is_whole:
            raise _left(Why.TRUNCATED, "the answer broke off")
        return b"".join(parts)

    def _head(self, deadline: Deadline) -> Opened:
        data = b""
        while True:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                if len(data) > _MOST_HEAD:
                    message = "headers without an end"
                    raise ValueError(message)
                more = self.receive(deadline.left_s())
                if not more:
                    raise _left(Why.TRUNCATED if data else Why.RESET, "the connection ended before an answer")
                data += more
                continue
            status, headers = _parse_head(data[:end])
            data = data[end + 4 :]
            if status >= _FIRST_FINAL:
                body = Body(status, headers)
                return Opened(status, headers, body, body.take(data) if data else b"")

    def _connected(self, deadline: Deadline) -> socket.socket:
        held = self._socket
        if held is not None:
            if time.monotonic_ns() - self._used_ns < _IDLE_NS and not _has_news(held):
                return held
            self.close()
        self._limits.connections.take(deadline)
        self._socket = open_socket(self._host, deadline, self._ca_file)
        return self._socket


def broken(error: OSError | ValueError) -> WireFailure:
    """The failure a socket's or the framing's error means, once a request has left."""
    if isinstance(error, TimeoutError):
        return _left(Why.TIMEOUT, "no whole answer before the deadline")
    if isinstance(error, ValueError):
        return _left(Why.GARBLED, f"the answer is not HTTP: {error}")
    return _left(Why.RESET, f"the connection broke: {error.strerror or type(error).__name__}")


def _left(why: Why, detail: str) -> WireFailure:
    return WireFailure(why, detail, has_left=True)


def _parse_head(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    status = rest[:3]
    if not version.startswith("HTTP/1.") or not (status.isascii() and status.isdecimal()):
        message = "no status line"
        raise ValueError(message)
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            message = "a broken header"
            raise ValueError(message)
        headers[name.lower()] = value.strip()
    return int(status), headers


def _has_news(held: socket.socket) -> bool:
    """Whether an idle connection has something to read: the other side ended it, or speaks out of turn."""
    import select  # noqa: PLC0415 - only a second call asks

    return bool(select.select([held], [], [], 0)[0])
