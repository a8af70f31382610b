"""Orders are listed newest first, each once, and no more of them is read than the question needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rickctl.domain.scope import DEFAULT_SCOPE
from rickctl.services.report import newest_first
from tests.store.kit import add_intent, open_store

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("count", [0, 1, 249, 250, 251, 1000, 1251])
def test_every_order_comes_once_newest_first_however_many_there_are(tmp_path: Path, count: int) -> None:
    with open_store(tmp_path) as store:
        with store.transaction() as transaction:
            for _ in range(count):
                add_intent(transaction)
        assert [row.number for row in newest_first(store, DEFAULT_SCOPE)] == list(range(count, 0, -1))


def test_an_order_added_while_they_are_read_moves_none_of_them(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        with store.transaction() as transaction:
            for _ in range(400):
                add_intent(transaction)
        rows = newest_first(store, DEFAULT_SCOPE)
        first = [next(rows).number for _ in range(250)]
        with store.transaction() as transaction:
            add_intent(transaction)
        assert first + [row.number for row in rows] == list(range(400, 0, -1))
