"""Five tries are five: counted before they are looked at, by whoever, whatever is killed, put back or taken away."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from rickctl.domain.errors import Refused, RickctlError, SetupError, UsageError
from rickctl.domain.instants import DAY_NS, MINUTE_NS
from rickctl.services.pins import change_pin, check_pin, read_tries, set_pin
from rickctl.store.state import Store
from tests.services.arming_kit import NEXT_PIN, PIN, ground

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.services.arming_kit import Ground

WRONG = "111119"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Ground]:
    found = ground(tmp_path)
    found.typed = [PIN, PIN]
    set_pin(found.guard(), found.ask)
    found.asked.clear()
    yield found
    found.store.close()


def try_pin(here: Ground, pin: str) -> str:
    """The code a try ends with, `ok` where it is right."""
    here.typed = [pin]
    try:
        check_pin(here.guard(), here.ask, "arm")
    except RickctlError as error:
        return error.code
    return "ok"


def test_the_right_pin_is_let_through_and_a_wrong_one_is_not(here: Ground) -> None:
    assert try_pin(here, PIN) == "ok"
    assert try_pin(here, WRONG) == "wrong_pin"
    assert try_pin(here, PIN) == "ok"
    assert here.kinds() == [
        "pin_set",
        *("pin_tried", "pin_accepted"),
        *("pin_tried", "pin_refused"),
        *("pin_tried", "pin_accepted"),
    ]
    assert not any(PIN in row.body or WRONG in row.body for row in here.store.journal())


def test_after_five_wrong_tries_not_even_the_right_pin_is_looked_at(here: Ground) -> None:
    assert [try_pin(here, WRONG) for _ in range(7)] == ["wrong_pin"] * 5 + ["pin_locked"] * 2
    assert try_pin(here, PIN) == "pin_locked"
    assert here.box.looked == 5
    assert len(here.asked) == 5, "nobody types a PIN that is not looked at"


def test_the_lock_opens_for_one_try_and_doubles(here: Ground) -> None:
    for _ in range(5):
        try_pin(here, WRONG)
    here.later(15 * MINUTE_NS - 1)
    assert try_pin(here, PIN) == "pin_locked"
    here.later(1)
    assert try_pin(here, WRONG) == "wrong_pin"
    here.later(30 * MINUTE_NS - 1)
    assert try_pin(here, PIN) == "pin_locked"
    here.later(1)
    assert try_pin(here, PIN) == "ok"
    assert [try_pin(here, WRONG) for _ in range(6)] == ["wrong_pin"] * 5 + ["pin_locked"], "the right one starts anew"


def test_a_reboot_or_a_moved_clock_opens_no_lock(here: Ground) -> None:
    for _ in range(5):
        try_pin(here, WRONG)
    here.clock.at_ns += DAY_NS
    here.boot_offset_ns += DAY_NS
    assert try_pin(here, PIN) == "pin_locked"
    here.boot_id, here.boot_offset_ns = "boot-two", here.clock.at_ns
    assert try_pin(here, PIN) == "pin_locked"
    here.later(15 * MINUTE_NS)
    assert try_pin(here, PIN) == "ok"


def test_a_process_killed_while_it_looks_has_used_its_try(here: Ground) -> None:
    class Killed(BaseException):
        pass

    def die() -> None:
        raise Killed

    here.box.at_look = die
    for _ in range(5):
        here.typed = [PIN]
        with pytest.raises(Killed):
            check_pin(here.guard(), here.ask, "arm")
    assert read_tries(here.store).failures == 5
    assert try_pin(here, PIN) == "pin_locked"


def test_a_try_still_open_when_another_is_right_stays_counted(here: Ground) -> None:
    with here.store.transaction() as transaction:
        first = transaction.append("pin_tried", None, {"purpose": "arm", **here.now()._asdict()})
        transaction.append("pin_tried", None, {"purpose": "arm", **here.now()._asdict()})
        transaction.append("pin_accepted", None, {"try": first.seq, "purpose": "arm"})
    assert read_tries(here.store).failures == 1


def test_an_old_copy_of_the_state_gives_no_tries_back(here: Ground, tmp_path: Path) -> None:
    here.store.close()
    shutil.copytree(tmp_path / "state", tmp_path / "copy")
    here.store = Store.open(tmp_path / "state", tmp_path / "config", here.clock, write=True)
    for _ in range(4):
        assert try_pin(here, WRONG) == "wrong_pin"
    here.store.close()
    shutil.rmtree(tmp_path / "state")
    shutil.copytree(tmp_path / "copy", tmp_path / "state")
    here.store = Store.open(tmp_path / "state", tmp_path / "config", here.clock, write=True)
    asked = len(here.asked)
    assert try_pin(here, PIN) == "journal_broken"
    assert len(here.asked) == asked


def test_a_fresh_state_gives_no_tries_back(here: Ground, tmp_path: Path) -> None:
    for _ in range(4):
        try_pin(here, WRONG)
    here.store.close()
    shutil.rmtree(tmp_path / "state")
    here.store = Store.open(tmp_path / "state", tmp_path / "config", here.clock, write=True)
    assert try_pin(here, PIN) == "journal_broken"
    # Another folder knows nothing of what stood here, but the PIN is not its own.
    here.store.close()
    here.store = Store.open(tmp_path / "elsewhere", tmp_path / "config", here.clock, write=True)
    assert try_pin(here, PIN) == "pin_damaged"


def test_a_pin_put_in_its_place_by_hand_is_not_taken(here: Ground) -> None:
    here.box.record = here.box.hashed(NEXT_PIN, here.store.store_id)
    assert try_pin(here, NEXT_PIN) == "pin_damaged"


def test_taking_the_pin_away_gives_no_tries_back(here: Ground) -> None:
    for _ in range(5):
        try_pin(here, WRONG)
    here.box.record = None
    here.typed = [NEXT_PIN, NEXT_PIN]
    with pytest.raises(Refused) as found:
        set_pin(here.guard(), here.ask)
    assert found.value.code == "pin_locked"
    here.later(15 * MINUTE_NS)
    here.typed = [NEXT_PIN, NEXT_PIN]
    set_pin(here.guard(), here.ask)
    assert try_pin(here, WRONG) == "wrong_pin"
    assert try_pin(here, NEXT_PIN) == "pin_locked"
    assert '"replaces":true' in next(row.body for row in here.store.journal(kinds={"pin_set"}, after_seq=1))


def test_a_pin_is_changed_only_with_the_old_one(here: Ground) -> None:
    here.typed = [WRONG]
    with pytest.raises(Refused):
        change_pin(here.guard(), here.ask)
    here.typed = [PIN, NEXT_PIN, NEXT_PIN]
    change_pin(here.guard(), here.ask)
    assert try_pin(here, PIN) == "wrong_pin"
    assert try_pin(here, NEXT_PIN) == "ok"


@pytest.mark.parametrize(("typed", "error"), [([NEXT_PIN, PIN], Refused), (["123456"], UsageError), ([""], UsageError)])
def test_a_new_pin_that_is_not_taken_changes_nothing(here: Ground, typed: list[str], error: type[RickctlError]) -> None:
    here.typed = [PIN, *typed]
    with pytest.raises(error):
        change_pin(here.guard(), here.ask)
    assert try_pin(here, PIN) == "ok"


def test_a_second_pin_is_not_set_over_the_first(here: Ground) -> None:
    with pytest.raises(Refused) as found:
        set_pin(here.guard(), here.ask)
    assert found.value.code == "pin_exists"


def test_nothing_typed_is_no_try(here: Ground) -> None:
    assert try_pin(here, "") == "not_confirmed"
    assert read_tries(here.store).failures == 0


def test_a_change_cut_short_after_its_record_is_finished(here: Ground) -> None:
    def dies() -> None:
        message = "killed"
        raise SetupError(message, code="state_full")

    here.typed = [PIN, NEXT_PIN, NEXT_PIN]
    here.box.at_commit = dies
    with pytest.raises(SetupError):
        change_pin(here.guard(), here.ask)
    assert try_pin(here, NEXT_PIN) == "ok"
