"""However often somebody looks, the ledger is the same to the byte: on the simulated market and on tapes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rickctl.adapters.replay import open_tape
from rickctl.adapters.sim.market import SimMarket
from rickctl.domain.account import AccountConfig, Leg, state_json
from rickctl.domain.events import EquityMarked, OrderCancelled, OrderFilled, name_of
from rickctl.domain.instants import HOUR_NS, MILLISECOND_NS, parse_instant
from rickctl.domain.instruments import Instruments
from rickctl.domain.market import Phase
from rickctl.domain.models import parse_commission, parse_slippage, parse_spread
from rickctl.domain.records import AccountKind
from tests.properties.kit import IS_FULL
from tests.properties.plans import World, at_random, build_plan, carry_out, every_minute, ledger_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rickctl.domain.events import Event
    from tests.properties.plans import Restarted

TAPES = Path(__file__).parents[1] / "fixtures" / "tapes"
SEEDS = range(6 if IS_FULL else 1)
COMMANDS = 60
FEWEST_FILLS = 5
"""On a day that is mostly closed; `test_those_days_hold_everything_that_can_happen` says what they hold together."""

WINDOWS = {
    "overnight": ("2026-11-18T18:00:00Z", 24),
    "weekend": ("2026-11-20T16:00:00Z", 62),
    "spring": ("2026-03-08T18:00:00Z", 30),
    "autumn": ("2026-11-01T18:00:00Z", 30),
}
"""A daily break, a weekend, and the Sundays on which New York's clocks change."""

CURRENCY_SYMBOLS = ("EUR_USD", "USD_JPY", "GBP_JPY", "XAU_USD", "AUD_USD", "EUR_GBP")
COIN_SYMBOLS = ("BTC-USD", "ETH-USD", "SOL-USD")
TERMS = {
    "margin": AccountConfig(
        currency="EUR",
        balance=Decimal(20_000),
        slippage=parse_slippage("random:0.7p"),
        commission=parse_commission("35/million"),
        seed=5,
    ),
    "thin": AccountConfig(
        currency="JPY",
        balance=Decimal(300_000),
        spread=parse_spread("x1.5"),
        slippage=parse_slippage("random:2p"),
        latency_ns=900 * MILLISECOND_NS,
        max_hold_ns=2 * HOUR_NS,
        commission=parse_commission("120/order"),
    ),
    "spot": AccountConfig(
        kind=AccountKind.SPOT, commission=parse_commission("0.6%"), slippage=parse_slippage("fixed:1p")
    ),
}

DAYS = list(product(WINDOWS, TERMS)) if IS_FULL else list(zip(WINDOWS, [*TERMS, "thin"], strict=True))


@lru_cache(maxsize=4)
def sim(seed: int) -> SimMarket:
    return SimMarket(seed)


def sim_world(window: str, terms: str, seed: int) -> World:
    start, hours = WINDOWS[window]
    symbols = COIN_SYMBOLS if terms == "spot" else CURRENCY_SYMBOLS
    start_ns = parse_instant(start)
    return World(sim(seed), TERMS[terms], symbols, start_ns, start_ns + hours * HOUR_NS)


def check_every_way(world: World, seed: str, count: int) -> Restarted:
    """Looked at once at the end, every minute, at random and from the ledger alone: one ledger, one account."""
    plan = build_plan(world, seed, count)
    rarely = carry_out(world, plan, [])
    expected = ledger_bytes(rarely)
    visits = at_random(world, seed)
    for again in (
        carry_out(world, plan, every_minute(world)),
        carry_out(world, plan, visits),
        carry_out(world, plan, visits[::3], from_ledger=True),
    ):
        assert ledger_bytes(again) == expected
        assert state_json(again.state) == state_json(rarely.state)
    return rarely


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("window", "terms"), DAYS)
def test_a_day_on_the_simulated_market_is_one_ledger_however_often_it_is_settled(
    window: str, terms: str, seed: int
) -> None:
    desk = check_every_way(sim_world(window, terms, seed), plan_name(window, terms, seed), COMMANDS)
    assert len(desk.fills()) >= FEWEST_FILLS


def test_those_days_hold_everything_that_can_happen() -> None:
    seen: Counter[str] = Counter()
    for window, terms in DAYS:
        world = sim_world(window, terms, 0)
        plan = build_plan(world, plan_name(window, terms, 0), COMMANDS)
        for event in carry_out(world, plan, []).events:
            seen.update(kinds(event))
    wanted = {leg.value for leg in Leg} | {
        "order_expired",
        "order_working",
        "order_modified",
        "stop_trailed",
        "cash_moved",
        "day",
        "partial",
        "converted",
        "reduced by an entry",
        "client",
        "insufficient_margin",
        "insufficient_funds",
        "no_shorts",
    }
    assert wanted - seen.keys() == set(), seen


def plan_name(window: str, terms: str, seed: int) -> str:
    return f"{window}:{terms}:{seed}"


def kinds(event: Event) -> Iterator[str]:
    """What an event shows, in words."""
    yield name_of(event)
    if isinstance(event, OrderFilled):
        yield event.leg.value
        if event.remaining:
            yield "partial"
        if any(part.conversion for part in event.reduced):
            yield "converted"
        if event.reduced and event.leg is Leg.ENTRY:
            yield "reduced by an entry"
    elif isinstance(event, OrderCancelled):
        yield event.reason.value
    elif isinstance(event, EquityMarked) and event.is_day:
        yield "day"


TAPE_TERMS = AccountConfig(
    slippage=parse_slippage("random:0.4p"),
    spread=parse_spread("x1.2"),
    commission=parse_commission("35/million"),
    max_hold_ns=3 * HOUR_NS,
)


def tape_world(files: tuple[Path, ...], symbol: str, start: str, end: str, config: AccountConfig) -> World:
    source = "replay:" + "+".join(map(str, files)) + f"#{symbol}"
    return World(open_tape(source, Instruments()), config, (symbol,), parse_instant(start), parse_instant(end))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_day_of_bars_is_one_ledger_however_often_it_is_settled(seed: int) -> None:
    bars = (TAPES / "eurusd-m1.csv.gz",)
    world = tape_world(bars, "EUR_USD", "2024-03-06T08:00:00Z", "2024-03-07T09:00:00Z", TAPE_TERMS)
    desk = check_every_way(world, f"bars:{seed}", 60)
    assert len({fill.leg for fill in desk.fills() if fill.phase == Phase.RANGE}) >= 3


@pytest.mark.parametrize("seed", SEEDS)
def test_half_an_hour_of_ticks_is_one_ledger_however_often_it_is_settled(seed: int) -> None:
    ticks = (TAPES / "usdjpy-ticks.csv",)
    config = replace(TAPE_TERMS, currency="JPY", balance=Decimal(2_000_000))
    world = tape_world(ticks, "USD_JPY", "2024-03-06T08:00:05Z", "2024-03-06T08:40:00Z", config)
    assert check_every_way(world, f"ticks:{seed}", 40).fills()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("start", "end"),
    [("2012-02-08T06:00:00Z", "2012-02-09T06:00:00Z"), ("2012-02-17T12:00:00Z", "2012-02-20T12:00:00Z")],
)
def test_real_days_of_sterling_are_one_ledger_however_often_they_are_settled(
    start: str, end: str, seed: int, shared_file: Callable[[str], Path]
) -> None:
    files = shared_file("data/gbpusd-m1-bid-2012.csv.gz"), shared_file("data/gbpusd-m1-ask-2012.csv.gz")
    desk = check_every_way(tape_world(files, "GBP_USD", start, end, TAPE_TERMS), f"sterling:{seed}", 60)
    assert len({fill.leg for fill in desk.fills() if fill.phase == Phase.RANGE}) >= 3
