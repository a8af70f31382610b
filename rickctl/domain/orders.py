"""Orders as requests, verdicts, intents and outcomes; says what may follow what, decides nothing about prices."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal

    from rickctl.domain.market import Quote
    from rickctl.domain.scope import Scope


class Side(StrEnum):
    """Which way an order trades."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> Side:
        """The side that closes this one."""
        return Side.SELL if self is Side.BUY else Side.BUY


class EntryType(StrEnum):
    """How an entry waits for its price."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"


class OrderState(StrEnum):
    """Where an order stands, in the words every screen, file and exit code uses."""

    REFUSED = "refused"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    WORKING = "working"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class IntentState(StrEnum):
    """Where the sending of an order stands; SENT is durable before the first byte leaves."""

    REFUSED = "refused"
    INTENT = "intent"
    SENT = "sent"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    ABANDONED = "abandoned"


COUNTED_INTENTS = frozenset({IntentState.INTENT, IntentState.SENT, IntentState.UNKNOWN, IntentState.ACCEPTED})
"""States that use up daily trades and exposure; refused, rejected and abandoned do not."""

NEXT_INTENT_STATES: dict[IntentState, frozenset[IntentState]] = {
    IntentState.REFUSED: frozenset(),
    IntentState.INTENT: frozenset({IntentState.SENT, IntentState.ABANDONED}),
    IntentState.SENT: frozenset(
        {IntentState.ACCEPTED, IntentState.REJECTED, IntentState.UNKNOWN, IntentState.ABANDONED}
    ),
    IntentState.UNKNOWN: frozenset({IntentState.ACCEPTED, IntentState.REJECTED, IntentState.ABANDONED}),
    IntentState.ACCEPTED: frozenset(),
    IntentState.REJECTED: frozenset(),
    IntentState.ABANDONED: frozenset(),
}
"""Every legal change of an intent's state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """An entry with its exits, fully resolved: absolute prices, positive units, instants in UTC nanoseconds.

    `price` is None for a market entry. `trailing` is a distance in price units added to the stop, never instead of it.
    `quality` is what the user stated, 0 to 100. `key` is the idempotency key.
    """

    scope: Scope
    symbol: str
    side: Side
    units: Decimal
    entry: EntryType
    price: Decimal | None
    stop_loss: Decimal | None
    take_profit: Decimal | None
    trailing: Decimal | None = None
    expires_ns: int | None = None
    timeframe: str | None = None
    quality: int | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One rule's answer: what it measured, the limit it holds it to, and whether the order passes."""

    rule: str
    name: str
    measured: str
    limit: str
    passed: bool
    detail: str | None = None

    def record(self) -> dict[str, str | bool | None]:
        """The verdict as it is stored and printed."""
        return {
            "rule": self.rule,
            "name": self.name,
            "measured": self.measured,
            "limit": self.limit,
            "passed": self.passed,
            "detail": self.detail,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """A request every rule passed; only `domain/charter` makes one, and only this can be submitted."""

    request: OrderRequest
    client_order_id: str
    charter_hash: str
    quote: Quote
    verdicts: tuple[Verdict, ...]
