"""Ports of markets far away: what will be asked for, and prices that come by themselves; promises, says not how."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from rickctl.domain.market import Quote


@runtime_checkable
class Expecting(Protocol):
    """A market that fetches in one request what it knows will be asked for."""

    def expect(self, symbols: Collection[str]) -> None:
        """These will be asked for."""
        ...


class StreamCounts(NamedTuple):
    """What a stream brought: quotes handed on, quotes dropped (late, or told twice), lines nobody could read, links."""

    prices: int
    dropped: int
    unreadable: int
    connections: int


class PriceStream(Protocol):
    """Prices of a venue as they come, for one reader; a lost link is made again, a price is never invented."""

    @property
    def counts(self) -> StreamCounts:
        """What it brought so far."""
        ...

    @property
    def is_alive(self) -> bool:
        """Whether the link has shown itself lately; it says nothing of how old a price is."""
        ...

    def read(self, wait_ns: int) -> Sequence[Quote]:
        """The next quotes in order, waiting `wait_ns` at most; none where none came. Raises Unreachable, SetupError."""
        ...

    def stop(self) -> None:
        """End it, from any thread: a waiting reader leaves at once and reads nothing more."""
        ...

    def close(self) -> None:
        """Let go of it, once nobody reads."""
        ...


@runtime_checkable
class Streaming(Protocol):
    """A market whose prices also come by themselves."""

    def open_stream(self, symbols: Sequence[str]) -> PriceStream:
        """The prices of these symbols from now on; connects when it is first read."""
        ...
