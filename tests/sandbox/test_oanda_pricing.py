"""OANDA's market data: instruments, prices, their stream, and what candles there are for what is asked."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from rickctl.adapters.replay.source import open_tape
from rickctl.domain.instants import DAY_NS, HOUR_NS, MILLISECOND_NS, SECOND_NS, parse_instant
from rickctl.domain.instruments import Instruments
from rickctl.sandbox.http import EndOfStream
from rickctl.sandbox.oanda.records import Terms
from rickctl.sandbox.oanda.wire import WireSettings
from tests.sandbox.wire_kit import ID, TOKEN, A, Counter

if TYPE_CHECKING:
    from pathlib import Path

    from rickctl.domain.market import Bar
    from rickctl.sandbox.http import Streamed

CANDLES = "/v3/instruments/EUR_USD/candles"


@pytest.fixture
def counter() -> Counter:
    return Counter()


def test_instruments_say_what_precision_they_take(counter: Counter) -> None:
    asked = counter.get(f"{A}/instruments?instruments=EUR_USD,USD_JPY,SPX500_USD").body["instruments"]
    fields = ("name", "type", "pipLocation", "displayPrecision", "tradeUnitsPrecision", "minimumTrailingStopDistance")
    assert [tuple(one[field] for field in fields) for one in asked] == [
        ("EUR_USD", "CURRENCY", -4, 5, 0, "0.00050"),
        ("USD_JPY", "CURRENCY", -2, 3, 0, "0.050"),
        ("SPX500_USD", "CFD", 0, 1, 1, "5.0"),
    ]


def test_an_account_of_higher_margin_says_so_of_its_instruments() -> None:
    counter = Counter(terms=Terms(id=ID, margin_rate=Decimal("0.04")))
    told = counter.get(f"{A}/instruments?instruments=EUR_USD,USD_JPY").body["instruments"]
    assert [one["marginRate"] for one in told] == ["0.04", "0.05"]


def test_prices_are_padded_to_the_precision_and_told_once_a_change(counter: Counter) -> None:
    counter.move(Decimal("1.1"))
    first = counter.get(f"{A}/pricing?instruments=EUR_USD").body
    price = first["prices"][0]
    assert [len(price[field].partition(".")[2]) for field in ("closeoutBid", "closeoutAsk")] == [5, 5]
    assert Decimal(price["closeoutBid"]) < Decimal("1.1") < Decimal(price["closeoutAsk"])
    counter.step_ns = 0
    again = counter.get(f"{A}/pricing?instruments=EUR_USD&since={first['time']}").body
    assert (again["prices"], again["time"]) == ([], first["time"])


def test_conversions_name_every_currency_once(counter: Counter) -> None:
    asked = counter.get(f"{A}/pricing?instruments=EUR_USD,USD_JPY,EUR_JPY&includeHomeConversions=true").body
    assert [one["currency"] for one in asked["homeConversions"]] == ["EUR", "JPY", "USD"]
    euro = asked["homeConversions"][0]
    assert Decimal(euro["accountGain"]) < Decimal(euro["positionValue"]) < Decimal(euro["accountLoss"])


def test_at_the_weekend_the_last_price_stays_and_is_not_tradeable(counter: Counter) -> None:
    counter.pass_ns(parse_instant("2026-11-21T12:00:00Z") - counter.wall.at_ns)
    price = counter.get(f"{A}/pricing?instruments=EUR_USD").body["prices"][0]
    assert (price["tradeable"], price["status"]) == (False, "non-tradeable")
    assert price["time"].startswith("2026-11-20T21:59:59")


def test_a_price_stream_tells_changes_only_at_most_one_a_window_with_heartbeats(counter: Counter) -> None:
    target = f"{A}/pricing/stream?instruments=EUR_USD"
    stream = counter.stream(target)
    told: list[dict[str, Any]] = []
    for _ in range(400):
        told += counter.lines(stream, target)
        counter.wall.at_ns += 50 * MILLISECOND_NS
    prices = [one for one in told if one["type"] == "PRICE"]
    assert 10 < len(prices) <= 80
    assert all(one["closeoutBid"] + one["closeoutAsk"] for one in prices)
    pairs = [(one["closeoutBid"], one["closeoutAsk"]) for one in prices]
    assert all(one != after for one, after in pairwise(pairs))
    assert [one["time"][17:22] for one in told if one["type"] == "HEARTBEAT"] == ["06.00", "11.00", "16.00"]


def test_without_a_snapshot_a_stream_begins_with_the_next_change(counter: Counter) -> None:
    counter.move(Decimal("1.1"))
    target = f"{A}/pricing/stream?instruments=EUR_USD&snapshot=false"
    stream = counter.stream(target)
    assert counter.lines(stream, target) == []
    counter.move(Decimal("1.2"))
    assert [one["type"] for one in counter.lines(stream, target)] == ["PRICE"]


def test_streams_are_counted_and_the_one_too_many_is_refused() -> None:
    counter = Counter(settings=WireSettings(token=TOKEN, streams=2))
    first, _ = counter.stream(f"{A}/transactions/stream"), counter.stream(f"{A}/pricing/stream?instruments=EUR_USD")
    assert counter.get(f"{A}/transactions/stream").status == 429
    first.closed()
    counter.stream(f"{A}/transactions/stream")


def times(counter: Counter, query: str) -> list[str]:
    """When the candles asked for begin, to the minute."""
    return [one["time"][:16] for one in counter.get(f"{CANDLES}?{query}").body["candles"]]


NOON = parse_instant("2026-11-18T12:00:00Z")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("granularity=M15&count=2", ["2026-11-18T11:45", "2026-11-18T12:00"]),
        ("granularity=H4&count=2", ["2026-11-18T06:00", "2026-11-18T10:00"]),
        ("granularity=H3&count=2", ["2026-11-18T07:00", "2026-11-18T10:00"]),
        ("granularity=D&count=3", ["2026-11-15T22:00", "2026-11-16T22:00", "2026-11-17T22:00"]),
        ("granularity=D&count=2&dailyAlignment=0&alignmentTimezone=UTC", ["2026-11-17T00:00", "2026-11-18T00:00"]),
        ("granularity=W&count=2", ["2026-11-06T22:00", "2026-11-13T22:00"]),
        ("granularity=W&count=1&weeklyAlignment=Sunday", ["2026-11-15T22:00"]),
        ("granularity=M&count=2", ["2026-09-30T21:00", "2026-10-31T21:00"]),
        (
            "granularity=H1&from=2026-11-13T20:30:00Z&count=3",
            ["2026-11-13T20:00", "2026-11-13T21:00", "2026-11-15T22:00"],
        ),
        ("granularity=H1&from=2026-11-13T20:30:00Z&count=1&includeFirst=false", ["2026-11-13T21:00"]),
        ("granularity=H1&to=2026-11-15T09:00:00Z&count=2", ["2026-11-13T20:00", "2026-11-13T21:00"]),
        ("granularity=H1&from=2026-11-18T09:30:00Z&to=2026-11-18T11:00:00Z", ["2026-11-18T09:00", "2026-11-18T10:00"]),
        ("granularity=H1&from=1795003200.5&count=1", ["2026-11-18T12:00"]),
        ("granularity=H1&from=2026-11-18T11:00:00%2B01:00&count=1", ["2026-11-18T10:00"]),
        ("granularity=H1&from=2026-11-14T00:00:00Z&to=2026-11-15T00:00:00Z", []),
    ],
)
def test_candles_are_those_asked_for(counter: Counter, query: str, expected: list[str]) -> None:
    assert times(counter, query) == expected


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("count=5001", "Maximum value for 'count' exceeded"),
        ("count=0", "Invalid value specified for 'count'"),
        ("granularity=M7", "Invalid value specified for 'granularity'"),
        ("price=X", "Invalid value specified for 'price'"),
        ("from=yesterday", "Invalid value specified for 'from'"),
        ("from=2026-11-18T12:00:00Z&to=2026-11-18T11:00:00Z", "Invalid value specified for 'from'"),
        ("to=2027-01-01T00:00:00Z", "Invalid value specified for 'to'. Time is in the future"),
        ("from=2026-11-17&to=2026-11-18&count=3", "'count' cannot be specified when both 'to' and 'from' are set"),
        ("from=2026-11-17&to=2026-11-18&granularity=S10", "Maximum value for 'count' exceeded"),
        ("dailyAlignment=24", "Maximum value for 'dailyAlignment' exceeded"),
        ("alignmentTimezone=Moon/Base", "Invalid value specified for 'alignmentTimezone'"),
        ("weeklyAlignment=Someday", "Invalid value specified for 'weeklyAlignment'"),
        ("smooth=perhaps", "Invalid value specified for 'smooth'"),
    ],
)
def test_candles_that_cannot_be_are_refused_in_oandas_words(counter: Counter, query: str, told: str) -> None:
    said = counter.get(f"{CANDLES}?{query}")
    assert (said.status, said.body) == (400, {"errorMessage": told})


def test_only_the_running_candle_is_incomplete_and_later_prices_are_not_seen(counter: Counter) -> None:
    before = counter.get(f"{CANDLES}?granularity=M1&count=3&price=B").body["candles"]
    assert [one["complete"] for one in before] == [True, True, False]
    counter.pass_ns(90 * SECOND_NS)
    after = counter.get(f"{CANDLES}?granularity=M1&count=4&price=B").body["candles"]
    assert after[:2] == before[:2]
    assert after[2]["bid"]["o"] == before[2]["bid"]["o"]
    assert [one["complete"] for one in after] == [True, True, True, False]


def test_the_middle_lies_between_and_joined_candles_hold_their_parts(counter: Counter) -> None:
    span = "from=2026-11-18T06:00:00Z&to=2026-11-18T09:00:00Z"
    (joined,) = counter.get(f"{CANDLES}?granularity=H3&price=MBA&from=2026-11-18T07:00:00Z&count=1").body["candles"]
    parts = counter.get(f"{CANDLES}?granularity=H1&price=MBA&from=2026-11-18T07:00:00Z&count=3").body["candles"]
    for side in ("bid", "mid", "ask"):
        assert joined[side]["o"] == parts[0][side]["o"]
        assert joined[side]["c"] == parts[-1][side]["c"]
    assert joined["bid"]["h"] == max(one["bid"]["h"] for one in parts)
    assert joined["ask"]["l"] == min(one["ask"]["l"] for one in parts)
    for one in counter.get(f"{CANDLES}?granularity=H1&price=MBA&{span}").body["candles"]:
        assert all(one["bid"][part] <= one["mid"][part] <= one["ask"][part] for part in "ohlc")


def test_a_smooth_candle_begins_where_the_one_before_ended(counter: Counter) -> None:
    query = f"{CANDLES}?granularity=M5&from=2026-11-18T09:00:00Z&to=2026-11-18T09:30:00Z"
    smooth = counter.get(f"{query}&smooth=true").body["candles"]
    plain = counter.get(f"{CANDLES}?granularity=M5&from=2026-11-18T08:55:00Z&to=2026-11-18T09:30:00Z").body["candles"]
    assert [one["mid"]["o"] for one in smooth] == [one["mid"]["c"] for one in plain[:-1]]
    assert [one["mid"]["c"] for one in smooth] == [one["mid"]["c"] for one in plain[1:]]
    assert all(one["mid"]["l"] <= one["mid"]["o"] <= one["mid"]["h"] for one in smooth)


def test_the_latest_candles_are_the_last_complete_one_and_the_running_one(counter: Counter) -> None:
    told = counter.get(f"{A}/candles/latest?candleSpecifications=EUR_USD:M5:B,USD_JPY:H1:MA").body["latestCandles"]
    assert [(one["instrument"], one["granularity"]) for one in told] == [("EUR_USD", "M5"), ("USD_JPY", "H1")]
    assert [[candle["complete"] for candle in one["candles"]] for one in told] == [[True, False]] * 2
    assert [sorted(one["candles"][0]) for one in told] == [
        ["bid", "complete", "time", "volume"],
        ["ask", "complete", "mid", "time", "volume"],
    ]


class Watched:
    """A market that counts the bars it is asked for."""

    def __init__(self, market: Any) -> None:  # noqa: ANN401 - whichever
        self.market = market
        self.bars_given = 0

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever it has
        return getattr(self.market, name)

    def bars(self, symbol: str, granularity: str, start_ns: int, end_ns: int, now_ns: int) -> list[Bar]:
        found: list[Bar] = self.market.bars(symbol, granularity, start_ns, end_ns, now_ns)
        self.bars_given += len(found)
        return found


def test_candles_ask_the_market_for_no_more_than_they_need_and_for_most_only_once(counter: Counter) -> None:
    watched = counter.wire._desk.bars.market = Watched(counter.market)
    counter.pass_ns(parse_instant("2026-11-22T22:20:00Z") - counter.wall.at_ns)
    assert len(times(counter, "granularity=S5&count=600")) == 600
    assert watched.bars_given < 700
    given = watched.bars_given
    assert len(times(counter, "granularity=S5&count=600")) == 600
    assert watched.bars_given < given + 40


def all_of(counter: Counter, streamed: Streamed) -> tuple[dict[str, Any], int]:
    """An answer in slices as its client reads it, and how many slices there were."""
    parts: list[bytes] = []
    try:
        while True:
            parts += streamed.poll(counter.clock.now_ns())
    except EndOfStream:
        found: dict[str, Any] = json.loads(b"".join(parts))
        return found, len(parts)


def test_many_candles_are_found_in_slices_and_are_the_same(counter: Counter) -> None:
    query = f"{CANDLES}?granularity=S5&smooth=true&price=MBA"
    wanted = counter.get(f"{query}&count=550&to=2026-11-18T10:00:00Z").body
    sliced = counter.stream(f"{query}&count=650&to=2026-11-18T10:00:00Z")
    told, polls = all_of(counter, sliced)
    assert (len(told["candles"]), polls > 650 // 32) == (650, True)
    assert told["candles"][100:] == wanted["candles"]


def test_a_tape_says_which_candles_it_has(tmp_path: Path) -> None:
    tape = tmp_path / "eurusd.csv"
    rows = (f"2026-11-18T12:{minute:02}:00Z,1.1000{minute % 9},1.1001{minute % 9}" for minute in range(50))
    tape.write_text("time,bid,ask\n" + "\n".join(rows) + "\n", encoding="utf-8")
    counter = Counter(market=open_tape(f"replay:{tape}", Instruments()))
    counter.pass_ns(HOUR_NS)
    assert len(times(counter, "granularity=M10&count=9")) == 5
    assert [one["instrument"] for one in counter.get(f"{A}/pricing?instruments=EUR_USD").body["prices"]] == ["EUR_USD"]
    assert counter.get(f"{A}/pricing?instruments=USD_JPY").status == 400


def test_a_far_past_has_no_candles(counter: Counter) -> None:
    assert times(counter, "to=1990-01-01T00:00:00Z&count=5&granularity=D") == []
    assert NOON - HOUR_NS < counter.clock.now_ns() < NOON + DAY_NS
