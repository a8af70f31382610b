"""The score is the weighted sum of the parts it shows, moves the right way with each of them, and stays in 0 to 100."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rickctl.domain.instants import HOUR_NS, MILLISECOND_NS, SECOND_NS
from rickctl.domain.quality import Quality, QualityInputs, assess

SANE = QualityInputs(
    risk=Decimal("0.0020"),
    reward=Decimal("0.0040"),
    spread=Decimal("0.00008"),
    entry_distance=Decimal(0),
    recent_range=Decimal("0.0009"),
    quote_age_ns=100 * MILLISECOND_NS,
    max_age_ns=5 * SECOND_NS,
    closes_in_ns=5 * HOUR_NS,
    exposure_share=Decimal("0.18"),
)


def part(quality: Quality, name: str) -> int:
    return next(found.score for found in quality.parts if found.name == name)


def test_weights_sum_to_one_hundred_and_every_part_has_a_sentence() -> None:
    parts = assess(SANE).parts
    assert sum(found.weight for found in parts) == 100
    assert [found.name for found in parts] == ["reward:risk", "spread", "quote age", "distance", "session", "exposure"]
    assert all(found.sentence and found.measured for found in parts)


def test_a_sane_order_scores_in_the_eighties() -> None:
    assert 75 <= assess(SANE).score <= 90


def test_a_near_target_behind_a_wide_spread_fails() -> None:
    poor = SANE._replace(risk=Decimal("0.0005"), reward=Decimal("0.0002"))
    assert assess(poor).score < 60


def test_the_score_is_the_weighted_sum_rounded_down() -> None:
    quality = assess(SANE)
    assert quality.score == sum(found.score * found.weight for found in quality.parts) // 100


@pytest.mark.parametrize(
    ("name", "better", "worse"),
    [
        ("reward:risk", {"reward": Decimal("0.0060")}, {"reward": Decimal("0.0016")}),
        ("spread", {"spread": Decimal("0.00002")}, {"spread": Decimal("0.0003")}),
        ("quote age", {"quote_age_ns": 0}, {"quote_age_ns": 4 * SECOND_NS}),
        ("distance", {"recent_range": Decimal("0.0005")}, {"recent_range": Decimal("0.004")}),
        ("distance", {"entry_distance": Decimal(0)}, {"entry_distance": Decimal("0.009")}),
        ("session", {"closes_in_ns": None}, {"closes_in_ns": HOUR_NS // 2}),
        ("exposure", {"exposure_share": Decimal(0)}, {"exposure_share": Decimal("0.9")}),
    ],
)
def test_each_input_moves_its_own_part_the_right_way(
    name: str, better: dict[str, object], worse: dict[str, object]
) -> None:
    good, bad = assess(SANE._replace(**better)), assess(SANE._replace(**worse))  # type: ignore[arg-type] # any input
    assert part(good, name) >= part(assess(SANE), name) > part(bad, name)
    others = [found for found in bad.parts if found.name != name]
    assert [found for found in assess(SANE).parts if found.name != name] == others or name == "reward:risk"


def test_what_is_unknown_scores_half_or_nothing_and_says_so() -> None:
    quality = assess(SANE._replace(recent_range=None, exposure_share=None))
    assert (part(quality, "distance"), part(quality, "exposure")) == (50, 0)
    assert [found.measured for found in quality.parts].count("unknown") == 2


AMOUNTS = st.decimals(min_value="0", max_value="1000000", allow_nan=False, allow_infinity=False)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    risk=st.decimals(min_value="0.00001", max_value="100000", allow_nan=False),
    reward=AMOUNTS,
    spread=AMOUNTS,
    entry_distance=AMOUNTS,
    recent_range=st.one_of(st.none(), AMOUNTS),
    quote_age_ns=st.integers(-(10**10), 10**12),
    closes_in_ns=st.one_of(st.none(), st.integers(-(10**12), 10**16)),
    exposure_share=st.one_of(st.none(), AMOUNTS),
)
def test_a_score_is_always_0_to_100(
    risk: Decimal,
    reward: Decimal,
    spread: Decimal,
    entry_distance: Decimal,
    recent_range: Decimal | None,
    quote_age_ns: int,
    closes_in_ns: int | None,
    exposure_share: Decimal | None,
) -> None:
    quality = assess(
        QualityInputs(
            risk,
            reward,
            spread,
            entry_distance,
            recent_range,
            quote_age_ns,
            5 * SECOND_NS,
            closes_in_ns,
            exposure_share,
        )
    )
    assert 0 <= quality.score <= 100
    assert all(0 <= found.score <= 100 for found in quality.parts)
