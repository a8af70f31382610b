"""The Protocols ring modules meet through; each says what is promised, none says how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rickctl.domain.market import Bar, Cursor, Instrument, Quote, Step, Watch


class Clock(Protocol):
    """A source of now."""

    def now_ns(self) -> int:
        """UTC nanoseconds since the epoch."""
        ...


class Market(Protocol):
    """Prices as a function of time: the simulated market, a tape, later a venue's candles.

    Every method answers from (source, symbol, time) alone, so any process at any time sees the same past.
    Symbols are canonical and known; instants are UTC nanoseconds.
    """

    @property
    def source(self) -> str:
        """Name and version of the price source, such as `sim:v1`."""
        ...

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """Everything this market trades, by canonical symbol."""
        ...

    def quote(self, symbol: str, at_ns: int) -> Quote:
        """The quote standing at `at_ns`; not tradeable while closed or uncovered."""
        ...

    def point(self, symbol: str, at_ns: int) -> Step | None:
        """The standing price at `at_ns` if an order could trade on it now, as a POINT at `at_ns`; else None."""
        ...

    def next_step(self, symbol: str, watch: Watch, after: Cursor, until_ns: int) -> Step | None:
        """The first tradeable step with cursor > `after` and `at_ns` <= `until_ns` that wakes `watch`."""
        ...

    def bars(self, symbol: str, granularity: str, start_ns: int, end_ns: int, now_ns: int) -> list[Bar]:
        """Bars whose start lies in `[start_ns, end_ns)`, none invented; prices after `now_ns` are not seen."""
        ...

    def next_open_ns(self, symbol: str, at_ns: int) -> int | None:
        """`at_ns` if tradeable then, else the next instant that is; None when there is none."""
        ...

    def next_close_ns(self, symbol: str, at_ns: int) -> int | None:
        """The next instant trading stops after `at_ns`; None when it does not (or it is closed already)."""
        ...
