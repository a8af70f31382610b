"""The mid price's path as nested midpoints, in log-like units; it depends on (key, slot) alone, caches only save work.

From coarse to fine: anchors every 256 sessions scatter about the instrument's level; between them a tree of sessions;
within a session a jump to the opening price, then 64 blocks of equal variance, in each a tree down to single slots.
A node `(first, last, x_first, x_last, sigma)` stands for the slots after `first` up to `last`.
"""

from __future__ import annotations

from bisect import bisect_left
from math import isqrt
from typing import TYPE_CHECKING, NamedTuple

from rickctl.adapters.sim.noise import ONE, SLACK, build_cascade, key_of, mixed, split, uniform
from rickctl.adapters.sim.profile import BLOCKS, PROFILES, SLOT_NS, blocks_of
from rickctl.domain.hours import CALENDARS, session_bounds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rickctl.domain.instruments import Listing

UNIT = 1 << 36
"""One in path units: a path value of x stands for a price of level × (2 + x) / (2 − x), close to e to the x."""

_ERA = 256
_ERA_LEVELS = 8
_BLOCK_LEVELS = 6
_SLOT_LEVELS = 16
_MOST_SESSIONS = 256
_NEAR_SLOTS = 16

_SLOT_ROWS, _SLOT_REACH = build_cascade(16, _SLOT_LEVELS)
_BLOCK_ROWS, _BLOCK_REACH = build_cascade(30, _BLOCK_LEVELS, _SLOT_REACH[-1])
_ERA_ROWS, _ = build_cascade(30, _ERA_LEVELS)

Node = tuple[int, int, int, int, int]


class SessionPath(NamedTuple):
    """A session's first and last slot, the path there, and the deviation between."""

    number: int
    first: int
    last: int
    opening: int
    closing: int
    sigma: int

    def stays_within(self, down: int, up: int) -> bool:
        """Whether no slot of the session can be below `down` or at `up` or above."""
        slack = (self.sigma * _BLOCK_REACH[-1] >> 16) + SLACK
        low, high = (self.opening, self.closing) if self.opening < self.closing else (self.closing, self.opening)
        return low - slack >= down and high + slack < up


def stays_within(node: Node, down: int, up: int) -> bool:
    """Whether no slot of a node inside a block can be below `down` or at `up` or above."""
    first, last, x_first, x_last, sigma = node
    slack = (sigma * _SLOT_REACH[(last - first - 1).bit_length()] >> 16) + SLACK
    if x_first > x_last:
        x_first, x_last = x_last, x_first
    return x_first - slack >= down and x_last + slack < up


class Path:
    """One instrument's path under one seed."""

    def __init__(self, seed: int, listing: Listing) -> None:
        name = f"sim:v1/{seed}/{listing.symbol}"
        self.calendar = listing.kind.value
        self._profile = PROFILES[self.calendar]
        self.week = len(CALENDARS[self.calendar].open_days)
        self._slot_key = key_of(name + "/slot")
        self._session_key = key_of(name + "/session")
        self._anchor_key = key_of(name + "/anchor")
        year = (listing.volatility_bp * UNIT // 10_000) ** 2
        self._era_sigma = isqrt(year * _ERA // self._profile.sessions_a_year)
        # With anchors half as varied as the way between them, the path strays from its level equally far at all times.
        self._anchor_sigma = isqrt(year * _ERA // self._profile.sessions_a_year // 2)
        self._sessions: dict[int, SessionPath] = {}
        self._blocks: dict[int, list[Node]] = {}
        self._near: Node = (0, 0, 0, 0, 0)

    def session(self, number: int) -> SessionPath:
        """Session `number`."""
        found = self._sessions.get(number)
        if found is None:
            if len(self._sessions) >= _MOST_SESSIONS:
                self._sessions.clear()
            found = self._sessions[number] = self._build_session(number)
        return found

    def blocks(self, session: SessionPath) -> list[Node]:
        """The session's 64 blocks as nodes, in time order."""
        found = self._blocks.get(session.number)
        if found is None:
            if len(self._blocks) >= _MOST_SESSIONS:
                self._blocks.clear()
            found = self._blocks[session.number] = self._build_blocks(session)
        return found

    def block_of(self, session: SessionPath, slot: int) -> int:
        """Which block of its session holds `slot`; the first slot counts to the first block."""
        ends = blocks_of(self.calendar, session.number % self.week).ends
        return max(bisect_left(ends, slot - session.first), 1) - 1

    def value(self, session: SessionPath, slot: int) -> int:
        """The path at `slot` of `session`."""
        if slot == session.first:
            return session.opening
        node = self._near
        if not node[0] < slot <= node[1]:
            node = self.blocks(session)[self.block_of(session, slot)]
        first, last, x_first, x_last, sigma = node
        while last - first > 1:
            if last - first >= _NEAR_SLOTS:
                node = (first, last, x_first, x_last, sigma)
            middle = (first + last) >> 1
            x_middle, left, right = split(self._slot_key + middle, x_first, x_last, sigma, _SLOT_ROWS)
            if slot <= middle:
                last, x_last, sigma = middle, x_middle, left
            else:
                first, x_first, sigma = middle, x_middle, right
        self._near = node
        return x_last

    def halves(self, node: Node) -> tuple[Node, Node]:
        """The two nodes a node inside a block divides into."""
        first, last, x_first, x_last, sigma = node
        middle = (first + last) >> 1
        x_middle, left, right = split(self._slot_key + middle, x_first, x_last, sigma, _SLOT_ROWS)
        return (first, middle, x_first, x_middle, left), (middle, last, x_middle, x_last, right)

    def crossings(self, block: Node, within: tuple[int, int], down: int, up: int) -> Iterator[tuple[int, int]]:
        """In order, (slot, path) of `block` within (first, last) where the path is below `down` or not below `up`."""
        earliest, latest = within
        stack = [block]
        while stack:
            node = stack.pop()
            first, last, x_first, x_last, sigma = node
            # `stays_within`, written out for speed.
            slack = (sigma * _SLOT_REACH[(last - first - 1).bit_length()] >> 16) + SLACK
            inside = (
                x_first - slack >= down and x_last + slack < up
                if x_first < x_last
                else x_last - slack >= down and x_first + slack < up
            )
            if inside or last < earliest or first >= latest:
                continue
            if last - first == 1:
                if x_last < down or x_last >= up:
                    yield last, x_last
                continue
            left, right = self.halves(node)
            stack.append(right)
            stack.append(left)

    def _build_session(self, number: int) -> SessionPath:
        before, after, sigma = self._closings(number)
        place = number % self.week
        share = self._profile.day_jump if place else self._profile.week_jump
        bounds = session_bounds(self.calendar, number)
        first = bounds.opens_ns // SLOT_NS
        gap = uniform(mixed(self._slot_key + first), sigma * isqrt(share * (ONE - share)) >> 16)
        opening = before + ((after - before) * share >> 16) + gap
        rest = sigma * isqrt((ONE - share) * ONE) >> 16
        return SessionPath(number, first, bounds.closes_ns // SLOT_NS - 1, opening, after, rest)

    def _closings(self, number: int) -> tuple[int, int, int]:
        """Where the session before `number` closed, where it closes itself, and the deviation between."""
        first = number - 1 - (number - 1) % _ERA
        last = first + _ERA
        x_first, x_last, sigma = self._anchor(first), self._anchor(last), self._era_sigma
        while last - first > 1:
            middle = (first + last) >> 1
            x_middle, left, right = split(self._session_key + middle, x_first, x_last, sigma, _ERA_ROWS)
            if number <= middle:
                last, x_last, sigma = middle, x_middle, left
            else:
                first, x_first, sigma = middle, x_middle, right
        return x_first, x_last, sigma

    def _anchor(self, number: int) -> int:
        return uniform(mixed(self._anchor_key + number), self._anchor_sigma)

    def _build_blocks(self, session: SessionPath) -> list[Node]:
        ends = [session.first + end for end in blocks_of(self.calendar, session.number % self.week).ends]
        values, sigmas = [0] * (BLOCKS + 1), [0] * BLOCKS
        values[0], values[BLOCKS], sigmas[0] = session.opening, session.closing, session.sigma
        width = BLOCKS
        while width > 1:
            half = width >> 1
            for start in range(0, BLOCKS, width):
                values[start + half], sigmas[start], sigmas[start + half] = split(
                    self._slot_key + ends[start + half],
                    values[start],
                    values[start + width],
                    sigmas[start],
                    _BLOCK_ROWS,
                )
            width = half
        return [
            (ends[block], ends[block + 1], values[block], values[block + 1], sigmas[block]) for block in range(BLOCKS)
        ]
