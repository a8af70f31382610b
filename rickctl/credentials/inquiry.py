"""Asks the keyring in a process of its own, which may be killed: one question on stdin, one answer on stdout.

Run by its path, so that it loads the keyring and nothing of rickctl. It prints no secret but the one asked for, and
says of a failure only its kind: the words of a keyring are not ours to vouch for.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyring.backend import KeyringBackend

SERVICE = "rickctl"
LONGEST_LIFE_S = 8
"""Whoever started this is gone if it still runs then."""

_ALLOWED = (
    ("keyring.backends.SecretService", "Keyring", "Secret Service"),
    ("keyring.backends.kwallet", "DBusKeyring", "KWallet"),
    ("keyring.backends.macOS", "Keyring", "macOS keychain"),
    ("keyring.backends.Windows", "WinVaultKeyring", "Windows Credential Locker"),
)
_NEVER = ("keyring.backends.null", "keyring.backends.fail", "keyring.backends.chainer")
"""These forget what they are told, or choose for themselves."""


def main() -> int:
    """Answer the one question; always 0, the answer says how it went."""
    _guard()
    out = os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    question = json.loads(sys.stdin.read())
    os.write(out, json.dumps(answer(question)).encode())
    return 0


def _guard() -> None:
    """No core file with a secret in it, and no life beyond the question."""
    import resource  # noqa: PLC0415 - not on every system
    import signal  # noqa: PLC0415

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(LONGEST_LIFE_S)


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """`{"keyring": …, "found": {name: secret}}`, or `{"failed": absent, locked, refused, lost or broken}`."""
    from keyring.errors import InitError, KeyringLocked, NoKeyringError  # noqa: PLC0415 - after the guard

    try:
        chosen = _choose(question.get("backend") or "")
        if chosen is None:
            return {"failed": "absent"}
        backend, words = chosen
        return {"keyring": words, **_act(backend, question)}
    except NoKeyringError:
        return {"failed": "absent"}
    except (InitError, KeyringLocked):
        return {"failed": "locked"}
    except Exception as error:  # noqa: BLE001 - a backend may raise anything; its words could hold anything
        return {"failed": "broken", "why": type(error).__name__}


def _choose(named: str) -> tuple[KeyringBackend, str] | None:
    """The backend named, or the best of those allowed that work here; plug-ins are never looked for."""
    if named:
        if named.startswith(_NEVER):
            raise PermissionError(named)
        module, _, name = named.rpartition(".")
        return getattr(import_module(module), name)(), named
    ranked = sorted(_working(), key=lambda found: found[0], reverse=True)
    return (ranked[0][1](), ranked[0][2]) if ranked else None


def _working() -> Iterator[tuple[float, Any, str]]:
    for module, name, words in _ALLOWED:
        try:
            backend = getattr(import_module(module), name)
            yield float(backend.priority), backend, words
        except Exception:  # noqa: BLE001, S112 - whatever keeps a backend from working, it is not this one
            continue


def _act(backend: KeyringBackend, question: dict[str, Any]) -> dict[str, Any]:
    names = question["names"]
    if question["act"] == "load":
        held = {name: backend.get_password(SERVICE, name) for name in names}
        return {"found": {name: secret for name, secret in held.items() if secret}}
    if question["act"] == "remove":
        found = backend.get_password(SERVICE, names[0]) is not None
        if found:
            backend.delete_password(SERVICE, names[0])
        return {"removed": found}
    backend.set_password(SERVICE, names[0], question["secret"])
    if backend.get_password(SERVICE, names[0]) != question["secret"]:
        return {"failed": "lost"}
    return {}


if __name__ == "__main__":
    sys.exit(main())
