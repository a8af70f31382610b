"""Selected columns to domain rows and back; a value no row may hold is reported as damage."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from rickctl.domain.orders import IntentState
from rickctl.domain.records import AccountKind, AccountRow, AccountStatus, IntentKind, IntentRow, JournalRow, LatchRow
from rickctl.domain.scope import Mode, Scope
from rickctl.store.failures import corrupt
from rickctl.store.journal import ASKED, read_asked

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT_COLUMNS = tuple(field.name for field in fields(AccountRow))
INTENT_COLUMNS = tuple(field.name for field in fields(IntentRow) if field.name not in ASKED)
JOURNAL_COLUMNS = JournalRow._fields
LATCH_COLUMNS = LatchRow._fields
OPEN_STATES = frozenset({IntentState.INTENT, IntentState.SENT, IntentState.UNKNOWN})
"""The states of an intent whose row says `is_open`."""


def read_scope(text: str, path: Path) -> Scope:
    """The scope a column names; raises SetupError."""
    try:
        mode, broker, account = text.split(":")
        return Scope(Mode(mode), broker, account)
    except (ValueError, AttributeError):
        raise corrupt(path, f"{text!r} is not an account") from None


def read_account(found: tuple[Any, ...], path: Path) -> AccountRow:
    """An account from its columns; raises SetupError."""
    values = dict(zip(ACCOUNT_COLUMNS, found, strict=True))
    values["scope"] = read_scope(values["scope"], path)
    try:
        values["kind"] = AccountKind(values["kind"])
        values["status"] = AccountStatus(values["status"])
    except ValueError as error:
        raise corrupt(path, f"account {values['scope']}: {error}") from None
    return AccountRow(**values)


def read_intent(found: tuple[Any, ...], path: Path) -> IntentRow:
    """An intent from its columns and the body of its record; raises SetupError."""
    *columns, body = found
    values: dict[str, Any] = dict(zip(INTENT_COLUMNS, columns, strict=True))
    values["scope"] = read_scope(values["scope"], path)
    try:
        values["request"], values["quotes"], values["verdicts"] = read_asked(body)
        values["kind"] = IntentKind(values["kind"])
        values["state"] = IntentState(values["state"])
    except (ValueError, TypeError, AttributeError) as error:
        raise corrupt(path, f"intent {values['number']} of {values['scope']}: {error}") from None
    return IntentRow(**values)


def read_journal(found: tuple[Any, ...], path: Path) -> JournalRow:
    """A record from its columns; raises SetupError."""
    seq, recorded_ns, scope, kind, number, body, mac = found
    return JournalRow(seq, recorded_ns, None if scope is None else read_scope(scope, path), kind, number, body, mac)


def read_latch(found: tuple[Any, ...], path: Path) -> LatchRow:
    """A latch from its columns; raises SetupError."""
    scope, *rest = found
    return LatchRow(read_scope(scope, path) if scope else None, *rest)
