"""Where a column of prices next reaches a level, in logarithmic time; knows nothing of bars, ticks or orders."""

from __future__ import annotations

from operator import ge, le
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_FAN = 32


class TouchIndex:
    """Block extremes over block extremes of one column: lowest values for falls to a level, highest for rises."""

    __slots__ = ("_levels", "_reaches")

    def __init__(self, values: Sequence[int], *, falling: bool) -> None:
        extreme = min if falling else max
        self._reaches = le if falling else ge
        self._levels = [values]
        while len(values) > _FAN:
            values = [extreme(values[start : start + _FAN]) for start in range(0, len(values), _FAN)]
            self._levels.append(values)

    def first(self, start: int, level: int) -> int:
        """The first position from `start` on whose value reaches `level`; the column's length when none does."""
        place: int = start
        for height in range(len(self._levels)):
            found = self._scan(height, place, level)
            if found is not None:
                return self._descend(height, found, level)
            place = place // _FAN + 1
        return len(self._levels[0])

    def _scan(self, height: int, place: int, level: int) -> int | None:
        """The first place reaching `level` among the siblings from `place` on."""
        values = self._levels[height]
        for candidate in range(place, min(len(values), (place // _FAN + 1) * _FAN)):
            if self._reaches(values[candidate], level):
                return candidate
        return None

    def _descend(self, height: int, place: int, level: int) -> int:
        for lower in range(height - 1, -1, -1):
            below = self._scan(lower, place * _FAN, level)
            if below is None:
                message = "a block's extreme is not among its values"
                raise AssertionError(message)
            place = below
        return place
