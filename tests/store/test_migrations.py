"""A new schema: everything or nothing of each step, a copy first, and nothing newer is touched."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from rickctl.domain.errors import SetupError
from rickctl.store.schema import MIGRATIONS
from rickctl.store.state import Store
from tests.store.kit import CountingClock, add_intent, finish, open_store, raw, start

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rickctl.store.schema import Migration


def add_colour(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE accounts ADD COLUMN colour TEXT")
    connection.execute("INSERT INTO meta VALUES ('colour', 'red')")


def fail_half_way(connection: sqlite3.Connection) -> None:
    add_colour(connection)
    connection.execute("INSERT INTO no_such_table VALUES (1)")


def open_with(root: Path, migrations: Sequence[Migration], *, write: bool = True) -> Store:
    return Store.open(root / "state", root / "config", CountingClock(), write=write, migrations=migrations)


def version(root: Path, name: str = "rickctl.db") -> tuple[int, int]:
    """The schema of a database and how many rows its `meta` holds."""
    with closing(sqlite3.connect(root / "state" / name)) as connection:
        (found,) = connection.execute("PRAGMA user_version").fetchone()
        (rows,) = connection.execute("SELECT count(*) FROM meta").fetchone()
    return found, rows


@pytest.fixture
def root(tmp_path: Path) -> Path:
    with open_store(tmp_path) as store, store.transaction() as transaction:
        add_intent(transaction)
    return tmp_path


def test_a_new_database_is_at_the_latest_schema_and_needs_no_copy(root: Path) -> None:
    assert version(root) == (len(MIGRATIONS), 1)
    assert list((root / "state").glob("rickctl-schema-*")) == []


@pytest.mark.parametrize("write", [True, False])
def test_an_older_database_is_copied_then_migrated_and_keeps_its_rows(root: Path, *, write: bool) -> None:
    with open_with(root, (*MIGRATIONS, add_colour), write=write) as store:
        assert len(store.intents()) == 1
        assert store.verify() == []
    assert version(root) == (2, 2)
    assert version(root, "rickctl-schema-1.db") == (1, 1)
    assert (root / "state" / "rickctl-schema-1.db").stat().st_mode & 0o777 == 0o600


def test_a_migration_runs_once(root: Path) -> None:
    for _ in range(3):
        open_with(root, (*MIGRATIONS, add_colour)).close()
    assert version(root) == (2, 2)


def test_a_migration_that_fails_half_way_leaves_the_old_schema_whole(root: Path) -> None:
    with pytest.raises(SetupError) as caught:
        open_with(root, (*MIGRATIONS, fail_half_way))
    assert caught.value.code == "state_corrupt"
    assert version(root) == (1, 1)
    with open_store(root) as store:
        assert store.verify() == []


def test_earlier_steps_stay_when_a_later_one_fails(root: Path) -> None:
    with pytest.raises(SetupError):
        open_with(root, (*MIGRATIONS, add_colour, fail_half_way))
    assert version(root) == (2, 2)


KILLED = """
from tests.store.test_migrations import add_colour, open_with
from rickctl.store.schema import MIGRATIONS
def step(connection):
    {first}
    {second}
open_with(root, (*MIGRATIONS, step))
die()
"""


@pytest.mark.parametrize(
    ("first", "second", "after"),
    [
        ("die()", "pass", (1, 1)),
        ("add_colour(connection)", "die()", (1, 1)),
        ("add_colour(connection)", "pass", (2, 2)),
    ],
)
def test_a_kill_during_a_migration_leaves_one_schema_or_the_other(
    root: Path, first: str, second: str, after: tuple[int, int]
) -> None:
    finish(start(KILLED.format(first=first, second=second), root), -9)
    assert version(root) == after
    open_with(root, (*MIGRATIONS, add_colour)).close()
    assert version(root) == (2, 2)
    assert version(root, "rickctl-schema-1.db") == (1, 1)


def test_processes_that_migrate_at_once_migrate_once(root: Path) -> None:
    code = """
from tests.store.test_migrations import add_colour, open_with
from rickctl.store.schema import MIGRATIONS
with open_with(root, (*MIGRATIONS, add_colour)) as store, store.transaction() as transaction:
    add_intent(transaction)
"""
    for process in [start(code, root) for _ in range(5)]:
        finish(process)
    assert version(root) == (2, 2)
    with open_with(root, (*MIGRATIONS, add_colour)) as store:
        assert len(store.intents()) == 6
        assert store.verify() == []


@pytest.mark.parametrize("write", [True, False])
def test_a_newer_database_is_refused_and_left_as_it_is(root: Path, *, write: bool) -> None:
    raw(root, "PRAGMA user_version = 9", triggers=True)
    before = (root / "state" / "rickctl.db").read_bytes()
    with pytest.raises(SetupError, match="schema 9, newer than the 1") as caught:
        open_store(root, write=write)
    assert caught.value.code == "state_newer"
    assert (root / "state" / "rickctl.db").read_bytes() == before
