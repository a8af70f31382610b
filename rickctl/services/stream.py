"""A stream of quotes: what changed, as it changes; drops nothing it has read, draws nothing, settles nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.errors import UsageError
from rickctl.domain.instants import MILLISECOND_NS
from rickctl.domain.symbols import canonical_symbol
from rickctl.services.quotes import QuoteRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rickctl.domain.ports import Clock, Market
    from rickctl.domain.scope import Scope

POLL_NS = 100 * MILLISECOND_NS
"""How often prices are looked at: the screen is repainted no more often than this."""


class Limits(NamedTuple):
    """When a stream ends: after so many quotes, or after so long; None is never."""

    quotes: int | None = None
    duration_ns: int | None = None


def check_limits(limits: Limits) -> Limits:
    """The limits, if they can be met. Raises UsageError."""
    if limits.quotes is not None and limits.quotes < 1:
        message = f"--count must be at least 1, not {limits.quotes}"
        raise UsageError(message, code="bad_number")
    return limits


def watch_rounds(
    symbols: Sequence[str], *, market: Market, scope: Scope, clock: Clock, limits: Limits
) -> Iterator[tuple[list[QuoteRow], list[QuoteRow]]]:
    """Every 100 ms: all rows, and those whose price or tradeable flag changed since the round before.

    The first round counts every row as changed. Raises UsageError for an unknown symbol.
    """
    canonical = [canonical_symbol(text, market.instruments) for text in symbols]
    started_ns = clock.now_ns()
    sent = 0
    before: dict[str, tuple[object, ...]] = {}
    while True:
        now_ns = clock.now_ns()
        rows = [_row(symbol, market, scope, now_ns) for symbol in canonical]
        changed = [row for row in rows if before.get(row.quote.symbol) != _face(row)]
        if limits.quotes is not None:
            changed = changed[: limits.quotes - sent]
        before.update((row.quote.symbol, _face(row)) for row in changed)
        sent += len(changed)
        yield rows, changed
        if limits.quotes is not None and sent >= limits.quotes:
            return
        if limits.duration_ns is not None and now_ns + POLL_NS - started_ns > limits.duration_ns:
            return
        clock.sleep_ns(POLL_NS - (clock.now_ns() - started_ns) % POLL_NS)


def _row(symbol: str, market: Market, scope: Scope, now_ns: int) -> QuoteRow:
    return QuoteRow(
        scope=scope, instrument=market.instruments[symbol], quote=market.quote(symbol, now_ns), now_ns=now_ns
    )


def _face(row: QuoteRow) -> tuple[object, ...]:
    return (row.quote.bid, row.quote.ask, row.quote.tradeable)
