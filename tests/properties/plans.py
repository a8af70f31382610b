"""A trading day of hashed commands at fixed prices and instants, to be carried out in pieces of any size."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain import events as ledger_events
from rickctl.domain.account import parse_state, state_json
from rickctl.domain.errors import OrderRejected, UsageError
from rickctl.domain.instants import HOUR_NS, MINUTE_NS, SECOND_NS
from rickctl.domain.ledger import fold
from rickctl.domain.orders import Side
from rickctl.domain.records import AccountKind, canonical_json
from tests.domain.paper_kit import Desk

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rickctl.domain.account import AccountConfig
    from rickctl.domain.ports import Market

VERBS = ("market", "market", "limit", "limit", "stop", "close", "cancel", "modify", "deposit")


class Draws:
    """Numbers that follow from a text alone."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = 0

    def below(self, limit: int) -> int:
        """The next number from 0 up to `limit`, which it never is."""
        self._count += 1
        digest = hashlib.blake2b(f"{self._seed}:{self._count}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") % limit

    def one_of(self, choices: Sequence[str]) -> str:
        """One of the words."""
        return choices[self.below(len(choices))]


class Act(NamedTuple):
    """A command at an instant; prices and units are text, `back` says which earlier order is meant."""

    at_ns: int
    verb: str
    symbol: str
    side: Side
    units: str
    price: str
    stop_loss: str
    take_profit: str
    trailing: str | None
    expires_ns: int
    back: int


class World(NamedTuple):
    """A market, an account's terms, and the time between `start_ns` and `end_ns`."""

    market: Market
    config: AccountConfig
    symbols: tuple[str, ...]
    start_ns: int
    end_ns: int


def build_plan(world: World, seed: str, count: int) -> list[Act]:
    """Commands in the order of time, while the market of each trades; exits are near enough to be met in hours."""
    draws, plan = Draws(seed), []
    span_s = (world.end_ns - world.start_ns) // SECOND_NS
    for _ in range(count):
        at_ns = world.start_ns + draws.below(span_s) * SECOND_NS + draws.below(3) * 125_000_000
        symbol = draws.one_of(world.symbols)
        opens_ns = world.market.next_open_ns(symbol, at_ns)
        if opens_ns is not None and opens_ns != at_ns:
            at_ns = min(opens_ns + draws.below(4 * 3600) * SECOND_NS, world.end_ns)
        plan.append(_act(world, draws, symbol, at_ns))
    return sorted(plan)


def _act(world: World, draws: Draws, symbol: str, at_ns: int) -> Act:
    instrument, quote = world.market.instruments[symbol], world.market.quote(symbol, at_ns)
    is_spot = world.config.kind is AccountKind.SPOT
    side = Side.SELL if draws.below(8 if is_spot else 2) == 0 else Side.BUY
    # A thousandth of the price is what it moves in an hour or two.
    unit = max(int((quote.bid or Decimal(1)) / 20_000 / instrument.price_increment), 1)
    verb = draws.one_of(VERBS)
    away = unit * (1 + draws.below(12)) * {"limit": -1, "stop": 1}.get(verb, 0) * side.sign
    start = instrument.ticks(quote.ask or Decimal(1)) + away
    trailing = instrument.price(unit * (4 + draws.below(20))) if draws.below(2) else None
    size = instrument.unit_increment * int(
        Decimal(200 + draws.below(40_000)) / (quote.bid or Decimal(1)) / instrument.unit_increment
    )
    if draws.below(5) == 0:
        size *= 90
    return Act(
        at_ns=at_ns,
        verb=verb,
        symbol=symbol,
        side=side,
        units=f"{size:f}",
        price=f"{instrument.price(start):f}",
        stop_loss=f"{instrument.price(start - side.sign * unit * (5 + draws.below(30))):f}",
        take_profit=f"{instrument.price(start + side.sign * unit * (5 + draws.below(30))):f}",
        trailing=None if trailing is None else f"{trailing:f}",
        expires_ns=at_ns + (1 + draws.below(360)) * MINUTE_NS,
        back=1 + draws.below(5),
    )


class Restarted(Desk):
    """A desk that keeps nothing between two visits but text: the snapshot, or the ledger alone."""

    def restart(self, *, from_ledger: bool) -> None:
        """Forget the account and read it back; what prices have done since its last event is in the snapshot alone."""
        kept = parse_state(state_json(self.state))
        if from_ledger:
            events = [ledger_events.from_json(ledger_events.to_json(event)) for event in self.events]
            checkpoint_ns, peak, is_new = kept.checkpoint_ns, kept.peak, kept.is_peak_new
            kept = replace(fold(events), checkpoint_ns=checkpoint_ns, peak=peak, is_peak_new=is_new)
        assert kept == self.state
        self.state = kept


def carry_out(world: World, plan: Iterable[Act], visits: Iterable[int], *, from_ledger: bool = False) -> Restarted:
    """Every command at its instant; at every visit the account is read back from text and settled."""
    desk = Restarted(world.market, world.config, at_ns=world.start_ns)
    waiting = sorted({*visits, world.end_ns})
    for number, act in enumerate(plan, start=1):
        while waiting and waiting[0] < act.at_ns:
            visit(desk, waiting.pop(0), from_ledger=from_ledger)
        do(desk, number, act)
    for at_ns in waiting:
        visit(desk, at_ns, from_ledger=from_ledger)
    return desk


def visit(desk: Restarted, at_ns: int, *, from_ledger: bool) -> None:
    """Read the account back and carry it on to the instant."""
    desk.restart(from_ledger=from_ledger)
    desk.settle(at_ns)


def do(desk: Desk, number: int, act: Act) -> None:
    """One command; what the account does not accept does not happen."""
    try:
        if act.verb in {"market", "limit", "stop"}:
            _enter(desk, number, act)
        elif act.verb == "close":
            desk.close(number, symbol=act.symbol, at_ns=act.at_ns)
        elif act.verb == "cancel":
            desk.cancel(number - act.back, at_ns=act.at_ns)
        elif act.verb == "modify":
            _modify(desk, act, number - act.back)
        else:
            _move_cash(desk, act)
    except (OrderRejected, UsageError):
        return


def _enter(desk: Desk, number: int, act: Act) -> None:
    desk.order(
        number,
        act.side,
        act.units,
        limit=act.price if act.verb == "limit" else None,
        stop=act.price if act.verb == "stop" else None,
        sl=act.stop_loss,
        tp=act.take_profit,
        trailing=act.trailing,
        expires_ns=act.expires_ns,
        symbol=act.symbol,
        at_ns=act.at_ns,
    )


def _modify(desk: Desk, act: Act, number: int) -> None:
    """Bring the stop of an earlier order or of its trade a pip nearer."""
    desk.settle(act.at_ns)
    held = desk.state.order(number) or desk.state.trade(number)
    if held is not None and held.stop_loss is not None:
        nearer = held.stop_loss + held.side.sign * desk.market.instruments[held.symbol].pip
        desk.modify(number, sl=f"{nearer:f}", trailing=act.trailing)


def _move_cash(desk: Desk, act: Act) -> None:
    """Put in what the account began with, or take most of what is there, whatever is open."""
    desk.settle(act.at_ns)
    out = -(desk.state.balance * 19 / 20).quantize(Decimal("0.01"))
    desk.deposit(f"{desk.state.config.balance if act.side is Side.BUY else out:f}")


def every_minute(world: World) -> range:
    """Each whole minute of the world."""
    return range(world.start_ns, world.end_ns, MINUTE_NS)


def at_random(world: World, seed: str) -> list[int]:
    """Instants from milliseconds to hours apart, on no grid."""
    draws, found, at_ns = Draws(seed), [], world.start_ns
    while at_ns < world.end_ns:
        at_ns += 1 + draws.below((1_000_000, SECOND_NS, MINUTE_NS, HOUR_NS, 4 * HOUR_NS)[draws.below(5)])
        found.append(min(at_ns, world.end_ns))
    return found


def ledger_bytes(desk: Desk) -> bytes:
    """The ledger as canonical JSON."""
    return canonical_json([ledger_events.to_json(event) for event in desk.events]).encode()
