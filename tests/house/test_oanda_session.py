"""The session against the sandbox exchange, run as a reader would: two terminals, the pasted lines, every command.

Prices follow the wall clock, so what is compared is everything but the numbers: words, columns, exit codes.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.house.docs_kit import DOCS, UPDATE_VARIABLE, read
from tests.house.kit import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = DOCS / "sessions" / "oanda-sandbox.md"
FENCE = "```sh-session\n"
PORT = "--oanda 8808"
SLOWEST_S = 60

# What the hour decides: lengths of time, signs, and how long the market has still to go.
_CHANGES = (
    (r"trading stops in .*|trading does not stop", "trading goes on"),
    (r"\b[0-9a-f]{12,}\b", "#"),
    (r"[-+−]?\d[\d,.: TZ-]*\d|[-+−]?\d", "#"),
    (r"# (?:ms|s|min|h)\b(?: # (?:ms|s|min|h)\b)*", "# time"),
    (r"[ \t]+", " "),
    (r" +$", ""),
)


def bare(text: str) -> list[str]:
    """Lines of an answer without what the hour decides."""
    for pattern, word in _CHANGES:
        text = re.sub(pattern, word, text, flags=re.MULTILINE)
    return text.splitlines()


def blocks(page: str) -> list[list[tuple[str, str]]]:
    """The commands of each terminal block with the answers written below them."""
    found = []
    for part in page.split(FENCE)[1:]:
        steps = re.split(r"^\$ ", part.partition("```")[0], flags=re.MULTILINE)[1:]
        found.append([(step.partition("\n")[0], step.partition("\n")[2]) for step in steps])
    return found


class Terminal:
    """A shell on a machine of its own, with `rickctl` on its path."""

    def __init__(self, home: Path) -> None:
        (home / "bin").mkdir(parents=True)
        command = home / "bin" / "rickctl"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m rickctl "$@"\n', encoding="utf-8")
        command.chmod(0o755)
        self._home = home
        path = f"{home / 'bin'}:{os.environ.get('PATH', '')}"
        self.variables = {"HOME": str(home), "PATH": path, "PYTHONPATH": str(ROOT)}

    def type(self, command: str) -> str:
        """What one line prints, both streams together."""
        if command.startswith("unset "):
            self.variables.pop(command.split()[1])
            return ""
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self._home,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SLOWEST_S,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}"
        return done.stdout.replace(str(self._home), "~").replace(str(ROOT), "~/rickctl")

    @contextmanager
    def running(self, command: str) -> Iterator[list[str]]:
        """A program in the foreground of another terminal; the lines it prints before it serves."""
        with subprocess.Popen(
            ["/bin/sh", "-c", f"exec {command}"],
            cwd=self._home,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            lines = []
            for line in process.stdout:
                lines.append(line.replace(str(self._home), "~").replace(str(ROOT), "~/rickctl"))
                if line.startswith("curl"):
                    break
            try:
                yield lines
            finally:
                process.terminate()
                process.wait(SLOWEST_S)


def played(home: Path, page: str) -> list[tuple[str, str, str]]:
    """Every command of the page with the answer written there and the one given today."""
    terminal = Terminal(home)
    [[(start, written)], *rest] = blocks(page)
    with terminal.running(start.replace(PORT, "--oanda 0")) as lines:
        exports = re.findall(r"^export (\w+)=(\S+)$", "".join(lines), flags=re.MULTILINE)
        terminal.variables |= dict(exports)
        found = [(start, written, re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:8808", "".join(lines)))]
        found += [(command, text, terminal.type(command)) for block in rest for command, text in block]
    return found


def test_the_session_goes_as_it_is_written(tmp_path: Path) -> None:
    page = read(PAGE)
    steps = played(tmp_path / "home", page)
    if os.environ.get(UPDATE_VARIABLE):
        for command, written, given in steps:
            page = page.replace(f"$ {command}\n{written}", f"$ {command}\n{given}", 1)
        PAGE.write_text(page, encoding="utf-8")
        return
    for command, written, given in steps:
        assert (command, bare(given)) == (command, bare(written))
