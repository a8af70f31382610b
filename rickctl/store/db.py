"""One SQLite file: opened privately, migrated, read and written with every failure named; knows no table's meaning."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from rickctl.domain.errors import SetupError, UsageError
from rickctl.store.failures import corrupt, from_os, from_sqlite, newer, read_only, unusable
from rickctl.store.files import check_file, check_folder, create_file, ensure_folder, folder_lock
from rickctl.store.mounts import check_local
from rickctl.store.schema import APPLICATION_ID, MIGRATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rickctl.store.schema import Migration

DATABASE_NAME = "rickctl.db"
BUSY_MS = 10_000
"""How long a writer waits for another, in milliseconds."""

READ_BUSY_MS = 2_000
"""How long a read waits for somebody who keeps even readers out; nothing depends on it but an answer."""

HEADROOM_BYTES = 1 << 20
"""Free space below which no new intent begins, so that what is already sent can still be recorded."""

_LOG_PAGES = 250
"""When the log is merged and begun anew: writing over it is cheaper than growing it, and most logs stay short."""

_FETCH = 512
_MAGIC = b"SQLite format 3\0"


class Database:
    """A connection whose every error is a SetupError; one per thread."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.path = path
        self._connection = connection
        self._folder = str(path.parent)

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Any]:
        """All rows of a query; raises SetupError, and UsageError for text that cannot be stored."""
        try:
            return self._connection.execute(sql, parameters).fetchall()
        except OverflowError:
            # A number no column can hold matches no row.
            return []
        except (sqlite3.Error, UnicodeEncodeError) as error:
            raise _named(error, self.path) from error

    def one(self, sql: str, parameters: Sequence[object] = ()) -> Any:  # noqa: ANN401  (a row is whatever was selected)
        """The first row of a query or None; raises as `rows`."""
        found = self.rows(sql, parameters)
        return found[0] if found else None

    def stream(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[Any]:
        """Rows one by one, without holding them all; raises as `rows`."""
        try:
            cursor = self._connection.execute(sql, parameters)
        except OverflowError:
            return
        except (sqlite3.Error, UnicodeEncodeError) as error:
            raise _named(error, self.path) from error
        while batch := self._batch(cursor):
            yield from batch

    def _batch(self, cursor: sqlite3.Cursor) -> list[Any]:
        try:
            return cursor.fetchmany(_FETCH)
        except sqlite3.Error as error:
            raise _named(error, self.path) from error

    def run(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Carry out one statement; the number of rows it touched. Raises as `rows`."""
        try:
            return self._connection.execute(sql, parameters).rowcount
        except (sqlite3.Error, UnicodeEncodeError) as error:
            raise _named(error, self.path) from error

    def roll_back(self) -> None:
        """Undo the open transaction, if SQLite has not done so itself."""
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise from_sqlite(error, self.path) from error

    def copy_to(self, target: Path) -> None:
        """Write a consistent copy into an existing empty file, as one file without a log; raises SetupError."""
        try:
            with closing(sqlite3.connect(target, isolation_level=None)) as copy:
                self._connection.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.Error as error:
            raise from_sqlite(error, target) from error

    def has_room(self) -> bool:
        """Whether the disk has the headroom a new intent asks for; True where that cannot be asked."""
        try:
            found = os.statvfs(self._folder)
        except OSError:
            return True
        return found.f_bavail * found.f_frsize >= HEADROOM_BYTES

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def open_for_writing(
    folder: Path,
    *,
    migrations: Sequence[Migration] = MIGRATIONS,
    busy_ms: int = BUSY_MS,
    max_pages: int | None = None,
) -> Database:
    """Open the database of a state folder, making or migrating it where needed; raises SetupError."""
    ensure_folder(folder)
    path = folder / DATABASE_NAME
    check_local(folder)
    if not os.access(folder, os.W_OK):
        raise read_only(path)
    try:
        if not check_file(path):
            create_file(path)
    except OSError as error:
        raise from_os(error, path) from error
    _check_header(path)
    connection = _connect(path, "rw", busy_ms)
    try:
        _prepare(connection, path, migrations)
        if max_pages is not None:
            connection.execute(f"PRAGMA max_page_count = {max_pages:d}")
    except BaseException as error:
        connection.close()
        raise _named(error, path) from error
    return Database(connection, path)


def open_for_reading(
    folder: Path, *, migrations: Sequence[Migration] = MIGRATIONS, busy_ms: int = READ_BUSY_MS
) -> Database | None:
    """Open the database for reads only; None where there is none yet. Nothing is made, but an older schema is migrated.

    Raises SetupError.
    """
    path = folder / DATABASE_NAME
    if not check_folder(folder) or not check_file(path) or not _check_header(path):
        return None
    connection = _connect_reader(path, busy_ms)
    try:
        found = _version(connection, path, len(migrations))
    except BaseException as error:
        connection.close()
        raise _named(error, path) from error
    if found == len(migrations):
        return Database(connection, path)
    connection.close()
    if not found:
        return None
    open_for_writing(folder, migrations=migrations, busy_ms=busy_ms).close()
    return open_for_reading(folder, migrations=migrations, busy_ms=busy_ms)


@contextmanager
def open_copy(path: Path) -> Iterator[Database]:
    """A copy nobody else has open, for reading; raises SetupError."""
    connection = _connect(path, "ro", BUSY_MS)
    try:
        yield Database(connection, path)
    finally:
        connection.close()


def integrity(database: Database) -> list[str]:
    """What SQLite's full check of the file finds, in its words; empty when all is well."""
    try:
        found = [row[0] for row in database.rows("PRAGMA integrity_check")]
    except SetupError as error:
        return [error.message]
    return [] if found == ["ok"] else found


def _check_header(path: Path) -> bool:
    """Whether the file is more than made; SQLite would take a stump for an empty file and write over it."""
    try:
        with path.open("rb") as file:
            found = file.read(len(_MAGIC))
    except OSError as error:
        raise from_os(error, path) from error
    if found and found != _MAGIC:
        raise corrupt(path, "it does not begin as a database does")
    return bool(found)


def _named(error: BaseException, path: Path) -> BaseException:
    """What rickctl says of it, or the error itself where that is not for rickctl to say."""
    if isinstance(error, sqlite3.Error):
        return from_sqlite(error, path)
    if isinstance(error, UnicodeEncodeError):
        message = f"text {error.object!a} is not valid Unicode"
        return UsageError(message, code="bad_text")
    return from_os(error, path) if isinstance(error, OSError) else error


def _connect(path: Path, mode: str, busy_ms: int, *, immutable: bool = False) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?mode={mode}" + ("&immutable=1" if immutable else "")
    try:
        return sqlite3.connect(address, uri=True, isolation_level=None, timeout=busy_ms / 1000)
    except sqlite3.Error as error:
        raise from_sqlite(error, path) from error


def _connect_reader(path: Path, busy_ms: int) -> sqlite3.Connection:
    """A reader; in a folder nobody can write SQLite cannot make its index of the log, so the file is read as it is.

    That is right only where no log is left beside it: what is in the log alone would be missed.
    """
    connection = _connect(path, "ro", busy_ms)
    try:
        connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        if os.access(path.parent, os.W_OK) or error.sqlite_errorcode & 0xFF not in {
            sqlite3.SQLITE_CANTOPEN,
            sqlite3.SQLITE_READONLY,
        }:
            raise from_sqlite(error, path) from error
        log = path.with_name(path.name + "-wal")
        if log.exists() and log.stat().st_size:
            why = "its folder is read-only and the last writer left a log that must be merged first"
            raise unusable(path, why, f"copy {path}* to a folder of your own and read it there") from error
        return _connect(path, "ro", busy_ms, immutable=True)
    except sqlite3.Error as error:
        connection.close()
        raise from_sqlite(error, path) from error
    return connection


def _version(connection: sqlite3.Connection, path: Path, known: int) -> int:
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION_ID and (found or tables):
        raise corrupt(path, "it is not a rickctl database")
    if found > known:
        raise newer(path, found, known)
    return found


def _prepare(connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration]) -> None:
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES:d}")
    if sys.platform == "darwin":
        connection.execute("PRAGMA fullfsync = ON")
    current = _version(connection, path, len(migrations)) == len(migrations)
    (log_mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    if current and log_mode == "wal":
        return
    with folder_lock(path.parent):
        connection.execute("PRAGMA journal_mode = WAL")
        if _version(connection, path, len(migrations)):
            _keep_copy(connection, path, len(migrations))
        for number, step in enumerate(migrations, start=1):
            _migrate(connection, number, step)


def _keep_copy(connection: sqlite3.Connection, path: Path, target: int) -> None:
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found == target:
        return
    draft = path.with_name(f"rickctl-schema-{found}.draft")
    draft.unlink(missing_ok=True)
    create_file(draft)
    Database(connection, path).copy_to(draft)
    draft.replace(path.with_name(f"rickctl-schema-{found}.db"))


def _migrate(connection: sqlite3.Connection, number: int, step: Migration) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        (found,) = connection.execute("PRAGMA user_version").fetchone()
        if found < number:
            step(connection)
            connection.execute(f"PRAGMA user_version = {number:d}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
