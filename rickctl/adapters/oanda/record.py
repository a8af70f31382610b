"""OANDA's transactions as events of an account, in order and exactly; asks nobody, sends nothing.

An order of ours carries our client id and keeps our number; one that is not ours is numbered below zero, after its own
id. Exits are orders of their own at OANDA and terms of the trade here. Rejects changed nothing and are passed over; a
transaction of a kind unknown here is a cost where it moved the balance, else nothing.
"""

from __future__ import annotations

from contextlib import contextmanager
from decimal import Decimal, InvalidOperation, localcontext
from typing import TYPE_CHECKING, Any

from rickctl.domain.account import ZERO, Ended, Leg
from rickctl.domain.errors import Unreachable, UsageError
from rickctl.domain.events import (
    CashMoved,
    CostCharged,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderModified,
    Reduction,
    StopTrailed,
    VenueRead,
)
from rickctl.domain.fills import Batch
from rickctl.domain.instants import parse_instant
from rickctl.domain.ledger import EXACT
from rickctl.domain.orders import EntryType, Side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from rickctl.domain.account import AccountState, Order, Trade
    from rickctl.domain.events import Event

ENTRIES = {
    "MARKET_ORDER": EntryType.MARKET,
    "LIMIT_ORDER": EntryType.LIMIT,
    "STOP_ORDER": EntryType.STOP,
    "MARKET_IF_TOUCHED_ORDER": EntryType.LIMIT,
}
EXITS = {
    "TAKE_PROFIT": "take_profit",
    "STOP_LOSS": "stop_loss",
    "GUARANTEED_STOP_LOSS": "stop_loss",
    "TRAILING_STOP_LOSS": "trailing",
}
_LEGS = {
    "TAKE_PROFIT_ORDER": Leg.TAKE_PROFIT,
    "STOP_LOSS_ORDER": Leg.STOP_LOSS,
    "GUARANTEED_STOP_LOSS_ORDER": Leg.STOP_LOSS,
    "TRAILING_STOP_LOSS_ORDER": Leg.TRAILING_STOP,
    "MARKET_ORDER_MARGIN_CLOSEOUT": Leg.MARGIN_CLOSEOUT,
}
_CLOSES = frozenset({"TRADE_CLOSE", "POSITION_CLOSEOUT", "DELAYED_TRADE_CLOSE"})
_ENDED = {
    "CLIENT_REQUEST": Ended.CLIENT,
    "CLIENT_REQUEST_REPLACED": Ended.REPLACED,
    "MARKET_HALTED": Ended.MARKET_HALTED,
    "INSTRUMENT_BID_HALTED": Ended.MARKET_HALTED,
    "INSTRUMENT_ASK_HALTED": Ended.MARKET_HALTED,
    "INSUFFICIENT_MARGIN": Ended.INSUFFICIENT_MARGIN,
    "INSUFFICIENT_LIQUIDITY": Ended.INSUFFICIENT_LIQUIDITY,
    "BOUNDS_VIOLATION": Ended.PRICE_BOUND,
    "POSITION_SIZE_EXCEEDED": Ended.POSITION_LIMIT,
    "OPEN_TRADES_ALLOWED_EXCEEDED": Ended.POSITION_LIMIT,
    "STOP_LOSS_ON_FILL_LOSS": Ended.STOP_LOSS_ON_FILL_LOSS,
    "TAKE_PROFIT_ON_FILL_LOSS": Ended.TAKE_PROFIT_ON_FILL_LOSS,
}


_MOST_ADJUSTED = 30
"""Powers of ten beyond which nothing is a price, a size or money."""


class OutOfStepError(Exception):
    """The record speaks of a trade this account does not have: the account has to be met anew."""


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Around code that takes an answer apart. Raises Unreachable where it is not built as it should be."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        message = f"OANDA's {what} cannot be read: {error}"
        raise Unreachable(message, code="bad_answer") from error


def amount(value: object) -> Decimal:
    """A decimal as OANDA writes it, in a string. Raises Unreachable for what is none, or beyond any account."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number.adjusted()) > _MOST_ADJUSTED:
        message = f"OANDA answered {str(value)[:40]!r} where a number belongs"
        raise Unreachable(message, code="bad_answer")
    return number


def instant_ns(value: object) -> int:
    """A time as OANDA writes it. Raises Unreachable for what is none."""
    try:
        return parse_instant(str(value))
    except UsageError:
        message = f"OANDA answered {str(value)[:40]!r} where a time belongs"
        raise Unreachable(message, code="bad_answer") from None


def client_id(body: Mapping[str, Any]) -> str:
    """The client's own name of an order or trade, empty where it has none."""
    return str((body.get("clientExtensions") or {}).get("id") or "")


def number_in(body: Mapping[str, Any], number_of: Callable[[str], int | None]) -> int:
    """Our number of an order or trade, or its own id below zero where it is not ours."""
    own = number_of(client_id(body))
    return -int(body["id"]) if own is None else own


class Record:
    """Turns transactions into events, one after another; `events` and `account` are how far it has come.

    `number_of` gives the number of a client id of ours, None for another; `look_up` gives an order by OANDA's id.
    """

    def __init__(
        self,
        account: AccountState,
        number_of: Callable[[str], int | None],
        look_up: Callable[[str], Mapping[str, Any]],
    ) -> None:
        self._batch = Batch(account)
        self._number_of = number_of
        self._look_up = look_up
        self._exits: dict[str, tuple[int, str]] = {}
        self._partly: set[int] = set()

    @property
    def account(self) -> AccountState:
        """The account after everything read so far."""
        return self._batch.state

    @property
    def events(self) -> tuple[Event, ...]:
        """What was read so far."""
        return tuple(self._batch.events)

    def read(self, transactions: Iterable[Mapping[str, Any]]) -> None:
        """Take transactions, oldest first. Raises OutOfStepError, and Unreachable for what cannot be read."""
        for body in transactions:
            with reading(f"transaction {str(body.get('id'))[:20]}"), localcontext(EXACT):
                self._one(str(body["type"]), body)

    def trail(self, trades: Iterable[Mapping[str, Any]]) -> None:
        """Take where trailing stops have come to, from open trades with their orders."""
        for body in trades:
            trade = self._trade(str(body["id"]))
            value = (body.get("trailingStopLossOrder") or {}).get("trailingStopValue")
            if trade is None or value is None or amount(value) == trade.trailed:
                continue
            at_ns = self._batch.state.checkpoint_ns
            self._batch.add(StopTrailed(at_ns=at_ns, number=trade.number, trailed=amount(value)))

    def finish(self, mark: str) -> None:
        """Everything up to transaction `mark` was given: what was filled in part and not reissued is over."""
        for number in sorted(self._partly):
            if self.account.order(number) is not None:
                at_ns = self.account.checkpoint_ns
                self._batch.add(OrderCancelled(at_ns=at_ns, number=number, reason=Ended.INSUFFICIENT_LIQUIDITY))
        if mark != self.account.mark:
            self._batch.add(VenueRead(at_ns=self.account.checkpoint_ns, mark=mark))

    def _one(self, kind: str, body: Mapping[str, Any]) -> None:
        at_ns = max(instant_ns(body["time"]), self.account.checkpoint_ns)
        if kind in ENTRIES:
            self._create(ENTRIES[kind], body, at_ns)
        elif kind.removesuffix("_ORDER") in EXITS:
            self._set_exit(EXITS[kind.removesuffix("_ORDER")], body, at_ns)
        elif kind == "ORDER_FILL":
            self._fill(body, at_ns)
        elif kind == "ORDER_CANCEL":
            self._cancel(body, at_ns)
        elif "accountBalance" in body:
            self._move_cash(kind, body, at_ns)

    # orders

    def _create(self, entry: EntryType, body: Mapping[str, Any], at_ns: int) -> None:
        if body.get("reason") == "MARGIN_CLOSEOUT":
            return
        old = self._order(str(body.get("replacesOrderID")))
        number = self._number(body) if old is None else old.number
        if old is None and number in self._partly:
            old = self.account.order(number)
        units = amount(body["units"])
        if old is not None and units * old.side.sign > 0:
            self._replace(old, body, at_ns)
            return
        if old is not None:
            # Replaced by one that trades the other way: no longer the same order.
            self._batch.add(OrderCancelled(at_ns=at_ns, number=old.number, reason=Ended.REPLACED))
            number = -int(body["id"])
        is_close = body.get("reason") in _CLOSES or body.get("positionFill") == "REDUCE_ONLY"
        closed = self._trade(str((body.get("tradeClose") or {}).get("tradeID")))
        self._batch.add(
            OrderAccepted(
                at_ns=at_ns,
                number=number,
                symbol=str(body["instrument"]),
                side=Side.BUY if units > 0 else Side.SELL,
                units=abs(units),
                entry=entry,
                live_ns=at_ns,
                price=None if entry is EntryType.MARKET else amount(body["price"]),
                **_exits_of(body),
                expires_ns=_expiry_ns(body),
                is_close=is_close,
                trade=None if closed is None else closed.number,
                venue_id=str(body["id"]),
            )
        )

    def _replace(self, old: Order, body: Mapping[str, Any], at_ns: int) -> None:
        """The same order under new terms and a new id of the venue's."""
        self._partly.discard(old.number)
        exits = _exits_of(body)
        self._batch.add(
            OrderModified(
                at_ns=at_ns,
                number=old.number,
                units=abs(amount(body["units"])) + old.filled,
                price=amount(body["price"]) if "price" in body else None,
                **exits,
                expires_ns=_expiry_ns(body),
                venue_id=str(body["id"]),
            )
        )
        for name, value in exits.items():
            if value is None and getattr(old, name) is not None:
                self._batch.add(OrderModified(at_ns=at_ns, number=old.number, removed=name))

    def _set_exit(self, name: str, body: Mapping[str, Any], at_ns: int) -> None:
        trade = self._trade(str(body.get("tradeID")))
        value = body.get("distance") if name == "trailing" else body.get("price")
        if trade is None or value is None:
            return
        self._exits[str(body["id"])] = trade.number, name
        if getattr(trade, name) != amount(value):
            changed: dict[str, Any] = {name: amount(value)}
            self._batch.add(OrderModified(at_ns=at_ns, number=trade.number, **changed))

    def _cancel(self, body: Mapping[str, Any], at_ns: int) -> None:
        reason, order_id = str(body.get("reason")), str(body["orderID"])
        if body.get("replacedByOrderID") is not None:
            return
        order = self._order(order_id)
        if order is not None and reason == "TIME_IN_FORCE_EXPIRED":
            self._batch.add(OrderExpired(at_ns=at_ns, number=order.number))
        elif order is not None:
            self._batch.add(OrderCancelled(at_ns=at_ns, number=order.number, reason=_ENDED.get(reason, Ended.VENUE)))
        elif reason != "LINKED_TRADE_CLOSED":
            self._take_off(order_id, at_ns)

    def _take_off(self, order_id: str, at_ns: int) -> None:
        """An exit of an open trade is gone."""
        if order_id not in self._exits:
            body = self._look_up(order_id)
            trade, name = self._trade(str(body.get("tradeID"))), EXITS.get(str(body.get("type")))
            if trade is None or name is None:
                return
            self._exits[order_id] = trade.number, name
        number, name = self._exits[order_id]
        if self.account.trade(number) is not None:
            self._batch.add(OrderModified(at_ns=at_ns, number=number, removed=name))

    # fills and cash

    def _fill(self, body: Mapping[str, Any], at_ns: int) -> None:
        order, opened = self._order(str(body["orderID"])), body.get("tradeOpened") or {}
        reduced = tuple(self._reduction(part) for part in _reductions_of(body))
        leg = _LEGS.get(str(body["reason"]))
        if leg is None and order is None:
            raise OutOfStepError(str(body["orderID"]))
        if leg is not None:
            number, leg_units = reduced[0].trade, sum((part.units for part in reduced), ZERO)
            trade = self.account.trade(number)
            remaining = ZERO if trade is None else max(ZERO, trade.units - leg_units)
        else:
            assert order is not None  # noqa: S101 - for the type checker: refused above
            leg, number = Leg.CLOSE if order.is_close else Leg.ENTRY, order.number
            remaining = order.remaining - abs(amount(body["units"]))
            if remaining:
                self._partly.add(number)
        financing, commission = amount(body.get("financing", "0")), _commission(body)
        balance = amount(body["accountBalance"])
        self._batch.add(
            OrderFilled(
                at_ns=at_ns,
                number=number,
                leg=leg,
                symbol=str(body["instrument"]),
                side=Side.BUY if amount(body["units"]) > 0 else Side.SELL,
                price=_price_of(body),
                units=abs(amount(body["units"])),
                remaining=max(ZERO, remaining),
                opened=abs(amount(opened.get("units", "0"))),
                reduced=reduced,
                commission=commission,
                cash=balance - financing - self.account.balance,
                balance=balance - financing,
                venue_id=self._trade_ids(number, str(opened["tradeID"])) if opened else None,
            )
        )
        if financing:
            self._batch.add(CostCharged(at_ns=at_ns, what="financing", amount=-financing, balance=balance))

    def _trade_ids(self, number: int, venue_id: str) -> str:
        """The name of what a fill opened; the rest of a partial fill opens a trade of its own there, not here."""
        held = self.account.trade(number)
        return venue_id if held is None else f"{held.venue_id} {venue_id}"

    def _reduction(self, part: Mapping[str, Any]) -> Reduction:
        trade = self._trade(str(part["tradeID"]))
        if trade is None:
            raise OutOfStepError(str(part["tradeID"]))
        units, price, entry = abs(amount(part["units"])), amount(part["price"]), trade.lots[0].price
        pnl = (price - entry) * units * trade.side.sign
        return Reduction(trade.number, units, entry, pnl, amount(part["realizedPL"]))

    def _move_cash(self, kind: str, body: Mapping[str, Any], at_ns: int) -> None:
        balance = amount(body["accountBalance"])
        moved = balance - self.account.balance
        if not moved:
            return
        if kind == "TRANSFER_FUNDS":
            self._batch.add(CashMoved(at_ns=at_ns, amount=moved, balance=balance))
        else:
            what = "financing" if kind == "DAILY_FINANCING" else kind.lower()
            self._batch.add(CostCharged(at_ns=at_ns, what=what, amount=-moved, balance=balance))

    # names

    def _number(self, body: Mapping[str, Any]) -> int:
        """Our number, unless it stands for another order already: what is not provably ours is not."""
        number, own_id = number_in(body, self._number_of), str(body["id"])
        held = self.account.order(number) or self.account.trade(number)
        is_taken = held is not None and held.venue_id != own_id and number not in self._partly
        return -int(own_id) if is_taken else number

    def _order(self, venue_id: str) -> Order | None:
        return next((order for order in self.account.orders if order.venue_id == venue_id), None)

    def _trade(self, venue_id: str) -> Trade | None:
        return next((trade for trade in self.account.trades if venue_id in (trade.venue_id or "").split()), None)


def _exits_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Exits that come with an order; one given as a distance has its price when the trade opens."""
    stop, target = body.get("stopLossOnFill") or {}, body.get("takeProfitOnFill") or {}
    trailing = body.get("trailingStopLossOnFill") or {}
    return {
        "stop_loss": amount(stop["price"]) if "price" in stop else None,
        "take_profit": amount(target["price"]) if "price" in target else None,
        "trailing": amount(trailing["distance"]) if "distance" in trailing else None,
    }


def _expiry_ns(body: Mapping[str, Any]) -> int | None:
    return instant_ns(body["gtdTime"]) if body.get("timeInForce") == "GTD" and "gtdTime" in body else None


def _reductions_of(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    closed = list(body.get("tradesClosed") or ())
    return [*closed, body["tradeReduced"]] if body.get("tradeReduced") else closed


def _price_of(body: Mapping[str, Any]) -> Decimal:
    """What the fill traded at: the trades say it exactly, the transaction itself only of old."""
    parts = [body.get("tradeOpened") or {}, *_reductions_of(body), body]
    return amount(next(part["price"] for part in parts if part.get("price") is not None))


def _commission(body: Mapping[str, Any]) -> Decimal:
    return abs(amount(body.get("commission", "0"))) + abs(amount(body.get("guaranteedExecutionFee", "0")))
