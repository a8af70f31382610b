"""A market without prices, to look at what was written while the real one is away; it says nothing of a price."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.domain.instruments import Instruments
from rickctl.domain.market import Quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rickctl.domain.market import Bar, Cursor, Instrument, Step, Watch


class ArchiveMarket:
    """The catalogue's instruments and no price of any."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.instruments: Mapping[str, Instrument] = Instruments()

    def quote(self, symbol: str, at_ns: int) -> Quote:
        """A quote that knows nothing."""
        return Quote(
            symbol=symbol,
            bid=None,
            ask=None,
            source=self.source,
            tradeable=False,
            changed_ns=0,
            asserted_ns=0,
            received_ns=at_ns,
        )

    def point(self, symbol: str, at_ns: int) -> Step | None:
        """Nothing can trade."""
        del symbol, at_ns
        return None

    def next_step(self, symbol: str, watch: Watch, after: Cursor, until_ns: int) -> Step | None:
        """Nothing happens."""
        del symbol, watch, after, until_ns
        return None

    def bars(self, symbol: str, granularity: str, start_ns: int, end_ns: int, now_ns: int) -> list[Bar]:
        """No bar is known."""
        del symbol, granularity, start_ns, end_ns, now_ns
        return []

    def next_open_ns(self, symbol: str, at_ns: int) -> int | None:
        """It never opens."""
        del symbol, at_ns
        return None

    def next_close_ns(self, symbol: str, at_ns: int) -> int | None:
        """It never closes."""
        del symbol, at_ns
        return None
