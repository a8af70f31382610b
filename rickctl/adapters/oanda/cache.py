"""What OANDA says that seldom changes, on disk for a day; what cannot be trusted or written is no error."""

from __future__ import annotations

import json
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from rickctl.adapters.transport import private_folder
from rickctl.domain.instants import DAY_NS

if TYPE_CHECKING:
    from pathlib import Path

    from rickctl.domain.records import JSON

_FORMAT = 1
_LARGEST = 8 * 1024 * 1024
_OTHERS_WRITE = 0o022


class Cache:
    """JSON values by kind and key in files of their owner; `now_ns` of a caller decides what is too old."""

    def __init__(self, folder: Path, lifetime_ns: int = DAY_NS) -> None:
        self._folder = folder
        self._lifetime_ns = lifetime_ns

    def load(self, name: str, key: str, now_ns: int) -> JSON:
        """What was saved under the name for this key within the last day; None where nothing was."""
        try:
            kept = json.loads(_read_private(self._folder / f"{name}.json"))
            is_ours = kept["format"] == _FORMAT and kept["key"] == key
            age_ns = now_ns - kept["saved_ns"]
            value: JSON = kept["value"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        return value if is_ours and 0 <= age_ns < self._lifetime_ns else None

    def save(self, name: str, key: str, value: JSON, now_ns: int) -> None:
        """Keep the value, complete or not at all; nothing where the folder cannot be written."""
        text = json.dumps(
            {"format": _FORMAT, "key": key, "saved_ns": now_ns, "value": value}, separators=(",", ":"), default=str
        )
        path = self._folder / f"{name}.json"
        draft = self._folder / f".{name}.{os.getpid()}-{os.urandom(4).hex()}"
        try:
            private_folder(self._folder)
            file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with os.fdopen(file, "w", encoding="utf-8") as out:
                out.write(text)
            draft.replace(path)
        except OSError:
            with suppress(OSError):
                draft.unlink()


def _read_private(path: Path) -> bytes:
    """The content of a file that only its owner could have written. Raises OSError."""
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(file, "rb") as kept:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & _OTHERS_WRITE:
            raise PermissionError(path)
        return kept.read(_LARGEST)
