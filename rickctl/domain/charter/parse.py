"""From the text of a charter file to a `Charter` or the findings that stop it, and its hash; pure, opens nothing."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rickctl.domain.charter.values import (
    BROKER_CAP,
    KEYS,
    KEYS_BY_NAME,
    OVERRIDES,
    RULES_VERSION,
    SECTIONS,
    Bound,
    Charter,
    Key,
    KeyValue,
)
from rickctl.domain.money import MAX_DIGITS, decimal_text

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_FILE = 200_000
_SYMBOL_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")
_BROKER_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_-")


class FindingCode(StrEnum):
    """The kinds of fault a charter file can have."""

    NOT_TOML = "not_toml"
    MISSING = "missing"
    UNKNOWN = "unknown"
    BAD_TYPE = "bad_type"
    FIXED = "fixed"
    LOOSENED = "loosened"
    OUT_OF_RANGE = "out_of_range"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing wrong with a charter file: where, what, and a stable code."""

    key: str
    code: FindingCode
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedCharter:
    """Either a charter or the findings that forbid using the file."""

    charter: Charter | None
    findings: tuple[Finding, ...]


class _Wrong(Exception):
    def __init__(self, code: FindingCode, message: str) -> None:
        super().__init__(message)
        self.code = code


def parse_charter(text: str) -> ParsedCharter:
    """Read the text of a charter file; every fault becomes a finding, nothing is raised and nothing is guessed."""
    try:
        tables = _toml(text)
    except _Wrong as wrong:
        return ParsedCharter(charter=None, findings=(Finding(key="charter", code=wrong.code, message=str(wrong)),))
    findings: list[Finding] = []
    values = _values(tables, findings)
    instruments = _instruments(tables, findings)
    brokers = _brokers(tables, findings)
    _unknown(tables, findings)
    _together(values, findings)
    if findings:
        return ParsedCharter(charter=None, findings=tuple(findings))
    fields: dict[str, Any] = {KEYS_BY_NAME[name].field: value for name, value in values.items()}
    found = charter_hash(values, instruments, brokers)
    return ParsedCharter(charter=Charter(hash=found, instruments=instruments, brokers=brokers, **fields), findings=())


def charter_hash(
    values: Mapping[str, KeyValue], instruments: Mapping[str, Mapping[str, Decimal]], brokers: Mapping[str, Decimal]
) -> str:
    """SHA-256 of the values and the rules' version in canonical JSON; comments, order and spelling are free."""
    content = {
        "rules": RULES_VERSION,
        "values": {name: _canonical(value) for name, value in values.items()},
        "instruments": {s: {k: _canonical(v) for k, v in own.items()} for s, own in instruments.items()},
        "brokers": {name: _canonical(cap) for name, cap in brokers.items()},
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(value: KeyValue) -> str | bool | list[str]:
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, frozenset):
        return sorted(value)
    return decimal_text(Decimal(value).normalize())


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError(text) from error


def _toml(text: str) -> dict[str, Any]:
    if len(text) > _LONGEST_FILE:
        raise _Wrong(FindingCode.NOT_TOML, "the file is longer than any charter")
    try:
        return tomllib.loads(text, parse_float=_decimal)
    except (ValueError, RecursionError) as error:
        message = f"the file is not TOML: {error}"
        raise _Wrong(FindingCode.NOT_TOML, message) from None


def _values(tables: dict[str, Any], findings: list[Finding]) -> dict[str, KeyValue]:
    values: dict[str, KeyValue] = {}
    for key in KEYS:
        table = tables.get(SECTIONS[key.section])
        if not isinstance(table, dict) or key.name not in table:
            findings.append(
                Finding(
                    key=key.path, code=FindingCode.MISSING, message=f"{key.path} is missing; a missing limit refuses"
                )
            )
            continue
        _take(key, key.path, table[key.name], values, findings)
    return values


def _take(key: Key, path: str, raw: object, values: dict[str, Any], findings: list[Finding]) -> None:
    try:
        values[key.name] = _value(key, raw)
    except _Wrong as wrong:
        findings.append(Finding(key=path, code=wrong.code, message=f"{path} {wrong}"))


def _value(key: Key, raw: object) -> KeyValue:
    if key.bound is Bound.FIXED:
        return _fixed(key, raw)
    if key.bound is Bound.SUBSET:
        return _subset(key, raw)
    number = _number(raw)
    if key.whole and number != number.to_integral_value():
        raise _Wrong(FindingCode.BAD_TYPE, "must be a whole number")
    _in_range(key, number)
    return int(number) if key.whole else number


def _fixed(key: Key, raw: object) -> KeyValue:
    if type(raw) is not type(key.floor) or raw != key.floor:
        message = f"is fixed at {_shown(key.floor)}"
        raise _Wrong(FindingCode.FIXED, message)
    return key.floor


def _subset(key: Key, raw: object) -> frozenset[str]:
    allowed = key.floor
    assert isinstance(allowed, frozenset)  # noqa: S101 - the table of keys says so
    if not isinstance(raw, list) or not raw or not all(isinstance(item, str) for item in raw):
        raise _Wrong(FindingCode.BAD_TYPE, "must be a list of one or more words")
    found = frozenset(raw)
    if not found <= allowed:
        message = f"may only hold {', '.join(sorted(allowed))}, not {', '.join(sorted(found - allowed))[:80]}"
        raise _Wrong(FindingCode.LOOSENED, message)
    return found


def _number(raw: object) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, (int, Decimal)):
        raise _Wrong(FindingCode.BAD_TYPE, "must be a number")
    number = Decimal(raw)
    if not number.is_finite() or len(number.as_tuple().digits) > MAX_DIGITS or abs(number.adjusted()) > MAX_DIGITS:
        raise _Wrong(FindingCode.BAD_TYPE, "must be a plain number")
    return number


def _in_range(key: Key, number: Decimal) -> None:
    floor = key.floor
    assert isinstance(floor, Decimal)  # noqa: S101 - the table of keys says so
    loose = number > floor if key.bound is Bound.AT_MOST else number < floor
    if loose:
        message = f"is {decimal_text(number)}; it {key.bound.value} than {decimal_text(floor)}"
        raise _Wrong(FindingCode.LOOSENED, message)
    senseless = number < key.tightest if key.bound is Bound.AT_MOST else number > key.tightest
    if senseless:
        word = "at least" if key.bound is Bound.AT_MOST else "at most"
        message = f"is {decimal_text(number)}; it must be {word} {decimal_text(key.tightest)}"
        raise _Wrong(FindingCode.OUT_OF_RANGE, message)


def _instruments(tables: dict[str, Any], findings: list[Finding]) -> Mapping[str, Mapping[str, Decimal]]:
    section = SECTIONS[9]
    found: dict[str, Mapping[str, Decimal]] = {}
    for symbol, own in _table(tables.get(section, {}), section, findings).items():
        path = f"{section}.{symbol}"
        if not symbol or not set(symbol) <= _SYMBOL_CHARACTERS:
            findings.append(Finding(key=path, code=FindingCode.UNKNOWN, message=f"{path!r} is not a symbol"))
            continue
        values: dict[str, Decimal] = {}
        for name, raw in _table(own, path, findings).items():
            if name in OVERRIDES:
                _take(OVERRIDES[name], f"{path}.{name}", raw, values, findings)
            else:
                findings.append(_stranger(f"{path}.{name}"))
        found[symbol] = MappingProxyType(values)
    return MappingProxyType(found)


def _brokers(tables: dict[str, Any], findings: list[Finding]) -> Mapping[str, Decimal]:
    section = SECTIONS[11]
    path = f"{section}.brokers"
    cap = KEYS_BY_NAME["MAX_EXPOSURE_PER_BROKER"]
    found: dict[str, Decimal] = {}
    parent = tables.get(section)
    brokers = parent.get("brokers", {}) if isinstance(parent, dict) else {}
    for broker, own in _table(brokers, path, findings).items():
        place = f"{path}.{broker}"
        if not broker or not set(broker) <= _BROKER_CHARACTERS:
            findings.append(Finding(key=place, code=FindingCode.UNKNOWN, message=f"{place!r} is not a broker's name"))
            continue
        table = _table(own, place, findings)
        findings.extend(_stranger(f"{place}.{name}") for name in table if name != BROKER_CAP)
        if BROKER_CAP not in table:
            findings.append(Finding(key=place, code=FindingCode.MISSING, message=f"{place}.{BROKER_CAP} is missing"))
            continue
        values: dict[str, Decimal] = {}
        _take(cap, f"{place}.{BROKER_CAP}", table[BROKER_CAP], values, findings)
        if values:
            found[broker] = values[cap.name]
    return MappingProxyType(found)


def _table(raw: object, path: str, findings: list[Finding]) -> dict[str, Any]:
    if isinstance(raw, dict):
        return raw
    findings.append(Finding(key=path, code=FindingCode.BAD_TYPE, message=f"{path} must be a table"))
    return {}


def _unknown(tables: dict[str, Any], findings: list[Finding]) -> None:
    numbers = {name: number for number, name in SECTIONS.items()}
    for section, table in tables.items():
        if section not in numbers or not isinstance(table, dict):
            findings.append(_stranger(section))
            continue
        if numbers[section] == 9:  # noqa: PLR2004 - section 9 names instruments, read above
            continue
        known = {key.name for key in KEYS if key.section == numbers[section]}
        if numbers[section] == 11:  # noqa: PLR2004 - section 11 may name brokers, read above
            known.add("brokers")
        findings.extend(_stranger(f"{section}.{name}") for name in table if name not in known)


def _stranger(path: str) -> Finding:
    shown = path[:120]
    return Finding(key=shown, code=FindingCode.UNKNOWN, message=f"{shown!r} is not a key of the charter")


def _together(values: Mapping[str, KeyValue], findings: list[Finding]) -> None:
    messages, cancels = values.get("max_messages_per_minute"), values.get("max_cancels_per_minute")
    if isinstance(messages, int) and isinstance(cancels, int) and cancels <= messages:
        path = KEYS_BY_NAME["max_cancels_per_minute"].path
        message = f"{path} must stay above the allowance for other messages ({messages})"
        findings.append(Finding(key=path, code=FindingCode.LOOSENED, message=message))


def _shown(value: KeyValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
