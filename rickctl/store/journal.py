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
    """The mac of a record, binding it to the one before."""
    return hmac.digest(key, record_text(before, seq, recorded_ns, scope, kind, number, body), "sha256").hex()


def record_text(
    before: str, seq: int, recorded_ns: int, scope: str | None, kind: str, number: int | None, body: str
) -> bytes:
    """What the mac of a record is made over; `before` is the mac of the one before.

    The fields stand one a line; `scope`, `kind` and JSON text hold no line break, so no two records share a text.
    """
    content = f"{before}\n{seq}\n{recorded_ns}\n{scope or ''}\n{kind}\n{'' if number is None else number}\n{body}"
    return content.encode("utf-8", "surrogatepass")


def journal_head(database: Database, store_id: str) -> JournalHead:
    """The last record of the journal; raises SetupError."""
    found = database.one("SELECT seq, mac FROM journal ORDER BY seq DESC LIMIT 1")
    return JournalHead(store_id, found[0], found[1]) if found else JournalHead(store_id, 0, "")


class Chain:
    """The end of the journal while one transaction holds the write lock."""

    def __init__(self, database: Database, key: bytes, keyed: hmac.HMAC, store_id: str) -> None:
        self._database = database
        self._key = key
        self._keyed = keyed
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
        keyed = self._keyed.copy()
        keyed.update(record_text(before, seq + 1, recorded_ns, name, kind, number, body))
        mac = keyed.hexdigest()
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


def intent_body(scope: str, row: Mapping[str, JSON]) -> str:
    """The record of a new intent; raises ValueError where its JSON columns could not be read back."""
    fixed, changing = intent_texts(scope, row)
    body = f'{{"intent":{fixed},"now":{changing}}}'
    if read_asked(body) != tuple(row[name] for name in ASKED):
        message = "what was asked holds a member named as the record's own"
        raise ValueError(message)
    return body


def read_asked(body: str) -> tuple[str, str, str]:
    """The texts of ASKED in the record of an intent; raises ValueError where it is not the record of one.

    A text inside JSON cannot hold a bare quotation mark, so the names are found without decoding all of it.
    """
    request = body.index(',"request":') + len(',"request":')
    quotes = body.index(',"quotes":', request)
    verdicts = body.index(',"verdicts":', quotes)
    end = body.rindex('},"now":{')
    return body[request:quotes], body[quotes + len(',"quotes":') : verdicts], body[verdicts + len(',"verdicts":') : end]


def intent_texts(scope: str, row: Mapping[str, JSON]) -> tuple[str, str]:
    """What of an intent never changes and what does, each as JSON text; the columns holding JSON go in as they are.

    Written out, in the order of canonical JSON: the encoder would cost a step of an order more than the rest of it.
    """
    key = row["key"]
    fixed = (
        f'{{"charter_hash":{canonical_json(row["charter_hash"])}'
        f',"client_order_id":{canonical_json(row["client_order_id"])}'
        f',"created_ns":{row["created_ns"]}'
        f',"key":{"null" if key is None else canonical_json(key)}'
        f',"kind":{canonical_json(row["kind"])}'
        f',"number":{row["number"]}'
        f',"recorded_ns":{row["recorded_ns"]}'
        f',"request_hash":{canonical_json(row["request_hash"])}'
        f',"scope":{canonical_json(scope)}'
        f',"symbol":{canonical_json(row["symbol"])}'
        f',"request":{row["request"]},"quotes":{row["quotes"]},"verdicts":{row["verdicts"]}}}'
    )
    return fixed, changing_text(*[row[name] for name in CHANGING])


def changing_text(answered_ns: JSON, error: JSON, owner: JSON, sent_ns: JSON, state: JSON, outcome: JSON) -> str:
    """What of an intent changes, as JSON text; `outcome` is JSON text already."""
    return (
        f'{{"answered_ns":{"null" if answered_ns is None else answered_ns}'
        f',"error":{"null" if error is None else canonical_json(error)}'
        f',"owner":{"null" if owner is None else canonical_json(owner)}'
        f',"sent_ns":{"null" if sent_ns is None else sent_ns}'
        f',"state":{canonical_json(state)},"outcome":{outcome or "null"}}}'
    )


ASKED = ("request", "quotes", "verdicts")
"""The columns of an intent that are JSON and stand in its record alone."""

CHANGING = ("answered_ns", "error", "owner", "sent_ns", "state", "outcome")


def latch_body(row: LatchRow) -> str:
    """The whole of a latch as JSON text."""
    fields: dict[str, JSON] = {"name": row.name, "reason": row.reason, "set_ns": row.set_ns, "detail": row.detail}
    return canonical_json(fields)
