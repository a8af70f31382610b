"""Durable state behind its Protocols: opens it, commits it, moves its anchor; never decides what an order may do."""

from __future__ import annotations

import hmac
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from rickctl.domain.errors import SetupError
from rickctl.domain.records import JournalHead
from rickctl.store import audit
from rickctl.store.anchor import Anchor, load_key, make_key
from rickctl.store.db import BUSY_MS, DATABASE_NAME, READ_BUSY_MS, integrity, open_for_reading, open_for_writing
from rickctl.store.failures import read_only, unusable
from rickctl.store.journal import Chain, journal_head
from rickctl.store.reads import Reads
from rickctl.store.schema import MIGRATIONS
from rickctl.store.transaction import Transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import TextIO

    from rickctl.domain.ports import Clock
    from rickctl.domain.records import Finding
    from rickctl.store.db import Database
    from rickctl.store.schema import Migration


class Writing:
    """The block in which a transaction is open; a class and no generator because every step of an order enters it."""

    __slots__ = ("_anchor", "_chain", "_database", "_transaction")

    def __init__(self, transaction: Transaction, database: Database, chain: Chain, anchor: Anchor) -> None:
        self._transaction = transaction
        self._database = database
        self._chain = chain
        self._anchor = anchor

    def __enter__(self) -> Transaction:
        self._database.run("BEGIN IMMEDIATE")
        return self._transaction

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        try:
            if error is None:
                self._database.run("COMMIT")
        except BaseException:
            self._undo()
            raise
        if error is not None:
            self._undo()
        elif self._chain.before and self._chain.head:
            self._move_anchor(self._chain.before, self._chain.head)

    def _undo(self) -> None:
        # What went wrong first is what the caller must hear; SQLite undoes the rest when the file is closed.
        with suppress(SetupError):
            self._database.roll_back()

    def _move_anchor(self, before: JournalHead, after: JournalHead) -> None:
        # The records are committed: an anchor that lags is legal, an exception here would say they are not.
        with suppress(OSError, SetupError):
            self._anchor.move(before, after, lambda seq: audit.mac_at(self._database, seq))


class Store(Reads):
    """The state of one folder; close it, or use it as a context. Not to be shared between threads."""

    def __init__(
        self,
        database: Database | None,
        path: Path,
        *,
        config_dir: Path,
        clock: Clock,
        look_again: Callable[[], Database | None],
    ) -> None:
        super().__init__(database, path)
        self._config_dir = config_dir
        self._clock = clock
        self._look_again = look_again
        self._key: bytes | None = None
        self._keyed: hmac.HMAC | None = None
        self._anchor: Anchor | None = None

    @classmethod
    def open(
        cls,
        state_dir: Path,
        config_dir: Path,
        clock: Clock,
        *,
        write: bool,
        busy_ms: int | None = None,
        max_pages: int | None = None,
        migrations: Sequence[Migration] = MIGRATIONS,
    ) -> Self:
        """Open to read, which makes nothing, or to write, which makes what is missing; raises SetupError.

        `busy_ms` is how long another process is waited for, where it should be neither a read's nor a write's usual.
        """
        if busy_ms is None:
            busy_ms = BUSY_MS if write else READ_BUSY_MS
        path = state_dir / DATABASE_NAME

        def look() -> Database | None:
            return open_for_reading(state_dir, migrations=migrations, busy_ms=busy_ms)

        if not write:
            return cls(look(), path, config_dir=config_dir, clock=clock, look_again=look)
        database = open_for_writing(state_dir, migrations=migrations, busy_ms=busy_ms, max_pages=max_pages)
        store = cls(database, path, config_dir=config_dir, clock=clock, look_again=look)
        try:
            store._take_key(database)
        except BaseException:
            store.close()
            raise
        return store

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of every file."""
        if self._database is not None:
            self._database.close()
        if self._anchor is not None:
            self._anchor.close()

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Commit at the end of the block, nothing at all if it raises. No network inside. Raises SetupError."""
        if self._database is None or self._key is None or self._keyed is None or self._anchor is None:
            raise read_only(self._path)
        chain = Chain(self._database, self._key, self._keyed, self.store_id)
        return Writing(
            Transaction(self._database, chain, self.store_id, self._clock), self._database, chain, self._anchor
        )

    def head(self) -> JournalHead:
        """The last record of the journal."""
        database = self._look()
        return JournalHead("", 0, "") if database is None else journal_head(database, self.store_id)

    def verify(self, exported: JournalHead | None = None) -> list[Finding]:
        """Everything wrong with the journal and the tables it speaks of; `exported` is a head kept elsewhere."""
        anchor = Anchor(self._config_dir, self.store_id, self._path.parent)
        # The anchor is read first: what is committed meanwhile may be ahead of it, never behind.
        mark, lost = anchor.load(), anchor.lost()
        key = load_key(self._config_dir)
        return audit.verify(self._look(), key, mark, lost, exported)

    def integrity(self) -> list[str]:
        """What the database engine finds wrong with its file; empty when all is well. Reads all of it."""
        database = self._look()
        return [] if database is None else integrity(database)

    def export(self, out: TextIO) -> int:
        """Write the journal as one JSON object a line; the number of records."""
        return audit.export(self.journal(), out)

    def backup(self, target: Path) -> None:
        """Copy the database to a new file only its owner can read, and check the copy; raises SetupError."""
        audit.backup(self._to_copy(), target)

    def check_backup(self, target: Path) -> None:
        """That a copy could be begun there; nothing is written. Raises UsageError, SetupError."""
        self._to_copy()
        audit.check_target(target)

    def _to_copy(self) -> Database:
        database = self._look()
        if database is None:
            raise unusable(self._path, "there is nothing to back up yet", "rickctl account create NAME")
        return database

    def _look(self) -> Database | None:
        """The database; one that was not there yet is looked for again."""
        if self._database is None:
            self._database = self._look_again()
        return self._database

    def _take_key(self, database: Database) -> None:
        self._key = load_key(self._config_dir)
        if self._key is None and database.one("SELECT 1 FROM journal LIMIT 1"):
            why = f"the key of its journal is missing from {self._config_dir}"
            hint = "put journal.key back from where you keep it, or move the state folder away to start anew"
            raise unusable(self._path, why, hint)
        self._key = self._key or make_key(self._config_dir)
        self._keyed = hmac.new(self._key, digestmod="sha256")
        self._anchor = Anchor(self._config_dir, self.store_id, self._path.parent)
        if not database.one("SELECT 1 FROM journal LIMIT 1"):
            self._anchor.begin()
