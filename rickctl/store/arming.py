"""The windows of LIVE as files beside the journal's key, and the clock that counts from the boot; decides nothing.

A file a scope: disarming works with the database locked, damaged or full, and nobody who can write the state folder
alone can arm. Each bears a mac made with the journal's key.
"""

from __future__ import annotations

import hmac
import json
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from rickctl.domain.arming import Bindings, Cause, Ended, Moment, Person, Window
from rickctl.domain.errors import SetupError
from rickctl.domain.records import canonical_json
from rickctl.domain.scope import Mode, Scope, parse_scope
from rickctl.store.anchor import load_key
from rickctl.store.failures import from_os, unusable
from rickctl.store.files import check_file, create_file, sync_folder
from rickctl.store.owner import current_boot_id

if TYPE_CHECKING:
    from pathlib import Path

    from rickctl.domain.records import JSON

# macOS has no CLOCK_BOOTTIME; its monotonic clock counts sleep as well.
_BOOT_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def read_boot() -> tuple[int, str]:
    """Nanoseconds since this boot, sleep included, and the boot's name; empty where the system has none."""
    return time.clock_gettime_ns(_BOOT_CLOCK), current_boot_id()


class ArmFiles:
    """The windows of one configuration folder."""

    def __init__(self, config: Path) -> None:
        self._config = config

    def load(self, scope: Scope) -> Window | Ended | None:
        """What stands for a scope; what cannot be trusted, or others can reach, counts as ended."""
        return self._read(self._path(scope), scope)

    def all(self) -> list[Window | Ended]:
        """What stands for every scope."""
        names = sorted(self._config.glob("armed-*.json"))
        return [found for name in names if (found := self._read(name, None)) is not None]

    def open(self, window: Window) -> None:
        """Let a window stand, durably. Raises SetupError."""
        self._write(window.scope, {"window": _window_json(window)})

    def end(self, ended: Ended) -> None:
        """Let the window of a scope stand no more; where no note can be left the file goes. Raises SetupError."""
        try:
            self._write(ended.scope, {"ended": _ended_json(ended)})
        except SetupError:
            # Whatever kept the note from being written must not keep the window open.
            try:
                self._path(ended.scope).unlink(missing_ok=True)
            except OSError as error:
                raise from_os(error, self._path(ended.scope)) from error

    def _path(self, scope: Scope) -> Path:
        return self._config / f"armed-{scope.broker}-{scope.account}.json"

    def _write(self, scope: Scope, body: dict[str, JSON]) -> None:
        path = self._path(scope)
        key = load_key(self._config)
        if key is None:
            raise unusable(path, "there is no journal.key to mark it with", "rickctl doctor")
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        text = canonical_json({**body, "mac": _mac(key, body)})
        try:
            with suppress(FileNotFoundError):
                draft.unlink()
            create_file(draft, text.encode())
            draft.replace(path)
            with suppress(OSError):
                sync_folder(path.parent)
        except OSError as error:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise from_os(error, path) from error

    def _read(self, path: Path, scope: Scope | None) -> Window | Ended | None:
        why = f"{path.name} is not as rickctl wrote it"
        try:
            if not check_file(path):
                return None
            held = json.loads(path.read_bytes())
            mac, key = str(held.pop("mac")), load_key(self._config)
            if key is not None and hmac.compare_digest(mac.encode(), _mac(key, held).encode()):
                return _parse_window(held["window"]) if "window" in held else _parse_ended(held["ended"])
        except FileNotFoundError:
            return None
        except SetupError as error:
            why = error.message
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass
        return Ended(scope or _named(path), 0, Cause.DAMAGED, why, 0)


def _named(path: Path) -> Scope:
    broker, _, account = path.stem.removeprefix("armed-").partition("-")
    return Scope(Mode.LIVE, broker, account)


def _mac(key: bytes, body: dict[str, Any]) -> str:
    return hmac.digest(key, b"rickctl armed\n" + canonical_json(body).encode(), "sha256").hex()


def _window_json(window: Window) -> dict[str, JSON]:
    return {
        "number": window.number,
        "scope": str(window.scope),
        "bindings": window.bindings._asdict(),
        "opened": window.opened._asdict(),
        "wall_end_ns": window.wall_end_ns,
        "boot_end_ns": window.boot_end_ns,
        "reason": window.reason,
        "by": window.by._asdict(),
    }


def _parse_window(held: dict[str, Any]) -> Window:
    return Window(
        number=held["number"],
        scope=parse_scope(held["scope"]),
        bindings=Bindings(**held["bindings"]),
        opened=Moment(**held["opened"]),
        wall_end_ns=held["wall_end_ns"],
        boot_end_ns=held["boot_end_ns"],
        reason=held["reason"],
        by=Person(**held["by"]),
    )


def _ended_json(ended: Ended) -> dict[str, JSON]:
    return {**ended._asdict(), "scope": str(ended.scope), "cause": ended.cause.value}


def _parse_ended(held: dict[str, Any]) -> Ended:
    return Ended(parse_scope(held["scope"]), held["number"], Cause(held["cause"]), held["detail"], held["at_ns"])
