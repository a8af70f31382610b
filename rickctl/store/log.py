"""The log file: a line at a time, private, turned over by size; reads nothing back and never waits."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 1 << 20
"""A file that would grow past this is kept as `.1`, in place of the one before; so two of them at most."""

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_PRIVATE = 0o600
_OTHERS = 0o077


def append_line(path: Path, line: str, *, most_bytes: int = MOST_BYTES) -> None:
    """Add a line, in one write, so that lines of several processes stay whole. Raises OSError."""
    data = line.encode("utf-8", "backslashreplace") + b"\n"
    descriptor = _open(path)
    try:
        if os.fstat(descriptor).st_size + len(data) > most_bytes and _turned_over(path, descriptor):
            os.close(descriptor)
            descriptor = _open(path)
        os.write(descriptor, data)
    finally:
        os.close(descriptor)


def kept_path(path: Path) -> Path:
    """Where the file before this one is kept."""
    return path.with_name(f"{path.name}.1")


def _open(path: Path) -> int:
    descriptor = os.open(path, _FLAGS, _PRIVATE)
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is not a file", str(path))
    if found.st_mode & _OTHERS:
        os.fchmod(descriptor, _PRIVATE)
    return descriptor


def _turned_over(path: Path, descriptor: int) -> bool:
    """Keep the full file, unless another process is doing so or has."""
    import fcntl  # noqa: PLC0415 - once in some thousands of lines

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(path.lstat(), os.fstat(descriptor)):
            path.replace(kept_path(path))
    except BlockingIOError:
        return False
    except FileNotFoundError:
        return True
    return True
