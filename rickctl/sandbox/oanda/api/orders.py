"""What OANDA does with orders: make, list, replace, cancel, name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rickctl.sandbox.oanda.api.accounts import decimals, with_last
from rickctl.sandbox.oanda.api.call import Answer, Failure, refuse
from rickctl.sandbox.oanda.api.outcomes import answer_outcome, read_hints
from rickctl.sandbox.oanda.api.pages import Page, page_of, read_page
from rickctl.sandbox.oanda.records import NO_HINTS, Hints, OrderState, Verdict, nested, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rickctl.domain.market import Instrument
    from rickctl.sandbox.oanda.api.call import Call, Desk, Headers
    from rickctl.sandbox.oanda.records import Fields, Order, Outcome

STATES = (*(state.value for state in OrderState), "ALL")

_PRICED: Mapping[str, str] = {
    "": "PRICE",
    "takeProfitOnFill": "TAKE_PROFIT_ON_FILL_PRICE",
    "stopLossOnFill": "STOP_LOSS_ON_FILL_PRICE",
}
_DECIMALS = re.compile(r"\s*[+-]?\d*\.(\d+)\s*", re.ASCII)


def create_order(desk: Desk, call: Call) -> Answer:
    """A new order: 201 whatever becomes of it once it is accepted."""
    order = _order_of(desk, call)
    hints = read_hints(desk.hints.hints(call.operation), order)
    if desk.settings.strict_numbers and hints is NO_HINTS:
        hints = _strict_hints(order, desk.exchange.instruments)
    outcome = desk.exchange.submit(call.account_id, order, call.request_id, call.now_ns, hints)
    return answer_outcome(desk, outcome, 201, headers=_location(desk, call, outcome))


def replace_order(desk: Desk, call: Call) -> Answer:
    """Another order of the same type in place of one that works."""
    order, place = _order_of(desk, call), call.places["orderSpecifier"]
    if order.get("type") == "MARKET":
        refuse("order.type")  # none ever works, so none replaces one
    outcome = desk.exchange.replace(call.account_id, place, order, call.request_id, call.now_ns)
    return answer_outcome(desk, outcome, 201, headers=_location(desk, call, outcome))


def cancel_order(desk: Desk, call: Call) -> Answer:
    """An order that works no longer does."""
    place = call.places["orderSpecifier"]
    return answer_outcome(desk, desk.exchange.cancel(call.account_id, place, call.request_id, call.now_ns), 200)


def set_order_extensions(desk: Desk, call: Call) -> Answer:
    """Another name for an order, or for the trade it will open."""
    body, place = call.body(desk.settings), call.places["orderSpecifier"]
    outcome = desk.exchange.set_order_extensions(call.account_id, place, body, call.request_id, call.now_ns)
    return answer_outcome(desk, outcome, 200)


def list_orders(desk: Desk, call: Call) -> Answer:
    """Orders by state, instrument and number, newest first; those that work unless another state is asked for."""
    page = read_page(desk, call, STATES, OrderState.PENDING.value)
    is_pending = page.state == OrderState.PENDING.value and page.ids is None
    known = desk.exchange.pending_orders(call.account_id) if is_pending else desk.exchange.orders(call.account_id)
    found, headers = page_of([order for order in known if _is_on(page, order)], page, desk, call)
    return _told(desk, call, found, headers)


def list_pending(desk: Desk, call: Call) -> Answer:
    """Every order that works."""
    return _told(desk, call, desk.exchange.pending_orders(call.account_id), ())


def get_order(desk: Desk, call: Call) -> Answer:
    """One order: by number, or by the client's id while it works."""
    place = call.places["orderSpecifier"]
    order = desk.exchange.order(call.account_id, place)
    has_passed = order is not None and not order.is_pending
    if order is None or (has_passed and (place.startswith("@") or not desk.settings.serves_history)):
        raise missing(desk, call, "order")
    return with_last(desk, call, {"order": desk.exchange.order_fields(call.account_id, order)})


def missing(desk: Desk, call: Call, what: str) -> Failure:
    """The failure of a number or name that nothing has."""
    last = str(desk.exchange.last_id(call.account_id))
    message = f"The {what} ID specified does not exist"
    return Failure(404, message, f"NO_SUCH_{what.upper()}", lastTransactionID=last)


def _is_on(page: Page, order: Order) -> bool:
    return page.holds(order.id, order.instrument) and (page.ids is not None or page.state in {"ALL", order.state.value})


def _told(desk: Desk, call: Call, orders: tuple[Order, ...], headers: Headers) -> Answer:
    told = tuple(desk.exchange.order_fields(call.account_id, order) for order in orders)
    return with_last(desk, call, {"orders": told}, headers)


def _order_of(desk: Desk, call: Call) -> Fields:
    body = call.body(desk.settings)
    order = nested(body, "order")
    if not order:
        refuse("order")
    return order


def _location(desk: Desk, call: Call, outcome: Outcome) -> Headers:
    made = outcome.parts.get("orderCreateTransaction")
    if outcome.verdict is not Verdict.DONE or made is None:
        return ()
    return (("Location", call.url(desk.settings, f"accounts/{call.account_id}/orders/{made.id}")),)


def _strict_hints(order: Fields, instruments: Mapping[str, Instrument]) -> Hints:
    """Zeros written beyond the precision are refused: nobody has established that OANDA takes them."""
    instrument = instruments.get(text(order, "instrument"))
    if instrument is None:
        return NO_HINTS
    most = decimals(instrument.price_increment)
    for place, stem in _PRICED.items():
        written = _DECIMALS.fullmatch(text(nested(order, place) if place else order, "price"))
        if written is not None and len(written[1]) > most:
            return Hints(reject=f"{stem}_PRECISION_EXCEEDED")
    return NO_HINTS
