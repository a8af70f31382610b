"""The charter file in use: found, read, sealed, compared and explained; paths and keys are given, nothing is asked."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rickctl.domain.charter import (
    HASH_SHOWN,
    KEYS,
    OVERRIDES,
    RULES,
    SHIPPED_HASH,
    Bound,
    Charter,
    Finding,
    Key,
    parse_charter,
)
from rickctl.domain.errors import Refused, SetupError, UsageError
from rickctl.domain.money import decimal_text
from rickctl.domain.scope import Mode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rickctl.domain.charter import Rule

CHARTER_FILE = "charter.toml"
SEAL_FILE = "charter.seal"

_SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedCharter:
    """A charter file as found: the charter or its findings, and the modes it is sealed for."""

    path: Path
    is_shipped: bool
    charter: Charter | None
    findings: tuple[Finding, ...]
    sealed_for: frozenset[Mode]
    seal_fault: str | None = None

    def require(self) -> Charter:
        """The charter; raises Refused where the file cannot be used, because nothing is allowed without limits."""
        if self.charter is not None:
            return self.charter
        more = "" if len(self.findings) == 1 else f"; and {len(self.findings) - 1} more"
        message = f"the charter {self.path} cannot be used: {self.findings[0].message}{more}"
        raise Refused(message, code="charter_unreadable", hint="rickctl charter validate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One value that is not as shipped; None where one side says nothing."""

    key: str
    shipped: str | None
    yours: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyValueRow:
    """One key of the charter with its value in force, its hard floor, and which way it may move."""

    key: str
    value: str
    floor: str
    bound: Bound
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A rule with the values in force."""

    rule: Rule
    values: tuple[KeyValueRow, ...]


def packaged_path() -> Path:
    """The charter the wheel carries."""
    return Path(__file__).parents[1] / CHARTER_FILE


def find_charter(config_dir: Path, packaged: Path | None = None) -> Path:
    """The file in use: the configuration directory's own if it is there in any form, else the packaged one."""
    own = config_dir / CHARTER_FILE
    return own if os.path.lexists(own) else packaged or packaged_path()


def load_charter(config_dir: Path, *, seal_key: bytes | None, packaged: Path | None = None) -> LoadedCharter:
    """Read, validate and look up the seals; a bad file comes back with its findings.

    Raises Refused where the file cannot be read, SetupError where the installation carries none.
    """
    path = find_charter(config_dir, packaged)
    is_shipped = path.parent != config_dir
    parsed = _read(path, is_shipped=is_shipped)
    if parsed[0] is None:
        return LoadedCharter(path=path, is_shipped=is_shipped, charter=None, findings=parsed[1], sealed_for=frozenset())
    seals, fault = _load_seals(config_dir, seal_key)
    return LoadedCharter(
        path=path,
        is_shipped=is_shipped,
        charter=parsed[0],
        findings=(),
        sealed_for=_sealed_for(parsed[0].hash, seals, has_key=seal_key is not None),
        seal_fault=fault,
    )


def _read(path: Path, *, is_shipped: bool) -> tuple[Charter | None, tuple[Finding, ...]]:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        text = "\0"
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        if is_shipped:
            message = f"the installation carries no charter at {path}: {reason}"
            raise SetupError(message, code="charter_missing", hint="install rickctl again") from None
        message = f"the charter {path} cannot be read: {reason}"
        raise Refused(message, code="charter_unreadable", hint="rickctl charter path") from None
    parsed = parse_charter(text)
    return parsed.charter, parsed.findings


def _sealed_for(charter_hash: str, seals: Mapping[str, Any], *, has_key: bool) -> frozenset[Mode]:
    words = seals.get(charter_hash, {}).get("modes", ())
    # A seal nobody can prove is none for LIVE.
    known = {mode.value for mode in Mode if has_key or mode is not Mode.LIVE}
    found = {Mode(word) for word in words if word in known}
    if charter_hash == SHIPPED_HASH:
        found.add(Mode.PAPER)
    return frozenset(found)


def seal_charter(
    config_dir: Path,
    *,
    expect_hash: str,
    mode: Mode,
    now_ns: int,
    seal_key: bytes | None,
    packaged: Path | None = None,
    dry_run: bool = False,
    is_confirmed: bool = False,
) -> LoadedCharter:
    """Seal the charter in use for a mode if it is the expected one; raises Refused, SetupError.

    A dry run returns it as it would be sealed. `expect_hash` is the hash or at least its first twelve digits.
    LIVE is sealed only where the caller has the PIN's word for it: `is_confirmed`.
    """
    if mode is Mode.LIVE and not is_confirmed:
        message = "LIVE is sealed at a terminal with the PIN"
        raise Refused(message, code="live_seal", hint="rickctl charter seal --mode live --expect HASH")
    loaded = load_charter(config_dir, seal_key=seal_key, packaged=packaged)
    charter = loaded.require()
    expected = expect_hash.strip().lower()
    if len(expected) < HASH_SHOWN or not charter.hash.startswith(expected):
        message = f"the charter is {charter.shown_hash}, not {expected[:64]!r}"
        word = "" if mode is Mode.PAPER else f" --mode {mode.value}"
        raise Refused(message, code="charter_changed", hint=f"rickctl charter seal --expect {charter.shown_hash}{word}")
    if dry_run:
        return replace(loaded, sealed_for=loaded.sealed_for | {mode})
    kept = dict(_load_seals(config_dir, seal_key)[0])
    modes = {*kept.get(charter.hash, {}).get("modes", ()), mode.value}
    kept[charter.hash] = {"modes": sorted(modes), "sealed_ns": now_ns}
    _save_seals(config_dir, kept, seal_key)
    return load_charter(config_dir, seal_key=seal_key, packaged=packaged)


def _load_seals(config_dir: Path, seal_key: bytes | None) -> tuple[Mapping[str, Any], str | None]:
    """The seals on file, none of them where the file does not bear our mark; the fault is told, not raised."""
    path = config_dir / SEAL_FILE
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}, None
    except (OSError, ValueError, RecursionError):
        return {}, f"{path} cannot be read; the charter counts as unsealed"
    if not _is_seal_file(content):
        return {}, f"{path} is not a seal file; the charter counts as unsealed"
    if not hmac.compare_digest(content["mac"].encode(), _mac(content["seals"], seal_key).encode()):
        return {}, f"{path} was not written with this journal key; the charter counts as unsealed"
    seals: dict[str, Any] = content["seals"]
    return seals, None


def _is_seal_file(content: object) -> bool:
    if not isinstance(content, dict) or content.get("schema") != _SCHEMA or not isinstance(content.get("mac"), str):
        return False
    seals = content.get("seals")
    return isinstance(seals, dict) and all(
        isinstance(seal, dict) and isinstance(seal.get("modes"), list) and isinstance(seal.get("sealed_ns"), int)
        for seal in seals.values()
    )


def _mac(seals: Mapping[str, Any], seal_key: bytes | None) -> str:
    """Empty without a key: before the first journal there is nothing to prove the seal with."""
    if seal_key is None:
        return ""
    text = json.dumps(seals, sort_keys=True, separators=(",", ":"))
    return hmac.new(seal_key, b"rickctl charter seal\n" + text.encode(), hashlib.sha256).hexdigest()


def _save_seals(config_dir: Path, seals: Mapping[str, Any], seal_key: bytes | None) -> None:
    content = json.dumps({"schema": _SCHEMA, "seals": seals, "mac": _mac(seals, seal_key)}, indent=1, sort_keys=True)
    draft = config_dir / f".{SEAL_FILE}.{os.getpid()}"
    try:
        config_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_draft(draft, content + "\n")
        draft.replace(config_dir / SEAL_FILE)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        message = f"the seal cannot be written in {config_dir}: {error.strerror or 'unknown reason'}"
        raise SetupError(message, code="config_unwritable") from None


def _write_draft(draft: Path, content: str) -> None:
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def validate_charter(loaded: LoadedCharter) -> tuple[str, ...]:
    """Everything `charter validate` found wrong, one line each; empty when orders may be checked by this charter."""
    lines = [finding.message for finding in loaded.findings]
    if loaded.seal_fault is not None:
        lines.append(loaded.seal_fault)
    if loaded.charter is not None and not loaded.sealed_for:
        shown = loaded.charter.shown_hash
        lines.append(f"charter {shown} is not sealed for any mode; rickctl charter seal --expect {shown}")
    return tuple(lines)


def list_values(charter: Charter, section: int | None = None) -> tuple[KeyValueRow, ...]:
    """Every key with its value in force, of one section or all."""
    general = tuple(_row(key, getattr(charter, key.field)) for key in KEYS if section in {None, key.section})
    return general + tuple(_own_rows(charter, section))


def _own_rows(charter: Charter, section: int | None) -> list[KeyValueRow]:
    rows: list[KeyValueRow] = []
    if section in {None, 9}:
        for symbol, own in sorted(charter.instruments.items()):
            rows.extend(_row(OVERRIDES[name], value, owner=symbol) for name, value in sorted(own.items()))
    if section in {None, 11}:
        cap = next(key for key in KEYS if key.name == "MAX_EXPOSURE_PER_BROKER")
        rows.extend(_row(cap, value, owner=broker) for broker, value in sorted(charter.brokers.items()))
    return rows


def _row(key: Key, value: object, owner: str | None = None) -> KeyValueRow:
    name = key.name if owner is None else f"{owner}.{key.name}"
    return KeyValueRow(key=name, value=value_text(value), floor=value_text(key.floor), bound=key.bound, unit=key.unit)


def value_text(value: object) -> str:
    """A charter value as the file would spell it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, frozenset):
        return ", ".join(sorted(value))
    if isinstance(value, (int, Decimal)):
        return decimal_text(Decimal(value).normalize())
    return str(value)


def diff_charters(yours: Charter, shipped: Charter) -> tuple[Difference, ...]:
    """Every value that is not as shipped, in the order of the file."""
    mine = {row.key: row.value for row in list_values(yours)}
    theirs = {row.key: row.value for row in list_values(shipped)}
    return tuple(
        Difference(key=key, shipped=theirs.get(key), yours=mine.get(key))
        for key in (*theirs, *(key for key in mine if key not in theirs))
        if theirs.get(key) != mine.get(key)
    )


def explain_rule(word: str, charter: Charter) -> tuple[Explanation, ...]:
    """Rules by id (`3.2`), section (`3`), code (`over_notional`) or key; an unknown word raises UsageError."""
    wanted = word.strip().lower()
    found = tuple(rule for rule in RULES if wanted in _words(rule))
    if not found:
        message = f"{word[:40]!r} is no rule, section or key of the charter"
        raise UsageError(message, code="unknown_rule", hint="rickctl charter show")
    return tuple(Explanation(rule=rule, values=_values_of(rule, charter)) for rule in found)


def _words(rule: Rule) -> frozenset[str]:
    return frozenset({rule.id, rule.id.split(".")[0], rule.code, *(key.lower() for key in rule.keys)})


def _values_of(rule: Rule, charter: Charter) -> tuple[KeyValueRow, ...]:
    return tuple(row for row in list_values(charter) if row.key.split(".")[-1] in rule.keys)
