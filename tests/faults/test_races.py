"""Twenty processes at once: the daily limit, a key and the duplicate rule each let exactly as many through."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.races import (
    race_behind_the_halted,
    race_for_the_last_room,
    race_for_the_last_trades,
    race_of_duplicates,
    race_with_one_key,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.crowd import Crowd

SEED = 20261118


@pytest.mark.parametrize("programs", [False, True], ids=["forked", "python -m rickctl"])
def test_twenty_at_once_with_five_trades_left_place_five(tmp_path: Path, crowd: Crowd, *, programs: bool) -> None:
    assert race_for_the_last_trades(tmp_path, crowd, seed=SEED, count=1, programs=programs).faults == []


def test_twenty_at_once_with_room_for_five_place_five(tmp_path: Path, crowd: Crowd) -> None:
    assert race_for_the_last_room(tmp_path, crowd, seed=SEED, count=1).faults == []


@pytest.mark.parametrize("moment", ["recorded", "sent"])
def test_an_order_on_its_way_uses_up_a_trade(tmp_path: Path, crowd: Crowd, moment: str) -> None:
    assert race_behind_the_halted(tmp_path, crowd, seed=SEED, moment=moment).faults == []


def test_twenty_at_once_with_one_key_are_told_of_one_order(tmp_path: Path, crowd: Crowd) -> None:
    assert race_with_one_key(tmp_path, crowd, seed=SEED, count=1).faults == []


def test_of_twenty_alike_without_a_key_one_is_placed_with_exit_0(tmp_path: Path, crowd: Crowd) -> None:
    assert race_of_duplicates(tmp_path, crowd, seed=SEED, count=1).faults == []
