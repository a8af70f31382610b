"""A window is recorded before it stands and ends whatever state the database is in; its story is told whole."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from rickctl.domain.arming import Cause, Ended, Window
from rickctl.domain.errors import Refused, UsageError
from rickctl.domain.instants import HOUR_NS, MINUTE_NS
from rickctl.domain.scope import DEFAULT_SCOPE
from rickctl.services.arming import (
    arm,
    check_may_arm,
    check_person,
    check_scope,
    disarm,
    history,
    is_recorded,
    note_refusal,
    read_length,
    record,
)
from rickctl.services.charter import load_charter
from rickctl.store.state import Store
from tests.services.arming_kit import BY, LIVE, OTHER, STANDS, ground

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rickctl.domain.scope import Scope
    from rickctl.services.charter import LoadedCharter
    from tests.services.arming_kit import Ground


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Ground]:
    found = ground(tmp_path)
    yield found
    found.store.close()


def opened(here: Ground, scope: Scope = LIVE, length_ns: int = 30 * MINUTE_NS) -> Window:
    return arm(scope, length_ns, "the open", state=here.store, box=here.files, now=here.now(), standing=STANDS, by=BY)


def ended(here: Ground) -> list[dict[str, object]]:
    return [json.loads(row.body) for row in here.store.journal(kinds={"disarmed"})]


def charter(tmp_path: Path) -> LoadedCharter:
    return load_charter(tmp_path / "config", seal_key=None)


def test_a_window_is_in_the_journal_and_in_its_file(here: Ground) -> None:
    window = opened(here)
    assert here.files.load(LIVE) == window
    assert is_recorded(here.store, window)
    (row,) = here.store.journal(kinds={"armed"})
    assert (row.seq, row.scope) == (window.number, LIVE)
    assert json.loads(row.body)["tty"] == "/dev/pts/1"
    assert here.store.verify() == []


def test_a_window_the_journal_does_not_tell_of_is_not_recorded(here: Ground, tmp_path: Path) -> None:
    window = opened(here)
    other = Store.open(tmp_path / "other", tmp_path / "config", here.clock, write=True)
    with other.transaction() as transaction:
        for _ in range(3):
            transaction.append("resumed", None, {"latches": []})
    assert not is_recorded(other, window)
    other.close()


def test_without_a_name_of_the_boot_nothing_is_armed(here: Ground) -> None:
    here.boot_id = ""
    with pytest.raises(Refused) as found:
        opened(here)
    assert found.value.code == "no_boot_id"
    assert here.kinds() == []


def test_disarming_ends_one_or_all_and_says_what_it_ended(here: Ground) -> None:
    first, second = opened(here), opened(here, OTHER)
    assert disarm(here.files, LIVE, Cause.DRIFT, "account 002 spoke", here.now()) == [
        Ended(LIVE, first.number, Cause.DRIFT, "account 002 spoke", here.clock.at_ns)
    ]
    assert [one.scope for one in disarm(here.files, None, Cause.KILL, "", here.now())] == [OTHER]
    assert disarm(here.files, None, Cause.KILL, "", here.now()) == []
    record(here.store, here.files, BY, here.clock.at_ns)
    assert [(body["window"], body["cause"]) for body in ended(here)] == [
        (first.number, "mode_drift"),
        (second.number, "kill"),
    ]
    record(here.store, here.files, BY, here.clock.at_ns)
    assert len(ended(here)) == 2


def test_disarming_works_with_the_database_locked(here: Ground, tmp_path: Path) -> None:
    opened(here)
    with here.store.transaction():
        assert len(disarm(here.files, None, Cause.BY_HAND, "", here.now())) == 1
    assert isinstance(here.files.load(LIVE), Ended)
    (tmp_path / "state" / "rickctl.db").unlink()
    opened_again = ground(tmp_path / "again")
    opened(opened_again)
    (tmp_path / "again" / "state" / "rickctl.db").write_bytes(b"")
    assert len(disarm(opened_again.files, None, Cause.BY_HAND, "", opened_again.now())) == 1
    opened_again.store.close()


def test_a_window_whose_time_was_over_ended_by_that(here: Ground) -> None:
    opened(here)
    here.later(HOUR_NS)
    (found,) = disarm(here.files, LIVE, Cause.BY_HAND, "late", here.now())
    assert found.cause is Cause.EXPIRED


def test_the_next_window_tells_how_the_one_before_ended(here: Ground, tmp_path: Path) -> None:
    first = opened(here)
    here.later(HOUR_NS)
    (tmp_path / "config" / "armed-oanda-001-001-1234567-001.json").unlink()
    second = opened(here)
    (tmp_path / "config" / "armed-oanda-001-001-1234567-001.json").unlink()
    here.later(MINUTE_NS)
    third = opened(here)
    fourth = opened(here)
    assert [(body["window"], body["cause"]) for body in ended(here)] == [
        (first.number, "expired"),
        (second.number, "damaged"),
        (third.number, "by_hand"),
    ]
    assert here.files.load(LIVE) == fourth


def test_the_history_is_told_newest_first_with_what_nobody_recorded(here: Ground) -> None:
    opened(here)
    here.later(MINUTE_NS)
    disarm(here.files, LIVE, Cause.DRIFT, "", here.now())
    here.later(MINUTE_NS)
    opened(here, OTHER, 10 * MINUTE_NS)
    found = history(here.store, here.files.all(), here.clock.at_ns)
    assert [(change.kind, change.scope) for change in found] == [("armed", OTHER), ("disarmed", LIVE), ("armed", LIVE)]
    here.later(HOUR_NS)
    latest = history(here.store, here.files.all(), here.clock.at_ns)[0]
    assert (latest.kind, latest.scope, latest.detail) == ("disarmed", OTHER, "expired")
    assert here.clock.at_ns - latest.at_ns == 50 * MINUTE_NS


def test_the_history_holds_the_newest_hundred(here: Ground) -> None:
    for _ in range(120):
        note_refusal(here.store, LIVE, Refused("no", code="kill_latch"), BY)
    assert len(history(here.store, [], here.clock.at_ns)) == 100


@pytest.mark.parametrize(
    ("text", "length_ns"), [(None, 30 * MINUTE_NS), ("1m", MINUTE_NS), ("1h30m", 90 * MINUTE_NS), ("120m", 2 * HOUR_NS)]
)
def test_a_window_is_as_long_as_asked_within_the_charter(tmp_path: Path, text: str | None, length_ns: int) -> None:
    assert read_length(text, charter(tmp_path)) == length_ns


@pytest.mark.parametrize(
    ("text", "error", "code"),
    [
        ("121m", Refused, "window_too_long"),
        ("9999d", Refused, "window_too_long"),
        ("59s", UsageError, "bad_duration"),
        ("0m", UsageError, "bad_duration"),
        ("-5m", UsageError, "bad_duration"),
        ("half an hour", UsageError, "bad_duration"),
    ],
)
def test_a_window_of_another_length_is_refused(tmp_path: Path, text: str, error: type, code: str) -> None:
    with pytest.raises((Refused, UsageError)) as found:
        read_length(text, charter(tmp_path))
    assert isinstance(found.value, error)
    assert found.value.code == code


def test_everything_but_the_person_is_asked_first(tmp_path: Path) -> None:
    loaded = charter(tmp_path)
    check_may_arm(LIVE, STANDS, loaded, [])
    for standing, latches, code in (
        (STANDS._replace(is_enabled=False), [], "execution_disabled"),
        (STANDS._replace(kill_reason="lunch"), [], "kill_latch"),
        (STANDS, ["day_drawdown"], "latched"),
        (STANDS._replace(is_sealed=False), [], "charter_unsealed"),
    ):
        with pytest.raises(Refused) as found:
            check_may_arm(LIVE, standing, loaded, latches)
        assert found.value.code == code
        assert (found.value.hint or "").startswith("rickctl ")


def test_only_live_is_armed_and_only_by_a_person() -> None:
    assert check_scope(LIVE) == LIVE
    with pytest.raises(UsageError):
        check_scope(DEFAULT_SCOPE)
    check_person(is_terminal=True, what="arms LIVE", command="arm")
    with pytest.raises(Refused) as found:
        check_person(is_terminal=False, what="arms LIVE", command="arm")
    assert found.value.code == "needs_person"
