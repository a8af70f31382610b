"""What a stream costs on a terminal: the share of a core that drawing takes at ten repaints a second."""

from __future__ import annotations

from io import StringIO
from itertools import islice
from time import process_time_ns

from bench.figures import Figure
from rickctl.adapters.sim import SimMarket
from rickctl.domain.instants import SECOND_NS, parse_instant
from rickctl.domain.scope import DEFAULT_SCOPE
from rickctl.render.layout import Screen
from rickctl.render.live import LiveScreen
from rickctl.render.prices import quotes_view
from rickctl.services.stream import POLL_NS, Limits, stream_rounds

TARGET_PERCENT = 5
SYMBOLS = 30
_FRAMES = 100
_SCREEN = Screen(is_terminal=True, width=120, has_colour=True)


class _Clock:
    """Time passes only by waiting."""

    def __init__(self) -> None:
        self._at_ns = parse_instant("2025-11-19T14:00:00Z")

    def now_ns(self) -> int:
        return self._at_ns

    def sleep_ns(self, length_ns: int) -> None:
        self._at_ns += length_ns


def measure() -> list[Figure]:
    """Percent of a core: CPU of 100 repaints of 30 moving symbols over the ten seconds they stand for."""
    market = SimMarket(seed=0)
    symbols = list(market.instruments)[:SYMBOLS]
    begun = process_time_ns()
    rounds = stream_rounds(
        symbols, market=market, scope=DEFAULT_SCOPE, clock=_Clock(), limits=Limits(), is_paced=True, tell=print
    )
    frames = [rows for rows, _ in islice(rounds, _FRAMES)]
    asked_ns = process_time_ns() - begun
    begun = process_time_ns()
    with LiveScreen("Data: sim | Exec: paper · main", _SCREEN, StringIO()) as live:
        for rows in frames:
            live.paint(quotes_view(rows).blocks())
    drawn_ns = process_time_ns() - begun
    length_ns = _FRAMES * POLL_NS
    detail = f"{drawn_ns / _FRAMES / 1e6:.1f} ms a repaint; asking the market {asked_ns / length_ns:.1%} more"
    assert length_ns == 10 * SECOND_NS  # noqa: S101 - the figure's own arithmetic
    return [Figure(f"stream, drawing {SYMBOLS} symbols", 100 * drawn_ns / length_ns, TARGET_PERCENT, "%", detail)]
