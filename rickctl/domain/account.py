"""What a paper account is made of: its terms, working orders, open trades and running totals; decides nothing.

Ended orders and closed trades are in the ledger, not here, so the state stays as small as what is open.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from rickctl.domain import codec
from rickctl.domain.instants import HOUR_NS, MILLISECOND_NS, duration_text, rfc3339
from rickctl.domain.market import Phase
from rickctl.domain.models import (
    NO_COMMISSION,
    NO_SLIPPAGE,
    SOURCE_SPREAD,
    Commission,
    Slippage,
    Spread,
    latency_text,
    parse_commission,
    parse_latency_ns,
    parse_slippage,
    parse_spread,
)
from rickctl.domain.money import decimal_text
from rickctl.domain.orders import EntryType, Side
from rickctl.domain.records import AccountKind, canonical_json
from rickctl.domain.scope import Scope, parse_scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rickctl.domain.records import JSON

ZERO = Decimal(0)
DEFAULT_LATENCY_NS = 50 * MILLISECOND_NS
DEFAULT_HOLD_NS = 6 * HOUR_NS


class Speed(StrEnum):
    """Whether the account's clock is the wall's, or moves only when told."""

    WALL = "wall"
    STEP = "step"


class Leg(StrEnum):
    """Why units changed hands."""

    ENTRY = "entry"
    CLOSE = "close"
    STOP_LOSS = "stop_loss"
    TRAILING_STOP = "trailing_stop"
    TAKE_PROFIT = "take_profit"
    MAX_HOLD = "max_hold"
    MARGIN_CLOSEOUT = "margin_closeout"


class Ended(StrEnum):
    """Why an order was cancelled before it was filled; VENUE is a reason of the broker's that has no word here."""

    CLIENT = "client"
    ACCOUNT_RESET = "account_reset"
    INSUFFICIENT_MARGIN = "insufficient_margin"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    NO_SHORTS = "no_shorts"
    NO_CONVERSION = "no_conversion"
    MARKET_HALTED = "market_halted"
    NOTHING_TO_CLOSE = "nothing_to_close"
    TRADE_CLOSED = "trade_closed"
    STOP_LOSS_ON_FILL_LOSS = "stop_loss_on_fill_loss"
    TAKE_PROFIT_ON_FILL_LOSS = "take_profit_on_fill_loss"
    INSUFFICIENT_LIQUIDITY = "insufficient_liquidity"
    PRICE_BOUND = "price_bound"
    POSITION_LIMIT = "position_limit"
    REPLACED = "replaced"
    VENUE = "venue"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountConfig:
    """The terms of a paper account, fixed when it is created; `seed` is of the market and of random slippage.

    `fingerprint` is the mark of a recorded market's content, None for one that cannot change.

    `start_ns` is where a step clock begins; `max_hold_ns` is how long a trade lives before it is closed.
    """

    kind: AccountKind = AccountKind.MARGIN
    currency: str = "USD"
    balance: Decimal = Decimal(100_000)
    source: str = "sim:v1"
    fingerprint: str | None = None
    seed: int = 0
    spread: Spread = SOURCE_SPREAD
    slippage: Slippage = NO_SLIPPAGE
    latency_ns: int = DEFAULT_LATENCY_NS
    commission: Commission = NO_COMMISSION
    speed: Speed = Speed.WALL
    start_ns: int | None = None
    max_hold_ns: int = DEFAULT_HOLD_NS

    @property
    def day_calendar(self) -> str:
        """The calendar whose trading day the account counts in: New York's for margin, UTC for spot."""
        return "crypto" if self.kind is AccountKind.SPOT else "fx"

    def to_json(self) -> dict[str, JSON]:
        """Every term, models and latency as the text they were given."""
        return {
            "kind": self.kind.value,
            "currency": self.currency,
            "balance": decimal_text(self.balance),
            "source": self.source,
            "fingerprint": self.fingerprint,
            "seed": self.seed,
            "spread": str(self.spread),
            "slippage": str(self.slippage),
            "latency": latency_text(self.latency_ns),
            "commission": str(self.commission),
            "speed": self.speed.value,
            "start_ns": self.start_ns,
            "max_hold_ns": self.max_hold_ns,
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> AccountConfig:
        """What `to_json` wrote; raises UsageError for a model that cannot be read and KeyError for a missing term."""
        return cls(
            kind=AccountKind(body["kind"]),
            currency=body["currency"],
            balance=Decimal(body["balance"]),
            source=body["source"],
            fingerprint=body["fingerprint"],
            seed=body["seed"],
            spread=parse_spread(body["spread"]),
            slippage=parse_slippage(body["slippage"]),
            latency_ns=parse_latency_ns(body["latency"]),
            commission=parse_commission(body["commission"]),
            speed=Speed(body["speed"]),
            start_ns=body["start_ns"],
            max_hold_ns=body["max_hold_ns"],
        )

    def describe_kept(self, broker: str) -> dict[str, str]:
        """The terms in words of an account that a broker keeps."""
        return {
            "kind": f"{self.kind.value}: kept by {broker}, which fills, charges and pays as its record says",
            "source": self.source,
            "max_hold": f"{duration_text(self.max_hold_ns)} by the charter; {broker} closes nothing by itself",
        }

    def describe(self) -> dict[str, str]:
        """The terms in words, by name."""
        holding = "trade lots, oldest reduced first" if self.kind is AccountKind.MARGIN else "fully paid, no shorts"
        clock = "the wall clock" if self.speed is Speed.WALL else "moves only when advanced"
        if self.start_ns is not None:
            clock += f", from {rfc3339(self.start_ns)}"
        return {
            "kind": f"{self.kind.value}: {holding}",
            "source": f"{self.source}, seed {self.seed}",
            "spread": f"{self.spread}: {self.spread.describe()}",
            "slippage": f"{self.slippage}: {self.slippage.describe()}",
            "latency": f"live {latency_text(self.latency_ns)} after it is sent",
            "commission": f"{self.commission}: {self.commission.describe()}",
            "speed": f"{self.speed.value}: {clock}",
            "max_hold": f"closed at the first price {duration_text(self.max_hold_ns)} after opening",
            "financing": "none: overnight interest is not modelled",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A working order. `is_close` orders only reduce: `trade`, or every trade of the symbol when that is None.

    `live_ns` is from when prices may touch it, `is_live` that this has happened. `is_triggered` means it trades at any
    price from now on; after a partial fill nothing fills before `resume_ns`. `venue_id` is a broker's own name for it;
    a `number` below zero is of an order that was not ours.
    """

    number: int
    symbol: str
    side: Side
    units: Decimal
    entry: EntryType
    accepted_ns: int
    live_ns: int
    price: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    trailing: Decimal | None = None
    expires_ns: int | None = None
    is_close: bool = False
    trade: int | None = None
    filled: Decimal = ZERO
    is_live: bool = False
    is_triggered: bool = False
    resume_ns: int = 0
    venue_id: str | None = None

    @property
    def remaining(self) -> Decimal:
        """Units not filled yet."""
        return self.units - self.filled


class Lot(NamedTuple):
    """Units bought or sold at one price."""

    units: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """An open trade, numbered as the order that opened it, with its exits; `lots` oldest first.

    Exits take part in what the market does after (`since_ns`, `since_phase`). `trailed` is where the trailing stop
    has come to. `triggered` is the exit that hit and still has units to close, nothing of it before `resume_ns`;
    `last_exit` the one that traded last. `venue_id` is a broker's own name for it.
    """

    number: int
    symbol: str
    side: Side
    lots: tuple[Lot, ...]
    opened_ns: int
    since_ns: int
    since_phase: int = Phase.POINT
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    trailing: Decimal | None = None
    trailed: Decimal | None = None
    triggered: Leg | None = None
    last_exit: Leg | None = None
    resume_ns: int = 0
    venue_id: str | None = None

    @property
    def units(self) -> Decimal:
        """Open units, always above zero."""
        return sum((lot.units for lot in self.lots), ZERO)

    @property
    def cost(self) -> Decimal:
        """Units times entry price, exact, in quote currency."""
        return sum((lot.units * lot.price for lot in self.lots), ZERO)

    @property
    def is_trailing(self) -> bool:
        """Whether the trailing stop has moved past the initial one."""
        if self.trailed is None:
            return False
        return self.stop_loss is None or (self.trailed - self.stop_loss) * self.side.sign > 0

    @property
    def stop_level(self) -> Decimal | None:
        """The stop in force: the initial one, or where trailing has brought it if that is nearer."""
        return self.trailed if self.is_trailing else self.stop_loss


class Mark(NamedTuple):
    """Equity at an instant, in account currency."""

    equity: Decimal
    at_ns: int


class Total(NamedTuple):
    """What one symbol has brought and cost so far, in account currency."""

    symbol: str
    realised: Decimal
    fees: Decimal


class Taken(NamedTuple):
    """Units already taken at the touch of one side at the instant `AccountState.taken_ns`."""

    symbol: str
    side: Side
    units: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """An account after event `n`, settled through `checkpoint_ns`; amounts are in account currency.

    `balance` is cash. `deposits` is what was moved in less what was moved out, the opening balance apart. `peak` is the
    highest equity on the minute grid (`is_peak_new`: not in the ledger yet), `day` equity where the trading day began;
    `realised`, `fees` and `totals` count since opening or the last reset, `day_realised` and `day_fees` since `day`.
    `mark` is how far a broker's own record has been read; None for an account of ours.
    """

    scope: Scope
    config: AccountConfig
    n: int
    created_ns: int
    checkpoint_ns: int
    start: Decimal
    balance: Decimal
    peak: Mark
    day: Mark
    is_peak_new: bool = False
    deposits: Decimal = ZERO
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    day_realised: Decimal = ZERO
    day_fees: Decimal = ZERO
    orders: tuple[Order, ...] = ()
    trades: tuple[Trade, ...] = ()
    totals: tuple[Total, ...] = ()
    taken_ns: int = 0
    taken: tuple[Taken, ...] = ()
    mark: str | None = None

    def order(self, number: int) -> Order | None:
        """The working order of that number, or None."""
        return next((order for order in self.orders if order.number == number), None)

    def trade(self, number: int) -> Trade | None:
        """The open trade of that number, or None."""
        return next((trade for trade in self.trades if trade.number == number), None)

    @property
    def is_spot(self) -> bool:
        """Whether what is bought is paid in full and nothing can be sold short."""
        return self.config.kind is AccountKind.SPOT


READERS: dict[str, codec.Reader] = {
    **dict.fromkeys(codec.AMOUNTS, Decimal),
    "scope": parse_scope,
    "side": Side,
    "entry": EntryType,
    "leg": Leg,
    "triggered": Leg,
    "last_exit": Leg,
    "reason": Ended,
    "config": AccountConfig.from_json,
}
READERS |= {
    "lots": codec.list_of(codec.value_of(Lot, READERS)),
    "peak": codec.value_of(Mark, READERS),
    "day": codec.value_of(Mark, READERS),
    "totals": codec.list_of(codec.value_of(Total, READERS)),
    "taken": codec.list_of(codec.value_of(Taken, READERS)),
    "orders": codec.list_of(codec.value_of(Order, READERS)),
    "trades": codec.list_of(codec.value_of(Trade, READERS)),
}


def state_json(state: AccountState) -> str:
    """The snapshot as canonical JSON text."""
    return canonical_json(codec.write(state))


def parse_state(text: str) -> AccountState:
    """The account `state_json` wrote; raises ValueError, TypeError or KeyError for anything else."""
    return codec.read(AccountState, json.loads(text), READERS)
