"""How busy and how wide each hour of a trading day is, and the blocks of equal variance in a session; draws nothing."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from rickctl.domain.hours import CALENDARS
from rickctl.domain.instants import SECOND_NS

SLOT_NS = SECOND_NS // 4
"""Prices change at most once in each of these."""

BLOCKS = 64
"""Blocks in a session: each holds the same expected variance, so busy hours have short ones."""

_SLOTS_A_MINUTE = 240
_HOUR_MINUTES = 60


class Profile(NamedTuple):
    """Per hour of the trading day: variance weights, and spreads in sixteenths of the usual; and what opening adds.

    `week_jump` and `day_jump` are shares of a session's variance, by 1 << 16, that fall on its first price.
    """

    variance: tuple[int, ...]
    spread: tuple[int, ...]
    week_jump: int
    day_jump: int
    sessions_a_year: int


_METAL_SPREAD = (64, 28, 22, 20, 20, 20, 20, 20, 18, 16, 15, 15, 15, 15, 15, 14, 14, 14, 15, 15, 16, 16, 17, 26)

PROFILES: dict[str, Profile] = {
    "fx": Profile(
        variance=(3, 4, 7, 9, 8, 6, 5, 5, 7, 11, 17, 15, 12, 11, 12, 20, 21, 19, 14, 10, 9, 8, 6, 4),
        spread=(64, 34, 22, 19, 18, 18, 18, 18, 17, 15, 14, 14, 14, 14, 14, 14, 14, 14, 14, 15, 16, 17, 20, 30),
        week_jump=7800,
        day_jump=700,
        sessions_a_year=261,
    ),
    "metal": Profile(
        variance=(4, 5, 7, 9, 9, 7, 6, 6, 8, 11, 15, 13, 11, 10, 12, 22, 24, 22, 15, 11, 10, 8, 6, 4),
        spread=_METAL_SPREAD,
        week_jump=7800,
        day_jump=1500,
        sessions_a_year=261,
    ),
    "index": Profile(
        variance=(3, 4, 5, 6, 6, 5, 4, 4, 5, 8, 12, 10, 8, 8, 9, 12, 26, 27, 18, 14, 13, 15, 21, 7),
        spread=_METAL_SPREAD,
        week_jump=8500,
        day_jump=2500,
        sessions_a_year=261,
    ),
    "crypto": Profile(
        variance=(11, 11, 10, 9, 8, 8, 8, 9, 10, 10, 10, 10, 11, 14, 17, 17, 15, 13, 12, 12, 11, 10, 9, 10),
        spread=(16, 16, 16, 17, 18, 18, 18, 17, 16, 16, 16, 16, 16, 15, 14, 14, 14, 15, 15, 16, 16, 17, 18, 17),
        week_jump=1,
        day_jump=1,
        sessions_a_year=365,
    ),
}
"""One profile to a calendar; hours count from where its trading day begins."""


class Blocks(NamedTuple):
    """Where a session's blocks end, in slots after its first, starting with 0; and the hour each block begins in."""

    ends: tuple[int, ...]
    hours: tuple[int, ...]


@lru_cache(maxsize=64)
def blocks_of(calendar: str, place: int) -> Blocks:
    """The blocks of the session at `place` in the calendar's week."""
    opens_s, closes_s = CALENDARS[calendar].open_days[place]
    minutes = range(opens_s // 60, closes_s // 60)
    weights = [PROFILES[calendar].variance[minute // _HOUR_MINUTES] for minute in minutes]
    total, seen, ends = sum(weights), 0, [0]
    for count, weight in enumerate(weights, start=1):
        seen += weight * BLOCKS
        if seen >= len(ends) * total:
            ends.append(count * _SLOTS_A_MINUTE)
    hours = tuple((minutes[0] + end // _SLOTS_A_MINUTE) // _HOUR_MINUTES for end in ends[:-1])
    ends[-1] -= 1
    return Blocks(tuple(ends), hours)
