"""`rickctl disarm`: close LIVE's windows at once; allowed always, from anywhere, without a PIN."""

from __future__ import annotations

from typing import Annotated

import typer

from rickctl.commands.kill import usable_output
from rickctl.commands.options import OutputOption, RehearsalFlag, contract, given_app, noun
from rickctl.domain.errors import ExitCode
from rickctl.domain.scope import parse_scope
from rickctl.render.arming import DISARM_FIELDS, disarm_view, rehearsed_disarm_view
from rickctl.services.arming import LONGEST_REASON, check_scope

cli = noun("Close LIVE's windows at once.")

BADGE = "Arming"
AnyLiveOption = Annotated[
    str | None,
    typer.Option("--account", "-a", metavar="ACCOUNT", help="live:broker:name; all without it", show_default=False),
]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="kept in the journal", show_default=False)]


@cli.command()
@contract(shape="object", fields=DISARM_FIELDS, mutates=True, exits=(ExitCode.FINDINGS,))
def disarm(
    context: typer.Context,
    account: AnyLiveOption = None,
    reason: ReasonOption = "",
    dry_run: RehearsalFlag = False,
    output: OutputOption = None,
) -> None:
    """Close one window or all of them and cancel entries that still rest; open positions keep their exits.

    The window goes first, with the database locked or the network down. Exit 9: closed, and something is left to do.
    """
    app = given_app(context)
    chosen = usable_output(app, output)
    scope = None if account is None else check_scope(parse_scope(account))
    if dry_run:
        states = [state for state in app.arming.states() if scope in {None, state.scope}]
        app.show(rehearsed_disarm_view(states), output=chosen, badge=f"{BADGE} · dry run")
        return
    closed = app.arming.disarm(scope, reason[:LONGEST_REASON])
    view = disarm_view(closed.ended, closed.cancelled, closed.failed, closed.unrecorded)
    app.show(view, output=chosen, badge=BADGE)
    if closed.failed or closed.unrecorded is not None:
        raise typer.Exit(ExitCode.FINDINGS)
