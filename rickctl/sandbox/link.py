"""The sending half of one connection: whole answers in one write, chunks, and every way to end it; knows no fault."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING

from rickctl.domain.instants import SECOND_NS

if TYPE_CHECKING:
    from rickctl.sandbox.http import Headers, Reply
    from rickctl.sandbox.reading import Limits

_RESET = struct.pack("ii", 1, 0)
_LINGER_S = 1
_READ = 64 * 1024


def head_bytes(status: int, headers: Headers) -> bytes:
    """Status line and headers, the empty line included."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def chunk(part: bytes) -> bytes:
    """One chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(part), part)


LAST_CHUNK = b"0\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Link:
    """One connection to write to; every wait has its end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limits: Limits) -> None:
        self._reader = reader
        self._writer = writer
        self._limits = limits
        self._socket: socket.socket = writer.get_extra_info("socket")
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def is_gone(self) -> bool:
        """Whether the other side has left."""
        return self._writer.is_closing() or self._reader.at_eof()

    def invite(self) -> None:
        """Tell a client that waits for it to send its body."""
        self._writer.write(CONTINUE)

    async def send(self, data: bytes) -> None:
        """Write, and wait until a slow reader has room again. Raises TimeoutError, ConnectionError."""
        self._writer.write(data)
        async with asyncio.timeout(self._limits.write_s):
            await self._writer.drain()

    async def answer(self, reply: Reply, stated_ns: int, *, is_head: bool, goes_on: bool) -> None:
        """Send a whole answer, headers and body in one write."""
        body = b"" if is_head or not has_body(reply.status) else reply.body
        await self.send(head_bytes(reply.status, reply_headers(reply, stated_ns, goes_on=goes_on)) + body)

    async def leave(self) -> None:
        """Close when everything is sent, reading for a moment what the client still sends: it may want the answer."""
        with suppress(OSError, TimeoutError):
            if self._writer.can_write_eof():
                self._writer.write_eof()
                async with asyncio.timeout(_LINGER_S):
                    while await self._reader.read(_READ):
                        pass
        await self.close()

    async def close(self) -> None:
        """Close in order: what was written is sent first."""
        self._writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_LINGER_S):
                await self._writer.wait_closed()

    async def cut(self, how: str) -> None:
        """End it without an answer: `fin` as a process that ends, `rst` as a machine that resets."""
        if how == "rst":
            with suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self._writer.transport.abort()
        await self.close()

    async def wait_gone(self, length_s: float | None) -> None:
        """Say nothing until the client leaves or the time is over; what it sends is lost."""
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(length_s):
                while await self._reader.read(_READ):
                    pass


def has_body(status: int) -> bool:
    """Whether an answer of that status may carry a body."""
    return status >= HTTPStatus.OK and status not in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}


def reply_headers(reply: Reply, stated_ns: int, *, goes_on: bool) -> Headers:
    """The wire's headers with date, length and what becomes of the connection."""
    length = (("Content-Length", str(len(reply.body))),) if has_body(reply.status) else ()
    return (*reply.headers, *length, *common_headers(stated_ns, goes_on=goes_on))


def common_headers(stated_ns: int, *, goes_on: bool) -> Headers:
    """What every answer says."""
    date = formatdate(stated_ns // SECOND_NS, usegmt=True)
    return (("Date", date), ("Connection", "keep-alive" if goes_on else "close"))
