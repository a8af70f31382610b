"""The logins of this machine in `logins.json` of the configuration folder; holds no secret."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rickctl.credentials.private import read_private, write_private
from rickctl.domain.credentials import Login, Slot
from rickctl.domain.errors import SetupError
from rickctl.domain.scope import Mode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LOGINS_FILE = "logins.json"


class LoginFile:
    """The logins as a file."""

    def __init__(self, config_dir: Path) -> None:
        self._path = config_dir / LOGINS_FILE

    def load(self) -> list[Login]:
        """All of them; none where there is no file. Raises SetupError."""
        text = read_private(self._path)
        if text is None:
            return []
        try:
            return [_parse(record) for record in json.loads(text)]
        except (ValueError, KeyError, TypeError):
            message = f"{self._path} is damaged"
            hint = f"move it away and log in again: mv {self._path} {self._path}.old"
            raise SetupError(message, code="bad_credentials_file", hint=hint) from None

    def save(self, logins: Sequence[Login]) -> None:
        """Replace them, in one step. Raises SetupError."""
        write_private(self._path, json.dumps([_record(login) for login in logins], indent=2) + "\n")


def _parse(record: dict[str, Any]) -> Login:
    slot = Slot(str(record["broker"]), Mode(record["mode"]), record["slot_account"], record["sandbox"])
    accounts = tuple(str(account) for account in record["accounts"])
    path, state = str(record["path"]), str(record["state"])
    return Login(slot, str(record["account"]), accounts, path, state, int(record["at_ns"]))


def _record(login: Login) -> dict[str, Any]:
    slot = login.slot
    named = {"broker": slot.broker, "mode": slot.mode.value, "slot_account": slot.account, "sandbox": slot.is_sandbox}
    return {**named, **{name: value for name, value in login._asdict().items() if name != "slot"}}
