"""What a streamed price costs: CPU of our reader and of `rickctl stream` against oandapyV20's own loop."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from contextlib import contextmanager, suppress
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench.figures import Figure, cpu_ms, python, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

TICKS = 100_000
READER_TARGET = 0.35
COMMAND_TARGET = 0.5
_COMMAND = ("stream", "EUR_USD", "-o", "jsonl", "--account", "practice:oanda:101-001-1234567-001")
_ROUNDS = 5

_THEIRS = """
import sys
from oandapyV20 import API
from oandapyV20.endpoints.pricing import PricingStream
import oandapyV20.oandapyV20 as library
library.TRADING_ENVIRONMENTS["practice"] = {"api": sys.argv[1], "stream": sys.argv[1]}
request = PricingStream("101-001-1234567-001", params={"instruments": "EUR_USD"})
for count, _ in enumerate(API("token").request(request), 1):
    if count == int(sys.argv[2]):
        break
"""
_OURS = """
import sys
from rickctl.adapters.oanda.client import OandaClient
from rickctl.adapters.oanda.hosts import find_hosts
from rickctl.adapters.oanda.stream import OandaStream
from rickctl.app.system import SystemClock
from rickctl.domain.credentials import Secret
from rickctl.domain.scope import Mode
hosts = find_hosts(Mode.PRACTICE, {"RICKCTL_OANDA_URL": sys.argv[1]})
client = OandaClient(hosts, token=lambda: Secret("token"), clock=SystemClock(), folder=None)
stream = OandaStream(client, "/accounts/101-001-1234567-001", ["EUR_USD"])
count = 0
while count < int(sys.argv[2]):
    count += len(stream.read(10**10))
assert count == int(sys.argv[2]), stream.counts
"""


def measure() -> list[Figure]:
    """Ratios of the CPU of 100,000 ticks from one loopback server, run in turn."""
    counted: dict[str, list[float]] = {"theirs": [], "reader": [], "command": []}
    with _server() as url, TemporaryDirectory() as folder:
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": folder,
            "RICKCTL_STATE_DIR": f"{folder}/state",
            "RICKCTL_CONFIG_DIR": f"{folder}/config",
            "RICKCTL_OANDA_URL": url,
            "OANDA_PRACTICE_TOKEN": "0" * 32 + "-" + "0" * 32,
        }
        programs = {
            "theirs": python("-c", _THEIRS, url, str(TICKS)),
            "reader": python("-c", _OURS, url, str(TICKS)),
            "command": python("-m", "rickctl", *_COMMAND, "--count", str(TICKS)),
        }
        for count in range(_ROUNDS + 1):
            for name, argv in programs.items():
                used = cpu_ms(argv, environment)
                if count:
                    counted[name].append(used)
    theirs = counted["theirs"]
    return [
        Figure(what, ratio(counted[name], theirs), target, "×", _detail(counted[name], theirs))
        for what, name, target in (
            ("price stream read to quotes", "reader", READER_TARGET),
            ("rickctl stream -o jsonl", "command", COMMAND_TARGET),
        )
    ]


def _detail(ours: list[float], theirs: list[float]) -> str:
    return f"{median(ours):.0f} ms against {median(theirs):.0f} ms of oandapyV20, {TICKS} ticks"


@contextmanager
def _server() -> Iterator[str]:
    """A process that answers every request with the same ticks, a chunk each, as fast as they are read."""
    with subprocess.Popen(python("-m", "bench.stream"), stdout=subprocess.PIPE, text=True) as process:
        try:
            yield (process.stdout.readline() if process.stdout else "").strip()
        finally:
            process.kill()


def _tick(number: int) -> bytes:
    price = 108_500 + number % 97
    line = {
        "type": "PRICE",
        "time": f"2026-11-20T14:{number // 6000 % 60:02d}:{number // 100 % 60:02d}.{number % 100:02d}3456789Z",
        "bids": [{"price": f"{price / 100000:.5f}", "liquidity": 10_000_000}],
        "asks": [{"price": f"{(price + 14) / 100000:.5f}", "liquidity": 10_000_000}],
        "closeoutBid": f"{(price - 4) / 100000:.5f}",
        "closeoutAsk": f"{(price + 18) / 100000:.5f}",
        "status": "tradeable",
        "tradeable": True,
        "instrument": "EUR_USD",
    }
    text = json.dumps(line).encode() + b"\n"
    return b"%x\r\n%b\r\n" % (len(text), text)


_INSTRUMENTS = b"""{"instruments": [{"name": "EUR_USD", "type": "CURRENCY", "pipLocation": -4, "displayPrecision": 5,
"tradeUnitsPrecision": 0, "minimumTradeSize": "1", "maximumOrderUnits": "100000000", "marginRate": "0.02"}]}"""


def serve() -> None:
    """Print where it listens, then answer until killed."""
    listed = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(_INSTRUMENTS), _INSTRUMENTS)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    ticks = b"".join(_tick(number) for number in range(TICKS))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        while True:
            found, _ = listener.accept()
            with found, suppress(OSError):
                asked = found.recv(65536)
                found.sendall(head + ticks if b"/stream" in asked else listed)
                found.recv(1)  # until the reader has had enough


if __name__ == "__main__":
    serve()
