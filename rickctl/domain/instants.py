"""Instants and durations as integer nanoseconds, UTC; reads text and writes RFC 3339, never reads a clock."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from rickctl.domain.errors import UsageError

SECOND_NS = 1_000_000_000
MILLISECOND_NS = 1_000_000
MINUTE_NS = 60 * SECOND_NS
HOUR_NS = 60 * MINUTE_NS
DAY_NS = 24 * HOUR_NS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FORM = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?)?\s?(Z|z|[+-]\d\d:\d\d)?", re.ASCII)
_DURATION = re.compile(r"(\d+)(ms|s|m|h|d)", re.ASCII)
_LONGEST_DURATION = 20
_UNIT_NS = {"ms": MILLISECOND_NS, "s": SECOND_NS, "m": MINUTE_NS, "h": HOUR_NS, "d": DAY_NS}


def rfc3339(at_ns: int) -> str:
    """`2026-11-20T14:02:11Z`, with a fraction of 3, 6 or 9 digits only where there is one."""
    seconds, fraction = divmod(at_ns, SECOND_NS)
    text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    if not fraction:
        return text + "Z"
    digits = f"{fraction:09d}"
    while digits.endswith("000"):
        digits = digits[:-3]
    return f"{text}.{digits}Z"


def from_datetime(moment: datetime) -> int:
    """Nanoseconds of an aware datetime."""
    return ((moment - _EPOCH) // _MICROSECOND) * 1000


def to_datetime(at_ns: int) -> datetime:
    """The aware UTC datetime, to the microsecond below."""
    return _EPOCH + timedelta(microseconds=at_ns // 1000)


def parse_instant(text: str, what: str = "time") -> int:
    """Read RFC 3339 or `YYYY-MM-DD[ HH:MM[:SS]]`; no offset means UTC. Raises UsageError."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        message = f"{what} {text!r} is not a time such as 2026-11-20T14:00:00Z"
        raise UsageError(message, code="bad_time")
    date, clock, fraction, offset = found.groups()
    zone = "+00:00" if offset in {None, "Z", "z"} else offset
    try:
        moment = datetime.fromisoformat(f"{date}T{clock or '00:00'}{zone}")
    except ValueError as error:
        message = f"{what} {text!r} is not a time: {error}"
        raise UsageError(message, code="bad_time") from None
    return from_datetime(moment) + (int(fraction.ljust(9, "0")) if fraction else 0)


def parse_duration_ns(text: str, what: str = "duration") -> int:
    """Read `500ms`, `30s`, `15m`, `6h`, `1d` or a sum such as `1h30m`. Raises UsageError."""
    cleaned = text.strip().lower()
    parts = _DURATION.findall(cleaned)
    if not parts or "".join(number + unit for number, unit in parts) != cleaned or len(cleaned) > _LONGEST_DURATION:
        message = f"{what} {text!r} is not a duration such as 30s, 15m, 6h"
        raise UsageError(message, code="bad_duration")
    return sum(int(number) * _UNIT_NS[unit] for number, unit in parts)


def duration_text(length_ns: int) -> str:
    """`5 h 58 min`, `20 min`, `8 s`, `40 ms`: the two largest units a person would say."""
    if length_ns < SECOND_NS:
        return f"{length_ns // MILLISECOND_NS} ms"
    if length_ns < MINUTE_NS:
        return f"{length_ns // SECOND_NS} s"
    if length_ns < HOUR_NS:
        return f"{length_ns // MINUTE_NS} min"
    if length_ns < DAY_NS:
        hours, rest = divmod(length_ns, HOUR_NS)
        minutes = rest // MINUTE_NS
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, rest = divmod(length_ns, DAY_NS)
    hours = rest // HOUR_NS
    return f"{days} d {hours} h" if hours else f"{days} d"
