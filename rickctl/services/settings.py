"""Settings as they stand and as they change: read from the file, the environment and the defaults; holds no secret.

A file is validated when it is new and read back plain while it is the same: `settings.json` beside it keeps the text
that was validated with what it means, and can be removed at any time.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.errors import SetupError, UsageError
from rickctl.domain.settings import (
    SECRET_VARIABLES,
    SETTINGS,
    Effective,
    Setting,
    SettingValue,
    find_setting,
    read_value,
    read_variable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from rickctl.domain.charter import Charter
    from rickctl.domain.settings import Checked, Problem
    from rickctl.services.charter import LoadedCharter

    Validate = Callable[[Mapping[str, object]], Checked]

CONFIG_FILE = "config.toml"
MEMORY_FILE = "settings.json"

_LONGEST_SHOWN = 60
_TIGHTENED = {"quality_threshold": "min_quality", "max_hold_min": "max_hold_min"}


def effective(
    key: str, config_dir: Path, environment: Mapping[str, str], validate: Validate, *, keep: bool = True
) -> Effective:
    """A setting in force and where it comes from: the environment, else the file, else the default.

    `keep` lets what a changed file means be kept beside it.
    Raises SetupError for a value that cannot stand, UsageError for a key that does not exist.
    """
    setting = find_setting(key)
    text = environment.get(setting.variable)
    if text:
        return Effective(read_variable(setting, text), "environment")
    written = read_file(config_dir, validate, keep=keep)
    if setting.key in written:
        return Effective(written[setting.key], "file")
    return Effective(setting.default, "default")


# The file.


def read_file(config_dir: Path, validate: Validate, *, keep: bool = True) -> dict[str, SettingValue]:
    """What the file sets; empty where there is none. Raises SetupError naming file, line and key."""
    path = config_dir / CONFIG_FILE
    text = read_text(path)
    if text is None:
        return {}
    known = _recall(config_dir, text)
    if known is None:
        known = check_text(path, text, validate)
        if keep:
            _remember(config_dir, text, known)
    return known


def read_text(path: Path) -> str | None:
    """The file as it lies there, or None. Raises SetupError."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        message = f"{path} is not text in UTF-8"
        raise SetupError(message, code="bad_config", hint=f"move it away: mv {path} {path}.old") from None


def check_text(path: Path, text: str, validate: Validate) -> dict[str, SettingValue]:
    """What a file of this text would set. Raises SetupError naming file, line and key."""
    written = _parse(path, text)
    checked = validate(written)
    if checked.problems:
        raise _unusable(path, text, checked.problems, written)
    return checked.values


def _parse(path: Path, text: str) -> dict[str, object]:
    import tomllib  # noqa: PLC0415 - a file that did not change is not parsed

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(path, text, str(error)) from None


def _not_toml(path: Path, text: str, reason: str) -> SetupError:
    lines = text.splitlines()
    found = re.search(r"line (\d+)", reason)
    number = int(found[1]) if found else max(len(lines), 1)
    said = lines[number - 1].strip()[:_LONGEST_SHOWN] if number <= len(lines) else ""
    what = reason.partition(" (at")[0].lower()
    return SetupError(f"{path} line {number}: {what}: {said}", code="bad_config", hint=f"edit {path}")


def _unusable(path: Path, text: str, problems: tuple[Problem, ...], written: Mapping[str, object]) -> SetupError:
    number, problem = min(((line_of(text, problem.key), problem) for problem in problems), key=lambda one: one[0])
    where = f"{path} line {number}: "
    more = "" if len(problems) == 1 else f"; and {len(problems) - 1} more"
    if problem.setting is None:
        message = f"{where}{problem.key[:_LONGEST_SHOWN]} is not a setting{more}"
        return SetupError(message, code="bad_config", hint=f"rickctl config unset {problem.key}")
    shown = str(written[problem.key])[:_LONGEST_SHOWN]
    message = f"{where}{problem.key} = {shown} is not {problem.setting.expected}{more}"
    return SetupError(message, code="bad_config", hint=f"rickctl config unset {problem.key}")


def line_of(text: str, key: str) -> int:
    """The line, from 1, on which a key or a table of that name stands."""
    written = _line_pattern(key)
    lines = text.splitlines()
    return next((number for number, line in enumerate(lines, start=1) if written.match(line)), 1)


def _line_pattern(key: str) -> re.Pattern[str]:
    return re.compile(rf"\s*\[*\s*[\"']?{re.escape(key)}[\"']?\s*[=.\]]")


# What validation found, kept beside the file.


def _recall(config_dir: Path, text: str) -> dict[str, SettingValue] | None:
    try:
        kept = json.loads((config_dir / MEMORY_FILE).read_text(encoding="utf-8"))
        if kept["text"] == text and kept["rules"] == str(SETTINGS):
            values: dict[str, SettingValue] = dict(kept["values"])
            return values
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return None


def _remember(config_dir: Path, text: str, values: Mapping[str, SettingValue]) -> None:
    """Keep what a text means; a folder that cannot be written is validated again the next time."""
    path = config_dir / MEMORY_FILE
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    body = json.dumps({"rules": str(SETTINGS), "text": text, "values": dict(values)}, ensure_ascii=False)
    try:
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write(body)
        draft.replace(path)
    except OSError:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


# Changing it.


def set_value(path: Path, key: str, word: str) -> str:
    """The file's text with the setting made, all else kept as it is. Raises UsageError, SetupError."""
    setting = find_setting(key)
    try:
        value = read_value(setting, word)
    except ValueError:
        message = f"{setting.key} = {word[:_LONGEST_SHOWN]} is not {setting.expected}"
        raise UsageError(message, code="bad_setting") from None
    return _edited(path, setting.key, f"{setting.key} = {json.dumps(value)}", value)


def unset_value(path: Path, key: str) -> str:
    """The file's text without the setting, or without a line that is no setting. Raises UsageError, SetupError."""
    is_written = any(map(_line_pattern(key).match, (read_text(path) or "").splitlines()))
    return _edited(path, key if is_written else find_setting(key).key, None, None)


def _edited(path: Path, key: str, line: str | None, value: SettingValue) -> str:
    text = read_text(path) or ""
    written = _line_pattern(key)
    lines = [one for one in text.splitlines() if not written.match(one)]
    if line is not None:
        place = line_of(text, key) - 1 if len(lines) < len(text.splitlines()) else len(lines)
        lines.insert(place, line)
    changed = "".join(f"{one}\n" for one in lines)
    if _parse(path, changed).get(key) != value:
        message = f"{path} writes {key} in a way that only an editor can change"
        raise SetupError(message, code="bad_config", hint=f"edit {path}")
    return changed


def check_tightening(setting: Setting, word: str, charter: Callable[[], Charter]) -> None:
    """Refuse a value that is looser than the charter in use. Raises UsageError."""
    field = _TIGHTENED.get(setting.key)
    if field is None:
        return
    try:
        charter().tightened(**{field: int(word)})
    except SetupError as error:
        raise UsageError(error.message, code=error.code, hint=error.hint) from None


def tighten(loaded: LoadedCharter, find: Callable[[str], Effective]) -> LoadedCharter:
    """A charter as loaded, under the limits a person set for themselves. Raises SetupError for one that is looser."""
    if loaded.charter is None:
        return loaded
    charter = loaded.charter
    for key, field in _TIGHTENED.items():
        value = find(key).value
        if isinstance(value, int):
            try:
                charter = charter.tightened(**{field: value})
            except SetupError as error:
                raise SetupError(error.message, code=error.code, hint=f"rickctl config unset {key}") from None
    return replace(loaded, charter=charter)


# Showing it.


class SettingRow(NamedTuple):
    """One setting, or one variable of a venue, as it stands; a venue's value is never in it."""

    key: str
    value: SettingValue
    source: str
    variable: str
    default: SettingValue
    about: str


def row_of(key: str, config_dir: Path, environment: Mapping[str, str], validate: Validate) -> SettingRow:
    """One setting in force. Raises UsageError, SetupError."""
    setting = find_setting(key)
    found = effective(key, config_dir, environment, validate)
    return SettingRow(setting.key, found.value, found.source, setting.variable, setting.default, setting.about)


def row_after(key: str, config_dir: Path, environment: Mapping[str, str], validate: Validate) -> SettingRow:
    """What is in force once a key was set or taken out; a word that is no setting leaves nothing. Raises SetupError."""
    try:
        return row_of(key, config_dir, environment, validate)
    except UsageError:
        return SettingRow(key, None, "unset", "", None, "not a setting")


def all_rows(config_dir: Path, environment: Mapping[str, str], validate: Validate) -> list[SettingRow]:
    """Every setting in force, then the venues' variables and whether they are there. Raises SetupError."""
    rows = [row_of(setting.key, config_dir, environment, validate) for setting in SETTINGS]
    return rows + [
        SettingRow(name, None, "environment" if environment.get(name) else "unset", name, None, "never shown")
        for name in SECRET_VARIABLES
    ]
