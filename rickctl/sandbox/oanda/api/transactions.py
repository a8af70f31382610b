"""What OANDA tells of an account's record: pages of it, ranges of it, what is new, and the stream of it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from rickctl.sandbox.oanda.api.accounts import with_last
from rickctl.sandbox.oanda.api.call import Answer, read_number, refuse, refuse_range
from rickctl.sandbox.oanda.api.newer import newer_transaction
from rickctl.sandbox.oanda.api.orders import missing
from rickctl.sandbox.oanda.api.pricing import HEARTBEAT_NS, line, open_stream
from rickctl.sandbox.oanda.records import Instant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rickctl.sandbox.http import Streamed
    from rickctl.sandbox.oanda.api.call import Call, Desk
    from rickctl.sandbox.oanda.records import Fields, Transaction, Value

_USUAL_PAGE = 100
_LARGEST_PAGE = 1000

_ORDERS = (
    "MARKET_ORDER",
    "LIMIT_ORDER",
    "STOP_ORDER",
    "MARKET_IF_TOUCHED_ORDER",
    "TAKE_PROFIT_ORDER",
    "STOP_LOSS_ORDER",
    "TRAILING_STOP_LOSS_ORDER",
)
_GROUPS = {
    "ORDER": (
        *_ORDERS,
        *(f"{name}_REJECT" for name in _ORDERS),
        "ORDER_FILL",
        "ORDER_CANCEL",
        "ORDER_CANCEL_REJECT",
        "ORDER_CLIENT_EXTENSIONS_MODIFY",
        "ORDER_CLIENT_EXTENSIONS_MODIFY_REJECT",
    ),
    "FUNDING": ("TRANSFER_FUNDS", "TRANSFER_FUNDS_REJECT"),
    "ADMIN": (
        "CREATE",
        "CLOSE",
        "REOPEN",
        "CLIENT_CONFIGURE",
        "CLIENT_CONFIGURE_REJECT",
        "MARGIN_CALL_ENTER",
        "MARGIN_CALL_EXTEND",
        "MARGIN_CALL_EXIT",
        "DELAYED_TRADE_CLOSURE",
        "DAILY_FINANCING",
        "RESET_RESETTABLE_PL",
    ),
}
"""Filters that stand for several types."""

_SINGLE = frozenset(name for names in _GROUPS.values() for name in names) | {
    "ONE_CANCELS_ALL_ORDER",
    "ONE_CANCELS_ALL_ORDER_REJECT",
    "ONE_CANCELS_ALL_ORDER_TRIGGERED",
    "TRADE_CLIENT_EXTENSIONS_MODIFY",
    "TRADE_CLIENT_EXTENSIONS_MODIFY_REJECT",
    "GUARANTEED_STOP_LOSS_ORDER",
    "GUARANTEED_STOP_LOSS_ORDER_REJECT",
    "DIVIDEND_ADJUSTMENT",
    "FIXED_PRICE_ORDER",
}


def list_pages(desk: Desk, call: Call) -> Answer:
    """How many transactions there are between two times, and where to read them a page at a time."""
    created = desk.exchange.transaction(call.account_id, 1)
    begun_ns = call.now_ns if created is None else created.time_ns
    from_ns, to_ns = call.instant("from"), call.instant("to")
    from_ns, to_ns = begun_ns if from_ns is None else from_ns, call.now_ns if to_ns is None else to_ns
    if from_ns > to_ns:
        refuse_range("from")
    size = call.whole("pageSize", lowest=1, highest=_LARGEST_PAGE) or _USUAL_PAGE
    names = call.words("type")
    wanted = _types(names)
    rows = [row for row in _all(desk, call) if from_ns <= row.time_ns <= to_ns]
    found = [row for row in rows if wanted is None or row.type in wanted]
    fields: dict[str, Value] = {"from": Instant(from_ns), "to": Instant(to_ns), "pageSize": size}
    if names is not None:
        fields["type"] = names
    fields["count"] = len(found)
    fields["pages"] = tuple(
        _page(desk, call, rows[start : start + size], names) for start in range(0, len(rows) if found else 0, size)
    )
    return with_last(desk, call, fields)


def get_transaction(desk: Desk, call: Call) -> Answer:
    """One transaction."""
    number = read_number(call.places["transactionID"])
    if number is None:
        refuse("transactionID")
    found = desk.exchange.transaction(call.account_id, number)
    if found is None:
        raise missing(desk, call, "transaction")
    return with_last(desk, call, {"transaction": newer_transaction(desk, found.all_fields())})


def get_range(desk: Desk, call: Call) -> Answer:
    """Transactions from one number to another, both counted."""
    first, last = call.number("from"), call.number("to")
    if first is None or last is None:
        refuse("from" if first is None else "to")
    if not 1 <= first <= last <= desk.exchange.last_id(call.account_id):
        refuse_range("from" if first < 1 or first > last else "to")
    return _told(desk, call, desk.exchange.transactions(call.account_id, first, last))


def get_since(desk: Desk, call: Call) -> Answer:
    """Every transaction after one; there is no largest number of them."""
    number = call.number("id")
    if number is None:
        refuse("id")
    newest = desk.exchange.last_id(call.account_id)
    if number > newest:
        refuse_range("id")
    return _told(desk, call, desk.exchange.transactions(call.account_id, number + 1, newest))


def stream_transactions(desk: Desk, call: Call) -> Streamed:
    """Transactions as they are made, with heartbeats that name the newest."""
    return open_stream(desk, call, TransactionStream(desk, call).poll)


class TransactionStream:
    """What one client has been told of."""

    def __init__(self, desk: Desk, call: Call) -> None:
        self._desk = desk
        self._call = call
        self._told = desk.exchange.last_id(call.account_id)
        self._beats_ns = call.now_ns

    def poll(self, now_ns: int) -> Sequence[bytes]:
        """The lines that are due; the first is a heartbeat, so the client knows where it stands."""
        exchange, account_id = self._desk.exchange, self._call.account_id
        newest = exchange.last_id(account_id)
        lines = []
        if newest > self._told:
            fresh = exchange.transactions(account_id, self._told + 1, newest)
            lines += [line(self._desk, self._call, newer_transaction(self._desk, one.all_fields())) for one in fresh]
            self._told = newest
        if now_ns >= self._beats_ns:
            self._beats_ns = now_ns + HEARTBEAT_NS
            beat: Fields = {"type": "HEARTBEAT", "lastTransactionID": str(newest), "time": Instant(now_ns)}
            lines.append(line(self._desk, self._call, beat))
        return lines


def _all(desk: Desk, call: Call) -> Sequence[Transaction]:
    return desk.exchange.transactions(call.account_id, 1, desk.exchange.last_id(call.account_id))


def _page(desk: Desk, call: Call, rows: Sequence[Transaction], names: Sequence[str] | None) -> str:
    asked: dict[str, object] = {"from": rows[0].id, "to": rows[-1].id}
    if names is not None:
        asked["type"] = ",".join(names)
    where = call.url(desk.settings, f"accounts/{call.account_id}/transactions/idrange")
    return f"{where}?{urlencode(asked)}"


def _types(names: Sequence[str] | None) -> frozenset[str] | None:
    """The types some filters let through; None for all. Raises Failure."""
    if names is None:
        return None
    found: set[str] = set()
    for name in names:
        if name not in _GROUPS and name not in _SINGLE:
            refuse("type")
        found.update(_GROUPS.get(name, (name,)))
    return frozenset(found)


def _told(desk: Desk, call: Call, rows: Sequence[Transaction]) -> Answer:
    wanted = _types(call.words("type"))
    told = tuple(newer_transaction(desk, row.all_fields()) for row in rows if wanted is None or row.type in wanted)
    return with_last(desk, call, {"transactions": told})
