"""One venue's port: accepts connections on loopback and gives every request its turn; knows no venue."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from rickctl.domain.errors import SetupError
from rickctl.domain.instants import SECOND_NS
from rickctl.sandbox.http import Request, Streamed
from rickctl.sandbox.link import Link
from rickctl.sandbox.mischief import error_reply, seconds
from rickctl.sandbox.reading import BadRequest, Limits, read_body, read_head
from rickctl.sandbox.turn import Heard, Turn

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

    from rickctl.sandbox.faultfile import Fault
    from rickctl.sandbox.http import Reply
    from rickctl.sandbox.reading import Head
    from rickctl.sandbox.turn import House

LOOPBACK = "127.0.0.1"
CONTROL = "/_control"
_BACKLOG = 256


class Server:
    """One venue on one port; `control` answers what lies below `/_control`, None where nobody may steer."""

    def __init__(self, house: House, *, limits: Limits | None = None) -> None:
        self.house = house
        self.control: Callable[[Request], Reply] | None = None
        self.connections = 0
        self.requests = 0
        self._limits = limits or Limits()
        self._tasks: set[asyncio.Task[None]] = set()
        self._late: dict[asyncio.TimerHandle, Request] = {}
        self._listener: asyncio.Server | None = None
        self.port = 0

    @property
    def open_connections(self) -> int:
        """How many there are now."""
        return len(self._tasks)

    async def start(self, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Listen on loopback; the port, chosen where 0 was asked. Raises SetupError (`port_in_use`)."""
        try:
            self._listener = await asyncio.start_server(
                self._accept,
                LOOPBACK,
                port,
                ssl=tls,
                ssl_handshake_timeout=None if tls is None else self._limits.head_s,
                limit=self._limits.head,
                backlog=_BACKLOG,
            )
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            message = f"port {port} cannot be had: {reason.lower()}"
            hint = f"rickctl sandbox start --{self.house.wire.name} 0"
            raise SetupError(message, code="port_in_use", hint=hint) from None
        self.port = self._listener.sockets[0].getsockname()[1]
        return self.port

    async def stop(self) -> None:
        """Close the door, end every conversation, do what was still to be done late."""
        if self._listener is not None:
            self._listener.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for handle in list(self._late):
            handle.cancel()
            self._catch_up(handle)

    def tick(self) -> None:
        """Bring the exchange to now; a failure is told and survived."""
        try:
            self.house.wire.tick(self.house.clock.now_ns())
        except Exception as error:  # noqa: BLE001 - the server outlives its wire's bugs
            self.house.log.failed(None, error)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        link = Link(reader, writer, self._limits)
        try:
            if len(self._tasks) > self._limits.connections:
                await self._refuse(link, BadRequest(503, "there are too many connections"))
                return
            self.connections += 1
            await self._converse(reader, link, self.connections)
        except asyncio.CancelledError:
            writer.transport.abort()
        except (OSError, TimeoutError):
            await link.close()
        except Exception as error:  # noqa: BLE001 - one conversation's bug ends that conversation
            self.house.log.failed(None, error)
            await link.close()

    async def _converse(self, reader: asyncio.StreamReader, link: Link, number: int) -> None:
        """Answer one request after the other until one of us has had enough."""
        try:
            while (head := await read_head(reader, self._limits)) is not None:
                body = await read_body(reader, head, self._limits, link.invite)
                if not await self._serve(link, head, body, number):
                    break
        except BadRequest as error:
            await self._refuse(link, error)
            return
        await link.close()

    async def _refuse(self, link: Link, error: BadRequest) -> None:
        reply = error_reply(error.status, error.reason)
        await link.answer(reply, self.house.clock.stated_ns(), is_head=False, goes_on=False)
        await link.leave()

    async def _serve(self, link: Link, head: Head, body: bytes, number: int) -> bool:
        """Answer one request; whether another may follow."""
        is_head, goes_on = head.method == "HEAD", head.keeps_alive
        method = "GET" if is_head else head.method
        request = Request(method, head.path, head.query, head.headers, body, self.house.clock.now_ns(), number)
        began = asyncio.get_running_loop().time()
        if self.control is not None and (head.path == CONTROL or head.path.startswith(f"{CONTROL}/")):
            reply = self.control(request)
            self._tell(request, reply.status, began, ())
            await link.answer(reply, self.house.clock.now_ns(), is_head=is_head, goes_on=goes_on)
            return goes_on
        self.requests += 1
        turn = Turn(self.house, link, request, self._do_late)
        try:
            return await turn.run(is_head=is_head, minor=head.minor, goes_on=goes_on)
        finally:
            self._tell(request, turn.status, began, turn.struck)

    def _tell(self, request: Request, status: int | None, began: float, struck: Sequence[Fault]) -> None:
        took_ns = int((asyncio.get_running_loop().time() - began) * SECOND_NS)
        self.house.log.heard(Heard(request, status, took_ns, struck))

    def _do_late(self, request: Request, after_ns: int) -> None:
        """Do a request once the time is over, its answer lost."""
        loop = asyncio.get_running_loop()
        handle: asyncio.TimerHandle = loop.call_later(seconds(after_ns), lambda: self._catch_up(handle))
        self._late[handle] = request

    def _catch_up(self, handle: asyncio.TimerHandle) -> None:
        request = self._late.pop(handle)._replace(received_ns=self.house.clock.now_ns())
        answer = self.house.do(request)
        if isinstance(answer, Streamed):
            answer.closed()
