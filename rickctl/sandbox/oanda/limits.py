"""How often OANDA may be asked: requests and new connections a second; counts on the clock it is given."""

from __future__ import annotations

from collections import deque

from rickctl.domain.instants import SECOND_NS


class Limit:
    """At most so many in any second; None is no limit."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._taken: deque[int] = deque()

    def takes(self, now_ns: int) -> bool:
        """Whether one more is within the limit; one that is not does not count."""
        if self._most is None:
            return True
        while self._taken and self._taken[0] <= now_ns - SECOND_NS:
            self._taken.popleft()
        if len(self._taken) >= self._most:
            return False
        self._taken.append(now_ns)
        return True
