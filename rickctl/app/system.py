"""The process as the App is given it: its streams, its wall clock, its terminal; part of the wiring, holds no rule."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from rickctl.app import App
from rickctl.domain.errors import SetupError
from rickctl.render.clean import clean_text
from rickctl.render.layout import Screen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DEFAULT_WIDTH = 80


class SystemClock:
    """The machine's wall clock."""

    def now_ns(self) -> int:
        """UTC nanoseconds since the epoch."""
        return time.time_ns()  # noqa: TID251 - this is the clock port

    def sleep_ns(self, length_ns: int) -> None:
        """Return after `length_ns` nanoseconds; at once for none."""
        time.sleep(max(length_ns, 0) / 1_000_000_000)


def system_app() -> App:
    """The App of this process."""
    environment = dict(os.environ)
    return App(
        out=sys.stdout,
        err=sys.stderr,
        screen=find_screen(environment),
        environment=environment,
        clock=SystemClock(),
        ask=_ask if sys.stdin.isatty() and sys.stderr.isatty() else None,
        ask_hidden=_ask_hidden if sys.stdin.isatty() and sys.stderr.isatty() else None,
    )


def _ask(question: str) -> str:
    """Ask the person at the terminal; the question is talk, so it goes to stderr."""
    sys.stderr.write(clean_text(question))
    sys.stderr.flush()
    return sys.stdin.readline()


def _ask_hidden(question: str) -> str:
    """Ask for a secret at the terminal without showing it. Raises SetupError where the terminal would show it."""
    import getpass  # noqa: PLC0415 - only a login or a PIN asks
    import warnings  # noqa: PLC0415

    from rickctl.domain.errors import SetupError  # noqa: PLC0415

    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(clean_text(question), stream=sys.stderr)
        except getpass.GetPassWarning:
            message = "this terminal cannot keep what is typed from being shown"
            raise SetupError(message, code="terminal_shows") from None
        except EOFError:
            return ""


def find_screen(environment: Mapping[str, str]) -> Screen:
    """What stdout is; NO_COLOR and TERM=dumb take the colour away."""
    is_terminal = sys.stdout.isatty()
    if not is_terminal:
        return Screen(is_terminal=False, width=DEFAULT_WIDTH, has_colour=False)
    from shutil import get_terminal_size  # noqa: PLC0415 - only a terminal has a size

    has_colour = not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
    return Screen(is_terminal=True, width=get_terminal_size((DEFAULT_WIDTH, 24)).columns, has_colour=has_colour)


def run_editor(editor: str, path: Path) -> None:
    """Let a person edit a file. Raises SetupError where the editor does not start or fails."""
    import shlex  # noqa: PLC0415 - only an edit needs them
    import subprocess  # noqa: PLC0415

    try:
        done = subprocess.run([*shlex.split(editor), str(path)], check=False)  # noqa: S603 - the user's own editor
    except (OSError, ValueError) as error:
        message = f"editor {editor!r} does not start: {error}"
        raise SetupError(message, code="no_editor") from None
    if done.returncode:
        message = f"editor {editor!r} ended with {done.returncode}"
        raise SetupError(message, code="no_editor")
