"""The OANDA exchange: accounts, orders and trades over one market; synchronous, no clock, no socket, no rendering.

Every method that takes `now_ns` first settles all accounts through that instant, so a request meets what the market did
before it; the others answer as of the last settled instant. All raise NoAccount for an account that does not exist.
Bodies are OANDA's JSON objects as parsed: numbers as text, Decimal or int, never float; times as text in either format
or as Instant; unknown fields are ignored. A body that cannot be read at all raises BadRequest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from rickctl.domain.market import Instrument
    from rickctl.domain.ports import Market
    from rickctl.sandbox.oanda.records import Fields, Hints, Order, Outcome, Terms, Trade, Transaction, Value


class Exchange:
    """Accounts over one market. One process at a time; the caller holds the lock."""

    @classmethod
    def open(cls, folder: Path | None, market: Market, accounts: Iterable[Terms], now_ns: int) -> Exchange:
        """Accounts found in `folder` as they were, those of `accounts` it does not hold created at `now_ns`.

        None keeps everything in memory. Raises SetupError for a record that cannot be read.
        """
        raise NotImplementedError

    # time

    def advance(self, now_ns: int) -> tuple[Transaction, ...]:
        """Settle all accounts through `now_ns`; what the market did since, by account and id."""
        raise NotImplementedError

    # requests; `parts` of the outcome are named as in the answer's body

    def submit(
        self, account_id: str, order: Fields, request_id: str, now_ns: int, hints: Hints | None = None
    ) -> Outcome:
        """POST orders: order{Create,Fill,Cancel,Reissue,ReissueReject,Reject}Transaction."""
        raise NotImplementedError

    def replace(self, account_id: str, specifier: str, order: Fields, request_id: str, now_ns: int) -> Outcome:
        """PUT orders/{spec}: orderCancelTransaction, orderCreateTransaction, orderFillTransaction,
        replacingOrderCancelTransaction; orderRejectTransaction, orderCancelRejectTransaction (missing)."""
        raise NotImplementedError

    def cancel(self, account_id: str, specifier: str, request_id: str, now_ns: int) -> Outcome:
        """PUT orders/{spec}/cancel: orderCancelTransaction, orderCancelRejectTransaction (missing)."""
        raise NotImplementedError

    def set_order_extensions(
        self, account_id: str, specifier: str, body: Fields, request_id: str, now_ns: int
    ) -> Outcome:
        """PUT orders/{spec}/clientExtensions: orderClientExtensionsModify[Reject]Transaction."""
        raise NotImplementedError

    def set_trade_extensions(
        self, account_id: str, specifier: str, body: Fields, request_id: str, now_ns: int
    ) -> Outcome:
        """PUT trades/{spec}/clientExtensions: tradeClientExtensionsModify[Reject]Transaction."""
        raise NotImplementedError

    def close_trade(self, account_id: str, specifier: str, units: Value, request_id: str, now_ns: int) -> Outcome:
        """PUT trades/{spec}/close: orderCreateTransaction, orderFillTransaction or orderCancelTransaction;
        orderRejectTransaction. `units` is ALL or None for all of it, or a number above zero."""
        raise NotImplementedError

    def set_trade_orders(self, account_id: str, specifier: str, body: Fields, request_id: str, now_ns: int) -> Outcome:
        """PUT trades/{spec}/orders: takeProfit, stopLoss, trailingStopLoss; absent is left, None cancels, an object
        creates or replaces. Parts such as takeProfitOrder{Cancel,,Fill,CreatedCancel}Transaction."""
        raise NotImplementedError

    def close_position(self, account_id: str, instrument: str, body: Fields, request_id: str, now_ns: int) -> Outcome:
        """PUT positions/{instrument}/close with longUnits and shortUnits: {long,short}Order{Create,Fill,Cancel,Reject}
        Transaction. An instrument that does not exist raises BadRequest."""
        raise NotImplementedError

    def configure(self, account_id: str, body: Fields, request_id: str, now_ns: int) -> Outcome:
        """PATCH configuration with alias, marginRate: clientConfigure[Reject]Transaction."""
        raise NotImplementedError

    # reads

    @property
    def account_ids(self) -> tuple[str, ...]:
        """Every account, by id."""
        raise NotImplementedError

    def terms(self, account_id: str) -> Terms:
        """What the account was created as."""
        raise NotImplementedError

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """What can be traded, by OANDA's name."""
        raise NotImplementedError

    def settled_ns(self, account_id: str) -> int:
        """The instant the account stands at."""
        raise NotImplementedError

    def summary(self, account_id: str) -> Fields:
        """AccountSummary."""
        raise NotImplementedError

    def account(self, account_id: str) -> Fields:
        """Account: the summary with `trades`, `positions` and `orders`."""
        raise NotImplementedError

    def changes(self, account_id: str, since_id: int) -> Fields:
        """`changes` (AccountChanges after that transaction) and `state` (AccountChangesState)."""
        raise NotImplementedError

    def last_id(self, account_id: str) -> int:
        """The newest transaction."""
        raise NotImplementedError

    def transaction(self, account_id: str, number: int) -> Transaction | None:
        """One transaction, or None."""
        raise NotImplementedError

    def transactions(self, account_id: str, first: int, last: int) -> tuple[Transaction, ...]:
        """Those with ids from `first` to `last`, both counted."""
        raise NotImplementedError

    def orders(self, account_id: str) -> tuple[Order, ...]:
        """Every order there ever was, newest first."""
        raise NotImplementedError

    def pending_orders(self, account_id: str) -> tuple[Order, ...]:
        """Those that work, newest first."""
        raise NotImplementedError

    def order(self, account_id: str, specifier: str) -> Order | None:
        """By id, or `@` and the client's id (a pending one first, else the newest)."""
        raise NotImplementedError

    def trades(self, account_id: str) -> tuple[Trade, ...]:
        """Every trade there ever was, newest first."""
        raise NotImplementedError

    def open_trades(self, account_id: str) -> tuple[Trade, ...]:
        """Those with units left, newest first."""
        raise NotImplementedError

    def trade(self, account_id: str, specifier: str) -> Trade | None:
        """By id, or `@` and the client's id (an open one first, else the newest)."""
        raise NotImplementedError

    def order_fields(self, account_id: str, order: Order) -> Fields:
        """An Order of its type in full."""
        raise NotImplementedError

    def trade_fields(self, account_id: str, trade: Trade, *, is_summary: bool = False) -> Fields:
        """A Trade with its exits inside, or as TradeSummary with their ids."""
        raise NotImplementedError

    def positions(self, account_id: str) -> tuple[Fields, ...]:
        """A Position for every instrument ever traded, by name."""
        raise NotImplementedError

    def open_positions(self, account_id: str) -> tuple[Fields, ...]:
        """Those with units."""
        raise NotImplementedError

    def position(self, account_id: str, instrument: str) -> Fields | None:
        """One Position (flat if never traded); None for an instrument that does not exist."""
        raise NotImplementedError

    def home_factors(self, account_id: str, currency: str, at_ns: int) -> Fields | None:
        """HomeConversions of a currency: accountGain, accountLoss, positionValue, currency; None without a way."""
        raise NotImplementedError
