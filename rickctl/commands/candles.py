"""`rickctl candles SYMBOL`: bars of one symbol; settles nothing and writes nothing."""

from __future__ import annotations

from typing import Annotated

import typer

from rickctl.commands.options import (
    AccountOption,
    AtOption,
    IfOpenOption,
    LockOption,
    OutFileOption,
    OutputOption,
    SymbolArgument,
    app_of,
    contract,
    noun,
)
from rickctl.domain.errors import ExitCode
from rickctl.domain.instants import parse_instant
from rickctl.render.prices import BAR_FIELDS, bars_view
from rickctl.services.quotes import fetch_bars

cli = noun("Bars of one symbol.")

GranularityOption = Annotated[
    str, typer.Option("--granularity", "-g", metavar="G", help="S5 … M1 M5 M15 M30 H1 H4 D W")
]
CountOption = Annotated[int, typer.Option("--count", "-n", metavar="N", help="how many bars, the newest last")]


@cli.command()
@contract(shape="array", fields=BAR_FIELDS, exits=(ExitCode.UNREACHABLE, ExitCode.SKIPPED))
def candles(
    context: typer.Context,
    symbol: SymbolArgument,
    granularity: GranularityOption = "M15",
    count: CountOption = 20,
    at: AtOption = None,
    account: AccountOption = None,
    out: OutFileOption = None,
    lock: LockOption = None,
    if_market_open: IfOpenOption = None,
    output: OutputOption = None,
) -> None:
    """Show the last N bars of SYMBOL, bid and ask, each labelled by its start.

    A bar covers its start up to, not including, its end. Hours without prices have no bar.
    The bar still running is marked. Day bars of FX begin 17:00 New York, of crypto 00:00 UTC.
    """
    app = app_of(context)
    app.start_job(lock, if_market_open, account)
    book = app.book(account)
    found = fetch_bars(
        symbol,
        granularity=granularity,
        count=count,
        market=book.market,
        scope=book.scope,
        now_ns=book.now_ns,
        until_ns=None if at is None else parse_instant(at, "--at"),
    )
    app.show(bars_view(found), output=output, badge=book.badge, out_file=out)
