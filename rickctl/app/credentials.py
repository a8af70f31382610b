"""Wires secrets: their sources on this machine, and the venue that is asked about them; holds no rule."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from rickctl.credentials.logins import LoginFile
from rickctl.credentials.private import SecretFile, read_token_file
from rickctl.credentials.process import keep_out_of_core_files
from rickctl.credentials.sources import Places, Sources, read_token_stdin
from rickctl.credentials.vault import Keyring
from rickctl.domain.credentials import TOKEN_BROKERS, Secret, Slot, find_source, no_credentials
from rickctl.domain.errors import UsageError
from rickctl.domain.scope import Mode
from rickctl.services.credentials import Desk, authorise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rickctl.app import App
    from rickctl.domain.credentials import Found, Login, ProbeAnswer, Source, Vault
    from rickctl.domain.errors import SetupError
    from rickctl.domain.ports import Probe
    from rickctl.domain.state import State
    from rickctl.services.doctor import Check

LOOPBACK_VARIABLE = "RICKCTL_OANDA_URL"


class Credentials:
    """The secrets of one run."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._only: Source | None = None
        self._sources: Sources | None = None
        self._found: dict[Slot, Found] = {}
        self._keyring = Keyring(app.environment, backend=self._setting("keyring_backend"))
        self._is_sandbox = bool(app.environment.get(LOOPBACK_VARIABLE))
        self.known: list[Secret] = []
        self.logins = LoginFile(app.folders.config)

    def choose(self, source: str | None) -> None:
        """Ask one source only, whatever the settings say. Raises UsageError."""
        if source is not None:
            self._only, self._sources = find_source(source), None

    def slot(self, slot: Slot) -> Slot:
        """The slot as this run means it: an exchange on this machine has tokens of its own, never the venue's."""
        return slot._replace(is_sandbox=self._is_sandbox and slot.mode is Mode.PRACTICE)

    def secret(self, broker: str, mode: Mode, account: str | None) -> Secret:
        """The token that opens an account, from the first source that has it.

        Raises SetupError: no_credentials, keyring_locked, keyring_silent, and for a source that is set up wrongly.
        """
        slot = self.slot(Slot(broker, mode, account))
        found = self.find(slot)
        if found is None:
            raise no_credentials(slot, self._only)
        return found.secret

    def account(self, broker: str, mode: Mode) -> str | None:
        """The account a read uses that names none: the environment's, else the last login's. Raises SetupError."""
        return self.account_of(self.slot(Slot(broker, mode)))

    def account_of(self, slot: Slot) -> str | None:
        """As `account`."""
        logins = {login.slot: login.account for login in self.logins.load()}
        return self._asked().account(slot) or logins.get(slot)

    def find(self, slot: Slot) -> Found | None:
        """A secret and its source, None where no source has it. Raises SetupError."""
        found, failure = self.survey([slot])
        if slot not in found and failure is not None:
            raise failure
        return found.get(slot)

    def survey(self, slots: Sequence[Slot]) -> tuple[dict[Slot, Found], SetupError | None]:
        """The secrets there are of those asked for, and what kept the others from being found."""
        missing = [slot for slot in slots if slot not in self._found]
        failure = None
        if missing:
            keep_out_of_core_files()
            found, failure = self._asked().survey(missing)
            self._found |= found
            self.known += [held.secret for held in found.values()]
        return {slot: self._found[slot] for slot in slots if slot in self._found}, failure

    def given(self, slot: Slot, file: Path | None, *, from_stdin: bool) -> Secret:
        """The token of a login: from a file, from stdin, or typed unseen by a person. Raises UsageError, SetupError."""
        if file is not None and from_stdin:
            message = "--token-file and --token-stdin together; choose one"
            raise UsageError(message, code="bad_usage")
        if file is not None:
            return self._keep(read_token_file(file))
        if from_stdin:
            return self._keep(read_token_stdin())
        if self._app.ask_hidden is None:
            message = "a token is typed at a terminal, and this is none"
            raise UsageError(message, code="needs_terminal", hint="add --token-stdin or --token-file FILE")
        return self._keep(self._app.ask_hidden(f"Token of {slot.broker} {slot.mode.value} (not shown): "))

    def _keep(self, text: str) -> Secret:
        """A secret just given: no message of this run shows it."""
        keep_out_of_core_files()
        secret = Secret(text.strip())
        self.known.append(secret)
        return secret

    def find_again(self, slot: Slot) -> Found | None:
        """A secret and its source, after what is stored has changed. Raises SetupError."""
        self._found.clear()
        self._sources = None
        return self.find(slot)

    def vault(self, path: str) -> Vault:
        """The keyring, or the file that was chosen instead."""
        return SecretFile(Path(path)) if path else self._keyring

    def desk(self) -> Desk:
        """What logins and logouts are made with."""
        app = self._app
        return Desk(
            logins=self.logins,
            open_state=self._open_state,
            clock=app.clock,
            state_folder=str(app.folders.state),
            uid=os.getuid(),
        )

    def ask(self, slot: Slot, secret: Secret) -> ProbeAnswer:
        """What the venue says of a token. Raises SetupError, Unreachable."""
        # A sandbox's token is shown to no venue, and no venue's to a sandbox in its place.
        return authorise(slot, secret, self._probe(slot.broker), asks_other=not self._is_sandbox)

    def _probe(self, broker: str) -> Probe:
        if self._app.open_probe is not None:
            return self._app.open_probe(broker)
        from rickctl.adapters.oanda.probe import open_probe  # noqa: PLC0415 - only a login asks

        return open_probe(self._app.brokers.surroundings)

    def slots(self) -> list[Slot]:
        """Every broker and mode that takes a token, and every account that has one of its own. Raises SetupError."""
        every = [self.slot(Slot(broker, mode)) for broker in TOKEN_BROKERS for mode in (Mode.PRACTICE, Mode.LIVE)]
        return list(dict.fromkeys([*every, *(login.slot for login in self._logins())]))

    def check(self) -> Check:
        """What doctor says of the sources and the keyring. Raises SetupError."""
        from rickctl.services.doctor import check_credentials  # noqa: PLC0415 - only doctor asks

        return check_credentials(self._keyring, self._logins(), self.slots(), self.survey)

    def _open_state(self) -> State:
        return self._app.store(write=True)

    def _asked(self) -> Sources:
        if self._sources is None:
            chosen = self._only or self._setting("credential_source")
            self._only = None if chosen == "auto" else find_source(chosen)
            self._sources = Sources(
                Places(
                    environment=self._app.environment,
                    vault=self._keyring,
                    command=self._setting("credential_command"),
                    files=self._files(),
                    only=self._only,
                )
            )
        return self._sources

    def _files(self) -> list[Path]:
        """The file of the settings, then those that logins wrote."""
        named = self._setting("credential_file")
        written = [login.path for login in self._logins() if login.path]
        return [Path(path).expanduser() for path in dict.fromkeys([*([named] if named else []), *written])]

    def _logins(self) -> list[Login]:
        """Those of this run's venues: of a sandbox, or of the venue it stands in for."""
        return [login for login in self.logins.load() if login.slot == self.slot(login.slot)]

    def _setting(self, key: str) -> str:
        return str(self._app.effective(key).value or "")
