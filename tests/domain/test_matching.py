"""One leg, one step: whether it fills, and at what price."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rickctl.domain.account import AccountConfig, Leg
from rickctl.domain.instruments import Instruments
from rickctl.domain.market import Phase, Step
from rickctl.domain.matching import Resting, Terms, fill_price, watch_for
from rickctl.domain.models import parse_slippage, parse_spread
from rickctl.domain.orders import EntryType, Side
from tests.fakes import point, span, ticks

if TYPE_CHECKING:
    from rickctl.domain.account import AccountConfig as Config

EUR_USD = Instruments()["EUR_USD"]
PLAIN = AccountConfig()
BUY, SELL = Side.BUY, Side.SELL
MARKET, LIMIT, STOP = EntryType.MARKET, EntryType.LIMIT, EntryType.STOP
NOW = 1_000_000_000_000


def resting(
    side: Side, entry: EntryType, level: str | None = None, *, since_ns: int = 0, resume_ns: int = 0
) -> Resting:
    height = 0 if level is None else ticks("EUR_USD", level)
    return Resting(7, Leg.ENTRY, side, entry, height, 1000, since_ns, Phase.RANGE, resume_ns)


def filled(leg: Resting, step: Step, config: Config = PLAIN) -> str | None:
    found = fill_price(leg, step, Terms(config, EUR_USD))
    return None if found is None else f"{EUR_USD.price(found):f}"


@pytest.mark.parametrize(
    ("leg", "bid", "ask", "wanted"),
    [
        pytest.param(resting(BUY, MARKET), "1.08000", "1.08010", "1.08010", id="a market buy pays the ask"),
        pytest.param(resting(SELL, MARKET), "1.08000", "1.08010", "1.08000", id="a market sell gets the bid"),
        pytest.param(resting(BUY, LIMIT, "1.08010"), "1.08000", "1.08010", "1.08010", id="a buy limit at the ask"),
        pytest.param(resting(BUY, LIMIT, "1.08009"), "1.08000", "1.08010", None, id="a buy limit a tick below the ask"),
        pytest.param(
            resting(BUY, LIMIT, "1.08050"), "1.08000", "1.08010", "1.08010", id="a buy limit gapped over: better"
        ),
        pytest.param(resting(SELL, LIMIT, "1.08000"), "1.08000", "1.08010", "1.08000", id="a sell limit at the bid"),
        pytest.param(
            resting(SELL, LIMIT, "1.08001"), "1.08000", "1.08010", None, id="a sell limit a tick above the bid"
        ),
        pytest.param(
            resting(SELL, LIMIT, "1.07950"), "1.08000", "1.08010", "1.08000", id="a sell limit gapped over: better"
        ),
        pytest.param(resting(BUY, STOP, "1.08010"), "1.08000", "1.08010", "1.08010", id="a buy stop at the ask"),
        pytest.param(resting(BUY, STOP, "1.08011"), "1.08000", "1.08010", None, id="a buy stop a tick above the ask"),
        pytest.param(
            resting(BUY, STOP, "1.07990"), "1.08000", "1.08010", "1.08010", id="a buy stop gapped over: at the gap"
        ),
        pytest.param(resting(SELL, STOP, "1.08000"), "1.08000", "1.08010", "1.08000", id="a sell stop at the bid"),
        pytest.param(resting(SELL, STOP, "1.07999"), "1.08000", "1.08010", None, id="a sell stop a tick below the bid"),
        pytest.param(
            resting(SELL, STOP, "1.08100"), "1.08000", "1.08010", "1.08000", id="a sell stop gapped over: at the gap"
        ),
    ],
)
def test_a_leg_at_a_point(leg: Resting, bid: str, ask: str, wanted: str | None) -> None:
    assert filled(leg, point(NOW, bid, ask)) == wanted


@pytest.mark.parametrize(
    ("leg", "wanted"),
    [
        pytest.param(resting(BUY, LIMIT, "1.07910"), "1.07910", id="a buy limit reached fills at its price"),
        pytest.param(resting(BUY, LIMIT, "1.07909"), None, id="a buy limit a tick too low"),
        pytest.param(resting(SELL, LIMIT, "1.08100"), "1.08100", id="a sell limit reached fills at its price"),
        pytest.param(resting(SELL, LIMIT, "1.08101"), None, id="a sell limit a tick too high"),
        pytest.param(resting(BUY, STOP, "1.08110"), "1.08110", id="a buy stop reached fills at its level"),
        pytest.param(resting(BUY, STOP, "1.08111"), None, id="a buy stop a tick too high"),
        pytest.param(resting(SELL, STOP, "1.07900"), "1.07900", id="a sell stop reached fills at its level"),
        pytest.param(resting(SELL, STOP, "1.07899"), None, id="a sell stop a tick too low"),
        pytest.param(resting(BUY, MARKET), None, id="a market order has no instant in a range"),
    ],
)
def test_a_leg_in_a_range(leg: Resting, wanted: str | None) -> None:
    assert filled(leg, span(NOW, NOW + 60, ("1.07900", "1.08100"), ("1.07910", "1.08110"))) == wanted


@pytest.mark.parametrize(
    ("since", "resume", "takes_part"),
    [(NOW, 0, True), (NOW + 1, 0, False), (0, NOW, True), (0, NOW + 1, False)],
)
def test_a_range_touches_only_what_was_live_when_it_began(since: int, resume: int, takes_part: bool) -> None:  # noqa: FBT001
    leg = resting(BUY, LIMIT, "1.08000", since_ns=since, resume_ns=resume)
    step = span(NOW, NOW + 60, ("1.07900", "1.08100"), ("1.07910", "1.08110"))
    assert (filled(leg, step) is not None) is takes_part


def test_a_point_touches_what_went_live_at_its_instant() -> None:
    step = point(NOW, "1.08000", "1.08010")
    assert filled(resting(BUY, MARKET, since_ns=NOW), step) == "1.08010"
    assert filled(resting(BUY, MARKET, since_ns=NOW + 1), step) is None
    assert filled(resting(BUY, MARKET, since_ns=NOW)._replace(since_phase=Phase.POINT), step) is None


@pytest.mark.parametrize(("resume_ns", "wanted"), [(NOW, "1.08010"), (NOW + 1, None)])
def test_the_rest_of_a_partial_fill_waits_for_its_time(resume_ns: int, wanted: str | None) -> None:
    assert filled(resting(BUY, MARKET, resume_ns=resume_ns), point(NOW, "1.08000", "1.08010")) == wanted


@pytest.mark.parametrize(
    ("leg", "wanted"),
    [
        (resting(BUY, MARKET), "1.08012"),
        (resting(SELL, MARKET), "1.07998"),
        (resting(BUY, STOP, "1.08010"), "1.08012"),
        (resting(SELL, STOP, "1.08000"), "1.07998"),
        (resting(BUY, LIMIT, "1.08010"), "1.08010"),
        (resting(SELL, LIMIT, "1.08000"), "1.08000"),
    ],
)
def test_slippage_hurts_market_orders_and_stops_and_never_limits(leg: Resting, wanted: str) -> None:
    config = replace(PLAIN, slippage=parse_slippage("fixed:0.2p"))
    assert filled(leg, point(NOW, "1.08000", "1.08010"), config) == wanted


@pytest.mark.parametrize(
    ("spread", "leg", "wanted"),
    [
        ("x2", resting(BUY, MARKET), "1.08015"),
        ("x2", resting(SELL, MARKET), "1.07995"),
        ("x2", resting(BUY, LIMIT, "1.08014"), None),
        ("x2", resting(BUY, LIMIT, "1.08015"), "1.08015"),
        ("x2", resting(BUY, STOP, "1.08010"), "1.08015"),
        ("x2", resting(SELL, STOP, "1.08000"), "1.07995"),
        ("fixed:0.4p", resting(BUY, MARKET), "1.08007"),
        ("fixed:0.4p", resting(SELL, LIMIT, "1.08003"), "1.08003"),
        ("fixed:0.4p", resting(SELL, LIMIT, "1.08004"), None),
        ("fixed:0.4p", resting(BUY, STOP, "1.08010"), "1.08010"),
    ],
)
def test_the_spread_model_moves_both_sides_about_the_mid(spread: str, leg: Resting, wanted: str | None) -> None:
    config = replace(PLAIN, spread=parse_spread(spread))
    assert filled(leg, point(NOW, "1.08000", "1.08010"), config) == wanted


@pytest.mark.parametrize(
    ("spread", "leg", "wanted"),
    [
        ("x2", resting(BUY, STOP, "1.08100"), "1.08105"),
        ("x2", resting(SELL, STOP, "1.07900"), "1.07895"),
        ("fixed:0.4p", resting(SELL, STOP, "1.07900"), "1.07900"),
        ("x2", resting(BUY, LIMIT, "1.07914"), None),
        ("x2", resting(BUY, LIMIT, "1.07915"), "1.07915"),
    ],
)
def test_the_spread_model_in_a_range(spread: str, leg: Resting, wanted: str | None) -> None:
    config = replace(PLAIN, spread=parse_spread(spread))
    assert filled(leg, span(NOW, NOW + 60, ("1.07900", "1.08100"), ("1.07910", "1.08110")), config) == wanted


PRICES = st.integers(min_value=107_900, max_value=108_100)
WIDTHS = st.integers(min_value=1, max_value=60)


@st.composite
def steps(draw: st.DrawFn) -> Step:
    bid, width = draw(PRICES), draw(WIDTHS)
    if draw(st.booleans()):
        return Step("EUR_USD", NOW, NOW, Phase.POINT, bid, bid, bid + width, bid + width)
    high, width_high = bid + draw(st.integers(min_value=0, max_value=100)), draw(WIDTHS)
    asks = sorted((bid + width, high + width_high))
    return Step("EUR_USD", NOW, NOW + 60, Phase.RANGE, bid, high, asks[0], asks[1])


@st.composite
def legs(draw: st.DrawFn) -> Resting:
    side, entry = draw(st.sampled_from(list(Side))), draw(st.sampled_from(list(EntryType)))
    return Resting(7, Leg.ENTRY, side, entry, draw(PRICES), 1000, 0, Phase.RANGE, 0)


CONFIGS = st.builds(
    lambda spread, slippage: replace(PLAIN, spread=parse_spread(spread), slippage=parse_slippage(slippage)),
    st.sampled_from(["source", "x0.5", "x1", "x1.5", "x3", "fixed:0p", "fixed:1.2p", "fixed:9p"]),
    st.sampled_from(["none", "fixed:0.2p", "random:0.5p"]),
)


@given(leg=legs(), step=steps(), config=CONFIGS)
def test_nothing_fills_that_its_watch_sleeps_through(leg: Resting, step: Step, config: Config) -> None:
    terms = Terms(config, EUR_USD)
    if fill_price(leg, step, terms) is not None:
        assert watch_for([leg], terms).wakes(step)


@given(leg=legs(), step=steps(), config=CONFIGS)
def test_a_fill_is_never_better_than_it_could_be(leg: Resting, step: Step, config: Config) -> None:
    terms = Terms(config, EUR_USD)
    price = fill_price(leg, step, terms)
    if price is None:
        return
    sign = leg.side.sign
    if leg.entry is EntryType.LIMIT:
        assert (price - leg.level) * sign <= 0
    if leg.entry is EntryType.STOP:
        assert (price - leg.level) * sign >= 0
    if step.phase == Phase.POINT:
        bid, ask = terms.touch(step.bid_low, step.ask_low)
        assert (price - (ask if leg.side is Side.BUY else bid)) * sign >= 0
