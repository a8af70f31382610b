"""`python -m tests.sandbox.oanda_program`: the sandbox as a process of its own on a free port, which it prints."""

from __future__ import annotations

import asyncio
import sys
import traceback
from typing import TYPE_CHECKING

from rickctl.adapters.sim.market import SimMarket
from rickctl.app.system import SystemClock
from rickctl.domain.hours import CALENDARS, is_open
from rickctl.domain.instants import HOUR_NS
from rickctl.sandbox.clock import ExchangeClock
from rickctl.sandbox.faults import Faults
from rickctl.sandbox.moved import MovedMarket
from rickctl.sandbox.oanda.exchange import Exchange
from rickctl.sandbox.oanda.records import Terms
from rickctl.sandbox.oanda.wire import OandaWire
from rickctl.sandbox.server import Server
from rickctl.sandbox.turn import House
from tests.sandbox.wire_kit import ID, SETTINGS

if TYPE_CHECKING:
    from rickctl.sandbox.http import Request
    from rickctl.sandbox.turn import Heard

TICK_S = 0.1


class Complaints:
    """What goes wrong inside is told on stderr."""

    def heard(self, heard: Heard) -> None:
        """Say nothing of what went well."""

    def failed(self, request: Request | None, error: Exception) -> None:
        """Tell the bug."""
        traceback.print_exception(error)
        sys.stderr.write(f"while {request}\n")


def open_house() -> House:
    """An exchange that trades now, whatever day it is: its clock is ahead of the wall where markets are closed."""
    wall = SystemClock()
    at_ns = wall.now_ns()
    while not all(is_open(calendar, at_ns + ahead) for calendar in CALENDARS for ahead in (0, HOUR_NS)):
        at_ns += HOUR_NS
    clock = ExchangeClock(wall, at_ns - wall.now_ns())
    market = MovedMarket(SimMarket(7))
    faults = Faults(clock)
    exchange = Exchange.open(None, market, [Terms(id=ID)], clock.now_ns())
    return House(OandaWire(exchange, market, clock, SETTINGS, faults), clock, faults, Complaints())


async def serve() -> None:
    """Until stdin ends."""
    server = Server(open_house())
    print(await server.start(0), flush=True)  # noqa: T201 - the port is its one result
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    while not ended.done():
        server.tick()
        await asyncio.wait([ended], timeout=TICK_S)
    await server.stop()


if __name__ == "__main__":
    asyncio.run(serve())
