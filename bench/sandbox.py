"""How long the sandbox exchange takes to answer: the median over one connection that is kept, client included."""

from __future__ import annotations

import json
import subprocess
from http.client import HTTPConnection
from statistics import median
from time import perf_counter_ns
from typing import TYPE_CHECKING

from bench.figures import ROOT, Figure, python
from tests.sandbox.wire_kit import TOKEN, A

if TYPE_CHECKING:
    from collections.abc import Sequence

TARGET_MS = 3
_REQUESTS = 500
_WARM = 50
_ORDERS = [
    json.dumps({"order": {"type": "MARKET", "instrument": "EUR_USD", "units": units}}).encode() for units in ("1", "-1")
]


def measure() -> list[Figure]:
    """Milliseconds of a GET of two prices, and of a POST of an order that opens or closes, on a server process."""
    program = subprocess.Popen(
        python("-m", "tests.sandbox.oanda_program"), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    if program.stdout is None:
        message = "the sandbox has no stdout"
        raise RuntimeError(message)
    try:
        connection = HTTPConnection("127.0.0.1", int(program.stdout.readline()), timeout=10)
        prices = _spent_ms(connection, "GET", f"{A}/pricing?instruments=EUR_USD,USD_JPY", [b""], 200)
        orders = _spent_ms(connection, "POST", f"{A}/orders", _ORDERS, 201)
        connection.close()
    finally:
        program.communicate(timeout=20)
    return [
        Figure("sandbox: GET pricing, median", median(prices), TARGET_MS, "ms", _slowest(prices)),
        Figure("sandbox: POST market order, median", median(orders), TARGET_MS, "ms", _slowest(orders)),
    ]


def _spent_ms(connection: HTTPConnection, method: str, path: str, bodies: Sequence[bytes], wanted: int) -> list[float]:
    spent = []
    for count in range(_WARM + _REQUESTS):
        begun = perf_counter_ns()
        connection.request(method, path, bodies[count % len(bodies)] or None, {"Authorization": f"Bearer {TOKEN}"})
        answer = connection.getresponse()
        answer.read()
        spent.append((perf_counter_ns() - begun) / 1e6)
        if answer.status != wanted:
            message = f"{method} {path} was answered {answer.status}"
            raise RuntimeError(message)
    return spent[_WARM:]


def _slowest(spent: list[float]) -> str:
    return f"{len(spent)} on one connection, slowest of a hundred {sorted(spent)[-len(spent) // 100]:.2f} ms"
