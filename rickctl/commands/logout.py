"""`rickctl logout`: forgets a token that a login kept; touches no other source."""

from __future__ import annotations

from typing import Annotated

import typer

from rickctl.commands.options import OutputOption, app_of, contract, noun
from rickctl.commands.slots import BrokerArgument, ModeOption, SlotAccountOption, read_slot
from rickctl.render.credentials import LOGOUT_FIELDS, logout_view, removals_view
from rickctl.services.credentials import log_out, planned_removals

cli = noun("Forget a broker's token.")

DryRunFlag = Annotated[bool, typer.Option("--dry-run", help="print where a token would be removed, remove none")]


@cli.command()
@contract(shape="object", fields=LOGOUT_FIELDS, mutates=True)
def logout(
    context: typer.Context,
    broker: BrokerArgument,
    mode: ModeOption,
    account: SlotAccountOption = None,
    dry_run: DryRunFlag = False,
    output: OutputOption = None,
) -> None:
    """Remove what a login stored, from the keyring or its file. A token in another source stays, and is named."""
    app = app_of(context)
    credentials = app.credentials
    slot = credentials.slot(read_slot(broker, mode, account))
    desk = credentials.desk()
    if dry_run:
        places = [path or "keyring" for _, path in planned_removals(slot, desk.logins.load())]
        app.show(removals_view(slot, places), output=output, badge="Logout · dry run")
        return
    result = log_out(slot, credentials.vault, desk, credentials.find_again)
    app.show(logout_view(result), output=output, badge="Logout")
