"""A stream looks on a grid of its own, tells what changed and nothing else, and ends when it was told to."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from rickctl.domain.errors import UsageError
from rickctl.domain.instants import MILLISECOND_NS, SECOND_NS, parse_instant
from rickctl.domain.market import Quote
from rickctl.domain.scope import DEFAULT_SCOPE
from rickctl.services.stream import POLL_NS, Limits, check_limits, stream_rounds
from tests.fakes import FakeClock, FakeMarket, SendingMarket, point

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rickctl.services.quotes import QuoteRow

START = parse_instant("2025-11-19T14:00:00Z")
PRICES = ("1.10000", "1.10001", "1.10001", "1.10002", "1.10000")


class SlowClock(FakeClock):
    """A clock on which looking at prices takes its time: every reading is later than the last."""

    def __init__(self, now_ns: int, cost_ns: int) -> None:
        super().__init__(now_ns)
        self._cost_ns = cost_ns

    def now_ns(self) -> int:
        self.at_ns += self._cost_ns
        return super().now_ns()


def market(*, closed_from_ns: int | None = None) -> FakeMarket:
    """EUR_USD moves at some looks and not at others; USD_JPY stands."""
    steps = [point(START + place * POLL_NS, bid, f"{bid[:-1]}9", symbol="EUR_USD") for place, bid in enumerate(PRICES)]
    steps.append(point(START, "150.000", "150.010", symbol="USD_JPY"))
    closed = () if closed_from_ns is None else ((closed_from_ns, START + SECOND_NS * 3600),)
    return FakeMarket(steps, closed=closed)


def collect(
    limits: Limits, *, clock: FakeClock | None = None, source: FakeMarket | None = None
) -> list[tuple[list[QuoteRow], list[QuoteRow]]]:
    return list(
        stream_rounds(
            ["eur/usd", "USD_JPY"],
            market=source or market(),
            scope=DEFAULT_SCOPE,
            clock=clock or FakeClock(START),
            limits=limits,
            is_paced=True,
            tell=lambda _text: None,
        )
    )


def faces(rounds: list[tuple[list[QuoteRow], list[QuoteRow]]]) -> list[list[str]]:
    return [[f"{row.quote.symbol} {row.quote.bid}" for row in changed] for _, changed in rounds]


def test_all_rows_every_round_and_only_what_changed_beside_them() -> None:
    rounds = collect(Limits(duration_ns=4 * POLL_NS))
    assert faces(rounds) == [
        ["EUR_USD 1.10000", "USD_JPY 150.000"],
        ["EUR_USD 1.10001"],
        [],
        ["EUR_USD 1.10002"],
        ["EUR_USD 1.10000"],
    ]
    assert all([row.quote.symbol for row in rows] == ["EUR_USD", "USD_JPY"] for rows, _ in rounds)


def test_a_market_that_closes_is_a_change_even_at_the_same_price() -> None:
    rounds = collect(Limits(duration_ns=2 * POLL_NS), source=market(closed_from_ns=START + 2 * POLL_NS))
    assert [row.quote.tradeable for _, changed in rounds for row in changed] == [True, True, True, False, False]


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_a_count_ends_the_stream_at_that_quote(count: int) -> None:
    assert sum(len(changed) for _, changed in collect(Limits(quotes=count))) == count


@pytest.mark.parametrize("cost_ms", [0, 1, 30, 60, 230])
def test_looks_are_never_closer_than_a_tenth_of_a_second_on_average(cost_ms: int) -> None:
    clock = SlowClock(START, cost_ms * MILLISECOND_NS)
    rounds = collect(Limits(duration_ns=3 * SECOND_NS), clock=clock)
    looked = [rows[0].now_ns for rows, _ in rounds]
    assert len(looked) <= 31
    assert looked == sorted(set(looked))
    assert all(late - early > 0 for early, late in pairwise(looked))
    assert looked[-1] - looked[0] >= (len(looked) - 1) * POLL_NS - POLL_NS


def test_a_stream_that_falls_behind_drops_looks_and_does_not_hurry_after_them() -> None:
    clock = SlowClock(START, 150 * MILLISECOND_NS)
    collect(Limits(duration_ns=2 * SECOND_NS), clock=clock)
    assert all(0 < slept <= POLL_NS for slept in clock.slept_ns)


@pytest.mark.parametrize("count", [0, -1])
def test_a_count_below_one_is_usage(count: int) -> None:
    with pytest.raises(UsageError):
        check_limits(Limits(quotes=count))


def test_an_unknown_symbol_is_usage_before_anything_is_shown() -> None:
    rounds = stream_rounds(
        ["EUR_USD", "NOPE"],
        market=market(),
        scope=DEFAULT_SCOPE,
        clock=FakeClock(START),
        limits=Limits(1),
        is_paced=False,
        tell=lambda _text: None,
    )
    with pytest.raises(UsageError):
        next(rounds)


# a market that sends its prices


def sent(*batches: Sequence[str] | None, clock: FakeClock) -> SendingMarket:
    """EUR_USD at each bid in turn, a batch a read; None is a link that has gone silent."""
    quotes = [
        None if bids is None else [quoted(bid, START + place * MILLISECOND_NS) for bid in bids]
        for place, bids in enumerate(batches)
    ]
    return SendingMarket(quotes, clock)


def quoted(bid: str, at_ns: int) -> Quote:
    ask = Decimal(bid) + Decimal("0.00010")
    return Quote(
        "EUR_USD", Decimal(bid), ask, "sent", tradeable=True, changed_ns=at_ns, asserted_ns=at_ns, received_ns=at_ns
    )


def follow(
    source: SendingMarket, clock: FakeClock, limits: Limits, *, is_paced: bool, told: list[str] | None = None
) -> list[tuple[list[QuoteRow], list[QuoteRow]]]:
    tell = (lambda _text: None) if told is None else told.append
    rounds = stream_rounds(
        ["EUR_USD", "USD_JPY"],
        market=source,
        scope=DEFAULT_SCOPE,
        clock=clock,
        limits=limits,
        is_paced=is_paced,
        tell=tell,
    )
    return list(rounds)


def test_every_price_that_is_sent_is_a_row_at_once_on_a_pipe() -> None:
    clock = FakeClock(START)
    source = sent(["1.10000", "1.10001"], [], ["1.10001", "1.10002"], clock=clock)
    rounds = follow(source, clock, Limits(quotes=4), is_paced=False)
    assert faces(rounds) == [["EUR_USD 1.10000", "EUR_USD 1.10001"], ["EUR_USD 1.10001", "EUR_USD 1.10002"]]
    assert source.closed_streams == 1


def test_on_a_screen_what_comes_within_a_tenth_of_a_second_is_one_painting_of_the_newest() -> None:
    clock = FakeClock(START)
    source = sent(["1.10000"], ["1.10001", "1.10002"], clock=clock)
    rows, changed = follow(source, clock, Limits(duration_ns=POLL_NS), is_paced=True)[0]
    assert [str(row.quote.bid) for row in rows] == ["1.10002"]
    assert len(changed) == 3


def test_a_count_ends_in_the_middle_of_a_batch() -> None:
    clock = FakeClock(START)
    source = sent(["1.10000", "1.10001", "1.10002"], clock=clock)
    assert faces(follow(source, clock, Limits(quotes=2), is_paced=False)) == [["EUR_USD 1.10000", "EUR_USD 1.10001"]]


def test_a_link_that_goes_silent_and_comes_back_is_told_once_each() -> None:
    clock, told = FakeClock(START), list[str]()
    source = sent(["1.10000"], None, None, ["1.10001"], clock=clock)
    follow(source, clock, Limits(quotes=2), is_paced=False, told=told)
    assert told == ["no word from the price stream; trying again", "prices come again"]


def test_a_price_that_came_later_than_it_was_looked_for_is_not_from_the_future() -> None:
    clock = FakeClock(START - SECOND_NS)
    [(_, [row])] = follow(sent(["1.10000"], clock=clock), clock, Limits(quotes=1), is_paced=False)
    assert row.age_ns == 0
