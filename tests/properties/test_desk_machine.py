"""Two accounts side by side through the front door: the charter holds, neither touches the other, repeats act once.

Every command is a run of its own over the same folders. I8 and I10 to I11 are asserted here, the others by the books.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from rickctl.adapters.sim.market import SimMarket
from rickctl.domain.account import parse_state
from rickctl.domain.charter import parse_charter
from rickctl.domain.events import from_json
from rickctl.domain.instants import SECOND_NS
from rickctl.domain.ledger import fold
from rickctl.domain.orders import IntentState, Side
from rickctl.domain.records import IntentKind
from rickctl.domain.scope import Mode, Scope
from rickctl.services.settle import settle
from rickctl.services.stored import read_verdicts
from rickctl.store.state import Store
from tests.cli.harness import Answer, Desk, FakeClock
from tests.domain.charter_kit import SHIPPED_TEXT
from tests.properties.kit import machine_size
from tests.properties.reference import Reference

if TYPE_CHECKING:
    from rickctl.domain.account import AccountState
    from rickctl.domain.records import IntentRow

START = "2026-11-18T14:00:00Z"
MARKET = SimMarket(2)
SYMBOLS = ("EUR_USD", "AUD_USD", "GBP_USD")
COUNTED = {IntentState.INTENT, IntentState.SENT, IntentState.UNKNOWN, IntentState.ACCEPTED}
LIMITS = {
    "max_fx_units = 1_000_000": "max_fx_units = 30_000",
    "max_order_notional = 500_000": "max_order_notional = 32_000",
    "max_position_notional = 750_000": "max_position_notional = 60_000",
    "max_exposure = 1_500_000": "max_exposure = 90_000",
    "max_daily_trades = 50": "max_daily_trades = 9",
    "MAX_TOTAL_EXPOSURE = 3_000_000": "MAX_TOTAL_EXPOSURE = 130_000",
    "max_repeats = 10": "max_repeats = 6",
}


class Sized(NamedTuple):
    """What the charter counts, worked out from the store alone, in dollars."""

    units: Decimal
    order: Decimal
    position: Decimal
    account: Decimal
    desk: Decimal
    trades: int


class DeskMachine(RuleBasedStateMachine):
    """Two people at one machine."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="desk-"))
        self.desk = Desk(root=self.root, clock=FakeClock(START))
        self.seal()
        self.names = ("first", "second")
        for name, currency in zip(self.names, ("USD", "EUR"), strict=True):
            terms = ("--currency", currency, "--seed", "2", "--slippage", "random:0.4p", "--commission", "35/million")
            assert self.desk.run("account", "create", name, *terms).code == 0
        self.books = {name: Reference(MARKET, self.account(name).config) for name in self.names}
        self.keys: dict[str, tuple[tuple[str, ...], Answer]] = {}
        self.ledgers = {name: self.ledger(name) for name in self.names}

    def seal(self) -> None:
        """A charter with limits near enough to be met, sealed by its owner."""
        text = SHIPPED_TEXT
        for before, after in LIMITS.items():
            assert text.count(before) == 1
            text = text.replace(before, after)
        self.desk.folders.config.mkdir(parents=True)
        (self.desk.folders.config / "charter.toml").write_text(text, encoding="utf-8")
        charter = parse_charter(text).charter
        assert charter is not None
        assert self.desk.run("charter", "seal", "--expect", charter.hash).code == 0
        self.charter = charter

    def teardown(self) -> None:
        shutil.rmtree(self.root)

    # what is in the store

    def store(self) -> Store:
        return Store.open(self.desk.folders.state, self.desk.folders.config, self.desk.clock, write=False)

    def ledger(self, name: str) -> list[str]:
        with closing(self.store()) as store:
            return [row.body for row in store.ledger(scope(name))]

    def account(self, name: str) -> AccountState:
        """The account as of now, settled in memory."""
        with closing(self.store()) as store:
            row = store.account(scope(name))
        assert row is not None
        return settle(parse_state(row.state), MARKET, max(row.checkpoint_ns, self.desk.clock.now_ns())).state

    def newest(self, name: str) -> IntentRow | None:
        with closing(self.store()) as store:
            return next(iter(store.intents(scope(name), limit=1)), None)

    # what people do

    def run(self, name: str, *argv: str) -> Answer:
        """One command of one person; the other's account does not notice."""
        answer = self.desk.run(*argv, "--account", name, "-o", "json")
        assert answer.code in {0, 2, 4, 6}, answer
        self.look_after(name)
        return answer

    def look_after(self, name: str) -> None:
        """I10: only the account named has new records, and its own books agree with them."""
        for other in self.names:
            found = self.ledger(other)
            assert found[: len(self.ledgers[other])] == self.ledgers[other], "I8: what is written stays"
            assert other == name or found == self.ledgers[other], "I10: a command touches one account"
            self.ledgers[other] = found
        for body in self.ledgers[name][self.books[name].last_n :]:
            self.books[name].see(from_json(json.loads(body)))

    @rule(seconds=st.sampled_from([1, 20, 70, 1800, 4000, 4 * 3600]))
    def wait(self, seconds: int) -> None:
        self.desk.clock.instant_ns += seconds * SECOND_NS

    @rule(
        who=st.integers(0, 1),
        symbol=st.sampled_from(SYMBOLS),
        side=st.sampled_from(list(Side)),
        units=st.sampled_from([900, 9_000, 22_000, 30_000, 30_001]),
        far=st.integers(0, 40),
        stop=st.integers(20, 90),
        key=st.sampled_from([None, None, "a", "b"]),
    )
    def place(self, who: int, symbol: str, side: Side, units: int, far: int, stop: int, key: str | None) -> None:
        name = self.names[who]
        words = ["order", "place", symbol, side.value, str(units), "--stop-loss", f"{stop}p", "--take-profit", "1.5R"]
        words += ["--quality", "90"]
        if far:
            instrument, quote = MARKET.instruments[symbol], MARKET.quote(symbol, self.desk.clock.now_ns())
            assert quote.bid is not None
            words += ["--limit", f"{quote.bid - side.sign * far * instrument.pip:f}"]
        words += [] if key is None else ["--key", f"{key}-{who}"]
        if key is not None and f"{key}-{who}" in self.keys:
            return
        before, sized = self.newest(name), self.size(name, symbol, side, Decimal(units))
        answer = self.run(name, *words)
        row = self.newest(name)
        assert row is not None
        if before is None or row.number != before.number:
            self.check_charter(row, sized)
            if key is not None and answer.code == 0:
                self.keys[f"{key}-{who}"] = tuple(words), answer

    @rule(who=st.integers(0, 1), key=st.sampled_from(["a", "b"]))
    def repeat(self, who: int, key: str) -> None:
        """The same key and request give the same order, and nothing new is written."""
        name, known = self.names[who], self.keys.get(f"{key}-{who}")
        if known is None:
            return
        words, first = known
        before = self.newest(name)
        answer = self.run(name, *words)
        assert before == self.newest(name), "I8: twice is once"
        assert answer.code in {0, 4}
        if answer.code == 0:
            assert json.loads(answer.stdout)["order"] == json.loads(first.stdout)["order"]

    @rule(who=st.integers(0, 1), back=st.integers(0, 3))
    def cancel(self, who: int, back: int) -> None:
        """I9: nothing or "already filled", and the account agrees."""
        name, row = self.names[who], self.newest(self.names[who])
        if row is None or row.number <= back:
            return
        number = row.number - back
        answer = self.run(name, "order", "cancel", str(number))
        order = self.books[name].orders.get(number)
        if answer.code == 0:
            assert order is not None
            assert order.is_over, "I9"
        elif answer.code == 4:
            assert order is not None
            assert order.filled > 0, "I9"

    @rule(who=st.integers(0, 1), back=st.integers(0, 3), pips=st.integers(10, 60))
    def move_stop(self, who: int, back: int, pips: int) -> None:
        name, row = self.names[who], self.newest(self.names[who])
        if row is not None and row.number > back:
            self.run(name, "order", "modify", str(row.number - back), "--stop-loss", f"{pips}p")

    @rule(who=st.integers(0, 1), symbol=st.sampled_from(SYMBOLS), part=st.booleans())
    def close(self, who: int, symbol: str, part: bool) -> None:  # noqa: FBT001 - hypothesis names its arguments
        held = abs(self.books[self.names[who]].net().get(symbol, Decimal(0)))
        units = ["--units", "900"] if part and held > 900 else []
        self.run(self.names[who], "position", "close", symbol, *units)

    @rule(who=st.integers(0, 1), verb=st.sampled_from(["positions", "pnl"]))
    def look(self, who: int, verb: str) -> None:
        """A read writes nothing."""
        before = self.ledgers[self.names[who]]
        self.run(self.names[who], verb)
        assert self.ledgers[self.names[who]] == before

    # what the charter promises

    def size(self, name: str, symbol: str, side: Side, units: Decimal) -> Sized:
        """What the charter's limits will be held to, if this order joins everything open and working."""
        now_ns = self.desk.clock.now_ns()
        per_unit = self.dollars(symbol, now_ns)
        worst = {other: self.worst(other, now_ns) for other in self.names}
        mine = self.worst(name, now_ns, extra=(symbol, side, units))
        account = sum(mine.values(), Decimal(0))
        others = sum((sum(found.values(), Decimal(0)) for other, found in worst.items() if other != name), Decimal(0))
        with closing(self.store()) as store:
            rows = store.intents(scope(name), states=COUNTED)
        day_ns = self.account(name).day.at_ns
        trades = sum(row.kind is IntentKind.ENTRY and row.created_ns >= day_ns for row in rows)
        return Sized(units, units * per_unit, mine[symbol], account, account + others, trades + 1)

    def worst(self, name: str, now_ns: int, extra: tuple[str, Side, Decimal] | None = None) -> dict[str, Decimal]:
        """By symbol, the larger side in dollars if everything working on it fills."""
        account = self.account(name)
        held: dict[str, list[Decimal]] = {symbol: [Decimal(0)] * 3 for symbol in SYMBOLS}
        for trade in account.trades:
            held[trade.symbol][0] += trade.units * trade.side.sign
        for order in account.orders:
            if not order.is_close:
                held[order.symbol][1 if order.side is Side.BUY else 2] += order.remaining
        if extra is not None:
            held[extra[0]][1 if extra[1] is Side.BUY else 2] += extra[2]
        return {
            symbol: max(abs(net + buys), abs(net - sells)) * self.dollars(symbol, now_ns)
            for symbol, (net, buys, sells) in held.items()
        }

    @staticmethod
    def dollars(symbol: str, at_ns: int) -> Decimal:
        """What a unit of the symbol is worth in dollars, at mid."""
        quote = MARKET.quote(symbol, at_ns)
        assert quote.mid is not None
        return quote.mid

    def check_charter(self, row: IntentRow, sized: Sized) -> None:
        """I11: each limit is held to exactly, and what passes the gate breaks none of them."""
        if row.error == "key_reused":
            assert (row.state, row.verdicts) == (IntentState.REFUSED, "[]"), "refused before any rule was asked"
            return
        charter, passed = self.charter, {verdict.rule: verdict.passed for verdict in read_verdicts(row.verdicts)}
        expected = {
            "3.1": sized.units <= 30_000,
            "3.2": sized.order <= charter.max_order_notional,
            "3.3": sized.position <= charter.max_position_notional,
            "3.4": sized.account <= charter.max_exposure,
            "11.1": sized.desk <= charter.max_total_exposure,
            "7.1": sized.trades <= charter.max_daily_trades,
        }
        for rule_id, is_within in expected.items():
            assert passed[rule_id] is is_within, (rule_id, sized)
        if row.state in COUNTED:
            assert all(passed.values()), "I11"

    @invariant()
    def what_is_stored_is_everything(self) -> None:
        """I1, I2, I6, I8: the account's row, its ledger and the books tell the same; the chain is whole."""
        with closing(self.store()) as store:
            assert store.verify() == [], "I8"
            rows = {name: store.account(scope(name)) for name in self.names}
        for name, row in rows.items():
            assert row is not None
            state = parse_state(row.state)
            folded = fold(from_json(json.loads(body)) for body in self.ledgers[name])
            kept = replace(folded, checkpoint_ns=state.checkpoint_ns, peak=state.peak, is_peak_new=state.is_peak_new)
            assert kept == state, "I8"
            self.look_after(name)
            self.books[name].check_state(state)


def scope(name: str) -> Scope:
    return Scope(Mode.PAPER, "paper", name)


TestDesk = DeskMachine.TestCase
TestDesk.settings = machine_size(8, 120)
