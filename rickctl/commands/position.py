"""`rickctl position close`: reduce-only closing of what is open; can never open or add."""

from __future__ import annotations

from typing import Annotated

import typer

from rickctl.commands.options import AccountOption, AllFlag, DryRunFlag, OutputOption, app_of, contract, noun
from rickctl.domain.errors import ExitCode
from rickctl.render.orders import ORDER_FIELDS, orders_view

cli = noun("Close what is open; the exits of what is left stay.")


@cli.callback()
def position() -> None:
    """Close what is open; the exits of what is left stay."""


MaybeSymbolArgument = Annotated[str | None, typer.Argument(metavar="[SYMBOL]", help="EUR_USD …", show_default=False)]
TradeOption = Annotated[
    int | None,
    typer.Option("--trade", metavar="N", help="one trade of the position, -N for ext N", show_default=False),
]
UnitsOption = Annotated[str | None, typer.Option("--units", metavar="UNITS", help="part of it", show_default=False)]


@cli.command()
@contract(
    shape="array",
    fields=ORDER_FIELDS,
    mutates=True,
    exits=(ExitCode.REJECTED, ExitCode.UNREACHABLE, ExitCode.REFUSED, ExitCode.UNKNOWN),
)
def close(
    context: typer.Context,
    symbol: MaybeSymbolArgument = None,
    trade: TradeOption = None,
    units: UnitsOption = None,
    every: AllFlag = False,
    account: AccountOption = None,
    dry_run: DryRunFlag = False,
    output: OutputOption = None,
) -> None:
    """Close a position at market, or a part of it, or everything.

    All of a SYMBOL or UNITS of it, one trade, or with --all what the account holds.
    """
    app = app_of(context)
    orders = app.desks.orders(account, write=not dry_run)
    reports = orders.close(symbol, trade, units, every=every, dry_run=dry_run)
    app.show(orders_view(reports), output=output, badge=app.badge(account, "dry run" if dry_run else None))
