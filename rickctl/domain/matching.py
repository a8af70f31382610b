"""What a price does to resting legs, in whole ticks and unit steps; knows no account, no money and no clock.

Buys fill at the ask, sells at the bid. At a POINT a limit fills at the touch if that is its price or better, a stop is
triggered by the source's own price and fills at the touch, never better than its level: a gap fills at the gap. In a
RANGE a limit fills at its price and a stop at its level; only legs that were live when the RANGE began take part, and
nothing that trades at any price does: a RANGE has no instant. Slippage comes on top for stops and market legs.

A leg may wait for another price than the one it fills at (`Trigger`): touched from its own direction it fills at its
touch, whatever that is by then.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.account import Leg, Order, Trade
from rickctl.domain.market import Phase, Watch
from rickctl.domain.orders import EntryType, Side

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from rickctl.domain.account import AccountConfig
    from rickctl.domain.market import Cursor, Instrument, Step


class Trigger(StrEnum):
    """Which price a leg waits for; NATURAL is the one it fills at."""

    NATURAL = "natural"
    BID = "bid"
    ASK = "ask"
    MID = "mid"


class Resting(NamedTuple):
    """One leg a price may touch: `level` in ticks (none for MARKET), `steps` of the unit increment still to trade.

    It takes part after (`since_ns`, `since_phase`) and not before `resume_ns`.
    """

    number: int
    leg: Leg
    side: Side
    entry: EntryType
    level: int
    steps: int
    since_ns: int
    since_phase: int
    resume_ns: int
    trigger: Trigger = Trigger.NATURAL

    @property
    def start_ns(self) -> int:
        """From when it takes part."""
        return max(self.since_ns, self.resume_ns)


class Terms(NamedTuple):
    """How one account meets one instrument's prices."""

    config: AccountConfig
    instrument: Instrument

    def touch(self, bid: int, ask: int) -> tuple[int, int]:
        """Bid and ask of this account for those of the source, in ticks."""
        return self.config.spread.quoted(bid, ask, self.instrument)

    @property
    def is_inside(self) -> bool:
        """Whether the modelled touch may lie inside the source's own, so that only its far side bounds a limit."""
        spread = self.config.spread
        return spread.pips is not None or (spread.factor is not None and spread.factor < 1)

    def slipped(self, resting: Resting, at_ns: int) -> int:
        """Slippage of the leg at that instant, in ticks."""
        return self.config.slippage.ticks(self.instrument, self.config.seed, resting.number, at_ns)


def order_legs(order: Order, instrument: Instrument) -> tuple[Resting, ...]:
    """The leg of a live order; empty until it is live."""
    if not order.is_live:
        return ()
    entry = EntryType.MARKET if order.is_triggered else order.entry
    level = 0 if order.price is None else instrument.ticks(order.price)
    leg = Leg.CLOSE if order.is_close else Leg.ENTRY
    steps = _steps(order.remaining, instrument)
    return (Resting(order.number, leg, order.side, entry, level, steps, order.live_ns, Phase.RANGE, order.resume_ns),)


def trade_legs(trade: Trade, instrument: Instrument, due_ns: int, now_ns: int) -> tuple[Resting, ...]:
    """The exits of a trade: what is triggered or due (`due_ns`) trades at any price, else the stop and the target."""
    side, steps = trade.side.opposite, _steps(trade.units, instrument)

    def leg(kind: Leg, entry: EntryType, level: int) -> Resting:
        since = trade.since_ns, trade.since_phase
        return Resting(trade.number, kind, side, entry, level, steps, *since, trade.resume_ns)

    if trade.triggered is not None:
        return (leg(trade.triggered, EntryType.MARKET, 0),)
    if due_ns <= now_ns:
        return (leg(Leg.MAX_HOLD, EntryType.MARKET, 0),)
    legs = []
    if trade.stop_level is not None:
        kind = Leg.TRAILING_STOP if trade.is_trailing else Leg.STOP_LOSS
        legs.append(leg(kind, EntryType.STOP, instrument.ticks(trade.stop_level)))
    if trade.take_profit is not None:
        legs.append(leg(Leg.TAKE_PROFIT, EntryType.LIMIT, instrument.ticks(trade.take_profit)))
    return tuple(legs)


def fill_price(resting: Resting, step: Step, terms: Terms) -> int | None:
    """The price in ticks the leg fills at in this step; None where the step does not touch it."""
    if not _takes_part(resting, step):
        return None
    if step.phase == Phase.POINT:
        return _at_point(resting, step, terms)
    return _in_range(resting, step, terms)


def is_reached_in_range(resting: Resting, step: Step) -> bool:
    """Whether a RANGE reached the stop of a trade that was opened inside it: it counts, though nobody knows when."""
    return resting.entry is EntryType.STOP and _stop_is_hit(resting, step)


def range_price(resting: Resting, step: Step, terms: Terms) -> int:
    """What a stop reached in a RANGE fills at, in ticks: its level, moved by the spread model and by slippage."""
    if resting.trigger is not Trigger.NATURAL:
        return _beside(resting, step, terms)
    buys = resting.side is Side.BUY
    bid, ask = (step.bid_high, step.ask_high) if buys else (step.bid_low, step.ask_low)
    modelled_bid, modelled_ask = terms.touch(bid, ask)
    wider = max(0, modelled_ask - ask if buys else bid - modelled_bid)
    return resting.level + resting.side.sign * (wider + terms.slipped(resting, step.at_ns))


def on_offer(resting: Resting, step: Step) -> int | None:
    """Steps of the unit increment the source offers to this leg; None where it does not say."""
    return step.ask_size if resting.side is Side.BUY else step.bid_size


def watch_for(legs: Iterable[Resting], terms: Terms) -> Watch:
    """What would touch any of the legs; where the spread is modelled it may wake for nothing, never miss anything."""
    reached: dict[str, list[int]] = {}
    is_inside = terms.is_inside
    for leg in legs:
        reached.setdefault(_wakes_on(leg, is_inside=is_inside), []).append(leg.level)
    return Watch(
        bid_at_most=max(reached.get("bid_at_most", ()), default=None),
        bid_at_least=min(reached.get("bid_at_least", ()), default=None),
        ask_at_most=max(reached.get("ask_at_most", ()), default=None),
        ask_at_least=min(reached.get("ask_at_least", ()), default=None),
        any_point="any_point" in reached,
    )


def _takes_part(resting: Resting, step: Step) -> bool:
    if step.phase == Phase.RANGE:
        return resting.entry is not EntryType.MARKET and step.from_ns >= resting.start_ns
    after: Cursor = step.cursor
    return after > (resting.since_ns, resting.since_phase) and step.at_ns >= resting.resume_ns


def _at_point(resting: Resting, step: Step, terms: Terms) -> int | None:
    sign = resting.side.sign
    bid, ask = terms.touch(step.bid_low, step.ask_low)
    touch = ask if resting.side is Side.BUY else bid
    if resting.trigger is not Trigger.NATURAL:
        return touch + sign * terms.slipped(resting, step.at_ns) if _is_touched(resting, step) else None
    if resting.entry is EntryType.LIMIT:
        return touch if (touch - resting.level) * sign <= 0 else None
    if resting.entry is EntryType.STOP:
        if not _stop_is_hit(resting, step):
            return None
        touch = max(touch * sign, resting.level * sign) * sign
    return touch + sign * terms.slipped(resting, step.at_ns)


def _in_range(resting: Resting, step: Step, terms: Terms) -> int | None:
    if resting.trigger is not Trigger.NATURAL:
        return _beside(resting, step, terms) if _is_touched(resting, step) else None
    if resting.entry is EntryType.STOP:
        return range_price(resting, step, terms) if _stop_is_hit(resting, step) else None
    if resting.side is Side.BUY:
        _, best = terms.touch(step.bid_low, step.ask_low)
        return resting.level if best <= resting.level else None
    best, _ = terms.touch(step.bid_high, step.ask_high)
    return resting.level if best >= resting.level else None


def _beside(resting: Resting, step: Step, terms: Terms) -> int:
    """Where the touch stood when the price waited for came to the level: as far off as at the end of the RANGE."""
    rises = _rises(resting)
    bid, ask = (step.bid_high, step.ask_high) if rises else (step.bid_low, step.ask_low)
    touch = terms.touch(bid, ask)[resting.side is Side.BUY]
    sign = resting.side.sign
    apart = max(0, ((2 * touch - _doubled(resting.trigger, bid, ask)) * sign + 1) // 2)
    return resting.level + sign * (apart + terms.slipped(resting, step.at_ns))


def _rises(resting: Resting) -> bool:
    """Whether the level is met from below."""
    return (resting.entry is EntryType.STOP) is (resting.side is Side.BUY)


def _doubled(trigger: Trigger, bid: int, ask: int) -> int:
    """Twice the price waited for, so that a mid is whole."""
    return {Trigger.BID: 2 * bid, Trigger.ASK: 2 * ask}.get(trigger, bid + ask)


def _is_touched(resting: Resting, step: Step) -> bool:
    if resting.entry is EntryType.MARKET:
        return True
    if _rises(resting):
        return _doubled(resting.trigger, step.bid_high, step.ask_high) >= 2 * resting.level
    return _doubled(resting.trigger, step.bid_low, step.ask_low) <= 2 * resting.level


def _stop_is_hit(resting: Resting, step: Step) -> bool:
    if resting.trigger is not Trigger.NATURAL:
        return _is_touched(resting, step)
    if resting.side is Side.BUY:
        return step.ask_high >= resting.level
    return step.bid_low <= resting.level


def _wakes_on(leg: Resting, *, is_inside: bool) -> str:
    """The field of a Watch that holds the leg's level."""
    buys = leg.side is Side.BUY
    if leg.entry is EntryType.MARKET:
        return "any_point"
    if leg.trigger is not Trigger.NATURAL:
        rises = _rises(leg)
        # A mid lies between: the further side reaches the level no later than it does.
        waits_for_ask = rises if leg.trigger is Trigger.MID else leg.trigger is Trigger.ASK
        return ("ask" if waits_for_ask else "bid") + ("_at_least" if rises else "_at_most")
    if leg.entry is EntryType.STOP:
        return "ask_at_least" if buys else "bid_at_most"
    if is_inside:
        return "bid_at_most" if buys else "ask_at_least"
    return "ask_at_most" if buys else "bid_at_least"


def _steps(units: Decimal, instrument: Instrument) -> int:
    return int(units / instrument.unit_increment)
