"""One request's turn: the wire's answer, whole or as a stream, and the faults that strike it; knows no venue."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, Protocol

from rickctl.sandbox.faults import Aim
from rickctl.sandbox.http import EndOfStream, Reply, Streamed
from rickctl.sandbox.link import LAST_CHUNK, chunk, common_headers, head_bytes
from rickctl.sandbox.mischief import Ended, alter, lose_answer, seconds, send_broken, spoil, strike

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rickctl.sandbox.clock import ExchangeClock
    from rickctl.sandbox.faultfile import Fault
    from rickctl.sandbox.faults import Faults
    from rickctl.sandbox.http import Request, Wire
    from rickctl.sandbox.link import Link

_PLAIN = (("Content-Type", "text/plain; charset=utf-8"),)
_BROKEN = frozenset({"truncate", "trickle", "endless"})


class Heard(NamedTuple):
    """One request and what became of it, for a log; `status` is None where nothing was answered."""

    request: Request
    status: int | None
    took_ns: int
    faults: Sequence[Fault]


class Log(Protocol):
    """Where a server tells what it does."""

    def heard(self, heard: Heard) -> None:
        """One request was answered, or not."""
        ...

    def failed(self, request: Request | None, error: Exception) -> None:
        """A wire raised; None while the exchange was being moved on."""
        ...


class House(NamedTuple):
    """What every turn of one venue works with."""

    wire: Wire
    clock: ExchangeClock
    faults: Faults
    log: Log

    def do(self, request: Request) -> Reply | Streamed:
        """What the wire answers; 500 where it raises."""
        try:
            return self.wire.answer(request)
        except Exception as error:  # noqa: BLE001 - a bug of one answer is not the end of the server
            self.log.failed(request, error)
            return Reply(500, b"the sandbox failed; its log says how\n", _PLAIN)


class Turn:
    """One request, its answer, and what strikes in between."""

    def __init__(self, house: House, link: Link, request: Request, do_late: Callable[[Request, int], None]) -> None:
        self.status: int | None = None
        self.struck: list[Fault] = []
        self._house = house
        self._link = link
        self._request = request
        self._do_late = do_late
        self._aim = Aim(house.wire.operation(request), request.method, request.path)
        self._skews: list[Fault] = []
        self._stated_ns = 0

    async def run(self, *, is_head: bool, minor: int, goes_on: bool) -> bool:
        """Answer, or not; whether another request may follow on the connection."""
        self.struck = self._house.faults.on_request(self._aim)
        self._skews = [fault for fault in self.struck if fault.kind == "skew"]
        try:
            answer = await self._answer()
            if isinstance(answer, Streamed):
                return await self._stream(answer, is_head=is_head, is_chunked=minor > 0, goes_on=goes_on and minor > 0)
            await self._send(answer, is_head=is_head, goes_on=goes_on)
        except Ended:
            return False
        return goes_on

    async def _answer(self) -> Reply | Streamed:
        """The real answer, or what faults put in its place. Raises Ended."""
        instead = await strike(self._link, self.struck, "before")
        for fault in self.struck:
            if fault.kind == "late":
                self._do_late(self._request, fault.length_ns or 0)
                await lose_answer(self._link, fault.how)
        if instead is not None:
            return instead
        before = self._house.faults.total
        with self._skewed():
            real = self._house.do(self._request)
            self._stated_ns = self._house.clock.stated_ns()
        self.struck += self._house.faults.since(before)
        try:
            instead = await strike(self._link, self.struck, "after")
        except Ended:
            _let_go(real)
            raise
        if instead is not None:
            _let_go(real)
            return instead
        return real

    async def _send(self, reply: Reply, *, is_head: bool, goes_on: bool) -> None:
        struck = self._house.faults.on_reply(self._aim)
        self.struck += struck
        reply = alter(reply, struck)
        self.status = reply.status
        stated_ns = self._stated_ns or self._house.clock.stated_ns()
        for fault in struck:
            if fault.kind in _BROKEN:
                await send_broken(self._link, reply, fault, stated_ns)
        await self._link.answer(reply, stated_ns, is_head=is_head, goes_on=goes_on)

    async def _stream(self, streamed: Streamed, *, is_head: bool, is_chunked: bool, goes_on: bool) -> bool:
        self.status = streamed.status
        framing = (("Transfer-Encoding", "chunked"),) if is_chunked else ()
        headers = (*streamed.headers, *framing, *common_headers(self._stated_ns, goes_on=goes_on))
        stream = _Stream(self._link, self._house.faults, self._aim, is_chunked=is_chunked)
        try:
            await self._link.send(head_bytes(streamed.status, headers))
            if not is_head:
                await self._poll(streamed, stream)
        finally:
            streamed.closed()
            self.struck += stream.struck
        return goes_on and not self._link.is_gone

    async def _poll(self, streamed: Streamed, stream: _Stream) -> None:
        """Send what the stream says until somebody ends it. Raises Ended."""
        loop, clock = asyncio.get_running_loop(), self._house.clock
        due = loop.time()
        while not self._link.is_gone:
            now_ns = clock.now_ns()
            try:
                with self._skewed():
                    lines = streamed.poll(now_ns)
            except EndOfStream:
                await stream.finish()
                return
            except Exception as error:  # noqa: BLE001 - a bug of one stream is not the end of the server
                self._house.log.failed(self._request, error)
                await stream.end("fin")
            await stream.send(lines, now_ns)
            due = max(due + seconds(streamed.every_ns), loop.time())
            await asyncio.sleep(due - loop.time())

    @contextmanager
    def _skewed(self) -> Iterator[None]:
        """While inside, what the exchange states is off by the skews in force."""
        clock = self._house.clock
        clock.skew_ns = sum(fault.by_ns for fault in self._skews if self._house.faults.holds(fault))
        try:
            yield
        finally:
            clock.skew_ns = 0


def _let_go(answer: Reply | Streamed) -> None:
    if isinstance(answer, Streamed):
        answer.closed()


class _Stream:
    """The lines of one stream on their way out."""

    def __init__(self, link: Link, faults: Faults, aim: Aim, *, is_chunked: bool) -> None:
        self.struck: list[Fault] = []
        self._link = link
        self._faults = faults
        self._aim = aim
        self._is_chunked = is_chunked
        self._held: list[bytes] = []
        self._silent_until_ns: int | None = 0

    async def send(self, lines: Sequence[bytes], now_ns: int) -> None:
        """Send lines, each a chunk of its own, as the faults leave them. Raises Ended."""
        out: list[bytes] = []
        for line in lines:
            struck = self._faults.on_line(self._aim, line)
            self.struck += struck
            for fault in struck:
                await self._strike(fault, line, out, now_ns)
            if not self._is_silent(now_ns):
                out += self._leave(line, struck)
        await self._write(out)

    async def finish(self) -> None:
        """The end the venue meant: what was held back and the last chunk."""
        await self._write(self._held)
        await self._link.send(LAST_CHUNK if self._is_chunked else b"")

    async def end(self, how: str) -> None:
        """End stream and connection: `clean` with the last chunk, `fin` or `rst` without. Raises Ended."""
        if how == "clean":
            await self.finish()
            how = "fin"
        await lose_answer(self._link, how)

    async def _strike(self, fault: Fault, line: bytes, out: list[bytes], now_ns: int) -> None:
        """What ends or silences the stream at this line."""
        if fault.kind == "silence":
            self._silent_until_ns = None if fault.length_ns is None else now_ns + fault.length_ns
        elif fault.kind == "half":
            await self._write([*out, line[: max(1, len(line) // 2)]])
            await self.end(fault.how)
        elif fault.kind == "end":
            await self._write(out)
            await self.end(fault.how)

    def _is_silent(self, now_ns: int) -> bool:
        return self._silent_until_ns is None or now_ns < self._silent_until_ns

    def _leave(self, line: bytes, struck: Sequence[Fault]) -> list[bytes]:
        """The line as it leaves: never, once, twice, after the next, or spoilt."""
        kinds = {fault.kind for fault in struck}
        for fault in struck:
            if fault.kind == "nan":
                line = spoil(line, fault)
        if "lose" in kinds:
            return []
        if "swap" in kinds and not self._held:
            self._held = [line]
            return []
        out = [line, *([line] if "repeat" in kinds else []), *self._held]
        self._held = []
        return out

    async def _write(self, lines: Sequence[bytes]) -> None:
        if lines:
            await self._link.send(b"".join(map(chunk, lines) if self._is_chunked else lines))
