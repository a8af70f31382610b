"""Words for a command line being typed, asked for by a shell; builds no parser, writes nothing and never complains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.config import ACCOUNT_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rickctl.app import App

_KINDS = frozenset({"symbols", "accounts", "orders", "trades", "numbers"})


def is_asked(argv: Sequence[str]) -> bool:
    """Whether `complete …` asks for words; else it wants a script."""
    return bool(argv) and argv[0] in _KINDS


def write_words(app: App, argv: Sequence[str]) -> None:
    """Print the words asked for by `KIND [PREFIX [TYPED…]]`, one a line; none where anything is in the way."""
    try:
        found = _find_words(app, argv[0], argv[1].removesuffix("*") if len(argv) > 1 else "", argv[2:])
    except Exception:  # noqa: BLE001 - a complaint would be written over the line somebody is typing
        return
    app.out.write("".join(f"{word}\n" for word in found))
    app.out.flush()


def _find_words(app: App, kind: str, prefix: str, typed: Sequence[str]) -> list[str]:
    from rickctl.services import completion  # noqa: PLC0415 - a fault in it is no complaint either

    if kind == "symbols":
        from rickctl.domain.instruments import CATALOGUE  # noqa: PLC0415 - only symbols need it

        return completion.list_symbols(prefix, CATALOGUE)
    if kind == "accounts":
        return completion.list_accounts(prefix, app.glance())
    account = completion.account_typed(typed) or app.environment.get(ACCOUNT_VARIABLE)
    return completion.list_numbers(kind, prefix, app.glance(), account)
