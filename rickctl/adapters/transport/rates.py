"""What a host grants a second, counted over all processes by a small file; runs nothing, knows no venue."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, NamedTuple

from rickctl.adapters.transport.dial import Deadline, Why, unsent

if TYPE_CHECKING:
    from pathlib import Path

_ANOTHER_BOOT_NS = 60_000_000_000
"""Nobody waits longer for a turn, so an instant further ahead is of a clock that has begun anew."""

_LOCK_PATIENCE_NS = 100_000_000
_WORD = 8


class Allowance:
    """At most `count` of something in any `window_ns`, over all processes that share the file.

    The file is a ring of the last instants granted. Where it cannot be written, each process counts for itself.
    """

    def __init__(self, path: Path | None, count: int, window_ns: int = 1_000_000_000) -> None:
        self._path = path
        self._count = count
        self._window_ns = window_ns
        self._own = [0] * count
        self._own_at = 0

    def take(self, deadline: Deadline) -> None:
        """Wait for a turn. Raises WireFailure at once where none comes before the deadline."""
        wait_ns = self._reserve(deadline.left_ns())
        if wait_ns > 0:
            time.sleep(wait_ns / 1_000_000_000)

    def _reserve(self, patience_ns: int) -> int:
        if self._path is not None:
            try:
                return self._reserve_shared(self._path, patience_ns)
            except OSError:
                self._path = None
        now_ns = time.monotonic_ns()
        turn_ns = self._turn_ns(self._own[self._own_at], now_ns, patience_ns)
        self._own[self._own_at] = turn_ns
        self._own_at = (self._own_at + 1) % self._count
        return turn_ns - now_ns

    def _reserve_shared(self, path: Path, patience_ns: int) -> int:
        file = _open_private(path)
        try:
            _lock(file)
            at = int.from_bytes(os.pread(file, _WORD, 0), "little") % self._count
            place = _WORD * (1 + at)
            now_ns = time.monotonic_ns()
            turn_ns = self._turn_ns(int.from_bytes(os.pread(file, _WORD, place), "little"), now_ns, patience_ns)
            os.pwrite(file, turn_ns.to_bytes(_WORD, "little"), place)
            os.pwrite(file, (at + 1).to_bytes(_WORD, "little"), 0)
        finally:
            os.close(file)
        return turn_ns - now_ns

    def _turn_ns(self, oldest_ns: int, now_ns: int, patience_ns: int) -> int:
        """When the next turn is: a window after the oldest of the last `count`, not before now."""
        ready_ns = oldest_ns + self._window_ns if oldest_ns else now_ns
        if ready_ns - now_ns > _ANOTHER_BOOT_NS:
            return now_ns
        if ready_ns - now_ns > patience_ns:
            raise unsent(Why.RATE, f"our own limit of {self._count} a second leaves no turn before the deadline")
        return max(ready_ns, now_ns)


class Limits(NamedTuple):
    """What a host grants: requests, requests that take risk away, and new connections."""

    requests: Allowance
    relief: Allowance
    connections: Allowance


def private_folder(path: Path) -> Path:
    """The folder, made with any missing above it for its owner alone. Raises OSError."""
    for missing in [folder for folder in (*reversed(path.parents), path) if not folder.exists()]:
        missing.mkdir(mode=0o700, exist_ok=True)
    return path


def _open_private(path: Path) -> int:
    private_folder(path.parent)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def _lock(file: int) -> None:
    """Hold the file; a holder that was stopped is not waited for. Raises OSError."""
    import fcntl  # noqa: PLC0415 - only a file that is shared is locked

    patience = Deadline(_LOCK_PATIENCE_NS)
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if patience.left_ns() <= 0:
                raise
            time.sleep(0.001)
        else:
            return
