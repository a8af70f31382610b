"""`kill -9` at moments drawn from a seed: nothing acknowledged lost, nothing done twice, journal and ledger exact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.acts import advance, cancel, close, enter
from tests.faults.kills import kill_beside_commits, kill_one_by_one, kill_programs, kill_two_at_once

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.faults.acts import Act, Life
    from tests.faults.crowd import Crowd

SEED = 20261118


def test_a_command_killed_at_any_moment_loses_nothing_and_does_nothing_twice(tmp_path: Path, crowd: Crowd) -> None:
    tally = kill_one_by_one(tmp_path, crowd, seed=SEED, count=15)
    assert tally.runs == 15
    assert tally.faults == []


def test_a_command_on_the_wall_clock_is_as_safe(tmp_path: Path, crowd: Crowd) -> None:
    tally = kill_one_by_one(tmp_path, crowd, seed=SEED, count=4, account="main")
    assert tally.runs == 4
    assert tally.faults == []


def test_two_commands_at_once_of_which_one_or_both_are_killed(tmp_path: Path, crowd: Crowd) -> None:
    tally = kill_two_at_once(tmp_path, crowd, seed=SEED, count=8)
    assert tally.runs == 8
    assert tally.faults == []


@pytest.mark.parametrize("act", [enter, cancel, close, advance])
def test_a_command_killed_beside_any_of_its_commits(tmp_path: Path, crowd: Crowd, act: Callable[[Life], Act]) -> None:
    tally = kill_beside_commits(tmp_path, crowd, seed=SEED, acts=[act])
    assert tally.runs >= 2
    assert tally.faults == []


def test_programs_killed_from_the_interpreter_s_start_to_its_end(tmp_path: Path, crowd: Crowd) -> None:
    tally = kill_programs(tmp_path, crowd, seed=SEED, count=3)
    assert tally.runs == 3
    assert tally.faults == []
