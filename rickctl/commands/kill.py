"""`rickctl kill`: stop everything that could add risk, at once, from anywhere; never touches an exit."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from rickctl.commands.options import OutputOption, RehearsalFlag, contract, given_app, noun
from rickctl.domain.arming import Cause
from rickctl.domain.errors import ExitCode, RickctlError
from rickctl.render.status import STOPPED_FIELDS, rehearsed_kill_view, stopped_view

if TYPE_CHECKING:
    from rickctl.app import App

cli = noun("Stop everything that could add risk.")

_LONGEST_REASON = 200
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="kept with the latch")]


@cli.command()
@contract(shape="object", fields=STOPPED_FIELDS, mutates=True, exits=(ExitCode.FINDINGS,))
def kill(
    context: typer.Context,
    reason: ReasonOption = "by hand",
    dry_run: RehearsalFlag = False,
    output: OutputOption = None,
) -> None:
    """Refuse every entry in every process from now on and cancel working entries; open positions keep their exits.

    The latch is a file of its own: it holds with the database locked, the network down or the charter broken.
    What could not be cancelled now (exit 9) the next kill, or any order command there, cancels. Only a person resumes.
    """
    app = given_app(context)
    reason = reason[:_LONGEST_REASON]
    if dry_run:
        _rehearse(app, reason, output)
        return
    app.set_kill(reason)
    with suppress(RickctlError):
        # The latch above stops LIVE already; this makes sure that lifting it arms nothing.
        app.arming.end(None, reason, Cause.KILL)
    stopped = app.desks.stop_everything(app.kill_reason() or reason)
    app.show(stopped_view(stopped), output=usable_output(app, output), badge="Kill switch")
    if stopped.failed:
        raise typer.Exit(ExitCode.FINDINGS)


def _rehearse(app: App, reason: str, output: str | None) -> None:
    """Print what a kill would do."""
    view = rehearsed_kill_view(app.rehearsals.kill(reason), is_killed=app.kill_reason() is not None)
    app.show(view, output=usable_output(app, output), badge="Kill switch · dry run")


def usable_output(app: App, chosen: str | None) -> str:
    """The format asked for, a table where there is none of that name: a misspelt word stops no kill."""
    try:
        return app.output(chosen)
    except RickctlError:
        return "table"
