"""What a fault is and how a person writes one, in TOML or JSON: the kinds, their terms and defaults; applies none.

A fault names where it strikes (`operation`, `method`, `path`, and for lines of a stream `match`), how often (`after`,
`times`, `probability`), when (`from`, `until`) and what it does (`kind` and the terms of that kind).
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.errors import UsageError
from rickctl.domain.instants import MILLISECOND_NS, parse_duration_ns, parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from rickctl.domain.records import JSON

MILLION = 1_000_000
_MOST_FAULTS = 1000
_LONGEST_TEXT = 100_000


class Strikes(StrEnum):
    """Which moment a kind of fault belongs to."""

    REQUEST = "request"
    REPLY = "reply"
    LINE = "line"
    HINT = "hint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault as it was asked for; durations and instants in nanoseconds, `chance` in millionths.

    `written` is what the person wrote, to be shown again.
    """

    number: int
    kind: str
    written: Mapping[str, JSON]
    operation: str = "*"
    method: str = "*"
    path: str = "*"
    match: str = ""
    after: int = 0
    times: int | None = None
    chance: int = MILLION
    from_ns: int = 0
    until_ns: int | None = None
    length_ns: int | None = None
    every_ns: int = 0
    by_ns: int = 0
    when: str = "before"
    how: str = "fin"
    status: int = 0
    retry_after: str | None = None
    body: str | None = None
    location: str = ""
    keep: int | None = None
    framing: str = "length"
    word: str = "NaN"
    bare: bool = False
    fields: tuple[str, ...] = ()
    hint: str = ""


class Kind(NamedTuple):
    """What one kind of fault does: the moments it strikes at, its terms, those it cannot do without, its defaults."""

    summary: str
    strikes: tuple[Strikes, ...]
    terms: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    status: int = 0
    how: str = "fin"
    every_ns: int = 400 * MILLISECOND_NS


_REQUEST, _REPLY, _LINE, _HINT = ((strikes,) for strikes in Strikes)

KINDS: dict[str, Kind] = {
    "delay": Kind("wait before the request is done", _REQUEST, ("for",), ("for",)),
    "stall": Kind("never answer; with `for`, close after it", _REQUEST, ("when", "for")),
    "drop": Kind("close the connection without an answer", _REQUEST, ("when", "how")),
    "late": Kind("lose the answer at once and do the request later", _REQUEST, ("for", "how"), ("for",)),
    "refuse": Kind(
        "answer this status instead of the real answer", _REQUEST, ("when", "status", "retry_after", "body"), status=429
    ),
    "html": Kind("answer a page of HTML instead", _REQUEST, ("when", "status", "body"), status=502),
    "redirect": Kind("answer a redirect instead", _REQUEST, ("when", "status", "location"), ("location",), status=302),
    "skew": Kind("state every time off by so much", _REQUEST, ("by",), ("by",)),
    "status": Kind("the real answer under another status", _REPLY, ("status",), ("status",)),
    "truncate": Kind("send only part of the body, then close", _REPLY, ("keep", "framing")),
    "trickle": Kind("send the body byte by byte", _REPLY, ("every",)),
    "endless": Kind("send a body that never ends", _REPLY, ("every",), every_ns=10 * MILLISECOND_NS),
    "nan": Kind("put a word where numbers stand", (Strikes.REPLY, Strikes.LINE), ("word", "bare", "fields")),
    "lose": Kind("leave a line out", _LINE),
    "repeat": Kind("send a line twice", _LINE),
    "swap": Kind("send a line after the one that follows it", _LINE),
    "half": Kind("send half a line, then close", _LINE, ("how",)),
    "silence": Kind("send nothing any more, with `for` until then", _LINE, ("for",)),
    "end": Kind("end the stream; `clean` as the venue would", _LINE, ("how",), how="clean"),
    "reject": Kind("the exchange refuses with this reason", _HINT, ("reason",), ("reason",)),
    "cancel": Kind("the exchange takes it and cancels it with this reason", _HINT, ("reason",), ("reason",)),
    "partial": Kind("the exchange fills this part of it", _HINT, ("fraction",), ("fraction",)),
    "illiquid": Kind("the exchange finds nothing at the touch", _HINT),
}
_HOWS = {
    "half": ("fin", "rst"),
    "end": ("clean", "fin", "rst"),
    "late": ("fin", "rst", "stall"),
    "drop": ("fin", "rst"),
}
_SELECTORS = ("operation", "method", "path", "after", "times", "probability", "from", "until")


def _bad(message: str) -> UsageError:
    return UsageError(message, code="bad_fault", hint="rickctl sandbox faults")


def _text(key: str, value: JSON) -> str:
    if not isinstance(value, str) or not value or len(value) > _LONGEST_TEXT:
        message = f"{key} of a fault is text, not {value!r}"
        raise _bad(message)
    return value


def _header(key: str, value: JSON) -> str:
    """Text that can stand in a header, whole numbers too."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else _text(key, value)
    if not re.fullmatch(r"[\x20-\x7e]{1,2000}", text):
        message = f"{key} of a fault cannot stand in a header"
        raise _bad(message)
    return text


def _count(key: str, value: JSON) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        message = f"{key} of a fault is a whole number of at least 0, not {value!r}"
        raise _bad(message)
    return value


def _status(key: str, value: JSON) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 200 <= value <= 599:  # noqa: PLR2004 - HTTP
        message = f"{key} of a fault is a number from 200 to 599, not {value!r}"
        raise _bad(message)
    return value


def _chance(key: str, value: JSON | Decimal) -> int:
    try:
        chance = Decimal(str(value)) if not isinstance(value, bool) else Decimal(-1)
    except InvalidOperation:
        chance = Decimal(-1)
    if not 0 <= chance <= 1:
        message = f"{key} of a fault is between 0 and 1, not {value!r}"
        raise _bad(message)
    return int(chance * MILLION)


def _fraction(key: str, value: JSON | Decimal) -> str:
    if not 0 < _chance(key, value) < MILLION:
        message = f"{key} of a fault is between 0 and 1, not {value!r}"
        raise _bad(message)
    return str(value)


def _length(key: str, value: JSON) -> int:
    return parse_duration_ns(_text(key, value), f"{key} of a fault")


def _signed(key: str, value: JSON) -> int:
    text = _text(key, value)
    return -_length(key, text[1:]) if text.startswith("-") else _length(key, text.removeprefix("+"))


def _flag(key: str, value: JSON) -> bool:
    if not isinstance(value, bool):
        message = f"{key} of a fault is true or false, not {value!r}"
        raise _bad(message)
    return value


def _names(key: str, value: JSON) -> tuple[str, ...]:
    if not isinstance(value, list):
        message = f"{key} of a fault is a list of names, not {value!r}"
        raise _bad(message)
    return tuple(_text(key, name) for name in value)


def _one_of(*words: str) -> Callable[[str, JSON], str]:
    def read(key: str, value: JSON) -> str:
        if value not in words:
            message = f"{key} of a fault is {' or '.join(words)}, not {value!r}"
            raise _bad(message)
        return str(value)

    return read


_READ: dict[str, tuple[str, Callable[[str, JSON], object]]] = {
    "operation": ("operation", _text),
    "method": ("method", lambda key, value: _text(key, value).upper()),
    "path": ("path", _text),
    "match": ("match", _text),
    "after": ("after", _count),
    "times": ("times", _count),
    "probability": ("chance", _chance),
    "for": ("length_ns", _length),
    "every": ("every_ns", _length),
    "by": ("by_ns", _signed),
    "when": ("when", _one_of("before", "after")),
    "how": ("how", _text),
    "status": ("status", _status),
    "retry_after": ("retry_after", _header),
    "body": ("body", _text),
    "location": ("location", _header),
    "keep": ("keep", _count),
    "framing": ("framing", _one_of("length", "chunked", "close")),
    "word": ("word", _text),
    "bare": ("bare", _flag),
    "fields": ("fields", _names),
    "reason": ("hint", _text),
    "fraction": ("hint", _fraction),
}


def read_fault(written: JSON, number: int, now_ns: int) -> Fault:
    """The fault a table describes; `from` and `until` as durations count from `now_ns`. Raises UsageError."""
    if not isinstance(written, dict):
        message = "a fault is a table with a kind"
        raise _bad(message)
    name = written.get("kind")
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None or not isinstance(name, str):
        instead = f"not {name!r}" if "kind" in written else "and it has none"
        message = f"kind of a fault is one of {', '.join(KINDS)}, {instead}"
        raise _bad(message)
    _check_terms(name, kind, written)
    read = {key: _READ[key] for key in written if key in _READ}
    terms = {field: parse(key, written[key]) for key, (field, parse) in read.items()}
    terms |= {field: _instant(key, written[key], now_ns) for key, field in _WINDOW.items() if key in written}
    allowed = _HOWS.get(name, ())
    if "how" in written and written["how"] not in allowed:
        message = f"how of a fault of kind {name} is {' or '.join(allowed)}, not {written['how']!r}"
        raise _bad(message)
    shown = {key: str(value) if isinstance(value, Decimal | float) else value for key, value in written.items()}
    plain = Fault(number=number, kind=name, written=shown, status=kind.status, how=kind.how, every_ns=kind.every_ns)
    return replace(plain, **terms)  # type: ignore[arg-type]


_WINDOW = {"from": "from_ns", "until": "until_ns"}


def _instant(key: str, value: JSON, now_ns: int) -> int:
    """A duration from now, or an instant."""
    text = _text(key, value)
    return parse_instant(text, f"{key} of a fault") if "-" in text else now_ns + _length(key, text)


def _check_terms(name: str, kind: Kind, written: Mapping[str, JSON]) -> None:
    on_lines = ("match",) if Strikes.LINE in kind.strikes else ()
    selectors = ("operation", *_SELECTORS[3:]) if kind.strikes == _HINT else _SELECTORS
    known = {"kind", *selectors, *on_lines, *kind.terms}
    strange = sorted(set(written) - known)
    if strange:
        message = f"a fault of kind {name} has no {strange[0]!r}; it has {', '.join(sorted(known - {'kind'}))}"
        raise _bad(message)
    missing = [term for term in kind.needed if term not in written]
    if missing:
        message = f"a fault of kind {name} needs {missing[0]!r}"
        raise _bad(message)


class FaultFile(NamedTuple):
    """A file of faults: its seed, None where it has none, and the tables of its faults."""

    seed: int | None
    faults: tuple[JSON, ...]


def read_fault_file(path: Path) -> FaultFile:
    """Read TOML, or JSON where the name ends so. Raises UsageError."""
    try:
        text = path.read_text(encoding="utf-8")
        document = json.loads(text, parse_float=Decimal) if path.suffix == ".json" else _toml(text)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        message = f"the fault file {path} cannot be read: {reason}"
        raise _bad(message) from None
    if not isinstance(document, dict) or set(document) - {"seed", "fault"}:
        message = f"the fault file {path} holds a seed and tables [[fault]], nothing else"
        raise _bad(message)
    seed = document.get("seed")
    return FaultFile(None if seed is None else _count("seed", seed), fault_tables(document.get("fault", [])))


def _toml(text: str) -> JSON:
    found: JSON = tomllib.loads(text, parse_float=Decimal)
    return found


def fault_tables(found: JSON) -> tuple[JSON, ...]:
    """The tables of one fault or of several. Raises UsageError."""
    tables = tuple(found) if isinstance(found, list) else (found,)
    if len(tables) > _MOST_FAULTS:
        message = f"at most {_MOST_FAULTS} faults are kept"
        raise _bad(message)
    return tables
