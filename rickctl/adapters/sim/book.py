"""Bid and ask about the path: spread, sizes, and the searches for a level or an extreme; in ticks, without a clock."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from rickctl.adapters.sim.noise import key_of, mixed
from rickctl.adapters.sim.path import UNIT, Node, Path, SessionPath, stays_within
from rickctl.adapters.sim.profile import PROFILES, SLOT_NS, blocks_of
from rickctl.domain.hours import session_number
from rickctl.domain.market import Watch

if TYPE_CHECKING:
    from rickctl.domain.instruments import Listing

_BEYOND = 1 << 62
_FURTHEST = 7 * UNIT // 4
_MOST_SPREADS = 16_384


class Touch(NamedTuple):
    """Best bid and ask of one slot, in ticks."""

    slot: int
    bid: int
    ask: int


class Extremes(NamedTuple):
    """First and last touch of a range of slots and what either side reached, in ticks."""

    first: Touch
    last: Touch
    bid_low: int
    bid_high: int
    ask_low: int
    ask_high: int


class _Spread(NamedTuple):
    """The least and the most a block's spread can be, in ticks."""

    least: int
    most: int


class Book:
    """One instrument's bid and ask under one seed."""

    def __init__(self, seed: int, listing: Listing) -> None:
        instrument = listing.instrument()
        name = f"sim:v1/{seed}/{listing.symbol}"
        self.path = Path(seed, listing)
        self._calendar = self.path.calendar
        self._level = instrument.ticks(Decimal(listing.level))
        self._usual = listing.spread_ticks
        self._depth = int(Decimal(listing.depth) / instrument.unit_increment)
        self._block_key = key_of(name + "/block")
        self._spread_key = key_of(name + "/spread")
        self._size_key = key_of(name + "/size")
        widths = PROFILES[self._calendar].spread
        self._widest = _Spread(self._spread(min(widths), 0).least, self._spread(max(widths), 6).most)
        self._spreads: dict[int, _Spread] = {}

    def touch(self, session: SessionPath, slot: int) -> Touch:
        """Bid and ask at a slot of `session`."""
        spread = self._spread_of(session, self.path.block_of(session, slot))
        return self._touch_at(slot, self.path.value(session, slot), spread)

    def sizes(self, slot: int) -> tuple[int, int]:
        """Units offered at the bid and at the ask, in unit increments: half to twice the usual depth."""
        bits = mixed(self._size_key + slot)
        return self._depth * (8 + bits % 25) // 16, self._depth * (8 + (bits >> 32) % 25) // 16

    def first_touch(self, watch: Watch, earliest: int, latest: int) -> Touch | None:
        """The first open slot from `earliest` to `latest` that meets a condition of `watch`."""
        if earliest > latest:
            return None
        number = session_number(self._calendar, earliest * SLOT_NS)
        while (session := self.path.session(number)).first <= latest:
            if session.last >= earliest:
                found = self._first_in_session(watch, session, max(earliest, session.first), latest)
                if found is not None:
                    return found
            number += 1
        return None

    def extremes(self, session: SessionPath, first: int, last: int) -> Extremes:
        """What bid and ask did from slot `first` to `last`, both counted, both of `session`."""
        opening, closing = self.touch(session, first), self.touch(session, last)
        bid_high, ask_high = self._furthest(session, (opening, closing), rising=True)
        bid_low, ask_low = self._furthest(session, (opening, closing), rising=False)
        return Extremes(opening, closing, bid_low, bid_high, ask_low, ask_high)

    def _first_in_session(self, watch: Watch, session: SessionPath, earliest: int, latest: int) -> Touch | None:
        if watch.any_point:
            return self.touch(session, earliest)
        if session.stays_within(*self._limits(watch, self._widest)):
            return None
        if earliest == session.first:
            touch = self.touch(session, earliest)
            if _meets(watch, touch):
                return touch
        blocks = self.path.blocks(session)
        down, up = self._limits(watch, self._widest)
        for place in range(self.path.block_of(session, earliest), len(blocks)):
            block = blocks[place]
            if block[0] >= latest:
                break
            if not stays_within(block, down, up):
                found = self._first_in_block(watch, block, (earliest, latest), self._spread_of(session, place))
                if found is not None:
                    return found
        return None

    def _first_in_block(self, watch: Watch, block: Node, within: tuple[int, int], spread: _Spread) -> Touch | None:
        for slot, value in self.path.crossings(block, within, *self._limits(watch, spread)):
            touch = self._touch_at(slot, value, spread)
            if _meets(watch, touch):
                return touch
        return None

    def _furthest(self, session: SessionPath, ends: tuple[Touch, Touch], *, rising: bool) -> tuple[int, int]:
        """The highest bid and ask between two touches, or the lowest."""
        pick = max if rising else min
        best = pick(end.bid for end in ends), pick(end.ask for end in ends)
        within = ends[0].slot, ends[1].slot
        blocks = self.path.blocks(session)
        places = range(self.path.block_of(session, within[0]), self.path.block_of(session, within[1]) + 1)
        # The likeliest block first: what it reaches rules most of the others out.
        for place in sorted(places, key=lambda place: pick(blocks[place][2:4]), reverse=rising):
            if not stays_within(blocks[place], *self._limits(_beyond(best, rising=rising), self._widest)):
                best = self._furthest_in_block(
                    blocks[place], within, self._spread_of(session, place), best, rising=rising
                )
        return best

    def _furthest_in_block(
        self, block: Node, within: tuple[int, int], spread: _Spread, best: tuple[int, int], *, rising: bool
    ) -> tuple[int, int]:
        pick = max if rising else min
        earliest, latest = within
        down, up = self._limits(_beyond(best, rising=rising), spread)
        stack = [block]
        while stack:
            node = stack.pop()
            if node[1] < earliest or node[0] >= latest or stays_within(node, down, up):
                continue
            if node[1] - node[0] == 1:
                touch = self._touch_at(node[1], node[3], spread)
                better = pick(best[0], touch.bid), pick(best[1], touch.ask)
                if better != best:
                    best = better
                    down, up = self._limits(_beyond(best, rising=rising), spread)
                continue
            # The half that begins further out is looked at first, so it goes on last.
            left, right = self.path.halves(node)
            stack.extend((right, left) if (left[2] > right[3]) is rising else (left, right))
        return best

    def _limits(self, watch: Watch, spread: _Spread) -> tuple[int, int]:
        """Path values no slot can meet `watch` between, down to the first and short of the second, given its spread."""
        down, up = -_BEYOND, _BEYOND
        if watch.bid_at_most is not None:
            down = max(down, self._value_above(watch.bid_at_most + spread.most // 2))
        if watch.ask_at_most is not None:
            down = max(down, self._value_above(watch.ask_at_most - (spread.least + 1) // 2))
        if watch.bid_at_least is not None:
            up = min(up, self._value_above(watch.bid_at_least + spread.least // 2 - 1))
        if watch.ask_at_least is not None:
            up = min(up, self._value_above(watch.ask_at_least - (spread.most + 1) // 2 - 1))
        return down, up

    def _value_above(self, ticks: int) -> int:
        """The least path value whose mid price is above `ticks`."""
        if ticks < 0:
            return -_BEYOND
        value = -(-2 * UNIT * (ticks + 1 - self._level) // (self._level + ticks + 1))
        if value > _FURTHEST:
            return _BEYOND
        return value if value > -_FURTHEST else -_BEYOND

    def _touch_at(self, slot: int, value: int, spread: _Spread) -> Touch:
        value = max(-_FURTHEST, min(value, _FURTHEST))
        width = spread.least + mixed(self._spread_key + slot) % (spread.most - spread.least + 1)
        bid = self._level * (2 * UNIT + value) // (2 * UNIT - value) - width // 2
        return Touch(slot, bid, bid + width)

    def _spread_of(self, session: SessionPath, place: int) -> _Spread:
        key = session.number << 6 | place
        found = self._spreads.get(key)
        if found is None:
            if len(self._spreads) >= _MOST_SPREADS:
                self._spreads.clear()
            hour = blocks_of(self._calendar, session.number % self.path.week).hours[place]
            mood = mixed(self._block_key + key) % 7
            found = self._spreads[key] = self._spread(PROFILES[self._calendar].spread[hour], mood)
        return found

    def _spread(self, width: int, mood: int) -> _Spread:
        """The spread in an hour of `width` sixteenths of the usual, in a mood of 0 (narrow) to 6 (wide)."""
        middle = self._usual * width * (13 + mood) // (16 * 16)
        wobble = max(1, middle // 8)
        least = max(1, middle - wobble // 2)
        return _Spread(least, least + wobble)


def _beyond(best: tuple[int, int], *, rising: bool) -> Watch:
    """What would improve on the best bid and ask so far."""
    bid, ask = best
    if rising:
        return Watch(bid_at_least=bid + 1, ask_at_least=ask + 1)
    return Watch(bid_at_most=bid - 1, ask_at_most=ask - 1)


def _meets(watch: Watch, touch: Touch) -> bool:
    return (
        (watch.bid_at_most is not None and touch.bid <= watch.bid_at_most)
        or (watch.bid_at_least is not None and touch.bid >= watch.bid_at_least)
        or (watch.ask_at_most is not None and touch.ask <= watch.ask_at_most)
        or (watch.ask_at_least is not None and touch.ask >= watch.ask_at_least)
    )
