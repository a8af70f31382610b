"""The journal's key and the mark of how far each journal had come, kept away from the state; reads no database.

Whoever can write the state but not this folder can neither forge a record nor shorten the journal unseen.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from typing import TYPE_CHECKING

from rickctl.domain.records import JournalHead
from rickctl.store.failures import corrupt, from_os, unusable
from rickctl.store.files import OTHERS_WRITE, check_file, create_file, ensure_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEY_NAME = "journal.key"
_KEY_BYTES = 32
_LENGTH = 192
_FLAGS = os.O_NOFOLLOW | os.O_CLOEXEC
_TRIES = 100
_PAUSE_S = 0.01


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

    def __init__(self, config: Path, store_id: str, folder: Path) -> None:
        self.path = config / f"journal-{store_id}.anchor"
        self._config = config
        self._store_id = store_id
        self._folder_mark = hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:16]
        self._descriptor: int | None = None
        self._written: tuple[JournalHead | None, bytes] = None, b""

    def load(self) -> JournalHead | None:
        """The mark, or None where there is none; raises SetupError when it cannot be read."""
        return _parse(_read(self.path)) if check_file(self.path) else None

    def begin(self) -> None:
        """Set the mark at zero where there is none, before the first record; raises SetupError."""
        try:
            create_file(self.path, self._text(JournalHead(self._store_id, 0, "")))
        except OSError as error:
            raise from_os(error, self.path) from error

    def move(self, before: JournalHead, after: JournalHead, mac_at: Callable[[int], str | None]) -> None:
        """Move the mark from the head a transaction began with to the one it committed, unless it is further already.

        A mark the journal no longer holds (`mac_at` gives the mac of a record) stays, and so does one that was taken
        away: later writes must not heal what was cut off. Raises OSError.
        """
        if self._descriptor is None:
            self._descriptor = os.open(self.path, os.O_RDWR | _FLAGS)
        if not _lock(self._descriptor, fcntl.LOCK_EX):
            return
        try:
            found = os.pread(self._descriptor, _LENGTH, 0)
            is_ours = self._written[0] == before and found == self._written[1]
            if is_ours or found == self._text(before) or _is_on_the_way(_parse(found), after, mac_at):
                self._written = after, self._text(after)
                os.pwrite(self._descriptor, self._written[1], 0)
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def lost(self) -> list[JournalHead]:
        """Marks of other databases that were last in this folder and held records; raises SetupError."""
        place = f'"folder":"{self._folder_mark}"'.encode()
        others = [path for path in sorted(self._config.glob("journal-*.anchor")) if path != self.path]
        heads = [_parse(content) for content in map(_read, others) if place in content]
        return [head for head in heads if head.seq]

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _text(self, head: JournalHead) -> bytes:
        fields = f'"folder":"{self._folder_mark}","mac":"{head.mac}","seq":{head.seq},"store_id":"{head.store_id}"'
        return f"{{{fields}}}".ljust(_LENGTH - 1).encode() + b"\n"


def _is_on_the_way(found: JournalHead, after: JournalHead, mac_at: Callable[[int], str | None]) -> bool:
    return found.seq < after.seq and found.mac == (mac_at(found.seq) if found.seq else "")


def _lock(descriptor: int, kind: int) -> bool:
    """Whether the lock was had within a second; who holds it longer was halted, and must not halt everybody else.

    Without it a mark stays behind, which the next one makes good, and a read is as whole as the one write it follows.
    """
    for _ in range(_TRIES):
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE_S)
        else:
            return True
    return False


def _read(path: Path) -> bytes:
    """The content as one writer left it; raises SetupError."""
    check_file(path)
    try:
        descriptor = os.open(path, os.O_RDONLY | _FLAGS)
        try:
            _lock(descriptor, fcntl.LOCK_SH)
            return os.pread(descriptor, _LENGTH, 0)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise from_os(error, path) from error


def _parse(content: bytes) -> JournalHead:
    """The mark of one anchor; one that says nothing readable counts as a mark no journal can hold."""
    try:
        found = json.loads(content)
        return JournalHead(str(found["store_id"]), int(found["seq"]), str(found["mac"]))
    except (ValueError, KeyError, TypeError):
        return JournalHead("", 0, "unreadable")
