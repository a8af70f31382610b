"""Every question state can be asked, as plain SELECTs over one connection; writes nothing."""

# ruff: noqa: S608  (only our own column names are put into statements; values are parameters)

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rickctl.domain.orders import IntentState
from rickctl.store.rows import (
    ACCOUNT_COLUMNS,
    INTENT_COLUMNS,
    JOURNAL_COLUMNS,
    LATCH_COLUMNS,
    OPEN_STATES,
    read_account,
    read_intent,
    read_journal,
    read_latch,
)
from rickctl.store.schema import NOT_INTENTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from rickctl.domain.records import AccountRow, IntentRow, JournalRow, LatchRow
    from rickctl.domain.scope import Scope
    from rickctl.store.db import Database

_ACCOUNT = f"SELECT {', '.join(ACCOUNT_COLUMNS)} FROM accounts"
_INTENT = f"SELECT {', '.join(INTENT_COLUMNS)}, (SELECT body FROM journal WHERE seq = added_seq) FROM intents"
_JOURNAL = f"SELECT {', '.join(JOURNAL_COLUMNS)} FROM journal"
_LATCH = f"SELECT {', '.join(LATCH_COLUMNS)} FROM latches"
_MOST = 2**63 - 1


class Reads:
    """The reads of an open database; where there is none yet they answer empty. Raise SetupError."""

    def __init__(self, database: Database | None, path: Path) -> None:
        self._database = database
        self._path = path
        self._store_id = ""

    @property
    def store_id(self) -> str:
        """Eight hexadecimal characters made once per database; empty while there is none."""
        if not self._store_id:
            found = self._rows("SELECT value FROM meta WHERE name = 'store_id'")
            self._store_id = str(found[0][0]) if found else ""
        return self._store_id

    def account(self, scope: Scope) -> AccountRow | None:
        """The account, or None."""
        found = self._rows(f"{_ACCOUNT} WHERE scope = ?", str(scope))
        return read_account(found[0], self._path) if found else None

    def accounts(self) -> list[AccountRow]:
        """Every account of every scope, by scope."""
        return [read_account(row, self._path) for row in self._rows(f"{_ACCOUNT} ORDER BY scope")]

    def intent(self, scope: Scope, number: int) -> IntentRow | None:
        """One intent, or None."""
        found = self._rows(f"{_INTENT} WHERE scope = ? AND number = ?", str(scope), number)
        return read_intent(found[0], self._path) if found else None

    def intent_by_key(self, scope: Scope, key: str) -> IntentRow | None:
        """The newest intent made with this idempotency key, or None."""
        found = self._rows(f"{_INTENT} WHERE scope = ? AND key = ? ORDER BY rowid DESC LIMIT 1", str(scope), key)
        return read_intent(found[0], self._path) if found else None

    def intents(
        self,
        scope: Scope | None = None,
        *,
        states: Collection[IntentState] | None = None,
        since_ns: int | None = None,
        limit: int | None = None,
    ) -> list[IntentRow]:
        """Intents, newest first; `since_ns` is compared with `created_ns` (the scope's clock)."""
        asked = _Conditions()
        newest = "rowid"
        if scope is not None:
            asked.add("scope = ?", str(scope))
        if states is not None:
            asked.add_any("state", states)
        if states is not None and OPEN_STATES.issuperset(states):
            asked.add("is_open = 1")
        elif scope is not None and since_ns is not None:
            asked.add("is_open IN (0, 1)")
        elif scope is not None:
            # The same order within one scope, and its index need not be sorted.
            newest = "number"
        if since_ns is not None:
            asked.add("created_ns >= ?", since_ns)
        found = self._rows(f"{_INTENT}{asked.text} ORDER BY {newest} DESC LIMIT ?", *asked.values, _limit(limit))
        return [read_intent(row, self._path) for row in found]

    def unknown_outcomes(self) -> list[tuple[Scope, int]]:
        """Account and number of every intent whose outcome is unknown, oldest first."""
        found = self.intents(states={IntentState.UNKNOWN})
        return [(row.scope, row.number) for row in reversed(found)]

    def journal(
        self,
        scope: Scope | None = None,
        *,
        kinds: Collection[str] | None = None,
        number: int | None = None,
        after_seq: int = 0,
        limit: int | None = None,
    ) -> Iterator[JournalRow]:
        """Records in order; `number` keeps those of one order."""
        database = self._look()
        if database is None:
            return
        asked = _Conditions()
        asked.add("seq > ?", after_seq)
        if scope is not None:
            asked.add("scope = ?", str(scope))
        if kinds is not None:
            asked.add_any("kind", kinds)
        if number is not None:
            asked.add("number = ?", number)
        sql, values = f"{_JOURNAL}{asked.text}", asked.values
        if scope is not None and number is not None:
            sql, values = self._of_one_order(database, sql, values, scope, number)
        for row in database.stream(f"{sql} ORDER BY seq LIMIT ?", (*values, _limit(limit))):
            yield read_journal(row, self._path)

    def _of_one_order(
        self, database: Database, sql: str, values: list[object], scope: Scope, number: int
    ) -> tuple[str, list[object]]:
        """The same question in two halves: what the index of orders holds, and the records the intent's row points to.

        Where that row is gone its records are looked for everywhere.
        """
        where = database.one(
            "SELECT added_seq, changed_seq FROM intents WHERE scope = ? AND number = ?", (str(scope), number)
        )
        first, last = where or (0, _MOST)
        own = f"{sql} AND NOT ({NOT_INTENTS}) AND seq BETWEEN ? AND ?"
        return f"{sql} AND {NOT_INTENTS} UNION ALL {own}", [*values, *values, first, last]

    def ledger(self, scope: Scope, after_n: int = 0) -> list[JournalRow]:
        """The account's records of kind `ledger` in order, without the first `after_n`."""
        sql = f"{_JOURNAL} WHERE scope = ? AND kind = 'ledger' ORDER BY seq LIMIT -1 OFFSET ?"
        return [read_journal(row, self._path) for row in self._rows(sql, str(scope), after_n)]

    def latches(self, scope: Scope | None = None) -> list[LatchRow]:
        """Latches that hold for this scope, those for every account included; None lists all."""
        asked = _Conditions()
        if scope is not None:
            asked.add("scope IN ('', ?)", str(scope))
        found = self._rows(f"{_LATCH}{asked.text} ORDER BY scope, name", *asked.values)
        return [read_latch(row, self._path) for row in found]

    def _rows(self, sql: str, *parameters: object) -> list[Any]:
        database = self._look()
        return [] if database is None else database.rows(sql, parameters)

    def _look(self) -> Database | None:
        return self._database


class _Conditions:
    """A WHERE clause in the making; every value goes in as a parameter."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self.values: list[object] = []

    def add(self, condition: str, *values: object) -> None:
        self._parts.append(condition)
        self.values.extend(values)

    def add_any(self, column: str, values: Collection[str]) -> None:
        self.add(f"{column} IN ({', '.join('?' * len(values))})", *sorted(values))

    @property
    def text(self) -> str:
        return f" WHERE {' AND '.join(self._parts)}" if self._parts else ""


def _limit(limit: int | None) -> int:
    return _MOST if limit is None else min(limit, _MOST)
