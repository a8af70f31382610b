"""A secret from the user's own password manager: runs what the settings name, shows nothing of what it says."""

from __future__ import annotations

import shlex
from subprocess import DEVNULL, PIPE, Popen
from typing import TYPE_CHECKING

from rickctl.credentials.process import read_within
from rickctl.credentials.vault import stop
from rickctl.domain.credentials import Secret, Slot, is_venue_secret
from rickctl.domain.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Mapping

LIMIT_S = 10
_ENDING_S = 1


def run_command(written: str, slot: Slot, environment: Mapping[str, str], limit_s: float = LIMIT_S) -> Secret | None:
    """What a command prints for a slot; None where it prints nothing. No shell reads the words.

    `{broker}`, `{mode}` and `{account}` in it are filled in. Raises SetupError where it fails or takes too long.
    """
    argv = _words(written, slot)
    given = {name: value for name, value in environment.items() if not is_venue_secret(name)}
    try:
        # A session of its own: what it started ends with it.
        process = Popen(argv, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, env=given, start_new_session=True)  # noqa: S603
    except OSError as error:
        raise _failed(argv, f"does not start: {(error.strerror or 'no reason given').lower()}") from None
    with process:
        try:
            assert process.stdout is not None  # noqa: S101 - a pipe was asked for
            printed = read_within(process.stdout.fileno(), limit_s)
            if printed is None:
                raise _failed(argv, f"did not end within {limit_s} s, or printed too much")
            code = process.wait(_ENDING_S)
        finally:
            stop(process)
    if code:
        raise _failed(argv, f"ended with {code}")
    try:
        text = printed.decode().strip()
    except UnicodeDecodeError:
        raise _failed(argv, "printed no text") from None
    return Secret(text) if text else None


def _words(written: str, slot: Slot) -> list[str]:
    try:
        words = shlex.split(written)
    except ValueError:
        words = []
    if not words:
        message = "credential_command is no command line"
        raise SetupError(message, code="credential_command", hint="rickctl config unset credential_command")
    filled = {"{broker}": slot.broker, "{mode}": slot.mode.value, "{account}": slot.account or ""}
    for name, value in filled.items():
        words = [word.replace(name, value) for word in words]
    return words


def _failed(argv: list[str], why: str) -> SetupError:
    message = f"credential_command {argv[0]} {why}"
    return SetupError(message, code="credential_command", hint=f"run it by hand: {shlex.join(argv)}")
