"""One request as OANDA reads it, and what its handlers share; reads parameters strictly, decides nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from rickctl.domain.errors import UsageError
from rickctl.domain.instants import SECOND_NS, parse_instant
from rickctl.sandbox.oanda.api.bodies import parse_body

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from rickctl.domain.ports import Market
    from rickctl.sandbox.clock import ExchangeClock
    from rickctl.sandbox.http import Hints, Request
    from rickctl.sandbox.oanda.api.pricing import Prices
    from rickctl.sandbox.oanda.api.series import Bars
    from rickctl.sandbox.oanda.exchange import Exchange
    from rickctl.sandbox.oanda.records import Fields, Value

_FLAGS = {"true": True, "1": True, "false": False, "0": False}
_COUNT = re.compile(r"\d{1,9}", re.ASCII)
_NUMBER = re.compile(r"[1-9]\d{0,17}|0", re.ASCII)
_UNIX = re.compile(r"(\d{1,11})(?:\.(\d{1,9}))?", re.ASCII)
_LATEST_NS = parse_instant("9000-01-01")
_HOST = re.compile(r"[A-Za-z0-9.\-\[\]:]{1,255}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class WireSettings:
    """How the wire behaves; limits of None are off, `scheme` is what links in answers begin with.

    `strict_numbers` reads JSON numbers as OANDA's own parser did: doubles, printed long. `newer_fields` adds what
    OANDA answers today and its description of 2018 does not know. `serves_history`: orders that no longer work can be
    asked for by their number.
    """

    token: str
    scheme: str = "http"
    strict_numbers: bool = False
    newer_fields: bool = True
    serves_history: bool = True
    requests_a_second: int | None = 120
    connections_a_second: int | None = None
    streams: int | None = 20


Headers = tuple[tuple[str, str], ...]


class Answer(NamedTuple):
    """What a handler answers, not rendered yet."""

    status: int
    fields: Fields
    headers: Headers = ()


class Failure(Exception):
    """An answer that is an error: its HTTP status, OANDA's sentence and code, and further fields of the body."""

    def __init__(
        self, status: int, message: str, code: str | None = None, *, headers: Headers = (), **fields: Value
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.headers = headers
        self.fields = fields


def refuse(name: str) -> NoReturn:
    """Say that a parameter cannot be read. Raises Failure."""
    message = f"Invalid value specified for '{name}'"
    raise Failure(400, message) from None


def refuse_range(name: str) -> NoReturn:
    """Say that the ledger does not have what a parameter asks for. Raises Failure."""
    message = f"Invalid value specified for '{name}'. The range is not satisfiable"
    raise Failure(416, message) from None


@dataclass(slots=True, kw_only=True)
class Desk:
    """What handlers work with; one for a wire."""

    exchange: Exchange
    market: Market
    prices: Prices
    bars: Bars
    clock: ExchangeClock
    settings: WireSettings
    hints: Hints
    open_streams: int = field(default=0)


class Call(NamedTuple):
    """A request that found its route; `places` are the named parts of its path."""

    request: Request
    operation: str
    places: Mapping[str, str]
    request_id: str
    is_unix: bool

    @property
    def account_id(self) -> str:
        """The account of the path."""
        return self.places["accountID"]

    @property
    def now_ns(self) -> int:
        """When the request was read, on the exchange clock."""
        return self.request.received_ns

    def text(self, name: str) -> str | None:
        """A parameter as it is; None where it is absent."""
        return self.request.first(name)

    def words(self, name: str) -> tuple[str, ...] | None:
        """A list: repeated, or with commas; None where it is absent."""
        values = self.request.query.get(name)
        if values is None:
            return None
        return tuple(word for word in ",".join(values).split(",") if word)

    def choice(self, name: str, allowed: Collection[str], default: str) -> str:
        """One of a few words. Raises Failure."""
        found = self.request.first(name)
        if found is None:
            return default
        if found not in allowed:
            refuse(name)
        return found

    def flag(self, name: str, *, default: bool) -> bool:
        """A boolean written true, True, 1 or the like. Raises Failure."""
        found = self.request.first(name)
        if found is None:
            return default
        if found.lower() not in _FLAGS:
            refuse(name)
        return _FLAGS[found.lower()]

    def whole(self, name: str, *, lowest: int, highest: int) -> int | None:
        """A small whole number; None where it is absent. Raises Failure."""
        found = self.request.first(name)
        if found is None:
            return None
        if not _COUNT.fullmatch(found) or int(found) < lowest:
            refuse(name)
        if int(found) > highest:
            message = f"Maximum value for '{name}' exceeded"
            raise Failure(400, message)
        return int(found)

    def number(self, name: str) -> int | None:
        """A transaction, order or trade number; None where it is absent. Raises Failure."""
        found = self.request.first(name)
        if found is None:
            return None
        value = read_number(found)
        if value is None:
            refuse(name)
        return value

    def instant(self, name: str) -> int | None:
        """A time in either format, in UTC nanoseconds; None where it is absent. Raises Failure."""
        found = self.request.first(name)
        if found is None:
            return None
        value = read_instant(found)
        if value is None:
            refuse(name)
        return value

    def body(self, settings: WireSettings) -> Fields:
        """The JSON object sent along. Raises BadRequest."""
        return parse_body(self.request.body, is_strict=settings.strict_numbers)

    def url(self, settings: WireSettings, path: str) -> str:
        """An absolute address below the one this client used."""
        host = self.request.headers.get("host", "")
        return f"{settings.scheme}://{host if _HOST.fullmatch(host) else 'localhost'}/v3/{path}"


def read_number(text: str) -> int | None:
    """A number of the ledger, None for anything else."""
    return int(text) if _NUMBER.fullmatch(text) else None


def read_instant(text: str) -> int | None:
    """UTC nanoseconds of `1453737602.000000123` or RFC 3339, None for anything else.

    What lies outside the years 1970 to 8999 is taken for their beginning or end.
    """
    unix = _UNIX.fullmatch(text)
    if unix is not None:
        return int(unix[1]) * SECOND_NS + int((unix[2] or "").ljust(9, "0"))
    # In an address a plus stands for a blank, so an offset written plainly arrives without its sign.
    is_torn = " " in text and text.count(":") > _COLONS_OF_A_TIME
    try:
        return min(max(parse_instant(text.replace(" ", "+") if is_torn else text), 0), _LATEST_NS)
    except (UsageError, OverflowError):
        return None


_COLONS_OF_A_TIME = 2
