"""`rickctl resume`: a person at a terminal allows entries again; never a script."""

from __future__ import annotations

import typer

from rickctl.commands.options import OutputOption, RehearsalFlag, app_of, contract, noun
from rickctl.domain.arming import Cause
from rickctl.domain.errors import ExitCode
from rickctl.render.status import RESUMED_FIELDS, rehearsed_resume_view, resumed_view

cli = noun("Allow entries again, by a person at a terminal.")


@cli.command()
@contract(shape="object", fields=RESUMED_FIELDS, mutates=True, exits=(ExitCode.REFUSED,))
def resume(context: typer.Context, dry_run: RehearsalFlag = False, output: OutputOption = None) -> None:
    """Lift the kill switch and every latch after typing `resume` at a terminal; without one it is refused.

    Where LIVE is among what was stopped it takes the PIN as well. It arms nothing.
    """
    app = app_of(context)
    if dry_run:
        held = app.rehearsals.resume()
        view = rehearsed_resume_view(held, is_killed=app.kill_reason() is not None, has_person=app.ask is not None)
        app.show(view, output=output, badge="Kill switch · dry run")
        raise typer.Exit(ExitCode.REFUSED if held and app.ask is None else ExitCode.DONE)
    app.arming.confirm_resume()
    lifted = app.desks.resume()
    if lifted:
        app.arming.end(None, "resumed", Cause.KILL)
    app.show(resumed_view(lifted), output=output, badge="Kill switch")
