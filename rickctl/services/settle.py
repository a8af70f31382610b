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
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.account import Ended, Leg, Mark
from rickctl.domain.book import Book, Due, Rank
from rickctl.domain.conversion import Rates
from rickctl.domain.events import (
    EquityMarked,
    OrderCancelled,
    OrderExpired,
    OrderTriggered,
    OrderWorking,
    StopTrailed,
    numbers_of,
)
from rickctl.domain.fills import Batch, Execution, fill_exit, fill_order
from rickctl.domain.hours import day_start_ns, next_day_ns
from rickctl.domain.instants import MINUTE_NS
from rickctl.domain.ledger import EXACT
from rickctl.domain.market import Cursor, Phase
from rickctl.domain.matching import (
    fill_price,
    is_reached_in_range,
    on_offer,
    order_legs,
    range_price,
)
from rickctl.domain.orders import EntryType
from rickctl.domain.positions import current_price, equity, margin_used

if TYPE_CHECKING:
    from rickctl.domain.account import AccountState, Trade
    from rickctl.domain.events import Event
    from rickctl.domain.market import Step, Watch
    from rickctl.domain.matching import Resting
    from rickctl.domain.ports import Market

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
        self._position = Due(account.checkpoint_ns, Rank.DONE)
        self._book = Book(account, market.instruments, account.checkpoint_ns)
        self._booked = 0
        self._searches: dict[tuple[str, int], _Search] = {}

    def advance(self) -> bool:
        """Do whatever comes next; False when nothing is left by the end."""
        timers = self._timers()
        # Searched past the grid: what is found holds until a grid point moves a stop.
        others = [due.at_ns for due in timers if due.rank is not Rank.GRID]
        step = None
        # Between two timers of one turn at one instant no price can come.
        if not timers or min(timers)[:2] != self._position[:2]:
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
            self._do(due._replace(at_ns=self._position.at_ns))
        self._refresh()
        return True

    def _refresh(self, number: int | None = None) -> None:
        """Take over what the newest events changed, and order or trade `number` besides."""
        changed = {} if number is None else {number: None}
        for event in self.batch.events[self._booked :]:
            changed |= dict.fromkeys(numbers_of(event))
        self._booked = len(self.batch.events)
        for one in changed:
            self._book.refresh(self.batch.state, one, self._position.at_ns)

    def _do(self, due: Due) -> None:
        if due.rank is Rank.EXPIRY:
            self.batch.add(OrderExpired(at_ns=due.at_ns, number=due.number))
        elif due.rank is Rank.HOLD:
            self._close_held(due)
        elif due.rank is Rank.ACTIVATION:
            self._activate(due)
        elif due.rank is Rank.HALT:
            if self._market.next_open_ns(due.symbol, due.at_ns) != due.at_ns:
                self.batch.add(OrderCancelled(at_ns=due.at_ns, number=due.number, reason=Ended.MARKET_HALTED))
        else:
            self._mark(due.at_ns)

    # what is due when

    def _timers(self) -> list[Due]:
        found = list(self._book.timers(self._position))
        if self.batch.state.trades:
            found.append(Due(self._next_grid_ns(), Rank.GRID))
        return [due for due in found if due.at_ns <= self._until_ns]

    def _next_grid_ns(self) -> int:
        """The next minute at which a market of an open trade is open, or the next day's beginning before that."""
        at_ns = self._position.at_ns // MINUTE_NS * MINUTE_NS
        if Due(at_ns, Rank.GRID) <= self._position:
            at_ns += MINUTE_NS
        day_ns = next_day_ns(self.batch.state.config.day_calendar, at_ns - 1)
        symbols = {trade.symbol for trade in self.batch.state.trades}
        while at_ns < day_ns:
            opens = [open_ns for symbol in symbols if (open_ns := self._market.next_open_ns(symbol, at_ns)) is not None]
            if not opens:
                return day_ns
            if min(opens) == at_ns:
                return at_ns
            at_ns = -(-min(opens) // MINUTE_NS) * MINUTE_NS
        return day_ns

    def _next_step(self, until_ns: int) -> Step | None:
        """The first step that touches a leg which takes part by then."""
        found = None
        for symbol in self._book.symbols():
            behind = self._after(symbol)
            for start_ns, watch in self._book.watches(symbol, self._position.at_ns):
                after = max(behind, Cursor(start_ns - 1, Phase.POINT)) if start_ns else behind
                step = self._search(symbol, start_ns, watch, after, until_ns)
                if step is not None and (found is None or _due(step) < _due(found)):
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
        if Due(at_ns, Rank.POINT, symbol) <= self._position:
            return Cursor(at_ns, Phase.POINT)
        if Due(at_ns, Rank.RANGE, symbol) <= self._position:
            return Cursor(at_ns, Phase.RANGE)
        return Cursor(at_ns - 1, Phase.POINT)

    # what a price does

    def _touch(self, step: Step) -> None:
        """Let the step meet every leg of its symbol, by number; a trade's exits before the order's own rest."""
        rates, terms = Rates(self._market, step.at_ns), self._book.terms(step.symbol)
        for number in self._book.numbers(step.symbol):
            for leg in self._book.legs(step.symbol, number):
                price = fill_price(leg, step, terms)
                if price is not None:
                    self._execute(leg, price, step, rates)
                    self._refresh()
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
        self._refresh()
        for leg in self._book.legs(step.symbol, number):
            if leg.leg is Leg.STOP_LOSS and is_reached_in_range(leg, step):
                price = range_price(leg, step, self._book.terms(step.symbol))
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

    def _activate(self, due: Due) -> None:
        """The order meets the standing price, if there is one; what is left of it is live from now on."""
        order = self.batch.state.order(due.number)
        if order is not None:
            self._meet(order_legs(replace(order, is_live=True), self._market.instruments[due.symbol]), due)
        order = self.batch.state.order(due.number)
        if order is not None and not order.is_live:
            self.batch.add(OrderWorking(at_ns=due.at_ns, number=due.number))

    def _close_held(self, due: Due) -> None:
        self._refresh(due.number)
        legs = self._book.legs(due.symbol, due.number)
        self._meet(tuple(leg for leg in legs if leg.leg is Leg.MAX_HOLD), due)

    def _meet(self, legs: tuple[Resting, ...], due: Due) -> None:
        """The standing price, if there is one, as a step for these legs alone."""
        step = self._market.point(due.symbol, due.at_ns)
        if step is None:
            return
        for leg in legs:
            price = fill_price(leg, step, self._book.terms(due.symbol))
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
            self._refresh()
            legs = (leg for leg in self._book.legs(held.symbol, held.number) if leg.leg is Leg.MARGIN_CLOSEOUT)
            self._meet(tuple(legs), Due(rates.at_ns, Rank.GRID, held.symbol, held.number))


def _due(step: Step) -> Due:
    rank = Rank.POINT if step.phase == Phase.POINT else Rank.RANGE
    return Due(step.at_ns, rank, step.symbol)
