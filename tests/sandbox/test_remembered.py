"""A market that remembers its bars answers as one that does not, whatever it was asked before."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from rickctl.adapters.sim import SimMarket
from rickctl.domain.instants import MINUTE_NS, SECOND_NS, parse_instant
from rickctl.domain.market import Bar, Watch
from rickctl.sandbox.remembered import RememberedMarket

FRIDAY = parse_instant("2026-11-20T21:00:00Z")
SIM = SimMarket()
EUR = "EUR_USD"


class Counting(SimMarket):
    """A simulated market that counts the bars it makes."""

    def __init__(self) -> None:
        super().__init__()
        self.made = 0

    def bars(self, symbol: str, granularity: str, start_ns: int, end_ns: int, now_ns: int) -> list[Bar]:
        """Made and counted."""
        found = super().bars(symbol, granularity, start_ns, end_ns, now_ns)
        self.made += len(found)
        return found


ASKED = st.tuples(
    st.sampled_from(["M1", "M5"]),
    st.integers(-40, 70).map(lambda minutes: minutes * MINUTE_NS // 2),
    st.integers(0, 40).map(lambda minutes: minutes * MINUTE_NS // 2),
    st.integers(-30, 90).map(lambda minutes: minutes * 20 * SECOND_NS),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ASKED, min_size=2, max_size=8))
def test_it_answers_as_the_market_underneath(asked: list[tuple[str, int, int, int]]) -> None:
    market = RememberedMarket(SIM)
    for granularity, start, length, now in asked:
        span = FRIDAY + start, FRIDAY + start + length, FRIDAY + now
        assert market.bars(EUR, granularity, *span) == SIM.bars(EUR, granularity, *span)


def test_what_is_finished_is_made_once() -> None:
    under = Counting()
    market = RememberedMarket(under)
    start, now = FRIDAY - 60 * MINUTE_NS, FRIDAY + 10 * SECOND_NS
    assert len(market.bars(EUR, "M1", start, now, now)) == 61
    made = under.made
    for later in (20, 40, 70):
        market.bars(EUR, "M1", start, FRIDAY + later * SECOND_NS, FRIDAY + later * SECOND_NS)
    assert under.made - made <= 4
    market.bars(EUR, "M1", FRIDAY + MINUTE_NS, FRIDAY + MINUTE_NS, FRIDAY + 80 * SECOND_NS)
    market.bars(EUR, "M1", start - 5 * MINUTE_NS, now, FRIDAY + 80 * SECOND_NS)
    assert under.made - made <= 9


def test_everything_else_is_the_market_underneath() -> None:
    market = RememberedMarket(SIM)
    after = SIM.point(EUR, FRIDAY)
    assert after is not None
    assert (market.source, market.instruments) == (SIM.source, SIM.instruments)
    assert (market.quote(EUR, FRIDAY), market.point(EUR, FRIDAY)) == (SIM.quote(EUR, FRIDAY), after)
    search = EUR, Watch(any_point=True), after.cursor, FRIDAY + MINUTE_NS
    assert market.next_step(*search) == SIM.next_step(*search)
    assert market.next_open_ns(EUR, FRIDAY) == SIM.next_open_ns(EUR, FRIDAY)
    assert market.next_close_ns(EUR, FRIDAY) == SIM.next_close_ns(EUR, FRIDAY)
