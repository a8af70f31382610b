"""Somebody edits the database with a tool of their own: every way of doing so shows in `verify`."""

# ruff: noqa: S608  (the statements are the attacks)

from __future__ import annotations

import io
import json
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from rickctl.domain.errors import SetupError, UsageError
from rickctl.domain.orders import IntentState
from rickctl.domain.records import Finding, JournalHead, canonical_json
from rickctl.domain.scope import DEFAULT_SCOPE
from rickctl.store.journal import chained_mac
from tests.store.kit import add_intent, fresh_account, open_store, raw

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A store of 12 records: an account, 3 intents of which one was sent, 2 latches of which one is cleared, notes."""
    with open_store(tmp_path) as store:
        with store.transaction() as transaction:
            transaction.put_account(fresh_account(), expected_version=0)
            for _ in range(3):
                add_intent(transaction, owner="me", key="k")
            transaction.change_intent(DEFAULT_SCOPE, 2, IntentState.INTENT, IntentState.SENT, sent_ns=9)
            transaction.set_latch("kill", None, reason="by hand", at_ns=1)
            transaction.set_latch("drawdown", DEFAULT_SCOPE, reason="peak", at_ns=1)
            transaction.clear_latch("drawdown", DEFAULT_SCOPE, reason="resume", at_ns=2)
        for index in range(4):
            with store.transaction() as transaction:
                transaction.append("ledger", DEFAULT_SCOPE, {"amount": f"{index}.50"}, number=1)
        assert store.verify() == []
        assert store.head().seq == 12
    return tmp_path


def verify(root: Path, exported: JournalHead | None = None) -> list[Finding]:
    with open_store(root, write=False) as store:
        return store.verify(exported)


def codes(root: Path) -> set[str]:
    return {finding.code for finding in verify(root)}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("body", """'{"amount":"9999.50"}'"""),
        ("recorded_ns", "recorded_ns + 1"),
        ("scope", "'live:oanda:x'"),
        ("scope", "NULL"),
        ("kind", "'note'"),
        ("number", "2"),
        ("number", "NULL"),
        ("mac", "'00'"),
        ("body", "x'00ff'"),
    ],
)
def test_an_edited_column_is_found_with_its_record_number(root: Path, column: str, value: str) -> None:
    raw(root, f"UPDATE journal SET {column} = {value} WHERE seq = 10")
    found = verify(root)
    assert found
    assert {finding.code for finding in found} == {"record_changed"}
    assert found[0].first == 10


def test_a_line_break_smuggled_between_columns_is_found(root: Path) -> None:
    raw(root, "UPDATE journal SET kind = 'ledger\n1', number = NULL, body = body WHERE seq = 10")
    assert codes(root) == {"record_changed"}


def test_a_deleted_record_is_found(root: Path) -> None:
    raw(root, "DELETE FROM journal WHERE seq = 10")
    assert Finding("record_missing", "record 10 is missing", 10, 10) in verify(root)


def test_deleted_first_records_are_found(root: Path) -> None:
    raw(root, "DELETE FROM journal WHERE seq < 3")
    assert verify(root)[0] == Finding("record_missing", "records 1 to 2 are missing", 1, 2)


def test_an_inserted_record_is_found(root: Path) -> None:
    raw(
        root,
        "UPDATE journal SET seq = seq + 1000 WHERE seq >= 10",
        "INSERT INTO journal SELECT 10, recorded_ns, scope, kind, number, body, mac FROM journal WHERE seq = 9",
        "UPDATE journal SET seq = seq - 999 WHERE seq >= 1000",
    )
    assert "record_changed" in codes(root)


def test_an_added_record_is_found(root: Path) -> None:
    raw(root, """INSERT INTO journal VALUES (13, 1, 'paper:paper:main', 'ledger', 1, '{"amount":"1000000"}', 'ab')""")
    assert codes(root) == {"record_changed"}
    assert verify(root)[0].first == 13


def test_reordered_records_are_found(root: Path) -> None:
    raw(
        root,
        "UPDATE journal SET seq = 99 WHERE seq = 10",
        "UPDATE journal SET seq = 10 WHERE seq = 11",
        "UPDATE journal SET seq = 11 WHERE seq = 99",
    )
    assert verify(root)[0].first == 10
    assert codes(root) == {"record_changed"}


def test_a_shortened_journal_is_found_by_its_anchor(root: Path) -> None:
    raw(root, "DELETE FROM journal WHERE seq > 10")
    assert verify(root) == [
        Finding("truncated", "the journal ends at record 10, the anchor has seen 12: cut off or an old copy", 11, 12)
    ]


def test_an_emptied_journal_is_found(root: Path) -> None:
    raw(root, "DELETE FROM journal", "DELETE FROM intents", "DELETE FROM accounts", "DELETE FROM latches")
    assert codes(root) == {"truncated"}


def test_an_older_copy_put_back_is_found(root: Path) -> None:
    shutil.copy(root / "state" / "rickctl.db", root / "old.db")
    with open_store(root) as store, store.transaction() as transaction:
        transaction.append("note", None, {})
    shutil.copy(root / "old.db", root / "state" / "rickctl.db")
    assert codes(root) == {"truncated"}


@pytest.mark.parametrize("left", [0, 5, 10, 11])
def test_a_shortened_journal_is_still_found_when_it_has_grown_past_its_anchor(root: Path, left: int) -> None:
    raw(root, f"DELETE FROM journal WHERE seq > {left}")
    with open_store(root) as store:
        for _ in range(20):
            with store.transaction() as transaction:
                transaction.append("note", None, {})
        with store.transaction() as transaction:
            for _ in range(5):
                transaction.append("note", None, {})
    with open_store(root) as store, store.transaction() as transaction:
        transaction.append("note", None, {})
    assert "rewritten" in codes(root)


@pytest.mark.parametrize("by", ["nobody yet", "a new store", "a store with records"])
def test_a_database_taken_away_or_replaced_is_found(root: Path, by: str) -> None:
    with open_store(root, write=False) as store:
        store_id = store.store_id
    shutil.rmtree(root / "state")
    if by != "nobody yet":
        with open_store(root) as store, store.transaction() as transaction:
            if by == "a store with records":
                transaction.append("note", None, {})
    assert codes(root) == {"store_replaced"}
    (root / "config" / f"journal-{store_id}.anchor").unlink()
    assert verify(root) == []


def test_a_moved_folder_keeps_its_journal(root: Path) -> None:
    (root / "new").mkdir(mode=0o700)
    (root / "state").rename(root / "new" / "state")
    (root / "config").rename(root / "new" / "config")
    assert verify(root / "new") == []
    with open_store(root / "new") as store, store.transaction() as transaction:
        transaction.append("note", None, {})
    assert verify(root / "new") == []


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"mac":1,"seq":"x","store_id":2}'])
def test_an_anchor_that_says_nothing_is_found(root: Path, content: str) -> None:
    (anchor,) = (root / "config").glob("*.anchor")
    anchor.write_text(content)
    assert codes(root) == {"other_store"}
    with open_store(root) as store, store.transaction() as transaction:
        transaction.append("note", None, {})
    assert codes(root) == {"other_store"}


def rewrite(root: Path, key: bytes) -> None:
    """Write every record anew under `key`, with one amount changed."""
    with closing(sqlite3.connect(root / "state" / "rickctl.db", isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER journal_keeps")
        before = ""
        for seq, at_ns, scope, kind, number, body, _ in connection.execute("SELECT * FROM journal").fetchall():
            forged = body.replace("3.50", "3000.50")
            before = chained_mac(key, before, seq, at_ns, scope, kind, number, forged)
            connection.execute("UPDATE journal SET body = ?, mac = ? WHERE seq = ?", (forged, before, seq))


def test_a_journal_rewritten_without_the_key_is_found(root: Path) -> None:
    rewrite(root, bytes(32))
    found = verify(root)
    assert (found[0].code, found[0].first, found[0].last) == ("record_changed", 1, 12)
    assert "rewritten" in codes(root)


def test_the_owner_of_the_key_who_rewrites_the_journal_is_found_back_to_the_exported_anchor(root: Path) -> None:
    with open_store(root, write=False) as store:
        exported = store.head()
    rewrite(root, bytes.fromhex((root / "config" / "journal.key").read_text()))
    (anchor,) = (root / "config").glob("*.anchor")
    with open_store(root, write=False) as store:
        anchor.write_text(canonical_json(store.head()._asdict()))
    assert verify(root) == []
    assert [finding.code for finding in verify(root, exported)] == ["rewritten"]


def test_an_exported_anchor_of_another_store_is_named(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    with open_store(other) as store:
        foreign = store.head()
    assert [finding.code for finding in verify(root, foreign)] == ["other_store"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE intents SET state = 'rejected' WHERE number = 2",
        "UPDATE intents SET state = 'accepted' WHERE number = 1",
        "UPDATE intents SET state = 'nonsense' WHERE number = 1",
        "UPDATE intents SET symbol = 'GBP_USD' WHERE number = 1",
        "UPDATE intents SET symbol = x'00' WHERE number = 1",
        "UPDATE intents SET added_seq = 3 WHERE number = 1",
        "UPDATE intents SET charter_hash = '' WHERE number = 3",
        "UPDATE intents SET sent_ns = 10 WHERE number = 2",
        "UPDATE intents SET outcome = '{}' WHERE number = 2",
        "UPDATE intents SET key = 'other' WHERE number = 2",
        "UPDATE intents SET number = 7 WHERE number = 3",
        "UPDATE intents SET changed_seq = added_seq, state = 'intent', sent_ns = NULL WHERE number = 2",
        "UPDATE intents SET scope = 'live:oanda:x' WHERE number = 3",
        "UPDATE intents SET is_open = 0 WHERE number = 2",
        "UPDATE intents SET is_open = 2 WHERE number = 1",
    ],
)
def test_an_edited_intent_is_found(root: Path, statement: str) -> None:
    raw(root, statement)
    assert "intent_changed" in codes(root)


def test_a_deleted_intent_is_found(root: Path) -> None:
    raw(root, "DELETE FROM intents WHERE number = 3")
    assert verify(root) == [Finding("intent_missing", "order 3 of paper:paper:main is gone, its record is not", 4, 4)]


@pytest.mark.parametrize(
    "change",
    [
        """state = '{"n":"1000000"}'""",
        """config = '{"source":"other"}'""",
        "checkpoint_ns = 999",
        "clock_ns = 1",
        "version = 7",
        "status = 'closed'",
        "status = 'nonsense'",
        "currency = 'EUR'",
        "kind = 'spot'",
        "created_ns = 2",
        "mac = ''",
        "recorded_seq = 2",
        "scope = 'live:oanda:x'",
        "scope = 'nonsense'",
    ],
)
def test_an_edited_account_is_found(root: Path, change: str) -> None:
    raw(root, f"UPDATE accounts SET {change}")
    assert "account_changed" in codes(root)


def test_a_deleted_account_is_found(root: Path) -> None:
    raw(root, "DELETE FROM accounts")
    assert codes(root) == {"account_missing"}


def test_an_account_row_put_back_to_what_it_was_before_is_found(root: Path) -> None:
    raw(root, "CREATE TABLE kept AS SELECT * FROM accounts")
    with open_store(root) as store, store.transaction() as transaction:
        transaction.put_account(fresh_account(state='{"n":"-5"}'), expected_version=1)
    raw(root, "REPLACE INTO accounts SELECT * FROM kept")
    assert codes(root) == {"account_changed"}


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("DELETE FROM latches", "latch_missing"),
        ("UPDATE latches SET reason = 'nothing'", "latch_changed"),
        ("UPDATE latches SET scope = 'paper:paper:other'", "latch_changed"),
        ("INSERT INTO latches VALUES ('', 'new', 'r', '{}', 1, 1, 6)", "latch_changed"),
        ("INSERT INTO latches VALUES ('paper:paper:main', 'drawdown', 'peak', '{}', 1, 1, 7)", "latch_changed"),
    ],
)
def test_an_edited_latch_is_found(root: Path, statement: str, code: str) -> None:
    raw(root, statement)
    assert code in codes(root)


@pytest.mark.parametrize("table", ["journal", "intents"])
def test_the_database_itself_refuses_to_delete(root: Path, table: str) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        raw(root, f"DELETE FROM {table}", triggers=True)


def test_the_database_itself_refuses_to_change_a_record(root: Path) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw(root, "UPDATE journal SET body = '{}'", triggers=True)


def test_a_missing_key_and_a_missing_anchor_are_findings(root: Path) -> None:
    for path in (root / "config").iterdir():
        path.unlink()
    assert codes(root) == {"key_missing", "anchor_missing"}


def test_a_store_whose_key_is_gone_takes_no_new_record(root: Path) -> None:
    (root / "config" / "journal.key").unlink()
    with pytest.raises(SetupError, match="key of its journal is missing") as caught:
        open_store(root)
    assert caught.value.code == "state_unusable"
    assert not (root / "config" / "journal.key").exists()


def test_an_anchor_taken_away_is_not_quietly_put_back(root: Path) -> None:
    (anchor,) = (root / "config").glob("*.anchor")
    anchor.unlink()
    with open_store(root) as store, store.transaction() as transaction:
        transaction.append("note", None, {})
    assert codes(root) == {"anchor_missing"}


def test_two_stores_share_a_configuration_folder(root: Path) -> None:
    (root / "second").mkdir()
    (root / "second" / "config").symlink_to(root / "config")
    with open_store(root / "second") as store:
        with store.transaction() as transaction:
            transaction.append("note", None, {})
        assert store.verify() == []
    assert verify(root) == []
    assert len(list((root / "config").glob("*.anchor"))) == 2


def test_the_export_holds_every_record_and_enough_to_prove_it(root: Path) -> None:
    out = io.StringIO()
    with open_store(root, write=False) as store:
        assert store.export(out) == 12
        head = store.head()
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, 13))
    assert lines[-1]["mac"] == head.mac
    assert lines[-1]["body"] == {"amount": "3.50"}


def test_a_backup_is_private_verified_whole_and_without_the_key(root: Path) -> None:
    target = root / "kept.db"
    with open_store(root) as store:
        store.backup(target)
        head = store.head()
    assert target.stat().st_mode & 0o777 == 0o600
    assert (root / "config" / "journal.key").read_bytes() not in target.read_bytes()
    assert sorted(path.name for path in root.iterdir()) == ["config", "kept.db", "state"]
    shutil.copy(target, root / "state" / "rickctl.db")
    with open_store(root) as store:
        assert store.head() == head
        assert store.verify() == []
        with store.transaction() as transaction:
            transaction.append("note", None, {})
        assert store.verify() == []


def test_a_backup_overwrites_nothing(root: Path) -> None:
    target = root / "kept.db"
    target.write_text("mine")
    with open_store(root) as store, pytest.raises(UsageError) as caught:
        store.backup(target)
    assert caught.value.code == "file_exists"
    assert target.read_text() == "mine"
