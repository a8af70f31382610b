"""What became of orders, from intents and ledger together; reads only, decides nothing."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.errors import OrderRejected, UsageError
from rickctl.domain.events import Event, OrderAccepted, concerns, from_json
from rickctl.domain.history import order_view
from rickctl.domain.orders import IntentState, OrderState, Side
from rickctl.domain.records import IntentKind
from rickctl.domain.sizing import fees_of, net_result_at
from rickctl.services.stored import read_measured, read_quotes, read_request, read_target, read_told, read_verdicts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from rickctl.domain.history import OrderView
    from rickctl.domain.market import Instrument
    from rickctl.domain.models import Commission
    from rickctl.domain.orders import OrderRequest, Verdict
    from rickctl.domain.quality import Quality
    from rickctl.domain.records import IntentRow
    from rickctl.domain.scope import Scope
    from rickctl.domain.state import StateReads
    from rickctl.services.desk import Desk, Held
    from rickctl.services.stored import Measured, Told

_ZERO = Decimal(0)
_FIRST_PIECE = 250
_WITHOUT_ANSWER = frozenset({IntentState.INTENT, IntentState.SENT, IntentState.UNKNOWN})


class OrderReport(NamedTuple):
    """One order as it stands: what was asked, what was filled at what average, what its exits are now.

    `request` is what was asked, `told` what was said to it where no rule was asked. `units` and `price` are the terms
    as last modified, None where they were never worked out. `entry` is the price exits are
    measured from, `risk` and `reward` what they bring there in account currency, `initial_risk` what the first stop
    would have, all three after commission; `fees_expected` is that commission, in and out at the stop (at the entry
    price where there is none). `realised` and `fees` are in account currency so far, `exit_fees`
    what other orders paid to close its trade; `closed_by` is the leg that closed its trade, `reason` why it ended
    without a fill.
    """

    row: IntentRow
    request: OrderRequest
    instrument: Instrument
    verdicts: tuple[Verdict, ...]
    told: Told | None
    state: OrderState
    units: Decimal | None
    price: Decimal | None
    filled_units: Decimal
    open_units: Decimal
    average_price: Decimal | None
    stop_loss: Decimal | None
    take_profit: Decimal | None
    trailing: Decimal | None
    expires_ns: int | None
    entry: Decimal | None
    risk: Decimal | None
    reward: Decimal | None
    initial_risk: Decimal | None
    fees_expected: Decimal | None
    quality: Quality | None
    realised: Decimal
    fees: Decimal
    exit_fees: Decimal
    closed_by: str | None
    reason: str | None
    events: tuple[Event, ...]
    now_ns: int
    currency: str


def report_order(desk: Desk, held: Held, number: int) -> OrderReport:
    """One order of the desk's account. Raises UsageError where there is none of that number."""
    row = desk.reads.intent(desk.scope, number)
    if row is None:
        message = f"account {desk.scope} has no order {number}"
        raise UsageError(message, code="unknown_order", hint=f"rickctl order list --account {desk.scope.account}")
    if row.kind in _ABOUT_ANOTHER:
        raise _about_another(row)
    return _report(row, desk, held, _about(row, all_events(desk, held)))


_ABOUT_ANOTHER = {IntentKind.CANCEL: "the cancel", IntentKind.MODIFY: "a change"}


def _about_another(row: IntentRow) -> UsageError:
    """What stands under a number that is no order's own."""
    target = read_target(row.request)
    said_no = [verdict.detail or verdict.name for verdict in read_verdicts(row.verdicts) if not verdict.passed]
    told = ": ".join([row.state.value, "; ".join(said_no)] if said_no else [row.state.value])
    message = f"{row.number} is {_ABOUT_ANOTHER[row.kind]} of order {target}, {told}"
    return UsageError(message, code="unknown_order", hint=f"rickctl order show {target}")


def newest_first(reads: StateReads, scope: Scope) -> Iterator[IntentRow]:
    """The account's intents in growing pieces: most questions end with the newest, and there may be very many."""
    asked, last = _FIRST_PIECE, None
    while True:
        rows = reads.intents(scope, limit=asked)
        yield from (row for row in rows if last is None or row.number < last)
        if len(rows) < asked:
            return
        asked, last = asked * 4, rows[-1].number


def report_orders(desk: Desk, held: Held, states: Collection[OrderState] | None, limit: int) -> list[OrderReport]:
    """The newest orders of the account that are in one of `states` (None: any), newest first."""
    events = all_events(desk, held)
    found: list[OrderReport] = []
    for row in newest_first(desk.reads, desk.scope):
        if row.kind is not IntentKind.ENTRY and row.kind is not IntentKind.CLOSE:
            continue
        mine = _about(row, events)
        report = _report(row, desk, held, mine)
        if states is None or report.state in states:
            found.append(report)
        if len(found) >= limit:
            break
    return found


def _about(row: IntentRow, events: Sequence[Event]) -> tuple[Event, ...]:
    return tuple(event for event in events if concerns(event, _ledger_number(row, events)))


def _ledger_number(row: IntentRow, events: Sequence[Event]) -> int:
    """The number the ledger has the order under: a broker that takes no client id for a close knows it by its own."""
    venue_id = str(json.loads(row.outcome or "{}").get("broker_order_id", ""))
    if row.kind is not IntentKind.CLOSE or not venue_id.isdecimal():
        return row.number
    own, foreign = row.number, -int(venue_id)
    return foreign if any(isinstance(event, OrderAccepted) and event.number == foreign for event in events) else own


def all_events(desk: Desk, held: Held) -> list[Event]:
    """Every event of the account, saved or not, oldest first."""
    saved = [from_json(json.loads(row.body)) for row in desk.reads.ledger(desk.scope)]
    return [*saved, *(event for event in held.events if event.n > len(saved))]


def raise_if_cancelled(report: OrderReport) -> OrderReport:
    """The report, unless the venue cancelled the order before any of it filled. Raises OrderRejected."""
    if report.state is OrderState.CANCELLED and not report.filled_units and report.reason != "client":
        message = f"order {report.row.number} was cancelled by the broker: {(report.reason or '').replace('_', ' ')}"
        code = report.reason or "cancelled"
        raise OrderRejected(message, code=code, order=report.row.number, venue_code=code.upper())
    return report


def _report(row: IntentRow, desk: Desk, held: Held, events: tuple[Event, ...]) -> OrderReport:
    request, measured = read_request(row.request), read_measured(row.request)
    view = order_view(events, _ledger_number(row, events))
    terms = view.order if view else request
    stop = view.stop_loss if view else request.stop_loss
    filled = view.filled if view else _ZERO
    entry = (view.average_price if view else None) or terms.price or _touch(row, request.side)
    units, commission = filled or terms.units, held.account.config.commission
    state, reason = _standing(row, view)
    return OrderReport(
        row=row,
        request=request,
        instrument=desk.market.instruments[row.symbol],
        verdicts=read_verdicts(row.verdicts),
        told=read_told(row.request),
        state=state,
        units=terms.units or None,
        price=terms.price,
        filled_units=filled,
        open_units=view.open_units if view else _ZERO,
        average_price=view.average_price if view else None,
        stop_loss=stop,
        take_profit=terms.take_profit,
        trailing=terms.trailing,
        expires_ns=terms.expires_ns,
        entry=entry,
        risk=_result(request, measured, entry, stop, units, commission),
        reward=_result(request, measured, entry, terms.take_profit, units, commission),
        initial_risk=_result(request, measured, entry, request.stop_loss, units, commission),
        fees_expected=_fees(measured, entry, stop or entry, units, commission),
        quality=measured.quality if measured else None,
        realised=view.realised if view else _ZERO,
        fees=view.fees if view else _ZERO,
        exit_fees=view.exit_fees if view else _ZERO,
        closed_by=view.closed_by.value if view and view.closed_by else None,
        reason=reason,
        events=events,
        now_ns=held.now_ns,
        currency=held.account.config.currency,
    )


def _touch(row: IntentRow, side: Side) -> Decimal | None:
    quotes = read_quotes(row.quotes)
    if not quotes:
        return None
    return quotes[0].ask if side is Side.BUY else quotes[0].bid


def _result(
    request: OrderRequest,
    measured: Measured | None,
    entry: Decimal | None,
    price: Decimal | None,
    units: Decimal,
    commission: Commission,
) -> Decimal | None:
    """What the order brings if it ends at `price`, fees and the rate of the gate counted; None where unknown."""
    if measured is None or measured.quote_to_account is None or entry is None or price is None:
        return None
    return net_result_at(request.side, units, entry, price, measured.quote_to_account, commission)


def _fees(
    measured: Measured | None, entry: Decimal | None, price: Decimal | None, units: Decimal, commission: Commission
) -> Decimal | None:
    """What getting in and out at `price` costs, at the rate of the gate; None where that cannot be said."""
    if measured is None or measured.quote_to_account is None or entry is None or price is None:
        return None
    return fees_of(commission, units, entry, price, measured.quote_to_account)


def _standing(row: IntentRow, view: OrderView | None) -> tuple[OrderState, str | None]:
    """Where the order stands, from the ledger where the broker has it, else from its intent."""
    if row.state is IntentState.ACCEPTED:
        if view is None:
            return OrderState.WORKING, None
        return view.state, view.reason.value if view.reason else None
    if row.state is IntentState.ABANDONED:
        return OrderState.CANCELLED, "never_sent"
    if row.state in _WITHOUT_ANSWER:
        return OrderState.UNKNOWN, None
    return OrderState(row.state.value), row.error
