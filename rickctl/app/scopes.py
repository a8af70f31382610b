"""Which account a command works on: the one named, else the environment's, else the file's; opens none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.config import ACCOUNT_VARIABLE
from rickctl.domain.errors import UsageError
from rickctl.domain.scope import DEFAULT_SCOPE, Mode, Scope, check_account_name, parse_mode, parse_scope

if TYPE_CHECKING:
    from rickctl.app import App

_MODE_AND_BROKER = 2


def find_scope(app: App, account: str | None) -> Scope:
    """The account named, else the environment's, the file's, `paper:paper:main`; a LIVE one must be named."""
    if account is not None:
        return _read(app, account)
    named = app.environment.get(ACCOUNT_VARIABLE)
    if not named:
        written = app.written("account")
        return parse_scope(written) if written else DEFAULT_SCOPE
    scope = _read(app, named)
    if scope.mode is Mode.LIVE:
        message = f"{ACCOUNT_VARIABLE} names a LIVE account; LIVE is named on the command line only"
        raise UsageError(message, code="live_by_default", hint=f"add --account {scope}")
    return scope


def _read(app: App, text: str) -> Scope:
    """`main`, `practice:oanda:ID`, or `practice:oanda` for the account of the last login there. Raises UsageError."""
    parts = text.strip().lower().split(":")
    if len(parts) != _MODE_AND_BROKER:
        return parse_scope(text)
    broker = check_account_name(parts[1])
    mode = parse_mode(parts[0], broker)
    if mode is not Mode.PRACTICE:
        message = f"account {text[:40]!r} is not mode:broker:account; only practice may leave the account out"
        raise UsageError(message, code="bad_account_name", hint="rickctl account list")
    known = app.credentials.account(broker, mode)
    if known is None:
        message = f"no account is known at {broker} {mode.value}"
        raise UsageError(message, code="unknown_account", hint=f"rickctl login {broker} --mode {mode.value}")
    return Scope(mode, broker, check_account_name(known.lower()))
