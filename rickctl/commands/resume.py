"""`rickctl resume`: a person at a terminal allows entries again; never a script."""

from __future__ import annotations

import typer

from rickctl.commands.options import OutputOption, app_of, contract, noun
from rickctl.domain.errors import ExitCode
from rickctl.render.status import RESUMED_FIELDS, resumed_view

cli = noun("Allow entries again, by a person at a terminal.")


@cli.command()
@contract(shape="object", fields=RESUMED_FIELDS, mutates=True, exits=(ExitCode.REFUSED,))
def resume(context: typer.Context, output: OutputOption = None) -> None:
    """Lift the kill switch and every latch after typing `resume` at a terminal; without one it is refused."""
    app = app_of(context)
    app.show(resumed_view(app.desks.resume()), output=output, badge="Kill switch")
