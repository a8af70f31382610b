"""Tells in plain English what became of an order and why; states only what the journal holds."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rickctl.domain.events import (
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderModified,
    OrderTriggered,
    OrderWorking,
    StopTrailed,
    to_json,
)
from rickctl.domain.instants import SECOND_NS, duration_text, rfc3339, to_datetime
from rickctl.domain.orders import OrderState
from rickctl.render.numbers import money_text, pips_text, price_text, units_text
from rickctl.render.orders import average_on_grid, order_record, quality_parts
from rickctl.render.view import Cell, Line, View, line

if TYPE_CHECKING:
    from rickctl.domain.events import Event
    from rickctl.services.explain import Explained
    from rickctl.services.report import OrderReport
    from rickctl.services.stored import Told

WHY_FIELDS = (
    "order",
    "mode",
    "broker",
    "account",
    "state",
    "text",
    "verdicts",
    "quality_parts",
    "quality_gap",
    "journal",
)
_OUTCOMES = {
    OrderState.REFUSED: "was refused by rickctl{on}, before anything was sent",
    OrderState.REJECTED: "was rejected by the broker{on}",
    OrderState.UNKNOWN: "was sent{on}, and nothing proves what became of it",
    OrderState.WORKING: "is working; it was placed{on}",
    OrderState.FILLED: "has filled; it was placed{on}",
    OrderState.CANCELLED: "was cancelled; it was placed{on}",
    OrderState.EXPIRED: "expired; it was placed{on}",
}
_LEGS = {
    "entry": "the entry",
    "close": "the close",
    "stop_loss": "the stop-loss",
    "trailing_stop": "the trailing stop",
    "take_profit": "the take-profit",
    "max_hold": "the maximum hold",
    "margin_closeout": "the margin closeout",
}


def why_view(explained: Explained) -> View:
    """One order explained, in sentences."""
    report = explained.report
    record = order_record(report)
    return View(
        records={
            **{name: record[name] for name in ("order", "mode", "broker", "account", "state")},
            "text": [text for text in _sentences(explained) if text],
            "verdicts": [verdict.record() for verdict in report.verdicts],
            "quality_parts": quality_parts(report.quality),
            "quality_gap": explained.quality_gap,
            "journal": {
                "records": [row.seq for row in explained.records],
                "intact": explained.is_intact,
                "charter_hash": report.row.charter_hash or None,
            },
        },
        blocks=lambda: [_shown(text, place) for place, text in enumerate(_sentences(explained))],
        fields=WHY_FIELDS,
        is_single=True,
    )


def _shown(text: str, place: int) -> Line:
    return line(Cell(text, "loud" if place == 0 else "dim" if text.startswith("  ✓") else "plain"))


def _sentences(explained: Explained) -> list[str]:
    return [
        _headline(explained),
        "",
        _request(explained),
        _price(explained),
        *_verdicts(explained),
        *_quality(explained),
        *_since(explained),
        _proof(explained),
    ]


def _headline(explained: Explained) -> str:
    report = explained.report
    outcome = _OUTCOMES[report.state].format(on=f" on {_day(report.row.created_ns)}")
    reason = f" ({report.reason.replace('_', ' ')})" if report.reason else ""
    return f"order {report.row.number} {outcome}{reason}."


def _day(at_ns: int) -> str:
    return to_datetime(at_ns).strftime("%a %d %b %Y %H:%M:%S UTC")


def _request(explained: Explained) -> str:
    report = explained.report
    request = report.request
    if report.told is not None and report.told.words:
        return _words(report, report.told)
    entry = "at market" if request.price is None else f"{request.entry.value} {price_text(request.price)}"
    exits = [
        f"{name} {price_text(price)} ({pips_text(abs(price - report.entry), report.instrument)} away)"
        for name, price in (("stop", request.stop_loss), ("target", request.take_profit))
        if price is not None and report.entry is not None
    ]
    carried = ", ".join(exits) or "no exits"
    how = "asked to close" if report.row.kind.value == "close" else f"asked to {request.side.value}"
    return f"You {how} {units_text(request.units)} {request.symbol} {entry} in {report.row.scope}, {carried}."


def _words(report: OrderReport, told: Told) -> str:
    """What was asked as it was typed: nothing of it was worked out."""
    said, symbol = told.words, report.request.symbol
    size = f"{said['units']} {symbol}" if said["units"] is not None else f"{symbol} for a risk of {said['risk']}"
    resting = ((name, said[name]) for name in ("limit", "stop_entry"))
    entry = "".join(f" {name.replace('_', '-')} {text}" for name, text in resting if text is not None) or " at market"
    names = {"stop_loss": "stop", "take_profit": "target", "trailing": "trailing by"}
    exits = ", ".join(f"{word} {said[name]}" for name, word in names.items() if said[name] is not None)
    return f"You asked to {report.request.side.value} {size}{entry} in {report.row.scope}, {exits or 'no exits'}."


def _price(explained: Explained) -> str:
    quote = explained.quote
    if quote is None:
        return "No price was asked for."
    age = duration_text(max(0, explained.report.row.created_ns - quote.asserted_ns))
    tradeable = "" if quote.tradeable else ", not tradeable"
    prices = f"{price_text(quote.bid)} / {price_text(quote.ask)}"
    return f"The price was {prices}, from {quote.source}, asserted {age} earlier{tradeable}."


def _verdicts(explained: Explained) -> list[str]:
    verdicts, told = explained.report.verdicts, explained.report.told
    if told is not None:
        return [f"No rule was asked: {told.message}."]
    said_no = [verdict for verdict in verdicts if not verdict.passed]
    if not said_no:
        return [f"All {len(verdicts)} rules that apply said yes."]
    count = "One rule" if len(said_no) == 1 else f"{len(said_no)} rules"
    lines = [f"{count} of {len(verdicts)} said no:"]
    return lines + [
        f"  · {verdict.rule} {verdict.name}: {verdict.detail or verdict.measured} (limit {verdict.limit})"
        for verdict in said_no
    ]


def _quality(explained: Explained) -> list[str]:
    quality, stated = explained.report.quality, explained.report.request.quality
    if quality is None:
        return []
    said = f"Quality is {quality.score}"
    if stated is not None:
        said = f"You stated a quality of {stated}; rickctl computes {quality.score}"
    lines = [f"{said} of 100:"]
    lines += [f"  {part.score:>3} × {part.weight:>2} %  {part.sentence}" for part in quality.parts]
    gap = explained.quality_gap
    if gap is not None and explained.is_gap_wide:
        lines.append(f"  ! the stated quality is {abs(gap)} {'above' if gap > 0 else 'below'} the computed one.")
    return lines


def _since(explained: Explained) -> list[str]:
    report = explained.report
    told = [text for event in report.events if (text := _told(event, explained))]
    if not told:
        return []
    lines = ["What happened since:", *(f"  {text}" for text in told)]
    result = f"{money_text(report.realised, report.currency)}{_in_r(report)}"
    if report.closed_by:
        lines.append(f"  It is closed, by {_LEGS[report.closed_by]}: {result}.")
    elif report.realised:
        lines.append(f"  It has brought {result} so far.")
    if report.open_units:
        lines.append(f"  {units_text(report.open_units)} {report.row.symbol} are still open.")
    return lines


def _in_r(report: OrderReport) -> str:
    """The result after the fees paid in units of the risk the order began with."""
    if not report.initial_risk:
        return ""
    fees = report.fees + report.exit_fees
    multiple = (report.realised - fees) / abs(report.initial_risk)
    after = " after fees" if fees else ""
    return f" ({'+' if multiple > 0 else ''}{multiple:.2f} R{after})".replace("-", "−")


def _told(event: Event, explained: Explained) -> str | None:
    at = rfc3339(event.at_ns - event.at_ns % (SECOND_NS // 1000))
    match event:
        case OrderAccepted():
            text = f"the broker took it; live {duration_text(event.live_ns - event.at_ns)} later"
        case OrderWorking():
            text = "it rests in the market"
        case OrderTriggered():
            text = f"{_LEGS[event.leg.value]} was hit and waits for a price"
        case OrderFilled():
            text = _filled(event, explained)
        case OrderModified():
            text = "changed: " + _changed(event)
        case StopTrailed():
            text = f"the trailing stop moved to {price_text(event.trailed)}"
        case OrderCancelled():
            text = f"cancelled: {event.reason.value.replace('_', ' ')}"
        case OrderExpired():
            text = "expired"
        case _:
            return None
    return f"{at}  {text}"


def _filled(event: OrderFilled, explained: Explained) -> str:
    instrument = explained.report.instrument
    price = price_text(average_on_grid(event.price, instrument))
    whose = "" if event.number == explained.report.row.number else f" of order {event.number}"
    text = f"{_LEGS[event.leg.value]}{whose}: {event.side.value} {units_text(event.units)} at {price}"
    pnl = sum((part.pnl_account for part in event.reduced), Decimal(0))
    result = f", {money_text(pnl, explained.report.currency)}" if event.reduced else ""
    left = f", {units_text(event.remaining)} still to fill" if event.remaining else ""
    return text + result + left


def _changed(event: OrderModified) -> str:
    hidden = {"event", "n", "at_ns", "number", "live_ns"}
    return ", ".join(
        f"{name.replace('_', ' ')} {value}" for name, value in to_json(event).items() if name not in hidden
    )


def _proof(explained: Explained) -> str:
    records = [row.seq for row in explained.records]
    span = f"records {records[0]}–{records[-1]}" if records[1:] else f"record {records[0]}" if records else "no records"
    chain = "chain intact" if explained.is_intact else "CHAIN BROKEN: rickctl journal verify"
    mark = explained.report.row.charter_hash[:6]
    charter = f"The charter in force was {mark}." if mark else "No charter could be used."
    return f"{charter} Journal {span}, {chain}."
