"""What the OANDA exchange keeps and answers, as frozen values in OANDA's own field names; decides and renders nothing.

`Fields` hold, ready to be rendered by type: Decimals already in their precision (a string on the wire), `Instant`s
(a time in the format asked for), ids as text, counts as int, flags as bool, nested fields and tuples. Absent is absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, Union

ZERO = Decimal(0)

Value = Union[str, Decimal, int, bool, None, "Mapping[str, Value]", "tuple[Value, ...]"]
Fields = Mapping[str, Value]


class Instant(int):
    """UTC nanoseconds, told from a count by its type."""

    __slots__ = ()


class BadRequest(Exception):
    """A body that is no request at all: HTTP 400 with this message, no transaction."""


class NoAccount(LookupError):
    """The account does not exist."""


class OrderState(StrEnum):
    """Where an order stands. TRIGGERED is OANDA's word; here a triggered order fills or is cancelled at once."""

    PENDING = "PENDING"
    FILLED = "FILLED"
    TRIGGERED = "TRIGGERED"
    CANCELLED = "CANCELLED"


class TradeState(StrEnum):
    """Where a trade stands."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"


class Verdict(StrEnum):
    """How a request ended: DONE is 200 or 201, REJECTED is 400, MISSING is 404 (what it names does not exist)."""

    DONE = "done"
    REJECTED = "rejected"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an account is from its creation on. Rates are fractions; a `position_limit` of 0 units is none.

    `hedging`: opposite orders open rather than reduce. `fifo`: an older trade of the same size must close first.
    `commission_rate` is a share of the notional of every fill; `financing_rate` is what a year of either side costs.
    `most_pending` orders wait and `most_open` trades are open at a time.
    """

    id: str
    alias: str = "Primary"
    currency: str = "USD"
    balance: Decimal = Decimal(100_000)
    hedging: bool = False
    fifo: bool = False
    margin_rate: Decimal = Decimal("0.02")
    commission_rate: Decimal = ZERO
    financing_rate: Decimal = ZERO
    position_limit: Decimal = ZERO
    most_pending: int = 1000
    most_open: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What a fault wants of one order: a reject reason, a cancel reason at its fill, or a share of units to fill first.

    A partial fill of an order that may not be partial (FOK) is INSUFFICIENT_LIQUIDITY, of IOC the rest is gone, of all
    others the rest is reissued.
    """

    reject: str | None = None
    cancel: str | None = None
    partial: Decimal | None = None


NO_HINTS = Hints()


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One line of an account's record; `fields` are those of its type, without the seven every transaction has."""

    id: int
    type: str
    account_id: str
    time_ns: int
    batch_id: int
    user_id: int
    request_id: str | None
    fields: Fields

    def all_fields(self) -> Fields:
        """Everything, in OANDA's names."""
        head: dict[str, Value] = {
            "id": str(self.id),
            "time": Instant(self.time_ns),
            "userID": self.user_id,
            "accountID": self.account_id,
            "batchID": str(self.batch_id),
        }
        if self.request_id is not None:
            head["requestID"] = self.request_id
        return {**head, "type": self.type, **self.fields}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order; `fields` are its specification in OANDA's names. `instrument` is the trade's for exits.

    `trailing` is where a trailing stop has come to, `initial` the market price a MARKET_IF_TOUCHED began at,
    `since_phase` the phase of the market's step it was made in, `hints` what a fault wants of it.
    """

    id: int
    type: str
    instrument: str
    create_ns: int
    fields: Fields
    state: OrderState = OrderState.PENDING
    trade_id: int | None = None
    trailing: Decimal | None = None
    initial: Decimal | None = None
    since_phase: int = 1
    hints: Hints = NO_HINTS
    filling_id: int | None = None
    filled_ns: int | None = None
    cancelling_id: int | None = None
    cancelled_ns: int | None = None
    opened_id: int | None = None
    reduced_id: int | None = None
    closed_ids: tuple[int, ...] = ()
    replaces_id: int | None = None
    replaced_by_id: int | None = None

    @property
    def client_id(self) -> str | None:
        """The id its owner gave it, if any."""
        return client_id(self.fields.get("clientExtensions"))

    @property
    def is_pending(self) -> bool:
        """Whether it still works."""
        return self.state is OrderState.PENDING

    @property
    def units(self) -> Decimal:
        """Units it asks for, below zero to sell; zero for exits, which take what their trade has."""
        return number(self.fields, "units")


class Held(NamedTuple):
    """Units of one side of one instrument, and what they were bought for (units times price, added up)."""

    instrument: str
    units: Decimal
    cost: Decimal

    @property
    def sign(self) -> int:
        """+1 for long, -1 for short."""
        return 1 if self.units > 0 else -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """A trade; units are above zero for long, below for short, and 0 once it is closed."""

    id: int
    instrument: str
    price: Decimal
    open_ns: int
    initial_units: Decimal
    units: Decimal
    initial_margin: Decimal
    state: TradeState = TradeState.OPEN
    realised: Decimal = ZERO
    financing: Decimal = ZERO
    closing_ids: tuple[int, ...] = ()
    close_ns: int | None = None
    closed_value: Decimal = ZERO
    extensions: Fields = field(default_factory=dict)
    take_profit_id: int | None = None
    stop_loss_id: int | None = None
    trailing_id: int | None = None

    @property
    def client_id(self) -> str | None:
        """The id its owner gave it, if any."""
        return client_id(self.extensions)

    @property
    def is_open(self) -> bool:
        """Whether units are left."""
        return self.state is TradeState.OPEN

    @property
    def sign(self) -> int:
        """+1 for long, -1 for short."""
        return 1 if self.initial_units > 0 else -1

    @property
    def held(self) -> Held:
        """What is open of it."""
        return Held(self.instrument, self.units, self.units * self.price)

    @property
    def exit_ids(self) -> tuple[int, ...]:
        """Its working exits, by id."""
        return tuple(sorted(one for one in (self.take_profit_id, self.stop_loss_id, self.trailing_id) if one))


class Outcome(NamedTuple):
    """What a request did: transactions by the name the answer's body gives them, in order.

    `related_ids` are all ids the request made; `reason` is the reject reason (`errorCode`) and `message` its sentence.
    """

    verdict: Verdict
    parts: Mapping[str, Transaction]
    related_ids: tuple[int, ...]
    last_id: int
    reason: str | None = None
    message: str | None = None


def number(fields: Fields, name: str) -> Decimal:
    """A Decimal among fields; zero where it is absent."""
    found = fields.get(name)
    return found if isinstance(found, Decimal) else ZERO


def text(fields: Fields, name: str) -> str:
    """A word among fields; empty where it is absent."""
    found = fields.get(name)
    return found if isinstance(found, str) else ""


def nested(fields: Fields, name: str) -> Fields:
    """Fields within fields; none where they are absent."""
    found = fields.get(name)
    return found if isinstance(found, Mapping) else {}


def each(fields: Fields, name: str) -> tuple[Fields, ...]:
    """A list of fields within fields; none where it is absent."""
    found = fields.get(name)
    return tuple(one for one in found if isinstance(one, Mapping)) if isinstance(found, tuple) else ()


def client_id(extensions: Value) -> str | None:
    """The `id` of client extensions."""
    found = extensions.get("id") if isinstance(extensions, Mapping) else None
    return found if isinstance(found, str) else None
