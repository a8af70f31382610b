"""The moment of an order, measured once for the charter: price, equity, margin, exposure; counts are the gate's."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rickctl.domain.charter import Exposure, Snapshot
from rickctl.domain.conversion import Rates, RateSide
from rickctl.domain.errors import SetupError, Unreachable, UsageError
from rickctl.domain.instants import HOUR_NS, MINUTE_NS
from rickctl.domain.orders import EntryType
from rickctl.domain.positions import day_of, entry_reference, equity, exposure, margin_available, margin_of
from rickctl.services.desk import hold
from rickctl.services.drafts import Sizing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rickctl.domain.account import AccountState
    from rickctl.domain.charter import Charter
    from rickctl.domain.market import Instrument, Quote
    from rickctl.domain.orders import Side
    from rickctl.domain.ports import Market
    from rickctl.domain.scope import Mode
    from rickctl.services.desk import Desk, Held

_RANGE_NS = 4 * HOUR_NS
_ZERO = Decimal(0)


def sizing_of(account: AccountState, instrument: Instrument, rates: Rates) -> Sizing:
    """Equity, the worth of a unit of quote currency (a loss is bought at the ask) and fees, as sizing needs them."""
    way = rates.conversion(instrument.quote_currency, account.config.currency, RateSide.ASK)
    return Sizing(equity(account, rates) or _ZERO, None if way is None else way.rate, account.config.commission)


def measure(
    held: Held,
    *,
    instrument: Instrument,
    market: Market,
    charter: Charter,
    sealed_for: frozenset[Mode],
    kill_reason: str | None,
    neighbours: Iterable[Desk],
    without: int | None = None,
    attaches_exits: bool = True,
) -> Snapshot:
    """Everything the charter is told except what only the state can count; `without` leaves one order out."""
    account, now_ns = held.account, held.now_ns
    rates = Rates(market, now_ns)
    quote = rates.quote(instrument.symbol)
    to_account = rates.conversion(instrument.quote_currency, account.config.currency, RateSide.ASK)
    day = day_of(account, now_ns)[0]
    carried = _exposure(account, instrument.symbol, rates, charter, neighbours, without=without)
    return Snapshot(
        # A price that had to be fetched came later than the account was read.
        now_ns=max(now_ns, quote.received_ns),
        quote=quote,
        instrument=instrument,
        source=market.source,
        market_open=market.next_open_ns(instrument.symbol, now_ns) == now_ns,
        sealed_for=sealed_for,
        currency=account.config.currency,
        equity=equity(account, rates),
        day_start_equity=day.equity,
        peak_equity=account.peak.equity,
        day_start_ns=day.at_ns,
        margin_available=_free_margin(account, rates, without),
        quote_to_account=None if to_account is None else to_account.rate,
        base_to_account=_unit_value(instrument, quote, account, rates),
        hold_min=account.config.max_hold_ns // MINUTE_NS,
        attaches_exits=attaches_exits,
        account_to_charter=_rate(account.config.currency, charter.currency, rates),
        margin_rate=Decimal(1) if account.is_spot else None,
        next_open_ns=market.next_open_ns(instrument.symbol, now_ns),
        next_close_ns=market.next_close_ns(instrument.symbol, now_ns),
        recent_range=_recent_range(market, instrument.symbol, now_ns),
        entry_price=None if without is None or account.trade(without) is None else entry_reference(account, without),
        exposure=carried,
        kill_reason=kill_reason,
        own_opposite_price=None,
        commission=account.config.commission,
    )


def _free_margin(account: AccountState, rates: Rates, without: int | None) -> Decimal | None:
    """Margin free for an order; what the changed trade itself takes is free for it."""
    free = margin_available(account, rates)
    trade = None if without is None else account.trade(without)
    if free is None or trade is None or account.is_spot:
        return free
    own = margin_of(account, trade.symbol, trade.units, rates)
    return None if own is None else free + own


def nearest_opposite(account: AccountState, symbol: str, side: Side) -> Decimal | None:
    """The price of our own resting limit that an order on `side` would meet first, or None."""
    prices = [
        order.price
        for order in account.orders
        if order.symbol == symbol
        and order.side is side.opposite
        and order.entry is EntryType.LIMIT
        and not order.is_close
        and order.price is not None
    ]
    if not prices:
        return None
    return min(prices) if side.sign > 0 else max(prices)


def _unit_value(instrument: Instrument, quote: Quote, account: AccountState, rates: Rates) -> Decimal | None:
    rate = _rate(instrument.quote_currency, account.config.currency, rates)
    return None if rate is None or quote.mid is None else rate * quote.mid


def _rate(currency: str, into: str, rates: Rates) -> Decimal | None:
    way = rates.conversion(currency, into, RateSide.MID)
    return None if way is None else way.rate


def _exposure(
    account: AccountState,
    symbol: str,
    rates: Rates,
    charter: Charter,
    neighbours: Iterable[Desk],
    *,
    without: int | None,
) -> Exposure:
    found = exposure(account, rates, without=without)
    own = next((row for row in found if row.symbol == symbol), None)
    others = _total(row.notional for row in found if row.symbol != symbol)
    rate = _rate(account.config.currency, charter.currency, rates)
    outside = _total(_carried(desk, charter.currency) for desk in neighbours)
    desk_others = None if others is None or rate is None or outside is None else others * rate + outside
    return Exposure(
        position_units=own.position_units if own else _ZERO,
        working_buy_units=own.working_buy_units if own else _ZERO,
        working_sell_units=own.working_sell_units if own else _ZERO,
        others_notional=others,
        broker_others_notional=desk_others,
        desk_others_notional=desk_others,
    )


def _carried(desk: Desk, currency: str) -> Decimal | None:
    """What another account has at risk, in the charter's currency. A failure of it names the account."""
    try:
        held = hold(desk)
        rates = Rates(desk.market, held.now_ns)
        rate = _rate(held.account.config.currency, currency, rates)
        carried = _total(row.notional for row in exposure(held.account, rates))
    except (SetupError, Unreachable) as error:
        error.message = f"what {desk.scope} carries counts here too, and cannot be known: {error.message}"
        raise
    return None if rate is None or carried is None else carried * rate


def _total(terms: Iterable[Decimal | None]) -> Decimal | None:
    total = _ZERO
    for term in terms:
        if term is None:
            return None
        total += term
    return total


def _recent_range(market: Market, symbol: str, now_ns: int) -> Decimal | None:
    """The middle height of the last hours' complete 15-minute bars, at bid; None where there are none."""
    try:
        bars = market.bars(symbol, "M15", now_ns - _RANGE_NS, now_ns, now_ns)
    except UsageError:
        return None
    heights = sorted(bar.bid.high - bar.bid.low for bar in bars if bar.complete)
    return heights[len(heights) // 2] if heights else None
