"""`rickctl stream SYMBOL…`: prices as they change; settles nothing and writes nothing."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from rickctl.commands.options import AccountOption, OutputOption, SymbolsArgument, app_of, contract, noun
from rickctl.domain.errors import ExitCode
from rickctl.domain.instants import parse_duration_ns
from rickctl.render.prices import QUOTE_FIELDS, quotes_view
from rickctl.render.ticks import QuoteLines
from rickctl.services.stream import Limits, check_limits, stream_rounds

cli = noun("Prices as they change.")

_ROWS_BETWEEN_LOOKS = 100_000

CountOption = Annotated[
    int | None, typer.Option("--count", "-n", metavar="N", help="end after N quotes", show_default=False)
]
DurationOption = Annotated[
    str | None, typer.Option("--duration", metavar="TIME", help="end after this long, e.g. 30s", show_default=False)
]


@cli.command()
@contract(shape="lines", fields=QUOTE_FIELDS, exits=(ExitCode.UNREACHABLE,))
def stream(
    context: typer.Context,
    symbols: SymbolsArgument,
    count: CountOption = None,
    duration: DurationOption = None,
    account: AccountOption = None,
    output: OutputOption = None,
) -> None:
    """Show prices of each SYMBOL as they change, until Ctrl-C.

    On a terminal the rows repaint in place, at most ten times a second. On a pipe, or with
    -o jsonl, every change is one JSON object on a line of its own, flushed at once.
    """
    app = app_of(context)
    book = app.book(account)
    limits = check_limits(Limits(count, None if duration is None else parse_duration_ns(duration, "--duration")))
    rounds = stream_rounds(
        symbols,
        market=book.market,
        scope=book.scope,
        clock=app.running_clock(book),
        limits=limits,
        is_paced=app.is_painted(output),
        tell=app.warn,
    )
    with _rare_collection():
        app.show_rounds(rounds, quotes_view, output=output, badge=book.badge, text_of=QuoteLines().text)


@contextmanager
def _rare_collection() -> Iterator[None]:
    """Look for dead cycles seldom: thousands of rows a second come and go, and none of them is one."""
    held = gc.get_threshold()
    gc.set_threshold(_ROWS_BETWEEN_LOOKS, *held[1:])
    try:
        yield
    finally:
        gc.set_threshold(*held)
