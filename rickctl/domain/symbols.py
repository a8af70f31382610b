"""Canonical symbols from what people type: `eur/usd`, `eurusd`, `btc/usd`; never guesses between two instruments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.domain.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST_SYMBOL = 32


def canonical_symbol(text: str, known: Iterable[str]) -> str:
    """The one known symbol that `text` names, ignoring case and the separators `_ - /`. Raises UsageError."""
    wanted = _letters(text)
    symbols = tuple(known)
    for symbol in symbols:
        if _letters(symbol) == wanted:
            return symbol
    shown = text if len(text) <= _LONGEST_SYMBOL else text[:_LONGEST_SYMBOL] + "…"
    message = f"symbol {shown!r} is not known here"
    raise UsageError(message, code="unknown_symbol", hint=_nearest(wanted, symbols))


def _letters(text: str) -> str:
    return text.strip().upper().replace("_", "").replace("-", "").replace("/", "")


def _nearest(wanted: str, symbols: tuple[str, ...]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only a mistyped symbol pays for it

    near = get_close_matches(wanted, [_letters(symbol) for symbol in symbols], n=3, cutoff=0.6)
    close = [symbol for symbol in symbols if _letters(symbol) in near]
    return f"did you mean {', '.join(close)}?" if close else f"known here: {', '.join(symbols)}"
