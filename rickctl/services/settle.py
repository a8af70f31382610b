"""Carries a paper account from its checkpoint to an instant over what its market did meanwhile; no clock, no I/O.

At one instant things happen in this order, whatever was asked how often:

1. RANGE: what finished bars reached, by symbol, within one by order number;
2. expiry: an order is dead at its expiry instant;
3. maximum hold: the trade closes at this instant's price, or at the first one after;
4. activation: a sent order becomes live and meets the standing price, if there is one;
5. POINT: touches of the new price, by symbol, within one by order number;
6. halt: a market order that found no price for a minute is cancelled, unless its market is open all the same (bars
   longer than a minute);
7. the grid, on whole UTC minutes while trades are open and one of their markets trades, and where a trading day begins:
   trailing stops follow the closing price, equity is marked, margin closeout is checked. Between grid points a trailing
   stop is a plain stop at the level it last came to.

Commands come after everything of their instant.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, localcontext
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.account import Ended, Leg, Mark
from rickctl.domain.conversion import Rates
from rickctl.domain.events import (
    EquityMarked,
    OrderCancelled,
    OrderExpired,
    OrderTriggered,
    OrderWorking,
    StopTrailed,
)
from rickctl.domain.fills import Batch, Execution, fill_exit, fill_order
from rickctl.domain.hours import day_start_ns, next_day_ns
from rickctl.domain.instants import MINUTE_NS
from rickctl.domain.ledger import EXACT
from rickctl.domain.market import Cursor, Phase
from rickctl.domain.matching import (
    Resting,
    Terms,
    fill_price,
    is_reached_in_range,
    on_offer,
    order_legs,
    range_price,
    trade_legs,
    watch_for,
)
from rickctl.domain.orders import EntryType
from rickctl.domain.positions import current_price, equity, margin_used

if TYPE_CHECKING:
    from rickctl.domain.account import AccountState, Order, Trade
    from rickctl.domain.events import Event
    from rickctl.domain.market import Step, Watch
    from rickctl.domain.ports import Market

HALT_NS = MINUTE_NS
"""How long a market order waits for a price before it is cancelled."""

_ENDLESS_STEPS = 1 << 62


class Settled(NamedTuple):
    """The account at the instant asked for, and what happened on the way."""

    state: AccountState
    events: tuple[Event, ...]


def settle(account: AccountState, market: Market, until_ns: int) -> Settled:
    """The account settled through `until_ns`; unchanged where it already is. Pure: the caller stores the result."""
    if until_ns < account.checkpoint_ns:
        return Settled(account, ())
    run = _Run(account, market, until_ns)
    while run.advance():
        pass
    return Settled(replace(run.batch.state, checkpoint_ns=until_ns), tuple(run.batch.events))


class _Rank(IntEnum):
    """The order of things at one instant."""

    RANGE = 0
    EXPIRY = 1
    HOLD = 2
    ACTIVATION = 3
    POINT = 4
    HALT = 5
    GRID = 6
    DONE = 7


class _Due(NamedTuple):
    """Something that happens: when, in which turn, to which symbol or order."""

    at_ns: int
    rank: _Rank
    symbol: str = ""
    number: int = 0


class _Search(NamedTuple):
    """A search of the market and what it found; nothing was found up to `until_ns` where `step` is None."""

    watch: Watch
    start: Cursor
    until_ns: int
    step: Step | None


class _Run:
    """One settlement in progress."""

    def __init__(self, account: AccountState, market: Market, until_ns: int) -> None:
        self.batch = Batch(account)
        self._market = market
        self._until_ns = until_ns
        self._position = _Due(account.checkpoint_ns, _Rank.DONE)
        self._legs: dict[str, list[Resting]] = {}
        self._legs_of: tuple[object, object, int] | None = None
        self._searches: dict[tuple[str, int], _Search] = {}

    def advance(self) -> bool:
        """Do whatever comes next; False when nothing is left by the end."""
        timers = [due for due in self._timers() if due.at_ns <= self._until_ns]
        # Searched past the grid: what is found holds until a grid point moves a stop.
        others = [due.at_ns for due in timers if due.rank is not _Rank.GRID]
        step = self._next_step(min(others, default=self._until_ns))
        if step is not None:
            timers.append(_due(step))
        if not timers:
            return False
        due = min(timers)
        self._position = max(self._position, due)
        if step is not None and due == _due(step):
            self._touch(step)
        else:
            self._do(due)
        return True

    def _do(self, due: _Due) -> None:
        if due.rank is _Rank.EXPIRY:
            self.batch.add(OrderExpired(at_ns=due.at_ns, number=due.number))
        elif due.rank is _Rank.HOLD:
            self._close_held(due)
        elif due.rank is _Rank.ACTIVATION:
            self._activate(due)
        elif due.rank is _Rank.HALT:
            if self._market.next_open_ns(due.symbol, due.at_ns) != due.at_ns:
                self.batch.add(OrderCancelled(at_ns=due.at_ns, number=due.number, reason=Ended.MARKET_HALTED))
        else:
            self._mark(due.at_ns)

    # what is due when

    def _timers(self) -> list[_Due]:
        state, start_ns = self.batch.state, self._position.at_ns
        found = []
        for order in state.orders:
            if order.expires_ns is not None:
                found.append(_Due(max(order.expires_ns, start_ns), _Rank.EXPIRY, order.symbol, order.number))
            if not order.is_live:
                found.append(_Due(max(order.live_ns, start_ns), _Rank.ACTIVATION, order.symbol, order.number))
            elif order.entry is EntryType.MARKET:
                found.append(self._halt(order))
        for trade in state.trades:
            held = _Due(trade.opened_ns + state.config.max_hold_ns, _Rank.HOLD, trade.symbol, trade.number)
            if held > self._position:
                found.append(held)
        if state.trades:
            found.append(_Due(self._next_grid_ns(), _Rank.GRID))
        return found

    def _halt(self, order: Order) -> _Due:
        """The next whole minute of waiting after the order went live or was last filled."""
        waited = max(order.live_ns, order.resume_ns)
        turn = 1 + max(0, self._position.at_ns - waited) // HALT_NS
        due = _Due(waited + turn * HALT_NS, _Rank.HALT, order.symbol, order.number)
        before = due._replace(at_ns=due.at_ns - HALT_NS)
        return before if before > self._position and turn > 1 else due

    def _next_grid_ns(self) -> int:
        """The next minute any market of an open trade is open, or the next day's beginning if that comes first."""
        trades, position = self.batch.state.trades, self._position
        earliest_ns = position.at_ns // MINUTE_NS * MINUTE_NS
        if _Due(earliest_ns, _Rank.GRID) <= position:
            earliest_ns += MINUTE_NS
        opens = (self._market.next_open_ns(symbol, earliest_ns) for symbol in {trade.symbol for trade in trades})
        minutes = [-(-open_ns // MINUTE_NS) * MINUTE_NS for open_ns in opens if open_ns is not None]
        day_ns = next_day_ns(self.batch.state.config.day_calendar, earliest_ns - 1)
        return min((*minutes, day_ns))

    def _next_step(self, until_ns: int) -> Step | None:
        found = None
        for symbol, legs in self._resting().items():
            step = self._wake(symbol, legs, until_ns)
            if step is not None and (found is None or _due(step) < _due(found)):
                found = step
        return found

    def _wake(self, symbol: str, legs: list[Resting], until_ns: int) -> Step | None:
        """The first step that touches a leg which takes part by then: one search for each start in time."""
        position, found = self._position, None
        starts: dict[int, list[Resting]] = {}
        for leg in legs:
            starts.setdefault(leg.resume_ns if leg.resume_ns > position.at_ns else 0, []).append(leg)
        for start_ns, group in starts.items():
            after = self._after(symbol)
            if start_ns:
                after = max(after, Cursor(start_ns - 1, Phase.POINT))
            step = self._search(symbol, start_ns, watch_for(group, self._terms(symbol)), after, until_ns)
            if step is not None and (found is None or step.cursor < found.cursor):
                found = step
        return found

    def _search(self, symbol: str, start_ns: int, watch: Watch, after: Cursor, until_ns: int) -> Step | None:
        held = self._searches.get((symbol, start_ns))
        if held is not None and held.watch == watch and held.start <= after:
            if held.step is not None and held.step.cursor > after:
                return held.step if held.step.at_ns <= until_ns else None
            if held.step is None:
                if held.until_ns >= until_ns:
                    return None
                after = max(after, Cursor(held.until_ns, Phase.POINT))
        step = self._market.next_step(symbol, watch, after, until_ns)
        self._searches[symbol, start_ns] = _Search(watch, after, until_ns, step)
        return step

    def _after(self, symbol: str) -> Cursor:
        """The last step of the symbol that is behind us."""
        at_ns = self._position.at_ns
        if _Due(at_ns, _Rank.POINT, symbol) <= self._position:
            return Cursor(at_ns, Phase.POINT)
        if _Due(at_ns, _Rank.RANGE, symbol) <= self._position:
            return Cursor(at_ns, Phase.RANGE)
        return Cursor(at_ns - 1, Phase.POINT)

    # what rests

    def _terms(self, symbol: str) -> Terms:
        return Terms(self.batch.state.config, self._market.instruments[symbol])

    def _resting(self) -> dict[str, list[Resting]]:
        """Every leg by symbol; made anew when orders or trades change, or a trade has become due."""
        state = self.batch.state
        due = sum(self._is_due(trade) for trade in state.trades)
        of = self._legs_of
        if of is None or of[0] is not state.orders or of[1] is not state.trades or of[2] != due:
            legs: dict[str, list[Resting]] = {}
            symbols = {order.number: order.symbol for order in state.orders}
            symbols |= {trade.number: trade.symbol for trade in state.trades}
            for number, symbol in sorted(symbols.items()):
                found = self._legs_for(number)
                if found:
                    legs.setdefault(symbol, []).extend(found)
            self._legs, self._legs_of = dict(sorted(legs.items())), (state.orders, state.trades, due)
        return self._legs

    def _legs_for(self, number: int) -> tuple[Resting, ...]:
        """The legs of a trade, then of the order of that number."""
        state = self.batch.state
        trade, order = state.trade(number), state.order(number)
        found: tuple[Resting, ...] = ()
        if trade is not None:
            due_ns = trade.opened_ns + state.config.max_hold_ns
            found = trade_legs(trade, self._market.instruments[trade.symbol], due_ns, self._position.at_ns)
        if order is not None:
            found += order_legs(order, self._market.instruments[order.symbol])
        return found

    def _is_due(self, trade: Trade) -> bool:
        return trade.opened_ns + self.batch.state.config.max_hold_ns <= self._position.at_ns

    # what a price does

    def _touch(self, step: Step) -> None:
        """Let the step meet every leg of its symbol, by number; a trade's exits before the order's own rest."""
        rates = Rates(self._market, step.at_ns)
        numbers = dict.fromkeys(leg.number for leg in self._resting().get(step.symbol, ()))
        for number in numbers:
            for leg in self._legs_for(number):
                price = fill_price(leg, step, self._terms(step.symbol))
                if price is not None:
                    self._execute(leg, price, step, rates)
                    break

    def _execute(self, leg: Resting, price: int, step: Step, rates: Rates) -> None:
        """Trade what the step offers of the leg; the rest of a market leg or a stop trades at any price from now on."""
        instrument = self._market.instruments[step.symbol]
        steps = min(leg.steps, self._offered(leg, step))
        is_triggered = leg.entry is not EntryType.LIMIT
        if not steps:
            if leg.entry is EntryType.STOP:
                self.batch.add(OrderTriggered(at_ns=step.at_ns, number=leg.number, leg=leg.leg))
            return
        units = steps * instrument.unit_increment
        rest = is_triggered and steps < leg.steps
        execution = Execution(leg.leg, instrument.price(price), units, step.phase, rest, rates)
        state = self.batch.state
        order, trade = state.order(leg.number), state.trade(leg.number)
        if leg.leg in {Leg.ENTRY, Leg.CLOSE} and order is not None:
            fill_order(self.batch, order, execution)
            if step.phase == Phase.RANGE and trade is None:
                self._stop_inside(leg.number, step, rates)
        elif trade is not None:
            fill_exit(self.batch, trade, execution)

    def _stop_inside(self, number: int, step: Step, rates: Rates) -> None:
        """An entry filled inside a RANGE that also reached its stop: the stop counts; a target never does."""
        trade = self.batch.state.trade(number)
        if trade is None:
            return
        for leg in self._legs_for(number):
            if leg.leg is Leg.STOP_LOSS and is_reached_in_range(leg, step):
                price = range_price(leg, step, self._terms(step.symbol))
                self._execute(leg, price, step, rates)
                return

    def _offered(self, leg: Resting, step: Step) -> int:
        """What is left of the touch after what was taken from it at this very instant."""
        offered = on_offer(leg, step)
        if offered is None:
            return _ENDLESS_STEPS
        state, increment = self.batch.state, self._market.instruments[step.symbol].unit_increment
        if state.taken_ns != step.at_ns:
            return offered
        taken = (part.units for part in state.taken if part.symbol == step.symbol and part.side is leg.side)
        return max(0, offered - int(sum(taken, Decimal(0)) / increment))

    # what time does

    def _activate(self, due: _Due) -> None:
        """The order meets the standing price, if there is one; what is left of it is live from now on."""
        order = self.batch.state.order(due.number)
        if order is not None:
            self._meet(order_legs(replace(order, is_live=True), self._market.instruments[due.symbol]), due)
        order = self.batch.state.order(due.number)
        if order is not None and not order.is_live:
            self.batch.add(OrderWorking(at_ns=due.at_ns, number=due.number))

    def _close_held(self, due: _Due) -> None:
        self._meet(tuple(leg for leg in self._legs_for(due.number) if leg.leg is Leg.MAX_HOLD), due)

    def _meet(self, legs: tuple[Resting, ...], due: _Due) -> None:
        """The standing price, if there is one, as a step for these legs alone."""
        step = self._market.point(due.symbol, due.at_ns)
        if step is None:
            return
        for leg in legs:
            price = fill_price(leg, step, self._terms(due.symbol))
            if price is not None:
                self._execute(leg, price, step, Rates(self._market, due.at_ns))

    def _mark(self, at_ns: int) -> None:
        """One point of the grid."""
        rates = Rates(self._market, at_ns)
        for trade in self.batch.state.trades:
            self._trail(trade, rates)
        state = self.batch.state
        worth = equity(state, rates)
        if worth is None:
            return
        if day_start_ns(state.config.day_calendar, at_ns) == at_ns and state.day.at_ns < at_ns:
            self.batch.add(EquityMarked(at_ns=at_ns, equity=worth, is_day=True))
        if worth > self.batch.state.peak.equity:
            self.batch.state = replace(self.batch.state, peak=Mark(worth, at_ns), is_peak_new=True)
        used = margin_used(self.batch.state, rates)
        if used and worth * 2 <= used:
            self._close_out(rates)

    def _trail(self, trade: Trade, rates: Rates) -> None:
        price = current_price(self.batch.state, trade.symbol, trade.side, rates)
        if trade.trailing is None or price is None or not rates.quote(trade.symbol).tradeable:
            return
        with localcontext(EXACT):
            level, held = price - trade.side.sign * trade.trailing, trade.stop_level
            if level > 0 and (held is None or (level - held) * trade.side.sign > 0):
                self.batch.add(StopTrailed(at_ns=rates.at_ns, number=trade.number, trailed=level))

    def _close_out(self, rates: Rates) -> None:
        """Equity is down to half the margin: every trade whose market is open goes, at this price or the next."""
        for held in self.batch.state.trades:
            if held.triggered is not None or not rates.quote(held.symbol).tradeable:
                continue
            self.batch.add(OrderTriggered(at_ns=rates.at_ns, number=held.number, leg=Leg.MARGIN_CLOSEOUT))
            legs = (leg for leg in self._legs_for(held.number) if leg.leg is Leg.MARGIN_CLOSEOUT)
            self._meet(tuple(legs), _Due(rates.at_ns, _Rank.GRID, held.symbol, held.number))


def _due(step: Step) -> _Due:
    rank = _Rank.POINT if step.phase == Phase.POINT else _Rank.RANGE
    return _Due(step.at_ns, rank, step.symbol)
