"""The read a script makes in a loop, parsed without Typer where it is plainly written; the rest goes the long way."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.instants import parse_instant
from rickctl.render.prices import quotes_view
from rickctl.services.quotes import fetch_quotes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rickctl.app import App
    from rickctl.services.quotes import QuoteRow

_VALUES = {"-o": "output", "--output": "output", "-a": "account", "--account": "account", "--at": "at"}


class QuoteWords(NamedTuple):
    """What was typed after `quote`."""

    symbols: tuple[str, ...]
    account: str | None = None
    at: str | None = None
    output: str | None = None
    watch: bool = False
    out: Path | None = None


def plain_quote(argv: Sequence[str]) -> QuoteWords | None:
    """The words of a `quote` made of symbols and options with a value apart; None where Typer has to look at them."""
    symbols: list[str] = []
    values: dict[str, str] = {}
    words = iter(argv)
    for word in words:
        if not word.startswith("-"):
            symbols.append(word)
            continue
        name, value = _VALUES.get(word), next(words, None)
        if name is None or name in values or value is None or value.startswith("-"):
            return None
        values[name] = value
    if not symbols:
        return None
    return QuoteWords(tuple(symbols), values.get("account"), values.get("at"), values.get("output"))


def show_quotes(app: App, words: QuoteWords) -> None:
    """Print the quotes asked for, once or every second."""
    app.output(words.output)
    at_ns = None if words.at is None else parse_instant(words.at, "--at")
    badge = app.badge(words.account)

    def ask() -> list[QuoteRow]:
        book = app.book(words.account)
        return fetch_quotes(words.symbols, market=book.market, scope=book.scope, now_ns=book.now_ns, at_ns=at_ns)

    app.repeat(ask, quotes_view, watch=words.watch, output=words.output, badge=badge, out_file=words.out)
