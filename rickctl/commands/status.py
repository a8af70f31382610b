"""`rickctl status`: what stands and what is stopped; writes nothing."""

from __future__ import annotations

import typer

from rickctl.commands.options import AccountOption, LockOption, OutFileOption, OutputOption, app_of, contract, noun
from rickctl.domain.errors import ExitCode
from rickctl.render.status import STATUS_FIELDS, status_view
from rickctl.services.status import report_status

cli = noun("What stands and what is stopped.")


@cli.command()
@contract(shape="object", fields=STATUS_FIELDS, exits=(ExitCode.REFUSED, ExitCode.SKIPPED, ExitCode.FINDINGS))
def status(
    context: typer.Context,
    account: AccountOption = None,
    out: OutFileOption = None,
    lock: LockOption = None,
    output: OutputOption = None,
) -> None:
    """Show the kill switch, latches, unknown outcomes and every account at a glance; exit 9 if anything is stopped."""
    app = app_of(context)
    app.start_job(lock)
    found = report_status(
        app.store(write=False),
        app.desks.openers(account),
        charter=app.charter(),
        kill_reason=app.kill_reason(),
        as_of_ns=app.clock.now_ns(),
    )
    app.show(status_view(found), output=output, badge="Status", out_file=out)
    if found.has_findings:
        raise typer.Exit(ExitCode.FINDINGS)
