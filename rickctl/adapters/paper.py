"""The embedded paper broker behind the execution port; the account's own events decide, this only asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from rickctl.domain.account import Ended
from rickctl.domain.errors import OrderRejected, SetupError, UsageError
from rickctl.domain.events import OrderAccepted, OrderCancelled, OrderExpired, OrderFilled, OrderModified
from rickctl.domain.ids import order_number
from rickctl.domain.orders import OrderState
from rickctl.domain.paper import accept_close, accept_order, cancel_order, modify_order
from rickctl.domain.ports import Capabilities, Link, Submitted
from rickctl.domain.scope import Mode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rickctl.domain.account import AccountState
    from rickctl.domain.events import Event
    from rickctl.domain.market import Instrument
    from rickctl.domain.orders import Approved
    from rickctl.domain.ports import Changes, Close, Market, Venue
    from rickctl.domain.scope import Scope

    Maker = Callable[[AccountState, int], tuple[Event, ...]]

CAPABILITIES = Capabilities(
    attaches_exits=True,
    entries=("market", "limit", "stop"),
    trails_stops=True,
    holds_expiry=True,
    shorts=True,
    partial_fills=True,
    absence_is_proof=True,
)


class PaperBook(Protocol):
    """One paper account's ledger."""

    def write(self, make: Maker) -> int:
        """Settle, add the events `make` gives for (account, now), commit; returns the account's now. Acts once."""
        ...

    def history(self, number: int) -> Sequence[Event]:
        """Every event of one order."""
        ...


class PaperBroker:
    """Orders of one paper account."""

    def __init__(self, book: PaperBook, instruments: Mapping[str, Instrument]) -> None:
        self._book = book
        self._instruments = instruments

    @property
    def capabilities(self) -> Capabilities:
        """What the paper broker can do; a spot account has no shorts, which its own rules see to."""
        return CAPABILITIES

    def submit_order(self, approved: Approved) -> Submitted:
        """Take the order into the ledger, once however often it is asked."""
        known = self.find_order(approved.client_order_id)
        if known is not None:
            return known
        request, number = approved.request, order_number(approved.client_order_id)
        instrument = self._instruments[request.symbol]

        def accept(account: AccountState, now_ns: int) -> tuple[Event, ...]:
            return accept_order(account, request, instrument, number=number, sent_ns=now_ns)

        return Submitted(str(number), self._book.write(accept))

    def submit_close(self, close: Close) -> Submitted:
        """Take a reduce-only market order into the ledger, once however often it is asked."""
        known = self.find_order(close.client_order_id)
        if known is not None:
            return known
        number = order_number(close.client_order_id)
        instrument = self._instruments[close.symbol]

        def accept(account: AccountState, now_ns: int) -> tuple[Event, ...]:
            return accept_close(
                account,
                number=number,
                sent_ns=now_ns,
                symbol=close.symbol,
                trade=close.trade,
                units=close.units,
                instrument=instrument,
            )

        return Submitted(str(number), self._book.write(accept))

    def cancel_order(self, client_order_id: str) -> None:
        """Cancel what is not filled; nothing where it was cancelled or expired already."""
        number = order_number(client_order_id)
        try:
            self._cancel(number)
        except UsageError:
            if not self._book.history(number):
                raise
            # It ended on the way to this very write; that is saved first, then it can be told how.
            self._book.write(lambda _account, _now_ns: ())
            self._cancel(number)

    def _cancel(self, number: int) -> None:
        ended = _ended(self._book.history(number))
        self._book.write(lambda account, now_ns: cancel_order(account, number, at_ns=now_ns, ended=ended))

    def modify_order(self, client_order_id: str, changes: Changes) -> None:
        """Change a working order, or the exits of the trade it opened."""
        number = order_number(client_order_id)

        def modify(account: AccountState, now_ns: int) -> tuple[Event, ...]:
            held = account.order(number) or account.trade(number)
            if held is None:
                message = f"order {number} is neither working nor open"
                raise OrderRejected(message, code="not_working", hint=f"rickctl order show {number}")
            return modify_order(account, number, self._instruments[held.symbol], at_ns=now_ns, **changes._asdict())

        self._book.write(modify)

    def find_order(self, client_order_id: str) -> Submitted | None:
        """The order as the ledger has it, or None."""
        number = order_number(client_order_id)
        events = self._book.history(number)
        return Submitted(str(number), events[0].at_ns) if events else None

    def has_change(self, client_order_id: str, changes: Changes | None) -> bool:
        """Whether the ledger has the cancel we asked for, or these terms as the last ones."""
        history = self._book.history(order_number(client_order_id))
        if changes is None:
            return any(isinstance(event, OrderCancelled) and event.reason is Ended.CLIENT for event in history)
        wanted = {name: value for name, value in changes._asdict().items() if value is not None}
        terms: dict[str, object] = {}
        for event in history:
            if isinstance(event, OrderAccepted | OrderModified):
                terms |= {name: getattr(event, name) for name in wanted if getattr(event, name) is not None}
        return terms == wanted


def _ended(history: Sequence[Event]) -> OrderState | None:
    """How an order that no longer works came to its end."""
    for event in history:
        if isinstance(event, OrderCancelled):
            return OrderState.CANCELLED
        if isinstance(event, OrderExpired):
            return OrderState.EXPIRED
    return OrderState.FILLED if any(isinstance(event, OrderFilled) for event in history) else None


class Paper:
    """The embedded broker as `broker list` offers it; its accounts and their prices are this machine's own."""

    name = "paper"
    summary = "embedded, needs no account and no network"
    modes = (Mode.PAPER,)
    capabilities = CAPABILITIES

    def link(self) -> Link:
        """Always there."""
        return Link(is_up=True, detail="in this process", latency_ms="0")

    def market(self, mode: Mode, account: str) -> Market:
        """Refused: a paper account names its own price source."""
        message = f"{mode.value}:paper:{account} is priced by the source it was created with"
        raise SetupError(message, code="broker_broken")

    def venue(self, scope: Scope, store_id: str) -> Venue:
        """Refused: a paper account is kept here, not at a broker."""
        del store_id
        message = f"{scope} is kept by rickctl itself"
        raise SetupError(message, code="broker_broken")

    def close(self) -> None:
        """There is nothing to let go of."""
