"""`rickctl pin …`: set and change the PIN that opens LIVE; typed at a terminal, never an option or a variable."""

from __future__ import annotations

import typer

from rickctl.commands.options import OutputOption, RehearsalFlag, app_of, contract, noun
from rickctl.domain.errors import ExitCode
from rickctl.render.arming import PIN_FIELDS, pin_view

cli = noun("The PIN that opens LIVE.")

BADGE = "PIN"
_EXITS = (ExitCode.REFUSED,)


@cli.command("set")
@contract(shape="object", fields=PIN_FIELDS, mutates=True, exits=_EXITS)
def set_pin(context: typer.Context, dry_run: RehearsalFlag = False, output: OutputOption = None) -> None:
    """Set the PIN where there is none.

    It is typed twice at a terminal: six digits or more, none that is easily guessed.
    """
    app = app_of(context)
    if dry_run:
        app.arming.check_pin_can_change(is_first=True)
        app.show(pin_view("would be set"), output=output, badge=f"{BADGE} · dry run")
        return
    app.arming.set_pin()
    app.show(pin_view("set"), output=output, badge=BADGE)


@cli.command()
@contract(shape="object", fields=PIN_FIELDS, mutates=True, exits=_EXITS)
def change(context: typer.Context, dry_run: RehearsalFlag = False, output: OutputOption = None) -> None:
    """Change the PIN at a terminal.

    The old one, then the new one twice; five wrong tries lock it.
    """
    app = app_of(context)
    if dry_run:
        app.arming.check_pin_can_change(is_first=False)
        app.show(pin_view("would be changed"), output=output, badge=f"{BADGE} · dry run")
        return
    app.arming.change_pin()
    app.show(pin_view("changed"), output=output, badge=BADGE)
