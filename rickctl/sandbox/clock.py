"""The exchange's clock: the wall moved forward by what a person asked for, and what the server says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.domain.errors import UsageError

if TYPE_CHECKING:
    from rickctl.domain.ports import Clock


class ExchangeClock:
    """The wall clock plus an offset that only grows; what is stated to clients is off by a skew, nothing else is.

    Everything inside an exchange (matching, expiry, heartbeats) uses `now_ns`; every instant that is printed to a
    client, the time of now and of the past alike, goes through `stated_ns`.
    """

    def __init__(self, wall: Clock, offset_ns: int = 0) -> None:
        self._wall = wall
        self._offset_ns = offset_ns
        self._latest_ns = 0
        self.skew_ns = 0

    @property
    def offset_ns(self) -> int:
        """How far ahead of the wall it is, in nanoseconds."""
        return self._offset_ns

    def now_ns(self) -> int:
        """UTC nanoseconds; never less than before, also where the wall is set back."""
        self._latest_ns = max(self._latest_ns, self._wall.now_ns() + self._offset_ns)
        return self._latest_ns

    def stated_ns(self, at_ns: int | None = None) -> int:
        """An instant (now without one) as the server tells it: true plus the skew."""
        return (self.now_ns() if at_ns is None else at_ns) + self.skew_ns

    def advance_ns(self, by_ns: int) -> int:
        """Move ahead and return the new now. Raises UsageError for a step back."""
        if by_ns < 0:
            message = "time on the exchange only moves forward"
            raise UsageError(message, code="bad_time")
        self._offset_ns += by_ns
        return self.now_ns()

    def sleep_ns(self, length_ns: int) -> None:
        """Return after `length_ns` of wall time."""
        self._wall.sleep_ns(length_ns)
