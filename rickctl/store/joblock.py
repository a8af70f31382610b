"""Named locks for jobs that must not overlap; held by a file lock, so a dead job never leaves one behind."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from rickctl.domain.errors import Skipped
from rickctl.domain.scope import check_account_name
from rickctl.store.failures import from_os
from rickctl.store.files import FILE_MODE, ensure_folder

if TYPE_CHECKING:
    from pathlib import Path


def hold_job_lock(state_dir: Path, name: str) -> int:
    """Hold the lock `name` until this process ends; returns its descriptor.

    Raises Skipped (code `overlap`) while another process holds it, UsageError for an unusable name, SetupError.
    """
    check_account_name(name)
    folder = state_dir / "jobs"
    ensure_folder(folder)
    path = folder / f"{name}.lock"
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, FILE_MODE)
    except OSError as error:
        raise from_os(error, path) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        message = f"another run holds the lock {name!r}"
        raise Skipped(message, code="overlap") from None
    return descriptor
