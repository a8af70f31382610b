"""Accounts, intents, latches and records: what is written is what is read, and nothing is half written."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rickctl.domain.errors import SetupError, UsageError
from rickctl.domain.orders import NEXT_INTENT_STATES, IntentState
from rickctl.domain.records import StaleAccount, canonical_json
from rickctl.domain.scope import DEFAULT_SCOPE, Mode, Scope
from rickctl.store.journal import intent_body, read_asked
from tests.store.kit import add_intent, fresh_account, open_store, raw

if TYPE_CHECKING:
    from rickctl.domain.records import JSON
    from rickctl.domain.state import Audit, State
    from rickctl.store.state import Store


def _write_as_version(store: Store, expected: int) -> None:
    with store.transaction() as transaction:
        transaction.append("ledger", DEFAULT_SCOPE, {"n": 1})
        transaction.put_account(fresh_account(state='{"n":"9"}'), expected_version=expected)


def _write_and_fail(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.put_account(fresh_account(), expected_version=0)
        add_intent(transaction)
        transaction.set_latch("kill", None, reason="r", at_ns=1)
        raise ZeroDivisionError


OTHER = Scope(Mode.PRACTICE, "oanda", "101-004-1-001")


def test_the_store_is_what_its_protocols_promise(tmp_path: Path) -> None:
    def as_state(store: Store) -> State:
        return store

    def as_audit(store: Store) -> Audit:
        return store

    with open_store(tmp_path) as store:
        assert as_state(store).accounts() == []
        assert as_audit(store).head().seq == 0


def test_a_read_of_an_absent_store_answers_empty_and_makes_nothing(tmp_path: Path) -> None:
    with open_store(tmp_path, write=False) as store:
        assert store.store_id == ""
        assert store.account(DEFAULT_SCOPE) is None
        assert store.accounts() == []
        assert store.intent(DEFAULT_SCOPE, 1) is None
        assert store.intent_by_key(DEFAULT_SCOPE, "k") is None
        assert store.intents() == []
        assert list(store.journal()) == []
        assert store.ledger(DEFAULT_SCOPE) == []
        assert store.latches() == []
        assert store.verify() == []
    assert list(tmp_path.iterdir()) == []


def test_a_reader_opened_before_the_first_write_finds_what_is_written_later(tmp_path: Path) -> None:
    with open_store(tmp_path, write=False) as reader:
        assert (reader.store_id, reader.intents()) == ("", [])
        with open_store(tmp_path) as store, store.transaction() as transaction:
            row = add_intent(transaction)
        assert reader.intents() == [row]
        assert reader.store_id == store.store_id
        assert reader.head().seq == 1
        assert reader.verify() == []


def test_an_account_comes_back_as_it_was_put_with_the_next_version(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        with store.transaction() as transaction:
            stored = transaction.put_account(fresh_account(), expected_version=0)
        assert stored.version == 1
        assert store.account(DEFAULT_SCOPE) == stored
        assert store.accounts() == [stored]
        assert store.account(OTHER) is None


@pytest.mark.parametrize("expected", [0, 2, 7])
def test_an_account_written_since_it_was_read_is_stale_and_nothing_of_the_transaction_stays(
    tmp_path: Path, expected: int
) -> None:
    with open_store(tmp_path) as store:
        with store.transaction() as transaction:
            transaction.put_account(fresh_account(), expected_version=0)
        before = store.head()
        with pytest.raises(StaleAccount):
            _write_as_version(store, expected)
        assert store.head() == before
        assert store.account(DEFAULT_SCOPE).state == '{"n":"0"}'  # type: ignore[union-attr]


def test_a_mere_checkpoint_move_adds_no_record_and_a_change_of_state_adds_one(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        counts = []
        for version, (state, checkpoint_ns) in enumerate([("1", 1), ("1", 99), ("2", 100)]):
            with store.transaction() as transaction:
                row = fresh_account(state=state, checkpoint_ns=checkpoint_ns)
                transaction.put_account(row, expected_version=version)
            counts.append(store.head().seq)
        assert counts == [1, 1, 2]
        assert store.verify() == []


def test_intents_are_numbered_per_scope_and_named_after_store_account_and_number(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        with store.transaction() as transaction:
            rows = [add_intent(transaction), add_intent(transaction, OTHER), add_intent(transaction)]
            assert transaction.next_intent(DEFAULT_SCOPE) == (3, f"rk-{store.store_id}-main-3")
        assert [row.number for row in rows] == [1, 1, 2]
        assert rows[1].client_order_id == f"rk-{store.store_id}-101-004-1-001-1"
        assert len(store.store_id) == 8
        assert store.intents(DEFAULT_SCOPE) == [rows[2], rows[0]]
        assert store.intent(OTHER, 1) == rows[1]


def test_the_store_keeps_its_identity(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        first = store.store_id
    with open_store(tmp_path) as store:
        assert store.store_id == first


def test_intents_are_found_by_state_time_key_and_number_of_rows(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        with store.transaction() as transaction:
            for number in range(1, 7):
                state = IntentState.REFUSED if number % 2 else IntentState.INTENT
                add_intent(transaction, key="k" if number < 4 else None, state=state, created_ns=number * 10)
        found = store.intents(DEFAULT_SCOPE, states={IntentState.INTENT})
        assert [row.number for row in found] == [6, 4, 2]
        assert [row.number for row in store.intents(since_ns=40)] == [6, 5, 4]
        assert [row.number for row in store.intents(states={IntentState.REFUSED, IntentState.SENT}, limit=2)] == [5, 3]
        assert store.intents(DEFAULT_SCOPE, states=()) == []
        assert store.intents(OTHER) == []
        by_key = store.intent_by_key(DEFAULT_SCOPE, "k")
        assert by_key is not None
        assert by_key.number == 3
        assert store.intent_by_key(OTHER, "k") is None


ALL_CHANGES = [(before, after) for before in IntentState for after in IntentState]


@pytest.mark.parametrize(("before", "after"), ALL_CHANGES)
def test_only_the_legal_changes_of_an_intent_are_possible(
    tmp_path: Path, before: IntentState, after: IntentState
) -> None:
    with open_store(tmp_path) as store, store.transaction() as transaction:
        add_intent(transaction)
        if after in NEXT_INTENT_STATES[before]:
            assert transaction.change_intent(DEFAULT_SCOPE, 1, before, after) is (before is IntentState.INTENT)
        else:
            with pytest.raises(ValueError, match="cannot go"):
                transaction.change_intent(DEFAULT_SCOPE, 1, before, after)


def test_a_change_keeps_what_it_does_not_name(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        with store.transaction() as transaction:
            add_intent(transaction, owner="me")
            assert transaction.change_intent(DEFAULT_SCOPE, 1, IntentState.INTENT, IntentState.SENT, sent_ns=7)
        with store.transaction() as transaction:
            assert transaction.change_intent(
                DEFAULT_SCOPE,
                1,
                IntentState.SENT,
                IntentState.REJECTED,
                answered_ns=9,
                outcome={"why": "no €"},
                error="margin",
            )
        row = store.intent(DEFAULT_SCOPE, 1)
        assert row is not None
        assert (row.state, row.owner, row.sent_ns, row.answered_ns) == (IntentState.REJECTED, "me", 7, 9)
        assert (row.outcome, row.error) == ('{"why":"no €"}', "margin")
        assert [record.kind for record in store.journal(DEFAULT_SCOPE, number=1)] == ["intent"] + ["intent_changed"] * 2
        assert store.verify() == []


def test_the_history_of_an_order_is_whole_wherever_its_records_stand(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        with store.transaction() as transaction:
            add_intent(transaction)
            transaction.append("ledger", DEFAULT_SCOPE, {}, number=1)
            add_intent(transaction)
            add_intent(transaction, OTHER)
            transaction.change_intent(DEFAULT_SCOPE, 1, IntentState.INTENT, IntentState.SENT)
            transaction.change_intent(OTHER, 1, IntentState.INTENT, IntentState.SENT)
            transaction.change_intent(DEFAULT_SCOPE, 1, IntentState.SENT, IntentState.UNKNOWN)
            transaction.append("ledger", DEFAULT_SCOPE, {}, number=1)
        assert [row.seq for row in store.journal(DEFAULT_SCOPE, number=1)] == [1, 2, 5, 7, 8]
        assert [row.seq for row in store.journal(DEFAULT_SCOPE, number=1, kinds={"ledger", "intent"})] == [1, 2, 8]
        assert [row.seq for row in store.journal(DEFAULT_SCOPE, number=1, after_seq=2, limit=2)] == [5, 7]
        assert [row.seq for row in store.journal(OTHER, number=1)] == [4, 6]
        raw(tmp_path, "DELETE FROM intents WHERE number = 1")
        assert [row.seq for row in store.journal(DEFAULT_SCOPE, number=1)] == [1, 2, 5, 7, 8]


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(st.characters(exclude_categories=["Cs"]))),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "}", '"', ","]), inner),
    max_leaves=6,
)


@settings(max_examples=40, deadline=None)
@given(request=st.dictionaries(st.text(max_size=5), VALUES, max_size=3), error=st.text(max_size=9), values=VALUES)
def test_an_intent_is_recorded_as_canonical_json_and_read_back_as_it_was_asked(
    request: dict[str, JSON], error: str, values: JSON
) -> None:
    columns: dict[str, JSON] = {
        "charter_hash": "c", "client_order_id": error, "created_ns": 1, "key": None, "kind": "entry", "number": 2,
        "recorded_ns": 3, "request_hash": "h", "symbol": error, "answered_ns": None, "error": error, "owner": None,
        "sent_ns": 4, "state": "sent", "outcome": None,
    }  # fmt: skip
    asked = {"request": canonical_json(request), "quotes": canonical_json([values]), "verdicts": canonical_json(values)}
    body = intent_body("paper:paper:main", {**columns, **asked})
    assert read_asked(body) == tuple(asked.values())
    told = json.loads(body)
    assert told["intent"] == {
        **{name: columns[name] for name in list(columns)[:9]},
        "scope": "paper:paper:main",
        **{name: json.loads(text) for name, text in asked.items()},
    }
    assert told["now"] == {name: columns[name] for name in list(columns)[9:]}


def test_what_could_not_be_read_back_is_not_recorded(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        with pytest.raises(ValueError, match="the record's own"), store.transaction() as transaction:
            add_intent(transaction, request={"a": 1, "quotes": 2})
        assert store.head().seq == 0


def test_only_the_owner_changes_an_intent_when_an_owner_is_named(tmp_path: Path) -> None:
    with open_store(tmp_path) as store, store.transaction() as transaction:
        add_intent(transaction, owner="me")
        change = (DEFAULT_SCOPE, 1, IntentState.INTENT, IntentState.SENT)
        assert not transaction.change_intent(*change, owner="you")
        assert transaction.change_intent(*change, owner="me")
        assert not transaction.change_intent(*change, owner="me")
        assert not transaction.change_intent(DEFAULT_SCOPE, 2, IntentState.INTENT, IntentState.SENT)


@pytest.mark.parametrize("state", [state for state in IntentState if state not in {"intent", "refused"}])
def test_an_intent_begins_as_intent_or_refused(tmp_path: Path, state: IntentState) -> None:
    with open_store(tmp_path) as store, store.transaction() as transaction:
        with pytest.raises(ValueError, match="cannot begin"):
            add_intent(transaction, state=state)
        assert transaction.next_intent(DEFAULT_SCOPE)[0] == 1


@pytest.mark.parametrize("kind", ["", "Intent", "a b", "intent", "account", "latch_set", "x\ny"])
def test_a_record_of_a_kind_that_is_not_the_callers_is_refused(tmp_path: Path, kind: str) -> None:
    with open_store(tmp_path) as store, pytest.raises(ValueError, match="kind"), store.transaction() as transaction:
        transaction.append(kind, DEFAULT_SCOPE, {})


def test_the_journal_is_read_in_order_by_scope_kind_number_and_place(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        with store.transaction() as transaction:
            for index in range(1, 9):
                scope = (DEFAULT_SCOPE, OTHER, None)[index % 3]
                transaction.append("ledger" if index % 2 else "note", scope, {"i": index}, number=index)
        assert [row.seq for row in store.journal()] == list(range(1, 9))
        assert [row.seq for row in store.journal(OTHER)] == [1, 4, 7]
        assert [row.seq for row in store.journal(kinds=["note"], after_seq=2, limit=2)] == [4, 6]
        assert [row.body for row in store.journal(number=5)] == ['{"i":5}']
        assert [row.seq for row in store.ledger(OTHER)] == [1, 7]
        assert [row.seq for row in store.ledger(OTHER, after_n=1)] == [7]
        assert store.ledger(OTHER, after_n=2) == []


def test_latches_hold_for_their_scope_or_for_all_until_cleared(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        with store.transaction() as transaction:
            transaction.set_latch("kill", None, reason="by hand", at_ns=1)
            transaction.set_latch("drawdown", DEFAULT_SCOPE, reason="peak", at_ns=2, detail={"pct": "10"})
            transaction.set_latch("drawdown", DEFAULT_SCOPE, reason="day", at_ns=3)
        assert [row.name for row in store.latches(OTHER)] == ["kill"]
        assert [(row.name, row.reason) for row in store.latches(DEFAULT_SCOPE)] == [
            ("kill", "by hand"),
            ("drawdown", "day"),
        ]
        with store.transaction() as transaction:
            assert transaction.clear_latch("drawdown", DEFAULT_SCOPE, reason="resume", at_ns=4)
            assert not transaction.clear_latch("drawdown", DEFAULT_SCOPE, reason="resume", at_ns=4)
            assert not transaction.clear_latch("kill", DEFAULT_SCOPE, reason="resume", at_ns=4)
        assert [row.name for row in store.latches()] == ["kill"]
        assert store.verify() == []


def test_an_exception_in_the_block_leaves_nothing(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        with pytest.raises(ZeroDivisionError):
            _write_and_fail(store)
        assert (store.accounts(), store.intents(), store.latches(), store.head().seq) == ([], [], [], 0)
        with store.transaction() as transaction:
            assert add_intent(transaction).number == 1


def test_a_reader_sees_what_was_committed_while_a_writer_is_at_work(tmp_path: Path) -> None:
    with open_store(tmp_path) as writer, open_store(tmp_path, write=False) as reader:
        with writer.transaction() as transaction:
            add_intent(transaction)
            assert reader.intents() == []
        assert len(reader.intents()) == 1


@pytest.mark.parametrize("number", [0, -1, 2**63, -(2**63) - 1, 10**40])
def test_a_number_no_row_has_finds_nothing_however_large(tmp_path: Path, number: int) -> None:
    with open_store(tmp_path) as store:
        with store.transaction() as transaction:
            add_intent(transaction)
        assert store.intent(DEFAULT_SCOPE, number) is None
        assert list(store.journal(DEFAULT_SCOPE, number=number)) == []
        assert len(store.intents(limit=10**40)) == 1


def test_text_that_is_not_unicode_is_a_usage_error_and_nothing_is_written(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        with pytest.raises(UsageError) as caught:
            store.intent_by_key(DEFAULT_SCOPE, "\udcff")
        assert caught.value.code == "bad_text"
        with pytest.raises(UsageError) as caught, store.transaction() as transaction:
            transaction.append("note", DEFAULT_SCOPE, {"text": "\udcff"})
        assert caught.value.code == "bad_text"
        assert store.head().seq == 0


def test_a_closed_store_is_our_fault_not_damage(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.close()
    with pytest.raises(SetupError) as caught:
        store.accounts()
    assert caught.value.code == "state_unusable"


NAMES = st.sampled_from(["main", "other", "a.b-c_9"])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
BODIES = st.dictionaries(TEXTS, st.one_of(TEXTS, st.integers(-(10**30), 10**30), st.none(), st.booleans()), max_size=4)


@settings(max_examples=20, deadline=None)
@given(records=st.lists(st.tuples(NAMES, BODIES), max_size=12))
def test_any_body_comes_back_as_it_was_and_proves_itself(records: list[tuple[str, dict[str, JSON]]]) -> None:
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder)) as store:
        for name, body in records:
            with store.transaction() as transaction:
                transaction.append("ledger", Scope(Mode.PAPER, "paper", name), body)
        assert [json.loads(row.body) for row in store.journal()] == [body for _, body in records]
        assert [row.scope.account for row in store.journal() if row.scope] == [name for name, _ in records]
        assert store.verify() == []


@settings(max_examples=15, deadline=None)
@given(moves=st.lists(st.tuples(st.integers(1, 4), st.sampled_from(IntentState), st.sampled_from(IntentState))))
def test_any_walk_of_intents_stays_told_by_its_records(moves: list[tuple[int, IntentState, IntentState]]) -> None:
    model = dict.fromkeys(range(1, 5), IntentState.INTENT)
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder)) as store:
        with store.transaction() as transaction:
            for _ in model:
                add_intent(transaction)
            for number, before, after in moves:
                if after in NEXT_INTENT_STATES[before]:
                    changed = transaction.change_intent(DEFAULT_SCOPE, number, before, after, answered_ns=number)
                    assert changed == (model[number] is before)
                    model[number] = after if changed else model[number]
        assert {row.number: row.state for row in store.intents()} == model
        assert store.verify() == []
