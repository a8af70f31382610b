"""A network file system is recognised from the system's own list of mounts, and refused for state."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from rickctl.domain.errors import SetupError
from rickctl.store.mounts import SHARED, check_local, file_system

if TYPE_CHECKING:
    from pathlib import Path

LISTED = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:26 / /home rw - nfs4 server:/home rw,vers=4.2
31 30 0:27 / /home/me/local rw - xfs /dev/sdb rw
32 22 0:28 / /mnt/with\\040space rw master:2 - cifs //server/share rw
33 22 0:29 / /stack rw - ext4 /dev/sdc rw
34 33 0:30 / /stack rw - fuse.sshfs host:/ rw
a broken line
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/lib/rickctl", "ext4"),
        ("/", "ext4"),
        ("/home", "nfs4"),
        ("/home/me/.local/state/rickctl", "nfs4"),
        ("/home/me/local/state", "xfs"),
        ("/homeless/state", "ext4"),
        ("/mnt/with space/state", "cifs"),
        ("/stack/state", "fuse.sshfs"),
    ],
)
def test_the_deepest_and_newest_mount_says_what_a_folder_is_on(folder: str, kind: str) -> None:
    assert file_system(folder, LISTED) == kind


@pytest.mark.parametrize("kind", sorted(SHARED))
def test_state_on_a_network_file_system_is_refused(tmp_path: Path, kind: str) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"22 1 254:0 / / rw - {kind} server:/ rw\n")
    with pytest.raises(SetupError, match=re.escape(f"({kind})")) as caught:
        check_local(tmp_path, mounts)
    assert caught.value.code == "state_unusable"


def test_a_local_disk_passes_and_so_does_a_system_without_a_list(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text("22 1 254:0 / / rw - ext4 /dev/vda rw\n")
    check_local(tmp_path, mounts)
    check_local(tmp_path, tmp_path / "absent")
