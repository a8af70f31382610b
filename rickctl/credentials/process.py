"""What a process that holds a secret owes it, and reading that ends; knows no source."""

from __future__ import annotations

import os
import select
import time

LONGEST_TEXT = 65_536
"""Bytes of a text with secrets; more is somebody's mistake."""


def keep_out_of_core_files() -> None:
    """From now on a crash of this process leaves no core file."""
    import resource  # noqa: PLC0415 - only a process with a secret needs it

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def read_within(descriptor: int, limit_s: float) -> bytes | None:
    """Everything up to the end of a pipe or file; None where it takes longer or is longer than a secret is."""
    until = time.monotonic() + limit_s
    found = b""
    while len(found) <= LONGEST_TEXT:
        left = until - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            return None
        piece = os.read(descriptor, LONGEST_TEXT)
        if not piece:
            return found
        found += piece
    return None
