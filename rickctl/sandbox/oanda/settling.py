"""Carries an account over what its market did until an instant; no request, no clock.

At one instant, in this order: what finished bars reached, by instrument; expiries, by order; touches of the new price,
by instrument, stops that close before other orders and then by id; on whole UTC minutes the margin closeout; at 17:00
New York the day's financing of whatever is open. Asked often or rarely, the same happens. A closeout is looked for only
where the market has moved far enough to make it possible.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.hours import next_day_ns
from rickctl.domain.instants import MINUTE_NS
from rickctl.domain.market import Cursor, Phase
from rickctl.sandbox.oanda.batch import Batch
from rickctl.sandbox.oanda.creation import create
from rickctl.sandbox.oanda.fills import cancel
from rickctl.sandbox.oanda.legs import in_turn, ratchet, watch
from rickctl.sandbox.oanda.meeting import meet, meet_now
from rickctl.sandbox.oanda.records import ZERO, Instant, text
from rickctl.sandbox.oanda.valuation import Valuation, amount

if TYPE_CHECKING:
    from rickctl.domain.market import Step, Watch
    from rickctl.domain.ports import Market
    from rickctl.sandbox.oanda.book import Book
    from rickctl.sandbox.oanda.records import Order, Trade, Transaction, Value

_DAYS_A_YEAR = Decimal(365)
_RANGE, _EXPIRY, _POINT, _GRID, _DONE = range(5)
_FOREVER = 1 << 62


class _Due(NamedTuple):
    """Something to do: at an instant, in a rank, about an instrument or an order."""

    at_ns: int
    rank: int
    instrument: str = ""
    order: int = 0


class _Search(NamedTuple):
    watch: Watch
    until_ns: int
    step: Step | None


def settle(book: Book, market: Market, until_ns: int) -> list[Transaction]:
    """Everything the market did to the account through `until_ns`; nothing where it is settled already."""
    if until_ns <= book.settled_ns:
        return []
    if not book.pending and not book.open:
        book.settled_ns = until_ns
        return []
    run = _Run(book, market, until_ns)
    while run.advance():
        pass
    book.settled_ns = until_ns
    return run.made


class _Run:
    """One settlement in progress."""

    def __init__(self, book: Book, market: Market, until_ns: int) -> None:
        self.made: list[Transaction] = []
        self._book = book
        self._market = market
        self._until_ns = until_ns
        self._position = _Due(book.settled_ns, _DONE)
        self._cursors: dict[str, Cursor] = {}
        self._searches: dict[str, _Search] = {}
        self._guard_ns: int | None = None

    def advance(self) -> bool:
        """Do whatever comes next; False when nothing is left by the end."""
        expiry = self._next_expiry()
        step = self._next_step(min(expiry.at_ns, self._until_ns))
        dues = [expiry, self._next_grid(), _due(step) if step is not None else _Due(_FOREVER, _DONE)]
        due = min(dues)
        if due.at_ns > self._until_ns:
            return False
        self._position = due
        before = self._book.last_id
        if step is not None and due == _due(step):
            self._touch(step)
        elif due.rank == _EXPIRY:
            batch = Batch(self._book, due.at_ns)
            cancel(batch, self._book.orders[due.order], "TIME_IN_FORCE_EXPIRED")
            self.made += batch.made
        else:
            self._mark(due.at_ns)
        if self._book.last_id != before:
            self._guard_ns = None
        return True

    # orders

    def _next_expiry(self) -> _Due:
        found = [_Due(at_ns, _EXPIRY, "", one.id) for one in self._book.pending_orders() if (at_ns := expiry_ns(one))]
        return min(found, default=_Due(_FOREVER, _DONE))

    def _next_step(self, until_ns: int) -> Step | None:
        """The first step that touches an order, or moves a trailing stop."""
        found: Step | None = None
        by_name: dict[str, list[Order]] = {}
        for order in self._book.pending_orders():
            by_name.setdefault(order.instrument, []).append(order)
        for name, orders in by_name.items():
            wanted = watch(self._book, orders, self._market.instruments[name])
            step = self._search(name, wanted, until_ns)
            if step is not None and (found is None or _due(step) < _due(found)):
                found = step
        return found

    def _search(self, name: str, wanted: Watch, until_ns: int) -> Step | None:
        after = self._after(name)
        held = self._searches.get(name)
        if held is not None and held.watch == wanted:
            if held.step is not None and held.step.cursor > after:
                return held.step if held.step.at_ns <= until_ns else None
            if held.step is None and held.until_ns >= until_ns:
                return None
        step = self._market.next_step(name, wanted, after, until_ns)
        self._searches[name] = _Search(wanted, until_ns, step)
        return step

    def _after(self, name: str) -> Cursor:
        """The last step of the instrument that is behind us."""
        start = Cursor(self._book.settled_ns, Phase.POINT)
        behind = Cursor(self._position.at_ns - 1, Phase.POINT)
        return max(start, behind, self._cursors.get(name, start))

    def _touch(self, step: Step) -> None:
        """Let the step meet every order of its instrument; then the trailing stops follow it."""
        book = self._book
        self._cursors[step.symbol] = step.cursor
        valuation = Valuation(self._market, book, step.at_ns)
        for order in in_turn(book.pending_orders(step.symbol)):
            if order.id in book.pending:
                started = Batch(book, step.at_ns)
                meet(started, book.orders[order.id], step, valuation)
                self.made += started.made
        instrument = self._market.instruments[step.symbol]
        for order in book.pending_orders(step.symbol):
            if order.type == "TRAILING_STOP_LOSS":
                moved = ratchet(book, order, instrument, step)
                if moved is not order:
                    book.note(moved)

    # the grid

    def _next_grid(self) -> _Due:
        """The next minute the closeout is looked for, or the next day's beginning before that."""
        if not self._book.open:
            return _Due(_FOREVER, _DONE)
        at_ns = self._position.at_ns // MINUTE_NS * MINUTE_NS
        if (at_ns, _GRID) <= self._position[:2]:
            at_ns += MINUTE_NS
        day_ns = next_day_ns("fx", at_ns - 1)
        at_ns = self._next_open_minute(max(at_ns, self._guarded_ns(at_ns)))
        return _Due(min(at_ns, day_ns), _GRID)

    def _next_open_minute(self, at_ns: int) -> int:
        names = {held.instrument for held in self._book.held()}
        while at_ns <= self._until_ns:
            found = (self._market.next_open_ns(name, at_ns) for name in names)
            opens = min((open_ns for open_ns in found if open_ns is not None), default=_FOREVER)
            if opens <= at_ns:
                return at_ns
            at_ns = -(-opens // MINUTE_NS) * MINUTE_NS
        return _FOREVER

    def _guarded_ns(self, at_ns: int) -> int:
        """The first minute by which the market may have moved far enough for a closeout; `at_ns` where it is near."""
        if self._guard_ns is None or self._guard_ns < at_ns:
            self._guard_ns = self._guard(self._position.at_ns)
        return max(at_ns, self._guard_ns)

    def _guard(self, from_ns: int) -> int:
        guards = Valuation(self._market, self._book, from_ns).guards()
        if guards is None:
            return from_ns
        woken = self._until_ns + 1
        for name, moves in guards.items():
            step = self._market.next_step(name, moves, Cursor(from_ns, Phase.POINT), woken - 1)
            if step is not None:
                woken = min(woken, max(step.from_ns, from_ns))
        return woken // MINUTE_NS * MINUTE_NS

    def _mark(self, at_ns: int) -> None:
        if next_day_ns("fx", at_ns - 1) == at_ns:
            self._finance(at_ns)
        valuation = Valuation(self._market, self._book, at_ns)
        if self._book.open and valuation.is_closeout():
            self._close_out(valuation, at_ns)

    def _finance(self, at_ns: int) -> None:
        book, batch = self._book, Batch(self._book, at_ns)
        valuation = Valuation(self._market, book, at_ns)
        rate = book.terms.financing_rate / _DAYS_A_YEAR
        positions: dict[str, list[tuple[Trade, Decimal]]] = {}
        for trade in book.open_trades():
            paid = -amount(valuation.value(trade.instrument, trade.units) * rate) + ZERO
            positions.setdefault(trade.instrument, []).append((trade, paid))
        total = sum((paid for parts in positions.values() for _, paid in parts), amount(ZERO))
        fields: dict[str, Value] = {
            "financing": total,
            "accountBalance": amount(book.balance + total),
            "accountFinancingMode": "DAILY",
            "positionFinancings": tuple(
                {
                    "instrument": name,
                    "financing": sum((paid for _, paid in parts), amount(ZERO)),
                    "openTradeFinancings": tuple(
                        {"tradeID": str(trade.id), "financing": paid} for trade, paid in parts
                    ),
                }
                for name, parts in sorted(positions.items())
            ),
        }
        batch.add("DAILY_FINANCING", fields)
        self.made += batch.made

    def _close_out(self, valuation: Valuation, at_ns: int) -> None:
        """Net value is down to half the margin: every side whose market is open goes, at this price."""
        book = self._book
        for held in book.held():
            if not valuation.quote(held.instrument).tradeable:
                continue
            batch = Batch(book, at_ns)
            fields: dict[str, Value] = {
                "instrument": held.instrument,
                "units": -held.units,
                "timeInForce": "FOK",
                "positionFill": "REDUCE_ONLY",
                "marginCloseout": {"reason": "MARGIN_CHECK_VIOLATION"},
            }
            made = create(batch, "MARKET", fields, {"reason": "MARGIN_CLOSEOUT"}, valuation)
            meet_now(batch, book.orders[made.id], valuation)
            self.made += batch.made


def expiry_ns(order: Order) -> int | None:
    """When the order expires: its GTD instant, or 17:00 New York after a GFD was made; None for never."""
    kind = text(order.fields, "timeInForce")
    at = order.fields.get("gtdTime")
    if kind == "GTD" and isinstance(at, Instant):
        return int(at)
    return next_day_ns("fx", order.create_ns) if kind == "GFD" else None


def _due(step: Step) -> _Due:
    return _Due(step.at_ns, _POINT if step.phase == Phase.POINT else _RANGE, step.symbol)
