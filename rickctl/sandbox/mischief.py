"""What faults do to a request and to a whole answer: waiting, cutting, replacing, damaging; decides no when."""

from __future__ import annotations

import asyncio
import json
import re
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING

from rickctl.domain.instants import SECOND_NS
from rickctl.sandbox.http import Reply
from rickctl.sandbox.link import chunk, common_headers, head_bytes, reply_headers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rickctl.sandbox.faultfile import Fault
    from rickctl.sandbox.link import Link

JSON_TYPE = ("Content-Type", "application/json")
_HTML_TYPE = ("Content-Type", "text/html; charset=utf-8")
_FILLER = b" " * 65_536
_QUOTED = re.compile(rb'"-?\d+\.\d+"')
_NUMBER = rb"-?\d+(?:\.\d+)?"


class Ended(Exception):
    """The connection was ended on purpose; nothing more is said on it."""


def error_reply(status: int, message: str) -> Reply:
    """A refusal of the server's own, not of a venue's."""
    return Reply(status, json.dumps({"error": message}).encode() + b"\n", (JSON_TYPE,))


async def strike(link: Link, struck: Sequence[Fault], when: str) -> Reply | None:
    """What happens before the request is done, or after; the answer to give instead, if any. Raises Ended."""
    instead = None
    for fault in struck:
        if fault.when != when:
            continue
        if fault.kind == "delay":
            await asyncio.sleep(seconds(fault.length_ns or 0))
        elif fault.kind == "stall":
            await lose_answer(link, "stall", fault.length_ns)
        elif fault.kind == "drop":
            await lose_answer(link, fault.how)
        elif fault.kind in _INSTEAD:
            instead = _INSTEAD[fault.kind](fault)
    return instead


async def lose_answer(link: Link, how: str, length_ns: int | None = None) -> None:
    """End the connection without an answer: `fin`, `rst`, or `stall` until the client leaves. Raises Ended."""
    if how == "stall":
        await link.wait_gone(None if length_ns is None else seconds(length_ns))
        how = "fin"
    await link.cut(how)
    raise Ended


def seconds(length_ns: int) -> float:
    """Nanoseconds as the event loop counts."""
    return length_ns / SECOND_NS


def _refuse(fault: Fault) -> Reply:
    waits = () if fault.retry_after is None else (("Retry-After", fault.retry_after),)
    if fault.body is not None:
        return Reply(fault.status, fault.body.encode(), (JSON_TYPE, *waits))
    reply = error_reply(fault.status, _phrase(fault.status))
    return reply._replace(headers=(*reply.headers, *waits))


def _html(fault: Fault) -> Reply:
    title = f"{fault.status} {_phrase(fault.status)}"
    page = fault.body or f"<html>\n<head><title>{title}</title></head>\n<body><h1>{title}</h1></body>\n</html>\n"
    return Reply(fault.status, page.encode(), (_HTML_TYPE,))


def _redirect(fault: Fault) -> Reply:
    return Reply(fault.status, b"", (("Location", fault.location),))


_INSTEAD = {"refuse": _refuse, "html": _html, "redirect": _redirect}


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def alter(reply: Reply, struck: Sequence[Fault]) -> Reply:
    """The answer with another status, or with words where numbers stood."""
    for fault in struck:
        if fault.kind == "status":
            reply = reply._replace(status=fault.status)
        elif fault.kind == "nan":
            reply = reply._replace(body=spoil(reply.body, fault))
    return reply


def spoil(text: bytes, fault: Fault) -> bytes:
    """Put the fault's word where numbers stand: in its fields, or wherever decimals stand in quotes."""
    word = (fault.word if fault.bare else json.dumps(fault.word)).encode()
    if not fault.fields:
        return _QUOTED.sub(lambda _: word, text)
    return _fields(fault.fields).sub(lambda found: found[1] + word, text)


@lru_cache(maxsize=64)
def _fields(names: tuple[str, ...]) -> re.Pattern[bytes]:
    """A field of one of the names with its number, in quotes or not."""
    either = b"|".join(re.escape(json.dumps(name).encode()) for name in names)
    return re.compile(rb"((?:" + either + rb")\s*:\s*)(?:\"" + _NUMBER + rb"\"|" + _NUMBER + rb")")


async def send_broken(link: Link, reply: Reply, fault: Fault, stated_ns: int) -> None:
    """Send the answer as `truncate`, `trickle` or `endless` would have it. Raises Ended."""
    if fault.kind == "truncate":
        await _truncate(link, reply, fault, stated_ns)
    elif fault.kind == "trickle":
        await _trickle(link, reply, fault, stated_ns)
    else:
        await _pour(link, reply, fault, stated_ns)
    await link.cut("fin")
    raise Ended


async def _truncate(link: Link, reply: Reply, fault: Fault, stated_ns: int) -> None:
    part = reply.body[: len(reply.body) // 2 if fault.keep is None else fault.keep]
    if fault.framing == "chunked":
        await link.send(_chunked_head(reply, stated_ns) + (chunk(part) if part else b""))
    elif fault.framing == "close":
        await link.send(head_bytes(reply.status, (*reply.headers, *common_headers(stated_ns, goes_on=False))) + part)
    else:
        await link.send(head_bytes(reply.status, reply_headers(reply, stated_ns, goes_on=True)) + part)


async def _trickle(link: Link, reply: Reply, fault: Fault, stated_ns: int) -> None:
    await link.send(head_bytes(reply.status, reply_headers(reply, stated_ns, goes_on=False)))
    for byte in reply.body:
        if link.is_gone:
            return
        await asyncio.sleep(seconds(fault.every_ns))
        await link.send(bytes([byte]))


async def _pour(link: Link, reply: Reply, fault: Fault, stated_ns: int) -> None:
    """A body that is never over: the answer, then white space, which a reader of JSON overlooks."""
    await link.send(_chunked_head(reply, stated_ns) + (chunk(reply.body) if reply.body else b""))
    while not link.is_gone:
        await link.send(chunk(_FILLER))
        await asyncio.sleep(seconds(fault.every_ns))


def _chunked_head(reply: Reply, stated_ns: int) -> bytes:
    framing = (("Transfer-Encoding", "chunked"), *common_headers(stated_ns, goes_on=False))
    return head_bytes(reply.status, (*reply.headers, *framing))
