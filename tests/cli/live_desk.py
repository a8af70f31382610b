"""A desk with a person at it: PINs and words to type, a boot clock that can be moved, LIVE made ready to be armed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from typing import TYPE_CHECKING

from rickctl.app import App
from rickctl.cli import run
from tests.cli.harness import ROOT, Answer, Desk

if TYPE_CHECKING:
    from collections.abc import Callable

LIVE = "live:oanda:001-001-1234567-001"
PIN = "408173"
WRONG = "111119"
TOKEN = "0123456789abcdef0123456789abcdef-00112233445566778899aabbccddeeff"  # noqa: S105 - opens nothing


@dataclass(kw_only=True)
class LiveDesk(Desk):
    """A desk whose person types `typed`, one text a question, hidden or not."""

    asked: list[str] = field(default_factory=list)
    boot_id: str = "one-boot"
    boot_shift_ns: int = 0

    def boot(self) -> tuple[int, str]:
        """The clock since boot, as a test has moved it."""
        return self.clock.boot()[0] + self.boot_shift_ns, self.boot_id

    def answer(self, question: str) -> str:
        self.asked.append(question)
        return self.typed.pop(0)

    def app(self, out: StringIO, err: StringIO) -> App:
        """The App of one command line with somebody at the terminal."""
        return App(
            out=out,
            err=err,
            screen=self.screen,
            environment=self.variables(),
            clock=self.clock,
            ask=self.answer,
            ask_hidden=self.answer,
            boot=self.boot,
        )

    def type(self, *argv: str, typed: tuple[str, ...] = (), wired: Callable[[App], App] | None = None) -> Answer:
        """Run one command line at a terminal, its App `wired` otherwise where a test wants that."""
        self.typed, out, err = list(typed), StringIO(), StringIO()
        app = self.app(out, err)
        with redirect_stdout(out), redirect_stderr(err):
            code = run(argv, app if wired is None else wired(app))
        assert not self.typed, f"nobody asked for {self.typed}"
        return Answer(out.getvalue(), err.getvalue(), int(code))

    def ready(self) -> None:
        """Everything LIVE needs but the window: a PIN, the switch, a seal, a token."""
        self.environment["OANDA_LIVE_TOKEN"] = TOKEN
        assert self.type("pin", "set", typed=(PIN, PIN)).code == 0
        assert self.run("config", "set", "execution_enabled", "true").code == 0
        found = json.loads(self.run("charter", "validate", "-o", "json").stdout)["hash"]
        sealed = self.type("charter", "seal", "--mode", "live", "--expect", found, typed=(PIN,))
        assert sealed.code == 0, sealed.stderr

    def arm(self, *more: str) -> Answer:
        """Arm LIVE with the PIN."""
        return self.type("arm", "--account", LIVE, *more, typed=(PIN,))

    def armed(self) -> dict[str, object]:
        """What `status` says of LIVE."""
        (found,) = json.loads(self.run_here("status", "-o", "json").stdout)["arming"]
        assert isinstance(found, dict)
        return found

    def run_here(self, *argv: str) -> Answer:
        """Run one command line with this desk's boot clock and nobody at the terminal."""
        out, err = StringIO(), StringIO()
        app = self.app(out, err)
        app.ask = app.ask_hidden = None
        with redirect_stdout(out), redirect_stderr(err):
            code = run(argv, app)
        return Answer(out.getvalue(), err.getvalue(), int(code))

    def start(self, *argv: str) -> subprocess.Popen[str]:
        """Begin one command line as a process of its own, on the machine's clocks."""
        return subprocess.Popen(
            [sys.executable, "-m", "rickctl", *argv],
            cwd=ROOT,
            env={"PATH": os.environ.get("PATH", ""), **self.variables()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
