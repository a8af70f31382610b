"""An account's record on disk: one JSON object a line, only ever appended, written before anybody is answered.

The first line is the account's terms. Every other one holds the transactions of one request or settlement, the instant
the account was settled through, and the notes on orders that changed. A last line without its end was never answered
for and is dropped. A killed process loses nothing; a machine that loses power may lose what no money ever depended
on, so that an answer does not wait for the disk. The caller holds the lock.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rickctl.domain.errors import SetupError
from rickctl.sandbox.oanda.book import Book
from rickctl.sandbox.oanda.records import NO_HINTS, Hints, Instant, Terms, Transaction

if TYPE_CHECKING:
    from pathlib import Path

    from rickctl.sandbox.oanda.records import Order, Value

_AMOUNTS = ("balance", "margin_rate", "commission_rate", "financing_rate", "position_limit")


class Log:
    """The file of one account; `path` None keeps nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._written = 0
        self._end = 0

    def load(self, fallback: Terms | None) -> Book | None:
        """The account as it was recorded, a new one of `fallback` where there is no record, None where neither is.

        Raises SetupError for a record that cannot be read.
        """
        lines = self._lines()
        if not lines:
            return None if fallback is None else Book(fallback)
        try:
            book = Book(_read_terms(json.loads(lines[0])["terms"]))
            for line in lines[1:]:
                _take(book, json.loads(line))
        except (ValueError, KeyError, TypeError, ArithmeticError) as error:
            message = f"{self._path} is not an account's record: {error!r}"
            raise SetupError(message, code="sandbox_record", hint="move the file away to begin anew") from error
        self._written = book.last_id
        return book

    def save(self, book: Book) -> None:
        """Append what happened since the last time, if anything did; raises OSError, and the next time has it again."""
        if self._path is None:
            book.noted.clear()
            return
        if book.last_id == self._written:
            return
        parts: list[dict[str, Any]] = [] if self._end else [{"terms": _write_terms(book.terms)}]
        parts.append(
            {
                "settled_ns": book.settled_ns,
                "transactions": [_write_transaction(made) for made in book.transactions[self._written :]],
                "notes": {str(number): _write_note(book.orders[number]) for number in sorted(book.noted)},
            }
        )
        data = "".join(json.dumps(part, separators=(",", ":"), ensure_ascii=False) + "\n" for part in parts).encode()
        self._append(data)
        self._written = book.last_id
        book.noted.clear()

    def _lines(self) -> list[bytes]:
        if self._path is None or not self._path.exists():
            return []
        data = self._path.read_bytes()
        self._end = data.rfind(b"\n") + 1
        return data[: self._end].splitlines()

    def _append(self, data: bytes) -> None:
        """Write behind the last whole line, over whatever half of one is there."""
        assert self._path is not None  # noqa: S101 - save() has asked
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.ftruncate(handle, self._end)
            os.lseek(handle, self._end, os.SEEK_SET)
            left = memoryview(data)
            while left:
                left = left[os.write(handle, left) :]
        finally:
            os.close(handle)
        self._end += len(data)


def _take(book: Book, line: dict[str, Any]) -> None:
    for body in line["transactions"]:
        fields = {name: _read(value) for name, value in body.pop("fields").items()}
        book.apply(Transaction(account_id=book.terms.id, fields=fields, **body))
    for number, note in line["notes"].items():
        order = book.orders[int(number)]
        book.orders[order.id] = replace(
            order,
            trailing=_decimal(note.get("trailing")),
            initial=_decimal(note.get("initial")),
            since_phase=note["phase"],
            hints=_read_hints(note),
        )
    book.settled_ns = line["settled_ns"]


def _write_transaction(made: Transaction) -> dict[str, Any]:
    return {
        "id": made.id,
        "type": made.type,
        "time_ns": made.time_ns,
        "batch_id": made.batch_id,
        "user_id": made.user_id,
        "request_id": made.request_id,
        "fields": {name: _write(value) for name, value in made.fields.items()},
    }


def _write_note(order: Order) -> dict[str, Any]:
    found = {
        "trailing": _text(order.trailing),
        "initial": _text(order.initial),
        "cancel": order.hints.cancel,
        "partial": _text(order.hints.partial),
    }
    return {"phase": order.since_phase, **{name: value for name, value in found.items() if value is not None}}


def _read_hints(note: dict[str, Any]) -> Hints:
    found = Hints(cancel=note.get("cancel"), partial=_decimal(note.get("partial")))
    return NO_HINTS if found == NO_HINTS else found


def _write(value: Value) -> Any:  # noqa: ANN401 - JSON
    """A value that says its type where JSON's own would not."""
    if isinstance(value, Decimal):
        return {"$d": format(value, "f")}
    if isinstance(value, Instant):
        return {"$t": int(value)}
    if isinstance(value, tuple):
        return [_write(one) for one in value]
    if value is None or isinstance(value, str | int):
        return value
    return {name: _write(one) for name, one in value.items()}


def _read(value: Any) -> Value:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return tuple(_read(one) for one in value)
    if not isinstance(value, dict):
        found: Value = value
        return found
    if "$d" in value:
        return Decimal(value["$d"])
    if "$t" in value:
        return Instant(value["$t"])
    return {name: _read(one) for name, one in value.items()}


def _write_terms(terms: Terms) -> dict[str, Any]:
    return {name: _text(value) if isinstance(value := getattr(terms, name), Decimal) else value for name in _TERMS}


def _read_terms(body: dict[str, Any]) -> Terms:
    found: dict[str, Any] = {name: Decimal(value) if name in _AMOUNTS else value for name, value in body.items()}
    return Terms(**found)


_TERMS = tuple(Terms.__dataclass_fields__)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")


def _decimal(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)
