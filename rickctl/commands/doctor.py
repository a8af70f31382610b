"""`rickctl doctor`: whether state, journal, charter and orders are in order; repairs nothing."""

from __future__ import annotations

import typer

from rickctl.commands.options import OutputOption, app_of, contract, noun
from rickctl.domain.errors import ExitCode
from rickctl.render.doctor import CHECK_FIELDS, checks_view
from rickctl.services.doctor import (
    Level,
    check_charter,
    check_intents,
    check_journal,
    check_latches,
    check_state,
    examine,
)

cli = noun("Whether everything on this machine is in order.")


@cli.command()
@contract(shape="array", fields=CHECK_FIELDS, exits=(ExitCode.FINDINGS,))
def doctor(context: typer.Context, output: OutputOption = None) -> None:
    """Examine state, journal, charter, kill switch and open outcomes; exit 9 if anything is not in order."""
    app = app_of(context)
    checks = examine(
        (
            ("state", lambda: check_state(app.store(write=False), app.folders.state)),
            ("journal", lambda: check_journal(app.store(write=False))),
            ("charter", lambda: check_charter(app.charter())),
            ("kill switch", lambda: check_latches(app.store(write=False), app.kill_reason())),
            ("orders", lambda: check_intents(app.store(write=False))),
            ("log", lambda: app.log.check()),  # noqa: PLW0108 - asked inside, so that it may fail
            ("credentials", lambda: app.credentials.check()),  # noqa: PLW0108 - opened inside, so that it may fail
        )
    )
    app.show(checks_view(checks), output=output, badge="Doctor")
    if any(check.level is not Level.OK for check in checks):
        raise typer.Exit(ExitCode.FINDINGS)
