"""`rickctl positions`: what is open, in one account or in all; settles in memory and writes nothing."""

from __future__ import annotations

import typer

from rickctl.commands.options import (
    AccountOption,
    IfOpenOption,
    LockOption,
    OutFileOption,
    OutputOption,
    WatchFlag,
    app_of,
    contract,
    name_failed,
    noun,
)
from rickctl.domain.errors import ExitCode
from rickctl.render.portfolio import POSITION_FIELDS, POSITIONS_FIELDS, positions_view
from rickctl.services.portfolio import report_positions

cli = noun("What is open, in one account or in all.")

_EXITS = (ExitCode.UNREACHABLE, ExitCode.SKIPPED, ExitCode.FINDINGS)


@cli.command()
@contract(shape="object", fields=(*POSITIONS_FIELDS, *POSITION_FIELDS), exits=_EXITS)
def positions(
    context: typer.Context,
    account: AccountOption = None,
    watch: WatchFlag = False,
    out: OutFileOption = None,
    lock: LockOption = None,
    if_market_open: IfOpenOption = None,
    output: OutputOption = None,
) -> None:
    """Show every open position with its price, unrealised result, stop, target and how long it is held.

    An account that cannot be asked is named, the rest is shown, and the exit code is 9.
    """
    app = app_of(context)
    app.start_job(lock, if_market_open, account)
    report = app.repeat(
        lambda: report_positions(app.desks.openers(account), app.clock.now_ns()),
        positions_view,
        watch=watch,
        output=output,
        badge=app.report_badge(account),
        out_file=out,
    )
    name_failed(app, report.failed, output)
    if not report.complete:
        raise typer.Exit(ExitCode.FINDINGS)
