"""Who is still alive: a process holds a lock on a file named after it, and the kernel lets go when it dies."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Self

from rickctl.store.failures import from_os
from rickctl.store.files import FILE_MODE, ensure_folder

FOLDER = "locks"
_BOOT_CHARACTERS = 8
_NAME = re.compile(r"[0-9a-z]{8}-[0-9]+-[0-9a-f]{8}", re.ASCII)
_LINUX_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_FLAGS = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC


def current_boot_id() -> str:
    """What the system calls this boot; empty where it has no name for it, and then only the locks speak."""
    if sys.platform == "darwin":
        asked = ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"]
        return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip().lower()  # noqa: S603
    try:
        return _LINUX_BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


class Owner:
    """This process as the owner of what it has begun; held until closed or dead.

    A forked child keeps the lock alive with its parent's descriptor; a started program does not.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.name = path.name
        self._path = path
        self._descriptor = descriptor

    @classmethod
    def hold(cls, state_dir: Path, boot_id: str | None = None) -> Self:
        """Take a fresh name and lock it, and clear away those of the dead; raises SetupError."""
        folder = state_dir / FOLDER
        ensure_folder(state_dir)
        ensure_folder(folder)
        reap(state_dir)
        boot = _prefix(current_boot_id() if boot_id is None else boot_id)
        try:
            while True:
                path = folder / f"{boot}-{os.getpid()}-{os.urandom(4).hex()}"
                descriptor = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, FILE_MODE)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                if _is_same(descriptor, path):
                    return cls(path, descriptor)
                # A reaper took the file between its making and its lock.
                os.close(descriptor)
        except OSError as error:
            raise from_os(error, folder) from error

    def close(self) -> None:
        """Take the file away and let go: from here on this name is gone."""
        with suppress(OSError):
            self._path.unlink()
        with suppress(OSError):
            os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def is_gone(state_dir: Path, name: str, boot_id: str | None = None) -> bool:
    """Whether the process of that name certainly lives no more; False in doubt. Raises SetupError."""
    boot = _prefix(current_boot_id() if boot_id is None else boot_id)
    if not _NAME.fullmatch(name) or not name.startswith(f"{boot}-"):
        return True
    path = state_dir / FOLDER / name
    try:
        descriptor = os.open(path, _FLAGS)
    except FileNotFoundError:
        return True
    except OSError as error:
        raise from_os(error, path) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def reap(state_dir: Path) -> int:
    """Remove the files of dead processes; how many.

    A file is removed only while its lock is held and its name still means the locked file, so none that someone is
    about to lock is lost unseen: `hold` looks again after locking.
    """
    folder = state_dir / FOLDER
    try:
        names = [path for path in folder.iterdir() if _NAME.fullmatch(path.name)]
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise from_os(error, folder) from error
    return sum(_reap_one(path) for path in names)


def _reap_one(path: Path) -> bool:
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not _is_same(descriptor, path):
            return False
        path.unlink()
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _is_same(descriptor: int, path: Path) -> bool:
    try:
        named = path.lstat()
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(descriptor), named)


def _prefix(boot_id: str) -> str:
    return re.sub(r"[^0-9a-z]", "", boot_id.lower())[:_BOOT_CHARACTERS].ljust(_BOOT_CHARACTERS, "0")
