"""`rickctl pnl`: realised, unrealised and fees, by account, instrument and day; writes nothing."""

from __future__ import annotations

from typing import Annotated

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
from rickctl.domain.money import check_currency
from rickctl.render.portfolio import PNL_FIELDS, PNL_ROW_FIELDS, pnl_view
from rickctl.services.portfolio import report_pnl

cli = noun("Realised, unrealised and fees, by account, instrument and day.")

BaseOption = Annotated[str, typer.Option("--base", metavar="CURRENCY", help="currency of the totals")]

_EXITS = (ExitCode.UNREACHABLE, ExitCode.SKIPPED, ExitCode.FINDINGS)


@cli.command()
@contract(shape="object", fields=(*PNL_FIELDS, *PNL_ROW_FIELDS), exits=_EXITS)
def pnl(
    context: typer.Context,
    account: AccountOption = None,
    base: BaseOption = "USD",
    watch: WatchFlag = False,
    out: OutFileOption = None,
    lock: LockOption = None,
    if_market_open: IfOpenOption = None,
    output: OutputOption = None,
) -> None:
    """Show what every account has brought, in its own currency, and the total in one base currency at mid rates.

    PAPER, PRACTICE and LIVE are never added together. An account that cannot be asked is named: exit 9.
    """
    app = app_of(context)
    app.start_job(lock, if_market_open, account)
    report = app.repeat(
        lambda: report_pnl(app.desks.openers(account), check_currency(base), app.clock.now_ns()),
        pnl_view,
        watch=watch,
        output=output,
        badge=app.report_badge(account),
        out_file=out,
    )
    name_failed(app, report.failed, output)
    if report.failed:
        raise typer.Exit(ExitCode.FINDINGS)
