"""Wires secrets: their sources on this machine, and the venue that is asked about them; holds no rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.domain.credentials import Secret, Slot, no_credentials, slots_of, variable_of

if TYPE_CHECKING:
    from rickctl.app import App
    from rickctl.domain.scope import Mode


class Credentials:
    """The secrets of one run."""

    def __init__(self, app: App) -> None:
        self._app = app

    def secret(self, broker: str, mode: Mode, account: str | None) -> Secret:
        """The token that opens an account. Raises SetupError (no_credentials)."""
        for slot in slots_of(Slot(broker, mode, account)):
            text = self._app.environment.get(variable_of(slot))
            if text:
                return Secret(text.strip())
        raise no_credentials(Slot(broker, mode, account))
