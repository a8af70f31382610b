"""The table of measurements names modules that exist, and a figure knows which side of its target is good."""

from __future__ import annotations

from importlib import import_module

import pytest

from bench import MEASUREMENTS
from bench.figures import Figure, ratio
from tests.house.kit import ROOT, tree


@pytest.mark.parametrize("module", MEASUREMENTS)
def test_a_measurement_can_be_run(module: str) -> None:
    assert callable(import_module(module).measure)


def test_every_module_that_measures_is_in_the_table() -> None:
    found = {
        f"bench.{path.stem}"
        for path in (ROOT / "bench").glob("*.py")
        if any(getattr(node, "name", "") == "measure" for node in tree(path).body)
    }
    assert found == set(MEASUREMENTS)


@pytest.mark.parametrize(
    ("measured", "at_least", "met"), [(4, False, True), (5, False, False), (4, True, True), (3, True, False)]
)
def test_a_target_has_a_good_side(measured: int, at_least: bool, met: bool) -> None:  # noqa: FBT001 - a table's column
    assert Figure("a", measured, 4, "×", at_least=at_least).is_met is met


def test_a_ratio_is_taken_pair_by_pair() -> None:
    assert ratio([2, 40, 6], [1, 10, 2]) == 3
