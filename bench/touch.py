"""What the next touch of a level costs on the simulated market, looking a day ahead, near levels and far ones."""

from __future__ import annotations

from statistics import median
from time import perf_counter_ns

from bench.figures import Figure
from rickctl.adapters.sim import SimMarket
from rickctl.domain.instants import DAY_NS, HOUR_NS, parse_instant
from rickctl.domain.market import Cursor, Phase, Watch

TARGET_MS = 1
_START_NS = parse_instant("2025-11-17T00:00:00Z")
_SYMBOLS = ("EUR_USD", "USD_JPY", "XAU_USD", "BTC-USD")
_DISTANCES_BPS = (5, 20, 50, 200)
_STARTS = 12


def measure() -> list[Figure]:
    """Milliseconds of one search, the median and the slowest of all symbols, starts and distances."""
    market = SimMarket(seed=0)
    spent = [
        _search_ms(market, symbol, _START_NS + count * 7 * HOUR_NS, distance)
        for symbol in _SYMBOLS
        for count in range(_STARTS)
        for distance in _DISTANCES_BPS
    ]
    searches = f"{len(spent)} searches, slowest {max(spent):.2f} ms"
    return [Figure("next touch within a day, sim", median(spent), TARGET_MS, "ms", searches)]


def _search_ms(market: SimMarket, symbol: str, at_ns: int, distance_bps: int) -> float:
    standing = market.point(symbol, at_ns)
    if standing is None:
        standing = market.point(symbol, market.next_open_ns(symbol, at_ns) or at_ns)
    if standing is None:
        message = f"{symbol} never opens after {at_ns}"
        raise RuntimeError(message)
    away = standing.bid_low * distance_bps // 10_000
    watch = Watch(bid_at_most=standing.bid_low - away, bid_at_least=standing.bid_low + away)
    begun = perf_counter_ns()
    market.next_step(symbol, watch, Cursor(standing.at_ns, Phase.POINT), standing.at_ns + DAY_NS)
    return (perf_counter_ns() - begun) / 1e6
