"""The sandbox exchange on a thread of this process, on a clock and a market that a case sets; the cases' OANDA."""

from __future__ import annotations

import asyncio
import threading
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rickctl.sandbox.clock import ExchangeClock
from rickctl.sandbox.faults import Faults
from rickctl.sandbox.oanda.exchange import Exchange
from rickctl.sandbox.oanda.records import Terms
from rickctl.sandbox.oanda.wire import OandaWire, WireSettings
from rickctl.sandbox.server import Server
from rickctl.sandbox.turn import House
from tests.contract.ground import Ground, PaperGround

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from rickctl.domain.records import JSON
    from rickctl.sandbox.http import Request
    from rickctl.sandbox.turn import Heard

ACCOUNT, SECOND = "101-001-1234567-001", "101-001-1234567-002"
TOKEN = "0123456789abcdef0123456789abcdef-fedcba9876543210fedcba9876543210"  # noqa: S105 - of no account anywhere
_PATIENCE_S = 10


class _Log:
    """What the server told; its own failures are a case's."""

    def __init__(self) -> None:
        self.heard_of: list[Heard] = []
        self.failures: list[Exception] = []

    def heard(self, heard: Heard) -> None:
        self.heard_of.append(heard)

    def failed(self, request: Request | None, error: Exception) -> None:
        del request
        self.failures.append(error)


class OandaGround(Ground):
    """OANDA, spoken to over a socket."""

    name = "oanda"
    account = f"practice:oanda:{ACCOUNT}"
    token = TOKEN

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.log = _Log()
        clock = ExchangeClock(self.desk.clock)
        self.faults = Faults(clock)
        self.exchange = Exchange.open(None, self.market, [Terms(id=ACCOUNT), Terms(id=SECOND)], clock.now_ns())
        settings = WireSettings(token=self.token, requests_a_second=None, connections_a_second=None)
        wire = OandaWire(self.exchange, self.market, clock, settings, self.faults)
        self._server = Server(House(wire, clock, self.faults, self.log))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        port = self._on_loop(self._server.start(0))
        self.desk.environment |= {"RICKCTL_OANDA_URL": f"http://127.0.0.1:{port}", "OANDA_PRACTICE_TOKEN": self.token}
        self._seal()

    def _seal(self) -> None:
        charter = self.data("charter", "validate")
        self.data("charter", "seal", "--mode", "practice", "--expect", charter["hash"])

    def _on_loop(self, work: Any) -> Any:  # noqa: ANN401 - whatever the coroutine gives
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE_S)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._on_loop(self._server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE_S)
        self._loop.close()
        assert kind is not None or self.log.failures == []

    def venue_balance(self) -> Decimal:
        return Decimal(str(self._call(lambda: self.exchange.summary(ACCOUNT)["balance"])))

    def fault(self, **written: JSON) -> None:
        """Put a fault in force."""
        self._call(lambda: self.faults.add(written))

    def by_others(self, order: dict[str, Any]) -> None:
        """Somebody else's order on the same account."""
        now_ns = self.desk.clock.now_ns()
        self._call(lambda: self.exchange.submit(ACCOUNT, order, "1", now_ns))

    def requests(self, method: str) -> list[str]:
        """Paths of the requests of one method so far."""
        return [heard.request.path for heard in self.log.heard_of if heard.request.method == method]

    def _call(self, act: Any) -> Any:  # noqa: ANN401 - whatever it gives
        async def run() -> Any:  # noqa: ANN401
            return act()

        return self._on_loop(run())


GROUNDS: list[type[Ground]] = [PaperGround, OandaGround]
