"""What the simulated market promises whoever asks: quotes, points, hours, coverage, and the same answer everywhere."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rickctl.adapters.sim import SimMarket
from rickctl.domain.errors import UsageError
from rickctl.domain.instants import DAY_NS, HOUR_NS, MILLISECOND_NS, SECOND_NS, parse_instant
from rickctl.domain.instruments import CATALOGUE
from rickctl.domain.market import Cursor, Phase, Watch

if TYPE_CHECKING:
    from rickctl.domain.ports import Market

NOW = parse_instant("2024-03-06T14:00:00.100Z")
SATURDAY = parse_instant("2024-03-09T12:00:00Z")
FRIDAY_CLOSE = parse_instant("2024-03-08T22:00:00Z")
MARKET = SimMarket()
INSTANTS = st.integers(parse_instant("2000-01-01") // 1000, parse_instant("2100-01-01") // 1000 - 1).map(
    lambda microseconds: microseconds * 1000
)


def test_it_is_a_market() -> None:
    market: Market = SimMarket(3)
    assert market.source == "sim:v1"
    assert set(market.instruments) == set(CATALOGUE)


@given(st.sampled_from(sorted(CATALOGUE)), INSTANTS)
@settings(derandomize=True, max_examples=400, deadline=None)
def test_every_quote_is_two_prices_on_the_grid_at_least_a_tick_apart(symbol: str, at_ns: int) -> None:
    quote, instrument = MARKET.quote(symbol, at_ns), MARKET.instruments[symbol]
    assert quote.bid is not None
    assert quote.ask is not None
    assert 0 < instrument.ticks(quote.bid) < instrument.ticks(quote.ask)
    assert quote.bid.as_tuple().exponent == instrument.price_increment.as_tuple().exponent
    assert quote.changed_ns <= quote.asserted_ns <= at_ns
    assert quote.tradeable == (MARKET.next_open_ns(symbol, at_ns) == at_ns)
    assert quote.tradeable == (MARKET.point(symbol, at_ns) is not None)


def test_an_open_market_asserts_its_quote_now() -> None:
    quote = MARKET.quote("EUR_USD", NOW)
    assert (quote.tradeable, quote.source, quote.last) == (True, "sim:v1", None)
    assert (quote.asserted_ns, quote.received_ns, quote.age_ns(NOW)) == (NOW, NOW, 0)


def test_a_quote_changed_when_its_price_first_stood() -> None:
    for symbol in ("EUR_USD", "USD_SGD", "SPX500_USD", "SOL-USD"):
        for at_ns in range(NOW, NOW + 40 * SECOND_NS, SECOND_NS):
            quote = MARKET.quote(symbol, at_ns)
            then = MARKET.quote(symbol, quote.changed_ns)
            before = MARKET.quote(symbol, quote.changed_ns - 1)
            assert (then.bid, then.ask) == (quote.bid, quote.ask)
            assert (before.bid, before.ask) != (quote.bid, quote.ask)


def test_a_closed_market_quotes_its_last_price_asserted_when_it_closed() -> None:
    last, closed = MARKET.quote("EUR_USD", FRIDAY_CLOSE - 1), MARKET.quote("EUR_USD", SATURDAY)
    assert (closed.bid, closed.ask) == (last.bid, last.ask)
    assert not closed.tradeable
    assert (closed.asserted_ns, closed.received_ns) == (FRIDAY_CLOSE, FRIDAY_CLOSE)
    assert closed.age_ns(SATURDAY) == 14 * HOUR_NS
    assert MARKET.point("EUR_USD", SATURDAY) is None


def test_crypto_trades_while_currencies_rest() -> None:
    assert MARKET.quote("BTC-USD", SATURDAY).tradeable
    assert MARKET.next_close_ns("BTC-USD", SATURDAY) is None
    assert MARKET.next_close_ns("EUR_USD", SATURDAY) is None
    assert MARKET.next_open_ns("EUR_USD", SATURDAY) == parse_instant("2024-03-10T21:00:00Z")
    assert MARKET.next_close_ns("EUR_USD", NOW) == parse_instant("2024-03-06T21:58:00Z")


def test_a_point_is_the_quote_in_ticks_with_units_on_offer() -> None:
    quote, point = MARKET.quote("XAG_USD", NOW), MARKET.point("XAG_USD", NOW)
    assert point is not None
    price = MARKET.instruments["XAG_USD"].price
    assert (price(point.bid_low), price(point.ask_low)) == (quote.bid, quote.ask)
    assert (point.bid_low, point.ask_low, point.phase) == (point.bid_high, point.ask_high, Phase.POINT)
    assert (point.from_ns, point.at_ns) == (NOW, NOW)


@pytest.mark.parametrize("symbol", sorted(CATALOGUE))
def test_units_on_offer_stay_between_half_and_twice_the_usual_depth(symbol: str) -> None:
    usual = Decimal(CATALOGUE[symbol].depth)
    increment = MARKET.instruments[symbol].unit_increment
    at_ns = MARKET.next_open_ns(symbol, NOW)
    assert at_ns is not None
    sizes = set()
    for second in range(30):
        point = MARKET.point(symbol, at_ns + second * SECOND_NS)
        assert point is not None
        assert point.bid_size is not None
        assert point.ask_size is not None
        sizes |= {point.bid_size * increment, point.ask_size * increment}
    assert usual / 2 <= min(sizes) < usual < max(sizes) <= usual * 2


@pytest.mark.parametrize("at", ["1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z", "1970-01-01", "2262-01-01"])
def test_times_outside_the_covered_century_are_usage_errors(at: str) -> None:
    at_ns = parse_instant(at)
    for ask in (
        lambda: MARKET.quote("EUR_USD", at_ns),
        lambda: MARKET.point("EUR_USD", at_ns),
        lambda: MARKET.next_open_ns("EUR_USD", at_ns),
        lambda: MARKET.next_close_ns("EUR_USD", at_ns),
        lambda: MARKET.next_step("EUR_USD", Watch(any_point=True), Cursor(at_ns, 1), at_ns + DAY_NS),
        lambda: MARKET.bars("EUR_USD", "M1", at_ns, at_ns + DAY_NS, at_ns),
    ):
        with pytest.raises(UsageError) as caught:
            ask()
        assert caught.value.code == "time_out_of_range"


def test_the_covered_century_answers_at_both_ends() -> None:
    first, last = parse_instant("2000-01-01"), parse_instant("2100-01-01") - 1
    assert MARKET.quote("EUR_USD", first).bid is not None
    assert MARKET.quote("EUR_USD", last).bid is not None
    watch = Watch(bid_at_most=1)
    assert MARKET.next_step("BTC-USD", watch, Cursor(last - DAY_NS, Phase.POINT), last + 365 * DAY_NS) is None


def test_bars_hold_no_price_after_now_and_no_bar_after_it() -> None:
    start_ns = parse_instant("2024-03-06T13:00:00Z")
    now_ns = start_ns + 90 * SECOND_NS
    whole = MARKET.bars("EUR_USD", "M1", start_ns, start_ns + HOUR_NS, now_ns)
    assert [bar.complete for bar in whole] == [True, False]
    quote = MARKET.quote("EUR_USD", now_ns)
    assert (whole[1].bid.close, whole[1].ask.close) == (quote.bid, quote.ask)
    assert MARKET.bars("EUR_USD", "M1", start_ns, start_ns + HOUR_NS, start_ns - 1) == []


def test_no_bar_is_invented_for_closed_hours() -> None:
    friday, monday = parse_instant("2024-03-08T12:00:00Z"), parse_instant("2024-03-11T12:00:00Z")
    bars = MARKET.bars("EUR_USD", "H1", friday, monday, monday)
    gap = [bar for bar in bars if FRIDAY_CLOSE <= bar.start_ns < parse_instant("2024-03-10T21:00:00Z")]
    assert gap == []
    assert len(bars) == 10 + 15
    days = MARKET.bars("EUR_USD", "D", parse_instant("2024-03-01"), parse_instant("2024-03-16"), monday)
    assert [(bar.start_ns // DAY_NS + 4) % 7 for bar in days] == [0, 1, 2, 3, 4, 0]  # Sunday to Thursday, Sunday


def test_a_bars_request_that_starts_inside_a_bar_begins_with_the_next() -> None:
    start_ns = parse_instant("2024-03-06T13:00:30Z")
    bars = MARKET.bars("EUR_USD", "M1", start_ns, start_ns + 120 * SECOND_NS, start_ns + HOUR_NS)
    assert [bar.start_ns for bar in bars] == [start_ns + 30 * SECOND_NS, start_ns + 90 * SECOND_NS]


def test_order_of_questions_does_not_matter() -> None:
    instants = [NOW + step * 7 * HOUR_NS // 3 for step in range(-60, 60)]
    forwards, backwards = SimMarket(5), SimMarket(5)
    ahead = [forwards.quote("GBP_USD", at_ns) for at_ns in instants]
    assert [backwards.quote("GBP_USD", at_ns) for at_ns in reversed(instants)] == ahead[::-1]


def test_seeds_and_instruments_have_paths_of_their_own() -> None:
    def moves(seed: int, symbol: str) -> list[bool]:
        market = SimMarket(seed)
        quotes = [market.quote(symbol, NOW + step * 60 * SECOND_NS) for step in range(200)]
        bids = [quote.bid for quote in quotes if quote.bid is not None]
        return [later > sooner for sooner, later in pairwise(bids)]

    first = moves(0, "EUR_USD")
    for other in (moves(1, "EUR_USD"), moves(0, "GBP_USD"), moves(-1, "EUR_USD"), moves(1 << 80, "EUR_USD")):
        assert 60 < sum(a == b for a, b in zip(first, other, strict=True)) < 140


def fingerprint(symbol: str) -> str:
    """One hash of quotes at scattered instants, sizes, and bars of several lengths."""
    market, digest = SimMarket(11), hashlib.sha256()
    for step in range(40):
        at_ns = parse_instant("2001-02-03") + step * 872 * DAY_NS + step * 4_567_891 * MILLISECOND_NS
        quote, point = market.quote(symbol, at_ns), market.point(symbol, at_ns)
        sizes = None if point is None else (point.bid_size, point.ask_size)
        digest.update(f"{quote.bid} {quote.ask} {quote.tradeable} {quote.changed_ns} {sizes}\n".encode())
    for granularity, length_ns in (("S5", 30 * SECOND_NS), ("M15", 2 * HOUR_NS), ("D", 4 * DAY_NS)):
        for bar in market.bars(symbol, granularity, NOW, NOW + length_ns, NOW + 3 * DAY_NS):
            prices = " ".join(map(str, (*bar.bid, *bar.ask)))
            digest.update(f"{bar.start_ns} {bar.end_ns} {prices} {bar.complete}\n".encode())
    return digest.hexdigest()[:16]


# Pinned for ever: a formula that changes these rewrites the past of every account, so it is `sim:v2` beside this one.
GOLDEN = {
    "EUR_USD": "d8d9620d6c075338",
    "GBP_USD": "2c5bb495344725ef",
    "USD_JPY": "9a50cc646600bb75",
    "USD_CHF": "f39d324d0745d18a",
    "USD_CAD": "709ca155e81b6c2f",
    "AUD_USD": "bf7fcc965ba0405e",
    "NZD_USD": "edb65b37ac8450c8",
    "EUR_GBP": "1b6cdd2b29c4bdf1",
    "EUR_JPY": "59ff261a81848d3e",
    "EUR_CHF": "de020d600443833d",
    "EUR_CAD": "683ed14cc9f82ae7",
    "EUR_AUD": "1de53fa98699e458",
    "EUR_NZD": "af1a80a3e05a3a55",
    "EUR_SEK": "c900701d3b3e0e47",
    "EUR_NOK": "0d573536b9077ee2",
    "GBP_JPY": "001757023ffd0fda",
    "GBP_CHF": "316326bd691236f8",
    "GBP_CAD": "f910dbf24c9cbedd",
    "GBP_AUD": "fe0d28465dd3f439",
    "AUD_JPY": "7e98fc3f662fc9e8",
    "AUD_CAD": "0daecac6502e9dd4",
    "AUD_NZD": "762e12dee824558e",
    "CAD_JPY": "763b2fb8f225a31f",
    "CHF_JPY": "578afb52bd84135a",
    "NZD_JPY": "7de80beceb1c9046",
    "USD_SEK": "b493b6942106620b",
    "USD_NOK": "a7d10327f8b49cff",
    "USD_MXN": "756dee4cc97a8cb4",
    "USD_ZAR": "ae29f41316af6ade",
    "USD_SGD": "4bb7d7c3332cf95d",
    "XAU_USD": "15331312c35f0756",
    "XAG_USD": "844ca8cc28fbd8db",
    "SPX500_USD": "3e706bd2de6246fc",
    "NAS100_USD": "ef4064760dd165c9",
    "DE30_EUR": "6b7a94a390c2dc06",
    "BTC-USD": "f32f72c1d8480199",
    "ETH-USD": "ff3d5388d0d3960c",
    "SOL-USD": "51c71bd6a8c1873a",
}


@pytest.mark.parametrize("symbol", sorted(CATALOGUE))
def test_sim_v1_is_what_it_always_was(symbol: str) -> None:
    assert fingerprint(symbol) == GOLDEN[symbol]


def test_another_process_with_another_hash_seed_sees_the_same_prices() -> None:
    code = (
        "from rickctl.adapters.sim import SimMarket\n"
        f"quotes = [SimMarket(4).quote(s, {NOW} + i * 10**13) for s in ('EUR_USD', 'BTC-USD') for i in range(20)]\n"
        "print([(str(q.bid), str(q.ask), q.changed_ns) for q in quotes])"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, check=True, capture_output=True, text=True
        ).stdout
        for seed in ("1", "2")
    }
    here = [SimMarket(4).quote(s, NOW + i * 10**13) for s in ("EUR_USD", "BTC-USD") for i in range(20)]
    assert answers == {f"{[(str(q.bid), str(q.ask), q.changed_ns) for q in here]}\n"}
