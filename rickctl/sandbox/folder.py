"""The folder one sandbox keeps its state in: one owner at a time, documents replaced whole; knows no venue."""

from __future__ import annotations

import fcntl
import json
import os
from typing import TYPE_CHECKING, Self

from rickctl.domain.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path

    from rickctl.domain.records import JSON

_LOCK = "lock"


class StateFolder:
    """A folder held by this process until it is closed; documents are JSON files replaced in one step.

    An exchange may keep files of its own below `path`, an append-only record for instance.
    """

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def open(cls, path: Path) -> Self:
        """Make and hold the folder. Raises SetupError (`sandbox_in_use`) where another sandbox holds it."""
        try:
            # Parents too: it may be the state folder itself that is not there yet, and it is nobody else's.
            for missing in reversed([each for each in (path, *path.parents) if not each.exists()]):
                missing.mkdir(mode=0o700, exist_ok=True)
            lock = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            message = f"the sandbox cannot use {path}: {(error.strerror or str(error)).lower()}"
            raise SetupError(message, code="sandbox_folder", hint="rickctl sandbox start --state DIR") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            message = f"another sandbox is running on {path}"
            raise SetupError(message, code="sandbox_in_use", hint="rickctl sandbox start --state DIR") from None
        return cls(path, lock)

    def read(self, name: str) -> JSON:
        """The document of that name, None where there is none. Raises SetupError (`sandbox_corrupt`)."""
        target = self.path / f"{name}.json"
        try:
            found: JSON = json.loads(target.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            message = f"{target} cannot be read: {error}"
            raise SetupError(message, code="sandbox_corrupt", hint="rickctl sandbox start --state DIR") from None
        return found

    def write(self, name: str, document: JSON) -> None:
        """Replace the document whole: after a crash it is the old one or the new one. Raises OSError."""
        target, part = self.path / f"{name}.json", self.path / f"{name}.part"
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            json.dump(document, out, separators=(",", ":"))
            out.flush()
            os.fsync(out.fileno())
        part.replace(target)

    def close(self) -> None:
        """Let the next sandbox have it."""
        os.close(self._lock)
