"""Pieces every JSON record is made of, so one thing has one name everywhere: scope, time, decimal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.domain.instants import rfc3339
from rickctl.domain.money import decimal_text

if TYPE_CHECKING:
    from decimal import Decimal

    from rickctl.domain.scope import Scope


def scope_fields(scope: Scope) -> dict[str, str]:
    """`mode`, `broker` and `account` of a record."""
    return {"mode": scope.mode.value, "broker": scope.broker, "account": scope.account}


def decimal_or_none(value: Decimal | None) -> str | None:
    """Exact decimal text, or null when unknown."""
    return None if value is None else decimal_text(value)


def time_or_none(at_ns: int | None) -> str | None:
    """RFC 3339 text, or null when unknown."""
    return None if at_ns is None else rfc3339(at_ns)
