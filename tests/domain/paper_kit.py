"""A paper account at a scripted market: commands and settling in one place, and short words for prices and times."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rickctl.domain import events as ledger_events
from rickctl.domain import paper
from rickctl.domain.account import AccountConfig, AccountState
from rickctl.domain.conversion import Rates
from rickctl.domain.events import OrderFilled
from rickctl.domain.instants import SECOND_NS, parse_instant
from rickctl.domain.ledger import apply, fold
from rickctl.domain.orders import EntryType, OrderRequest, Side
from rickctl.domain.scope import DEFAULT_SCOPE
from rickctl.services.settle import settle

if TYPE_CHECKING:
    from rickctl.domain.events import Event
    from rickctl.domain.orders import OrderState
    from rickctl.domain.ports import Market

T0 = parse_instant("2026-11-18T10:00:00Z")
"""A Wednesday morning, everything open, on a whole minute."""

INSTANT = AccountConfig(latency_ns=0)
"""Terms without latency or costs."""


def at(seconds: int, extra_ns: int = 0) -> int:
    """An instant after T0."""
    return T0 + seconds * SECOND_NS + extra_ns


class Desk:
    """One account and everything that ever happened to it."""

    def __init__(self, market: Market, config: AccountConfig = INSTANT, *, at_ns: int = T0) -> None:
        self.market = market
        self.events: list[Event] = list(paper.open_account(config, DEFAULT_SCOPE, at_ns))
        self.state: AccountState = fold(self.events)

    def settle(self, until_ns: int) -> list[Event]:
        """Carry the account on; what happened."""
        settled = settle(self.state, self.market, until_ns)
        self.state = settled.state
        self.events += settled.events
        return list(settled.events)

    def do(self, made: tuple[Event, ...]) -> None:
        """Book what a command made."""
        for event in made:
            self.state = apply(self.state, event)
        self.events += made

    def order(
        self,
        number: int,
        side: Side = Side.BUY,
        units: str = "1000",
        *,
        limit: str | None = None,
        stop: str | None = None,
        sl: str | None = None,
        tp: str | None = None,
        trailing: str | None = None,
        expires_ns: int | None = None,
        symbol: str = "EUR_USD",
        at_ns: int | None = None,
    ) -> None:
        """Settle to the instant (the last one if none is given) and send an entry."""
        entry = EntryType.LIMIT if limit else EntryType.STOP if stop else EntryType.MARKET
        request = OrderRequest(
            scope=DEFAULT_SCOPE,
            symbol=symbol,
            side=side,
            units=Decimal(units),
            entry=entry,
            price=price(limit or stop),
            stop_loss=price(sl),
            take_profit=price(tp),
            trailing=price(trailing),
            expires_ns=expires_ns,
        )
        sent_ns = self._settled_to(at_ns)
        instrument = self.market.instruments[symbol]
        self.do(paper.accept_order(self.state, request, instrument, number=number, sent_ns=sent_ns))

    def close(
        self,
        number: int,
        *,
        symbol: str | None = None,
        trade: int | None = None,
        units: str | None = None,
        at_ns: int | None = None,
    ) -> None:
        """Settle to the instant and send a reduce-only order."""
        sent_ns = self._settled_to(at_ns)
        made = paper.accept_close(
            self.state, number=number, sent_ns=sent_ns, symbol=symbol, trade=trade, units=price(units)
        )
        self.do(made)

    def cancel(self, number: int, *, at_ns: int | None = None, ended: OrderState | None = None) -> None:
        """Settle to the instant and cancel."""
        now_ns = self._settled_to(at_ns)
        self.do(paper.cancel_order(self.state, number, at_ns=now_ns, ended=ended))

    def modify(
        self,
        number: int,
        *,
        at_ns: int | None = None,
        limit: str | None = None,
        units: str | None = None,
        sl: str | None = None,
        tp: str | None = None,
        trailing: str | None = None,
        expires_ns: int | None = None,
    ) -> None:
        """Settle to the instant and change the terms."""
        now_ns = self._settled_to(at_ns)
        held = self.state.order(number) or self.state.trade(number)
        instrument = self.market.instruments["EUR_USD" if held is None else held.symbol]
        made = paper.modify_order(
            self.state,
            number,
            instrument,
            at_ns=now_ns,
            price=price(limit),
            units=price(units),
            stop_loss=price(sl),
            take_profit=price(tp),
            trailing=price(trailing),
            expires_ns=expires_ns,
        )
        self.do(made)

    def deposit(self, amount: str, *, at_ns: int | None = None) -> None:
        """Settle to the instant and move cash."""
        now_ns = self._settled_to(at_ns)
        self.do(paper.deposit(self.state, Decimal(amount), at_ns=now_ns))

    def reset(self) -> None:
        """Begin again."""
        self.do(paper.reset(self.state, at_ns=self.state.checkpoint_ns))

    def rates(self) -> Rates:
        """Prices at the checkpoint."""
        return Rates(self.market, self.state.checkpoint_ns)

    def fills(self) -> list[OrderFilled]:
        """Every fill so far."""
        return [event for event in self.events if isinstance(event, OrderFilled)]

    def told(self) -> list[str]:
        """Fills as `number leg units @ price`, endings as `number word`, in order; the rest left out."""
        return [line for event in self.events if (line := _line(event)) is not None]

    def written(self) -> list[object]:
        """Every event as JSON."""
        return [ledger_events.to_json(event) for event in self.events]

    def _settled_to(self, at_ns: int | None) -> int:
        now_ns = self.state.checkpoint_ns if at_ns is None else at_ns
        self.settle(now_ns)
        return now_ns


def price(text: str | None) -> Decimal | None:
    """A decimal, or None."""
    return None if text is None else Decimal(text)


def _line(event: Event) -> str | None:
    name = ledger_events.name_of(event)
    if isinstance(event, OrderFilled):
        return f"{event.number} {event.leg.value} {event.units:f} @ {event.price:f}"
    if isinstance(event, ledger_events.OrderCancelled):
        return f"{event.number} cancelled {event.reason.value}"
    if isinstance(event, ledger_events.OrderExpired):
        return f"{event.number} expired"
    if isinstance(event, ledger_events.StopTrailed):
        return f"{event.number} trailed {event.trailed:f}"
    if isinstance(event, ledger_events.OrderTriggered):
        return f"{event.number} triggered {event.leg.value}"
    return f"{name} {event.equity:f}" if isinstance(event, ledger_events.EquityMarked) else None
