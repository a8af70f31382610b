"""JSON bodies as clients send them, numbers as Decimals, never floats; says what cannot be read, checks no meaning."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

from rickctl.sandbox.oanda.records import BadRequest

if TYPE_CHECKING:
    from rickctl.sandbox.oanda.records import Fields, Value

_LONGEST_NUMBER = 40
_DEEPEST = 20
_DIGITS_OF_A_DOUBLE = 17

Loaded = str | Decimal | int | bool | None | dict[str, "Loaded"] | list["Loaded"]


def parse_body(body: bytes, *, is_strict: bool) -> Fields:
    """The object in a body, empty for none. Strict takes a JSON number for the double it stands for, written long.

    Raises BadRequest.
    """
    if not body.strip():
        return {}
    read = _as_double if is_strict else _as_decimal
    try:
        loaded: Loaded = json.loads(body, parse_float=read, parse_int=_as_int, parse_constant=_refuse)
    except (ValueError, RecursionError):
        message = "The request body is not a JSON document"
        raise BadRequest(message) from None
    found = _frozen(loaded, _DEEPEST)
    if not isinstance(found, dict):
        message = "The request body is not a JSON object"
        raise BadRequest(message)
    return found


def _as_decimal(text: str) -> Decimal:
    if len(text) > _LONGEST_NUMBER or abs(Decimal(text).adjusted()) > _LONGEST_NUMBER:
        raise BadRequest(_TOO_LONG)
    return Decimal(text)


def _as_double(text: str) -> Decimal:
    return Decimal(format(float(_as_decimal(text)), f".{_DIGITS_OF_A_DOUBLE}g"))


def _as_int(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise BadRequest(_TOO_LONG)
    return int(text)


def _refuse(name: str) -> Decimal:
    message = f"{name} is not a JSON number"
    raise BadRequest(message)


def _frozen(value: Loaded, deepest: int) -> Value:
    """Lists as tuples, all the way down."""
    if isinstance(value, str):
        return _written(value)
    if not isinstance(value, dict | list):
        return value
    if not deepest:
        message = "The request body is nested too deeply"
        raise BadRequest(message)
    if isinstance(value, dict):
        return {_written(name): _frozen(one, deepest - 1) for name, one in value.items()}
    return tuple(_frozen(one, deepest - 1) for one in value)


def _written(text: str) -> str:
    """The text, which must be one that can be written down again: half a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        message = "The request body holds text that is no Unicode"
        raise BadRequest(message) from None
    return text


_TOO_LONG = "The request body holds a number that is too long"
