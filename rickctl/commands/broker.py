"""`rickctl broker …`: which brokers are installed, whether they answer, what they can do; sends no order."""

from __future__ import annotations

from typing import Annotated

import typer

from rickctl.commands.options import OutputOption, app_of, contract, noun
from rickctl.domain.errors import ExitCode
from rickctl.render.brokers import (
    CAPABILITY_FIELDS,
    LINK_FIELDS,
    LIST_FIELDS,
    brokers_view,
    capabilities_view,
    links_view,
)
from rickctl.services.brokers import BrokerRow, report_brokers

cli = noun("Which brokers there are and what they can do.")

BADGE = "Brokers"
_FOUND = (ExitCode.FINDINGS,)

NameArgument = Annotated[
    str | None, typer.Argument(metavar="[BROKER]", help="one of them, in any case", show_default=False)
]


@cli.command("list")
@contract(shape="array", fields=LIST_FIELDS, exits=_FOUND)
def list_brokers(context: typer.Context, output: OutputOption = None) -> None:
    """List installed brokers.

    One that is broken is named and the others still work (exit 9).
    """
    app = app_of(context)
    rows = report_brokers(app.brokers.openers(None), with_link=False)
    app.show(brokers_view(rows), output=output, badge=BADGE)
    _end(rows)


@cli.command()
@contract(shape="array", fields=LINK_FIELDS, exits=_FOUND)
def status(context: typer.Context, broker: NameArgument = None, output: OutputOption = None) -> None:
    """Ask one broker, or all, whether it answers."""
    app = app_of(context)
    rows = report_brokers(app.brokers.openers(broker), with_link=True)
    app.show(links_view(rows), output=output, badge=BADGE)
    _end(rows)


@cli.command()
@contract(shape="array", fields=CAPABILITY_FIELDS, exits=_FOUND)
def capabilities(context: typer.Context, broker: NameArgument = None, output: OutputOption = None) -> None:
    """Print what one broker, or all, can do.

    The charter refuses orders a broker cannot protect.
    """
    app = app_of(context)
    rows = report_brokers(app.brokers.openers(broker), with_link=False)
    app.show(capabilities_view(rows), output=output, badge=BADGE)
    _end(rows)


def _end(rows: list[BrokerRow]) -> None:
    away = [row for row in rows if row.link is not None and row.link.is_set_up and not row.link.is_up]
    if away or any(row.fault is not None for row in rows):
        raise typer.Exit(ExitCode.FINDINGS)
