"""A living process keeps its intents, a dead one's are settled as the broker has them, whatever the moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.halts import ACTS, WHEN_HALTED, halt_anywhere, halt_at

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.crowd import Crowd


@pytest.mark.parametrize("kill", [False, True], ids=["let go", "killed"])
@pytest.mark.parametrize("moment", WHEN_HALTED)
@pytest.mark.parametrize("name", ACTS)
def test_an_intent_is_its_process_s_own_until_that_is_dead(
    tmp_path: Path, crowd: Crowd, name: str, moment: str, *, kill: bool
) -> None:
    assert halt_at(tmp_path / "life", crowd, moment=moment, name=name, seed=1, kill=kill) == []


def test_a_process_halted_at_any_instant_leaves_a_desk_others_can_use(tmp_path: Path, crowd: Crowd) -> None:
    tally = halt_anywhere(tmp_path, crowd, seed=1, count=3)
    assert tally.runs == 3
    assert tally.faults == []
