"""Files only their owner can reach, holding `NAME=value` lines or our own JSON; opens no file that others can read."""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from rickctl.credentials.process import LONGEST_TEXT
from rickctl.domain.credentials import Found, Secret, Slot, variable_of
from rickctl.domain.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.ASCII)


def read_private(path: Path, *, forbidden: int = 0o077, may_be_others: bool = False) -> str | None:
    """The text of a file, None where there is none.

    Raises SetupError for a link, for a file that is not ours or that has a `forbidden` mode bit, and for one too long.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        why = "it is a symbolic link" if path.is_symlink() else os.strerror(error.errno or 0).lower()
        raise _unusable(path, why, f"ls -l {path}") from None
    try:
        _check(path, os.fstat(descriptor), forbidden, may_be_others=may_be_others)
        content = os.read(descriptor, LONGEST_TEXT + 1)
    finally:
        os.close(descriptor)
    if len(content) > LONGEST_TEXT:
        raise _unusable(path, f"it is longer than {LONGEST_TEXT} bytes", f"ls -l {path}")
    try:
        return content.decode()
    except UnicodeDecodeError:
        why = "it is not text in UTF-8"
        raise _unusable(path, why, f"file {path}") from None


def _check(path: Path, found: os.stat_result, forbidden: int, *, may_be_others: bool) -> None:
    if not stat.S_ISREG(found.st_mode):
        why = "it is not a file"
        raise _unusable(path, why, f"ls -l {path}")
    if not may_be_others and found.st_uid != os.geteuid():
        why = f"it belongs to user {found.st_uid}, not to {os.geteuid()}"
        raise _unusable(path, why, f"ls -l {path}")
    if stat.S_IMODE(found.st_mode) & forbidden:
        why = f"others can reach it (mode {stat.S_IMODE(found.st_mode):04o})"
        raise _unusable(path, why, f"chmod 600 {path}")


def write_private(path: Path, text: str) -> None:
    """Put a file only its owner can read in place, durably and in one step. Raises SetupError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            os.fchmod(descriptor, 0o600)
            out.write(text)
            out.flush()
            os.fsync(descriptor)
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise _unusable(path, os.strerror(error.errno or 0).lower(), f"ls -ld {path.parent}") from None


def read_lines(text: str, where: str) -> dict[str, str]:
    """`NAME=value` lines, blank ones and `#` left out. Raises SetupError naming the line, never its text."""
    named: dict[str, str] = {}
    for number, written in enumerate(text.splitlines(), start=1):
        line = written.strip()
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            message = f"{where} line {number} is not NAME=value, such as OANDA_PRACTICE_TOKEN=…"
            raise SetupError(message, code="bad_credentials", hint="docs/credentials.md")
        value = match[2].strip()
        is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
        named[match[1]] = value[1:-1] if is_quoted else value
    return named


def read_token_file(path: Path) -> str:
    """A token alone in a file. Raises SetupError."""
    text = read_private(path)
    if text is None:
        raise _unusable(path, "there is no such file", f"ls -l {path}")
    return text


class SecretFile:
    """A Vault that a person chose by name: one file, mode 0600, a `NAME=value` line a slot. It is not encrypted."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self, slots: Sequence[Slot]) -> dict[Slot, Found]:
        """The secrets there are, of those asked for. Raises SetupError."""
        named = self._named()
        return {
            slot: Found(Secret(named[variable_of(slot)]), slot, "file", str(self._path))
            for slot in slots
            if named.get(variable_of(slot))
        }

    def save(self, slot: Slot, secret: Secret) -> str:
        """Keep a secret beside the others of the file and read it back. Raises SetupError."""
        self._write({**self._named(), variable_of(slot): secret.reveal()})
        if self.load([slot])[slot].secret != secret:
            why = "what was written does not read back"
            raise _unusable(self._path, why, f"ls -l {self._path}")
        return str(self._path)

    def remove(self, slot: Slot) -> bool:
        """Take a secret out; the file goes with its last line. Raises SetupError."""
        named = self._named()
        if named.pop(variable_of(slot), None) is None:
            return False
        if named:
            self._write(named)
        else:
            self._path.unlink()
        return True

    def _named(self) -> dict[str, str]:
        return read_lines(read_private(self._path) or "", str(self._path))

    def _write(self, named: dict[str, str]) -> None:
        write_private(self._path, "".join(f"{name}={value}\n" for name, value in named.items()))


def _unusable(path: Path, why: str, hint: str) -> SetupError:
    return SetupError(f"credentials in {path} cannot be used: {why}", code="bad_credentials_file", hint=hint)
