"""Many command lines as processes of their own, forked from one that has imported everything; knows no rule of trading.

`python -m tests.faults.crowd` is the process they are forked from: one JSON request a line in, one answer a line out.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]
LONGEST_S = 60
"""No command may live longer: its alarm ends it, and that is a failure."""


class Ended(NamedTuple):
    """How a command ended: its exit code, or minus the signal that ended it, and what it printed."""

    argv: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def was_killed(self) -> bool:
        """Whether SIGKILL ended it."""
        return self.code == -signal.SIGKILL

    def json(self) -> Any:  # noqa: ANN401 - whatever a command prints
        """What it printed on stdout as JSON, or None where that is nothing or not whole."""
        try:
            return json.loads(self.out)
        except ValueError:
            return None


class Command(NamedTuple):
    """A command that was started; `halt` is the moment at which it stops itself, if any."""

    argv: tuple[str, ...]
    pid: int
    path: Path


class Crowd:
    """The forking process; close it, or use it as a context."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.crowd"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the forking process; what it started has ended before."""
        self._server.communicate(timeout=LONGEST_S)

    def start(
        self, argvs: Sequence[Sequence[str]], environment: Mapping[str, str], *, halt: str | None = None
    ) -> list[Command]:
        """Start command lines at once: none begins before all are there. `halt` names where they stop themselves."""
        paths = [self._folder / f"command-{self._count + number}" for number in range(len(argvs))]
        self._count += len(argvs)
        jobs = [{"argv": list(argv), "path": str(path)} for argv, path in zip(argvs, paths, strict=True)]
        pids = self._ask({"jobs": jobs, "environment": dict(environment), "halt": halt})["pids"]
        return [Command(tuple(argv), pid, path) for argv, pid, path in zip(argvs, pids, paths, strict=True)]

    def wait(self, command: Command) -> Ended | None:
        """How the command ended; None where it has only been stopped."""
        code = self._ask({"wait": command.pid})["code"]
        if code is None:
            return None
        out, err = (command.path.with_suffix(end) for end in (".out", ".err"))
        ended = Ended(command.argv, code, _taken(out), _taken(err))
        if code in {-signal.SIGALRM, 1}:
            message = f"{' '.join(ended.argv)} ended with {code}: {ended.err}"
            raise AssertionError(message)
        return ended

    def _ask(self, request: Mapping[str, object]) -> dict[str, Any]:
        if self._server.stdin is None or self._server.stdout is None:
            raise AssertionError
        self._server.stdin.write(json.dumps(request) + "\n")
        answer: dict[str, Any] = json.loads(self._server.stdout.readline())
        return answer


def _taken(path: Path) -> str:
    """The text of a file that nobody needs any more."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    path.unlink(missing_ok=True)
    return text


def strike(pid: int, number: int, after_s: float) -> None:
    """Send a signal to a process, `after_s` seconds from now; its parent has not asked for its end yet."""
    time.sleep(max(after_s, 0))
    os.kill(pid, number)


def serve() -> None:
    """Fork what is asked for until stdin ends."""
    _import_everything()
    for line in sys.stdin:
        request = json.loads(line)
        answer = {"code": _wait(request["wait"])} if "wait" in request else {"pids": _start(request)}
        os.write(1, (json.dumps(answer) + "\n").encode())


def _wait(pid: int) -> int | None:
    _, status = os.waitpid(pid, os.WUNTRACED)
    return None if os.WIFSTOPPED(status) else os.waitstatus_to_exitcode(status)


def _start(request: Mapping[str, Any]) -> list[int]:
    gate, opener = os.pipe()
    pids = []
    for job in request["jobs"]:
        pid = os.fork()
        if pid == 0:
            os.close(opener)
            _become(job, request["environment"], request["halt"], gate)
        pids.append(pid)
    os.close(gate)
    os.close(opener)
    return pids


def _become(job: Mapping[str, Any], environment: Mapping[str, str], halt: str | None, gate: int) -> None:
    """The child: wait at the gate, run the command line as `python -m rickctl` would, never return."""
    code = 1
    try:
        signal.alarm(LONGEST_S)
        for descriptor, end in ((1, "out"), (2, "err")):
            file = os.open(f"{job['path']}.{end}", os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
            os.dup2(file, descriptor)
            os.close(file)
        os.environ.clear()
        os.environ.update(environment)
        os.read(gate, 1)
        os.close(gate)
        code = _run(job["argv"], halt)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _run(argv: Sequence[str], halt: str | None) -> int:
    from rickctl.app.system import system_app  # noqa: PLC0415 - the harness itself imports none of it
    from rickctl.cli import run  # noqa: PLC0415
    from tests.faults.halting import halting_app  # noqa: PLC0415

    return run(argv, system_app() if halt is None else halting_app(halt))


def _import_everything() -> None:
    from importlib import import_module  # noqa: PLC0415

    from typer.main import get_command  # noqa: PLC0415

    from rickctl.commands.table import NOUNS  # noqa: PLC0415

    for name in ("rickctl.app.desks", "rickctl.store.state", "rickctl.adapters.factory", "tests.faults.halting"):
        import_module(name)
    for noun in NOUNS:
        get_command(import_module(noun.module).cli)


if __name__ == "__main__":
    serve()
