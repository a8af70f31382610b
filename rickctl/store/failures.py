"""What SQLite and the file system say went wrong, as one line and a way out; raises nothing itself."""

from __future__ import annotations

import errno
import sqlite3
from typing import TYPE_CHECKING

from rickctl.domain.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path

_PRIMARY = 0xFF
_WRITES = frozenset(
    {
        sqlite3.SQLITE_IOERR_WRITE,
        sqlite3.SQLITE_IOERR_FSYNC,
        sqlite3.SQLITE_IOERR_TRUNCATE,
        sqlite3.SQLITE_IOERR_SHMSIZE,
    }
)
_READS = frozenset({sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ})
_FULL_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_READ_ONLY_ERRNOS = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def corrupt(path: Path, why: str) -> SetupError:
    """The database cannot be trusted; the bad file is worth keeping."""
    return SetupError(
        f"state in {path} is damaged: {why}",
        code="state_corrupt",
        hint=f"keep the file for inspection (mv {path} {path}.bad) and copy the last verified backup there",
    )


def locked(path: Path) -> SetupError:
    """Another process held the write lock for longer than we wait."""
    return SetupError(
        f"state in {path} is locked by another rickctl",
        code="state_locked",
        hint="try again when it has finished; nothing was changed",
    )


def full(path: Path) -> SetupError:
    """No room for another record."""
    return SetupError(
        f"state in {path} cannot grow: the disk, the quota or the file-size limit is full",
        code="state_full",
        hint=f"free some space (df -h {path.parent}; ulimit -f); nothing was changed",
    )


def read_only(path: Path) -> SetupError:
    """Reads work here and writes do not."""
    return SetupError(
        f"state in {path} is read-only",
        code="state_read_only",
        hint=f"make the folder yours to write (chmod 700 {path.parent}) or name another with RICKCTL_STATE_DIR",
    )


def newer(path: Path, found: int, known: int) -> SetupError:
    """The database was written by a later rickctl."""
    return SetupError(
        f"state in {path} has schema {found}, newer than the {known} this rickctl knows",
        code="state_newer",
        hint="install the rickctl that wrote it (pip install --upgrade rickctl)",
    )


def unusable(path: Path, why: str, hint: str) -> SetupError:
    """The place itself is wrong: permissions, owner, link, not a folder."""
    return SetupError(f"state in {path} cannot be used: {why}", code="state_unusable", hint=hint)


def from_os(error: OSError, path: Path) -> SetupError:
    """What a failed file operation under the state or configuration folder means."""
    if error.errno in _FULL_ERRNOS:
        return full(path)
    if error.errno in _READ_ONLY_ERRNOS:
        return read_only(path)
    why = (error.strerror or type(error).__name__).lower()
    return unusable(path, why, f"look at it: ls -ld {path}")


def from_sqlite(error: sqlite3.Error, path: Path) -> SetupError:
    """What a failed statement means."""
    if isinstance(error, sqlite3.ProgrammingError):
        return unusable(path, str(error), "this is a fault of rickctl; please report it")
    code = getattr(error, "sqlite_errorcode", None) or sqlite3.SQLITE_ERROR
    primary = code & _PRIMARY
    if primary in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return locked(path)
    if primary == sqlite3.SQLITE_FULL or code in _WRITES:
        return full(path)
    if primary in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}:
        return read_only(path)
    if primary in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM} and code not in _READS:
        return unusable(path, str(error), f"look at it: ls -la {path.parent}")
    return corrupt(path, str(error))
