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


class Rehearsals:
    """Stopping and resuming as they would go."""

    def __init__(self, app: App) -> None:
        self._app = app

    def kill(self, reason: str) -> Stopped:
        """The entries a kill would cancel, and the accounts it could not ask; an older latch keeps its reason."""
        standing = self._app.kill_reason() or reason
        try:
            rows = self._app.store(write=False).accounts()
        except RickctlError as error:
            return Stopped(standing, [], [(DEFAULT_SCOPE, error.message)])
        scopes = [row.scope for row in rows if row.status is AccountStatus.OPEN]
        desk = self._app.desks.desk
        return preview_stop(standing, [(scope, partial(desk, str(scope), write=False)) for scope in scopes])

    def resume(self) -> list[str]:
        """What a person would lift. Raises SetupError."""
        return list_held(self._app.kill_reason(), self._app.store(write=False).latches())
