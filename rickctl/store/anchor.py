"""The journal's key and the mark of how far each journal had come, kept away from the state; reads no database.

Whoever can write the state but not this folder can neither forge a record nor shorten the journal unseen.
"""

from __future__ import annotations

import fcntl
import json
import os
from typing import TYPE_CHECKING

from rickctl.domain.records import JournalHead, canonical_json
from rickctl.store.failures import corrupt, from_os, unusable
from rickctl.store.files import FILE_MODE, OTHERS_WRITE, check_file, create_file, ensure_folder

if TYPE_CHECKING:
    from pathlib import Path

KEY_NAME = "journal.key"
_KEY_BYTES = 32


def load_key(config: Path) -> bytes | None:
    """The key, or None where there is none; raises SetupError if it is not private or not a key."""
    path = config / KEY_NAME
    if not check_file(path):
        return None
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except OSError as error:
        raise from_os(error, path) from error
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise corrupt(path, f"it is not {_KEY_BYTES} bytes of hexadecimal")
    return key


def make_key(config: Path) -> bytes:
    """The key, made now if there is none; two processes at once get the same one. Raises SetupError."""
    ensure_folder(config, forbidden=OTHERS_WRITE)
    path = config / KEY_NAME
    try:
        create_file(path, os.urandom(_KEY_BYTES).hex().encode("ascii"))
    except OSError as error:
        raise from_os(error, path) from error
    key = load_key(config)
    if key is None:
        raise unusable(path, "it vanished while it was made", "try again")
    return key


class Anchor:
    """The furthest head of one database's journal that was ever committed; it only moves forward."""

    def __init__(self, config: Path, store_id: str) -> None:
        self.path = config / f"journal-{store_id}.anchor"
        self._store_id = store_id
        self._lock: int | None = None

    def load(self) -> JournalHead | None:
        """The mark, or None where there is none; raises SetupError when it cannot be read."""
        if not check_file(self.path):
            return None
        try:
            return self._read()
        except OSError as error:
            raise from_os(error, self.path) from error
        except (ValueError, KeyError, TypeError):
            raise corrupt(self.path, "it is not a journal anchor") from None

    def begin(self) -> None:
        """Set the mark at zero where there is none, before the first record; raises SetupError."""
        try:
            create_file(self.path, _text(JournalHead(self._store_id, 0, "")))
            self._open_lock()
        except OSError as error:
            raise from_os(error, self.path) from error

    def move(self, seq: int, mac: str) -> None:
        """Move the mark to a committed record unless it is further already, or was taken away.

        Raises OSError or SetupError; the caller decides, because the record itself is committed.
        """
        descriptor = self._open_lock()
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            current = self.load()
            if current is not None and current.seq < seq:
                self._replace(_text(JournalHead(self._store_id, seq, mac)))
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the lock file."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _open_lock(self) -> int:
        if self._lock is None:
            path = self.path.with_name("journal.lock")
            self._lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
        return self._lock

    def _read(self) -> JournalHead:
        found = json.loads(self.path.read_bytes())
        return JournalHead(str(found["store_id"]), int(found["seq"]), str(found["mac"]))

    def _replace(self, content: bytes) -> None:
        draft = self.path.with_suffix(".draft")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
        try:
            os.write(descriptor, content)
        finally:
            os.close(descriptor)
        draft.replace(self.path)


def _text(head: JournalHead) -> bytes:
    return canonical_json(head._asdict()).encode()
