"""`rickctl kill`: stop everything that could add risk, at once, from anywhere; never touches an exit."""

from __future__ import annotations

from typing import Annotated

import typer

from rickctl.commands.options import OutputOption, app_of, contract, noun
from rickctl.domain.errors import ExitCode
from rickctl.render.status import STOPPED_FIELDS, stopped_view

cli = noun("Stop everything that could add risk.")

ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="kept with the latch")]


@cli.command()
@contract(shape="object", fields=STOPPED_FIELDS, mutates=True, exits=(ExitCode.FINDINGS,))
def kill(context: typer.Context, reason: ReasonOption = "by hand", output: OutputOption = None) -> None:
    """Refuse every entry in every process from now on and cancel working entries; open positions keep their exits.

    The latch is a file of its own: it holds with the database locked, the network down or the charter broken.
    What could not be cancelled now (exit 9) the next command finishes. Only a person lifts it: rickctl resume.
    """
    app = app_of(context)
    app.set_kill(reason)
    stopped = app.desks.stop_everything(reason)
    app.show(stopped_view(stopped), output=output, badge="Kill switch")
    if stopped.failed:
        raise typer.Exit(ExitCode.FINDINGS)
