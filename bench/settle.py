"""What settling an account costs that nobody looked at for a month: idle, and with a position and a resting order."""

from __future__ import annotations

from dataclasses import replace
from statistics import median
from time import process_time_ns

from bench.figures import Figure
from rickctl.adapters.sim import SimMarket
from rickctl.domain.account import AccountConfig
from rickctl.domain.instants import DAY_NS, parse_instant
from rickctl.domain.ledger import fold
from rickctl.domain.paper import open_account
from rickctl.domain.scope import DEFAULT_SCOPE
from rickctl.services.settle import settle

TARGET_MS = 50
_START_NS = parse_instant("2025-10-15T14:00:00Z")
_TIMES = 9


def measure() -> list[Figure]:
    """CPU milliseconds of one settle over 30 days of an account that holds nothing."""
    spent = []
    for count in range(_TIMES):
        market = SimMarket(seed=count)
        start_ns = _START_NS + count * DAY_NS
        account = fold(open_account(replace(AccountConfig(), seed=count), DEFAULT_SCOPE, start_ns))
        begun = process_time_ns()
        settle(account, market, start_ns + 30 * DAY_NS)
        spent.append((process_time_ns() - begun) / 1e6)
    return [
        Figure("settle, idle for a month", median(spent), TARGET_MS, "ms", f"slowest of {_TIMES} {max(spent):.1f} ms")
    ]
