"""Nothing that should have happened is missing: what still rests is held against the prices that have been."""

from __future__ import annotations

from decimal import localcontext
from typing import TYPE_CHECKING

from rickctl.domain.instants import MINUTE_NS
from rickctl.domain.orders import EntryType
from tests.properties.prices import PLENTY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rickctl.domain.account import AccountState
    from rickctl.domain.market import Step
    from tests.properties.books import Held, Ordered
    from tests.properties.reference import Reference


def check_standing(books: Reference, now_ns: int, last: Mapping[str, Step]) -> None:
    """Nothing that should have happened by now is missing; `last` are the last prices that could be traded on."""
    for order in books.orders.values():
        if order.is_over:
            continue
        assert order.expires_ns is None or order.expires_ns > now_ns, "I5: nothing outlives its expiry"
        step = last.get(order.symbol)
        since_ns = max(order.live_ns, order.changed_ns)
        if step is not None and step.at_ns > since_ns and step.at_ns >= order.resume_ns:
            _check_waiting(books, order, step)
    for trade in books.trades.values():
        step = last.get(trade.symbol)
        if step is not None and step.at_ns > trade.changed_ns and step.at_ns >= trade.resume_ns:
            _check_open(books, trade, step)


def _check_waiting(books: Reference, order: Ordered, step: Step) -> None:
    offered = step.ask_size if order.side.sign > 0 else step.bid_size
    if order.is_at_market:
        assert offered is not None, "I6: what trades at any price does not wait"
        return
    assert order.level is not None
    if order.entry is EntryType.STOP:
        assert not books.prices.reaches(order.side, order.level, step), "I4: a stop entry lets nothing pass"
    elif offered is None:
        touch = books.prices.quoted(order.symbol, step.bid_low, step.ask_low)[order.side.sign > 0]
        assert (touch - order.level) * order.side.sign > 0, "I4: a limit does not let its price pass"


def _check_open(books: Reference, trade: Held, step: Step) -> None:
    side = trade.side.opposite
    offered = step.ask_size if side.sign > 0 else step.bid_size
    if trade.is_at_market or step.at_ns > trade.opened_ns + books.config.max_hold_ns:
        assert offered is not None, "I5: an exit that began, or is due, does not wait"
        return
    assert trade.stop is None or not books.prices.reaches(side, trade.stop, step), "I4: a stop does not let it pass"
    if offered is None and trade.target is not None:
        touch = books.prices.quoted(trade.symbol, step.bid_low, step.ask_low)[side.sign > 0]
        assert (touch - trade.target) * side.sign > 0, "I4: a target does not let its price pass"


def check_minute(books: Reference, state: AccountState, now_ns: int) -> None:
    """Right after a whole minute was settled: stops have followed, the peak is known, nothing is under water."""
    quotes = {trade.symbol: books.market.quote(trade.symbol, now_ns) for trade in books.trades.values()}
    if now_ns % MINUTE_NS or not any(quote.tradeable for quote in quotes.values()):
        return
    with localcontext(PLENTY):
        assert state.peak.equity >= books.worth(now_ns), "I2: the peak is the highest there was"
        out = books.is_closed_out(now_ns)
        for trade in books.trades.values():
            if not quotes[trade.symbol].tradeable:
                continue
            assert trade.is_at_market or not out, "I2: half the margin closes everything out"
            if trade.trailing is not None and not trade.is_at_market:
                bid, ask = books.prices.touch(trade.symbol, now_ns)
                sign = trade.side.sign
                level = (bid if sign > 0 else ask) - sign * trade.trailing
                assert level <= 0 or (trade.stop is not None and (trade.stop - level) * sign >= 0), "I4: it trails"
