"""The chain of records and the seals of rows: what is hashed, in which form; opens no file and decides nothing."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from rickctl.domain.records import JournalHead, JournalRow, canonical_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rickctl.domain.records import JSON, AccountRow, LatchRow
    from rickctl.domain.scope import Scope
    from rickctl.store.db import Database

ACCOUNT = "account"
INTENT = "intent"
INTENT_CHANGED = "intent_changed"
LATCH_SET = "latch_set"
LATCH_CLEARED = "latch_cleared"
OWN_KINDS = frozenset({ACCOUNT, INTENT, INTENT_CHANGED, LATCH_SET, LATCH_CLEARED})
"""Kinds only the store itself writes, because its tables are checked against them."""


def chained_mac(
    key: bytes, before: str, seq: int, recorded_ns: int, scope: str | None, kind: str, number: int | None, body: str
) -> str:
    """The mac of a record, binding it to the one before.

    The fields stand one a line; `scope`, `kind` and JSON text hold no line break, so no two records share a text.
    """
    content = f"{before}\n{seq}\n{recorded_ns}\n{scope or ''}\n{kind}\n{'' if number is None else number}\n{body}"
    return hmac.digest(key, content.encode("utf-8", "surrogatepass"), "sha256").hex()


def journal_head(database: Database, store_id: str) -> JournalHead:
    """The last record of the journal; raises SetupError."""
    found = database.one("SELECT seq, mac FROM journal ORDER BY seq DESC LIMIT 1")
    return JournalHead(store_id, found[0], found[1]) if found else JournalHead(store_id, 0, "")


class Chain:
    """The end of the journal while one transaction holds the write lock."""

    def __init__(self, database: Database, key: bytes, store_id: str) -> None:
        self._database = database
        self._key = key
        self._store_id = store_id
        self.before: JournalHead | None = None
        self.head: JournalHead | None = None
        """The head before the first record of this transaction, and after its last; None while there is none."""

    def append(self, recorded_ns: int, kind: str, scope: Scope | None, body: str, number: int | None) -> JournalRow:
        """Add a record whose `body` is JSON text; raises SetupError."""
        if self.head is None:
            self.before = self.head = journal_head(self._database, self._store_id)
        _, seq, before = self.head
        name = None if scope is None else str(scope)
        mac = chained_mac(self._key, before, seq + 1, recorded_ns, name, kind, number, body)
        self._database.run(
            "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?)", (seq + 1, recorded_ns, name, kind, number, body, mac)
        )
        self.head = JournalHead(self._store_id, seq + 1, mac)
        return JournalRow(seq + 1, recorded_ns, scope, kind, number, body, mac)

    def seal(self, row: AccountRow, recorded_seq: int) -> str:
        """The mac of an account's row, checkpoint and all."""
        return account_seal(self._key, row, recorded_seq)


def account_seal(key: bytes, row: AccountRow, recorded_seq: int) -> str:
    """A mac over every column of an account's row."""
    moving: list[JSON] = [row.checkpoint_ns, row.clock_ns, row.version, recorded_seq]
    content = canonical_json(["account", str(row.scope), account_digest(row), *moving])
    return hmac.digest(key, content.encode(), "sha256").hex()


def account_digest(row: AccountRow) -> str:
    """SHA-256 of what an account is, whatever its checkpoint: a change of it goes into the journal."""
    parts: list[JSON] = [row.kind, row.currency, row.config, row.state, row.status, row.created_ns]
    return hashlib.sha256(canonical_json(parts).encode()).hexdigest()


def intent_texts(scope: str, row: Mapping[str, JSON]) -> tuple[str, str]:
    """What of an intent never changes and what does, each as JSON text; the columns holding JSON go in as they are."""
    fixed = canonical_json({"scope": scope, **{name: row[name] for name in FIXED_PLAIN}})
    texts = ",".join([f'"{name}":{row[name]}' for name in FIXED_JSON])
    return f"{fixed[:-1]},{texts}}}", changing_text(row)


def changing_text(row: Mapping[str, JSON]) -> str:
    """What of an intent changes, as JSON text."""
    changing = canonical_json({name: row[name] for name in CHANGING_PLAIN})
    return f'{changing[:-1]},"outcome":{row["outcome"] or "null"}}}'


FIXED_PLAIN = (
    "number",
    "kind",
    "client_order_id",
    "key",
    "symbol",
    "request_hash",
    "charter_hash",
    "created_ns",
    "recorded_ns",
)
FIXED_JSON = ("request", "quotes", "verdicts")
CHANGING_PLAIN = ("state", "owner", "sent_ns", "answered_ns", "error")


def latch_body(row: LatchRow) -> str:
    """The whole of a latch as JSON text."""
    fields: dict[str, JSON] = {"name": row.name, "reason": row.reason, "set_ns": row.set_ns, "detail": row.detail}
    return canonical_json(fields)
