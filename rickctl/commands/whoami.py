"""`rickctl whoami`: who this machine is at every venue and where each token comes from; shows no token."""

from __future__ import annotations

from typing import Annotated

import typer

from rickctl.commands.options import OutputOption, app_of, contract, noun
from rickctl.domain.errors import ExitCode
from rickctl.render.credentials import IDENTITY_FIELDS, identities_view
from rickctl.services.credentials import check_identity, identities

cli = noun("Who this machine is at every venue.")

SourceOption = Annotated[
    str | None,
    typer.Option(
        "--credential-source",
        metavar="SOURCE",
        help="ask one source: fd, systemd, command, file, environment or keyring  [env: RICKCTL_CREDENTIAL_SOURCE]",
        show_default=False,
    ),
]
CheckFlag = Annotated[bool, typer.Option("--check", help="ask each venue whether it knows its token")]


@cli.command()
@contract(shape="array", fields=IDENTITY_FIELDS, exits=(ExitCode.FINDINGS,))
def whoami(
    context: typer.Context,
    check: CheckFlag = False,
    credential_source: SourceOption = None,
    output: OutputOption = None,
) -> None:
    """Print broker, mode, masked account and the source of the token; nothing is asked of a venue without --check."""
    app = app_of(context)
    credentials = app.credentials
    credentials.choose(credential_source)
    slots = credentials.slots()
    found, failure = credentials.survey(slots)
    if failure is not None and not found:
        raise failure
    rows = identities(slots, found, credentials.account_of, credentials.logins.load())
    if check:
        rows = [check_identity(row, found.get(row.slot), credentials.ask) for row in rows]
    if failure is not None:
        app.warn(failure.message)
    app.show(identities_view(rows), output=output, badge="Credentials")
    if not found:
        app.hint("rickctl login oanda --mode practice")
    if failure is not None or any(row.answers is False for row in rows):
        raise typer.Exit(ExitCode.FINDINGS)
