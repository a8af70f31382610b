"""The tables and the ordered steps that lead to them; a released step is never edited, only followed by another."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

Migration: TypeAlias = "Callable[[sqlite3.Connection], None]"

APPLICATION_ID = 0x726B6374
"""`rkct`, in the file's header: what tells our database from any other."""

OPEN_STATES = "state IN ('intent','sent','unknown')"
"""The condition of the partial index; a query must repeat it word for word to use it."""

_TABLES = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE journal (
        seq INTEGER PRIMARY KEY,
        recorded_ns INTEGER NOT NULL,
        scope TEXT,
        kind TEXT NOT NULL,
        number INTEGER,
        body TEXT NOT NULL,
        mac TEXT NOT NULL)""",
    "CREATE INDEX journal_ledger ON journal (scope) WHERE kind = 'ledger'",
    "CREATE INDEX journal_by_order ON journal (scope, number) WHERE number IS NOT NULL",
    """CREATE TRIGGER journal_keeps BEFORE UPDATE ON journal
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
    """CREATE TRIGGER journal_holds BEFORE DELETE ON journal
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
    """CREATE TABLE accounts (
        scope TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        currency TEXT NOT NULL,
        config TEXT NOT NULL,
        state TEXT NOT NULL,
        checkpoint_ns INTEGER NOT NULL,
        clock_ns INTEGER,
        status TEXT NOT NULL,
        version INTEGER NOT NULL,
        created_ns INTEGER NOT NULL,
        recorded_seq INTEGER NOT NULL,
        mac TEXT NOT NULL)""",
    """CREATE TABLE intents (
        scope TEXT NOT NULL,
        number INTEGER NOT NULL,
        kind TEXT NOT NULL,
        client_order_id TEXT NOT NULL,
        key TEXT,
        symbol TEXT NOT NULL,
        request TEXT NOT NULL,
        request_hash TEXT NOT NULL,
        quotes TEXT NOT NULL,
        verdicts TEXT NOT NULL,
        charter_hash TEXT NOT NULL,
        created_ns INTEGER NOT NULL,
        recorded_ns INTEGER NOT NULL,
        state TEXT NOT NULL,
        owner TEXT,
        sent_ns INTEGER,
        answered_ns INTEGER,
        outcome TEXT,
        error TEXT,
        added_seq INTEGER NOT NULL,
        changed_seq INTEGER NOT NULL,
        UNIQUE (scope, number))""",
    "CREATE INDEX intents_by_time ON intents (scope, created_ns)",
    "CREATE INDEX intents_by_key ON intents (scope, key) WHERE key IS NOT NULL",
    f"CREATE INDEX intents_open ON intents (scope) WHERE {OPEN_STATES}",
    """CREATE TRIGGER intents_hold BEFORE DELETE ON intents
        BEGIN SELECT RAISE(ABORT, 'intents are never deleted'); END""",
    """CREATE TABLE latches (
        scope TEXT NOT NULL,
        name TEXT NOT NULL,
        reason TEXT NOT NULL,
        detail TEXT NOT NULL,
        set_ns INTEGER NOT NULL,
        recorded_ns INTEGER NOT NULL,
        recorded_seq INTEGER NOT NULL,
        PRIMARY KEY (scope, name)) WITHOUT ROWID""",
)


def create_tables(connection: sqlite3.Connection) -> None:
    """Schema 1: every table, and the identity this database keeps for life."""
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    for statement in _TABLES:
        connection.execute(statement)
    connection.execute("INSERT INTO meta VALUES ('store_id', ?)", (os.urandom(4).hex(),))


MIGRATIONS: tuple[Migration, ...] = (create_tables,)
