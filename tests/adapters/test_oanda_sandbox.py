"""Our own OANDA against our own exchange, as a process, on real time: prices, their stream, and what goes wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import pytest

from rickctl.adapters.oanda.cache import Cache
from rickctl.adapters.oanda.client import OandaClient
from rickctl.adapters.oanda.hosts import find_hosts
from rickctl.adapters.oanda.market import OandaMarket
from rickctl.adapters.oanda.probe import OandaProbe
from rickctl.app.system import SystemClock
from rickctl.domain.credentials import Secret
from rickctl.domain.errors import SetupError
from rickctl.domain.instants import HOUR_NS, MINUTE_NS, SECOND_NS
from rickctl.domain.scope import Mode
from tests.house.kit import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rickctl.domain.market import Quote
    from rickctl.domain.streaming import PriceStream

CLOCK = SystemClock()
FAULTS: list[dict[str, object]] = [
    {"operation": "pricing.stream", "kind": kind, "after": after, "times": 1}
    for after, kind in ((4, "half"), (8, "end"), (12, "repeat"), (16, "swap"))
]


class Exchange(NamedTuple):
    """An exchange that runs: how it is reached, and with what token."""

    environment: dict[str, str]
    token: str
    account: str

    def client(self, folder: Path, token: str | None = None) -> OandaClient:
        secret = Secret(token or self.token)
        return OandaClient(
            find_hosts(Mode.PRACTICE, self.environment), token=lambda: secret, clock=CLOCK, folder=folder
        )


@contextmanager
def exchange(folder: Path, *words: str) -> Iterator[Exchange]:
    """`rickctl sandbox start`, until the block ends."""
    argv = [sys.executable, "-m", "rickctl", "sandbox", "start", "--always-open", "--quiet", "-o", "json", *words]
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(folder),
        "RICKCTL_STATE_DIR": str(folder / "state"),
        "RICKCTL_CONFIG_DIR": str(folder / "config"),
    }
    with subprocess.Popen(argv, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            said = json.loads(process.stdout.readline() if process.stdout else "{}")
            reached = {"RICKCTL_OANDA_URL": said["url"], "SSL_CERT_FILE": said["ca_file"] or ""}
            yield Exchange(reached, said["token"], said["accounts"][0])
        finally:
            process.terminate()


@pytest.fixture(scope="module", params=[(), ("--tls",)], ids=["plain", "tls"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with exchange(tmp_path_factory.mktemp("exchange"), *request.param) as found:
        yield found


def take(stream: PriceStream, count: int, within_s: float = 20) -> list[Quote]:
    found: list[Quote] = []
    until = time.monotonic() + within_s
    while len(found) < count and time.monotonic() < until:
        found += stream.read(SECOND_NS // 10)
    return found


def test_prices_instruments_and_candles_of_an_exchange(running: Exchange, tmp_path: Path) -> None:
    client = running.client(tmp_path)
    market = OandaMarket(client, running.account, Cache(tmp_path))
    now_ns = CLOCK.now_ns()
    quote = market.quote("EUR_USD", now_ns)
    assert quote.tradeable
    assert -SECOND_NS < quote.age_ns(now_ns) < SECOND_NS
    assert market.instruments["USD_JPY"].pip_location == -2
    step = market.point("EUR_USD", now_ns)
    assert step is not None
    assert quote.bid is not None
    assert step.bid_low == market.instruments["EUR_USD"].ticks(quote.bid)
    bars = market.bars("EUR_USD", "M1", now_ns - HOUR_NS, now_ns, now_ns)
    assert 55 <= len(bars) <= 61
    assert all(bar.end_ns - bar.start_ns == MINUTE_NS for bar in bars)
    client.close()


def test_the_probe_of_an_exchange(running: Exchange) -> None:
    probe = OandaProbe(lambda mode: find_hosts(mode, running.environment), CLOCK)
    answer = probe.check(Mode.PRACTICE, Secret(running.token))
    assert list(answer.accounts) == [running.account]
    assert abs(answer.skew_ms or 0) < 1000
    with pytest.raises(SetupError):
        probe.check(Mode.PRACTICE, Secret("f" * 32 + "-" + "0" * 32))


def test_a_stream_of_an_exchange_is_what_its_snapshots_say(running: Exchange, tmp_path: Path) -> None:
    client = running.client(tmp_path)
    market = OandaMarket(client, running.account, Cache(tmp_path))
    stream = market.open_stream(["EUR_USD", "XAU_USD"])
    quotes = take(stream, 6)
    assert {quote.symbol for quote in quotes} == {"EUR_USD", "XAU_USD"}
    assert all(quote.tradeable and quote.bid and quote.ask and quote.bid < quote.ask for quote in quotes)
    assert all(0 <= quote.age_ns(quote.received_ns) < 5 * SECOND_NS for quote in quotes)
    snapshot = market.quote("EUR_USD", CLOCK.now_ns())
    newest = [quote for quote in quotes if quote.symbol == "EUR_USD"][-1]
    assert snapshot.bid is not None
    assert newest.bid is not None
    assert abs(snapshot.bid - newest.bid) < market.instruments["EUR_USD"].pip * 50
    stream.close()
    client.close()


def test_a_stream_outlives_everything_an_exchange_does_to_it(tmp_path: Path) -> None:
    faults = tmp_path / "faults.json"
    faults.write_text(json.dumps({"fault": FAULTS}), encoding="utf-8")
    with exchange(tmp_path, "--faults", str(faults)) as found:
        client = found.client(tmp_path / "folder")
        stream = OandaMarket(client, found.account, Cache(tmp_path / "folder")).open_stream(["EUR_USD", "GBP_USD"])
        quotes = take(stream, 30, within_s=30)
        stream.close()
        client.close()
    assert len(quotes) >= 30
    for symbol in ("EUR_USD", "GBP_USD"):
        changed = [quote.changed_ns for quote in quotes if quote.symbol == symbol]
        assert changed == sorted(set(changed))
    assert stream.counts.connections >= 3
    assert stream.counts.unreadable >= 1
