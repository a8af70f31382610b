"""LIVE on a loopback: the sandbox exchange in the place of OANDA's live hosts, and every request it receives."""

from __future__ import annotations

import json
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING, NamedTuple

from rickctl.adapters.oanda.broker import Oanda
from rickctl.adapters.oanda.hosts import Hosts
from rickctl.adapters.transport import Host
from rickctl.cli import run
from tests.cli.live_desk import PIN, LiveDesk
from tests.contract.exchange import ACCOUNT, OandaGround

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rickctl.app import App
    from rickctl.domain.scope import Mode
    from rickctl.sandbox.http import Request
    from tests.cli.harness import Answer


class Left(NamedTuple):
    """A request that reached the venue's socket."""

    method: str
    path: str
    body: str


class LiveGround(OandaGround):
    """One LIVE account; `desk` has a person at the terminal."""

    account = f"live:oanda:{ACCOUNT}"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        address = self.desk.environment.pop("RICKCTL_OANDA_URL").removeprefix("http://127.0.0.1:")
        del self.desk.environment["OANDA_PRACTICE_TOKEN"]
        self.host = Host("http", "127.0.0.1", int(address))
        self.person = LiveDesk(root=folder, clock=self.desk.clock, environment=self.desk.environment)
        self.person.environment["OANDA_LIVE_TOKEN"] = self.token
        self._make_ready()

    def _seal(self) -> None:
        """Sealed with the PIN, below."""

    def _make_ready(self) -> None:
        assert self.type("pin", "set", typed=(PIN, PIN)).code == 0
        assert self.person.run("config", "set", "execution_enabled", "true").code == 0
        found = json.loads(self.person.run("charter", "validate", "-o", "json").stdout)["hash"]
        assert self.type("charter", "seal", "--mode", "live", "--expect", found, typed=(PIN,)).code == 0

    def app(self, out: StringIO, err: StringIO) -> App:
        app = self.person.app(out, err)
        app.ask = app.ask_hidden = None
        return self.rewired(app)

    def rewired(self, app: App) -> App:
        """The App with OANDA's live hosts on the loopback; no file, flag or variable could do that."""

        def hosts(mode: Mode, environment: Mapping[str, str]) -> Hosts:
            del environment
            return Hosts(mode, self.host, self.host, f"oanda-{mode.value}")

        app.brokers._open["oanda"] = Oanda(app.brokers.surroundings, hosts=hosts)
        return app

    def type(self, *argv: str, typed: tuple[str, ...] = ()) -> Answer:
        """One command line at the terminal; what it sends goes to the loopback too."""
        return self.person.type(*argv, typed=typed, wired=self.rewired)

    def run_as_typed(self, words: Sequence[str]) -> int:
        """The exit code of one command line, its account among the words, with nobody to answer."""
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            return int(run(list(words), self.app(out, err)))

    def arm(self, *more: str) -> Answer:
        """Arm the account with the PIN."""
        answer = self.type("arm", "--account", self.account, *more, typed=(PIN,))
        assert answer.code == 0, answer.stderr
        return answer

    def left(self) -> list[Left]:
        """Every request so far, as it arrived."""
        return [_left(heard.request) for heard in list(self.log.heard_of)]


def _left(request: Request) -> Left:
    return Left(request.method, request.path, request.body.decode())


def can_add_risk(left: Left) -> bool:
    """Whether a request could create or increase exposure: whatever is no read, no cancel and no close."""
    return left.method not in {"GET", "HEAD"} and not left.path.endswith(("/cancel", "/close"))
