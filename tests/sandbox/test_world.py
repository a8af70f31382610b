"""What a sandbox remembers of itself: its clock, its moves, its market, and that it has one owner."""

from __future__ import annotations

import json
import stat
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from rickctl.adapters.sim import SimMarket
from rickctl.domain.errors import SetupError, UsageError
from rickctl.domain.instants import HOUR_NS, SECOND_NS, parse_instant
from rickctl.sandbox.clock import ExchangeClock
from rickctl.sandbox.folder import StateFolder
from rickctl.sandbox.world import Origin, World
from tests.fakes import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

TUESDAY = parse_instant("2026-11-17T12:00:00Z")
EUR = "EUR_USD"
SIM = SimMarket()
ORIGIN = Origin(SIM.source, 0)


def opened(path: Path, wall: FakeClock, origin: Origin = ORIGIN) -> tuple[StateFolder, World]:
    folder = StateFolder.open(path)
    return folder, World.open(folder, wall, SIM, origin)


# the clock


def test_the_exchange_clock_runs_ahead_and_never_back() -> None:
    wall = FakeClock(100)
    clock = ExchangeClock(wall, 50)
    assert clock.now_ns() == 150
    assert clock.advance_ns(1000) == 1150
    wall.at_ns = 20
    assert clock.now_ns() == 1150
    clock.sleep_ns(5)
    assert wall.slept_ns == [5]
    with pytest.raises(UsageError, match="forward"):
        clock.advance_ns(-1)


def test_skew_is_stated_and_not_lived() -> None:
    clock = ExchangeClock(FakeClock(100))
    clock.skew_ns = -30
    assert (clock.now_ns(), clock.stated_ns(), clock.stated_ns(1000)) == (100, 70, 970)


# the world


def test_a_restart_goes_on_where_a_person_left_it(tmp_path: Path) -> None:
    wall = FakeClock(TUESDAY)
    folder, world = opened(tmp_path / "box", wall)
    world.advance(HOUR_NS)
    world.move(EUR, Decimal("1.2"), "mid")
    world.halt("GBP_USD", is_halted=True)
    wall.sleep_ns(SECOND_NS)
    before = [world.market.quote(symbol, world.clock.now_ns()) for symbol in (EUR, "GBP_USD")]
    folder.close()
    folder, again = opened(tmp_path / "box", wall)
    assert again.clock.now_ns() == TUESDAY + HOUR_NS + SECOND_NS
    assert [again.market.quote(symbol, again.clock.now_ns()) for symbol in (EUR, "GBP_USD")] == before
    again.release(EUR)
    assert again.market.point(EUR, again.clock.now_ns() + 1) == SIM.point(EUR, again.clock.now_ns() + 1)
    folder.close()


def test_venues_are_brought_to_now_before_and_after_every_change(tmp_path: Path) -> None:
    wall = FakeClock(TUESDAY)
    folder, world = opened(tmp_path, wall)
    settled: list[object] = []
    world.settle = lambda: settled.append(world.market.quote(EUR, world.clock.now_ns() + 1).bid)
    world.move(EUR, Decimal("1.2"), "bid")
    assert settled == [SIM.quote(EUR, TUESDAY).bid, Decimal("1.20000")]
    folder.close()


def test_a_recorded_market_begins_at_its_beginning(tmp_path: Path) -> None:
    wall = FakeClock(TUESDAY)
    folder, world = opened(tmp_path, wall, Origin("replay:x", 0, "abc", starts_ns=5 * HOUR_NS))
    assert world.clock.now_ns() == 5 * HOUR_NS
    folder.close()
    wall.sleep_ns(HOUR_NS)
    folder, world = opened(tmp_path, wall, Origin("replay:x", 0, "abc", starts_ns=5 * HOUR_NS))
    assert world.clock.now_ns() == 6 * HOUR_NS
    folder.close()


@pytest.mark.parametrize(
    "other",
    [
        Origin(SIM.source, 1),
        Origin("sim:v2", 0),
        Origin(SIM.source, 0, "x"),
        Origin(SIM.source, 0, is_always_open=True),
    ],
)
def test_state_of_one_market_is_not_carried_on_on_another(other: Origin, tmp_path: Path) -> None:
    wall = FakeClock(TUESDAY)
    folder, _ = opened(tmp_path, wall)
    with pytest.raises(SetupError) as refused:
        World.open(folder, wall, SIM, other)
    assert refused.value.code == "sandbox_market"
    folder.close()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "null", '{"source": "sim:v1", "seed": 0, "fingerprint": null, "offset_ns": "x", "moves": {}}'],
)
def test_a_document_that_is_no_worlds_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "world.json").write_text(text, encoding="utf-8")
    folder = StateFolder.open(tmp_path)
    if text == "null":
        World.open(folder, FakeClock(TUESDAY), SIM, ORIGIN)
    else:
        with pytest.raises(SetupError) as refused:
            World.open(folder, FakeClock(TUESDAY), SIM, ORIGIN)
        assert refused.value.code == "sandbox_corrupt"
        assert "world.json" in refused.value.message
    folder.close()


def test_a_world_without_a_folder_keeps_nothing() -> None:
    world = World.open(None, FakeClock(TUESDAY), SIM, ORIGIN)
    world.advance(HOUR_NS)
    assert world.clock.now_ns() == TUESDAY + HOUR_NS


# the folder


def test_a_folder_has_one_owner_at_a_time_and_is_nobody_elses(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "box"
    folder = StateFolder.open(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    with pytest.raises(SetupError) as refused:
        StateFolder.open(path)
    assert refused.value.code == "sandbox_in_use"
    folder.close()
    StateFolder.open(path).close()


def test_a_document_is_replaced_whole_and_private(tmp_path: Path) -> None:
    folder = StateFolder.open(tmp_path)
    assert folder.read("x") is None
    folder.write("x", {"a": 1})
    folder.write("x", {"a": 2})
    assert folder.read("x") == {"a": 2}
    assert json.loads((tmp_path / "x.json").read_text(encoding="utf-8")) == {"a": 2}
    assert stat.S_IMODE((tmp_path / "x.json").stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lock", "x.json"]
    folder.close()


def test_a_folder_that_cannot_be_had_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SetupError) as refused:
        StateFolder.open(tmp_path / "file" / "box")
    assert refused.value.code == "sandbox_folder"
