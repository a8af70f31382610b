"""One OANDA account as a ledger of ours: how it is met, what is new since, where its orders go; holds no rule."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from rickctl.adapters.oanda.execution import OandaExecution
from rickctl.adapters.oanda.record import OutOfStepError, Record, amount, instant_ns, reading
from rickctl.domain.errors import SetupError, Unreachable
from rickctl.domain.events import AccountCreated, AccountReset
from rickctl.domain.ledger import apply, fold
from rickctl.domain.ports import Market, News
from rickctl.domain.records import AccountKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from rickctl.adapters.oanda.execution import Calls
    from rickctl.domain.account import AccountConfig, AccountState
    from rickctl.domain.ports import Execution
    from rickctl.domain.scope import Scope

_ENTRY_TYPES = frozenset({"MARKET", "LIMIT", "STOP", "MARKET_IF_TOUCHED"})
_EXIT_NAMES = {"TAKE_PROFIT": "takeProfit", "STOP_LOSS": "stopLoss", "TRAILING_STOP_LOSS": "trailingStopLoss"}


class Prices(Market, Protocol):
    """A market that can be told which symbols will be asked for, so that one call brings them all."""

    def expect(self, symbols: Collection[str]) -> None:
        """These will be asked for."""
        ...


class OandaVenue:
    """One account; client ids beginning with `own_prefix` are ours and end in our number."""

    def __init__(self, scope: Scope, account: str, calls: Calls, market: Prices, own_prefix: str) -> None:
        self._scope = scope
        self._account = account
        self._calls = calls
        self._market = market
        self._own_prefix = own_prefix
        self._base = f"/accounts/{quote(account, safe='')}"
        self._execution = OandaExecution(calls, account, lambda: market.instruments, self._number_of)

    @property
    def market(self) -> Market:
        """Its prices."""
        return self._market

    @property
    def execution(self) -> Execution:
        """Where its orders go."""
        return self._execution

    def prepare(self) -> None:
        """Load what builds a write: it takes longer than many an answer."""
        self._calls.prepare()

    def meet(self, opening: AccountConfig, now_ns: int) -> News:
        """The account as OANDA has it now, whoever made its orders and trades. Raises Unreachable, SetupError."""
        with reading("account"):
            return self._met(self._whole(), opening, now_ns)

    def _met(self, body: Mapping[str, Any], opening: AccountConfig, now_ns: int) -> News:
        times = [order["createTime"] for order in body["orders"]] + [trade["openTime"] for trade in body["trades"]]
        created = AccountCreated(
            n=1,
            at_ns=min([now_ns, *(instant_ns(time) for time in times)]),
            scope=self._scope,
            config=replace(
                opening,
                kind=AccountKind.MARGIN,
                currency=str(body["currency"]),
                balance=amount(body["balance"]),
                source=self._market.source,
                latency_ns=0,
            ),
        )
        record = self._record(fold([created]))
        self._seed(record, body)
        return self._told(News((created, *record.events), amount(body["NAV"])), record.account)

    def news(self, account: AccountState, now_ns: int) -> News:
        """What OANDA's transactions say happened since. Raises Unreachable, SetupError."""
        del now_ns
        with reading("record"):
            try:
                return self._since(account)
            except OutOfStepError:
                return self._anew(account)

    def _since(self, account: AccountState) -> News:
        answer = self._calls.get(f"{self._base}/changes", {"sinceTransactionID": account.mark or "0"})
        transactions = _new_ones(answer["changes"]["transactions"], account.mark)
        for body in transactions:
            if body.get("accountID", self._account) != self._account:
                message = f"OANDA answered with a transaction of another account than {self._scope}"
                raise SetupError(message, code="wrong_account", hint="rickctl whoami --check")
        record = self._record(account)
        record.read(transactions)
        if any(trade.trailing is not None for trade in record.account.trades):
            record.trail(self._calls.get(f"{self._base}/openTrades")["trades"])
        # Not the last one there is: one of which this answer says nothing is still to be told.
        record.finish(str(transactions[-1]["id"]) if transactions else account.mark or "0")
        return self._told(News(record.events, amount(answer["state"]["NAV"])), record.account)

    def _anew(self, account: AccountState) -> News:
        """Start over from what OANDA has now: its record speaks of what this ledger never saw."""
        body = self._whole()
        reset = AccountReset(n=account.n + 1, at_ns=account.checkpoint_ns, balance=amount(body["balance"]))
        record = self._record(apply(account, reset))
        self._seed(record, body)
        return self._told(News((reset, *record.events), amount(body["NAV"])), record.account)

    def _whole(self) -> Mapping[str, Any]:
        """Everything of the account. Raises SetupError for one whose positions are not netted."""
        body: Mapping[str, Any] = self._calls.get(self._base)["account"]
        if body.get("hedgingEnabled"):
            message = f"{self._scope} hedges: it can hold both sides of a symbol, which rickctl does not trade"
            raise SetupError(message, code="hedging_account", hint="use an account without hedging")
        return body

    def _seed(self, record: Record, body: Mapping[str, Any]) -> None:
        """Open trades and working orders as if they had just been made, each at its own time."""
        exits: dict[str, dict[str, Any]] = {}
        found: list[Mapping[str, Any]] = []
        for order in body["orders"]:
            kind = str(order["type"])
            if kind in _ENTRY_TYPES:
                found.append({**order, "type": f"{kind}_ORDER", "time": order["createTime"]})
            elif "tradeID" in order:
                exits.setdefault(str(order["tradeID"]), {})[kind] = order
        for trade in body["trades"]:
            found += _as_made(trade, exits.get(str(trade["id"]), {}), str(body["balance"]))
        record.read(sorted(found, key=lambda made: instant_ns(made["time"])))
        record.trail(
            {"id": trade, "trailingStopLossOrder": made["TRAILING_STOP_LOSS"]}
            for trade, made in exits.items()
            if "TRAILING_STOP_LOSS" in made
        )
        record.finish(str(body["lastTransactionID"]))

    def _record(self, account: AccountState) -> Record:
        return Record(account, self._number_of, self._look_up)

    def _look_up(self, order_id: str) -> Mapping[str, Any]:
        found = self._calls.get(f"{self._base}/orders/{quote(order_id, safe='')}").get("order")
        if not isinstance(found, dict):
            message = f"OANDA has no order {order_id}"
            raise Unreachable(message, code="bad_answer")
        return found

    def _told(self, news: News, account: AccountState) -> News:
        """The news, and the market told which symbols will be asked for next."""
        self._market.expect({*(held.symbol for held in account.trades), *(held.symbol for held in account.orders)})
        return news

    def _number_of(self, client_order_id: str) -> int | None:
        """Our number in a client id of this database and account; None for anybody else's."""
        rest = client_order_id.removeprefix(self._own_prefix)
        is_ours = rest != client_order_id and rest.isascii() and rest.isdecimal()
        return int(rest) if is_ours else None


def _new_ones(transactions: Iterable[Mapping[str, Any]], mark: str | None) -> list[Mapping[str, Any]]:
    """Those after `mark`, each once, oldest first: an answer from behind is no news, and nothing counts twice."""
    found = {int(body["id"]): body for body in transactions}
    return [found[number] for number in sorted(found) if number > int(mark or 0)]


def _as_made(trade: Mapping[str, Any], exits: Mapping[str, Any], balance: str) -> list[Mapping[str, Any]]:
    """An open trade as the order and the fill that would make it."""
    common = {"id": trade["id"], "time": trade["openTime"], "instrument": trade["instrument"]}
    units = trade["currentUnits"]
    order = {**common, "type": "MARKET_ORDER", "units": units, "clientExtensions": trade.get("clientExtensions")}
    order |= {f"{name}OnFill": exits[kind] for kind, name in _EXIT_NAMES.items() if kind in exits}
    fill = {
        **common,
        "type": "ORDER_FILL",
        "orderID": trade["id"],
        "reason": "MARKET_ORDER",
        "units": units,
        "tradeOpened": {"tradeID": trade["id"], "units": units, "price": trade["price"]},
        "accountBalance": balance,
    }
    return [order, fill]
