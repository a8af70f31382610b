"""What of an account waits for a price and what waits for time, kept current order by order; decides nothing.

Each order or trade that changes costs itself alone, so a thousand resting orders can go live and expire one by one.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.instants import MINUTE_NS
from rickctl.domain.matching import Terms, order_legs, trade_legs, watch_for
from rickctl.domain.orders import EntryType

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rickctl.domain.account import AccountConfig, AccountState, Order, Trade
    from rickctl.domain.market import Instrument, Watch
    from rickctl.domain.matching import Resting

HALT_NS = MINUTE_NS
"""How long a market order waits for a price before it is cancelled."""


class Rank(IntEnum):
    """The order of things at one instant."""

    RANGE = 0
    EXPIRY = 1
    HOLD = 2
    ACTIVATION = 3
    POINT = 4
    HALT = 5
    GRID = 6
    DONE = 7


class Due(NamedTuple):
    """Something that happens: when, in which turn, to which symbol or order."""

    at_ns: int
    rank: Rank
    symbol: str = ""
    number: int = 0


class Book:
    """The legs and the timers of one account."""

    def __init__(self, state: AccountState, instruments: Mapping[str, Instrument], now_ns: int) -> None:
        self._config: AccountConfig = state.config
        self._instruments = instruments
        self._legs: dict[str, dict[int, tuple[Resting, ...]]] = {}
        self._timers: dict[int, tuple[Due, ...]] = {}
        self._waiting: dict[int, Order] = {}
        self._watches: dict[str, list[tuple[int, Watch]]] = {}
        orders = {order.number: order for order in state.orders}
        trades = {trade.number: trade for trade in state.trades}
        for number in orders.keys() | trades.keys():
            self._put(number, orders.get(number), trades.get(number), now_ns)

    def refresh(self, state: AccountState, number: int, now_ns: int) -> None:
        """Take order and trade `number` as they stand now; `now_ns` says whether the trade has been held too long."""
        for symbol, held in self._legs.items():
            if held.pop(number, None) is not None:
                self._watches.pop(symbol, None)
        self._timers.pop(number, None)
        self._waiting.pop(number, None)
        self._put(number, state.order(number), state.trade(number), now_ns)

    def symbols(self) -> list[str]:
        """Symbols with something resting, in order."""
        return sorted(symbol for symbol, held in self._legs.items() if held)

    def numbers(self, symbol: str) -> list[int]:
        """Numbers with something resting in the symbol, in order."""
        return sorted(self._legs.get(symbol, ()))

    def legs(self, symbol: str, number: int) -> tuple[Resting, ...]:
        """A trade's exits, then what rests of the order of that number."""
        return self._legs.get(symbol, {}).get(number, ())

    def terms(self, symbol: str) -> Terms:
        """How the account meets the symbol's prices."""
        return Terms(self._config, self._instruments[symbol])

    def watches(self, symbol: str, now_ns: int) -> list[tuple[int, Watch]]:
        """What would touch the symbol's legs, with the instant to look from (0: at once) as of the last change."""
        held = self._watches.get(symbol)
        if held is not None:
            return held
        starts: dict[int, list[Resting]] = {}
        for legs in self._legs.get(symbol, {}).values():
            for leg in legs:
                starts.setdefault(leg.resume_ns if leg.resume_ns > now_ns else 0, []).append(leg)
        found = [(start_ns, watch_for(legs, self.terms(symbol))) for start_ns, legs in starts.items()]
        self._watches[symbol] = found
        return found

    def timers(self, position: Due) -> Iterator[Due]:
        """What is due when; a hold that is behind `position` waits for a price instead."""
        for dues in self._timers.values():
            for due in dues:
                if due.rank is not Rank.HOLD or due > position:
                    yield due
        for order in self._waiting.values():
            yield _halt(order, position)

    def _put(self, number: int, order: Order | None, trade: Trade | None, now_ns: int) -> None:
        found: tuple[Resting, ...] = ()
        dues: list[Due] = []
        if trade is not None:
            due_ns = trade.opened_ns + self._config.max_hold_ns
            found = trade_legs(trade, self._instruments[trade.symbol], due_ns, now_ns)
            dues.append(Due(due_ns, Rank.HOLD, trade.symbol, number))
        if order is not None:
            found += order_legs(order, self._instruments[order.symbol])
            dues += _order_timers(order)
            if order.is_live and order.entry is EntryType.MARKET:
                self._waiting[number] = order
        self._timers[number] = tuple(dues)
        either = trade or order
        if either is not None and found:
            self._legs.setdefault(either.symbol, {})[number] = found
            self._watches.pop(either.symbol, None)


def _order_timers(order: Order) -> Iterator[Due]:
    if order.expires_ns is not None:
        yield Due(order.expires_ns, Rank.EXPIRY, order.symbol, order.number)
    if not order.is_live:
        yield Due(order.live_ns, Rank.ACTIVATION, order.symbol, order.number)


def _halt(order: Order, position: Due) -> Due:
    """The next whole minute of waiting after the order went live or was last filled."""
    waited_ns = max(order.live_ns, order.resume_ns)
    turn = max(1, (position.at_ns - waited_ns) // HALT_NS)
    due = Due(waited_ns + turn * HALT_NS, Rank.HALT, order.symbol, order.number)
    return due if due > position else due._replace(at_ns=due.at_ns + HALT_NS)
