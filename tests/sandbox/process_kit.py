"""A sandbox as a process of its own, to be called, signalled and started again."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rickctl.domain.records import JSON

PATIENCE_S = 20


class Box(NamedTuple):
    """A sandbox that runs, and what it printed."""

    process: subprocess.Popen[str]
    told: dict[str, Any]

    def call(self, path: str, body: JSON = None, method: str | None = None) -> dict[str, JSON]:
        """One request with the token; the answer's object."""
        headers = {"Authorization": f"Bearer {self.told['token']}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.told["url"] + path, data, headers, method=method)  # noqa: S310 - loopback
        context = ssl.create_default_context(cafile=self.told["ca_file"]) if self.told["ca_file"] else None
        with urllib.request.urlopen(request, timeout=10, context=context) as answer:  # noqa: S310
            found: dict[str, JSON] = json.load(answer)
        return found

    def end(self, number: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """Signal it; its exit code and all it said on stderr."""
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, said


def environment(tmp_path: Path) -> dict[str, str]:
    """Folders of its own, nothing of rickctl's else."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RICKCTL_", "OANDA_"))}
    return {**kept, "RICKCTL_STATE_DIR": str(tmp_path / "state"), "RICKCTL_CONFIG_DIR": str(tmp_path / "config")}


def command(*words: str) -> list[str]:
    """The words that start one."""
    return [sys.executable, "-m", "rickctl", "sandbox", "start", *words]


@contextmanager
def started(tmp_path: Path, *words: str) -> Iterator[Box]:
    """A sandbox on a free port, ended at the end of the block if it still runs."""
    process = subprocess.Popen(
        command("--oanda", "0", "-o", "jsonl", *words),
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate(timeout=PATIENCE_S)
        yield Box(process, json.loads(line))
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def refused(tmp_path: Path, *words: str) -> tuple[int, str, str]:
    """One that does not begin: exit code, stdout, stderr."""
    done = subprocess.run(
        command(*words), env=environment(tmp_path), capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    return done.returncode, done.stdout, done.stderr
