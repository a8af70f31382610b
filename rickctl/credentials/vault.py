"""The operating system's keyring, asked through a process that is killed when it does not answer; no other place."""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired
from typing import TYPE_CHECKING, Any

from rickctl.domain.credentials import SECRET_ENDINGS, Found, Secret, Slot
from rickctl.domain.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LIMIT_S = 3
"""What one question may take, the start of its process included."""

_INQUIRY = Path(__file__).with_name("inquiry.py")
_WAYS = (
    "OANDA_PRACTICE_TOKEN in the environment, RICKCTL_CREDENTIAL_FD, CREDENTIALS_DIRECTORY, credential_command, "
    "login --insecure-file FILE"
)


class Keyring:
    """A Vault: an entry a slot, named as the slot is (`practice:oanda:ACCOUNT`), under the service `rickctl`."""

    def __init__(self, environment: Mapping[str, str], *, backend: str = "", limit_s: float = LIMIT_S) -> None:
        self._environment = child_environment(environment)
        self._backend = backend
        self._limit_s = limit_s
        self._failure: SetupError | None = None

    def load(self, slots: Sequence[Slot]) -> dict[Slot, Found]:
        """The secrets there are, of those asked for. Raises SetupError: keyring_absent, _locked, _silent, _broken."""
        told = self._ask({"act": "load", "names": [str(slot) for slot in slots]})
        held: dict[str, str] = told["found"]
        return {
            slot: Found(Secret(held[str(slot)]), slot, "keyring", told["keyring"])
            for slot in slots
            if str(slot) in held
        }

    def save(self, slot: Slot, secret: Secret) -> str:
        """Keep a secret, read it back, and name the keyring. Raises SetupError."""
        told = self._ask({"act": "save", "names": [str(slot)], "secret": secret.reveal()})
        return str(told["keyring"])

    def remove(self, slot: Slot) -> bool:
        """Forget a secret; False where there was none. Raises SetupError."""
        return bool(self._ask({"act": "remove", "names": [str(slot)]})["removed"])

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """One question. A keyring that failed once is not asked again in this run: each time may take the limit."""
        if self._failure is None:
            told = self._run({**question, "backend": self._backend})
            if "failed" not in told:
                return told
            self._failure = failure_of(told, self._backend)
        raise self._failure

    def _run(self, question: dict[str, Any]) -> dict[str, Any]:
        # Without a terminal of its own a backend cannot stop and ask a person for its pass phrase.
        with Popen(  # noqa: S603 - this interpreter and a file of ours
            [sys.executable, "-P", str(_INQUIRY)],
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env=self._environment,
            start_new_session=True,
        ) as process:
            try:
                answer, _ = process.communicate(json.dumps(question).encode(), timeout=self._limit_s)
            except TimeoutExpired:
                return {"failed": "silent", "limit_s": self._limit_s}
            finally:
                stop(process)
        try:
            told: dict[str, Any] = json.loads(answer)
        except ValueError:
            return {"failed": "broken", "why": f"its process ended with {process.returncode}"}
        return told


def stop(process: Popen[bytes]) -> None:
    """End a process we started, and what it started in its session."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process of ours: without secrets, and without a choice of keyring made for others."""
    return {
        name: value
        for name, value in environment.items()
        if not name.endswith(SECRET_ENDINGS) and name != "PYTHON_KEYRING_BACKEND"
    }


def failure_of(told: Mapping[str, Any], backend: str) -> SetupError:
    """The error a keyring's answer means."""
    which = f"keyring {backend}" if backend else "the keyring"
    hint = "rickctl doctor"
    if told["failed"] == "absent":
        message = f"there is no keyring here to keep a token in; other ways: {_WAYS}"
        return SetupError(message, code="keyring_absent", hint=hint)
    if told["failed"] == "locked":
        return SetupError(f"{which} is locked; unlock it", code="keyring_locked", hint=hint)
    if told["failed"] == "silent":
        message = f"{which} did not answer within {told['limit_s']} s: locked behind a prompt, or hanging"
        return SetupError(message, code="keyring_silent", hint=hint)
    if told["failed"] == "lost":
        message = f"{which} took the secret but does not give it back; it is not stored"
        return SetupError(message, code="keyring_lost", hint=hint)
    message = f"{which} cannot be used: {told.get('why', 'no reason given')}"
    return SetupError(message, code="keyring_broken", hint=hint)
