"""The PIN's file holds no PIN, is swapped in one step, and a change cut short is finished or undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rickctl.domain.errors import SetupError
from rickctl.store.pin import BLOCK, COST, DRAFT_FILE, LANES, PIN_FILE, PinFile

if TYPE_CHECKING:
    from pathlib import Path

PIN = "408173"


def test_a_pin_matches_itself_and_no_other_and_costs_what_is_stated(tmp_path: Path) -> None:
    box = PinFile(tmp_path)
    record = box.hashed(PIN, "5701e1d0")
    assert (record.cost, record.block, record.lanes) == (COST, BLOCK, LANES) == (65536, 8, 2)
    assert box.matches(record, PIN)
    assert not any(box.matches(record, other) for other in ("408174", "0408173", "", "４０８１７３"))
    assert box.hashed(PIN, "5701e1d0").hash != record.hash, "the salt is fresh"
    box.prepare(record)
    box.commit()
    text = (tmp_path / PIN_FILE).read_text(encoding="utf-8")
    assert PIN not in text
    assert (tmp_path / PIN_FILE).stat().st_mode & 0o777 == 0o600
    assert box.load(box.digest(record)) == record


def test_only_the_pin_the_journal_knows_counts(tmp_path: Path) -> None:
    box = PinFile(tmp_path)
    first, second = box.hashed(PIN, "a"), box.hashed("739164", "a")
    box.prepare(first)
    assert not PinFile(tmp_path).is_there
    box.commit()
    assert PinFile(tmp_path).is_there
    assert box.load(box.digest(second)) is None
    # A crash after the journal learnt of the second PIN: its draft takes the place of the first.
    box.prepare(second)
    assert box.load(box.digest(second)) == second
    assert not (tmp_path / DRAFT_FILE).exists()
    assert box.load(box.digest(first)) is None


def test_a_crash_before_the_journal_learnt_of_it_leaves_the_old_pin(tmp_path: Path) -> None:
    box = PinFile(tmp_path)
    first, second = box.hashed(PIN, "a"), box.hashed("739164", "a")
    box.prepare(first)
    box.commit()
    box.prepare(second)
    assert box.load(box.digest(first)) == first
    third = box.hashed("5083917264", "a")
    box.prepare(third)
    assert box.load(box.digest(third)) == third


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cost": 1}', '{"cost":"x","block":8,"lanes":1,"salt":"","hash":""}'])
def test_a_damaged_file_is_said_to_be_one(tmp_path: Path, text: str) -> None:
    (tmp_path / PIN_FILE).write_text(text, encoding="utf-8")
    (tmp_path / PIN_FILE).chmod(0o600)
    with pytest.raises(SetupError) as found:
        PinFile(tmp_path).load("any")
    assert found.value.code == "pin_damaged"
