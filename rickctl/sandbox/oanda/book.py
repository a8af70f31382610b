"""One account as the fold of its transactions; it decides nothing, and nothing changes it but a transaction.

What OANDA's transactions do not say and yet must survive a restart (where a trailing stop has come to, the price a
MARKET_IF_TOUCHED began at, what a fault wants of an order) are notes on orders, kept beside them in the account's log.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rickctl.sandbox.oanda.records import (
    ZERO,
    Fields,
    Held,
    Order,
    OrderState,
    Trade,
    TradeState,
    client_id,
    each,
    nested,
    number,
    text,
)

if TYPE_CHECKING:
    from decimal import Decimal

    from rickctl.domain.matching import Resting
    from rickctl.sandbox.oanda.records import Terms, Transaction

EXITS = {
    "TAKE_PROFIT": "take_profit_id",
    "STOP_LOSS": "stop_loss_id",
    "TRAILING_STOP_LOSS": "trailing_id",
}
"""Where a trade keeps the id of each of its exits."""

ENTRIES = ("MARKET", "LIMIT", "STOP", "MARKET_IF_TOUCHED")
CREATES = {f"{kind}_ORDER": kind for kind in (*ENTRIES, *EXITS)}
"""Transactions that create an order, and its type."""

_NOT_OF_THE_ORDER = {"reason", "replacesOrderID", "cancellingTransactionID", "orderFillTransactionID"}


class Totals:
    """What one instrument has brought so far, by side, in account currency."""

    def __init__(self) -> None:
        self.realised = {1: ZERO, -1: ZERO}
        self.financing = {1: ZERO, -1: ZERO}
        self.commission = ZERO


class Book:
    """The account after its last transaction, settled through `settled_ns`; `noted` are orders with new notes."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.alias = terms.alias
        self.margin_rate = terms.margin_rate
        self.balance = ZERO
        self.realised = ZERO
        self.financing = ZERO
        self.commission = ZERO
        self.created_ns = 0
        self.last_fill_ns: int | None = None
        self.settled_ns = 0
        self.transactions: list[Transaction] = []
        self.orders: dict[int, Order] = {}
        self.trades: dict[int, Trade] = {}
        # Ids only grow, so what is added last is newest.
        self.pending: dict[int, None] = {}
        self.open: dict[int, None] = {}
        self._sides: dict[tuple[str, int], Held] = {}
        self.totals: dict[str, Totals] = {}
        self.noted: dict[int, None] = {}
        self.legs: dict[int, tuple[Order, Decimal, Resting]] = {}
        self._acts = {
            "CREATE": self._created,
            "CLIENT_CONFIGURE": self._configured,
            "TRANSFER_FUNDS": self._funded,
            "ORDER_FILL": self._filled,
            "ORDER_CANCEL": self._cancelled,
            "ORDER_CLIENT_EXTENSIONS_MODIFY": self._order_renamed,
            "TRADE_CLIENT_EXTENSIONS_MODIFY": self._trade_renamed,
            "DAILY_FINANCING": self._financed,
        }

    @property
    def last_id(self) -> int:
        """The newest transaction, 0 before the first."""
        return len(self.transactions)

    @property
    def user_id(self) -> int:
        """The number in the third part of the account id."""
        parts = self.terms.id.split("-")
        return int(parts[2]) if len(parts) > 2 and parts[2].isdigit() else 1  # noqa: PLR2004 - site-division-user-number

    def pending_orders(self, instrument: str | None = None) -> list[Order]:
        """Working orders by id, of one instrument or of all."""
        found = (self.orders[one] for one in self.pending)
        return [order for order in found if instrument is None or order.instrument == instrument]

    def open_trades(self, instrument: str | None = None, sign: int = 0) -> list[Trade]:
        """Open trades, oldest first, of one instrument or of all, of one side or of both (0)."""
        found = (self.trades[one] for one in self.open)
        return [
            trade
            for trade in found
            if (instrument is None or trade.instrument == instrument) and (not sign or trade.sign == sign)
        ]

    def held(self, instrument: str | None = None) -> list[Held]:
        """What is open of each side, by instrument, of one instrument or of all."""
        return [side for _, side in sorted(self._sides.items()) if instrument in {None, side.instrument}]

    def _hold(self, instrument: str, sign: int, units: Decimal, price: Decimal) -> None:
        key = instrument, sign
        held = self._sides.get(key) or Held(instrument, ZERO, ZERO)
        self._sides[key] = held._replace(units=held.units + units, cost=held.cost + units * price)
        if not self._sides[key].units:
            del self._sides[key]

    def pending_client(self, wanted: str) -> Order | None:
        """The working order with that client id."""
        return next((order for order in self.pending_orders() if order.client_id == wanted), None)

    def open_client(self, wanted: str) -> Trade | None:
        """The open trade with that client id."""
        return next((trade for trade in self.open_trades() if trade.client_id == wanted), None)

    def note(self, order: Order) -> None:
        """Put an order's notes in its place."""
        self.orders[order.id] = order
        self.noted[order.id] = None

    def apply(self, made: Transaction) -> None:
        """Take over what a transaction says; its id must be the next."""
        if made.id != self.last_id + 1:
            message = f"transaction {made.id} cannot follow {self.last_id}"
            raise ValueError(message)
        self.transactions.append(made)
        if made.type in CREATES:
            self._create(made)
        else:
            act = self._acts.get(made.type)
            if act is not None:
                act(made)

    def _create(self, made: Transaction) -> None:
        fields = {name: value for name, value in made.fields.items() if name not in _NOT_OF_THE_ORDER}
        kind = CREATES[made.type]
        trade = self.trades.get(int(text(fields, "tradeID") or 0))
        replaces = text(made.fields, "replacesOrderID")
        self.orders[made.id] = Order(
            id=made.id,
            type=kind,
            instrument=text(fields, "instrument") if trade is None else trade.instrument,
            create_ns=made.time_ns,
            fields=fields,
            trade_id=None if trade is None else trade.id,
            replaces_id=int(replaces) if replaces else None,
        )
        self.pending[made.id] = None
        if trade is not None:
            self.trades[trade.id] = _with_exit(trade, kind, made.id)

    def _created(self, made: Transaction) -> None:
        self.created_ns = made.time_ns

    def _configured(self, made: Transaction) -> None:
        self.alias = text(made.fields, "alias") or self.alias
        if "marginRate" in made.fields:
            self.margin_rate = number(made.fields, "marginRate")

    def _funded(self, made: Transaction) -> None:
        self.balance = number(made.fields, "accountBalance")

    def _filled(self, made: Transaction) -> None:
        fields = made.fields
        order = self.orders[int(text(fields, "orderID"))]
        reduced = nested(fields, "tradeReduced")
        closed = each(fields, "tradesClosed")
        opened = nested(fields, "tradeOpened")
        self._end(
            replace(
                order,
                state=OrderState.FILLED,
                filling_id=made.id,
                filled_ns=made.time_ns,
                opened_id=made.id if opened else None,
                reduced_id=int(text(reduced, "tradeID")) if reduced else None,
                closed_ids=tuple(int(text(part, "tradeID")) for part in closed),
            )
        )
        for part in (*closed, *([reduced] if reduced else [])):
            self._reduce(made, part)
        if opened:
            self._opened(made, opened)
        self.balance = number(fields, "accountBalance")
        self.realised += number(fields, "pl")
        self.financing += number(fields, "financing")
        self.commission += number(fields, "commission")
        self._totals(order.instrument).commission += number(fields, "commission")
        self.last_fill_ns = made.time_ns

    def _reduce(self, made: Transaction, part: Fields) -> None:
        trade = self.trades[int(text(part, "tradeID"))]
        units = number(part, "units")
        left = trade.units + units
        self._totals(trade.instrument).realised[trade.sign] += number(part, "realizedPL")
        self.trades[trade.id] = replace(
            trade,
            units=left,
            realised=trade.realised + number(part, "realizedPL"),
            closing_ids=(*trade.closing_ids, made.id),
            closed_value=trade.closed_value + abs(units) * number(part, "price"),
            state=TradeState.OPEN if left else TradeState.CLOSED,
            close_ns=None if left else made.time_ns,
        )
        self._hold(trade.instrument, trade.sign, units, trade.price)
        if not left:
            self.open.pop(trade.id, None)

    def _opened(self, made: Transaction, part: Fields) -> None:
        units = number(part, "units")
        instrument = text(made.fields, "instrument")
        self._totals(instrument)
        self.trades[made.id] = Trade(
            id=made.id,
            instrument=instrument,
            price=number(part, "price"),
            open_ns=made.time_ns,
            initial_units=units,
            units=units,
            initial_margin=number(part, "initialMarginRequired"),
            extensions=nested(part, "clientExtensions"),
        )
        self.open[made.id] = None
        self._hold(instrument, 1 if units > 0 else -1, units, number(part, "price"))

    def _cancelled(self, made: Transaction) -> None:
        replaced = text(made.fields, "replacedByOrderID")
        order = self.orders[int(text(made.fields, "orderID"))]
        self._end(
            replace(
                order,
                state=OrderState.CANCELLED,
                cancelling_id=made.id,
                cancelled_ns=made.time_ns,
                replaced_by_id=int(replaced) if replaced else None,
            )
        )

    def _end(self, order: Order) -> None:
        self.orders[order.id] = order
        self.pending.pop(order.id, None)
        self.legs.pop(order.id, None)
        trade = self.trades.get(order.trade_id or 0)
        if trade is not None:
            self.trades[trade.id] = _with_exit(trade, order.type, None)

    def _order_renamed(self, made: Transaction) -> None:
        order = self.orders[int(text(made.fields, "orderID"))]
        fields = dict(order.fields)
        for ours, theirs in (
            ("clientExtensions", "clientExtensionsModify"),
            ("tradeClientExtensions", "tradeClientExtensionsModify"),
        ):
            if theirs in made.fields:
                fields[ours] = {**nested(fields, ours), **nested(made.fields, theirs)}
        self.orders[order.id] = replace(order, fields=fields)

    def _trade_renamed(self, made: Transaction) -> None:
        trade = self.trades[int(text(made.fields, "tradeID"))]
        extensions = {**trade.extensions, **nested(made.fields, "tradeClientExtensionsModify")}
        self.trades[trade.id] = replace(trade, extensions=extensions)
        for number_ in trade.exit_ids:
            order = self.orders[number_]
            named = client_id(extensions)
            if named is not None:
                self.orders[number_] = replace(order, fields={**order.fields, "clientTradeID": named})

    def _financed(self, made: Transaction) -> None:
        self.balance = number(made.fields, "accountBalance")
        self.financing += number(made.fields, "financing")
        for position in each(made.fields, "positionFinancings"):
            for part in each(position, "openTradeFinancings"):
                trade = self.trades[int(text(part, "tradeID"))]
                paid = number(part, "financing")
                self._totals(trade.instrument).financing[trade.sign] += paid
                self.trades[trade.id] = replace(trade, financing=trade.financing + paid)

    def _totals(self, instrument: str) -> Totals:
        return self.totals.setdefault(instrument, Totals())


def _with_exit(trade: Trade, kind: str, number_: int | None) -> Trade:
    if kind == "TAKE_PROFIT":
        return replace(trade, take_profit_id=number_)
    if kind == "STOP_LOSS":
        return replace(trade, stop_loss_id=number_)
    return replace(trade, trailing_id=number_)
