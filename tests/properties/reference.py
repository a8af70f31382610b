"""A second opinion on a paper account: told its events one by one, it keeps its own books and objects to what is wrong.

It takes prices from the market and facts from the events; sums, lots, conversions, touches and margins are its own.
The letters I1 to I13 name the invariants an account must keep; each assertion says which one it stands for.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from rickctl.domain.account import Leg
from rickctl.domain.events import (
    AccountReset,
    CashMoved,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderModified,
    OrderTriggered,
    StopTrailed,
)
from rickctl.domain.instants import MINUTE_NS
from rickctl.domain.market import Cursor, Phase
from rickctl.domain.orders import EntryType
from rickctl.domain.records import AccountKind
from tests.properties.books import Held, Ordered, split
from tests.properties.prices import PLENTY, ZERO, Prices

if TYPE_CHECKING:
    from rickctl.domain.account import AccountConfig, AccountState
    from rickctl.domain.events import Event
    from rickctl.domain.market import Step
    from rickctl.domain.orders import Side
    from rickctl.domain.ports import Market

ENTRY_LEGS = frozenset({Leg.ENTRY, Leg.CLOSE})
STOPS = frozenset({Leg.STOP_LOSS, Leg.TRAILING_STOP})
QUARTER_NS = 250_000_000


class Reference:
    """The books of one account."""

    def __init__(self, market: Market, config: AccountConfig) -> None:
        self.market = market
        self.prices = Prices(market, config)
        self.config = config
        self.is_spot = config.kind is AccountKind.SPOT
        self.cash = config.balance
        self.moved = ZERO
        self.realised = ZERO
        self.fees = ZERO
        self.orders: dict[int, Ordered] = {}
        self.trades: dict[int, Held] = {}
        self.taken: dict[tuple[str, Side, int], Decimal] = {}
        self.closed_out_ns = 0
        self.last_ns = 0
        self.last_n = 0

    # what happened

    def see(self, event: Event) -> None:
        """Take note of one event, or object to it."""
        assert event.n == self.last_n + 1, "I8: numbers follow one another"
        assert event.at_ns >= self.last_ns, "I8: time does not run back"
        self.last_n, self.last_ns = event.n, event.at_ns
        with localcontext(PLENTY):
            self._see(event)

    def _see(self, event: Event) -> None:
        if isinstance(event, OrderAccepted):
            self._accepted(event)
        elif isinstance(event, OrderFilled):
            self._filled(event)
        elif isinstance(event, OrderModified):
            self._modified(event)
        elif isinstance(event, StopTrailed):
            self._trailed(event)
        elif isinstance(event, OrderTriggered):
            self._triggered(event)
        elif isinstance(event, OrderCancelled | OrderExpired):
            self._ended(event)
        elif isinstance(event, CashMoved):
            self.cash += event.amount
            self.moved += event.amount
            assert event.balance == self.cash, "I1: cash after a movement"
        elif isinstance(event, AccountReset):
            self.cash, self.moved, self.realised, self.fees = self.config.balance, ZERO, ZERO, ZERO
            self.trades.clear()

    def _accepted(self, event: OrderAccepted) -> None:
        assert event.number not in self.orders, "I6: a number is used once"
        assert event.live_ns == event.at_ns + self.config.latency_ns
        self.orders[event.number] = Ordered(
            event.symbol,
            event.side,
            event.units,
            event.entry,
            event.live_ns,
            event.price,
            event.stop_loss,
            event.take_profit,
            event.trailing,
            event.expires_ns,
            event.is_close,
            event.trade,
            event.at_ns,
            is_at_market=event.entry is EntryType.MARKET,
        )

    def _modified(self, event: OrderModified) -> None:
        order, trade = self.orders[event.number], self.trades.get(event.number)
        assert not order.is_over or trade is not None, "I6: what ended is not changed"
        order.units = event.units or order.units
        order.level = event.price or order.level
        order.expires_ns = event.expires_ns or order.expires_ns
        order.live_ns = event.live_ns or order.live_ns
        order.changed_ns = event.at_ns
        for each in (order, trade):
            if each is not None:
                each.stop_loss = event.stop_loss or each.stop_loss
                each.target = event.take_profit or each.target
                each.trailing = event.trailing or each.trailing
        if trade is not None:
            trade.changed_ns = event.at_ns

    def _trailed(self, event: StopTrailed) -> None:
        trade = self.trades[event.number]
        assert event.at_ns % MINUTE_NS == 0, "I7: stops trail on the minute"
        assert self.market.quote(trade.symbol, event.at_ns).tradeable, "I5: nothing trails on a closed market"
        price = self.prices.touch(trade.symbol, event.at_ns)[trade.side.sign < 0]
        assert trade.trailing is not None
        assert event.trailed == price - trade.side.sign * trade.trailing, "I4: the stop trails by its distance"
        assert trade.stop is None or (event.trailed - trade.stop) * trade.side.sign > 0, "I4: a stop only tightens"
        trade.trailed, trade.changed_ns = event.trailed, event.at_ns

    def _triggered(self, event: OrderTriggered) -> None:
        if event.leg in ENTRY_LEGS:
            self.orders[event.number].is_at_market = True
            return
        trade = self.trades[event.number]
        if event.leg is Leg.MARGIN_CLOSEOUT:
            due = event.at_ns == self.closed_out_ns or self.is_closed_out(event.at_ns)
            assert due, "I2: closeout at half the margin, no sooner"
            self.closed_out_ns = event.at_ns
        else:
            assert trade.stop is not None
            step = self.prices.step(trade.symbol, event.at_ns, Phase.POINT)
            assert self.prices.reaches(trade.side.opposite, trade.stop, step), "I4: a stop is triggered at its level"
        trade.is_at_market = True
        trade.exit_leg = event.leg

    def _ended(self, event: OrderCancelled | OrderExpired) -> None:
        order = self.orders[event.number]
        assert not order.is_over, "I6: an order ends once"
        if isinstance(event, OrderExpired):
            assert order.expires_ns is not None
            assert event.at_ns >= order.expires_ns, "I5: no order expires early"
        order.is_over = True

    # fills

    def _filled(self, event: OrderFilled) -> None:
        step = self.prices.step(event.symbol, event.at_ns, event.phase)
        order, trade = self.orders[event.number], self.trades.get(event.number)
        assert event.units > 0, "I6: a fill is of something"
        self._check_offer(event, step)
        if event.leg in ENTRY_LEGS:
            self._check_entry(event, order, step)
        else:
            assert trade is not None, "I3: an exit of a trade that is open"
            self._check_exit(event, trade, step)
        before = None if self.is_spot else self.worth(event.at_ns)
        used_before = ZERO if self.is_spot else self.margin(event.at_ns)
        self._book(event, order)
        if event.opened and before is not None:
            used = self.margin(event.at_ns)
            if used > used_before:
                assert before - event.commission >= used, "I11: what is opened is covered by its margin"
        self._mark_exit(event)

    def _check_offer(self, event: OrderFilled, step: Step) -> None:
        size = step.ask_size if event.side.sign > 0 else step.bid_size
        key = event.symbol, event.side, event.at_ns
        if event.phase == Phase.POINT and size is not None:
            self.taken[key] = self.taken.get(key, ZERO) + event.units
            increment = self.market.instruments[event.symbol].unit_increment
            assert self.taken[key] <= size * increment, "I4: no more than is offered"

    def _check_entry(self, event: OrderFilled, order: Ordered, step: Step) -> None:
        assert not order.is_over, "I6: terminal states are final"
        assert (event.symbol, event.side) == (order.symbol, order.side)
        assert event.units == min(event.units, order.units - order.filled), "I6: filled ≤ ordered"
        assert event.at_ns >= max(order.live_ns, order.resume_ns), "I5: nothing before an order is live"
        if order.expires_ns is not None:
            late = event.at_ns - (event.phase == Phase.RANGE)
            assert late < order.expires_ns, "I5: no fill at or after expiry"
        if event.phase == Phase.RANGE:
            assert step.from_ns >= order.live_ns, "I5: a bar touches what was live when it began"
        kind = EntryType.MARKET if order.is_at_market else order.entry
        self._check_price(event, kind, order.level, step)
        order.filled += event.units
        order.resume_ns = event.at_ns + QUARTER_NS
        order.is_over = order.filled == order.units
        order.is_at_market = order.is_at_market or event.is_triggered
        assert event.remaining == order.units - order.filled, "I6: what remains is what was not filled"

    def _check_exit(self, event: OrderFilled, trade: Held, step: Step) -> None:
        assert event.side is trade.side.opposite, "I3: an exit closes"
        assert not event.opened, "I3: an exit opens nothing"
        assert event.units <= trade.units, "I3: exits are sized to what is open"
        cursor = Cursor(event.at_ns, event.phase)
        assert trade.exit_cursor != cursor, "I3: one exit of a trade at one price"
        assert cursor >= (trade.opened_ns, trade.opened_phase), "I3: no exit before its entry"
        assert event.at_ns >= trade.resume_ns, "I5: the rest waits for the next price"
        if trade.is_at_market:
            assert event.leg is trade.exit_leg, "I3: an exit that began is the one that goes on"
            self._check_price(event, EntryType.MARKET, None, step)
        elif event.leg in STOPS:
            self._check_bar(event, trade, step, is_stop=True)
            self._check_price(event, EntryType.STOP, trade.stop, step)
        elif event.leg is Leg.TAKE_PROFIT:
            self._check_bar(event, trade, step, is_stop=False)
            assert trade.stop is None or not self.prices.reaches(trade.side.opposite, trade.stop, step), (
                "I3: the stop first"
            )
            self._check_price(event, EntryType.LIMIT, trade.target, step)
        else:
            assert event.leg is Leg.MAX_HOLD, "I3: closeout is announced"
            assert event.at_ns >= trade.opened_ns + self.config.max_hold_ns, "I5: held its time"
            self._check_price(event, EntryType.MARKET, None, step)
        assert event.remaining == trade.units - event.units, "I6: what remains is what is open"

    @staticmethod
    def _check_bar(event: OrderFilled, trade: Held, step: Step, *, is_stop: bool) -> None:
        if event.phase != Phase.RANGE:
            return
        inside = trade.opened_ns == event.at_ns and trade.opened_phase == Phase.RANGE
        assert step.from_ns >= trade.opened_ns or (inside and is_stop), "I3: entry and target in one bar do not count"

    def _check_price(self, event: OrderFilled, kind: EntryType, level: Decimal | None, step: Step) -> None:
        sign, price = event.side.sign, event.price
        if event.phase == Phase.RANGE:
            assert kind is not EntryType.MARKET, "I4: a bar's range has no price of its own"
            assert level is not None
            self._check_range_price(event, kind, level, step)
            return
        touch = self.prices.quoted(event.symbol, step.bid_low, step.ask_low)[sign > 0]
        if kind is EntryType.LIMIT:
            assert level is not None
            assert price == touch, "I4: a limit fills at the touch"
            assert (price - level) * sign <= 0, "I4: never worse than its limit"
            return
        if kind is EntryType.STOP:
            assert level is not None
            assert self.prices.reaches(event.side, level, step), "I4: a stop is triggered at its level"
            touch = max(touch * sign, level * sign) * sign
        self._check_slip(event, (price - touch) * sign)

    def _check_range_price(self, event: OrderFilled, kind: EntryType, level: Decimal, step: Step) -> None:
        sign = event.side.sign
        low, high = (step.bid_low, step.ask_low), (step.bid_high, step.ask_high)
        best = self.prices.quoted(event.symbol, *(low if sign > 0 else high))[sign > 0]
        if kind is EntryType.LIMIT:
            assert event.price == level, "I4: inside a bar a limit fills at its price"
            assert (best - level) * sign <= 0, "I4: the bar reached it"
            return
        assert self.prices.reaches(event.side, level, step), "I4: the bar reached the stop"
        own = self.market.instruments[event.symbol].price(step.ask_high if sign > 0 else step.bid_low)
        worst = self.prices.quoted(event.symbol, *(high if sign > 0 else low))[sign > 0]
        self._check_slip(event, (event.price - level) * sign - max(ZERO, (worst - own) * sign))

    def _check_slip(self, event: OrderFilled, slip: Decimal) -> None:
        most = self.prices.pips(event.symbol, self.config.slippage.pips)
        least = ZERO if self.config.slippage.is_random else most
        assert least <= slip <= most, "I4: slipped as modelled, to our disadvantage"

    # money

    def _book(self, event: OrderFilled, order: Ordered) -> None:
        pnl, left = ZERO, event.units
        is_first = order.filled == event.units
        if event.leg not in ENTRY_LEGS:
            is_first = self.trades[event.number].last_leg is not event.leg
        for number in self._reduced(event, order):
            trade = self.trades[number]
            taken, trade.lots, left = split(trade.lots, left)
            for units, price in taken:
                gain = (event.price - price) * units * trade.side.sign
                pnl += self.prices.convert(gain, event.symbol, event.at_ns)
            if not trade.lots:
                del self.trades[number]
        assert event.opened == left, "I1: what reduces nothing opens"
        assert not left or event.leg is Leg.ENTRY, "I3: only an entry opens"
        if left:
            self._open(event, order, left)
        fee = self._fee(event, is_first=is_first)
        assert event.commission == fee, "I1: the fee as stated"
        flow = -event.side.sign * event.price * event.units if self.is_spot else pnl
        self.cash += flow - fee
        self.realised += pnl
        self.fees += fee
        assert event.balance == self.cash, "I1, I13: cash to the last digit"

    def _reduced(self, event: OrderFilled, order: Ordered) -> list[int]:
        if event.leg not in ENTRY_LEGS:
            return [event.number]
        if event.leg is Leg.ENTRY and self.is_spot:
            return []
        return [
            number
            for number, trade in self.trades.items()
            if trade.symbol == event.symbol and trade.side is not event.side and order.closes in {None, number}
        ]

    def _open(self, event: OrderFilled, order: Ordered, units: Decimal) -> None:
        assert not self.is_spot or event.side.sign > 0, "I1: nothing is short on a spot account"
        for exit_price, way in ((order.stop_loss, 1), (order.target, -1)):
            if exit_price is not None:
                assert (event.price - exit_price) * event.side.sign * way > 0, "I3: exits on their sides of the fill"
        trade = self.trades.get(event.number)
        if trade is None:
            exits = order.stop_loss, order.target, order.trailing
            trade = Held(event.symbol, event.side, event.at_ns, event.phase, *exits, event.at_ns)
            self.trades[event.number] = trade
        trade.lots.append((units, event.price))

    def _fee(self, event: OrderFilled, *, is_first: bool) -> Decimal:
        terms = self.config.commission
        if terms.share:
            return -self.prices.convert(-event.units * event.price * terms.share, event.symbol, event.at_ns)
        return terms.per_order if is_first else ZERO

    def _mark_exit(self, event: OrderFilled) -> None:
        trade = self.trades.get(event.number)
        if trade is None or event.leg in ENTRY_LEGS:
            return
        trade.last_leg, trade.exit_cursor = event.leg, Cursor(event.at_ns, event.phase)
        trade.resume_ns = event.at_ns + QUARTER_NS
        if event.is_triggered:
            trade.is_at_market, trade.exit_leg = True, event.leg

    # what it is worth

    def worth(self, at_ns: int) -> Decimal:
        """Cash and what closing everything would bring, at the side that would close it."""
        total = self.cash
        for trade in self.trades.values():
            price = self.prices.touch(trade.symbol, at_ns)[trade.side.sign < 0]
            cost = ZERO if self.is_spot else sum((units * paid for units, paid in trade.lots), ZERO)
            total += self.prices.convert((price * trade.units - cost) * trade.side.sign, trade.symbol, at_ns)
        return total

    def margin(self, at_ns: int) -> Decimal:
        """Margin of the net units of every symbol, at mid."""
        total = ZERO
        for symbol, net in self.net().items():
            quote, instrument = self.market.quote(symbol, at_ns), self.market.instruments[symbol]
            assert quote.bid is not None
            assert quote.ask is not None
            notional = abs(net) * (quote.bid + quote.ask) / 2
            total += self.prices.convert(notional, symbol, at_ns, at_mid=True) * instrument.margin_rate
        return total

    def net(self) -> dict[str, Decimal]:
        """Signed units by symbol."""
        found: dict[str, Decimal] = {}
        for trade in self.trades.values():
            found[trade.symbol] = found.get(trade.symbol, ZERO) + trade.units * trade.side.sign
        return found

    def is_closed_out(self, at_ns: int) -> bool:
        """Whether equity is down to half of the margin."""
        used = ZERO if self.is_spot else self.margin(at_ns)
        return bool(used) and self.worth(at_ns) * 2 <= used

    def check_state(self, state: AccountState) -> None:
        """The account says what these books say."""
        with localcontext(PLENTY):
            assert state.balance == self.cash, "I1"
            assert state.deposits == self.moved, "I1"
            assert (state.realised, state.fees) == (self.realised, self.fees), "I2"
            spent = (
                sum((sum(u * p for u, p in held.lots) for held in self.trades.values()), ZERO) if self.is_spot else 0
            )
            assert self.cash == state.start + self.moved + self.realised - self.fees - spent, (
                "I2: the accounting identity"
            )
        assert {trade.number: (trade.side, list(trade.lots)) for trade in state.trades} == {
            number: (trade.side, trade.lots) for number, trade in self.trades.items()
        }, "I1: positions are the sum of fills"
        working = {order.number: order.filled for order in state.orders}
        assert working == {n: order.filled for n, order in self.orders.items() if not order.is_over}, "I6"
        assert {n: trade.stop for n, trade in self.trades.items()} == {t.number: t.stop_level for t in state.trades}, (
            "I4"
        )
