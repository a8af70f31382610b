"""rickctl at a terminal of its own: a pseudo terminal to type at and to read the screen from."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from typing import TYPE_CHECKING, Self

from tests.cli.harness import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

SLOWEST_S = 30
_TAKE_TERMINAL = (
    "import fcntl, sys, termios\nfcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    "from rickctl.__main__ import main\nsys.exit(main())\n"
)
"""Ctrl-C reaches the process whose own terminal this is."""


class Terminal:
    """One command line running at a terminal; a context, at whose end the process is gone."""

    def __init__(self, argv: list[str], environment: Mapping[str, str], *, lines: int = 40, columns: int = 100) -> None:
        self._screen, ours = pty.openpty()
        fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-c", _TAKE_TERMINAL, *argv],
            cwd=ROOT,
            env={"PATH": os.environ.get("PATH", ""), "TERM": "xterm", **environment},
            stdin=ours,
            stdout=ours,
            stderr=ours,
            start_new_session=True,
        )
        os.close(ours)
        self.shown = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._screen)

    def read_until(self, word: str, times: int = 1) -> None:
        """Read the screen until `word` has appeared so often."""
        end = time.monotonic() + SLOWEST_S
        while self.shown.count(word) < times:
            assert time.monotonic() < end, f"{word!r} did not appear: {self.shown[-500:]!r}"
            if not self._read():
                break
        assert self.shown.count(word) >= times, self.shown[-500:]

    def type(self, keys: str) -> None:
        """Press keys; `\\x03` is Ctrl-C."""
        os.write(self._screen, keys.encode())

    def finish(self) -> int:
        """The exit code, once the process has ended; everything it showed is in `shown`."""
        end = time.monotonic() + SLOWEST_S
        while self._read():
            assert time.monotonic() < end, f"it does not end: {self.shown[-500:]!r}"
        return self.process.wait(timeout=SLOWEST_S)

    def _read(self) -> bool:
        """Take in what is there; False once nobody holds the terminal any more."""
        ready, _, _ = select.select([self._screen], [], [], 1)
        if not ready:
            return True
        try:
            found = os.read(self._screen, 1 << 16)
        except OSError:
            return False
        self.shown += found.decode(errors="replace")
        return bool(found)
