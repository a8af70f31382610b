"""What a live quote costs: CPU of `rickctl quote` at OANDA over loopback TLS against an idle interpreter."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench.figures import PAIRS, ROOT, Figure, cpu_ms, python, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

QUOTE_TARGET = 18
_FLOOR = "python -c pass"


def measure() -> list[Figure]:
    """The ratio of CPU, run in turn; the instruments are known already, as on all but a day's first command."""
    quotes, floors = [], []
    with _exchange() as environment:
        for count in range(PAIRS + 1):
            quote = cpu_ms(python("-m", "rickctl", "quote", "EUR_USD", "-o", "json"), environment)
            floor = cpu_ms(python("-c", "pass"), environment)
            if count:
                quotes.append(quote)
                floors.append(floor)
    detail = f"{median(quotes):.0f} ms against {median(floors):.0f} ms of {_FLOOR}"
    return [Figure("live quote over TLS", ratio(quotes, floors), QUOTE_TARGET, "×", detail)]


@contextmanager
def _exchange() -> Iterator[dict[str, str]]:
    """A sandbox that speaks TLS, in a process of its own; the environment that leads to it."""
    with TemporaryDirectory() as folder:
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": folder,
            "RICKCTL_STATE_DIR": f"{folder}/state",
            "RICKCTL_CONFIG_DIR": f"{folder}/config",
        }
        argv = python("-m", "rickctl", "sandbox", "start", "--oanda", "0", "--tls", "--always-open", "--quiet")
        with subprocess.Popen(argv, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
            try:
                for line in process.stdout or ():
                    words = line.split()
                    if words[:1] == ["export"]:
                        environment |= dict(word.split("=", 1) for word in words[1:])
                    elif words[:1] == ["curl"]:
                        break
                yield environment
            finally:
                process.terminate()
