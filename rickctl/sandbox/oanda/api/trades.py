"""What OANDA does with trades and positions: list, close, protect, name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.sandbox.oanda.api.accounts import with_last
from rickctl.sandbox.oanda.api.call import Answer, Failure, refuse
from rickctl.sandbox.oanda.api.orders import missing
from rickctl.sandbox.oanda.api.outcomes import answer_outcome
from rickctl.sandbox.oanda.api.pages import page_of, read_page
from rickctl.sandbox.oanda.records import TradeState, Verdict

if TYPE_CHECKING:
    from rickctl.sandbox.oanda.api.call import Call, Desk, Headers
    from rickctl.sandbox.oanda.records import Trade

STATES = (*(state.value for state in TradeState), "CLOSE_WHEN_TRADEABLE", "ALL")


def list_trades(desk: Desk, call: Call) -> Answer:
    """Trades by state, instrument and number, newest first; open ones unless another state is asked for."""
    page = read_page(desk, call, STATES, TradeState.OPEN.value)
    is_open = page.state == TradeState.OPEN.value and page.ids is None
    known = desk.exchange.open_trades(call.account_id) if is_open else desk.exchange.trades(call.account_id)
    rows = [
        trade
        for trade in known
        if page.holds(trade.id, trade.instrument) and (page.ids is not None or page.state in {"ALL", trade.state.value})
    ]
    found, headers = page_of(rows, page, desk, call)
    return _told(desk, call, found, headers)


def list_open_trades(desk: Desk, call: Call) -> Answer:
    """Every trade with units left."""
    return _told(desk, call, desk.exchange.open_trades(call.account_id), ())


def get_trade(desk: Desk, call: Call) -> Answer:
    """One trade: by number, or by the client's id while it is open."""
    place = call.places["tradeSpecifier"]
    trade = desk.exchange.trade(call.account_id, place)
    if trade is None or (place.startswith("@") and not trade.is_open):
        raise missing(desk, call, "trade")
    return with_last(desk, call, {"trade": desk.exchange.trade_fields(call.account_id, trade)})


def close_trade(desk: Desk, call: Call) -> Answer:
    """All of a trade, or some units of it, at the market."""
    units, place = call.body(desk.settings).get("units"), call.places["tradeSpecifier"]
    outcome = desk.exchange.close_trade(call.account_id, place, units, call.request_id, call.now_ns)
    return answer_outcome(desk, outcome, 200)


def set_trade_orders(desk: Desk, call: Call) -> Answer:
    """Other exits of a trade: absent stays, null is cancelled, an object is made or replaced."""
    body, place = call.body(desk.settings), call.places["tradeSpecifier"]
    return answer_outcome(
        desk, desk.exchange.set_trade_orders(call.account_id, place, body, call.request_id, call.now_ns), 200
    )


def set_trade_extensions(desk: Desk, call: Call) -> Answer:
    """Another name for a trade."""
    body, place = call.body(desk.settings), call.places["tradeSpecifier"]
    outcome = desk.exchange.set_trade_extensions(call.account_id, place, body, call.request_id, call.now_ns)
    return answer_outcome(desk, outcome, 200)


def list_positions(desk: Desk, call: Call) -> Answer:
    """A position for every instrument ever traded."""
    return with_last(desk, call, {"positions": desk.exchange.positions(call.account_id)})


def list_open_positions(desk: Desk, call: Call) -> Answer:
    """Positions with units."""
    return with_last(desk, call, {"positions": desk.exchange.open_positions(call.account_id)})


def get_position(desk: Desk, call: Call) -> Answer:
    """The position of one instrument, which must have been traded once."""
    name = _instrument(desk, call)
    found = next((one for one in desk.exchange.positions(call.account_id) if one["instrument"] == name), None)
    if found is None:
        message = "The Position specified does not exist"
        last = str(desk.exchange.last_id(call.account_id))
        raise Failure(404, message, "NO_SUCH_POSITION", lastTransactionID=last)
    return with_last(desk, call, {"position": found})


def close_position(desk: Desk, call: Call) -> Answer:
    """Some or all of the long side, the short side or both."""
    name, body = _instrument(desk, call), call.body(desk.settings)
    outcome = desk.exchange.close_position(call.account_id, name, body, call.request_id, call.now_ns)
    place = call.url(desk.settings, f"accounts/{call.account_id}/positions/{name}")
    return answer_outcome(desk, outcome, 200, headers=(("Location", place),) if outcome.verdict is Verdict.DONE else ())


def _instrument(desk: Desk, call: Call) -> str:
    name = call.places["instrument"]
    if name not in desk.exchange.instruments:
        refuse("instrument")
    return name


def _told(desk: Desk, call: Call, trades: tuple[Trade, ...], headers: Headers) -> Answer:
    told = tuple(desk.exchange.trade_fields(call.account_id, trade) for trade in trades)
    return with_last(desk, call, {"trades": told}, headers)
