"""Orders, trades, positions and accounts as OANDA shows them, at the instant an account stands at; changes nothing."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING

from rickctl.sandbox.oanda.book import CREATES, EXITS, Totals
from rickctl.sandbox.oanda.records import ZERO, Instant, each, nested, text
from rickctl.sandbox.oanda.valuation import CENT_OF_CENT, Valuation, amount

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rickctl.domain.ports import Market
    from rickctl.sandbox.oanda.book import Book
    from rickctl.sandbox.oanda.records import Fields, Order, Trade, Value

_SHARE = Decimal("0.00001")
_EXIT_NAMES = {
    "TAKE_PROFIT": "takeProfitOrder",
    "STOP_LOSS": "stopLossOrder",
    "TRAILING_STOP_LOSS": "trailingStopLossOrder",
}


class View:
    """One account at one instant."""

    def __init__(self, market: Market, book: Book, at_ns: int) -> None:
        self._book = book
        self._valuation = Valuation(market, book, at_ns)

    # orders

    def order(self, order: Order) -> Fields:
        """An order in full."""
        fields: dict[str, Value] = {
            "id": str(order.id),
            "createTime": Instant(order.create_ns),
            "state": order.state.value,
            "type": order.type,
            **order.fields,
        }
        if order.initial is not None:
            fields["initialMarketPrice"] = order.initial
        if order.trailing is not None:
            fields["trailingStopValue"] = order.trailing
        if order.filling_id is not None:
            fields |= _filled(order)
        if order.cancelling_id is not None:
            fields["cancellingTransactionID"] = str(order.cancelling_id)
            fields["cancelledTime"] = Instant(order.cancelled_ns or 0)
        if order.replaces_id is not None:
            fields["replacesOrderID"] = str(order.replaces_id)
        if order.replaced_by_id is not None:
            fields["replacedByOrderID"] = str(order.replaced_by_id)
        return fields

    def _dynamic(self, order: Order) -> Fields:
        fields: dict[str, Value] = {"id": str(order.id)}
        if order.trailing is not None:
            fields["trailingStopValue"] = order.trailing
        price = order.trailing if order.trailing is not None else order.fields.get("price")
        trade = self._book.trades.get(order.trade_id or 0)
        sign = trade.sign if trade is not None else -1 if order.units > 0 else 1
        now = self._valuation.closing_price(order.instrument, sign)
        if isinstance(price, Decimal) and now is not None:
            fields |= {"triggerDistance": abs(now - price), "isTriggerDistanceExact": True}
        return fields

    # trades

    def trade(self, trade: Trade, *, is_summary: bool) -> Fields:
        """A trade with its working exits inside, or with their ids."""
        fields: dict[str, Value] = {
            "id": str(trade.id),
            "instrument": trade.instrument,
            "price": trade.price,
            "openTime": Instant(trade.open_ns),
            "state": trade.state.value,
            "initialUnits": trade.initial_units,
            "initialMarginRequired": trade.initial_margin,
            "currentUnits": trade.units,
            "realizedPL": amount(trade.realised),
            "financing": amount(trade.financing),
            "dividendAdjustment": amount(ZERO),
        }
        if trade.closing_ids:
            fields["averageClosePrice"] = self._average(trade.instrument, _closed(trade), trade.closed_value)
            fields["closingTransactionIDs"] = tuple(map(str, trade.closing_ids))
        if trade.close_ns is not None:
            fields["closeTime"] = Instant(trade.close_ns)
        else:
            fields["unrealizedPL"] = self._valuation.unrealised(trade.held)
            fields["marginUsed"] = self._valuation.margin(trade.instrument, trade.units)
        if trade.extensions:
            fields["clientExtensions"] = trade.extensions
        for kind, name in _EXIT_NAMES.items():
            number = getattr(trade, EXITS[kind])
            if number is not None and is_summary:
                fields[f"{name}ID"] = str(number)
            elif number is not None:
                fields[name] = self.order(self._book.orders[number])
        return fields

    def _average(self, instrument: str, units: Decimal, value: Decimal) -> Decimal:
        grid = self._valuation.instrument(instrument).price_increment
        return (value / units).quantize(grid, rounding=ROUND_HALF_EVEN) if units else ZERO.quantize(grid)

    # positions

    def position(self, instrument: str) -> Fields:
        """What is held and was earned in one instrument."""
        totals = self._book.totals.get(instrument) or Totals()
        held = self._book.held(instrument)
        fields: dict[str, Value] = {
            "instrument": instrument,
            **_totals(sum(totals.realised.values(), ZERO), sum(totals.financing.values(), ZERO)),
            "unrealizedPL": self._valuation.total_unrealised(held),
            "commission": amount(totals.commission),
        }
        if held:
            fields["marginUsed"] = self._valuation.margin_used(held)
        return {**fields, "long": self._side(instrument, totals, 1), "short": self._side(instrument, totals, -1)}

    def _side(self, instrument: str, totals: Totals, sign: int) -> Fields:
        held = [side for side in self._book.held(instrument) if side.sign == sign]
        fields: dict[str, Value] = {
            "units": sum((side.units for side in held), ZERO),
            **_totals(totals.realised[sign], totals.financing[sign]),
            "unrealizedPL": self._valuation.total_unrealised(held),
        }
        for side in held:
            fields["averagePrice"] = self._average(instrument, side.units, side.cost)
            fields["tradeIDs"] = tuple(str(trade.id) for trade in self._book.open_trades(instrument, sign))
        return fields

    def positions(self, *, is_open: bool = False) -> tuple[Fields, ...]:
        """Every position there ever was, or those with units."""
        held = {side.instrument for side in self._book.held()}
        return tuple(self.position(name) for name in sorted(self._book.totals) if not is_open or name in held)

    # the account

    def summary(self) -> Fields:
        """AccountSummary."""
        book = self._book
        fields: dict[str, Value] = {
            "id": book.terms.id,
            "alias": book.alias,
            "currency": book.terms.currency,
            "balance": amount(book.balance),
            "createdByUserID": book.user_id,
            "createdTime": Instant(book.created_ns),
            "guaranteedStopLossOrderMode": "DISABLED",
            **_totals(book.realised, book.financing),
            "resettablePLTime": Instant(book.created_ns),
            "commission": amount(book.commission),
            "marginRate": book.margin_rate,
            "openTradeCount": len(book.open),
            "openPositionCount": len({side.instrument for side in book.held()}),
            "pendingOrderCount": len(book.pending),
            "hedgingEnabled": book.terms.hedging,
            **self.figures(),
            "lastTransactionID": str(book.last_id),
        }
        if book.last_fill_ns is not None:
            fields["lastOrderFillTimestamp"] = Instant(book.last_fill_ns)
        return fields

    def account(self) -> Fields:
        """The summary with what is open."""
        book = self._book
        return {
            **self.summary(),
            "trades": tuple(self.trade(trade, is_summary=True) for trade in book.open_trades()),
            "positions": self.positions(),
            "orders": tuple(self.order(order) for order in book.pending_orders()),
        }

    def figures(self) -> Fields:
        """What depends on the market's prices."""
        valuation, book = self._valuation, self._book
        held = book.held()
        unrealised, used = valuation.total_unrealised(held), valuation.margin_used(held)
        worth = amount(book.balance + unrealised)
        available = max(amount(ZERO), worth - used)
        value = amount(sum((valuation.value(side.instrument, side.units) for side in held), ZERO))
        return {
            "unrealizedPL": unrealised,
            "NAV": worth,
            "marginUsed": used,
            "marginAvailable": available,
            "positionValue": value,
            "marginCloseoutUnrealizedPL": unrealised,
            "marginCloseoutNAV": worth,
            "marginCloseoutMarginUsed": used,
            "marginCloseoutPercent": _share(used / 2, worth),
            "marginCloseoutPositionValue": value,
            "withdrawalLimit": min(available, amount(book.balance)),
            "marginCallMarginUsed": used,
            "marginCallPercent": _share(used, worth),
        }

    def changes(self, since_id: int) -> Fields:
        """What changed after a transaction, and the state of what depends on prices."""
        return {"changes": self._changed(since_id), "state": self.state()}

    def state(self) -> Fields:
        """AccountChangesState."""
        book, valuation = self._book, self._valuation
        trades: list[Value] = [
            {
                "id": str(trade.id),
                "unrealizedPL": valuation.unrealised(trade.held),
                "marginUsed": valuation.margin(trade.instrument, trade.units),
            }
            for trade in book.open_trades()
        ]
        return {
            **self.figures(),
            "orders": tuple(self._dynamic(order) for order in book.pending_orders()),
            "trades": tuple(trades),
            "positions": tuple(
                self._position_state(name) for name in sorted({side.instrument for side in book.held()})
            ),
        }

    def _position_state(self, name: str) -> Fields:
        held = self._book.held(name)
        sides = [self._valuation.total_unrealised(side for side in held if side.sign == sign) for sign in (1, -1)]
        return {
            "instrument": name,
            "netUnrealizedPL": sides[0] + sides[1],
            "longUnrealizedPL": sides[0],
            "shortUnrealizedPL": sides[1],
            "marginUsed": self._valuation.margin_used(held),
        }

    def _changed(self, since_id: int) -> Fields:
        book = self._book
        made = book.transactions[since_id:]
        created = [one.id for one in made if one.type in CREATES]
        ended = {
            kind: [int(text(one.fields, "orderID")) for one in made if one.type == kind]
            for kind in ("ORDER_FILL", "ORDER_CANCEL")
        }
        fills = [one for one in made if one.type == "ORDER_FILL"]
        opened = [one.id for one in fills if "tradeOpened" in one.fields]
        closed = [int(text(part, "tradeID")) for one in fills for part in each(one.fields, "tradesClosed")]
        reduced = [int(text(part, "tradeID")) for one in fills if (part := nested(one.fields, "tradeReduced"))]
        names = {text(one.fields, "instrument") for one in fills}
        return {
            "ordersCreated": self._orders(created),
            "ordersCancelled": self._orders(ended["ORDER_CANCEL"]),
            "ordersFilled": self._orders(ended["ORDER_FILL"]),
            "ordersTriggered": (),
            "tradesOpened": self._trades(opened),
            "tradesReduced": self._trades(reduced),
            "tradesClosed": self._trades(closed),
            "positions": tuple(self.position(name) for name in sorted(names)),
            "transactions": tuple(one.all_fields() for one in made),
        }

    def _orders(self, numbers: Iterable[int]) -> tuple[Fields, ...]:
        return tuple(self.order(self._book.orders[number]) for number in dict.fromkeys(numbers))

    def _trades(self, numbers: Iterable[int]) -> tuple[Fields, ...]:
        return tuple(self.trade(self._book.trades[number], is_summary=True) for number in dict.fromkeys(numbers))


def _filled(order: Order) -> Fields:
    fields: dict[str, Value] = {
        "fillingTransactionID": str(order.filling_id),
        "filledTime": Instant(order.filled_ns or 0),
    }
    if order.opened_id is not None:
        fields["tradeOpenedID"] = str(order.opened_id)
    if order.reduced_id is not None:
        fields["tradeReducedID"] = str(order.reduced_id)
    if order.closed_ids:
        fields["tradeClosedIDs"] = tuple(map(str, order.closed_ids))
    return fields


def _closed(trade: Trade) -> Decimal:
    return abs(trade.initial_units) - abs(trade.units)


def _totals(realised: Decimal, financing: Decimal) -> Fields:
    return {
        "pl": amount(realised),
        "resettablePL": amount(realised),
        "financing": amount(financing),
        "guaranteedExecutionFees": amount(ZERO),
        "dividendAdjustment": amount(ZERO),
    }


def _share(part: Decimal, whole: Decimal) -> Decimal:
    """A ratio with 5 decimals; 1 where nothing is left to be a part of."""
    if not part:
        return ZERO.quantize(_SHARE)
    return (part / whole).quantize(_SHARE, rounding=ROUND_HALF_EVEN) if whole > CENT_OF_CENT else Decimal(1)
