"""One read-decide-write: accounts, intents, latches and journal records, all or none; it opens and commits nothing."""

# ruff: noqa: S608  (only our own column names are put into statements; values are parameters)

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rickctl.domain.orders import NEXT_INTENT_STATES, IntentState
from rickctl.domain.records import IntentRow, LatchRow, StaleAccount, canonical_json
from rickctl.store.failures import full
from rickctl.store.journal import (
    ACCOUNT,
    CHANGING,
    INTENT,
    INTENT_CHANGED,
    LATCH_CLEARED,
    LATCH_SET,
    OWN_KINDS,
    account_digest,
    changing_text,
    intent_body,
    latch_body,
)
from rickctl.store.reads import Reads
from rickctl.store.rows import ACCOUNT_COLUMNS, INTENT_COLUMNS, OPEN_STATES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rickctl.domain.ports import Clock
    from rickctl.domain.records import JSON, AccountRow, IntentKind, JournalRow
    from rickctl.domain.scope import Scope
    from rickctl.store.db import Database
    from rickctl.store.journal import Chain

_KIND = re.compile(r"[a-z][a-z0-9_.]*", re.ASCII)
_ADDED = (*INTENT_COLUMNS, "is_open", "added_seq", "changed_seq")
_ADD = f"INSERT INTO intents ({', '.join(_ADDED)}) VALUES ({', '.join('?' * len(_ADDED))})"
_WHERE = "WHERE scope = ? AND number = ?"
_CHANGING = f"SELECT {', '.join(CHANGING)} FROM intents {_WHERE}"
_CHANGE = f"UPDATE intents SET {', '.join(f'{name} = ?' for name in CHANGING)}, changed_seq = ? {_WHERE}"
_END = f"UPDATE intents SET is_open = 0, {', '.join(f'{name} = ?' for name in CHANGING)}, changed_seq = ? {_WHERE}"
_STATE, _OWNER = CHANGING.index("state"), CHANGING.index("owner")
_FIRST_STATES = frozenset({IntentState.INTENT, IntentState.REFUSED})


class Transaction(Reads):
    """The one writer of the moment; what it reads stays true until the block ends."""

    def __init__(self, database: Database, chain: Chain, store_id: str, clock: Clock) -> None:
        super().__init__(database, database.path)
        self._store_id = store_id
        self._writable = database
        self._chain = chain
        self._clock = clock

    def append(
        self, kind: str, scope: Scope | None, body: Mapping[str, JSON], *, number: int | None = None
    ) -> JournalRow:
        """Add a record to the chain."""
        if kind in OWN_KINDS or not _KIND.fullmatch(kind):
            message = f"journal kind {kind!r} is not the caller's to write"
            raise ValueError(message)
        return self._append(kind, scope, canonical_json(body), number)

    def put_account(self, row: AccountRow, *, expected_version: int) -> AccountRow:
        """Write the account if it still has `expected_version` (0: it does not exist yet); raises StaleAccount.

        A change of anything but the checkpoint, the clock and the version goes into the journal as well.
        """
        name = str(row.scope)
        current = self.account(row.scope)
        if (current.version if current else 0) != expected_version:
            message = f"account {name} changed since it was read"
            raise StaleAccount(message)
        row = replace(row, version=expected_version + 1)
        digest = account_digest(row)
        if current is not None and account_digest(current) == digest:
            (recorded_seq,) = self._writable.one("SELECT recorded_seq FROM accounts WHERE scope = ?", (name,))
        else:
            body = canonical_json({"digest": digest, "status": row.status, "version": row.version})
            recorded_seq = self._append(ACCOUNT, row.scope, body, None).seq
        values = {**{column: getattr(row, column) for column in ACCOUNT_COLUMNS}, "scope": name}
        self._put("accounts", {**values, "recorded_seq": recorded_seq, "mac": self._chain.seal(row, recorded_seq)})
        return row

    def next_intent(self, scope: Scope) -> tuple[int, str]:
        """The number and the client order id the next `add_intent` of this scope will use."""
        (last,) = self._writable.one("SELECT max(number) FROM intents WHERE scope = ?", (str(scope),))
        number = (last or 0) + 1
        return number, f"rk-{self.store_id}-{scope.account}-{number}"

    def add_intent(
        self,
        scope: Scope,
        *,
        kind: IntentKind,
        key: str | None,
        symbol: str,
        request: Mapping[str, JSON],
        request_hash: str,
        quotes: Sequence[JSON],
        verdicts: Sequence[JSON],
        charter_hash: str,
        state: IntentState,
        owner: str | None,
        created_ns: int,
        error: str | None = None,
    ) -> IntentRow:
        """Record an intent as INTENT or REFUSED under the scope's next number; raises SetupError when room is short."""
        self._check_can_begin(state)
        number, client_order_id = self.next_intent(scope)
        asked: dict[str, Any] = {
            "request": canonical_json(request),
            "quotes": canonical_json(quotes),
            "verdicts": canonical_json(verdicts),
        }
        # In the order of INTENT_COLUMNS.
        values: dict[str, Any] = {
            "number": number,
            "kind": kind,
            "client_order_id": client_order_id,
            "key": key,
            "symbol": symbol,
            "request_hash": request_hash,
            "charter_hash": charter_hash,
            "created_ns": created_ns,
            "recorded_ns": self._clock.now_ns(),
            "state": state,
            "owner": owner,
            "sent_ns": None,
            "answered_ns": None,
            "outcome": None,
            "error": error,
        }
        name = str(scope)
        seq = self._append(INTENT, scope, intent_body(name, {**values, **asked}), number).seq
        self._writable.run(_ADD, (name, *values.values(), state in OPEN_STATES, seq, seq))
        return IntentRow(scope=scope, **values, **asked)

    def change_intent(
        self,
        scope: Scope,
        number: int,
        expected: IntentState,
        new: IntentState,
        *,
        owner: str | None = None,
        sent_ns: int | None = None,
        answered_ns: int | None = None,
        outcome: Mapping[str, JSON] | None = None,
        error: str | None = None,
    ) -> bool:
        """Move an intent that is in `expected` (and, if given, belongs to `owner`) to `new`; False where it is not.

        Only changes of `NEXT_INTENT_STATES` are possible; what is None stays as it was.
        """
        if new not in NEXT_INTENT_STATES[expected]:
            message = f"an intent cannot go from {expected} to {new}"
            raise ValueError(message)
        name = str(scope)
        found = self._writable.one(_CHANGING, (name, number))
        if found is None or found[_STATE] != expected or (owner is not None and found[_OWNER] != owner):
            return False
        given = (answered_ns, error, None, sent_ns, new, None if outcome is None else canonical_json(outcome))
        now = [old if value is None else value for old, value in zip(found, given, strict=True)]
        body = f'{{"now":{changing_text(*now)},"was":"{expected.value}"}}'
        seq = self._append(INTENT_CHANGED, scope, body, number).seq
        # A column that is named in an update has its index written anew, changed or not.
        self._writable.run(_CHANGE if new in OPEN_STATES else _END, (*now, seq, name, number))
        return True

    def set_latch(
        self, name: str, scope: Scope | None, *, reason: str, at_ns: int, detail: Mapping[str, JSON] | None = None
    ) -> LatchRow:
        """Set a latch, or replace it."""
        row = LatchRow(scope, name, reason, canonical_json(detail or {}), at_ns, self._clock.now_ns())
        seq = self._append(LATCH_SET, scope, latch_body(row), None).seq
        values = {**row._asdict(), "scope": str(scope) if scope else ""}
        self._put("latches", {**values, "recorded_seq": seq})
        return row

    def clear_latch(self, name: str, scope: Scope | None, *, reason: str, at_ns: int) -> bool:
        """Clear a latch; False where it was not set."""
        where = (str(scope) if scope else "", name)
        if not self._writable.run("DELETE FROM latches WHERE scope = ? AND name = ?", where):
            return False
        body = canonical_json({"name": name, "reason": reason, "cleared_ns": at_ns})
        self._append(LATCH_CLEARED, scope, body, None)
        return True

    def _check_can_begin(self, state: IntentState) -> None:
        if state not in _FIRST_STATES:
            message = f"an intent cannot begin as {state}"
            raise ValueError(message)
        if not self._writable.has_room():
            raise full(self._path)

    def _append(self, kind: str, scope: Scope | None, body: str, number: int | None) -> JournalRow:
        return self._chain.append(self._clock.now_ns(), kind, scope, body, number)

    def _put(self, table: str, values: Mapping[str, object]) -> None:
        columns, marks = ", ".join(values), ", ".join("?" * len(values))
        self._writable.run(f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({marks})", tuple(values.values()))
