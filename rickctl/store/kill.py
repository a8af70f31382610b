"""The kill latch: one file that stops every entry, with the database locked, corrupt or gone; it decides nothing."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from rickctl.store.failures import from_os
from rickctl.store.files import FILE_MODE, ensure_folder, sync_folder

if TYPE_CHECKING:
    from pathlib import Path

KILL_FILE = "killed.json"


class Kill(NamedTuple):
    """That everything was stopped, when (wall clock, UTC nanoseconds) and why."""

    reason: str
    set_ns: int


def read_kill(state_dir: Path) -> Kill | None:
    """The kill in force, or None; a latch file that cannot be read is a kill too. Raises SetupError."""
    path = state_dir / KILL_FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        # A link to nowhere stands in the way of a latch, so it is one.
        return Kill("the latch file is a link to nowhere", 0) if path.is_symlink() else None
    except (OSError, UnicodeDecodeError):
        return Kill("the latch file cannot be read", 0)
    try:
        held = json.loads(text)
        return Kill(str(held["reason"]), int(held["set_ns"]))
    except (ValueError, KeyError, TypeError):
        return Kill("the latch file is damaged", 0)


def set_kill(state_dir: Path, kill: Kill) -> None:
    """Put the latch down, durably; an older latch keeps its reason. Raises SetupError."""
    ensure_folder(state_dir)
    path = state_dir / KILL_FILE
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE)
    except FileExistsError:
        return
    except OSError as error:
        raise from_os(error, path) from error
    try:
        os.write(descriptor, json.dumps(kill._asdict()).encode())
        os.fsync(descriptor)
    except OSError:
        return  # an empty latch file is a kill all the same
    finally:
        os.close(descriptor)
    with suppress(OSError):
        sync_folder(state_dir)


def clear_kill(state_dir: Path) -> bool:
    """Lift the latch; False where there was none. Raises SetupError."""
    path = state_dir / KILL_FILE
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise from_os(error, path) from error
    return True
