"""The rules as functions of one case, about size, exposure, pace and loss; an amount that is unknown refuses."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rickctl.domain.charter.case import finite, positive, product, total
from rickctl.domain.charter.judge import Answer, held_to
from rickctl.domain.charter.words import UNKNOWN, at_most, grouped, up
from rickctl.domain.instants import HOUR_NS
from rickctl.domain.orders import Side

if TYPE_CHECKING:
    from rickctl.domain.charter.case import Case

_LONGEST_DAY_NS = 25 * HOUR_NS
"""A trading day through a change of clocks."""


def order_size(case: Case) -> Answer:
    """3.1: units of one order."""
    instrument = case.snapshot.instrument
    if instrument is None or case.units is None:
        return Answer(UNKNOWN, "known", passed=False, detail="the order's size is unknown")
    limit = case.charter.order_units(instrument.symbol, instrument.kind.value)
    shown = grouped(case.units)
    refusal = f"{shown} units of {instrument.symbol}; {grouped(limit)} is the most in one order"
    return held_to(case.units <= limit, shown, at_most(limit), refusal)


def notional(case: Case) -> Answer:
    """3.2: value of one order."""
    limit = case.charter.limit("max_order_notional", case.request.symbol)
    return _amount(case, case.order_notional, limit, "the order is worth")


def position(case: Case) -> Answer:
    """3.3: value of one symbol if everything on one side fills."""
    limit = case.charter.limit("max_position_notional", case.request.symbol)
    return _amount(case, case.position_notional, limit, f"{case.request.symbol} would stand at")


def exposure(case: Case) -> Answer:
    """3.4: value of the account if everything on one side fills."""
    return _amount(case, case.account_notional, case.charter.max_exposure, "the account would carry")


def all_brokers(case: Case) -> Answer:
    """11.1: value at all brokers of this mode."""
    carried = total(case.position_notional, _carried(case.snapshot.exposure.desk_others_notional))
    return _amount(case, carried, case.charter.max_total_exposure, "all brokers together would carry")


def one_broker(case: Case) -> Answer:
    """11.2: value at this broker."""
    broker = case.request.scope.broker
    carried = total(case.position_notional, _carried(case.snapshot.exposure.broker_others_notional))
    return _amount(case, carried, case.charter.broker_cap(broker), f"{broker} would carry")


def _carried(amount: Decimal | None) -> Decimal | None:
    found = finite(amount)
    return None if found is None or found < 0 else found


def _amount(case: Case, amount: Decimal | None, limit: Decimal, subject: str) -> Answer:
    currency = case.charter.currency
    if amount is None:
        return Answer(UNKNOWN, at_most(limit, currency), passed=False, detail=f"{subject} an unknown amount")
    shown = up(amount, currency)
    refusal = f"{subject} {shown}; {grouped(limit)} {currency} is the most"
    return held_to(amount <= limit, shown, at_most(limit, currency), refusal)


def risk(case: Case) -> Answer:
    """3.5: loss at the stop, in percent of equity."""
    limit = case.charter.max_risk_pct
    equity = positive(case.snapshot.equity)
    amount = case.risk_amount
    if equity is None or amount is None:
        return Answer(UNKNOWN, at_most(limit, "%"), passed=False, detail="the risk or the equity is unknown")
    shown = up(amount * 100 / equity, "%")
    money = f"{up(amount, case.snapshot.currency)} at the stop{', fees included' if case.has_fees else ''}"
    refusal = f"{money}{',' if case.has_fees else ''} is {shown} of the equity; {grouped(limit)} % is the most"
    return held_to(amount * 100 <= limit * equity, shown, at_most(limit, "%"), refusal, money)


def margin(case: Case) -> Answer:
    """3.6: margin of what the order adds, in percent of what is free."""
    limit, instrument = case.charter.max_margin_use_pct, case.snapshot.instrument
    rate = case.snapshot.margin_rate
    if rate is None and instrument is not None:
        rate = instrument.margin_rate
    needed = product(case.added_notional, positive(rate))
    free = product(finite(case.snapshot.margin_available), case.to_charter)
    if needed is None or free is None:
        return Answer(UNKNOWN, at_most(limit, "%"), passed=False, detail="the margin cannot be measured")
    if not needed:
        return Answer("0 %", at_most(limit, "%"), passed=True, detail="adds no exposure")
    shown = up(needed * 100 / free, "%") if free > 0 else "none free"
    currency = case.charter.currency
    refusal = f"needs {up(needed, currency)} of margin, {up(free, currency)} is free; {grouped(limit)} % may be used"
    return held_to(needed * 100 <= limit * free, shown, at_most(limit, "%"), refusal)


def placement_latency(case: Case) -> Answer:
    """6.3: few slow placements lately."""
    limit, found = case.charter.max_latency_breaches, case.snapshot.counts.latency_breaches
    over = f"over {case.charter.max_placement_ms} ms in {case.charter.latency_window_min} min"
    refusal = f"{found} placements {over}; {limit} are forgiven"
    return held_to(0 <= found <= limit, str(found), f"≤ {limit} {over}", refusal)


def daily_trades(case: Case) -> Answer:
    """7.1: entries of the trading day, this one included."""
    return _count(case.snapshot.counts.trades_today, case.charter.max_daily_trades, "trade of the day")


def order_rate(case: Case) -> Answer:
    """7.2: entries in a minute, this one included."""
    return _count(case.snapshot.counts.orders_last_minute, case.charter.max_orders_per_minute, "order in a minute")


def message_rate(case: Case) -> Answer:
    """7.3: entries and changes in a minute, this one included."""
    counts = case.snapshot.counts
    return _count(counts.messages_last_minute, case.charter.max_messages_per_minute, "message in a minute")


def cancel_rate(case: Case) -> Answer:
    """7.4: cancels and closes in a minute, this one included."""
    return _count(case.snapshot.counts.cancels_last_minute, case.charter.max_cancels_per_minute, "cancel in a minute")


def repeated_entries(case: Case) -> Answer:
    """7.6: entries on one symbol and side, this one included."""
    what = f"{case.request.side.value} of {case.request.symbol} in {case.charter.repeat_window_s} s"
    return _count(case.snapshot.counts.repeated_executions, case.charter.max_repeats, what)


def too_many(number: int, what: str, limit: int) -> str:
    """`this would be the 3rd buy of EUR_USD in 600 s; 2 is the most`."""
    ending = "th" if number % 100 in _TEENS else _ENDINGS.get(number % 10, "th")
    return f"this would be the {number}{ending} {what}; {limit} is the most"


_TEENS = frozenset({11, 12, 13})
_ENDINGS = {1: "st", 2: "nd", 3: "rd"}


def _count(before: int, limit: int, what: str) -> Answer:
    number = before + 1
    return held_to(0 < number <= limit, str(number), at_most(limit), too_many(number, what, limit))


def no_duplicate(case: Case) -> Answer:
    """7.5: not the same order again."""
    found = case.snapshot.counts.duplicate_of
    limit = f"none in {case.charter.duplicate_window_s} s"
    refusal = f"the same order was placed as order {found} less than {case.charter.duplicate_window_s} s ago"
    return held_to(found is None, "none" if found is None else f"order {found}", limit, refusal)


def no_self_trade(case: Case) -> Answer:
    """7.7: no own resting order on the other side that this one could meet."""
    found, entry = case.snapshot.own_opposite_price, case.entry
    if found is None:
        return Answer("none", "none", passed=True)
    if entry is None or positive(found) is None:
        return Answer(UNKNOWN, "none", passed=False, detail="an own resting order cannot be compared with this one")
    meets = entry >= found if case.request.side is Side.BUY else entry <= found
    refusal = f"it would trade with your own {case.request.side.opposite.value} resting at {found:f}"
    return held_to(not meets, f"{found:f}" if meets else "none", "none", refusal)


def day_drawdown(case: Case) -> Answer:
    """8.1: equity under the day's start."""
    return _drawdown(case, case.snapshot.day_start_equity, case.charter.max_day_drawdown_pct, "the day's start")


def peak_drawdown(case: Case) -> Answer:
    """8.2: equity under its peak."""
    return _drawdown(case, case.snapshot.peak_equity, case.charter.max_peak_drawdown_pct, "its peak")


def _drawdown(case: Case, reference: Decimal | None, limit: Decimal, what: str) -> Answer:
    equity, start = finite(case.snapshot.equity), positive(reference)
    if equity is None or start is None:
        return Answer(UNKNOWN, at_most(limit, "%"), passed=False, detail=f"equity cannot be compared with {what}")
    lost = max(start - equity, Decimal(0)) * 100
    shown = up(lost / start, "%")
    refusal = f"equity is {shown} under {what}; {grouped(limit)} % is the most"
    return held_to(lost <= limit * start, shown, at_most(limit, "%"), refusal)


def conversion_rates(case: Case) -> Answer:
    """11.3: every currency in the sum has a rate."""
    snapshot = case.snapshot
    rates = (positive(snapshot.quote_to_account), positive(snapshot.base_to_account), case.to_charter)
    known = None not in rates
    refusal = f"no rate from the currencies of {case.request.symbol} to {snapshot.currency} and {case.charter.currency}"
    return held_to(known, "known" if known else UNKNOWN, "known", refusal)


def trading_day(case: Case) -> Answer:
    """11.4: the day's start on record is of the day being traded."""
    start_ns = case.snapshot.day_start_ns
    limit = f"the day from {case.charter.day_boundary}"
    if start_ns is None:
        return Answer(UNKNOWN, limit, passed=False, detail="the start of the trading day is not on record")
    since_ns = case.snapshot.now_ns - start_ns
    shown = up(Decimal(since_ns) / HOUR_NS, "h ago")
    return held_to(
        0 <= since_ns < _LONGEST_DAY_NS, shown, limit, f"the day's start on record is {shown}, not of this trading day"
    )
