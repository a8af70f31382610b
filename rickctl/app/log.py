"""One run's lines in the log file: what was asked, how it ended, no secret; part of the wiring, breaks no command."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rickctl.domain.errors import RickctlError
from rickctl.domain.instants import MILLISECOND_NS, rfc3339
from rickctl.render.write import json_text

if TYPE_CHECKING:
    from pathlib import Path

    from rickctl.app import App
    from rickctl.render.view import Json
    from rickctl.services.doctor import Check

FILE_VARIABLE = "RICKCTL_LOG_FILE"
LEVEL_VARIABLE = "RICKCTL_LOG_LEVEL"
FILE_NAME = "log.jsonl"
LEVELS = ("off", "error", "info")

_LONGEST_MESSAGE = 500
_FAILED = {6: "refused"}
_QUIET = frozenset({0, 8, 9, 130})
"""Exit codes that are no failure."""

# What looks like a secret, whoever said it: after its name, a bearer's, a signed token, a private key, a long word.
_SECRETS = (
    r"(?i)(\b(?:token|secret|password|passphrase|authorization|api[-_]?key|pin)[\"']?\s*[=:]\s*[\"']?)[^\s\"',}]+",
    r"(?i)(bearer\s+)\S+",
    r"()eyJ[\w-]+\.[\w-]+(?:\.[\w-]+)?",
    r"()-----BEGIN [^-]*PRIVATE KEY-----.*?(?:-----END [^-]*-----|$)",
    r"()(?<![\w/.-])(?=[A-Za-z0-9+_=-]*\d)[A-Za-z0-9+_=-]{32,}(?![\w/.-])",
)


class CommandLog:
    """The lines of one run."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._command = ""
        self._account: str | None = None
        self._begun_ns = 0
        self._has_warned = False
        self._settings: dict[str, str] = {}
        self.failure: RickctlError | None = None
        """What the run ended in, if it was told a failure."""

    def begin(self, command: str, account: str | None, *, is_urgent: bool = False) -> None:
        """Say that a command starts; an urgent one is told of at its end only."""
        self._command, self._account = command, account
        self._begun_ns = self._app.clock.now_ns()
        if not is_urgent and self.level() == "info":
            self._write({"event": "start", "pid": os.getpid(), "command": command})

    def end(self, code: int) -> None:
        """Say how it ended: `end`, `refused` or `failed`, with its exit code and how long it took."""
        level, is_quiet = self.level(), code in _QUIET
        if not self._command or level == "off" or (is_quiet and level == "error"):
            return
        now_ns, failure = self._app.clock.now_ns(), self.failure
        self._write(
            {
                "event": "end" if is_quiet else _FAILED.get(code, "failed"),
                "pid": os.getpid(),
                "command": self._command,
                "scope": self._scope(),
                "exit_code": code,
                "code": None if failure is None else failure.code,
                "message": None if failure is None else self._hidden(failure.message),
                "order": None if failure is None else failure.order,
                "duration_ms": max(now_ns - self._begun_ns, 0) // MILLISECOND_NS,
            }
        )

    def level(self) -> str:
        """How much is told: `off`, `error` (refusals and failures) or `info` (every start and end as well).

        A rehearsal tells nothing.
        """
        if self._app.is_rehearsal:
            return "off"
        chosen = self._app.environment.get(LEVEL_VARIABLE, "").strip().lower() or self._written("log_level")
        return chosen if chosen in LEVELS else "info"

    def path(self) -> Path:
        """The file: as set, else in the state folder."""
        named = self._named()
        if not named:
            return self._app.folders.state / FILE_NAME
        from pathlib import Path  # noqa: PLC0415 - a quote loads it only where a file is named

        return Path(named).expanduser()

    def check(self) -> Check:
        """How the log is, for `doctor`."""
        from rickctl.services.doctor import check_log  # noqa: PLC0415 - only doctor asks

        return check_log(self.path(), self.level())

    def _write(self, told: dict[str, Json]) -> None:
        from rickctl.store.log import append_line  # noqa: PLC0415 - a log that is off needs none of it

        at: dict[str, Json] = {"time": rfc3339(self._app.clock.now_ns())}
        try:
            path = self.path()
            if self._is_asked or path.parent.exists():  # a first look at a price makes no folder
                append_line(path, json_text({**at, **told}))
        except (OSError, RuntimeError) as error:
            # In its usual place, a state folder that cannot be written is no news to anybody but `doctor`.
            if self._is_asked and not self._has_warned:
                self._has_warned = True
                reason = getattr(error, "strerror", None) or error
                self._app.warn(f"the log file cannot be written: {self._named()}: {reason}")

    @property
    def _is_asked(self) -> bool:
        return bool(self._named())

    def _named(self) -> str:
        return self._app.environment.get(FILE_VARIABLE) or self._written("log_file")

    def _written(self, key: str) -> str:
        if key not in self._settings:
            try:
                self._settings[key] = self._app.written(key)
            except (RickctlError, OSError):
                self._settings[key] = ""  # a settings file that cannot stand is told by whoever needs it
        return self._settings[key]

    def _scope(self) -> str | None:
        if self._account is None:
            return None
        try:
            return str(self._app.scope(self._account or None))
        except (RickctlError, OSError):
            return None

    def _hidden(self, message: str) -> str:
        from re import DOTALL, sub  # noqa: PLC0415 - only a failure has a message

        from rickctl.domain.credentials import HIDDEN  # noqa: PLC0415

        text = self._app.hide(message)
        for pattern in _SECRETS:
            text = sub(pattern, rf"\1{HIDDEN}", text, flags=DOTALL)
        return text if len(text) <= _LONGEST_MESSAGE else f"{text[: _LONGEST_MESSAGE - 1]}…"
