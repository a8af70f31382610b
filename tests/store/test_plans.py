"""What every order asks of the state is answered from an index, however many orders there were before it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from rickctl.domain.orders import IntentState
from rickctl.domain.scope import DEFAULT_SCOPE
from tests.store.kit import add_intent, open_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rickctl.store.state import Store

MANY = {IntentState.SENT, IntentState.ACCEPTED, IntentState.REFUSED}
QUESTIONS: dict[str, tuple[Callable[[Store], object], bool]] = {
    "one": (lambda store: store.intent(DEFAULT_SCOPE, 2), False),
    "by key": (lambda store: store.intent_by_key(DEFAULT_SCOPE, "k"), False),
    "the newest": (lambda store: store.intents(DEFAULT_SCOPE, limit=1), False),
    "the newest of some states": (lambda store: store.intents(DEFAULT_SCOPE, states=MANY, limit=60), False),
    "of today": (lambda store: store.intents(DEFAULT_SCOPE, states=MANY, since_ns=4), True),
    "open": (lambda store: store.intents(DEFAULT_SCOPE, states={IntentState.SENT}), True),
    "open everywhere": (lambda store: store.unknown_outcomes(), True),
    "the history of one": (lambda store: list(store.journal(DEFAULT_SCOPE, number=2)), False),
    "the head": (lambda store: store.head(), False),
    "the ledger": (lambda store: store.ledger(DEFAULT_SCOPE), False),
}
"""Each question, and whether the few rows that answer it may be sorted."""


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_question_reads_all_orders_or_sorts_them(tmp_path: Path, name: str) -> None:
    ask, may_sort = QUESTIONS[name]
    asked: list[str] = []
    with open_store(tmp_path) as store:
        with store.transaction() as transaction:
            for _ in range(3):
                add_intent(transaction, key="k")
        database = store._database
        assert database is not None
        database._connection.set_trace_callback(asked.append)
        ask(store)
        database._connection.set_trace_callback(None)
    with closing(sqlite3.connect(tmp_path / "state" / "rickctl.db")) as connection:
        plans = [row[3] for sql in asked for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
    assert plans
    assert not [plan for plan in plans if plan.startswith("SCAN") and plan != "SCAN journal"]
    assert ("SCAN journal" in plans) is (name == "the head"), "its last record is where the scan begins"
    assert may_sort or not [plan for plan in plans if "TEMP B-TREE" in plan]
