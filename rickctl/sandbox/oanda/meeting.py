"""An order and one step of the market: whether it fills there and what becomes of it; searches for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.domain.market import Phase, Step
from rickctl.domain.matching import fill_price, is_reached_in_range, range_price
from rickctl.sandbox.oanda.fills import Result, Touch, cancel, fill
from rickctl.sandbox.oanda.legs import resting, terms
from rickctl.sandbox.oanda.records import text

if TYPE_CHECKING:
    from rickctl.sandbox.oanda.batch import Batch
    from rickctl.sandbox.oanda.records import Order
    from rickctl.sandbox.oanda.valuation import Valuation

NOTHING = Result()


def standing(valuation: Valuation, instrument: str) -> Step | None:
    """What an order meets now: the price the exchange quotes, as a POINT; None while it is not tradeable."""
    at_ns = valuation.rates.at_ns
    found = valuation.market.point(instrument, at_ns)
    quote = valuation.quote(instrument)
    if found is not None or not quote.tradeable or quote.bid is None or quote.ask is None:
        return found
    grid = valuation.instrument(instrument)
    bid, ask = grid.ticks(quote.bid), grid.ticks(quote.ask)
    return Step(instrument, at_ns, at_ns, Phase.POINT, bid, bid, ask, ask)


def meet_now(batch: Batch, order: Order, valuation: Valuation) -> Result:
    """A new order meets the standing price; what may not wait is cancelled."""
    step = standing(valuation, order.instrument)
    may_wait = text(order.fields, "timeInForce") not in {"FOK", "IOC"}
    if step is None:
        return NOTHING if may_wait else Result(cancel=cancel(batch, order, "MARKET_HALTED"))
    instrument = valuation.instrument(order.instrument)
    leg = resting(batch.book, order, instrument)._replace(since_ns=0)
    price = fill_price(leg, step, terms(instrument))
    if price is not None:
        return _fill(batch, order, price, step, valuation)
    return NOTHING if may_wait else Result(cancel=cancel(batch, order, "TIME_IN_FORCE_EXPIRED"))


def meet(batch: Batch, order: Order, step: Step, valuation: Valuation) -> Result:
    """A working order meets a step of the market."""
    instrument = valuation.instrument(order.instrument)
    price = fill_price(resting(batch.book, order, instrument), step, terms(instrument))
    if price is None:
        return NOTHING
    result = _fill(batch, order, price, step, valuation)
    if step.phase == Phase.RANGE and result.fill is not None and order.trade_id is None:
        _stop_inside(batch, result.fill.id, step, valuation)
    return result


def _stop_inside(batch: Batch, trade_id: int, step: Step, valuation: Valuation) -> None:
    """An entry filled inside a RANGE that also reached its stop: the stop counts; a target never does."""
    trade = batch.book.trades.get(trade_id)
    if trade is None or trade.stop_loss_id is None:
        return
    order = batch.book.orders[trade.stop_loss_id]
    instrument = valuation.instrument(order.instrument)
    leg = resting(batch.book, order, instrument)
    if is_reached_in_range(leg, step):
        _fill(batch, order, range_price(leg, step, terms(instrument)), step, valuation)


def _fill(batch: Batch, order: Order, ticks: int, step: Step, valuation: Valuation) -> Result:
    """Fill at that price; inside a RANGE the touch around it is as wide as the quote at its end."""
    instrument = valuation.instrument(order.instrument)
    price = instrument.price(ticks)
    if step.phase == Phase.POINT:
        bid, ask = instrument.price(step.bid_low), instrument.price(step.ask_low)
    else:
        spread = valuation.quote(order.instrument).spread or instrument.price_increment
        is_buy = resting(batch.book, order, instrument).side.sign > 0
        bid, ask = (price - spread, price) if is_buy else (price, price + spread)
    return fill(batch, order, Touch(price, bid, ask, step.phase, valuation))
