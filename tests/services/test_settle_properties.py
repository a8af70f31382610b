"""Whatever happens, in whatever pieces it is settled: the same ledger, to the byte, and exact to the last digit."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, localcontext
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from rickctl.adapters.sim.market import SimMarket
from rickctl.domain import events as ledger_events
from rickctl.domain.account import AccountConfig, AccountState, Leg, parse_state, state_json
from rickctl.domain.errors import RickctlError
from rickctl.domain.events import Event, OrderAccepted, OrderCancelled, OrderExpired, OrderFilled
from rickctl.domain.instants import HOUR_NS, MILLISECOND_NS, MINUTE_NS, SECOND_NS, parse_instant
from rickctl.domain.ledger import EXACT, fold
from rickctl.domain.market import Phase, Step
from rickctl.domain.models import parse_commission, parse_slippage, parse_spread
from rickctl.domain.orders import Side
from rickctl.domain.positions import equity
from rickctl.domain.records import AccountKind, canonical_json
from tests.domain.paper_kit import T0, Desk
from tests.fakes import FakeMarket

LAST_NS = T0 + 400 * SECOND_NS
LEVEL = 108_000
PIP = Decimal("0.0001")


class Command(NamedTuple):
    """Something a person does at an instant; distances in pips from the price of the moment."""

    at_ns: int
    verb: str
    side: Side
    units: int
    away: int
    risk: int
    reward: int
    trailing: int | None
    life_s: int
    target: int


@st.composite
def scripts(draw: st.DrawFn) -> list[Step]:
    """Points and bars of two symbols; bars of a symbol do not overlap its points."""
    steps = []
    for symbol in ("EUR_USD", "GBP_USD"):
        at_ns, level = T0, LEVEL
        has_bars = draw(st.booleans())
        for _ in range(draw(st.integers(min_value=4, max_value=20))):
            level += draw(st.integers(min_value=-120, max_value=120))
            width = draw(st.integers(min_value=1, max_value=30))
            sizes = draw(st.sampled_from([(None, None), (700, 400), (0, 0), (5000, 5000)]))
            steps.append(Step(symbol, at_ns, at_ns, Phase.POINT, level, level, level + width, level + width, *sizes))
            gap_ns = draw(st.sampled_from([250 * MILLISECOND_NS, SECOND_NS, 30 * SECOND_NS, MINUTE_NS]))
            if has_bars:
                low, high = level - draw(st.integers(0, 150)), level + draw(st.integers(0, 150))
                steps.append(Step(symbol, at_ns, at_ns + gap_ns, Phase.RANGE, low, high, low + width, high + width))
            at_ns += gap_ns
    return steps


COMMANDS = st.builds(
    Command,
    at_ns=st.one_of(st.integers(0, 160), st.integers(0, 1600)).map(lambda q: T0 + q * 250 * MILLISECOND_NS),
    verb=st.sampled_from(["market", "market", "limit", "stop", "close", "cancel", "modify", "deposit"]),
    side=st.sampled_from(list(Side)),
    units=st.sampled_from([300, 1000, 1000, 46_000]),
    away=st.integers(1, 12),
    risk=st.integers(4, 20),
    reward=st.integers(4, 20),
    trailing=st.sampled_from([None, None, 2, 8]),
    life_s=st.sampled_from([30, 61, 300]),
    target=st.integers(1, 6),
)
CONFIGS = st.builds(
    lambda kind, spread, slippage, latency, commission, balance, hold: AccountConfig(
        kind=kind,
        spread=parse_spread(spread),
        slippage=parse_slippage(slippage),
        latency_ns=latency,
        commission=parse_commission(commission),
        balance=balance,
        max_hold_ns=hold,
    ),
    st.sampled_from([AccountKind.MARGIN, AccountKind.MARGIN, AccountKind.SPOT]),
    st.sampled_from(["source", "x1.5", "fixed:0.4p"]),
    st.sampled_from(["none", "random:0.5p"]),
    st.sampled_from([0, 50 * MILLISECOND_NS, 3 * SECOND_NS]),
    st.sampled_from(["none", "0.1%", "2.50/order"]),
    st.sampled_from([Decimal(1000), Decimal(60_000)]),
    st.sampled_from([45 * SECOND_NS, 6 * HOUR_NS]),
)


def act(desk: Desk, number: int, command: Command) -> None:
    """Carry a command out; what the account refuses or rejects does not happen."""
    symbol = "EUR_USD" if command.target % 2 else "GBP_USD"
    side = Side.BUY if desk.state.is_spot and command.away < 11 else command.side
    sign = side.sign
    base = desk.market.quote(symbol, command.at_ns).bid or Decimal("1.08")
    away = {"limit": -command.away, "stop": command.away}.get(command.verb, 0)
    start = base + sign * away * PIP
    exits = {
        "sl": f"{start - sign * command.risk * PIP:.5f}",
        "tp": f"{start + sign * command.reward * PIP:.5f}",
    }
    trailing = None if command.trailing is None else f"{command.trailing * PIP:f}"
    at_ns = command.at_ns
    try:
        if command.verb in {"market", "limit", "stop"}:
            price = {} if command.verb == "market" else {command.verb: f"{start:.5f}"}
            life = at_ns + command.life_s * SECOND_NS
            terms = {**exits, **price, "trailing": trailing, "symbol": symbol, "units": str(command.units)}
            desk.order(number, side, at_ns=at_ns, expires_ns=life, **terms)  # type: ignore[arg-type]
        elif command.verb == "close":
            desk.close(number, symbol=symbol, at_ns=at_ns)
        elif command.verb == "cancel":
            desk.cancel(command.target, at_ns=at_ns)
        elif command.verb == "modify":
            desk.modify(command.target, sl=exits["sl"], at_ns=at_ns)
        else:
            desk.settle(at_ns)
            desk.deposit(str(command.units // 100))
    except RickctlError:
        return


def run(market: FakeMarket, config: AccountConfig, commands: list[Command], settles: list[int]) -> Desk:
    """Carry out the commands in order of time, and settle at every one of the other instants besides."""
    desk = Desk(market, config)
    told = sorted(enumerate(commands, start=1), key=lambda item: item[1].at_ns)
    moments = sorted(settles)
    for number, command in told:
        while moments and moments[0] < command.at_ns:
            desk.settle(moments.pop(0))
        act(desk, number, command)
        if moments and moments[0] == command.at_ns:
            desk.settle(moments.pop(0))
    for at_ns in moments:
        desk.settle(at_ns)
    desk.settle(LAST_NS + MINUTE_NS)
    return desk


def written(desk: Desk) -> str:
    return canonical_json([ledger_events.to_json(event) for event in desk.events])


def closure(from_s: int, to_s: int) -> tuple[int, int]:
    return T0 + from_s * SECOND_NS, T0 + to_s * SECOND_NS


WORLDS = st.tuples(
    scripts(),
    st.booleans(),
    st.sampled_from([(), (closure(100, 190),), (closure(20, 50), closure(55, 70), closure(100, 150))]),
    CONFIGS,
    st.lists(COMMANDS, min_size=2, max_size=8),
)


def rebuilt(happened: list[Event], state: AccountState) -> AccountState:
    """The account by its ledger alone, at the marks a snapshot adds: how far it is settled, and a peak not yet told."""
    return replace(fold(happened), checkpoint_ns=state.checkpoint_ns, peak=state.peak, is_peak_new=state.is_peak_new)


def market_of(world: tuple[list[Step], bool, tuple[tuple[int, int], ...], AccountConfig, list[Command]]) -> FakeMarket:
    return FakeMarket(world[0], stands=world[1], closed=world[2])


@given(
    world=WORLDS,
    settles=st.lists(st.integers(0, 4000).map(lambda tenth: T0 + tenth * 100 * MILLISECOND_NS), max_size=30),
)
def test_often_or_rarely_the_ledger_is_the_same_to_the_byte(
    world: tuple[list[Step], bool, tuple[tuple[int, int], ...], AccountConfig, list[Command]], settles: list[int]
) -> None:
    market = market_of(world)
    rarely = run(market, world[3], world[4], [])
    often = run(market, world[3], world[4], settles)
    assert written(often) == written(rarely)
    assert often.state == rarely.state
    assert state_json(often.state) == state_json(rarely.state)


@given(world=WORLDS)
def test_the_ledger_alone_rebuilds_the_account(
    world: tuple[list[Step], bool, tuple[tuple[int, int], ...], AccountConfig, list[Command]],
) -> None:
    desk = run(market_of(world), world[3], world[4], [])
    read_back = [ledger_events.from_json(ledger_events.to_json(event)) for event in desk.events]
    assert read_back == desk.events
    state = desk.state
    assert rebuilt(read_back, state) == state
    assert parse_state(state_json(state)) == state


@given(world=WORLDS)
def test_every_account_obeys_the_invariants(
    world: tuple[list[Step], bool, tuple[tuple[int, int], ...], AccountConfig, list[Command]],
) -> None:
    market = market_of(world)
    desk = run(market, world[3], world[4], [])
    with localcontext(EXACT):
        check_cash(desk)
        check_units(desk)
    check_exits(desk.events)
    check_ends(desk.events)
    for fill in desk.fills():
        check_instant(fill, market, desk)


def check_cash(desk: Desk) -> None:
    """I1, I2: cash and positions are exactly what the fills say, on both kinds of account."""
    state = desk.state
    fees = sum((fill.commission for fill in desk.fills()), Decimal(0))
    assert state.fees == fees
    realised = sum((part.pnl_account for fill in desk.fills() for part in fill.reduced), Decimal(0))
    assert state.realised == realised == sum((total.realised for total in state.totals), Decimal(0))
    cost = sum((trade.cost for trade in state.trades), Decimal(0))
    spent = cost if state.is_spot else Decimal(0)
    assert state.balance == state.start + state.deposits + realised - fees - spent
    flow = sum((fill.units * fill.price * -fill.side.sign for fill in desk.fills()), Decimal(0))
    held = sum((trade.cost * trade.side.sign for trade in state.trades), Decimal(0))
    assert flow + held == realised
    worth = equity(state, desk.rates())
    assert worth is not None


def check_units(desk: Desk) -> None:
    """I1: open units are the signed sum of fills; nothing is negative, on spot nothing is short."""
    for symbol in ("EUR_USD", "GBP_USD"):
        filled = sum((fill.units * fill.side.sign for fill in desk.fills() if fill.symbol == symbol), Decimal(0))
        trades = [trade for trade in desk.state.trades if trade.symbol == symbol]
        assert filled == sum((trade.units * trade.side.sign for trade in trades), Decimal(0))
        assert len({trade.side for trade in trades}) <= 1
        assert all(lot.units > 0 for trade in trades for lot in trade.lots)
        assert not desk.state.is_spot or all(trade.side is Side.BUY for trade in trades)


def check_exits(happened: list[Event]) -> None:
    """I3, I6: at one instant one exit of a trade fills, all together never more than was opened."""
    opened: dict[int, Decimal] = {}
    closed: dict[int, Decimal] = {}
    exits: set[tuple[int, int, int]] = set()
    for fill in happened:
        if not isinstance(fill, OrderFilled):
            continue
        opened[fill.number] = opened.get(fill.number, Decimal(0)) + fill.opened
        for part in fill.reduced:
            closed[part.trade] = closed.get(part.trade, Decimal(0)) + part.units
        if fill.leg not in {Leg.ENTRY, Leg.CLOSE}:
            key = fill.number, fill.at_ns, fill.phase
            assert key not in exits, "two exits of one trade at one instant"
            exits.add(key)
    assert all(units <= opened[number] for number, units in closed.items())


def check_ends(happened: list[Event]) -> None:
    """I5, I6: nothing fills beyond what was ordered, after its end or at or after its expiry."""
    left: dict[int, Decimal] = {}
    expires: dict[int, int] = {}
    for event in happened:
        if isinstance(event, OrderAccepted):
            left[event.number] = event.units
            if event.expires_ns is not None:
                expires[event.number] = event.expires_ns
        elif isinstance(event, OrderFilled) and event.leg in {Leg.ENTRY, Leg.CLOSE}:
            left[event.number] -= event.units
            assert left[event.number] >= 0
            assert event.remaining == left[event.number]
            # What a bar reached before it ended with the order's time still counts.
            assert event.at_ns - (event.phase == Phase.RANGE) < expires.get(event.number, event.at_ns + 1)
        elif isinstance(event, OrderCancelled | OrderExpired):
            assert left[event.number] > 0
            left[event.number] = Decimal(0)


def check_instant(fill: OrderFilled, market: FakeMarket, desk: Desk) -> None:
    """I4, I5: a fill at a point happens while the market trades, never inside the touch but for the spread model."""
    if fill.phase == Phase.RANGE:
        return
    step = market.point(fill.symbol, fill.at_ns)
    assert step is not None or not market.quote(fill.symbol, fill.at_ns).tradeable
    quote = market.quote(fill.symbol, fill.at_ns)
    assert quote.tradeable
    assert quote.bid is not None
    assert quote.ask is not None
    if desk.state.config.spread.text != "fixed:0.4p":
        assert (fill.price - (quote.ask if fill.side is Side.BUY else quote.bid)) * fill.side.sign >= 0


SIM = SimMarket(7)
SIM_START = parse_instant("2026-11-18T21:30:00Z")


@given(
    seed=st.integers(0, 50),
    commands=st.lists(COMMANDS, min_size=1, max_size=4),
    settles=st.lists(st.integers(0, 10 * 3600), max_size=12),
)
def test_the_simulated_market_settles_the_same_in_any_pieces(
    seed: int, commands: list[Command], settles: list[int]
) -> None:
    """Over the daily break and the trading day's beginning, with trailing stops and the maximum hold."""
    config = AccountConfig(seed=seed, slippage=parse_slippage("random:0.5p"), commission=parse_commission("35/million"))
    ledgers = []
    for moments in ([], sorted(settles)):
        desk = Desk(SIM, config, at_ns=SIM_START)
        for number, command in enumerate(sorted(commands, key=lambda one: one.at_ns), start=1):
            at_ns = SIM_START + (command.at_ns - T0) * 5
            while moments and SIM_START + moments[0] * SECOND_NS < at_ns:
                desk.settle(SIM_START + moments.pop(0) * SECOND_NS)
            place_near(desk, number, command, at_ns)
        for moment in moments:
            desk.settle(max(desk.state.checkpoint_ns, SIM_START + moment * SECOND_NS))
        desk.settle(SIM_START + 11 * HOUR_NS)
        ledgers.append(written(desk))
        state = desk.state
        with localcontext(EXACT):
            assert state.balance == state.start + state.realised - state.fees
        assert rebuilt(desk.events, state) == state
    assert ledgers[0] == ledgers[1]


def place_near(desk: Desk, number: int, command: Command, at_ns: int) -> None:
    """An entry a few pips from the simulated price of the moment."""
    symbol = "USD_JPY" if command.target % 2 else "EUR_USD"
    instrument = SIM.instruments[symbol]
    mid = SIM.quote(symbol, at_ns).bid
    assert mid is not None
    sign, pip = command.side.sign, instrument.pip
    start = mid + sign * {"limit": -command.away, "stop": command.away}.get(command.verb, 0) * pip
    desk.order(
        number,
        command.side,
        units="1000",
        symbol=symbol,
        limit=f"{start:f}" if command.verb == "limit" else None,
        stop=f"{start:f}" if command.verb == "stop" else None,
        sl=f"{start - sign * (command.risk + 8) * pip:f}",
        tp=f"{start + sign * (command.reward + 8) * pip:f}",
        trailing=None if command.trailing is None else f"{command.trailing * 2 * pip:f}",
        expires_ns=at_ns + 6 * HOUR_NS,
        at_ns=at_ns,
    )
