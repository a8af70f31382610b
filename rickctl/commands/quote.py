"""`rickctl quote SYMBOL…`: prices now or in the past; settles nothing and writes nothing."""

from __future__ import annotations

import typer

from rickctl.commands.hot import QuoteWords, show_quotes
from rickctl.commands.options import (
    AccountOption,
    AtOption,
    IfOpenOption,
    LockOption,
    OutFileOption,
    OutputOption,
    SymbolsArgument,
    WatchFlag,
    app_of,
    contract,
    noun,
)
from rickctl.domain.errors import ExitCode, UsageError
from rickctl.render.prices import QUOTE_FIELDS

cli = noun("Bid, ask, spread and age of one or more symbols.")


@cli.command()
@contract(shape="array", fields=QUOTE_FIELDS, exits=(ExitCode.UNREACHABLE, ExitCode.SKIPPED))
def quote(
    context: typer.Context,
    symbols: SymbolsArgument,
    account: AccountOption = None,
    at: AtOption = None,
    watch: WatchFlag = False,
    out: OutFileOption = None,
    lock: LockOption = None,
    if_market_open: IfOpenOption = None,
    output: OutputOption = None,
) -> None:
    """Show bid, ask, mid, spread, source and age of each SYMBOL, in the order asked.

    A closed market is quoted too, and marked: its last prices are not tradeable.
    """
    if watch and at is not None:
        message = "--at asks about one instant; there is nothing to watch"
        raise UsageError(message, code="bad_usage")
    app = app_of(context)
    app.start_job(lock, if_market_open, account)
    show_quotes(app, QuoteWords(tuple(symbols), account, at, output, watch, out))
