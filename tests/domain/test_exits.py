"""Exits are resolved from the right price, rounded the stated way, and refused as a slip when they cannot be meant."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rickctl.domain.errors import Refused, UsageError
from rickctl.domain.exits import (
    Distance,
    DistanceUnit,
    Exits,
    parse_stop,
    parse_target,
    parse_trailing,
    resolve_exits,
)
from rickctl.domain.orders import EntryType, Side
from tests.domain.charter_kit import instrument, quote

if TYPE_CHECKING:
    from rickctl.domain.market import Instrument, Quote

MARKET, LIMIT, STOP = EntryType.MARKET, EntryType.LIMIT, EntryType.STOP


def resolve(
    side: Side = Side.BUY,
    stop: str | None = "20p",
    target: str | None = "2R",
    *,
    entry: EntryType = MARKET,
    price: str | None = None,
    trailing: str | None = None,
    at: Quote | None = None,
    on: Instrument | None = None,
) -> Exits:
    return resolve_exits(
        side=side,
        instrument=on or instrument(),
        quote=at or quote(),
        entry=entry,
        price=None if price is None else Decimal(price),
        stop_loss=None if stop is None else parse_stop(stop),
        take_profit=None if target is None else parse_target(target),
        trailing=None if trailing is None else parse_trailing(trailing),
    )


def texts(exits: Exits) -> tuple[str, str, str]:
    return (str(exits.entry), str(exits.stop_loss), str(exits.take_profit))


@pytest.mark.parametrize(
    ("side", "stop", "target", "expected"),
    [
        (Side.BUY, "20p", "2R", ("1.08520", "1.08320", "1.08920")),
        (Side.SELL, "20p", "2R", ("1.08512", "1.08712", "1.08112")),
        (Side.BUY, "20pips", "40 pips", ("1.08520", "1.08320", "1.08920")),
        (Side.BUY, "20 P", "1.5r", ("1.08520", "1.08320", "1.08820")),
        (Side.BUY, "0.5%", "1%", ("1.08520", "1.07977", "1.09605")),
        (Side.SELL, "0.5%", "1%", ("1.08512", "1.09055", "1.07427")),
        (Side.BUY, "1.083", "1.09", ("1.08520", "1.08300", "1.09000")),
        (Side.BUY, "1.083", "3R", ("1.08520", "1.08300", "1.09180")),
        (Side.BUY, "0.55p", "1.55p", ("1.08520", "1.08514", "1.08535")),
        (Side.SELL, "0.55p", "1.55p", ("1.08512", "1.08518", "1.08497")),
    ],
)
def test_market_exits_count_from_the_touch(side: Side, stop: str, target: str, expected: tuple[str, str, str]) -> None:
    assert texts(resolve(side, stop, target)) == expected


def test_a_limit_and_a_stop_entry_are_counted_from_their_own_price() -> None:
    assert texts(resolve(entry=LIMIT, price="1.08000")) == ("1.08000", "1.07800", "1.08400")
    assert texts(resolve(entry=STOP, price="1.09000")) == ("1.09000", "1.08800", "1.09400")
    assert texts(resolve(Side.SELL, entry=STOP, price="1.08000")) == ("1.08000", "1.08200", "1.07600")


def test_a_pip_is_the_instruments_own() -> None:
    yen = instrument(symbol="USD_JPY", pip_location=-2, price_increment=Decimal("0.001"))
    at = quote(symbol="USD_JPY", bid=Decimal("155.000"), ask=Decimal("155.010"))
    assert texts(resolve(on=yen, at=at)) == ("155.010", "154.810", "155.410")


def test_r_counts_from_the_stop_as_rounded() -> None:
    found = resolve(Side.BUY, "0.55p", "2R")
    assert found.stop_loss is not None
    assert found.take_profit is not None
    assert found.entry is not None
    assert found.take_profit - found.entry == 2 * (found.entry - found.stop_loss)


@pytest.mark.parametrize("written", ["1.08", "0.543", "0.04005"])
def test_a_trailing_distance_that_reads_as_a_price_is_refused(written: str) -> None:
    with pytest.raises(UsageError) as refused:
        resolve(trailing=written)
    assert (refused.value.code, refused.value.hint) == ("bad_distance", "--trailing 20p")
    assert f"{written} would be" in refused.value.message


def test_a_wide_trailing_distance_is_taken_where_it_is_written_as_one() -> None:
    assert str(resolve(trailing="0.04000").trailing) == "0.04000"
    assert str(resolve(trailing="900p").trailing) == "0.09000"
    assert str(resolve(stop=None, target=None, trailing="0.5").trailing) == "0.50000"


def test_trailing_is_a_distance_rounded_up() -> None:
    assert str(resolve(trailing="20p").trailing) == "0.00200"
    assert str(resolve(trailing="0.5%").trailing) == "0.00543"
    assert str(resolve(trailing="0.003").trailing) == "0.00300"
    assert resolve().trailing is None


def test_missing_exits_stay_missing_for_the_charter_to_refuse() -> None:
    assert resolve(stop=None, target=None) == Exits(Decimal("1.08520"), None, None, None)


@pytest.mark.parametrize(
    "text",
    ["", "p", "%", "R", "0", "0p", "0%", "-20p", "-1", "NaN", "nanp", "inf", "1e3", "1e3p", "twenty", "1" * 29, "1,2"],
)
def test_what_is_not_a_positive_plain_number_is_a_usage_error(text: str) -> None:
    for read in (parse_stop, parse_target, parse_trailing):
        with pytest.raises(UsageError) as caught:
            read(text)
        assert caught.value.code == "bad_number"


def test_r_is_for_targets() -> None:
    assert parse_target("2R") == Distance(DistanceUnit.MULTIPLE, Decimal(2))
    for read in (parse_stop, parse_trailing):
        with pytest.raises(UsageError) as caught:
            read("2R")
        assert caught.value.code == "bad_distance"


@pytest.mark.parametrize(
    ("side", "stop", "target"),
    [
        (Side.BUY, "1.08520", "1.09"),
        (Side.BUY, "1.08530", "1.09"),
        (Side.BUY, "1.08", "1.08520"),
        (Side.BUY, "1.08", "1.08"),
        (Side.SELL, "1.08512", "1.08"),
        (Side.SELL, "1.08", "1.07"),
        (Side.SELL, "1.09", "1.08512"),
    ],
)
def test_an_exit_on_the_wrong_side_is_a_usage_error(side: Side, stop: str, target: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(side, stop, target)
    assert caught.value.code == "wrong_side"


@pytest.mark.parametrize(("side", "price"), [(Side.BUY, "1.08520"), (Side.BUY, "1.08"), (Side.SELL, "1.08512")])
def test_a_stop_entry_on_the_wrong_side_is_a_usage_error(side: Side, price: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(side, entry=STOP, price=price)
    assert caught.value.code == "wrong_side"


@pytest.mark.parametrize(
    ("stop", "target", "trailing", "code"),
    [
        ("100%", "2R", None, "bad_distance"),
        ("10852p", "2R", None, "bad_distance"),
        ("10852000p", "2R", None, "bad_distance"),
        ("9" * 27 + "p", "2R", None, "bad_distance"),
        ("9" * 28, "2R", None, "bad_precision"),
        ("20p", "100%", None, "bad_distance"),
        ("20p", "1000R", None, "bad_distance"),
        ("20p", "9" * 28, None, "bad_precision"),
        ("20p", "2R", "200%", "bad_distance"),
        ("20p", "2R", "2", "bad_distance"),
        ("20p", "2R", "0.000001", "bad_precision"),
        ("1.083205", "2R", None, "bad_precision"),
        (None, "2R", None, "no_stop_for_multiple"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(stop: str | None, target: str, trailing: str | None, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(stop=stop, target=target, trailing=trailing)
    assert caught.value.code == code


@pytest.mark.parametrize(("price", "code"), [("9" * 28, "bad_number"), ("1.080001", "bad_precision")])
def test_an_entry_price_is_on_the_grid_of_a_real_market(price: str, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(entry=LIMIT, price=price)
    assert caught.value.code == code


def test_a_limit_without_its_price_is_a_usage_error() -> None:
    with pytest.raises(UsageError):
        resolve(entry=LIMIT)


def test_a_distance_with_no_price_to_count_from_is_refused() -> None:
    silent = quote(bid=None, ask=None)
    with pytest.raises(Refused) as caught:
        resolve(at=silent)
    assert caught.value.code == "bad_quote"
    assert resolve(stop="1.08", target="1.09", at=silent).stop_loss == Decimal("1.08")


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    side=st.sampled_from(Side),
    pips=st.decimals(min_value="0.01", max_value="1000", places=3),
    target_pips=st.decimals(min_value="0.1", max_value="1000", places=3),
)
def test_stops_are_rounded_away_and_targets_toward_within_one_increment(
    side: Side, pips: Decimal, target_pips: Decimal
) -> None:
    found = resolve(side, f"{pips}p", f"{target_pips}p")
    assert found.entry is not None
    assert found.stop_loss is not None
    assert found.take_profit is not None
    pip, tick = Decimal("0.0001"), Decimal("0.00001")
    lost, won = (found.entry - found.stop_loss) * side.sign, (found.take_profit - found.entry) * side.sign
    assert 0 <= lost - pips * pip < tick
    assert 0 <= target_pips * pip - won < tick
