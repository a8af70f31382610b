"""Orders of one OANDA account: what is sent, word for word, and what its answers prove; retries nothing.

A created order (201) is taken, not filled: what became of it is in the account's record. Entry and exits are one order;
every order and the trade it opens carry our client id, which is how they are found again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from rickctl.adapters.oanda.record import amount, client_id, instant_ns, reading
from rickctl.domain.errors import OrderRejected, OutcomeUnknown, Unreachable
from rickctl.domain.instants import rfc3339
from rickctl.domain.money import decimal_text
from rickctl.domain.orders import EntryType
from rickctl.domain.ports import Capabilities, Changes, Submitted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from decimal import Decimal

    from rickctl.domain.market import Instrument
    from rickctl.domain.orders import Approved, OrderRequest
    from rickctl.domain.ports import Close

CAPABILITIES = Capabilities(
    attaches_exits=True,
    entries=("market", "limit", "stop"),
    trails_stops=True,
    holds_expiry=True,
    shorts=True,
    partial_fills=False,
    absence_is_proof=False,
)
MOST_ORDERS = 500
"""How many orders one answer lists at most, and so how far back an order is looked for."""


class Calls(Protocol):
    """OANDA's REST interface for one token."""

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        """The body of an answer. Raises Unreachable, SetupError."""
        ...

    def prepare(self) -> None:
        """Load what only a write needs."""
        ...

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """The body of a write's answer, sent once. Raises OrderRejected, Unreachable, OutcomeUnknown, SetupError."""
        ...


class OandaExecution:
    """Where the orders of one account go; `instruments` gives their grids, `number_of` our number in a client id."""

    def __init__(
        self,
        calls: Calls,
        account: str,
        instruments: Callable[[], Mapping[str, Instrument]],
        number_of: Callable[[str], int | None],
    ) -> None:
        self._calls = calls
        self._base = f"/accounts/{quote(account, safe='')}"
        self._instruments = instruments
        self._number_of = number_of

    @property
    def capabilities(self) -> Capabilities:
        """What OANDA can do; an order it does not know may still be on its way."""
        return CAPABILITIES

    def submit_order(self, approved: Approved) -> Submitted:
        """Send an entry with its exits."""
        body = order_body(approved.request, approved.client_order_id, self._instruments()[approved.request.symbol])
        answer = self._calls.send("POST", f"{self._base}/orders", {"order": body})
        return _submitted(answer, "orderCreateTransaction")

    def submit_close(self, close: Close) -> Submitted:
        """Close one trade, or the position of a symbol, in whole or in part."""
        if close.trade is not None:
            units = "ALL" if close.units is None else decimal_text(close.units)
            path = f"{self._base}/trades/{self._trade_id(close.trade, close.symbol)}/close"
            return _submitted(self._calls.send("PUT", path, {"units": units}), "orderCreateTransaction")
        path = f"{self._base}/positions/{close.symbol}"
        held = self._calls.get(path)
        with reading("position"):
            is_long = amount(held["position"]["long"]["units"]) > 0
        side, other = ("long", "short") if is_long else ("short", "long")
        units = "ALL" if close.units is None else decimal_text(close.units)
        body = {
            f"{side}Units": units,
            f"{other}Units": "NONE",
            f"{side}ClientExtensions": _extensions(close.client_order_id),
        }
        return _submitted(self._calls.send("PUT", f"{path}/close", body), f"{side}OrderCreateTransaction")

    def cancel_order(self, client_order_id: str) -> None:
        """Cancel what is not filled; nothing where it was cancelled or expired already."""
        try:
            self._calls.send("PUT", f"{self._base}/orders/@{quote(client_order_id, safe='')}/cancel")
        except OrderRejected as error:
            if error.venue_code != "ORDER_DOESNT_EXIST":
                raise
            order = self._find(client_order_id)
            if order is not None and order.get("state") == "CANCELLED":
                return
            if order is not None and order.get("state") != "PENDING":
                error.code, error.message = "already_filled", "the order is filled: there is nothing left to cancel"
                error.hint = "rickctl positions"
            raise

    def modify_order(self, client_order_id: str, changes: Changes) -> None:
        """Change a working order, or the exits of the trade it opened."""
        order = self._find(client_order_id)
        if order is not None and order.get("state") == "PENDING":
            instrument = self._instruments()[str(order["instrument"])]
            with reading("order"):
                body = _changed(order, changes, instrument)
            self._calls.send("PUT", f"{self._base}/orders/{order['id']}", {"order": body})
            return
        # An order of long ago is no longer among those listed; the trade it opened still is.
        found = (
            self._open_trade(client_order_id) if order is None else (order.get("tradeOpenedID"), order["instrument"])
        )
        if found is None or found[0] is None:
            message = "the order is neither working nor open"
            raise OrderRejected(message, code="not_working", hint="rickctl order list")
        path = f"{self._base}/trades/{found[0]}/orders"
        self._calls.send("PUT", path, _exit_bodies(changes, self._instruments()[str(found[1])]))

    def find_order(self, client_order_id: str) -> Submitted | None:
        """The order as OANDA has it, or None."""
        order = self._find(client_order_id)
        with reading("order"):
            return None if order is None else Submitted(str(order["id"]), instant_ns(order["createTime"]))

    def has_change(self, client_order_id: str, changes: Changes | None) -> bool:
        """Whether the order has these terms, or was cancelled because we asked."""
        order = self._find(client_order_id)
        if order is None:
            return False
        if changes is None:
            cause = order.get("cancellingTransactionID")
            if order.get("state") != "CANCELLED" or cause is None:
                return False
            answer = self._calls.get(f"{self._base}/transactions/{cause}")
            with reading("transaction"):
                return bool(answer["transaction"].get("reason") == "CLIENT_REQUEST")
        trade_id = order.get("tradeOpenedID")
        trade = {} if trade_id is None else self._calls.get(f"{self._base}/trades/{trade_id}").get("trade") or {}
        with reading("order"):
            # A trade keeps the exits it has now, its order everything else, as it was when it filled.
            return all(
                _term(trade if name in _TERMS and trade else order, name) == value
                for name, value in changes._asdict().items()
                if value is not None
            )

    def _find(self, client_order_id: str) -> Mapping[str, Any] | None:
        """The newest order of that client id, in any state."""
        params = {"state": "ALL", "count": str(MOST_ORDERS)}
        answer = self._calls.get(f"{self._base}/orders", params)
        with reading("list of orders"):
            mine = [order for order in answer["orders"] if client_id(order) == client_order_id]
            return max(mine, key=lambda order: int(order["id"]), default=None)

    def _open_trade(self, client_order_id: str) -> tuple[str, str] | None:
        """Id and instrument of the open trade of that client id."""
        answer = self._calls.get(f"{self._base}/trades", {"count": str(MOST_ORDERS)})
        with reading("list of trades"):
            mine = (trade for trade in answer["trades"] if client_id(trade) == client_order_id)
            return next(((str(trade["id"]), str(trade["instrument"])) for trade in mine), None)

    def _trade_id(self, number: int, symbol: str) -> str:
        """OANDA's id of a trade of ours, or of one that is not. Raises OrderRejected where it is not open."""
        if number < 0:
            return str(-number)
        answer = self._calls.get(f"{self._base}/trades", {"instrument": symbol, "count": str(MOST_ORDERS)})
        with reading("list of trades"):
            for trade in answer["trades"]:
                if self._number_of(client_id(trade)) == number:
                    return str(trade["id"])
        message = f"trade {number} is not open"
        raise OrderRejected(message, code="nothing_to_close", hint="rickctl positions")


def order_body(request: OrderRequest, client_order_id: str, instrument: Instrument) -> dict[str, Any]:
    """An entry as OANDA takes it: units and prices as text on the instrument's grid, exits attached, our id on both."""
    units = instrument_units(request.units, instrument) * request.side.sign
    body: dict[str, Any] = {
        "type": request.entry.value.upper(),
        "instrument": request.symbol,
        "units": decimal_text(units),
        "positionFill": "DEFAULT",
        "timeInForce": "FOK",
        "clientExtensions": _extensions(client_order_id),
        "tradeClientExtensions": _extensions(client_order_id),
    }
    if request.entry is not EntryType.MARKET and request.price is not None:
        body |= {"price": price_text(request.price, instrument), "timeInForce": "GTC"}
        if request.expires_ns is not None:
            body |= {"timeInForce": "GTD", "gtdTime": rfc3339(request.expires_ns)}
    changes = Changes(stop_loss=request.stop_loss, take_profit=request.take_profit, trailing=request.trailing)
    return body | {f"{name}OnFill": exit_body for name, exit_body in _exit_bodies(changes, instrument).items()}


def price_text(price: Decimal, instrument: Instrument) -> str:
    """A price with exactly the instrument's decimals. Raises UsageError off its grid."""
    return f"{instrument.price(instrument.ticks(price)):f}"


def instrument_units(units: Decimal, instrument: Instrument) -> Decimal:
    """Units rounded toward nothing to the instrument's increment: never more than was approved."""
    return units - units % instrument.unit_increment


def _exit_bodies(changes: Changes, instrument: Instrument) -> dict[str, Any]:
    """The exits named, as OANDA takes them; those not named stay as they are."""
    found: dict[str, Any] = {}
    if changes.take_profit is not None:
        found["takeProfit"] = {"price": price_text(changes.take_profit, instrument), "timeInForce": "GTC"}
    if changes.stop_loss is not None:
        found["stopLoss"] = {"price": price_text(changes.stop_loss, instrument), "timeInForce": "GTC"}
    if changes.trailing is not None:
        found["trailingStopLoss"] = {"distance": price_text(changes.trailing, instrument), "timeInForce": "GTC"}
    return found


_KEPT = (
    "type", "instrument", "units", "price", "positionFill", "timeInForce", "gtdTime", "triggerCondition",
    "clientExtensions", "tradeClientExtensions", "takeProfitOnFill", "stopLossOnFill", "trailingStopLossOnFill",
)  # fmt: skip


def _changed(order: Mapping[str, Any], changes: Changes, instrument: Instrument) -> dict[str, Any]:
    """A working order as its replacement: everything it had, and what changes."""
    body = {name: order[name] for name in _KEPT if name in order}
    if changes.units is not None:
        sign = 1 if amount(order["units"]) > 0 else -1
        body["units"] = decimal_text(instrument_units(changes.units, instrument) * sign)
    if changes.price is not None:
        body["price"] = price_text(changes.price, instrument)
    if changes.expires_ns is not None:
        body |= {"timeInForce": "GTD", "gtdTime": rfc3339(changes.expires_ns)}
    return body | {f"{name}OnFill": exit_body for name, exit_body in _exit_bodies(changes, instrument).items()}


def _extensions(client_order_id: str) -> dict[str, str]:
    return {"id": client_order_id, "tag": "rickctl"}


def _submitted(answer: Mapping[str, Any], name: str) -> Submitted:
    """What a write created. Raises OutcomeUnknown where the answer does not say."""
    try:
        with reading("answer"):
            return Submitted(str(int(answer[name]["id"])), instant_ns(answer[name]["time"]))
    except Unreachable as error:
        # It was sent and taken: what cannot be read of it is a doubt, never a no.
        message = f"OANDA's answer does not name the order it made: {error.message}"
        raise OutcomeUnknown(message, code="outcome_unknown") from error


_TERMS = {
    "stop_loss": ("stopLoss", "price"),
    "take_profit": ("takeProfit", "price"),
    "trailing": ("trailingStopLoss", "distance"),
}


def _term(holder: Mapping[str, Any], name: str) -> Decimal | int | None:
    """One term of an order or of the trade it opened, as we count it."""
    if name == "expires_ns":
        return instant_ns(holder["gtdTime"]) if "gtdTime" in holder else None
    if name in _TERMS:
        exit_name, field = _TERMS[name]
        held = holder.get(f"{exit_name}OnFill") or holder.get(f"{exit_name}Order") or {}
        return amount(held[field]) if field in held else None
    if name not in holder:
        return None
    return abs(amount(holder[name])) if name == "units" else amount(holder[name])
