"""A machine for tests of credentials: command lines beside a venue of our own, and real D-Bus sessions."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rickctl.app import App
from rickctl.cli import run
from tests.cli.harness import ROOT, Answer, Desk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rickctl.domain.ports import Probe

TOKEN = "-".join(("0123456789abcdef" * 2, "fedcba9876543210" * 2))
LIVE_TOKEN = "-".join(("ffffffff00000000" * 2, "00000000ffffffff" * 2))
ACCOUNTS = ("101-001-1234567-001", "101-001-1234567-002")
KEYRING_PROGRAMS = ("dbus-daemon", "gnome-keyring-daemon")
_SILENT = Path(__file__).with_name("silent_service.py")
_STARTED_S = 10


@dataclass(kw_only=True)
class Machine(Desk):
    """A desk whose App has a venue to ask and, where `told` is a text, a person at a terminal who types it."""

    probe: Probe | None = None
    told: str | None = None
    questions: list[str] = field(default_factory=list)

    def run(self, *argv: str) -> Answer:
        """Run one command line in this process."""
        out, err = StringIO(), StringIO()
        probe = self.probe
        app = App(
            out=out,
            err=err,
            screen=self.screen,
            environment=self.variables(),
            clock=self.clock,
            ask_hidden=None if self.told is None else self._type,
            open_probe=None if probe is None else lambda _: probe,
        )
        with redirect_stdout(out), redirect_stderr(err):
            code = run(argv, app)
        return Answer(out.getvalue(), err.getvalue(), int(code))

    def _type(self, question: str) -> str:
        self.questions.append(question)
        return self.told or ""


def need_programs() -> None:
    """Skip where there is no Secret Service to start; fail where CI=true, which installs it."""
    missing = [name for name in KEYRING_PROGRAMS if shutil.which(name) is None]
    if missing:
        reason = f"needs {' and '.join(missing)} (Debian, Ubuntu: apt install dbus gnome-keyring)"
        if os.environ.get("CI") == "true" and os.environ.get("RICKCTL_NO_KEYRING") != "1":
            pytest.fail(reason)
        pytest.skip(reason)


@contextmanager
def session_bus(service: str) -> Iterator[dict[str, str]]:
    """A D-Bus session of its own with a Secret Service: `unlocked`, `locked`, `silent` or `none`; its variables.

    Everything it starts ends with it, by process.
    """
    need_programs()
    with ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="rk-"))  # the path of a socket must stay short
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        variables = {"HOME": str(home), "XDG_RUNTIME_DIR": str(home), "PATH": os.environ.get("PATH", "")}
        words = [KEYRING_PROGRAMS[0], "--session", "--nofork", "--print-address"]
        bus = subprocess.Popen(
            words,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        stack.callback(_end, bus)
        assert bus.stdout is not None
        variables["DBUS_SESSION_BUS_ADDRESS"] = bus.stdout.readline().strip()
        if service in {"unlocked", "locked"}:
            stack.callback(_end, _start_keyring(variables, is_unlocked=True))
            if service == "locked":
                lock_collection(variables)
        elif service == "silent":
            stack.callback(_end, _start_silent(variables))
        yield variables


def _start_keyring(variables: dict[str, str], *, is_unlocked: bool) -> subprocess.Popen[bytes]:
    words = ["gnome-keyring-daemon", "--foreground", "--components=secrets", *(["--unlock"] if is_unlocked else [])]
    daemon = subprocess.Popen(
        words, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert daemon.stdin is not None
    daemon.stdin.write(b"a pass phrase")
    daemon.stdin.close()
    assert daemon.stdout is not None
    select.select([daemon.stdout], [], [], _STARTED_S)
    _wait_for_name(variables)
    return daemon


def _start_silent(variables: dict[str, str]) -> subprocess.Popen[bytes]:
    service = subprocess.Popen([sys.executable, str(_SILENT)], env=variables, stdout=subprocess.PIPE)
    assert service.stdout is not None
    assert service.stdout.readline() == b"ready\n"
    return service


def _wait_for_name(variables: dict[str, str]) -> None:
    """Until somebody owns the name of the Secret Service."""
    until = time.monotonic() + _STARTED_S
    while time.monotonic() < until:
        if _asked(variables, _HAS_OWNER) == "True":
            return
    pytest.fail("the keyring did not start")


def lock_collection(variables: dict[str, str]) -> None:
    """Lock the login collection, as a desktop does when its owner leaves."""
    assert _asked(variables, _LOCK) == "True"


def _asked(variables: dict[str, str], program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], env=variables, capture_output=True, text=True, timeout=30, check=False
    )
    return done.stdout.strip()


_HAS_OWNER = """
from jeepney import DBusAddress, message_bus
from jeepney.io.blocking import Proxy, open_dbus_connection
bus = Proxy(message_bus, open_dbus_connection())
print(bool(bus.NameHasOwner("org.freedesktop.secrets")[0]))
"""
_LOCK = """
import secretstorage
collection = secretstorage.get_default_collection(secretstorage.dbus_init())
collection.lock()
print(collection.is_locked())
"""


def _end(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()


def python_run(program: str, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A program in a process of its own, from the project's folder."""
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"PATH": os.environ.get("PATH", ""), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
