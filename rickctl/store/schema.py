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

NOT_INTENTS = "number IS NOT NULL AND kind NOT IN ('intent','intent_changed')"
"""What the index of an order's records leaves out, because `intents` says where those stand; to be repeated as well."""

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
    "CREATE INDEX intents_open ON intents (scope) WHERE state IN ('intent','sent','unknown')",
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


_LIGHT_INTENTS = (
    """CREATE TABLE light_intents (
        scope TEXT NOT NULL,
        number INTEGER NOT NULL,
        kind TEXT NOT NULL,
        client_order_id TEXT NOT NULL,
        key TEXT,
        symbol TEXT NOT NULL,
        request_hash TEXT NOT NULL,
        charter_hash TEXT NOT NULL,
        created_ns INTEGER NOT NULL,
        recorded_ns INTEGER NOT NULL,
        state TEXT NOT NULL,
        owner TEXT,
        sent_ns INTEGER,
        answered_ns INTEGER,
        outcome TEXT,
        error TEXT,
        is_open INTEGER NOT NULL,
        added_seq INTEGER NOT NULL,
        changed_seq INTEGER NOT NULL,
        UNIQUE (scope, number))""",
    """INSERT INTO light_intents
        SELECT scope, number, kind, client_order_id, key, symbol, request_hash, charter_hash, created_ns, recorded_ns,
            state, owner, sent_ns, answered_ns, outcome, error, state IN ('intent','sent','unknown'),
            added_seq, changed_seq
        FROM intents ORDER BY rowid""",
    "DROP TABLE intents",
    "ALTER TABLE light_intents RENAME TO intents",
    "CREATE INDEX intents_by_key ON intents (scope, key) WHERE key IS NOT NULL",
    "CREATE INDEX intents_by_time ON intents (is_open, scope, created_ns)",
    """CREATE TRIGGER intents_hold BEFORE DELETE ON intents
        BEGIN SELECT RAISE(ABORT, 'intents are never deleted'); END""",
    "DROP INDEX journal_by_order",
    f"CREATE INDEX journal_by_order ON journal (scope, number) WHERE {NOT_INTENTS}",
)


def lighten_intents(connection: sqlite3.Connection) -> None:
    """Schema 2: what an intent asked for stands in its record alone, and fewer indexes change with a step of an order.

    Whether an intent is open is a column of its own, so that marking one as sent leaves every index as it is.
    """
    for statement in _LIGHT_INTENTS:
        connection.execute(statement)


MIGRATIONS: tuple[Migration, ...] = (create_tables, lighten_intents)
