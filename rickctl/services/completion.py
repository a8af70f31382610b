"""The words a shell asks for while a command line is typed; settles nothing, writes nothing, fetches nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rickctl.domain.scope import DEFAULT_SCOPE, Mode, parse_scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rickctl.domain.records import AccountRow
    from rickctl.domain.scope import Scope
    from rickctl.domain.state import StateReads


def list_symbols(prefix: str, known: Iterable[str]) -> list[str]:
    """Symbols that `prefix` begins, whatever its case and separators."""
    wanted = _letters(prefix)
    return [symbol for symbol in known if _letters(symbol).startswith(wanted)]


def _letters(text: str) -> str:
    return text.upper().replace("_", "").replace("-", "").replace("/", "")


def list_accounts(prefix: str, state: StateReads | None) -> list[str]:
    """Open accounts that `prefix` begins, in full where it has a colon. Raises SetupError."""
    rows: Iterable[AccountRow] = () if state is None else state.accounts()
    scopes = {DEFAULT_SCOPE, *(row.scope for row in rows if row.status == "open")}
    spelled: Callable[[Scope], str] = str if ":" in prefix else _short
    return sorted(name for name in map(spelled, scopes) if name.startswith(prefix.lower()))


def _short(scope: Scope) -> str:
    return scope.account if scope.mode is Mode.PAPER and scope.broker == DEFAULT_SCOPE.broker else str(scope)


def list_numbers(kind: str, prefix: str, state: StateReads | None, account: str | None) -> list[str]:
    """Open `orders`, `trades` or both (`numbers`) of one account as last settled, the newest first.

    A trade has the number of the order that opened it. Raises SetupError, UsageError.
    """
    if state is None:
        return []
    scope = parse_scope(account) if account else DEFAULT_SCOPE
    row = state.account(scope)
    held = {} if row is None else json.loads(row.state)
    kinds = ("orders", "trades") if kind == "numbers" else (kind,)
    found = {int(item["number"]) for each in kinds for item in held.get(each, ())}
    if "orders" in kinds:
        found |= _unanswered(state, scope)
    return [str(number) for number in sorted(found, reverse=True) if str(number).startswith(prefix)]


def _unanswered(state: StateReads, scope: Scope) -> set[int]:
    from rickctl.domain.orders import IntentState  # noqa: PLC0415 - symbols and accounts need no orders

    return {row.number for row in state.intents(scope, states={IntentState.SENT, IntentState.UNKNOWN})}


def account_typed(typed: Sequence[str]) -> str | None:
    """The account a command line names so far, or None."""
    found = None
    for place, word in enumerate(typed):
        if word in {"-a", "--account"} and place + 1 < len(typed):
            found = typed[place + 1]
        elif word.startswith("--account="):
            found = word.removeprefix("--account=")
    return found
