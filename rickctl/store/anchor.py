"""The journal's key and the mark of how far each journal had come, kept away from the state; reads no database.

Whoever can write the state but not this folder can neither forge a record nor shorten the journal unseen.
"""

from __future__ import annotations

import fcntl
import json
import os
from typing import TYPE_CHECKING

from rickctl.domain.records import JournalHead
from rickctl.store.failures import corrupt, from_os, unusable
from rickctl.store.files import OTHERS_WRITE, check_file, create_file, ensure_folder

if TYPE_CHECKING:
    from pathlib import Path

KEY_NAME = "journal.key"
_KEY_BYTES = 32
_LENGTH = 160
_FLAGS = os.O_NOFOLLOW | os.O_CLOEXEC


def load_key(config: Path) -> bytes | None:
    """The key, or None where there is none; raises SetupError if it is not private or not a key."""
    path = config / KEY_NAME
    if not check_file(path):
        return None
    try:
        key = bytes.fromhex(path.read_text(encoding="utf-8"))
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
        create_file(path, os.urandom(_KEY_BYTES).hex().encode())
    except OSError as error:
        raise from_os(error, path) from error
    key = load_key(config)
    if key is None:
        raise unusable(path, "it vanished while it was made", "try again")
    return key


class Anchor:
    """The furthest head of one database's journal that was ever committed; it only moves forward.

    One record of fixed length, overwritten in place by one write under the file's lock: whoever dies, it is whole.
    (A rename would cost as much as the commit itself where the file system flushes replaced files.)
    """

    def __init__(self, config: Path, store_id: str) -> None:
        self.path = config / f"journal-{store_id}.anchor"
        self._store_id = store_id
        self._descriptor: int | None = None
        self._written = (0, b"")

    def load(self) -> JournalHead | None:
        """The mark, or None where there is none; raises SetupError when it cannot be read."""
        if not check_file(self.path):
            return None
        try:
            descriptor = os.open(self.path, os.O_RDONLY | _FLAGS)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_SH)
                return _parse(os.pread(descriptor, _LENGTH, 0))
            finally:
                os.close(descriptor)
        except OSError as error:
            raise from_os(error, self.path) from error
        except (ValueError, KeyError, TypeError):
            raise corrupt(self.path, "it is not a journal anchor") from None

    def begin(self) -> None:
        """Set the mark at zero where there is none, before the first record; raises SetupError."""
        try:
            create_file(self.path, _text(JournalHead(self._store_id, 0, "")))
        except OSError as error:
            raise from_os(error, self.path) from error

    def move(self, seq: int, mac: str) -> None:
        """Move the mark to a committed record unless it is further already; one that was taken away stays away.

        Raises OSError or ValueError; the caller decides, because the record itself is committed.
        """
        if self._descriptor is None:
            self._descriptor = os.open(self.path, os.O_RDWR | _FLAGS)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        try:
            # What this process wrote last is usually still there: then it need not be read as JSON.
            if self._seq_in_file(self._descriptor) < seq:
                self._written = (seq, _text(JournalHead(self._store_id, seq, mac)))
                os.pwrite(self._descriptor, self._written[1], 0)
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def _seq_in_file(self, descriptor: int) -> int:
        found = os.pread(descriptor, _LENGTH, 0)
        return self._written[0] if found == self._written[1] else _parse(found).seq

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _parse(content: bytes) -> JournalHead:
    found = json.loads(content)
    return JournalHead(str(found["store_id"]), int(found["seq"]), str(found["mac"]))


def _text(head: JournalHead) -> bytes:
    text = f'{{"mac":"{head.mac}","seq":{head.seq},"store_id":"{head.store_id}"}}'
    return text.ljust(_LENGTH - 1).encode() + b"\n"
