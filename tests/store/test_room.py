"""No room left, in the database, the file or the disk: it is said, and what was acknowledged is still there."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from rickctl.domain.errors import SetupError
from rickctl.domain.scope import DEFAULT_SCOPE
from rickctl.store.db import HEADROOM_BYTES, Database
from tests.store.kit import PRELUDE, REPOSITORY, add_intent, finish, open_store, start

if TYPE_CHECKING:
    from pathlib import Path

    from rickctl.store.state import Store

NAME = "rickctl.db"


def fill(root: Path, count: int = 3) -> None:
    with open_store(root) as store:
        for _ in range(count):
            with store.transaction() as transaction:
                add_intent(transaction)


def write_until_refused(store: Store, written: int) -> tuple[int, SetupError]:
    while True:
        try:
            with store.transaction() as transaction:
                add_intent(transaction)
        except SetupError as error:
            return written, error
        written += 1


def test_a_full_database_refuses_and_loses_nothing(tmp_path: Path) -> None:
    fill(tmp_path, 1)
    with open_store(tmp_path, max_pages=40) as store:
        written, error = write_until_refused(store, 1)
    assert error.code == "state_full"
    with open_store(tmp_path) as store:
        assert len(store.intents()) == written > 10
        assert store.verify() == []
        assert store.integrity() == []
    fill(tmp_path, 1)


def test_a_file_size_limit_refuses_and_loses_nothing(tmp_path: Path) -> None:
    fill(tmp_path, 1)
    code = f"""
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, {resource.RLIM_INFINITY}))
done = 1
store = open_store(root)
try:
    while done < 5000:
        with store.transaction() as transaction:
            add_intent(transaction)
        done += 1
except SetupError as error:
    print(error.code, done)
    sys.stdout.flush()
die()
"""
    code_word, done = finish(start(code, tmp_path), -9).split()
    assert code_word == "state_full"
    with open_store(tmp_path) as store:
        assert len(store.intents()) == int(done) > 10
        assert store.verify() == []


SMALL_DISK = """
store = open_store(root)
intents = notes = 0
try:
    while True:
        with store.transaction() as transaction:
            add_intent(transaction)
        intents += 1
except SetupError as error:
    print(error.code)
try:
    while True:
        with store.transaction() as transaction:
            transaction.append("note", DEFAULT_SCOPE, {"text": "x" * 2000})
        notes += 1
except SetupError as error:
    print(error.code)
print(intents > 10, notes > 10)
print(len(store.intents()) == intents, store.head().seq == intents + notes, store.verify(), store.integrity())
(root / "ballast").unlink()
with store.transaction() as transaction:
    add_intent(transaction)
store.close()
with open_store(root) as store:
    print(store.head().seq == intents + notes + 1, store.verify(), store.integrity())
"""


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="only root can make a small disk")
def test_a_disk_that_fills_up_refuses_intents_first_then_everything_and_loses_nothing(tmp_path: Path) -> None:
    mount = 'mount -t tmpfs -o size=6m,mode=700 none "$1" || exit 77; dd if=/dev/zero of="$1/ballast" bs=1M count=2'
    command = ["unshare", "-m", "sh", "-c", f'{mount} 2>&1; exec "$2" -c "$3" "$1"', "sh"]
    command += [str(tmp_path), sys.executable, PRELUDE + SMALL_DISK]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode in {1, 77} and "Operation not permitted" in done.stdout + done.stderr:
        pytest.skip("mounting is not permitted here")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-5:] == [
        "state_full",
        "state_full",
        "True True",
        "True True [] []",
        "True [] []",
    ]


class NearlyFull(Database):
    """A disk with less than the headroom left."""

    def has_room(self) -> bool:
        return False


def test_with_no_headroom_an_intent_is_refused_and_what_is_sent_can_still_be_recorded(tmp_path: Path) -> None:
    fill(tmp_path, 1)
    with open_store(tmp_path) as store:
        assert HEADROOM_BYTES == 1_048_576
        connection = store._database._connection  # type: ignore[union-attr]
        store._database = NearlyFull(connection, tmp_path / "state" / NAME)
        with store.transaction() as transaction:
            with pytest.raises(SetupError) as caught:
                add_intent(transaction)
            transaction.append("note", DEFAULT_SCOPE, {})
        assert caught.value.code == "state_full"
        assert store.head().seq == 2
