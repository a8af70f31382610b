"""I12 and I13: bars hold the prices of their own interval and stay once closed, and converting loses nothing unsaid."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from rickctl.adapters.sim.market import SimMarket
from rickctl.domain.bars import aggregate, bar_end_ns, bar_start_ns
from rickctl.domain.conversion import Rates, RateSide
from rickctl.domain.instants import DAY_NS, HOUR_NS, MINUTE_NS, parse_instant
from rickctl.domain.market import Bar, Ohlc, Phase, Step
from tests.domain.paper_kit import T0
from tests.fakes import FakeMarket

if TYPE_CHECKING:
    from collections.abc import Sequence

DAY = parse_instant("2026-03-07T22:00:00Z")
SIM = SimMarket(1)
SLOT_NS = 250_000_000


def minute_bar(minute: int, ticks: Sequence[int], volume: int | None) -> Bar:
    prices = [Decimal(tick).scaleb(-5) for tick in ticks]
    ohlc = Ohlc(prices[0], max(prices), min(prices), prices[-1])
    start_ns = DAY + minute * MINUTE_NS
    return Bar("EUR_USD", "M1", start_ns, start_ns + MINUTE_NS, ohlc, ohlc, complete=True, source="x", volume=volume)


MINUTES = st.dictionaries(
    st.integers(0, 3000),
    st.tuples(st.lists(st.integers(100_000, 120_000), min_size=1, max_size=5), st.integers(0, 50)),
    min_size=1,
    max_size=30,
)


@given(minutes=MINUTES, granularity=st.sampled_from(["M5", "M15", "H1", "H4", "D"]), now=st.integers(0, 3200))
def test_joined_bars_hold_the_prices_of_their_own_interval_and_all_of_the_volume(
    minutes: dict[int, tuple[list[int], int]], granularity: str, now: int
) -> None:
    """I12, with the day on which New York's clocks change among them."""
    parts = [minute_bar(minute, *minutes[minute]) for minute in sorted(minutes)]
    joined = aggregate(parts, granularity, "fx", DAY + now * MINUTE_NS)
    for bar in joined:
        own = [part for part in parts if bar.start_ns <= part.start_ns < bar.end_ns]
        ticks = [price for part in own for price in minutes[(part.start_ns - DAY) // MINUTE_NS][0]]
        expected = [Decimal(tick).scaleb(-5) for tick in (ticks[0], max(ticks), min(ticks), ticks[-1])]
        assert bar.bid == bar.ask == Ohlc(*expected)
        assert bar.complete is (bar.end_ns <= DAY + now * MINUTE_NS)
        assert bar.start_ns == bar_start_ns(granularity, "fx", own[0].start_ns)
        assert bar.end_ns == bar_end_ns(granularity, "fx", bar.start_ns)
    assert [bar.start_ns for bar in joined] == sorted({bar.start_ns for bar in joined})
    assert sum(bar.volume or 0 for bar in joined) == sum(volume for _, volume in minutes.values())


@given(
    hours=st.integers(0, 70),
    granularity=st.sampled_from(["S30", "M1", "M5", "M15"]),
    looks=st.lists(st.integers(1, 14_400), min_size=2, max_size=4),
)
def test_a_closed_bar_is_never_edited_by_what_comes_later(hours: int, granularity: str, looks: list[int]) -> None:
    """I12: whenever one looks, the bars complete by then are those seen later, and a part of one stays inside it."""
    start_ns = parse_instant("2026-11-20T12:00:00Z") + hours * HOUR_NS
    moments = [start_ns + look * SLOT_NS * 2 for look in sorted(looks)]
    views = [SIM.bars("EUR_USD", granularity, start_ns, moment, moment) for moment in moments]
    for early, late in pairwise(views):
        closed = [bar for bar in early if bar.complete]
        assert late[: len(closed)] == closed
        for part, whole in zip(early, late, strict=False):
            assert part.bid.open == whole.bid.open
            assert whole.bid.low <= part.bid.low <= part.bid.high <= whole.bid.high


@given(minute=st.integers(0, 4000))
def test_a_simulated_minute_is_made_of_its_own_ticks_alone(minute: int) -> None:
    """I12: every quarter second of the minute, one by one."""
    start_ns = parse_instant("2026-11-20T12:00:00Z") + minute * MINUTE_NS
    quotes = [SIM.quote("GBP_USD", start_ns + slot * SLOT_NS) for slot in range(240)]
    bids = [quote.bid for quote in quotes if quote.tradeable and quote.bid is not None]
    bars = SIM.bars("GBP_USD", "M1", start_ns, start_ns + MINUTE_NS, start_ns + MINUTE_NS)
    assert [bar.bid for bar in bars] == ([Ohlc(bids[0], max(bids), min(bids), bids[-1])] if bids else [])


AMOUNTS = st.decimals(Decimal(-(10**9)), Decimal(10**9), places=5).map(lambda value: Decimal(f"{value:f}"))
PRICES = st.tuples(st.integers(50_000, 200_000), st.integers(1, 60), st.integers(50_000, 200_000), st.integers(1, 60))


def quoted(prices: tuple[int, int, int, int]) -> FakeMarket:
    euro, euro_wide, yen, yen_wide = prices
    return FakeMarket(
        [
            Step("EUR_USD", T0, T0, Phase.POINT, euro, euro, euro + euro_wide, euro + euro_wide),
            Step("USD_JPY", T0, T0, Phase.POINT, yen, yen, yen + yen_wide, yen + yen_wide),
        ]
    )


@given(
    amount=AMOUNTS,
    prices=PRICES,
    way=st.sampled_from(["EUR:USD", "USD:EUR", "USD:JPY", "JPY:USD", "EUR:JPY", "JPY:EUR"]),
)
def test_a_converted_amount_is_the_exact_one_to_eight_decimals_and_never_a_gain(
    amount: Decimal, prices: tuple[int, int, int, int], way: str
) -> None:
    """I13: half to even; what is lost in rounding is less than half a unit of the last digit; there and back costs."""
    source, target = way.split(":")
    rates = Rates(quoted(prices), T0)
    there = rates.for_result(amount, source, target)
    assert there is not None
    booked = there.amount(amount)
    assert booked == booked.quantize(Decimal("1E-8"), rounding=ROUND_HALF_EVEN)
    exact_top, exact_bottom = exact_rate(prices, way, gains=amount > 0)
    # Division keeps 28 digits; cross-multiplied, the difference is exact.
    away = abs(booked * exact_bottom - amount * exact_top)
    assert away <= (Decimal("0.5E-8") + abs(booked).scaleb(-26)) * exact_bottom
    back = rates.for_result(-booked, target, source)
    assert back is not None
    assert -back.amount(-booked) <= amount or abs(-back.amount(-booked) - amount) <= Decimal("0.00001")
    middle = rates.conversion(source, target, RateSide.MID)
    assert middle is not None
    assert booked <= middle.amount(amount)


def exact_rate(prices: tuple[int, int, int, int], way: str, *, gains: bool) -> tuple[Decimal, Decimal]:
    """The rate as a fraction: a gain is sold at the lower price, a loss bought at the higher."""
    euro, euro_wide, yen, yen_wide = prices
    dollars = {True: Decimal(euro).scaleb(-5), False: Decimal(euro + euro_wide).scaleb(-5)}
    yens = {True: Decimal(yen).scaleb(-3), False: Decimal(yen + yen_wide).scaleb(-3)}
    one = Decimal(1)
    return {
        "EUR:USD": (dollars[gains], one),
        "USD:EUR": (one, dollars[not gains]),
        "USD:JPY": (yens[gains], one),
        "JPY:USD": (one, yens[not gains]),
        "EUR:JPY": (dollars[gains] * yens[gains], one),
        "JPY:EUR": (one, dollars[not gains] * yens[not gains]),
    }[way]


@given(amount=AMOUNTS)
def test_what_is_not_converted_is_not_rounded(amount: Decimal) -> None:
    """I13."""
    way = Rates(FakeMarket([]), T0 + DAY_NS).for_result(amount, "USD", "USD")
    assert way is not None
    assert way.amount(amount) is amount
