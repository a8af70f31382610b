"""What happened to an account, in the past tense and in order; holds facts only, `ledger` says what they mean.

`n` counts the account's events from 1; `at_ns` is when it happened on the account's clock. The same events always have
the same canonical JSON, however often or rarely the account was settled.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from rickctl.domain import codec
from rickctl.domain.account import READERS, ZERO, AccountConfig, Ended, Leg
from rickctl.domain.conversion import Conversion, RateLeg, RateSide
from rickctl.domain.market import Phase

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rickctl.domain.orders import EntryType, Side
    from rickctl.domain.records import JSON
    from rickctl.domain.scope import Scope


class Reduction(NamedTuple):
    """Units of one lot closed: what it brought in quote currency, exact, and in account currency at `conversion`."""

    trade: int
    units: Decimal
    entry_price: Decimal
    pnl: Decimal
    pnl_account: Decimal
    conversion: Conversion | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCreated:
    """The account opened with its terms and its first balance."""

    n: int = 0
    at_ns: int
    scope: Scope
    config: AccountConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class CashMoved:
    """Cash came in (`amount` above zero) or went out."""

    n: int = 0
    at_ns: int
    amount: Decimal
    balance: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountReset:
    """Orders and trades were dropped and the balance set back to the first one."""

    n: int = 0
    at_ns: int
    balance: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAccepted:
    """An order was taken; it is live at `live_ns`. `is_close` orders only reduce, `trade` or the whole symbol."""

    n: int = 0
    at_ns: int
    number: int
    symbol: str
    side: Side
    units: Decimal
    entry: EntryType
    live_ns: int
    price: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    trailing: Decimal | None = None
    expires_ns: int | None = None
    is_close: bool = False
    trade: int | None = None
    venue_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderWorking:
    """The order is live and rests: prices may touch it from now on."""

    n: int = 0
    at_ns: int
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTriggered:
    """A leg trades at any price from now on: it was hit with nothing on offer, or margin closeout began."""

    n: int = 0
    at_ns: int
    number: int
    leg: Leg


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilled:
    """Units changed hands at `price`: some reduced open trades, `opened` of them opened or added to trade `number`.

    `remaining` units of the leg still work. `cash` is the change of `balance`; `conversion` is the commission's.
    `venue_id` is a broker's own name for the trade it opened.
    """

    n: int = 0
    at_ns: int
    phase: int = Phase.POINT
    number: int
    leg: Leg
    symbol: str
    side: Side
    price: Decimal
    units: Decimal
    remaining: Decimal
    opened: Decimal = ZERO
    reduced: tuple[Reduction, ...] = ()
    commission: Decimal = ZERO
    conversion: Conversion | None = None
    cash: Decimal
    balance: Decimal
    is_triggered: bool = False
    venue_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderModified:
    """Terms of a working order or of its open trade changed; None stayed as it was.

    `removed` names the exit that was taken off, `venue_id` a broker's new name for the order.
    """

    n: int = 0
    at_ns: int
    number: int
    units: Decimal | None = None
    price: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    trailing: Decimal | None = None
    expires_ns: int | None = None
    live_ns: int | None = None
    removed: str | None = None
    venue_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StopTrailed:
    """The trailing stop followed the price to `trailed`."""

    n: int = 0
    at_ns: int
    number: int
    trailed: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelled:
    """The rest of an order will not be filled."""

    n: int = 0
    at_ns: int
    number: int
    reason: Ended


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderExpired:
    """The order's time ran out before it was filled."""

    n: int = 0
    at_ns: int
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityMarked:
    """Equity on the minute grid: where a trading day began (`is_day`), else the highest so far."""

    n: int = 0
    at_ns: int
    equity: Decimal
    is_day: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CostCharged:
    """A broker took `amount` beside any fill, or paid it where that is below zero; `what` is such as `financing`."""

    n: int = 0
    at_ns: int
    what: str
    amount: Decimal
    balance: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueRead:
    """Everything the broker's own record had up to `mark` is in this ledger."""

    n: int = 0
    at_ns: int
    mark: str


Event: TypeAlias = (
    AccountCreated
    | CashMoved
    | AccountReset
    | OrderAccepted
    | OrderWorking
    | OrderTriggered
    | OrderFilled
    | OrderModified
    | StopTrailed
    | OrderCancelled
    | OrderExpired
    | EquityMarked
    | CostCharged
    | VenueRead
)

NAMES: dict[type[Event], str] = {
    AccountCreated: "account_created",
    CashMoved: "cash_moved",
    AccountReset: "account_reset",
    OrderAccepted: "order_accepted",
    OrderWorking: "order_working",
    OrderTriggered: "order_triggered",
    OrderFilled: "order_filled",
    OrderModified: "order_modified",
    StopTrailed: "stop_trailed",
    OrderCancelled: "order_cancelled",
    OrderExpired: "order_expired",
    EquityMarked: "equity_marked",
    CostCharged: "cost_charged",
    VenueRead: "venue_read",
}
"""The word each event is stored and printed under."""

_KINDS: dict[str, Callable[..., Event]] = {name: kind for kind, name in NAMES.items()}
_RATE_LEG = {"side": RateSide, "price": Decimal}
_READERS = {
    **READERS,
    "conversion": codec.value_of(
        Conversion, {"rate": Decimal, "legs": codec.list_of(codec.value_of(RateLeg, _RATE_LEG))}
    ),
}
_READERS["reduced"] = codec.list_of(codec.value_of(Reduction, _READERS))


def name_of(event: Event) -> str:
    """The word the event is stored under, such as `order_filled`."""
    return NAMES[type(event)]


def number_of(event: Event) -> int | None:
    """The order the event is about; None for those of the account."""
    number: int | None = getattr(event, "number", None)
    return number


def numbers_of(event: Event) -> tuple[int, ...]:
    """The order the event is about and the trades it reduced."""
    number = number_of(event)
    if number is None:
        return ()
    if isinstance(event, OrderFilled):
        return (number, *dict.fromkeys(part.trade for part in event.reduced if part.trade != number))
    return (number,)


def concerns(event: Event, number: int) -> bool:
    """Whether the event is about order or trade `number`, trades that another order reduced included."""
    return number in numbers_of(event)


def to_json(event: Event) -> dict[str, JSON]:
    """The event as an object: decimals and enumerations as text, instants as integers, what is None left out."""
    body = codec.write(event)
    if not isinstance(body, dict):
        message = f"{name_of(event)} is not an object"
        raise TypeError(message)
    return {"event": name_of(event), **body}


def from_json(body: Mapping[str, Any]) -> Event:
    """The event `to_json` wrote; raises KeyError, TypeError or ValueError for anything else."""
    rest = dict(body)
    kind = _KINDS[rest.pop("event")]
    return codec.read(kind, rest, _READERS)
