"""Which kind of file system a folder lies on; locks and shared memory of a database need a local one."""

from __future__ import annotations

import os
from pathlib import Path

from rickctl.store.failures import unusable

SHARED = frozenset(
    {
        "afs",
        "ceph",
        "cifs",
        "davfs",
        "fuse.davfs2",
        "fuse.gcsfuse",
        "fuse.glusterfs",
        "fuse.rclone",
        "fuse.s3fs",
        "fuse.sshfs",
        "nfs",
        "nfs4",
        "smb3",
        "smbfs",
    }
)
"""File systems several machines see, where one's locks do not reach another's memory."""

_MOUNTS = Path("/proc/self/mountinfo")
_POINT = 4


def check_local(folder: Path, mounts: Path = _MOUNTS) -> None:
    """Raise SetupError if the folder is on a network file system; where the system cannot say, it passes."""
    try:
        listed = mounts.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return
    kind = file_system(os.path.realpath(folder), listed)
    if kind in SHARED:
        why = f"it is on a network file system ({kind}), where the database's locks do not hold"
        raise unusable(folder, why, "name a folder on a local disk with RICKCTL_STATE_DIR")


def file_system(folder: str, listed: str) -> str | None:
    """The type of the mount that holds `folder`, from the text of Linux's mountinfo; the last of the deepest wins."""
    deepest, kind = -1, None
    for line in listed.splitlines():
        left, _, right = line.partition(" - ")
        fields, types = left.split(" "), right.split(" ")
        if len(fields) <= _POINT:
            continue
        point = _unescape(fields[_POINT])
        if len(point) >= deepest and (folder + "/").startswith(point.rstrip("/") + "/"):
            deepest, kind = len(point), types[0]
    return kind


def _unescape(point: str) -> str:
    for escape, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        point = point.replace(escape, character)
    return point
