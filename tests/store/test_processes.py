"""Many processes on one store, some killed at the worst moment: nothing lost, nothing doubled, the chain whole."""

from __future__ import annotations

import json
import os
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from rickctl.domain.records import JournalHead
from rickctl.domain.scope import DEFAULT_SCOPE
from rickctl.store.anchor import Anchor
from tests.store.kit import finish, fresh_account, open_store, start

if TYPE_CHECKING:
    from pathlib import Path

INCREMENTS = """
from dataclasses import replace
store = open_store(root)
for _ in range(200):
    with store.transaction() as transaction:
        row = transaction.account(DEFAULT_SCOPE)
        row = replace(row, state=str(int(row.state) + 1))
        transaction.put_account(row, expected_version=row.version)
"""


def test_two_processes_making_two_hundred_increments_each_lose_none(tmp_path: Path) -> None:
    with open_store(tmp_path) as store, store.transaction() as transaction:
        transaction.put_account(fresh_account(state="0"), expected_version=0)
    for process in [start(INCREMENTS, tmp_path) for _ in range(2)]:
        finish(process)
    with open_store(tmp_path) as store:
        row = store.account(DEFAULT_SCOPE)
        assert row is not None
        assert (row.state, row.version) == ("400", 401)
        assert store.head().seq == 401
        assert store.verify() == []


def test_processes_that_make_the_store_at_once_make_one(tmp_path: Path) -> None:
    code = """
store = open_store(root)
with store.transaction() as transaction:
    print(store.store_id, add_intent(transaction).number)
"""
    lines = [finish(process).split() for process in [start(code, tmp_path) for _ in range(6)]]
    assert len({line[0] for line in lines}) == 1
    assert sorted(int(line[1]) for line in lines) == [1, 2, 3, 4, 5, 6]
    with open_store(tmp_path) as store:
        assert store.verify() == []
    assert sorted(path.suffix for path in (tmp_path / "config").iterdir()) == [".anchor", ".key"]


def test_an_anchor_never_moves_backwards_under_four_writers(tmp_path: Path) -> None:
    code = """
store = open_store(root)
for _ in range(60):
    with store.transaction() as transaction:
        transaction.append("note", None, {"by": os.getpid()})
"""
    with open_store(tmp_path) as store:
        anchor = Anchor(tmp_path / "config", store.store_id, tmp_path / "state")
        writers = [start(code, tmp_path) for _ in range(4)]
        seen = []
        while any(process.poll() is None for process in writers):
            found = anchor.load()
            assert found is not None
            seen.append(found.seq)
            time.sleep(0.001)
        for process in writers:
            finish(process)
        assert seen == sorted(seen)
        assert len(set(seen)) > 5
        assert anchor.load() == store.head()
        assert store.head().seq == 240
        assert store.verify() == []


def test_an_anchor_moves_only_forward_and_only_along_the_chain_it_has_seen(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir(mode=0o700)
    heads = [JournalHead("0a1b2c3d", seq, f"{seq:064x}" if seq else "") for seq in range(8)]

    def mac_at(seq: int) -> str | None:
        return heads[seq].mac

    def anchor() -> Anchor:
        return Anchor(tmp_path / "config", "0a1b2c3d", tmp_path / "state")

    with closing(anchor()) as first, closing(anchor()) as second:
        assert first.load() is None
        first.begin()
        assert first.load() == heads[0]
        for before, after, expected in [(0, 2, 2), (3, 4, 4), (1, 3, 4), (4, 4, 4), (4, 5, 5)]:
            first.move(heads[before], heads[after], mac_at)
            assert second.load() == heads[expected]
        second.begin()
        second.move(heads[6], heads[7], lambda _: "other")
        second.move(heads[6], heads[7], lambda _: None)
        assert first.load() == heads[5]
        second.move(heads[6], heads[7], mac_at)
        assert first.load() == heads[7]


BEGIN = "store = open_store(root); block = store.transaction(); t = block.__enter__(); "
TWO = "with store.transaction() as t: add_intent(t); add_intent(t)"
DYING_ANCHOR = "store = open_store(root); store._anchor.close(); store._anchor = DyingAnchor()"
MOMENTS = {
    "before anything": ("die()", 0),
    "after the key": ("from rickctl.store.anchor import make_key; make_key(root / 'config'); die()", 0),
    "after the opening": ("store = open_store(root); die()", 0),
    "after begin": (BEGIN + "die()", 0),
    "after the first statement": (BEGIN + "add_intent(t); die()", 0),
    "after the last": (BEGIN + "add_intent(t); t.put_account(fresh_account(), expected_version=0); die()", 0),
    "after commit, before the anchor": (f"from tests.store.kit import DyingAnchor\n{DYING_ANCHOR}\n{TWO}", 2),
    "after everything": (f"store = open_store(root)\n{TWO}\ndie()", 2),
}


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("begun", [False, True], ids=["new", "used"])
def test_a_kill_leaves_all_of_a_transaction_or_none_of_it(tmp_path: Path, moment: str, *, begun: bool) -> None:
    code, count = MOMENTS[moment]
    if begun:
        finish(start("with open_store(root).transaction() as t: t.append('note', None, {})", tmp_path))
    finish(start(code, tmp_path), -9)
    with open_store(tmp_path) as store:
        assert len(store.intents()) == count
        assert store.accounts() == []
        assert store.head().seq == count + begun
        assert store.verify() == []
        assert store.integrity() == []
        with store.transaction() as transaction:
            assert transaction.next_intent(DEFAULT_SCOPE)[0] == count + 1
            transaction.append("note", None, {})
        assert store.verify() == []


def test_what_was_acknowledged_survives_kills_at_any_moment(tmp_path: Path) -> None:
    code = """
store = open_store(root)
while True:
    with store.transaction() as transaction:
        number = add_intent(transaction).number
    os.write(1, f"{number}\\n".encode())
"""
    acknowledged: list[int] = []
    for round_number in range(6):
        process = start(code, tmp_path)
        assert process.stdout is not None
        head = [process.stdout.readline() for _ in range(3 + 5 * round_number)]
        os.kill(process.pid, 9)
        # `communicate` would read past what the lines before have left in the buffer.
        rest = process.stdout.read()
        process.communicate(timeout=30)
        acknowledged += [int(line) for line in [*head, *rest.splitlines()]]
    with open_store(tmp_path) as store:
        numbers = [row.number for row in reversed(store.intents())]
        assert numbers == list(range(1, len(numbers) + 1))
        assert set(acknowledged) <= set(numbers)
        assert len(acknowledged) == len(set(acknowledged))
        assert len(numbers) - len(acknowledged) <= 6
        assert store.verify() == []


def test_readers_and_the_audit_work_while_others_write(tmp_path: Path) -> None:
    code = """
store = open_store(root)
for _ in range(150):
    with store.transaction() as transaction:
        add_intent(transaction)
"""
    with open_store(tmp_path) as store:
        assert store.verify() == []
    writers = [start(code, tmp_path) for _ in range(2)]
    lengths = []
    with open_store(tmp_path, write=False) as reader:
        while any(process.poll() is None for process in writers):
            assert reader.verify() == []
            lengths.append(reader.head().seq)
    for process in writers:
        finish(process)
    assert lengths == sorted(lengths)
    with open_store(tmp_path) as store:
        bodies = [json.loads(row.body) for row in store.journal()]
        assert [body["intent"]["number"] for body in bodies] == list(range(1, 301))
