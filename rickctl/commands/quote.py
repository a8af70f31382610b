"""`rickctl quote SYMBOL…`: prices now or in the past; settles nothing and writes nothing."""

from __future__ import annotations

import typer

from rickctl.commands.hot import QuoteWords, show_quotes
from rickctl.commands.options import (
    AccountOption,
    AtOption,
    OutputOption,
    SymbolsArgument,
    app_of,
    contract,
    noun,
)
from rickctl.domain.errors import ExitCode
from rickctl.render.prices import QUOTE_FIELDS

cli = noun("Bid, ask, spread and age of one or more symbols.")


@cli.command()
@contract(shape="array", fields=QUOTE_FIELDS, exits=(ExitCode.UNREACHABLE,))
def quote(
    context: typer.Context,
    symbols: SymbolsArgument,
    account: AccountOption = None,
    at: AtOption = None,
    output: OutputOption = None,
) -> None:
    """Show bid, ask, mid, spread, source and age of each SYMBOL, in the order asked.

    A closed market is quoted too, and marked: its last prices are not tradeable.
    """
    show_quotes(app_of(context), QuoteWords(tuple(symbols), account, at, output))
