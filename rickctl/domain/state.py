"""The Protocols of durable state: what is read, what its one writer may do, what is asked of the journal; not how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import TextIO

    from rickctl.domain.orders import IntentState
    from rickctl.domain.records import (
        JSON,
        AccountRow,
        Finding,
        IntentKind,
        IntentRow,
        JournalHead,
        JournalRow,
        LatchRow,
    )
    from rickctl.domain.scope import Scope


class StateReads(Protocol):
    """Durable state as it stands; every call names its scope, or None where all scopes are meant."""

    @property
    def store_id(self) -> str:
        """Eight hexadecimal characters made once per database; empty while there is none."""
        ...

    def account(self, scope: Scope) -> AccountRow | None:
        """The account, or None."""
        ...

    def accounts(self) -> list[AccountRow]:
        """Every account of every scope, by scope."""
        ...

    def intent(self, scope: Scope, number: int) -> IntentRow | None:
        """One intent, or None."""
        ...

    def intent_by_key(self, scope: Scope, key: str) -> IntentRow | None:
        """The newest intent made with this idempotency key, or None."""
        ...

    def intents(
        self,
        scope: Scope | None = None,
        *,
        states: Collection[IntentState] | None = None,
        since_ns: int | None = None,
        limit: int | None = None,
    ) -> list[IntentRow]:
        """Intents, newest first; `since_ns` is compared with `created_ns` (the scope's clock)."""
        ...

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
        ...

    def ledger(self, scope: Scope, after_n: int = 0) -> list[JournalRow]:
        """The account's records of kind `ledger` in order, without the first `after_n`."""
        ...

    def latches(self, scope: Scope | None = None) -> list[LatchRow]:
        """Latches that hold for this scope, those for every account included; None lists all."""
        ...


class StateTransaction(StateReads, Protocol):
    """The one writer of the moment: what it reads stays true until it is committed."""

    def append(
        self, kind: str, scope: Scope | None, body: Mapping[str, JSON], *, number: int | None = None
    ) -> JournalRow:
        """Add a record to the chain."""
        ...

    def put_account(self, row: AccountRow, *, expected_version: int) -> AccountRow:
        """Write the account if it still has `expected_version` (0: it does not exist yet); raises StaleAccount."""
        ...

    def next_intent(self, scope: Scope) -> tuple[int, str]:
        """The number and the client order id the next `add_intent` of this scope will use."""
        ...

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
        """Record an intent as INTENT or REFUSED under the scope's next number."""
        ...

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
        ...

    def set_latch(
        self, name: str, scope: Scope | None, *, reason: str, at_ns: int, detail: Mapping[str, JSON] | None = None
    ) -> LatchRow:
        """Set a latch, or replace it."""
        ...

    def clear_latch(self, name: str, scope: Scope | None, *, reason: str, at_ns: int) -> bool:
        """Clear a latch; False where it was not set."""
        ...


class State(StateReads, Protocol):
    """Durable state; a transaction is one read-decide-write with every other writer kept out."""

    def transaction(self) -> AbstractContextManager[StateTransaction]:
        """Commit at the end of the block, nothing at all if it raises. No network inside."""
        ...


class Audit(Protocol):
    """What can be asked of the journal as a whole."""

    def head(self) -> JournalHead:
        """The last record."""
        ...

    def verify(self, exported: JournalHead | None = None) -> list[Finding]:
        """Everything wrong with the journal and the tables it speaks of; empty when all is well."""
        ...

    def integrity(self) -> list[str]:
        """What the database engine finds wrong with its file; empty when all is well. Reads all of it."""
        ...

    def export(self, out: TextIO) -> int:
        """Write the journal as one JSON object a line; the number of records."""
        ...

    def backup(self, target: Path) -> None:
        """Copy the database to a new file only its owner can read, and check the copy."""
        ...
