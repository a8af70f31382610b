"""`rickctl arm`: open a window in which one LIVE account may add risk; a person at a terminal, with the PIN."""

from __future__ import annotations

from typing import Annotated

import typer

from rickctl.commands.options import OutputOption, RehearsalFlag, app_of, contract, noun
from rickctl.domain.errors import ExitCode
from rickctl.domain.scope import parse_scope
from rickctl.render.arming import ARM_FIELDS, arm_view
from rickctl.services.arming import LONGEST_REASON

cli = noun("Let one LIVE account add risk for a while.")

LiveAccountOption = Annotated[
    str, typer.Option("--account", "-a", metavar="ACCOUNT", help="live:broker:name, always typed", show_default=False)
]
LengthOption = Annotated[
    str | None,
    typer.Option("--for", metavar="TIME", help="how long; 30m where not said, at most max_arm_min", show_default=False),
]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="kept with the window", show_default=False)]


@cli.command()
@contract(shape="object", fields=ARM_FIELDS, mutates=True, exits=(ExitCode.REFUSED,))
def arm(
    context: typer.Context,
    account: LiveAccountOption,
    length: LengthOption = None,
    reason: ReasonOption = "",
    dry_run: RehearsalFlag = False,
    output: OutputOption = None,
) -> None:
    """Open a window for one LIVE account and the charter in force, at a terminal with the PIN; it closes by itself.

    It ends at its time on the wall clock or on the clock since boot, whichever is first, and earlier with a reboot, a
    kill, a clock that is moved, and a charter, configuration or token that is changed.
    """
    app = app_of(context)
    state = app.arming.arm(parse_scope(account), length, reason[:LONGEST_REASON], dry_run=dry_run)
    badge = f"Exec: LIVE · {state.scope}"
    app.show(arm_view(state, is_dry_run=dry_run), output=output, badge=f"{badge} · dry run" if dry_run else badge)
