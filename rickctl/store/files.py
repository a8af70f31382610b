"""Folders and files only their owner can reach; knows nothing of what is written in them."""

from __future__ import annotations

import fcntl
import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rickctl.store.failures import from_os, unusable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDER_MODE = 0o700
FILE_MODE = 0o600

OTHERS_ANY = 0o077
OTHERS_WRITE = 0o022


def ensure_folder(path: Path, *, forbidden: int = OTHERS_ANY) -> None:
    """Make the folder, and any missing above it, reachable by its owner only; raises SetupError as `check_folder`."""
    try:
        for missing in [folder for folder in (*reversed(path.parents), path) if not folder.exists()]:
            missing.mkdir(mode=FOLDER_MODE, exist_ok=True)
            missing.chmod(FOLDER_MODE)
    except OSError as error:
        raise from_os(error, path) from error
    check_folder(path, forbidden=forbidden)


def check_folder(path: Path, *, forbidden: int = OTHERS_ANY) -> bool:
    """Whether the folder exists; raises SetupError if it is no folder, not ours, or has a `forbidden` mode bit."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise from_os(error, path) from error
    if not stat.S_ISDIR(found.st_mode):
        raise unusable(path, "it is not a folder", "name another folder with RICKCTL_STATE_DIR")
    _check_private(path, found, FOLDER_MODE, forbidden)
    return True


def check_file(path: Path) -> bool:
    """Whether the file exists; raises SetupError if it is a link or not a private file of ours."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise from_os(error, path) from error
    if stat.S_ISLNK(found.st_mode):
        raise unusable(path, "it is a symbolic link", f"put the file itself there (see: ls -l {path})")
    if not stat.S_ISREG(found.st_mode):
        raise unusable(path, "it is not a file", f"move it away: mv {path} {path}.old")
    _check_private(path, found, FILE_MODE, OTHERS_ANY)
    return True


def _check_private(path: Path, found: os.stat_result, mode: int, forbidden: int) -> None:
    if found.st_uid != os.geteuid():
        why = f"it belongs to user {found.st_uid}, not to {os.geteuid()}"
        raise unusable(path, why, "run rickctl as its owner, or name another folder with RICKCTL_STATE_DIR")
    if stat.S_IMODE(found.st_mode) & forbidden:
        why = f"others can reach it (mode {stat.S_IMODE(found.st_mode):04o})"
        raise unusable(path, why, f"chmod {mode:o} {path}")


def create_file(path: Path, content: bytes = b"") -> bool:
    """Make a private file that was not there, complete or not at all; False if it exists. Raises OSError."""
    if not content:
        return _create_empty(path)
    draft = path.with_name(f"{path.name}.{os.getpid()}-{os.urandom(4).hex()}")
    _create_empty(draft)
    try:
        with draft.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        os.link(draft, path, follow_symlinks=False)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def _create_empty(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
    except FileExistsError:
        return False
    try:
        os.fchmod(descriptor, FILE_MODE)
    finally:
        os.close(descriptor)
    return True


def sync_folder(path: Path) -> None:
    """Make the names of a folder durable; raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def folder_lock(path: Path) -> Iterator[None]:
    """Keep other processes that ask for this folder's lock out; raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
