"""One paper account under any sequence of prices, commands, restarts and repeats, against books kept separately.

I1 to I8, I9 and I13 are asserted in `reference` and `standing` as each event arrives, and here after every step.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from rickctl.adapters.sim.market import SimMarket
from rickctl.domain import events as ledger_events
from rickctl.domain.account import AccountConfig, parse_state, state_json
from rickctl.domain.conversion import Rates
from rickctl.domain.errors import OrderRejected, RickctlError
from rickctl.domain.history import order_view
from rickctl.domain.instants import HOUR_NS, MILLISECOND_NS, MINUTE_NS, SECOND_NS, parse_instant
from rickctl.domain.ledger import apply, fold
from rickctl.domain.market import Phase, Step
from rickctl.domain.orders import OrderState
from rickctl.domain.positions import equity, margin_used
from rickctl.domain.records import AccountKind
from rickctl.services.settle import settle
from tests.domain.paper_kit import T0, Desk
from tests.fakes import FakeMarket
from tests.properties.drawn import CONFIGS, ENTRIES, LENGTHS, MARGIN, SIZES, SPOT, Entry
from tests.properties.kit import machine_size
from tests.properties.plans import ledger_bytes
from tests.properties.reference import Reference
from tests.properties.standing import check_minute, check_standing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rickctl.domain.market import Instrument
    from rickctl.domain.ports import Market


class AccountMachine(RuleBasedStateMachine):
    """What a person, a market and a faulty machine may do to one account, in any order."""

    market: Market
    desk: Desk
    books: Reference

    def begin(self, market: Market, config: AccountConfig, symbols: tuple[str, ...], at_ns: int) -> None:
        self.market, self.config, self.symbols = market, config, symbols
        self.start_ns = at_ns
        self.desk = Desk(market, config, at_ns=at_ns)
        self.books = Reference(market, config)
        self.log: list[tuple[int, Callable[[Desk], None]]] = []
        self.number = 0
        self.note()

    @property
    def now_ns(self) -> int:
        return self.desk.state.checkpoint_ns

    def last(self) -> Mapping[str, Step]:
        """The last prices that could be traded on, as they were."""
        raise NotImplementedError

    # what is done

    def note(self) -> None:
        """Let the books see what is new."""
        for event in self.desk.events[self.books.last_n :]:
            self.books.see(event)

    def settle(self, until_ns: int) -> None:
        is_later = until_ns > self.now_ns
        self.desk.settle(until_ns)
        self.note()
        check_standing(self.books, until_ns, self.last())
        if is_later:
            check_minute(self.books, self.desk.state, until_ns)

    def command(self, do: Callable[[Desk], None]) -> RickctlError | None:
        """Carry a command out now, remember it, and give back what refused it, if anything did."""
        self.log.append((self.now_ns, do))
        self.settle(self.now_ns)
        before = self.desk.state
        try:
            do(self.desk)
        except RickctlError as error:
            assert self.desk.state == before, "what is refused changes nothing"
            return error
        finally:
            self.note()
        return None

    def instrument(self, symbol: str) -> Instrument:
        return self.market.instruments[symbol]

    @rule(length_ns=LENGTHS, many=st.sampled_from([1, 1, 1, 3]))
    def advance(self, length_ns: int, many: int) -> None:
        self.settle(self.now_ns + many * length_ns)

    @rule()
    def advance_to_the_minute(self) -> None:
        self.settle((self.now_ns // MINUTE_NS + 1) * MINUTE_NS)

    @rule(entry=ENTRIES)
    def place(self, entry: Entry) -> None:
        symbol, side = self.symbols[entry.pick], entry.side
        instrument, at_ns, unit = self.instrument(symbol), self.now_ns, self.unit(symbol)
        number = self.number = self.number + 1
        start = self.ticks(symbol) + entry.away * unit * {"limit": -1, "stop": 1}.get(entry.verb, 0) * side.sign
        price = f"{instrument.price(start):f}"
        levels = (max(1, start + ticks * unit * side.sign) for ticks in (-entry.risk, entry.reward))
        stop, target = (f"{instrument.price(level):f}" if entry.has_exits else None for level in levels)

        def do(desk: Desk) -> None:
            desk.order(
                number,
                side,
                f"{entry.units * self.lot(symbol):f}",
                limit=price if entry.verb == "limit" else None,
                stop=price if entry.verb == "stop" else None,
                sl=stop,
                tp=target,
                trailing=None if entry.trailing is None else f"{instrument.price(entry.trailing * unit):f}",
                expires_ns=None if entry.life_ns is None else at_ns + entry.life_ns,
                symbol=symbol,
            )

        assert self.command(do) is None

    @rule(pick=st.integers(0, 1), back=st.integers(0, 3), part=st.sampled_from([None, 1, 300]))
    def close(self, pick: int, back: int, part: int | None) -> None:
        # What was sent at this very instant fills before the close is asked for.
        self.settle(self.now_ns)
        symbol = self.symbols[pick]
        number = self.number = self.number + 1
        trade = number - back if back else None
        held = [
            one for one in self.desk.state.trades if (one.symbol == symbol if trade is None else one.number == trade)
        ]
        lot = self.lot(held[0].symbol if held else symbol)
        units = None if part is None else f"{part * lot:f}"
        where = {"symbol": symbol} if trade is None else {"trade": trade}
        refused = self.command(lambda desk: desk.close(number, units=units, **where))
        assert (refused is None) or not held or part is not None

    @rule(back=st.integers(0, 4))
    def cancel(self, back: int) -> None:
        """I9: a cancel either ends the order or finds it ended, and everybody tells the same story."""
        target, at_ns = self.number - back, self.now_ns

        def do(desk: Desk) -> None:
            desk.settle(at_ns)
            told = order_view(desk.events, target)
            desk.cancel(target, ended=None if told is None else told.state)

        refused = self.command(do)
        after = order_view(self.desk.events, target)
        if after is None:
            assert refused is not None, "I9"
        elif isinstance(refused, OrderRejected):
            assert self.books.orders[target].filled > 0, "I9: only a fill wins against a cancel"
        else:
            assert after.state in {OrderState.CANCELLED, OrderState.EXPIRED}, "I9"
            assert self.books.orders[target].is_over, "I9"

    @rule(
        back=st.integers(0, 4),
        what=st.sampled_from(["sl", "tp", "trailing", "limit", "units", "expires_ns"]),
        by=st.integers(1, 80),
    )
    def modify(self, back: int, what: str, by: int) -> None:
        target, at_ns = self.number - back, self.now_ns
        held = self.desk.state.order(target) or self.desk.state.trade(target)
        if held is None:
            return
        symbol, sign = held.symbol, held.side.sign
        price, unit, start = self.instrument(symbol).price, self.unit(symbol), self.ticks(symbol)
        change: dict[str, object] = {
            "sl": {"sl": f"{price(start - sign * by * unit):f}"},
            "tp": {"tp": f"{price(start + sign * by * unit):f}"},
            "trailing": {"trailing": f"{price(by * unit):f}"},
            "limit": {"limit": f"{price(start - sign * by * unit):f}"},
            "units": {"units": f"{by * 20 * self.lot(symbol):f}"},
            "expires_ns": {"expires_ns": at_ns + by * SECOND_NS},
        }[what]  # type: ignore[assignment]
        self.command(lambda desk: desk.modify(target, **change))  # type: ignore[arg-type]

    @rule(amount=st.sampled_from(["250.01", "-100", "-450.5", "0.00000001", "-1000000"]))
    def move_cash(self, amount: str) -> None:
        refused = self.command(lambda desk: desk.deposit(amount))
        assert (refused is None) or amount.startswith("-")

    @rule(from_ledger=st.booleans())
    def restart(self, from_ledger: bool) -> None:  # noqa: FBT001 - hypothesis names its arguments
        """I8: what is written is everything there is."""
        state = parse_state(state_json(self.desk.state))
        if from_ledger:
            events = [ledger_events.from_json(ledger_events.to_json(event)) for event in self.desk.events]
            assert events == self.desk.events
            state = replace(
                fold(events), checkpoint_ns=state.checkpoint_ns, peak=state.peak, is_peak_new=state.is_peak_new
            )
        assert state == self.desk.state, "I8"
        self.desk.state = state

    @rule(back=st.integers(0, 3))
    def deliver_again(self, back: int) -> None:
        """I8: the same event, the same order, the same instant a second time changes nothing."""
        state, events = self.desk.state, self.desk.events
        again = events[-1 - min(back, len(events) - 1)]
        with pytest.raises(ValueError, match="does not follow"):
            apply(state, again)
        with pytest.raises(ValueError, match="does not follow"):
            apply(state, replace(again, n=state.n + 2))
        once = settle(state, self.market, self.now_ns).state
        assert settle(once, self.market, self.now_ns) == (once, ()), "I8: settled twice is settled once"
        self.settle(self.now_ns)
        assert self.desk.state == once
        for number in (*(order.number for order in once.orders), *(trade.number for trade in once.trades)):
            with pytest.raises(ValueError, match="exists already"):
                self.desk.order(number, symbol=self.symbols[0])

    # what holds after every step

    @invariant()
    def the_books_agree(self) -> None:
        """I1, I2, I4, I6, I13."""
        state = self.desk.state
        self.books.check_state(state)
        rates = Rates(self.market, self.now_ns)
        assert equity(state, rates) == self.books.worth(self.now_ns), "I2: at the side that would close it"
        used = margin_used(state, rates)
        assert used == (0 if self.books.is_spot else self.books.margin(self.now_ns)), "I2"

    @invariant()
    def every_order_is_where_its_history_says(self) -> None:
        """I6, I8: told from the ledger alone."""
        for number, order in self.books.orders.items():
            told = order_view(self.desk.events, number)
            assert told is not None
            assert (told.state is OrderState.WORKING) is not order.is_over, "I6"
            assert told.filled == order.filled, "I6"
            trade = self.books.trades.get(number)
            assert told.open_units == (0 if trade is None else trade.units), "I1"

    def teardown(self) -> None:
        """I7: the same commands with no settling between them leave the same ledger."""
        if not hasattr(self, "desk"):
            return
        self.desk.settle(self.now_ns)
        rarely = Desk(self.market, self.config, at_ns=self.start_ns)
        for at_ns, do in self.log:
            rarely.settle(at_ns)
            try:
                do(rarely)
            except RickctlError:
                continue
        rarely.settle(self.now_ns)
        assert ledger_bytes(rarely) == ledger_bytes(self.desk), "I7"
        assert rarely.state == self.desk.state, "I7"

    # how large things are

    def ticks(self, symbol: str) -> int:
        quote = self.market.quote(symbol, self.now_ns)
        assert quote.bid is not None
        return self.instrument(symbol).ticks(quote.bid)

    def unit(self, symbol: str) -> int:
        """A step of about a hundred-thousandth of the price, in ticks."""
        return max(1, self.ticks(symbol) // 100_000)

    def lot(self, symbol: str) -> Decimal:
        """Units a person would trade one of: a currency's single unit, a coin's hundred-thousandth."""
        return Decimal("0.00001") if "-" in symbol else Decimal(1)


class ScriptedMachine(AccountMachine):
    """On a market that does whatever it likes: gaps, bars, thin touches, halts."""

    market: FakeMarket

    @initialize(config=CONFIGS)
    def open(self, config: AccountConfig) -> None:
        prices = SPOT if config.kind is AccountKind.SPOT else MARGIN
        market = FakeMarket([])
        for symbol, price in prices.items():
            bid = market.instruments[symbol].ticks(Decimal(price))
            market.add(Step(symbol, T0, T0, Phase.POINT, bid, bid, bid + 8, bid + 8))
        self.begin(market, config, tuple(prices), T0)

    def last(self) -> Mapping[str, Step]:
        found = {symbol: self.market.last_point(symbol, self.now_ns) for symbol in self.symbols}
        return {
            symbol: step
            for symbol, step in found.items()
            if step is not None and not any(start <= step.at_ns < end for start, end in self.market.closed)
        }

    @rule(
        pick=st.integers(0, 1),
        move=st.one_of(st.integers(-60, 60), st.integers(-700, 700)),
        width=st.integers(1, 40),
        sizes=st.tuples(SIZES, SIZES),
        after_ns=LENGTHS,
    )
    def tick(self, pick: int, move: int, width: int, sizes: tuple[int | None, int | None], after_ns: int) -> None:
        self.settle(self.add_point(pick, move, width, sizes, self.now_ns + after_ns))

    @rule(pick=st.integers(0, 1), move=st.integers(-100, 100), low=st.integers(0, 250), high=st.integers(0, 250))
    def bar(self, pick: int, move: int, low: int, high: int) -> None:
        """Half a minute of which only its first price, its extremes and its end are known."""
        symbol = self.symbols[pick]
        from_ns = self.add_point(pick, move, 9, (None, None), self.now_ns + SECOND_NS)
        bid, unit, end_ns = self.market_ticks(symbol), self.unit(symbol), from_ns + 30 * SECOND_NS
        levels = bid - low * unit, bid + high * unit
        wide = 9 * unit
        self.market.add(
            Step(symbol, from_ns, end_ns, Phase.RANGE, levels[0], levels[1], levels[0] + wide, levels[1] + wide)
        )
        self.settle(end_ns)

    @rule(length_ns=LENGTHS)
    def halt(self, length_ns: int) -> None:
        """Nothing trades for a while, whatever prices arrive: a closure, or rows that are crossed."""
        self.market.closed = (*self.market.closed, (self.now_ns + 1, self.now_ns + 1 + length_ns))

    def add_point(self, pick: int, move: int, width: int, sizes: tuple[int | None, int | None], at_ns: int) -> int:
        symbol = self.symbols[pick]
        unit, scale = self.unit(symbol), int(self.lot(symbol) / self.instrument(symbol).unit_increment)
        bid = max(10 * unit, self.market_ticks(symbol) + move * unit)
        ask = bid + width * unit
        bid_size, ask_size = (None if size is None else size * scale for size in sizes)
        self.market.add(Step(symbol, at_ns, at_ns, Phase.POINT, bid, bid, ask, ask, bid_size, ask_size))
        return at_ns

    def market_ticks(self, symbol: str) -> int:
        step = self.market.last_point(symbol, 2**62)
        assert step is not None
        return step.bid_low


SIM_STARTS = ("2026-11-18T21:50:00Z", "2026-11-20T21:50:00Z", "2026-11-18T10:00:00Z", "2026-11-01T21:58:00Z")


class SimulatedMachine(AccountMachine):
    """On the simulated market, over its breaks, for hours."""

    @initialize(config=CONFIGS, seed=st.integers(0, 3), start=st.sampled_from(SIM_STARTS))
    def open(self, config: AccountConfig, seed: int, start: str) -> None:
        symbols = tuple(SPOT if config.kind is AccountKind.SPOT else MARGIN)
        self.begin(SimMarket(seed), config, symbols, parse_instant(start))

    def last(self) -> Mapping[str, Step]:
        slot_ns = self.now_ns // (250 * MILLISECOND_NS) * 250 * MILLISECOND_NS
        found = {symbol: self.market.point(symbol, slot_ns) for symbol in self.symbols}
        return {symbol: step for symbol, step in found.items() if step is not None}

    @rule(length_ns=st.sampled_from([7 * MINUTE_NS, 20 * MINUTE_NS, 2 * HOUR_NS]))
    def wait(self, length_ns: int) -> None:
        self.settle(self.now_ns + length_ns)


TestScripted = ScriptedMachine.TestCase
TestScripted.settings = machine_size(120, 2400)
TestSimulated = SimulatedMachine.TestCase
TestSimulated.settings = machine_size(30, 600)
