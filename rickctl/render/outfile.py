"""Puts a finished result into a file in one step, so readers see the old or the new, never half; formats nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rickctl.domain.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path

_PRIVATE = 0o600


def replace_file(path: Path, text: str) -> None:
    """Write `text` beside `path` (0600, synced) and rename it there. Raises SetupError and leaves the old file."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _PRIVATE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        reason = os.strerror(error.errno).lower() if error.errno else str(error)
        message = f"cannot write {path}: {reason}"
        raise SetupError(message, code="output_file") from error
