"""What stopping and resuming would do, asked of every account; part of the wiring, writes nothing and asks nobody."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from rickctl.domain.errors import RickctlError
from rickctl.domain.records import AccountStatus
from rickctl.domain.scope import DEFAULT_SCOPE
from rickctl.services.stopping import Stopped, list_held, preview_stop

if TYPE_CHECKING:
    from rickctl.app import App


def rehearse_kill(app: App, reason: str) -> Stopped:
    """The entries a kill would cancel, and the accounts it could not ask."""
    try:
        rows = app.store(write=False).accounts()
    except RickctlError as error:
        return Stopped(reason, [], [(DEFAULT_SCOPE, error.message)])
    scopes = [row.scope for row in rows if row.status is AccountStatus.OPEN]
    return preview_stop(reason, [(scope, partial(app.desks.desk, str(scope), write=False)) for scope in scopes])


def rehearse_resume(app: App) -> list[str]:
    """What a person would lift. Raises SetupError."""
    return list_held(app.kill_reason(), app.store(write=False).latches())
