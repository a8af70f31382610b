"""What a whole order costs from the shell: the process that places one in a new account, for information."""

from __future__ import annotations

import os
from statistics import median
from tempfile import TemporaryDirectory

from bench.figures import NO_TARGET, Figure, cpu_ms, python, ratio

ROUNDS = 7
_ORDER = "order place BTC-USD buy 0.01 --stop-loss 2% --take-profit 2R -o json"


def measure() -> list[Figure]:
    """CPU of `order place` against `python -c pass`, in turn, each order in folders that are made for it."""
    placed: list[float] = []
    floor: list[float] = []
    for _ in range(ROUNDS):
        with TemporaryDirectory() as folder:
            environment = {
                "PATH": os.environ.get("PATH", ""),
                "HOME": folder,
                "RICKCTL_STATE_DIR": f"{folder}/state",
                "RICKCTL_CONFIG_DIR": f"{folder}/config",
            }
            floor.append(cpu_ms(python("-c", "pass"), environment))
            placed.append(cpu_ms(python("-m", "rickctl", *_ORDER.split()), environment))
    detail = f"{median(placed):.0f} ms of CPU, made folders, journal, four durable steps and all"
    return [Figure("a whole order place", ratio(placed, floor), NO_TARGET, "×", detail)]
