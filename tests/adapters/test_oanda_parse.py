"""OANDA's words as ours: exact numbers and times, precision from the venue, lenient on what is new."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rickctl.adapters.oanda.parse import (
    Asserted,
    Frame,
    least_skew_ns,
    parse_bar,
    parse_date_ns,
    parse_instrument,
    parse_json,
    parse_number,
    parse_price,
    parse_quote,
    parse_time_ns,
)
from rickctl.domain.hours import CALENDARS
from rickctl.domain.instants import SECOND_NS
from rickctl.domain.market import InstrumentKind, Ohlc

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = Asserted("oanda-practice", 0, 2_000_000_000 * SECOND_NS)


@pytest.mark.parametrize(
    ("text", "at_ns"),
    [
        ("2016-06-22T18:41:36.201836422Z", 1_466_620_896_201_836_422),
        ("2016-06-22T18:41:36Z", 1_466_620_896_000_000_000),
        ("2016-06-22T18:41:36.5Z", 1_466_620_896_500_000_000),
        ("2016-06-22T18:41:36.000000001Z", 1_466_620_896_000_000_001),
        ("1970-01-01T00:00:00.000000000Z", 0),
        ("1453737602.000000123", 1_453_737_602_000_000_123),
        ("1453737602", 1_453_737_602_000_000_000),
        ("0.000000001", 1),
    ],
)
def test_times_are_read_to_the_nanosecond(text: str, at_ns: int) -> None:
    assert parse_time_ns(text) == at_ns


@pytest.mark.parametrize(
    "text",
    [
        "", "yesterday", "2016-06-22", "2016-06-22T18:41:36", "2016-06-22T18:41:36+02:00", "2016-06-22T18:41:36.Z ",
        "2016-06-22T18:41:36.1234567890Z", "2016-13-22T18:41:36Z",
        "2016-06-22T18:41:36,5Z", "1453737602.x", None, 5, [],
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_time_ns(text)


@given(st.integers(0, 4_102_444_800 * SECOND_NS))
def test_both_ways_of_writing_a_time_mean_the_same(at_ns: int) -> None:
    from rickctl.domain.instants import to_datetime  # noqa: PLC0415 - beside its one use

    whole, fraction = divmod(at_ns, SECOND_NS)
    assert parse_time_ns(f"{whole}.{fraction:09d}") == at_ns
    assert parse_time_ns(f"{to_datetime(at_ns):%Y-%m-%dT%H:%M:%S}.{fraction:09d}Z") == at_ns


def test_a_date_header_is_read() -> None:
    assert parse_date_ns("Wed, 22 Jun 2016 18:41:36 GMT") == 1_466_620_896 * SECOND_NS


@given(st.integers(-(10**13), 10**13), st.integers(0, 10**10), st.integers(0, 10**10))
def test_skew_is_never_more_than_the_answer_proves(true_skew_ns: int, there_ns: int, back_ns: int) -> None:
    sent_ns = 10**18
    date_ns = (sent_ns + there_ns + true_skew_ns) // SECOND_NS * SECOND_NS
    skew_ns = least_skew_ns(date_ns, sent_ns, sent_ns + there_ns + back_ns)
    assert abs(skew_ns) <= abs(true_skew_ns)
    assert skew_ns * true_skew_ns >= 0
    assert abs(true_skew_ns - skew_ns) <= SECOND_NS + there_ns + back_ns


@pytest.mark.parametrize("value", ["1.10", 3, Decimal("0.5"), "-2", "1e-3", "0"])
def test_numbers_come_as_text_or_as_numbers(value: object) -> None:
    assert parse_number(value) == Decimal(str(value))


@pytest.mark.parametrize(
    "value", [None, "", "abc", "NaN", "Infinity", "-Infinity", "sNaN", True, [], "1_000", " 1", "1" * 41, "١"]
)
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_number(value)


@pytest.mark.parametrize("value", ["0", "0.00000", "-1.1", None, "NaN", 0])
def test_no_price_is_none_and_never_zero(value: object) -> None:
    assert parse_price(value) is None


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": Infinity}', "[]", "null", '"a"', "{", "", "<html>", '{"a": 1e}'])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_json(text.encode())


PRICE = {
    "instrument": "EUR_USD",
    "time": "2026-11-21T09:59:59.000000000Z",
    "tradeable": True,
    "bids": [{"price": "1.08500", "liquidity": 1}],
    "asks": [{"price": "1.08514", "liquidity": 1}],
    "closeoutBid": "1.08400",
    "closeoutAsk": "1.08600",
}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, ("1.08500", "1.08514", True)),
        ({"bids": [], "asks": []}, ("1.08400", "1.08600", False)),
        ({"bids": [], "closeoutBid": "0"}, (None, "1.08514", False)),
        ({"bids": [{"price": "0"}], "closeoutBid": None}, (None, "1.08514", False)),
        ({"bids": [{}], "closeoutBid": "x"}, (None, "1.08514", False)),
        ({"asks": [{"price": "1.09"}, {"price": "1.08"}]}, ("1.08500", "1.08", True)),
        ({"tradeable": False}, ("1.08500", "1.08514", False)),
        ({"tradeable": "true"}, ("1.08500", "1.08514", False)),
        ({"something": {"new": [1]}}, ("1.08500", "1.08514", True)),
    ],
)
def test_a_price_is_the_top_of_the_book(changed: dict[str, object], expected: tuple[object, ...]) -> None:
    quote = parse_quote({**PRICE, **changed}, NOW)
    assert (quote.bid and str(quote.bid), quote.ask and str(quote.ask), quote.tradeable) == expected


@pytest.mark.parametrize(("status", "tradeable"), [("tradeable", True), ("halted", False), (None, False)])
def test_an_old_price_says_in_its_status_what_can_be_traded(status: str | None, tradeable: bool) -> None:  # noqa: FBT001 - a table's column
    raw = {name: value for name, value in PRICE.items() if name != "tradeable"}
    assert parse_quote({**raw, "status": status}, NOW).tradeable is tradeable


def test_a_snapshot_is_vouched_for_when_it_was_taken_and_has_moved_when_its_price_did() -> None:
    changed_ns = parse_time_ns(PRICE["time"])
    taken = Asserted("oanda-practice", 3 * SECOND_NS, changed_ns + 100 * SECOND_NS, changed_ns + 90 * SECOND_NS)
    quote = parse_quote(PRICE, taken)
    assert (quote.changed_ns, quote.asserted_ns) == (changed_ns - 3 * SECOND_NS, changed_ns + 87 * SECOND_NS)
    assert parse_quote(PRICE, taken._replace(received_ns=5)).asserted_ns == 5


@pytest.mark.parametrize("missing", ["instrument", "time"])
def test_a_price_of_nothing_or_of_no_time_is_refused(missing: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_quote({name: value for name, value in PRICE.items() if name != missing}, NOW)


INSTRUMENT = {
    "name": "USD_JPY",
    "type": "CURRENCY",
    "pipLocation": -2,
    "displayPrecision": 3,
    "tradeUnitsPrecision": 0,
    "minimumTradeSize": "1",
    "maximumOrderUnits": "100000000",
    "marginRate": "0.04",
}


def test_precision_comes_from_the_venue_and_not_from_the_name() -> None:
    found = parse_instrument({**INSTRUMENT, "displayPrecision": 5, "pipLocation": -4, "tradeUnitsPrecision": 1})
    assert (found.price_increment, found.pip, found.unit_increment) == (
        Decimal("0.00001"), Decimal("0.0001"), Decimal("0.1"),
    )  # fmt: skip
    assert (found.base_currency, found.quote_currency, found.margin_rate) == ("USD", "JPY", Decimal("0.04"))


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({}, InstrumentKind.FX),
        ({"type": "METAL", "name": "XAU_USD"}, InstrumentKind.METAL),
        ({"type": "CFD", "name": "SPX500_USD"}, InstrumentKind.INDEX),
        ({"type": "SOMETHING_NEW", "name": "XYZ_USD"}, InstrumentKind.INDEX),
        ({"type": "CFD", "name": "BTC_USD"}, InstrumentKind.CRYPTO),
        (
            {"type": "CFD", "name": "XYZ_USD", "tags": [{"type": "ASSET_CLASS", "name": "CRYPTO"}]},
            InstrumentKind.CRYPTO,
        ),
    ],
)
def test_a_kind_has_its_calendar(changed: dict[str, object], kind: InstrumentKind) -> None:
    found = parse_instrument({**INSTRUMENT, **changed})
    assert found.kind is kind
    assert found.calendar in CALENDARS


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "EURUSD"}, {"name": None}, {"name": "A_B_C"}, {"displayPrecision": "5"}, {"displayPrecision": 99},
        {"pipLocation": True}, {"minimumTradeSize": "NaN"}, {"marginRate": None}, {"tradeUnitsPrecision": None},
    ],
)  # fmt: skip
def test_an_instrument_that_cannot_be_traded_exactly_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_instrument({**INSTRUMENT, **changed})


def test_a_candle_has_both_sides() -> None:
    side = {"o": "1.1", "h": "1.3", "l": "1.0", "c": "1.2"}
    raw = {"time": "x", "bid": side, "ask": side, "volume": 7, "complete": True}
    bar = parse_bar(raw, Frame("EUR_USD", "M1", "s"), 0, 60)
    assert bar.bid == Ohlc(Decimal("1.1"), Decimal("1.3"), Decimal("1.0"), Decimal("1.2"))
    assert (bar.volume, bar.complete, bar.start_ns, bar.end_ns) == (7, True, 0, 60)
    for broken in ({**raw, "bid": None}, {**raw, "ask": {**side, "l": "0"}}, {**raw, "bid": {"o": "1"}}):
        with pytest.raises(ValueError, match=r"."):
            parse_bar(broken, Frame("EUR_USD", "M1", "s"), 0, 60)


def test_the_venues_own_description_is_read_field_by_field(shared_file: Callable[[str], Path]) -> None:
    """Every field that is read here is one the venue's machine-readable description has."""
    described = json.loads(shared_file("specs/oanda-v20.json").read_text(encoding="utf-8"))["definitions"]
    assert set(INSTRUMENT) <= set(described["Instrument"]["properties"])
    assert set(PRICE) - {"time", "tradeable", "instrument"} <= set(described["ClientPrice"]["properties"]) | {"time"}
    assert {"bid", "ask", "time", "volume", "complete"} <= set(described["Candlestick"]["properties"])
