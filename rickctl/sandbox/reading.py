"""Reads HTTP/1.1 requests from a connection, strictly and within limits; answers nothing and knows no venue."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Callable

_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VERSION = re.compile(rb"HTTP/([0-9])\.([0-9])")
_TARGET = re.compile(rb"[\x21-\x7e]+")
_HEX = re.compile(rb"[0-9A-Fa-f]{1,8}")
_DIGITS = re.compile(r"[0-9]{1,15}")
_CHUNK_LINE = 256
_NOT_IN_VALUES = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


class Limits(NamedTuple):
    """What one connection may ask for: sizes in bytes, waits in seconds."""

    head: int = 32 * 1024
    headers: int = 100
    body: int = 1024 * 1024
    head_s: float = 10
    body_s: float = 20
    idle_s: float = 75
    write_s: float = 30
    connections: int = 512


class BadRequest(Exception):
    """A request that cannot be answered as it stands; the connection ends with it."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Head(NamedTuple):
    """The first part of a request; header names in lower case."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    minor: int

    @property
    def keeps_alive(self) -> bool:
        """Whether another request may follow on the connection."""
        words = {word.strip() for word in self.headers.get("connection", "").lower().split(",")}
        return "keep-alive" in words if self.minor == 0 else "close" not in words


async def read_head(reader: asyncio.StreamReader, limits: Limits) -> Head | None:
    """The next request's head; None where the client has left. Raises BadRequest, TimeoutError."""
    async with asyncio.timeout(limits.idle_s):
        first = await reader.read(1)
        while first in {b"\r", b"\n"}:  # empty lines before a request are to be overlooked
            first = await reader.read(1)
    if not first:
        return None
    try:
        async with asyncio.timeout(limits.head_s):
            rest = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    except asyncio.LimitOverrunError:
        raise BadRequest(431, "the head of the request is too long") from None
    except TimeoutError:
        raise BadRequest(408, "the head of the request did not arrive in time") from None
    return parse_head(first + rest[:-4], limits)


def parse_head(text: bytes, limits: Limits) -> Head:
    """The request line and the headers. Raises BadRequest."""
    line, *lines = text.split(b"\r\n")
    parts = line.split(b" ")
    if len(parts) != 3:  # noqa: PLR2004 - method, target, version
        raise BadRequest(400, "the request line is not method, target and version")
    method, target, version = parts
    if not _TOKEN.fullmatch(method) or not _TARGET.fullmatch(target):
        raise BadRequest(400, "the request line is malformed")
    minor = _minor(version)
    headers = _headers(lines, limits)
    if minor and "host" not in headers:
        raise BadRequest(400, "the Host header is missing")
    path, query = _split(target.decode("ascii"))
    return Head(method.decode("ascii"), path, query, headers, minor)


def _minor(version: bytes) -> int:
    found = _VERSION.fullmatch(version)
    if found is None:
        raise BadRequest(400, "the HTTP version is malformed")
    if found[1] != b"1":
        raise BadRequest(505, "only HTTP/1.0 and HTTP/1.1 are spoken here")
    return min(int(found[2]), 1)


def _split(target: str) -> tuple[str, dict[str, list[str]]]:
    """Path and decoded query of a target, which may be a whole URL."""
    if not target.startswith("/"):
        scheme, mark, rest = target.partition("://")
        if not mark or scheme.lower() not in {"http", "https"}:
            raise BadRequest(400, "the target is not a path")
        target = "/" + rest.partition("/")[2]
    path, _, query = target.partition("#")[0].partition("?")
    try:
        return path, parse_qs(query, keep_blank_values=True, max_num_fields=1000)
    except ValueError:
        raise BadRequest(400, "the query has too many fields") from None


def _headers(lines: list[bytes], limits: Limits) -> dict[str, str]:
    if len(lines) > limits.headers:
        raise BadRequest(431, "there are too many headers")
    found: dict[str, str] = {}
    for line in lines:
        name, mark, value = line.partition(b":")
        if not mark or not _TOKEN.fullmatch(name) or _NOT_IN_VALUES.search(value):
            raise BadRequest(400, "a header is malformed")
        key, text = name.decode("ascii").lower(), value.strip(b" \t").decode("latin-1")
        if key in found and key in {"content-length", "host", "transfer-encoding"} and found[key] != text:
            raise BadRequest(400, f"two {key} headers disagree")
        found[key] = text if key not in found or found[key] == text else f"{found[key]}, {text}"
    return found


async def read_body(reader: asyncio.StreamReader, head: Head, limits: Limits, invite: Callable[[], None]) -> bytes:
    """The body the head announces, after `invite` where the client waits for one. Raises BadRequest."""
    length, is_chunked = _length(head, limits)
    if not length and not is_chunked:
        return b""
    if "expect" in head.headers:
        if head.headers["expect"].lower() != "100-continue":
            raise BadRequest(417, "the only expectation met here is 100-continue")
        invite()
    try:
        async with asyncio.timeout(limits.body_s):
            return await _read_chunks(reader, limits) if is_chunked else await reader.readexactly(length)
    except asyncio.IncompleteReadError:
        raise BadRequest(400, "the body ends early") from None
    except asyncio.LimitOverrunError:
        raise BadRequest(400, "a chunk is malformed") from None
    except TimeoutError:
        raise BadRequest(408, "the body did not arrive in time") from None


def _length(head: Head, limits: Limits) -> tuple[int, bool]:
    """How long the body is, and whether it comes in chunks instead. Raises BadRequest."""
    coding, length = head.headers.get("transfer-encoding"), head.headers.get("content-length")
    if coding is not None:
        if length is not None:
            raise BadRequest(400, "both a length and a transfer coding are given")
        if coding.lower() != "chunked":
            raise BadRequest(501, "the only transfer coding read here is chunked")
        return 0, True
    if length is None:
        return 0, False
    if not _DIGITS.fullmatch(length):
        raise BadRequest(400, "the Content-Length is not a number")
    if int(length) > limits.body:
        raise BadRequest(413, f"the body is longer than {limits.body} bytes")
    return int(length), False


async def _read_chunks(reader: asyncio.StreamReader, limits: Limits) -> bytes:
    """A chunked body, its trailers overlooked."""
    parts: list[bytes] = []
    total = 0
    while length := await _chunk_length(reader):
        total += length
        if total > limits.body:
            raise BadRequest(413, f"the body is longer than {limits.body} bytes")
        part = await reader.readexactly(length + 2)
        if part[-2:] != b"\r\n":
            raise BadRequest(400, "a chunk is not as long as it says")
        parts.append(part[:-2])
    for _ in range(limits.headers):
        if await reader.readuntil(b"\r\n") == b"\r\n":
            return b"".join(parts)
    raise BadRequest(431, "there are too many trailers")


async def _chunk_length(reader: asyncio.StreamReader) -> int:
    line = await reader.readuntil(b"\r\n")
    digits = line[:-2].partition(b";")[0].strip(b" \t")
    if len(line) > _CHUNK_LINE or not _HEX.fullmatch(digits):
        raise BadRequest(400, "a chunk's length is malformed")
    return int(digits, 16)
