"""`rickctl quote SYMBOL…`: prices now or in the past; settles nothing and writes nothing."""

from __future__ import annotations

import typer

from rickctl.commands.options import AccountOption, AtOption, OutputOption, SymbolsArgument, app_of, contract, noun
from rickctl.domain.errors import ExitCode
from rickctl.domain.instants import parse_instant
from rickctl.render.prices import QUOTE_FIELDS, quotes_view
from rickctl.services.quotes import fetch_quotes

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
    app = app_of(context)
    book = app.book(account)
    rows = fetch_quotes(
        symbols,
        market=book.market,
        scope=book.scope,
        now_ns=book.now_ns,
        at_ns=None if at is None else parse_instant(at, "--at"),
    )
    app.show(quotes_view(rows), output=output, badge=book.badge)
