"""Which book a record belongs to: mode, broker and account; every stored row and printed row carries one."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from rickctl.domain.errors import UsageError


class Mode(StrEnum):
    """PAPER is our own engine, PRACTICE a venue's demo, LIVE money."""

    PAPER = "paper"
    PRACTICE = "practice"
    LIVE = "live"


class Scope(NamedTuple):
    """(mode, broker, account), written `paper:paper:main`."""

    mode: Mode
    broker: str
    account: str

    def __str__(self) -> str:
        return f"{self.mode.value}:{self.broker}:{self.account}"


DEFAULT_SCOPE = Scope(Mode.PAPER, "paper", "main")

_ACCOUNT_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.")
_LONGEST_ACCOUNT = 40
_PARTS = 3


def parse_mode(word: str, broker: str = "paper") -> Mode:
    """The mode a word means: a venue's own paper, demo or sandbox is PRACTICE; `debug` is refused by name."""
    lowered = word.strip().lower()
    if lowered == "debug":
        message = "there is no debug mode; rehearse in a sandbox exchange, which counts as practice"
        raise UsageError(message, code="bad_mode", hint="--mode practice")
    if lowered in {"demo", "sandbox"} or (lowered == "paper" and broker != "paper"):
        return Mode.PRACTICE
    if lowered == "sim":
        return Mode.PAPER
    try:
        return Mode(lowered)
    except ValueError:
        message = f"mode {word[:_LONGEST_ACCOUNT]!r} is not one of paper, practice, live"
        raise UsageError(message, code="bad_mode") from None


def check_account_name(name: str) -> str:
    """Return `name` if it can name an account: 1 to 40 of `a-z 0-9 - _ .`, starting with a letter or digit."""
    usable = 0 < len(name) <= _LONGEST_ACCOUNT and set(name) <= _ACCOUNT_CHARACTERS and name[0].isalnum()
    if not usable:
        message = (
            f"account name {name[:_LONGEST_ACCOUNT]!r} is not usable; use 1 to {_LONGEST_ACCOUNT} of a-z 0-9 - _ ."
        )
        raise UsageError(message, code="bad_account_name")
    return name


def unknown_account(scope: Scope) -> UsageError:
    """The error for an account that was never created."""
    hint = f"rickctl account create {scope.account}" if scope.mode is Mode.PAPER else "rickctl account list"
    return UsageError(f"account {scope} does not exist", code="unknown_account", hint=hint)


def parse_scope(text: str) -> Scope:
    """Read `main` or `paper:paper:main`; a bare name is a paper account. Raises UsageError."""
    parts = text.strip().lower().split(":")
    if len(parts) == 1:
        return Scope(Mode.PAPER, "paper", check_account_name(parts[0]))
    if len(parts) != _PARTS:
        message = f"account {text[:_LONGEST_ACCOUNT]!r} is not mode:broker:account"
        raise UsageError(message, code="bad_account_name", hint="rickctl account list")
    broker = check_account_name(parts[1])
    return Scope(parse_mode(parts[0], broker), broker, check_account_name(parts[2]))
