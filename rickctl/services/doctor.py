"""Is everything this machine needs in order? Asks each part once and reports; repairs nothing, changes nothing."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.errors import RickctlError, SetupError
from rickctl.domain.orders import IntentState
from rickctl.services.charter import validate_charter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rickctl.domain.credentials import Found, Login, Slot, Vault
    from rickctl.domain.state import Audit, StateReads
    from rickctl.services.charter import LoadedCharter

    Survey = Callable[[Sequence[Slot]], tuple[dict[Slot, Found], SetupError | None]]


class Level(StrEnum):
    """How a part is: fit, worth a look, or unusable."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Check(NamedTuple):
    """What one part of the house reported, and the command that mends it."""

    level: Level
    part: str
    message: str
    hint: str | None = None


Probe = tuple[str, "Callable[[], Check]"]


def examine(probes: Sequence[Probe]) -> list[Check]:
    """Run every probe; one that fails is reported and the rest still run."""
    return [_ask(part, probe) for part, probe in probes]


def _ask(part: str, probe: Callable[[], Check]) -> Check:
    try:
        return probe()
    except RickctlError as error:
        return Check(Level.FAIL, part, error.message, error.hint)


def check_charter(loaded: LoadedCharter) -> Check:
    """Whether orders may be checked by the charter in use."""
    findings = validate_charter(loaded)
    if findings:
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        return Check(Level.FAIL, "charter", findings[0] + more, "rickctl charter validate")
    sealed = ", ".join(sorted(mode.value for mode in loaded.sealed_for))
    return Check(Level.OK, "charter", f"{loaded.path}  {loaded.require().shown_hash}, sealed for {sealed}")


def check_state(state: Audit, folder: Path) -> Check:
    """Whether the database is whole."""
    faults = state.integrity()
    if faults:
        return Check(Level.FAIL, "state", f"{folder}  {faults[0]}", "restore the last backup; keep the damaged file")
    records = state.head().seq
    if not records:
        return Check(Level.OK, "state", f"{folder}  nothing stored yet")
    return Check(Level.OK, "state", f"{folder}  {records} records, integrity ok")


def check_journal(state: Audit) -> Check:
    """Whether the journal proves itself."""
    findings = state.verify()
    if findings:
        return Check(Level.FAIL, "journal", f"{len(findings)} found: {findings[0].message}", "rickctl journal verify")
    return Check(Level.OK, "journal", f"{state.head().seq} records, chain intact")


def check_log(path: Path, level: str) -> Check:
    """Whether the log file can be written, as far as looking tells."""
    if level == "off":
        return Check(Level.OK, "log", "off")
    target = path if path.exists() else path.parent
    if path.parent.exists() and not (os.access(target, os.W_OK) and not path.is_dir()):
        return Check(Level.WARN, "log", f"{path} cannot be written", "rickctl config set log_level off")
    return Check(Level.OK, "log", f"{path}, level {level}")


def check_latches(state: StateReads, kill_reason: str | None) -> Check:
    """Whether anything stops entries until a person resumes."""
    if kill_reason is not None:
        return Check(Level.WARN, "kill switch", f"killed: {kill_reason}", "rickctl resume")
    held = state.latches()
    if held:
        return Check(Level.WARN, "kill switch", f"{held[0].name}: {held[0].reason}", "rickctl resume")
    return Check(Level.OK, "kill switch", "not set")


def check_credentials(vault: Vault, logins: Sequence[Login], slots: Sequence[Slot], survey: Survey) -> Check:
    """Which source answers for each venue, and whether the keyring does; no keyring is a fault only if it was used."""
    keyring, fault = "", None
    try:
        vault.load(slots)
    except SetupError as error:
        if error.code == "keyring_absent":
            keyring = "; no keyring here"
            fault = error if any(not login.path for login in logins) else None
        else:
            fault = error
    found, failure = survey(slots)
    named = [f"{slot.broker} {slot.mode.value} from {held.source} ({held.detail})" for slot, held in found.items()]
    said = ", ".join(named) or "none; paper needs none"
    fault = fault or failure
    if fault is not None:
        return Check(Level.WARN, "credentials", f"{fault.message}; found: {said}", "docs/credentials.md")
    return Check(Level.OK, "credentials", said + keyring)


def check_intents(state: StateReads) -> Check:
    """Whether any order's outcome is unknown."""
    unknown = state.intents(states={IntentState.UNKNOWN, IntentState.SENT})
    if unknown:
        first = unknown[-1]
        message = f"{len(unknown)} without an answer, the oldest {first.scope} order {first.number}"
        return Check(Level.WARN, "orders", message, "rickctl order resolve")
    return Check(Level.OK, "orders", "every outcome is known")
