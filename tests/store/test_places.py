"""The folder and the file: private, ours, whole and with room, or one clear line that says what is wrong."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rickctl.domain.errors import SetupError
from tests.store.kit import add_intent, as_ordinary_user, finish, open_store, raw, start

if TYPE_CHECKING:
    from collections.abc import Iterator


NAME = "rickctl.db"


def fill(root: Path, count: int = 3) -> None:
    with open_store(root) as store:
        for _ in range(count):
            with store.transaction() as transaction:
                add_intent(transaction)


def refusal(root: Path, *, write: bool = True) -> SetupError:
    with pytest.raises(SetupError) as caught:
        open_store(root, write=write)
    assert "\n" not in caught.value.message
    assert caught.value.hint
    return caught.value


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder every user can reach, which pytest's own are not."""
    root = Path(tempfile.mkdtemp())
    root.chmod(0o755)
    yield root
    for path in (root, *root.rglob("*")):
        if path.is_dir():
            path.chmod(0o700)
    shutil.rmtree(root)


def test_every_file_is_private_under_an_open_umask_while_in_use_and_after(tmp_path: Path) -> None:
    code = """
os.umask(0)
store = open_store(root / "deep" / "er")
with store.transaction() as transaction:
    add_intent(transaction)
store.backup(root / "deep" / "kept.db")
from rickctl.store.owner import Owner
owner = Owner.hold(root / "deep" / "er" / "state")
for path in sorted((root / "deep").rglob("*")):
    print(oct(path.stat().st_mode & 0o777), path.is_dir(), path.name)
"""
    lines = [line.split() for line in finish(start(code, tmp_path)).splitlines()]
    assert {mode for mode, is_folder, _ in lines if is_folder == "True"} == {"0o700"}
    assert {mode for mode, is_folder, _ in lines if is_folder == "False"} == {"0o600"}
    assert {"rickctl.db", "rickctl.db-wal", "rickctl.db-shm", "journal.key", "kept.db"} <= {line[2] for line in lines}


@pytest.mark.parametrize("write", [True, False])
@pytest.mark.parametrize("bits", [0o040, 0o010, 0o020, 0o004, 0o001])
@pytest.mark.parametrize(
    ("place", "own", "advice"), [("state", 0o700, "chmod 700"), ("state/rickctl.db", 0o600, "chmod 600")]
)
def test_what_others_can_reach_is_refused_with_the_chmod_to_run(
    tmp_path: Path, place: str, own: int, advice: str, bits: int, *, write: bool
) -> None:
    fill(tmp_path, 1)
    (tmp_path / place).chmod(own | bits)
    found = refusal(tmp_path, write=write)
    assert found.code == "state_unusable"
    assert found.hint == f"{advice} {tmp_path / place}"


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o604])
def test_a_key_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    fill(tmp_path, 1)
    key = tmp_path / "config" / "journal.key"
    key.chmod(mode)
    assert refusal(tmp_path).hint == f"chmod 600 {key}"


def test_a_configuration_folder_may_be_read_by_others_but_not_written(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir(mode=0o755)
    (tmp_path / "config").chmod(0o755)
    fill(tmp_path, 1)
    (tmp_path / "config" / "journal.key").unlink()
    (tmp_path / "config").chmod(0o775)
    shutil.rmtree(tmp_path / "state")
    assert refusal(tmp_path).code == "state_unusable"


@pytest.mark.parametrize("write", [True, False])
def test_a_linked_database_is_refused(tmp_path: Path, *, write: bool) -> None:
    fill(tmp_path, 1)
    database = tmp_path / "state" / NAME
    database.rename(tmp_path / "elsewhere.db")
    database.symlink_to(tmp_path / "elsewhere.db")
    found = refusal(tmp_path, write=write)
    assert found.code == "state_unusable"
    assert "symbolic link" in found.message


def test_a_linked_key_is_refused(tmp_path: Path) -> None:
    fill(tmp_path, 1)
    key = tmp_path / "config" / "journal.key"
    key.rename(tmp_path / "key")
    key.symlink_to(tmp_path / "key")
    assert "symbolic link" in refusal(tmp_path).message


@pytest.mark.parametrize("write", [True, False])
def test_a_file_where_the_folder_should_be_is_refused(tmp_path: Path, *, write: bool) -> None:
    (tmp_path / "state").write_text("")
    assert "not a folder" in refusal(tmp_path, write=write).message


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
@pytest.mark.parametrize("place", ["state", "state/rickctl.db", "config/journal.key"])
def test_what_belongs_to_another_user_is_refused(tmp_path: Path, place: str) -> None:
    fill(tmp_path, 1)
    os.chown(tmp_path / place, 65534, 65534)
    found = refusal(tmp_path)
    assert found.code == "state_unusable"
    assert "belongs to user 65534" in found.message


@pytest.mark.parametrize("write", [True, False])
@pytest.mark.parametrize(
    "content",
    [b"not a database at all, but long enough to be read as one" * 40, b"SQLite format 3\0" + b"\xff" * 5000, b"x"],
)
def test_a_file_that_is_no_database_is_damage(tmp_path: Path, content: bytes, *, write: bool) -> None:
    fill(tmp_path, 1)
    (tmp_path / "state" / NAME).write_bytes(content)
    assert refusal(tmp_path, write=write).code == "state_corrupt"
    assert (tmp_path / "state" / NAME).read_bytes() == content


@pytest.mark.parametrize("write", [True, False])
def test_another_programs_database_is_left_alone(tmp_path: Path, *, write: bool) -> None:
    (tmp_path / "state").mkdir(mode=0o700)
    raw(tmp_path, "CREATE TABLE theirs (a)", "PRAGMA user_version = 1")
    (tmp_path / "state" / NAME).chmod(0o600)
    before = (tmp_path / "state" / NAME).read_bytes()
    found = refusal(tmp_path, write=write)
    assert (found.code, "not a rickctl database" in found.message) == ("state_corrupt", True)
    assert (tmp_path / "state" / NAME).read_bytes() == before


def test_a_malformed_page_found_later_is_damage_in_reads_writes_and_the_full_check(tmp_path: Path) -> None:
    fill(tmp_path, 60)
    database = tmp_path / "state" / NAME
    content = bytearray(database.read_bytes())
    for page in range(2, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    database.write_bytes(content)
    with open_store(tmp_path, write=False) as store:
        assert store.integrity() != []
        with pytest.raises(SetupError) as caught:
            list(store.journal())
        assert caught.value.code == "state_corrupt"
        with pytest.raises(SetupError) as caught:
            store.verify()
        assert caught.value.code == "state_corrupt"


def exercise(root: Path) -> set[str]:
    """Everything a store can be asked, on a database that may be damaged: the codes of what it says."""
    said: set[str] = set()
    for write in (False, True):
        try:
            with open_store(root, write=write) as store:
                said.update(finding.code for finding in store.verify())
                said.update("integrity" for _ in store.integrity())
                store.intents()
                store.accounts()
                if write:
                    with store.transaction() as transaction:
                        add_intent(transaction)
        except SetupError as error:
            said.add(error.code if error.hint else "no hint")
    return said


def test_flipped_bits_never_end_in_anything_but_findings_and_clear_refusals(tmp_path: Path) -> None:
    fill(tmp_path, 20)
    database = tmp_path / "state" / NAME
    whole = database.read_bytes()
    (anchor,) = (tmp_path / "config").glob("*.anchor")
    mark = anchor.read_bytes()
    with open_store(tmp_path, write=False) as store:
        rows = store.intents()
    noticed = 0
    for index in range(80):
        digest = hashlib.sha256(b"flip %d" % index).digest()
        place = int.from_bytes(digest[:4], "big") % len(whole)
        damaged = bytearray(whole)
        damaged[place] ^= 1 << digest[4] % 8
        shutil.rmtree(tmp_path / "state")
        (tmp_path / "state").mkdir(mode=0o700)
        database.touch(mode=0o600)
        database.write_bytes(damaged)
        anchor.write_bytes(mark)
        said = exercise(tmp_path)
        assert said <= {
            "state_corrupt", "state_newer", "integrity", "record_changed", "record_missing", "intent_changed",
            "intent_missing", "truncated", "rewritten", "other_store", "anchor_missing", "store_replaced",
        }  # fmt: skip
        noticed += bool(said)
        if not said:
            with open_store(tmp_path, write=False) as store:
                assert store.intents()[1:] == rows
    assert noticed > 15


def test_a_sound_database_passes_the_full_check(tmp_path: Path) -> None:
    fill(tmp_path)
    with open_store(tmp_path, write=False) as store:
        assert store.integrity() == []


def test_a_locked_database_says_so_after_the_wait(tmp_path: Path) -> None:
    fill(tmp_path, 1)
    with open_store(tmp_path) as first, open_store(tmp_path, busy_ms=20) as second, first.transaction():
        with pytest.raises(SetupError) as caught, second.transaction():
            pass
        assert caught.value.code == "state_locked"


def test_a_store_opened_to_read_writes_nothing(tmp_path: Path) -> None:
    fill(tmp_path, 1)
    with open_store(tmp_path, write=False) as store, pytest.raises(SetupError) as caught, store.transaction():
        pass
    assert caught.value.code == "state_read_only"


READ_ONLY = """
(root / "state").chmod(0o500)
try:
    open_store(root)
except SetupError as error:
    print(error.code)
try:
    with open_store(root, write=False) as store:
        print(len(store.intents()), store.verify())
except SetupError as error:
    print(error.code, error.message)
print(sorted(path.name for path in (root / "state").iterdir()))
"""


def test_a_read_only_folder_is_read_and_not_written(shared: Path) -> None:
    fill(shared, 2)
    lines = as_ordinary_user(shared, READ_ONLY).splitlines()
    assert lines == ["state_read_only", "2 []", "['rickctl.db']"]


def test_a_read_only_folder_with_a_log_left_by_a_killed_writer_is_read_or_explained(shared: Path) -> None:
    code = """
store = open_store(root)
with store.transaction() as transaction:
    add_intent(transaction)
die()
"""
    finish(start(code, shared), -9)
    (shared / "state" / "rickctl.db-shm").unlink()
    lines = as_ordinary_user(shared, READ_ONLY).splitlines()
    assert lines[0] == "state_read_only"
    assert lines[1].startswith("state_unusable")
    assert "left a log" in lines[1]


def test_a_read_only_folder_without_a_database_reads_empty(shared: Path) -> None:
    (shared / "state").mkdir(mode=0o700)
    lines = as_ordinary_user(shared, READ_ONLY).splitlines()
    assert lines == ["state_read_only", "0 []", "[]"]


def test_a_folder_that_cannot_be_made_is_said_so(shared: Path) -> None:
    (shared / "state").mkdir(mode=0o700)
    code = """
root.chmod(0o500)
try:
    open_store(root / "deep")
except SetupError as error:
    print(error.code)
"""
    assert as_ordinary_user(shared, code).split() == ["state_read_only"]
