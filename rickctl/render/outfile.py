"""Puts a finished result into a file in one step, so readers see the old or the new, never half; formats nothing."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from rickctl.domain.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path

_PRIVATE = 0o600
_LONGEST_STEM = 40
"""Characters of the file's own name in its draft's: a name at the limit of the file system must not go past it."""


def replace_file(path: Path, text: str) -> None:
    """Write `text` beside `path` (0600, synced) and rename it there. Raises SetupError and leaves the old file.

    A link is followed. What is no plain file, a device or a folder, is never replaced.
    """
    target = _plain_target(path)
    draft = target.with_name(f".{target.name[:_LONGEST_STEM]}.{os.urandom(4).hex()}.part")
    try:
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _PRIVATE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(target)
    except BaseException as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _unwritten(path, error) from error
        raise


def _plain_target(path: Path) -> Path:
    """Where the file will stand. Raises SetupError where something else stands already."""
    try:
        target = path.resolve()
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, "")
        if target.exists() and not target.is_file():
            message = f"cannot write {path}: it is not a plain file"
            raise SetupError(message, code="output_file", hint="without --out the result goes to stdout")
    except (OSError, RuntimeError) as error:
        raise _unwritten(path, error) from error
    return target


def _unwritten(path: Path, error: OSError | RuntimeError) -> SetupError:
    number = getattr(error, "errno", None)
    reason = os.strerror(number).lower() if number else str(error).lower()
    return SetupError(f"cannot write {path}: {reason}", code="output_file")
