"""A leg that waits for another price than the one it fills at."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rickctl.domain.account import AccountConfig, Leg
from rickctl.domain.instruments import Instruments
from rickctl.domain.market import Phase, Step
from rickctl.domain.matching import Resting, Terms, Trigger, fill_price, is_reached_in_range, range_price, watch_for
from rickctl.domain.orders import EntryType, Side
from tests.fakes import point, span, ticks

EUR_USD = Instruments()["EUR_USD"]
TERMS = Terms(AccountConfig(), EUR_USD)
BUY, SELL, LIMIT, STOP = Side.BUY, Side.SELL, EntryType.LIMIT, EntryType.STOP
BID, ASK, MID = Trigger.BID, Trigger.ASK, Trigger.MID


def leg(side: Side, entry: EntryType, level: int, trigger: Trigger) -> Resting:
    return Resting(7, Leg.ENTRY, side, entry, level, 1000, 0, Phase.RANGE, 0, trigger)


@pytest.mark.parametrize(
    ("side", "entry", "trigger", "level", "bid", "ask", "wanted"),
    [
        pytest.param(
            BUY, STOP, BID, "1.08000", "1.08000", "1.08010", "1.08010", id="a buy stop on the bid pays the ask"
        ),
        pytest.param(BUY, STOP, BID, "1.08001", "1.08000", "1.08010", None, id="the ask alone does not trigger it"),
        pytest.param(
            SELL, STOP, ASK, "1.08010", "1.08000", "1.08010", "1.08000", id="a sell stop on the ask gets the bid"
        ),
        pytest.param(SELL, STOP, ASK, "1.08009", "1.08000", "1.08010", None, id="the bid alone does not trigger it"),
        pytest.param(BUY, STOP, MID, "1.08005", "1.08000", "1.08010", "1.08010", id="a buy stop on the mid"),
        pytest.param(BUY, STOP, MID, "1.08006", "1.08000", "1.08011", None, id="half a tick short of the mid"),
        pytest.param(
            BUY, LIMIT, BID, "1.08000", "1.08000", "1.08010", "1.08010", id="touched from above, at any price"
        ),
        pytest.param(
            SELL, LIMIT, ASK, "1.08010", "1.08000", "1.08010", "1.08000", id="touched from below, at any price"
        ),
        pytest.param(SELL, LIMIT, MID, "1.08006", "1.08000", "1.08010", None, id="not touched"),
    ],
)
def test_at_a_point(
    side: Side, entry: EntryType, trigger: Trigger, level: str, bid: str, ask: str, wanted: str | None
) -> None:
    found = fill_price(leg(side, entry, ticks("EUR_USD", level), trigger), point(5, bid, ask), TERMS)
    assert found == (None if wanted is None else ticks("EUR_USD", wanted))


@pytest.mark.parametrize(
    ("side", "entry", "trigger", "wanted"),
    [
        pytest.param(BUY, STOP, BID, "1.08060", id="a spread above where the bid was"),
        pytest.param(BUY, STOP, MID, "1.08055", id="half a spread above where the mid was"),
        pytest.param(SELL, LIMIT, ASK, "1.08040", id="a spread below where the ask was"),
    ],
)
def test_in_a_range_the_touch_stands_as_far_off_as_at_its_end(
    side: Side, entry: EntryType, trigger: Trigger, wanted: str
) -> None:
    step = span(1, 5, ("1.08000", "1.08100"), ("1.08010", "1.08110"))
    resting = leg(side, entry, ticks("EUR_USD", "1.08050"), trigger)
    assert fill_price(resting, step, TERMS) == ticks("EUR_USD", wanted)
    if entry is STOP:
        assert is_reached_in_range(resting, step)
        assert range_price(resting, step, TERMS) == ticks("EUR_USD", wanted)


levels = st.integers(90, 130)
steps = st.tuples(levels, levels, st.integers(0, 9), st.booleans()).map(
    lambda drawn: Step(
        "EUR_USD",
        1,
        5,
        Phase.RANGE if drawn[3] else Phase.POINT,
        min(drawn[:2]),
        max(drawn[:2]) if drawn[3] else min(drawn[:2]),
        min(drawn[:2]) + drawn[2],
        (max(drawn[:2]) if drawn[3] else min(drawn[:2])) + drawn[2],
    )
)
legs = st.builds(
    leg,
    st.sampled_from(Side),
    st.sampled_from([LIMIT, STOP]),
    levels,
    st.sampled_from([BID, ASK, MID, Trigger.NATURAL]),
)


@given(resting=legs, step=steps)
def test_a_watch_wakes_whenever_a_leg_would_fill(resting: Resting, step: Step) -> None:
    if fill_price(resting, step, TERMS) is not None:
        assert watch_for([resting], TERMS).wakes(step)


@given(resting=legs, step=steps)
def test_waiting_for_its_own_price_is_waiting_naturally(resting: Resting, step: Step) -> None:
    own = Trigger.ASK if resting.side is BUY else Trigger.BID
    if step.phase == Phase.POINT:
        natural = fill_price(resting._replace(trigger=Trigger.NATURAL), step, TERMS)
        assert fill_price(resting._replace(trigger=own), step, TERMS) == natural


@given(resting=legs, step=steps)
def test_another_price_never_fills_better_than_the_level_of_a_stop(resting: Resting, step: Step) -> None:
    found = fill_price(resting, step, TERMS)
    inverse = BID if resting.side is BUY else ASK
    if found is not None and resting.entry is STOP and resting.trigger in {inverse, MID}:
        assert (found - resting.level) * resting.side.sign >= 0
