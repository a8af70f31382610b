"""Requests, quotes and verdicts as the journal keeps them, and back; exact text, nothing decided."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from rickctl.domain.market import Quote
from rickctl.domain.money import decimal_text
from rickctl.domain.orders import EntryType, OrderRequest, Side, Verdict
from rickctl.domain.ports import Changes
from rickctl.domain.quality import Quality, QualityPart
from rickctl.domain.scope import parse_scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rickctl.domain.records import JSON

_INSTANT = "expires_ns"


def text_or_none(value: Decimal | None) -> str | None:
    """Exact decimal text, or None."""
    return None if value is None else decimal_text(value)


def request_json(request: OrderRequest) -> dict[str, JSON]:
    """A request as JSON; prices and units are text, instants integers."""
    return {
        "scope": str(request.scope),
        "symbol": request.symbol,
        "side": request.side.value,
        "units": decimal_text(request.units),
        "entry": request.entry.value,
        "price": text_or_none(request.price),
        "stop_loss": text_or_none(request.stop_loss),
        "take_profit": text_or_none(request.take_profit),
        "trailing": text_or_none(request.trailing),
        "expires_ns": request.expires_ns,
        "timeframe": request.timeframe,
        "quality": request.quality,
        "key": request.key,
    }


def read_request(text: str) -> OrderRequest:
    """The request of a stored text; `units` are 0 where it was refused before they were known."""
    held = json.loads(text)
    return OrderRequest(
        scope=parse_scope(held["scope"]),
        symbol=held["symbol"],
        side=Side(held["side"]),
        units=Decimal(held["units"] or 0),
        entry=EntryType(held["entry"]),
        price=_decimal(held["price"]),
        stop_loss=_decimal(held["stop_loss"]),
        take_profit=_decimal(held["take_profit"]),
        trailing=_decimal(held["trailing"]),
        expires_ns=held["expires_ns"],
        timeframe=held["timeframe"],
        quality=held["quality"],
        key=held["key"],
    )


def changes_json(changes: Changes) -> dict[str, JSON]:
    """New terms as JSON, those that stay left out; prices and units are text, the instant an integer."""
    named = {name: value for name, value in changes._asdict().items() if value is not None}
    return {name: value if name == _INSTANT else decimal_text(value) for name, value in named.items()}


def read_target(text: str) -> int:
    """The number of the order that a stored cancel or modification is about."""
    number: int = json.loads(text)["target"]
    return number


def read_changes(text: str) -> Changes | None:
    """The new terms of a stored modification; None for a cancel, which has none."""
    held = json.loads(text).get("changes")
    if held is None:
        return None
    terms: dict[str, Any] = {name: value if name == _INSTANT else Decimal(value) for name, value in held.items()}
    return Changes(**terms)


class Told(NamedTuple):
    """What was said to an order before any rule was asked, and the words it was asked in."""

    code: str
    message: str
    words: Mapping[str, str | None]


def read_told(text: str) -> Told | None:
    """What was said to a stored request before the gate; None where the gate judged it."""
    held = json.loads(text).get("told")
    return None if held is None else Told(**held)


class Measured(NamedTuple):
    """What was measured when an order stood before the gate; a unit's value in account and in charter currency."""

    quality: Quality | None
    quote_to_account: Decimal | None
    equity: Decimal | None
    currency: str
    unit_value: Decimal | None
    unit_in_charter: Decimal | None


def read_measured(text: str) -> Measured | None:
    """What the gate kept beside a stored request; None for one that is not an entry."""
    held = json.loads(text).get("measured")
    if held is None:
        return None
    found = held["quality"]
    quality = None if found is None else Quality(found["score"], tuple(QualityPart(**part) for part in found["parts"]))
    return Measured(
        quality,
        _decimal(held["quote_to_account"]),
        _decimal(held["equity"]),
        held["currency"],
        _decimal(held.get("unit_value")),
        _decimal(held.get("unit_in_charter")),
    )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def quote_json(quote: Quote) -> dict[str, JSON]:
    """A quote as JSON, its three times included."""
    return {
        "symbol": quote.symbol,
        "bid": text_or_none(quote.bid),
        "ask": text_or_none(quote.ask),
        "source": quote.source,
        "tradeable": quote.tradeable,
        "changed_ns": quote.changed_ns,
        "asserted_ns": quote.asserted_ns,
        "received_ns": quote.received_ns,
    }


def read_quotes(text: str) -> list[Quote]:
    """The quotes of a stored text."""
    return [Quote(**{**held, "bid": _decimal(held["bid"]), "ask": _decimal(held["ask"])}) for held in json.loads(text)]


def verdicts_json(verdicts: tuple[Verdict, ...]) -> list[JSON]:
    """Verdicts as JSON, in the order of the rules."""
    return [verdict.record() for verdict in verdicts]


def read_verdicts(text: str) -> tuple[Verdict, ...]:
    """The verdicts of a stored text."""
    return tuple(Verdict(**held) for held in json.loads(text))


def quality_json(quality: Quality | None) -> JSON:
    """A computed quality with the parts it is made of, or None."""
    if quality is None:
        return None
    parts: list[Any] = [part._asdict() for part in quality.parts]
    return {"score": quality.score, "parts": parts}
