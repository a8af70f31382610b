"""`kill -9` at moments drawn from a seed: nothing acknowledged lost, nothing done twice, journal and ledger exact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.faults.kills import kill_one_by_one, kill_programs, kill_two_at_once

if TYPE_CHECKING:
    from pathlib import Path

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


def test_programs_killed_from_the_interpreter_s_start_to_its_end(tmp_path: Path, crowd: Crowd) -> None:
    tally = kill_programs(tmp_path, crowd, seed=SEED, count=3)
    assert tally.runs == 3
    assert tally.faults == []
