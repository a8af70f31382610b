"""Fields as OANDA writes them: numbers as text, times in either format, newer fields or none; decides nothing."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from rickctl.domain.instants import SECOND_NS, rfc3339
from rickctl.domain.money import decimal_text
from rickctl.sandbox.oanda.records import Instant

if TYPE_CHECKING:
    from rickctl.domain.records import JSON
    from rickctl.sandbox.oanda.records import Fields, Value

NEWER_FIELDS = frozenset(
    {
        "baseFinancing",
        "dividendAdjustment",
        "guaranteedStopLossOrderMutability",
        "guaranteedStopLossOrderParameters",
        "homeConversionFactors",
        "quoteFinancing",
        "quoteGuaranteedExecutionFee",
        "quotePL",
    }
)
"""Names OANDA answers today that its description of 2018 has nowhere.

Those that it has elsewhere are left out where they are made: `tags`, `financing` and `guaranteedStopLossOrderMode` of
instruments, the balances of account changes.
"""


@lru_cache(maxsize=4096)
def _second_text(second: int) -> str:
    return rfc3339(second * SECOND_NS)[:-1]


def time_text(at_ns: int, *, is_unix: bool) -> str:
    """`2016-06-22T18:41:36.201836422Z` or `1466620896.201836422`: nine decimals always."""
    seconds, fraction = divmod(at_ns, SECOND_NS)
    if is_unix:
        return f"{seconds}.{fraction:09d}"
    return f"{_second_text(seconds)}.{fraction:09d}Z"


def render(fields: Fields, *, is_unix: bool, skew_ns: int = 0, with_newer: bool = True) -> bytes:
    """The JSON body of an answer; every instant is told `skew_ns` away from the truth."""
    return json.dumps(_plain(fields, (is_unix, skew_ns, with_newer)), separators=(",", ":")).encode("ascii")


def _plain(value: Value, manner: tuple[bool, int, bool]) -> JSON:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, int):
        return time_text(value + manner[1], is_unix=manner[0]) if isinstance(value, Instant) else value
    if isinstance(value, tuple):
        return [_plain(one, manner) for one in value]
    return {name: _plain(one, manner) for name, one in value.items() if manner[2] or name not in NEWER_FIELDS}
