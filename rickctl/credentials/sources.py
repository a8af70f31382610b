"""Looks a secret up where it may be, in a fixed order, and says where it was; asks no person and keeps nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rickctl.credentials.command import run_command
from rickctl.credentials.private import SecretFile, read_lines, read_private
from rickctl.credentials.process import read_within
from rickctl.domain.credentials import SOURCES, Found, Secret, Slot, Source, account_variable_of, slots_of, variable_of
from rickctl.domain.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rickctl.domain.credentials import Vault

DESCRIPTOR_VARIABLE = "RICKCTL_CREDENTIAL_FD"
FOLDER_VARIABLE = "CREDENTIALS_DIRECTORY"
_DESCRIPTOR_LIMIT_S = 10
_MOST_DESCRIPTORS = 1024
_WORLD = 0o007
"""systemd hands its files out by other means than owner and group; nobody else may read them."""


class Places(NamedTuple):
    """Where to look: the command and files that settings and logins name; `only` leaves one source."""

    environment: Mapping[str, str]
    vault: Vault
    command: str = ""
    files: Sequence[Path] = ()
    only: Source | None = None


class Sources:
    """The sources of one run; what can be read once is read once."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._handed: dict[str, str] | None = None

    def survey(self, slots: Iterable[Slot]) -> tuple[dict[Slot, Found], SetupError | None]:
        """For each slot the first secret there is, an account's own before its mode's; and what ended the search.

        A source that is set up and does not work ends it: another secret in its place would be a surprise.
        """
        found: dict[Slot, Found] = {}
        for source in SOURCES if self._places.only is None else (self._places.only,):
            missing = [slot for slot in slots if slot not in found]
            try:
                found |= self._ask(source, missing) if missing else {}
            except SetupError as error:
                return found, error
        return found, None

    def account(self, slot: Slot) -> str | None:
        """The default account that a descriptor or the environment names, as text."""
        name = account_variable_of(slot)
        return self._from_descriptor().get(name) or self._places.environment.get(name) or None

    def _ask(self, source: Source, slots: Sequence[Slot]) -> dict[Slot, Found]:
        if source == "keyring":
            wanted = list(dict.fromkeys(kept for slot in slots for kept in slots_of(slot)))
            return _first(slots, self._ask_keyring(wanted))
        if source == "file":
            return self._ask_files(slots)
        ask = {
            "fd": self._ask_descriptor,
            "systemd": self._ask_folder,
            "command": self._ask_command,
            "environment": self._ask_environment,
        }[source]
        held = {kept: ask(kept) for slot in slots for kept in slots_of(slot)}
        return _first(slots, {slot: found for slot, found in held.items() if found is not None})

    def _ask_keyring(self, wanted: Sequence[Slot]) -> dict[Slot, Found]:
        try:
            return self._places.vault.load(wanted)
        except SetupError as error:
            # A machine without a keyring is an ordinary one; one that is there and does not answer is a fault.
            if error.code != "keyring_absent" or self._places.only == "keyring":
                raise
            return {}

    def _ask_descriptor(self, slot: Slot) -> Found | None:
        value = self._from_descriptor().get(variable_of(slot))
        number = self._places.environment.get(DESCRIPTOR_VARIABLE)
        return Found(Secret(value), slot, "fd", f"{variable_of(slot)} of descriptor {number}") if value else None

    def _ask_folder(self, slot: Slot) -> Found | None:
        folder = self._places.environment.get(FOLDER_VARIABLE)
        if not folder:
            return None
        path = Path(folder) / variable_of(slot)
        text = (read_private(path, forbidden=_WORLD, may_be_others=True) or "").strip()
        return Found(Secret(text), slot, "systemd", str(path)) if text else None

    def _ask_command(self, slot: Slot) -> Found | None:
        written = self._places.command
        if not written or (slot.account is None) == ("{account}" in written):
            return None
        secret = run_command(written, slot, self._places.environment)
        return Found(secret, slot, "command", written.split()[0]) if secret is not None else None

    def _ask_files(self, slots: Sequence[Slot]) -> dict[Slot, Found]:
        found: dict[Slot, Found] = {}
        for path in self._places.files:
            wanted = [kept for slot in slots if slot not in found for kept in slots_of(slot)]
            found |= _first([slot for slot in slots if slot not in found], SecretFile(path).load(wanted))
        return found

    def _ask_environment(self, slot: Slot) -> Found | None:
        name = variable_of(slot)
        text = (self._places.environment.get(name) or "").strip()
        return Found(Secret(text), slot, "environment", name) if text else None

    def _from_descriptor(self) -> dict[str, str]:
        if self._handed is None:
            written = self._places.environment.get(DESCRIPTOR_VARIABLE)
            self._handed = _read_handed(written) if written else {}
        return self._handed


def _read_handed(written: str) -> dict[str, str]:
    """The lines of the descriptor a variable names. Raises SetupError."""
    name, hint = f"{DESCRIPTOR_VARIABLE}={written[:20]}", f"unset {DESCRIPTOR_VARIABLE}"
    if written not in {"0", *map(str, range(3, _MOST_DESCRIPTORS))}:
        message = f"{name} is no descriptor to read from"
        raise SetupError(message, code="bad_credentials", hint=hint)
    return read_lines(_read_descriptor(int(written), name, hint), name)


def _first(slots: Sequence[Slot], held: Mapping[Slot, Found]) -> dict[Slot, Found]:
    """For each slot what it has itself, else what its broker and mode have."""
    pairs = ((slot, next((held[kept] for kept in slots_of(slot) if kept in held), None)) for slot in slots)
    return {slot: found for slot, found in pairs if found is not None}


def read_token_stdin() -> str:
    """A token alone on stdin. Raises SetupError."""
    return _read_descriptor(0, "stdin", "leave --token-stdin out, and type it")


def _read_descriptor(descriptor: int, name: str, hint: str) -> str:
    """The text of a descriptor we were started with. Raises SetupError."""
    try:
        if os.isatty(descriptor):
            why = "is a terminal"
        else:
            read = read_within(descriptor, _DESCRIPTOR_LIMIT_S)
            if read is not None:
                return read.decode()
            why = f"did not end within {_DESCRIPTOR_LIMIT_S} s, or is too long"
    except (OSError, UnicodeDecodeError):
        why = "cannot be read as text"
    message = f"{name} {why}"
    raise SetupError(message, code="bad_credentials", hint=hint)
