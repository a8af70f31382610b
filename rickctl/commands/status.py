"""`rickctl status`: what stands and what is stopped; writes nothing."""

from __future__ import annotations

from typing import Annotated

import typer

from rickctl.commands.options import AccountOption, LockOption, OutFileOption, OutputOption, app_of, contract, noun
from rickctl.domain.errors import ExitCode
from rickctl.render.status import STATUS_FIELDS, status_view
from rickctl.services.status import report_status

cli = noun("What stands and what is stopped.")

HistoryFlag = Annotated[bool, typer.Option("--history", help="the newest 100 times LIVE was armed, disarmed, sealed …")]


@cli.command()
@contract(shape="object", fields=STATUS_FIELDS, exits=(ExitCode.REFUSED, ExitCode.SKIPPED, ExitCode.FINDINGS))
def status(
    context: typer.Context,
    account: AccountOption = None,
    history: HistoryFlag = False,
    out: OutFileOption = None,
    lock: LockOption = None,
    output: OutputOption = None,
) -> None:
    """Show the kill switch, LIVE's windows, latches, unknown outcomes and every account at a glance.

    Exit 9 if anything is stopped.
    """
    app = app_of(context)
    app.start_job(lock)
    found = report_status(
        app.store(write=False),
        app.desks.openers(account, every_mode=True),
        charter=app.charter(),
        kill_reason=app.kill_reason(),
        as_of_ns=app.clock.now_ns(),
        arming=app.arming.states(),
        history=app.arming.history() if history else None,
    )
    app.show(status_view(found), output=output, badge="Status", out_file=out)
    if found.has_findings:
        raise typer.Exit(ExitCode.FINDINGS)
