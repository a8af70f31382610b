"""A new schema: everything or nothing of each step, a copy first, and nothing newer is touched."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rickctl.domain.errors import SetupError
from rickctl.domain.orders import IntentState
from rickctl.domain.records import canonical_json
from rickctl.domain.scope import DEFAULT_SCOPE, Mode, Scope
from rickctl.store.schema import MIGRATIONS
from rickctl.store.state import Store
from tests.store.kit import CountingClock, add_intent, finish, open_store, raw, start

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rickctl.store.schema import Migration

NOW = len(MIGRATIONS)
NEXT = NOW + 1
KEPT = f"rickctl-schema-{NOW}.db"
OTHER = Scope(Mode.PRACTICE, "oanda", "101-004-1-001")


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
    assert version(root) == (NOW, 1)
    assert list((root / "state").glob("rickctl-schema-*")) == []


@pytest.mark.parametrize("write", [True, False])
def test_an_older_database_is_copied_then_migrated_and_keeps_its_rows(root: Path, *, write: bool) -> None:
    with open_with(root, (*MIGRATIONS, add_colour), write=write) as store:
        assert len(store.intents()) == 1
        assert store.verify() == []
    assert version(root) == (NEXT, 2)
    assert version(root, KEPT) == (NOW, 1)
    assert (root / "state" / KEPT).stat().st_mode & 0o777 == 0o600


@pytest.fixture
def first_schema(tmp_path: Path) -> Path:
    """A store as the first release left it: three orders of one account, one of another, a latch."""
    for name in ("state", "config"):
        (tmp_path / name).mkdir(mode=0o700)
    with closing(sqlite3.connect(tmp_path / "state" / "rickctl.db")) as connection:
        connection.executescript(Path(__file__).with_name("schema_1.sql").read_text(encoding="utf-8"))
        (store_id,) = connection.execute("SELECT value FROM meta").fetchone()
        (seq, mac) = connection.execute("SELECT seq, mac FROM journal ORDER BY seq DESC").fetchone()
    (tmp_path / "config" / "journal.key").write_text(bytes(range(32)).hex())
    head = canonical_json({"mac": mac, "seq": seq, "store_id": store_id})
    (tmp_path / "config" / f"journal-{store_id}.anchor").write_text(head)
    for path in tmp_path.glob("*/*"):
        path.chmod(0o600)
    return tmp_path


@pytest.mark.parametrize("write", [True, False])
def test_what_the_first_schema_held_is_held_by_the_present_one(first_schema: Path, *, write: bool) -> None:
    with open_store(first_schema, write=write) as store:
        assert store.verify() == []
        rows = store.intents()
        assert [(row.scope, row.number, row.state) for row in rows] == [
            (DEFAULT_SCOPE, 3, IntentState.INTENT),
            (DEFAULT_SCOPE, 2, IntentState.REFUSED),
            (OTHER, 1, IntentState.UNKNOWN),
            (DEFAULT_SCOPE, 1, IntentState.ACCEPTED),
        ]
        assert {(row.request, row.quotes, row.verdicts) for row in rows} == {
            ('{"side":"buy","units":"1000"}', '[{"ask":"1.2","bid":"1.1"}]', '[{"passed":true,"rule":"1.1"}]')
        }
        assert (rows[2].error, rows[3].answered_ns, rows[3].outcome) == (
            "no answer", 12, '{"filled":"1000","note":"a € \\"quote\\""}'
        )  # fmt: skip
        assert store.intent_by_key(DEFAULT_SCOPE, "k") == rows[3]
        assert store.unknown_outcomes() == [(OTHER, 1)]
        assert [row.number for row in store.intents(states={IntentState.INTENT, IntentState.SENT})] == [3]
        assert [row.number for row in store.intents(DEFAULT_SCOPE, since_ns=30)] == [3, 2]
        assert [row.seq for row in store.journal(DEFAULT_SCOPE, number=1)] == [2, 6, 7, 8]
        assert store.head().seq == 11
    assert (version(first_schema)[0], version(first_schema, "rickctl-schema-1.db")[0]) == (NOW, 1)


def test_orders_of_the_first_schema_go_on_under_the_present_one(first_schema: Path) -> None:
    with open_store(first_schema) as store:
        with store.transaction() as transaction:
            assert transaction.change_intent(OTHER, 1, IntentState.UNKNOWN, IntentState.REJECTED, answered_ns=99)
            assert add_intent(transaction).number == 4
        assert store.unknown_outcomes() == []
        assert store.verify() == []


@pytest.mark.parametrize("statement", ["DELETE FROM intents WHERE number = 2", "UPDATE intents SET state = 'sent'"])
def test_what_was_done_to_the_first_schema_is_found_after_it_was_migrated(first_schema: Path, statement: str) -> None:
    raw(first_schema, statement)
    with open_store(first_schema) as store:
        assert {finding.code for finding in store.verify()} <= {"intent_changed", "intent_missing"}
        assert store.verify() != []


def test_a_migration_runs_once(root: Path) -> None:
    for _ in range(3):
        open_with(root, (*MIGRATIONS, add_colour)).close()
    assert version(root) == (NEXT, 2)


def test_a_migration_that_fails_half_way_leaves_the_old_schema_whole(root: Path) -> None:
    with pytest.raises(SetupError) as caught:
        open_with(root, (*MIGRATIONS, fail_half_way))
    assert caught.value.code == "state_corrupt"
    assert version(root) == (NOW, 1)
    with open_store(root) as store:
        assert store.verify() == []


def test_earlier_steps_stay_when_a_later_one_fails(root: Path) -> None:
    with pytest.raises(SetupError):
        open_with(root, (*MIGRATIONS, add_colour, fail_half_way))
    assert version(root) == (NEXT, 2)


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
        ("die()", "pass", (NOW, 1)),
        ("add_colour(connection)", "die()", (NOW, 1)),
        ("add_colour(connection)", "pass", (NEXT, 2)),
    ],
)
def test_a_kill_during_a_migration_leaves_one_schema_or_the_other(
    root: Path, first: str, second: str, after: tuple[int, int]
) -> None:
    finish(start(KILLED.format(first=first, second=second), root), -9)
    assert version(root) == after
    open_with(root, (*MIGRATIONS, add_colour)).close()
    assert version(root) == (NEXT, 2)
    assert version(root, KEPT) == (NOW, 1)


def test_processes_that_migrate_at_once_migrate_once(root: Path) -> None:
    code = """
from tests.store.test_migrations import add_colour, open_with
from rickctl.store.schema import MIGRATIONS
with open_with(root, (*MIGRATIONS, add_colour)) as store, store.transaction() as transaction:
    add_intent(transaction)
"""
    for process in [start(code, root) for _ in range(5)]:
        finish(process)
    assert version(root) == (NEXT, 2)
    with open_with(root, (*MIGRATIONS, add_colour)) as store:
        assert len(store.intents()) == 6
        assert store.verify() == []


@pytest.mark.parametrize("write", [True, False])
def test_a_newer_database_is_refused_and_left_as_it_is(root: Path, *, write: bool) -> None:
    raw(root, "PRAGMA user_version = 9", triggers=True)
    before = (root / "state" / "rickctl.db").read_bytes()
    with pytest.raises(SetupError, match=f"schema 9, newer than the {NOW}") as caught:
        open_store(root, write=write)
    assert caught.value.code == "state_newer"
    assert (root / "state" / "rickctl.db").read_bytes() == before
