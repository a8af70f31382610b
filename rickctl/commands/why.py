"""`rickctl why ORDER`: a placed or refused order explained in plain English, offline; writes nothing."""

from __future__ import annotations

import typer

from rickctl.commands.options import AccountOption, OrderArgument, OutputOption, app_of, contract, noun
from rickctl.render.why import WHY_FIELDS, why_view
from rickctl.services.explain import explain

cli = noun("A placed or refused order explained in plain English.")


@cli.command()
@contract(shape="object", fields=WHY_FIELDS)
def why(
    context: typer.Context, order: OrderArgument, account: AccountOption = None, output: OutputOption = None
) -> None:
    """Tell what was asked, at which price, what every rule said, and what happened since, from the journal alone."""
    app = app_of(context)
    desk, held = app.desks.reading(app.scope(account))
    explained = explain(desk, held, app.store(write=False), order)
    app.show(why_view(explained), output=output, badge="Journal")
