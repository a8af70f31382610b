"""OANDA's description of its answers as a judge of ours: Swagger 2.0 with its quirks, and what is newer than it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from rickctl.sandbox.oanda.shapes import NEWER_FIELDS

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

Schema = dict[str, Any]
Json = dict[str, Any] | list[Any] | str | int | None

NEWER: frozenset[str] = frozenset(
    {
        *(f"*.{name}" for name in NEWER_FIELDS),
        "Instrument.tags",
        "Instrument.financing",
        "Instrument.guaranteedStopLossOrderMode",
        "AccountChangesState.balance",
        "AccountChangesState.pl",
        "AccountChangesState.resettablePL",
        "AccountChangesState.financing",
        "AccountChangesState.commission",
        "AccountChangesState.guaranteedExecutionFees",
        "ClientPrice.homeConversions",
    }
)
"""Fields the description of 2018 does not have, by definition; `*` is any."""

BESIDE = frozenset({"relatedTransactionIDs", "lastTransactionID", "errorCode", "errorMessage"})
"""Fields every refusal of a change carries, also where the description leaves them out (a trade's close)."""

MISDESCRIBED = frozenset({"clientOrderID", "clientTradeID"})
"""Ids of the client's own, which the description calls OANDA's."""

_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z|\d+\.\d{9}", re.ASCII)
_ID = re.compile(r"[0-9]+", re.ASCII)
_FORMATS = {
    "The RFC 3339 representation": _TIME,
    "String representation of the numerical": _ID,
    "A decimal number": _NUMBER,
    "The string representation of the OANDA-assigned": _ID,
    '"-"-delimited string': re.compile(r"\d+-\d+-\d+-\d+", re.ASCII),
    "A string containing the base currency": re.compile(r"[A-Z0-9]+_[A-Z]+", re.ASCII),
    "A string containing an ISO 4217": re.compile(r"[A-Z]{3}", re.ASCII),
}
_KINDS: dict[str, type] = {"string": str, "boolean": bool, "integer": int}


class Spec:
    """The description read once; `faults` is empty for an answer it allows."""

    def __init__(self, path: Path, newer: Collection[str] = NEWER) -> None:
        self._newer = newer
        document = json.loads(path.read_text(encoding="utf-8"))
        self._paths: dict[str, Schema] = document["paths"]
        self._definitions: dict[str, Schema] = document["definitions"]
        self._responses: dict[str, Schema] = document["responses"]

    def operations(self) -> list[tuple[str, str]]:
        """Every method and path the description has."""
        return [
            (method.upper(), path) for path, item in self._paths.items() for method in item if method != "parameters"
        ]

    def faults(self, method: str, path: str, status: int, body: dict[str, Any]) -> list[str]:
        """What is wrong with an answer to a request of one of our routes; `path` is the route's."""
        if status >= 400 and path.endswith("candles/latest"):
            path = "accounts/{accountID}/pricing"
        if path.endswith("candles/latest"):
            candle = self._schema("GET", "instruments/{instrument}/candles", 200) or {}
            return [fault for one in body["latestCandles"] for fault in self._check(candle, one, "latestCandles", "")]
        schema = self._schema(method, path, status)
        if schema is None:
            return [f"{method} {path} does not answer {status}"]
        return self._check(schema, body, f"{status}", "answer")

    def stream_faults(self, path: str, message: dict[str, Any]) -> list[str]:
        """What is wrong with one line of a stream."""
        if message["type"] == "HEARTBEAT":
            name = "PricingHeartbeat" if "pricing" in path else "TransactionHeartbeat"
        else:
            name = "ClientPrice" if "pricing" in path else "Transaction"
        return self._check({"$ref": f"#/definitions/{name}"}, message, "line", "")

    def _schema(self, method: str, path: str, status: int) -> Schema | None:
        responses = self._paths[f"/{path}"][method.lower()]["responses"]
        found = responses.get(str(status))
        if found is None:
            return self._responses["400"]["schema"] if status in _EVERYWHERE else None
        if "$ref" in found:
            found = self._responses[found["$ref"].rpartition("/")[2]]
        schema: Schema = found["schema"]
        return schema

    def _check(self, schema: Schema, value: Json, where: str, name: str) -> list[str]:
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            schema = self._dispatched(name, value)
        kind = schema.get("type", "object")
        if isinstance(value, list) and kind == "array":
            items: Schema = schema["items"]
            return [
                fault for place, one in enumerate(value) for fault in self._check(items, one, f"{where}[{place}]", name)
            ]
        if isinstance(value, dict) and kind == "object":
            return self._check_object(schema, value, where, name)
        if kind not in _KINDS or type(value) is not _KINDS[kind]:
            return [f"{where}: {value!r} is no {kind}"]
        return self._check_word(schema, value, where)

    def _check_object(self, schema: Schema, value: dict[str, Any], where: str, name: str) -> list[str]:
        known = schema.get("properties", {})
        faults = []
        for field, one in value.items():
            if field in known:
                faults += self._check(known[field], one, f"{where}.{field}", field)
            elif field not in BESIDE and not {f"*.{field}", f"{name}.{field}"} & set(self._newer):
                faults.append(f"{where}.{field}: {name} does not have it")
        return faults

    def _check_word(self, schema: Schema, value: Json, where: str) -> list[str]:
        if "enum" in schema and value not in schema["enum"]:
            return [f"{where}: {value!r} is not one of its words"]
        if not isinstance(value, str) or where.rpartition(".")[2] in MISDESCRIBED:
            return []
        for beginning, form in _FORMATS.items():
            if schema.get("format", "").startswith(beginning) and not form.fullmatch(value):
                return [f"{where}: {value!r} is not written as {beginning}"]
        return []

    def _dispatched(self, name: str, value: Json) -> Schema:
        """The definition for a value: orders and transactions are told apart by their type."""
        kind = value.get("type") if isinstance(value, dict) else None
        if name == "Order" and isinstance(kind, str):
            return self._definitions[_camel(kind) + "Order"]
        if name == "Transaction" and isinstance(kind, str):
            return self._definitions[_camel(kind) + "Transaction"]
        return self._definitions[name]


def _camel(kind: str) -> str:
    words = "".join(word.capitalize() for word in kind.split("_"))
    return words.replace("ResettablePl", "ResettablePL")


_EVERYWHERE = frozenset({400, 401, 403, 404, 405, 429})
"""Errors any operation may answer with, listed by the description or not."""
