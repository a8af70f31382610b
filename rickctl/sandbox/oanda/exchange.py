"""The OANDA exchange: accounts, orders and trades over one market; synchronous, no clock, no socket, no rendering.

Every method that takes `now_ns` first settles all accounts through that instant, so a request meets what the market did
before it; the others answer as of the last settled instant. All raise NoAccount for an account that does not exist.
Bodies are OANDA's JSON objects as parsed: numbers as text, Decimal or int, never float; times as text in either format
or as Instant; unknown fields are ignored. A body that cannot be read at all raises BadRequest.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from rickctl.sandbox.oanda import orders, trades
from rickctl.sandbox.oanda.batch import Batch
from rickctl.sandbox.oanda.log import Log
from rickctl.sandbox.oanda.records import NO_HINTS, NoAccount
from rickctl.sandbox.oanda.settling import settle
from rickctl.sandbox.oanda.valuation import FACTOR_INCREMENT, Valuation, amount, is_listed
from rickctl.sandbox.oanda.views import View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from rickctl.domain.market import Instrument
    from rickctl.domain.ports import Market
    from rickctl.sandbox.oanda.book import Book
    from rickctl.sandbox.oanda.records import Fields, Hints, Order, Outcome, Terms, Trade, Transaction, Value

_SUFFIX = ".jsonl"


class Exchange:
    """Accounts over one market. One process at a time; the caller holds the lock."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._books: dict[str, Book] = {}
        self._logs: dict[str, Log] = {}
        self._instruments = MappingProxyType(
            {name: instrument for name, instrument in market.instruments.items() if is_listed(name)}
        )

    @classmethod
    def open(cls, folder: Path | None, market: Market, accounts: Iterable[Terms], now_ns: int) -> Exchange:
        """Accounts found in `folder` as they were, those of `accounts` it does not hold created at `now_ns`.

        None keeps everything in memory. Raises SetupError for a record that cannot be read.
        """
        wanted = {terms.id: terms for terms in accounts}
        found = [] if folder is None or not folder.is_dir() else sorted(folder.glob(f"*{_SUFFIX}"))
        exchange = cls(market)
        for name in sorted({*wanted, *(path.name.removesuffix(_SUFFIX) for path in found)}):
            log = Log(None if folder is None else folder / f"{name}{_SUFFIX}")
            book = log.load(wanted.get(name))
            if book is None:
                continue
            exchange._books[book.terms.id], exchange._logs[book.terms.id] = book, log
            if not book.transactions:
                _found(book, now_ns)
                log.save(book)
        return exchange

    # time

    def advance(self, now_ns: int) -> tuple[Transaction, ...]:
        """Settle all accounts through `now_ns`; what the market did since, by account and id."""
        made = self._settle(now_ns)
        self._save()
        return made

    # requests; `parts` of the outcome are named as in the answer's body

    def submit(
        self, account_id: str, order: Fields, request_id: str, now_ns: int, hints: Hints | None = None
    ) -> Outcome:
        """POST orders: order{Create,Fill,Cancel,Reissue,ReissueReject,Reject}Transaction."""
        return self._ask(
            account_id, request_id, now_ns, lambda batch, now: orders.submit(batch, order, now, hints or NO_HINTS)
        )

    def replace(self, account_id: str, specifier: str, order: Fields, request_id: str, now_ns: int) -> Outcome:
        """PUT orders/{spec}: orderCancelTransaction, orderCreateTransaction, orderFillTransaction,
        replacingOrderCancelTransaction; orderRejectTransaction, orderCancelRejectTransaction (missing)."""
        return self._ask(
            account_id, request_id, now_ns, lambda batch, now: orders.replace_order(batch, specifier, order, now)
        )

    def cancel(self, account_id: str, specifier: str, request_id: str, now_ns: int) -> Outcome:
        """PUT orders/{spec}/cancel: orderCancelTransaction, orderCancelRejectTransaction (missing)."""
        return self._ask(account_id, request_id, now_ns, lambda batch, _: orders.cancel_order(batch, specifier))

    def set_order_extensions(
        self, account_id: str, specifier: str, body: Fields, request_id: str, now_ns: int
    ) -> Outcome:
        """PUT orders/{spec}/clientExtensions: orderClientExtensionsModify[Reject]Transaction."""
        return self._ask(account_id, request_id, now_ns, lambda batch, _: orders.rename_order(batch, specifier, body))

    def set_trade_extensions(
        self, account_id: str, specifier: str, body: Fields, request_id: str, now_ns: int
    ) -> Outcome:
        """PUT trades/{spec}/clientExtensions: tradeClientExtensionsModify[Reject]Transaction."""
        return self._ask(account_id, request_id, now_ns, lambda batch, _: trades.rename_trade(batch, specifier, body))

    def close_trade(self, account_id: str, specifier: str, units: Value, request_id: str, now_ns: int) -> Outcome:
        """PUT trades/{spec}/close: orderCreateTransaction, orderFillTransaction or orderCancelTransaction;
        orderRejectTransaction. `units` is ALL or None for all of it, or a number above zero."""
        return self._ask(
            account_id, request_id, now_ns, lambda batch, now: trades.close_trade(batch, specifier, units, now)
        )

    def set_trade_orders(self, account_id: str, specifier: str, body: Fields, request_id: str, now_ns: int) -> Outcome:
        """PUT trades/{spec}/orders: takeProfit, stopLoss, trailingStopLoss; absent is left, None cancels, an object
        creates or replaces. Parts such as takeProfitOrder{Cancel,,Fill,CreatedCancel}Transaction."""
        return self._ask(
            account_id, request_id, now_ns, lambda batch, now: trades.set_exits(batch, specifier, body, now)
        )

    def close_position(self, account_id: str, instrument: str, body: Fields, request_id: str, now_ns: int) -> Outcome:
        """PUT positions/{instrument}/close with longUnits and shortUnits: {long,short}Order{Create,Fill,Cancel,Reject}
        Transaction. An instrument that does not exist raises BadRequest."""
        return self._ask(
            account_id, request_id, now_ns, lambda batch, now: trades.close_position(batch, instrument, body, now)
        )

    def configure(self, account_id: str, body: Fields, request_id: str, now_ns: int) -> Outcome:
        """PATCH configuration with alias, marginRate: clientConfigure[Reject]Transaction."""
        return self._ask(account_id, request_id, now_ns, lambda batch, now: trades.configure(batch, body, now))

    # reads

    @property
    def account_ids(self) -> tuple[str, ...]:
        """Every account, by id."""
        return tuple(self._books)

    def terms(self, account_id: str) -> Terms:
        """What the account was created as."""
        return self._book(account_id).terms

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """What can be traded, by OANDA's name."""
        return self._instruments

    def settled_ns(self, account_id: str) -> int:
        """The instant the account stands at."""
        return self._book(account_id).settled_ns

    def summary(self, account_id: str) -> Fields:
        """AccountSummary."""
        return self._view(account_id).summary()

    def account(self, account_id: str) -> Fields:
        """Account: the summary with `trades`, `positions` and `orders`."""
        return self._view(account_id).account()

    def changes(self, account_id: str, since_id: int) -> Fields:
        """`changes` (AccountChanges after that transaction) and `state` (AccountChangesState)."""
        return self._view(account_id).changes(since_id)

    def last_id(self, account_id: str) -> int:
        """The newest transaction."""
        return self._book(account_id).last_id

    def transaction(self, account_id: str, number: int) -> Transaction | None:
        """One transaction, or None."""
        return next(iter(self.transactions(account_id, number, number)), None)

    def transactions(self, account_id: str, first: int, last: int) -> tuple[Transaction, ...]:
        """Those with ids from `first` to `last`, both counted."""
        return tuple(self._book(account_id).transactions[max(0, first - 1) : max(0, last)])

    def orders(self, account_id: str) -> tuple[Order, ...]:
        """Every order there ever was, newest first."""
        return tuple(reversed(self._book(account_id).orders.values()))

    def pending_orders(self, account_id: str) -> tuple[Order, ...]:
        """Those that work, newest first."""
        return tuple(reversed(self._book(account_id).pending_orders()))

    def order(self, account_id: str, specifier: str) -> Order | None:
        """By id, or `@` and the client's id (a pending one first, else the newest)."""
        return orders.find_order(self._book(account_id), specifier)

    def trades(self, account_id: str) -> tuple[Trade, ...]:
        """Every trade there ever was, newest first."""
        return tuple(reversed(self._book(account_id).trades.values()))

    def open_trades(self, account_id: str) -> tuple[Trade, ...]:
        """Those with units left, newest first."""
        return tuple(reversed(self._book(account_id).open_trades()))

    def trade(self, account_id: str, specifier: str) -> Trade | None:
        """By id, or `@` and the client's id (an open one first, else the newest)."""
        return trades.find_trade(self._book(account_id), specifier)

    def order_fields(self, account_id: str, order: Order) -> Fields:
        """An Order of its type in full."""
        return self._view(account_id).order(order)

    def trade_fields(self, account_id: str, trade: Trade, *, is_summary: bool = False) -> Fields:
        """A Trade with its exits inside, or as TradeSummary with their ids."""
        return self._view(account_id).trade(trade, is_summary=is_summary)

    def positions(self, account_id: str) -> tuple[Fields, ...]:
        """A Position for every instrument ever traded, by name."""
        return self._view(account_id).positions()

    def open_positions(self, account_id: str) -> tuple[Fields, ...]:
        """Those with units."""
        return self._view(account_id).positions(is_open=True)

    def position(self, account_id: str, instrument: str) -> Fields | None:
        """One Position (flat if never traded); None for an instrument that does not exist."""
        return self._view(account_id).position(instrument) if instrument in self._instruments else None

    def home_factors(self, account_id: str, currency: str, at_ns: int) -> Fields | None:
        """HomeConversions of a currency: accountGain, accountLoss, positionValue, currency; None without a way."""
        found = Valuation(self._market, self._book(account_id), at_ns).factors(currency)
        if found is None:
            return None
        gain, loss, middle = (way.rate.quantize(FACTOR_INCREMENT) for way in found)
        return {"currency": currency, "accountGain": gain, "accountLoss": loss, "positionValue": middle}

    # inside

    def _book(self, account_id: str) -> Book:
        book = self._books.get(account_id)
        if book is None:
            raise NoAccount(account_id)
        return book

    def _view(self, account_id: str) -> View:
        book = self._book(account_id)
        return View(self._market, book, book.settled_ns)

    def _ask(
        self, account_id: str, request_id: str, now_ns: int, act: Callable[[Batch, Valuation], Outcome]
    ) -> Outcome:
        """Settle everything, let the account act at that instant, and make it durable before it is answered."""
        book = self._book(account_id)
        self._settle(now_ns)
        batch = Batch(book, book.settled_ns, request_id)
        try:
            return act(batch, Valuation(self._market, book, book.settled_ns))
        finally:
            self._save()

    def _settle(self, now_ns: int) -> tuple[Transaction, ...]:
        return tuple(made for book in self._books.values() for made in settle(book, self._market, now_ns))

    def _save(self) -> None:
        for name, book in self._books.items():
            self._logs[name].save(book)


def _found(book: Book, now_ns: int) -> None:
    """The first transactions of an account: it is created, configured and funded."""
    terms = book.terms
    parts = [int(part) for part in terms.id.split("-") if part.isdigit()]
    site, division, user, number = parts if len(parts) == 4 else (101, 1, book.user_id, 1)  # noqa: PLR2004 - OANDA's form
    batch = Batch(book, now_ns)
    fields = {"divisionID": division, "siteID": site, "accountUserID": user, "accountNumber": number}
    batch.add("CREATE", {**fields, "homeCurrency": terms.currency})
    batch.add("CLIENT_CONFIGURE", {"alias": terms.alias, "marginRate": terms.margin_rate})
    funds = amount(terms.balance)
    batch.add("TRANSFER_FUNDS", {"amount": funds, "fundingReason": "CLIENT_FUNDING", "accountBalance": funds})
    book.settled_ns = now_ns
