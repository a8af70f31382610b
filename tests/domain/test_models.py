"""Models of spread, slippage, latency and commission: read from text, printed back, adverse and repeatable."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rickctl.domain.account import AccountConfig
from rickctl.domain.errors import UsageError
from rickctl.domain.instants import MILLISECOND_NS, SECOND_NS
from rickctl.domain.instruments import Instruments
from rickctl.domain.ledger import EXACT
from rickctl.domain.models import (
    latency_text,
    parse_commission,
    parse_latency_ns,
    parse_slippage,
    parse_spread,
    pip_ticks,
)

if TYPE_CHECKING:
    from collections.abc import Callable

EUR_USD, USD_JPY, BTC = (Instruments()[symbol] for symbol in ("EUR_USD", "USD_JPY", "BTC-USD"))


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (parse_spread, "source"),
        (parse_spread, "x1.5"),
        (parse_spread, "fixed:1.2p"),
        (parse_slippage, "none"),
        (parse_slippage, "fixed:0.2p"),
        (parse_slippage, "random:0.5p"),
        (parse_commission, "none"),
        (parse_commission, "0.6%"),
        (parse_commission, "2.50/order"),
        (parse_commission, "35/million"),
    ],
)
def test_a_model_prints_the_text_it_was_read_from_and_a_sentence(parse: Callable[[str], object], text: str) -> None:
    model = parse(f" {text.upper()} ")
    assert str(model) == text
    assert parse(str(model)) == model
    described = getattr(model, "describe", str)()
    assert len(described) > 8


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (parse_spread, "1.2p"),
        (parse_spread, "x0"),
        (parse_spread, "x-1"),
        (parse_spread, "x101"),
        (parse_spread, "xNaN"),
        (parse_spread, "fixed:1.2"),
        (parse_spread, "fixed:-1p"),
        (parse_spread, "fixed:100001p"),
        (parse_slippage, "0.2p"),
        (parse_slippage, "random"),
        (parse_slippage, "random:0.5"),
        (parse_slippage, "gaussian:0.5p"),
        (parse_commission, "0.6"),
        (parse_commission, "-1%"),
        (parse_commission, "100%"),
        (parse_commission, "1e3/order"),
        (parse_commission, "5/trade"),
        (parse_latency_ns, "50"),
        (parse_latency_ns, "61s"),
        (parse_latency_ns, "-5ms"),
    ],
)
def test_what_is_not_a_model_is_a_usage_error(parse: Callable[[str], object], text: str) -> None:
    with pytest.raises(UsageError):
        parse(text)


@pytest.mark.parametrize(("latency_ns", "text"), [(0, "0ms"), (50 * MILLISECOND_NS, "50ms"), (2 * SECOND_NS, "2s")])
def test_latency_reads_back(latency_ns: int, text: str) -> None:
    assert latency_text(latency_ns) == text
    assert parse_latency_ns(text) == latency_ns


@pytest.mark.parametrize(
    ("text", "bid", "ask", "wanted"),
    [
        ("source", 100, 114, (100, 114)),
        ("x1", 100, 114, (100, 114)),
        ("x1.5", 100, 114, (96, 117)),
        ("x0.5", 100, 114, (103, 110)),
        ("x0.001", 100, 114, (106, 107)),
        ("fixed:1.2p", 100, 114, (101, 113)),
        ("fixed:0p", 100, 114, (106, 107)),
    ],
)
def test_the_spread_stays_about_the_mid(text: str, bid: int, ask: int, wanted: tuple[int, int]) -> None:
    assert parse_spread(text).quoted(bid, ask, EUR_USD) == wanted


@given(
    factor=st.decimals(min_value=1, max_value=20, places=2),
    bid=st.integers(1, 10**7),
    width=st.integers(1, 10**4),
)
def test_a_wider_spread_is_never_kinder_on_either_side(factor: Decimal, bid: int, width: int) -> None:
    modelled_bid, modelled_ask = parse_spread(f"x{factor:f}").quoted(bid, bid + width, EUR_USD)
    assert modelled_bid <= bid
    assert modelled_ask >= bid + width
    assert abs(modelled_bid + modelled_ask - (2 * bid + width)) <= 1


@pytest.mark.parametrize(
    ("pips", "instrument", "ticks"),
    [("0.2", EUR_USD, 2), ("0.25", EUR_USD, 3), ("0.2", USD_JPY, 2), ("1", BTC, 100), ("0", EUR_USD, 0)],
)
def test_pips_round_up_to_ticks(pips: str, instrument: object, ticks: int) -> None:
    assert pip_ticks(Decimal(pips), instrument) == ticks  # type: ignore[arg-type]


def test_pips_round_up_where_nothing_may_be_rounded() -> None:
    with localcontext(EXACT):
        assert pip_ticks(Decimal(1), EUR_USD._replace(price_increment=Decimal("0.00003"))) == 4


def test_random_slippage_is_the_same_for_ever_and_uses_its_whole_range() -> None:
    model = parse_slippage("random:0.5p")
    drawn = [model.ticks(EUR_USD, 1, number, at_ns) for number in range(20) for at_ns in range(20)]
    assert set(drawn) == {0, 1, 2, 3, 4, 5}
    assert drawn[:8] == [model.ticks(EUR_USD, 1, 0, at_ns) for at_ns in range(8)]
    assert drawn != [model.ticks(EUR_USD, 2, number, at_ns) for number in range(20) for at_ns in range(20)]
    assert [model.ticks(EUR_USD, 7, 3, at_ns) for at_ns in range(6)] == [4, 3, 2, 1, 4, 3]


def test_the_terms_of_an_account_read_back_and_describe_themselves() -> None:
    config = AccountConfig(
        spread=parse_spread("x1.5"),
        slippage=parse_slippage("random:0.5p"),
        commission=parse_commission("0.6%"),
        latency_ns=70 * MILLISECOND_NS,
        start_ns=SECOND_NS,
    )
    assert AccountConfig.from_json(config.to_json()) == config
    words = config.describe()
    assert words["spread"].startswith("x1.5: ")
    assert "0.6%" in words["commission"]
    assert words["latency"] == "live 70ms after it is sent"
    assert words["max_hold"] == "closed at the first price 6 h after opening"
