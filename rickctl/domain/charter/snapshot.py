"""Everything a check is told about the moment of an order; given by the caller, never fetched here."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from rickctl.domain.arming import NOT_LIVE
from rickctl.domain.models import NO_COMMISSION

if TYPE_CHECKING:
    from rickctl.domain.arming import ArmState
    from rickctl.domain.market import Instrument, Quote
    from rickctl.domain.models import Commission
    from rickctl.domain.scope import Mode

_NONE = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """What is already at risk. Units belong to the order's symbol and account; None means it could not be known.

    Working and unknown units are entries not yet filled, INTENT and SENT among them; exits are not counted.
    `others_notional`: worst side of every other symbol of this account, in account currency.
    `broker_others_notional` and `desk_others_notional`: everything but this account's own symbol at the same broker,
    and at all brokers, in the same mode, in the charter's currency.
    """

    position_units: Decimal | None = _NONE
    working_buy_units: Decimal | None = _NONE
    working_sell_units: Decimal | None = _NONE
    unknown_buy_units: Decimal | None = _NONE
    unknown_sell_units: Decimal | None = _NONE
    others_notional: Decimal | None = _NONE
    broker_others_notional: Decimal | None = _NONE
    desk_others_notional: Decimal | None = _NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What has been counted up to now, this order not included.

    Minutes are rolling 60 s windows on the wall clock; `trades_today` is of the scope's trading day;
    `repeated_executions` are entries of the same account, symbol and side inside the charter's repeat window since
    a person last resumed; `latency_breaches` are placements over the limit inside the charter's latency window.
    `duplicate_of` is the number of the same order inside the duplicate window, unless another key was given.
    """

    trades_today: int = 0
    orders_last_minute: int = 0
    messages_last_minute: int = 0
    cancels_last_minute: int = 0
    repeated_executions: int = 0
    latency_breaches: int = 0
    duplicate_of: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The moment of an order; times are UTC nanoseconds of the scope's clock, None is 'not known' and refuses.

    `source` is the price source the account was created with. `recent_range` is the usual height of a recent
    15-minute bar, in price. `quote_to_account` and `base_to_account` price one unit of the instrument's currencies
    in the account's; `account_to_charter` prices one unit of account currency in the charter's (not needed when they
    are the same). `margin_rate` replaces the instrument's where an account pays in full. `hold_min` is how long the
    account lets a position live before closing it; None when nobody would. `entry_price` is the fill of an open
    position whose exits are modified; exposure then leaves that position out, as it leaves out a modified order.
    `commission` is what the account pays to get in and out.
    """

    now_ns: int
    quote: Quote
    instrument: Instrument | None
    source: str
    market_open: bool
    sealed_for: frozenset[Mode]
    currency: str
    equity: Decimal | None
    day_start_equity: Decimal | None
    peak_equity: Decimal | None
    day_start_ns: int | None
    margin_available: Decimal | None
    quote_to_account: Decimal | None
    base_to_account: Decimal | None
    hold_min: int | None
    attaches_exits: bool
    account_to_charter: Decimal | None = None
    margin_rate: Decimal | None = None
    next_open_ns: int | None = None
    next_close_ns: int | None = None
    recent_range: Decimal | None = None
    entry_price: Decimal | None = None
    exposure: Exposure = Exposure()
    counts: Counts = Counts()
    kill_reason: str | None = None
    arming: ArmState = NOT_LIVE
    latches: tuple[str, ...] = ()
    held_symbols: frozenset[str] = frozenset()
    own_opposite_price: Decimal | None = None
    commission: Commission = NO_COMMISSION
