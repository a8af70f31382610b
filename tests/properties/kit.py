"""What the property tests share: how much of them runs; asserts nothing."""

from __future__ import annotations

import os

from hypothesis import settings

from tests.conftest import SIZE_VARIABLE

IS_FULL = os.environ.get(SIZE_VARIABLE) == "full"
"""Whether everything runs, or what fits into a minute."""


def machine_size(small: int, full: int) -> settings:
    """How many runs of how many steps a state machine makes; the first fault found is the one that is told."""
    examples, steps = (full, 50) if IS_FULL else (small, 30)
    return settings(max_examples=examples, stateful_step_count=steps, report_multiple_bugs=False)
