"""Ledger values as JSON and back, by field name: a name means one type everywhere; decides nothing.

Decimals are written as text with all their digits, so what is read back is the very same value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

from rickctl.domain.money import decimal_text
from rickctl.domain.scope import Scope

if TYPE_CHECKING:
    from rickctl.domain.records import JSON

Value = TypeVar("Value")
Reader = Callable[[Any], Any]


@runtime_checkable
class WritesItself(Protocol):
    """A value with a JSON of its own."""

    def to_json(self) -> Mapping[str, JSON]:
        """The object it becomes."""
        ...


AMOUNTS = (
    "amount",
    "balance",
    "cash",
    "commission",
    "day_fees",
    "day_realised",
    "deposits",
    "entry_price",
    "equity",
    "fees",
    "filled",
    "opened",
    "pnl",
    "pnl_account",
    "price",
    "rate",
    "realised",
    "remaining",
    "start",
    "stop_loss",
    "take_profit",
    "trailed",
    "trailing",
    "units",
)
"""Fields that hold an exact decimal, or None."""


def write(value: object) -> JSON:
    """The JSON of a value: dataclasses and named tuples become objects, leaving out what is None."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, str | Scope):
        return str(value)
    if isinstance(value, WritesItself):
        return value.to_json()
    return _parts(value)


def read(kind: Callable[..., Value], body: Mapping[str, Any], readers: Mapping[str, Reader]) -> Value:
    """The value `write` made this of; raises TypeError for a field `kind` does not have."""
    return kind(**{name: _field(readers.get(name), held) for name, held in body.items()})


def list_of(reader: Reader) -> Reader:
    """Reads each item of a list into a tuple."""
    return lambda held: tuple(reader(item) for item in held)


def value_of(kind: Callable[..., Value], readers: Mapping[str, Reader]) -> Callable[[Mapping[str, Any]], Value]:
    """Reads an object into a value of `kind`."""
    return lambda held: read(kind, held, readers)


def fields_of(kind: type) -> tuple[str, ...]:
    """Names of the fields of a dataclass or a named tuple; empty for anything else."""
    found: tuple[str, ...] = getattr(kind, "_fields", None) or tuple(getattr(kind, "__dataclass_fields__", ()))
    return found


def _parts(value: object) -> JSON:
    names = fields_of(type(value))
    if names:
        found = ((name, getattr(value, name)) for name in names)
        return {name: write(field) for name, field in found if field is not None}
    if isinstance(value, Sequence):
        return [write(item) for item in value]
    message = f"{type(value).__name__} has no JSON"
    raise TypeError(message)


def _field(reader: Reader | None, held: object) -> object:
    return held if reader is None or held is None else reader(held)
