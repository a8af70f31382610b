"""Shows orders: placed, listed, previewed, and their history; what happened leads, ids come last."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rickctl.domain.events import OrderFilled, name_of, to_json
from rickctl.domain.instants import duration_text, rfc3339
from rickctl.domain.money import ROUND_HALF_EVEN, quantise
from rickctl.domain.orders import OrderState
from rickctl.render.happenings import events_table
from rickctl.render.numbers import UNKNOWN, balance_text, clock_text, gain_cell, pips_text, price_text, units_text
from rickctl.render.records import decimal_or_none, scope_fields, time_or_none
from rickctl.render.view import Cell, Column, Line, Table, View, line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rickctl.domain.events import Event
    from rickctl.domain.market import Instrument
    from rickctl.domain.quality import Quality
    from rickctl.domain.scope import Scope
    from rickctl.render.view import Json
    from rickctl.services.recovery import Resolved
    from rickctl.services.report import OrderReport

ORDER_FIELDS = (
    "order", "symbol", "mode", "broker", "account", "kind", "state", "reason", "side", "units", "filled_units",
    "open_units", "entry", "price", "average_price", "stop_loss", "take_profit", "trailing", "expires_at", "timeframe",
    "quality_stated", "quality_computed", "risk", "reward", "fees_expected", "realised", "fees", "closed_by",
    "currency", "key", "client_order_id", "charter_hash", "created_at", "sent_at", "answered_at",
)  # fmt: skip
SHOWN_FIELDS = (*ORDER_FIELDS, "quality_parts", "verdicts", "events", "rules")
HISTORY_FIELDS = ("n", "at", "event", "order", "detail")
RESOLVED_FIELDS = ("order", "mode", "broker", "account", "before", "after")
_MEANINGS = {
    OrderState.FILLED: "good",
    OrderState.WORKING: "key",
    OrderState.REFUSED: "bad",
    OrderState.REJECTED: "bad",
    OrderState.UNKNOWN: "warn",
}


def order_record(report: OrderReport) -> dict[str, Json]:
    """One order as JSON; the same fields in every command."""
    row, request = report.row, report.request
    return {
        "order": row.number,
        "symbol": row.symbol,
        **scope_fields(row.scope),
        "kind": row.kind.value,
        "state": report.state.value,
        "reason": report.reason,
        "side": request.side.value,
        "units": decimal_or_none(report.units),
        "filled_units": decimal_or_none(report.filled_units),
        "open_units": decimal_or_none(report.open_units),
        "entry": request.entry.value,
        "price": decimal_or_none(report.price),
        "average_price": decimal_or_none(report.average_price),
        "stop_loss": decimal_or_none(report.stop_loss),
        "take_profit": decimal_or_none(report.take_profit),
        "trailing": decimal_or_none(report.trailing),
        "expires_at": time_or_none(report.expires_ns),
        "timeframe": request.timeframe,
        "quality_stated": request.quality,
        "quality_computed": report.quality.score if report.quality else None,
        "risk": decimal_or_none(report.risk),
        "reward": decimal_or_none(report.reward),
        "fees_expected": decimal_or_none(report.fees_expected),
        "realised": decimal_or_none(report.realised),
        "fees": decimal_or_none(report.fees),
        "closed_by": report.closed_by,
        "currency": report.currency,
        "key": row.key,
        "client_order_id": row.client_order_id,
        "charter_hash": row.charter_hash or None,
        "created_at": time_or_none(row.created_ns),
        "sent_at": time_or_none(row.sent_ns),
        "answered_at": time_or_none(row.answered_ns),
    }


def order_view(report: OrderReport, rules: Sequence[str] = ()) -> View:
    """One order whole: state, exits, quality, verdicts and events."""
    record: dict[str, Json] = {
        **order_record(report),
        "quality_parts": quality_parts(report.quality),
        "verdicts": [verdict.record() for verdict in report.verdicts],
        "events": [to_json(event) for event in report.events],
        "rules": list(rules),
    }
    return View(
        records=record,
        blocks=lambda: [*_order_blocks(report), *(line(Cell(f"  {rule}", "dim")) for rule in rules)],
        fields=ORDER_FIELDS,
        is_single=True,
    )


def quality_parts(quality: Quality | None) -> list[Json]:
    """What a computed quality is made of, as JSON."""
    return [] if quality is None else [dict(part._asdict()) for part in quality.parts]


def _order_blocks(report: OrderReport) -> list[Line]:
    request = report.request
    units = report.filled_units or report.units
    parts: list[str | Cell] = [
        Cell(report.state.value, _MEANINGS.get(report.state, "plain")),
        f"   {request.side.value} ",
    ]
    parts += [Cell(units_text(units), "loud"), f" {report.row.symbol} {_at(report)}"]
    if report.reason:
        parts.append(f", {report.reason.replace('_', ' ')}")
    if report.units and report.filled_units and report.filled_units < report.units:
        parts.append(f" of {units_text(report.units)}")
    lines = [line(*parts, Cell(f"   order {report.row.number}", "dim"))]
    lines += _reduced_lines(report)
    if not _only_reduced(report):
        lines += _exit_lines(report.entry, report.stop_loss, report.take_profit, report)
    if report.expires_ns is not None and report.state is OrderState.WORKING:
        left = duration_text(max(0, report.expires_ns - report.now_ns))
        lines.append(line("  expires  ", f"in {left} ({clock_text(report.expires_ns, report.now_ns)})"))
    if report.realised:
        lines.append(line("  realised ", gain_cell(report.realised, report.currency)))
    if report.told is not None:
        return [*lines, line(Cell(f"  {report.told.message}", "dim"))]
    passed = sum(verdict.passed for verdict in report.verdicts)
    charter = f"charter {report.row.charter_hash[:6]}: {passed} of {len(report.verdicts)} passed"
    lines.append(line("  quality  ", quality_text(request.quality, report.quality), Cell(f"   {charter}", "dim")))
    return lines


def _reductions(report: OrderReport) -> dict[int, Decimal]:
    """Units this order closed of trades that others opened, by trade."""
    closed: dict[int, Decimal] = {}
    for event in report.events:
        if isinstance(event, OrderFilled) and event.number == report.row.number:
            for part in event.reduced:
                if part.trade != event.number:
                    closed[part.trade] = closed.get(part.trade, Decimal(0)) + part.units
    return closed


def _only_reduced(report: OrderReport) -> bool:
    """Whether the order is done, closed trades of others, and left nothing open of its own that exits could protect."""
    closed = sum(_reductions(report).values(), Decimal(0))
    return bool(closed) and closed == report.filled_units == report.units


def _reduced_lines(report: OrderReport) -> list[Line]:
    lines = [line(f"  reduced  trade {trade} by {units_text(units)}") for trade, units in _reductions(report).items()]
    if lines and _only_reduced(report):
        lines.append(line(Cell("           nothing was opened, so no exits stand", "dim")))
    return lines


def _at(report: OrderReport) -> str:
    if report.average_price is not None:
        return f"at {price_text(average_on_grid(report.average_price, report.instrument))}"
    if report.price is None:
        return "at market"
    return f"{report.request.entry.value} {price_text(report.price)}"


def average_on_grid(average: Decimal, instrument: Instrument) -> Decimal:
    """An average fill in the instrument's precision, with one more decimal where it lies between two prices."""
    increment = instrument.price_increment
    return quantise(average, increment if average % increment == 0 else increment / 10, ROUND_HALF_EVEN)


def _exit_lines(entry: Decimal | None, stop: Decimal | None, target: Decimal | None, report: OrderReport) -> list[Line]:
    lines = []
    for name, price, result in (("stop", stop, report.risk), ("target", target, report.reward)):
        if price is None:
            continue
        distance = UNKNOWN if entry is None else pips_text(abs(price - entry), report.instrument)
        multiple = (
            f"   {ratio_text(report.reward, report.initial_risk)} R" if name == "target" and report.initial_risk else ""
        )
        amount = gain_cell(result, report.currency)
        lines.append(line(f"  {name.ljust(8)} {price_text(price):>10}  {distance:>9}  ", amount, multiple))
    if not report.closed_by:
        lines += fee_lines(report.fees_expected, report.currency)
    if report.trailing is not None:
        lines.append(line(f"  trails   {pips_text(report.trailing, report.instrument)} behind, moved once a minute"))
    return lines


def fee_lines(fees: Decimal | None, currency: str) -> list[Line]:
    """What getting in and out costs, where it costs anything."""
    return [line("  fees     ", f"about {balance_text(fees, currency)} in and out")] if fees else []


def ratio_text(reward: Decimal | None, risk: Decimal | None) -> str:
    """Reward over risk with two decimals, below zero where the target loses."""
    if reward is None or not risk:
        return UNKNOWN
    return f"{reward / abs(risk):.2f}".replace("-", "−")


def quality_text(stated: int | None, quality: Quality | None) -> str:
    """The computed quality, the stated one before it where there is one."""
    computed = UNKNOWN if quality is None else f"{quality.score} of 100, computed"
    return computed if stated is None else f"{stated} of 100, stated; {computed}"


def orders_view(reports: Sequence[OrderReport]) -> View:
    """Orders as an array, newest first."""
    many = len({report.row.scope for report in reports}) > 1
    columns = (
        Column("order"), Column("account", "left", drop=0 if many else 5), Column("state", "left"),
        Column("symbol", "left"), Column("side", "left", drop=2), Column("units"), Column("price"),
        Column("stop", drop=3), Column("target", drop=4), Column("realised", drop=1), Column("created", "left", drop=6),
    )  # fmt: skip
    return View(
        records=[order_record(report) for report in reports],
        blocks=lambda: [Table(columns, [_order_cells(report) for report in reports])],
        fields=ORDER_FIELDS,
    )


def _order_cells(report: OrderReport) -> tuple[Cell, ...]:
    price = report.average_price or report.price
    shown = None if price is None else price.quantize(report.instrument.price_increment)
    return (
        Cell(str(report.row.number)),
        Cell(str(report.row.scope), "dim"),
        Cell(report.state.value, _MEANINGS.get(report.state, "plain")),
        Cell(report.row.symbol, "loud"),
        Cell(report.request.side.value),
        Cell(units_text(report.units)),
        Cell("market" if shown is None else price_text(shown)),
        Cell(price_text(report.stop_loss)),
        Cell(price_text(report.take_profit)),
        gain_cell(report.realised, report.currency) if report.realised else Cell(UNKNOWN, "dim"),
        Cell(rfc3339(report.row.created_ns - report.row.created_ns % 1_000_000_000), "dim"),
    )


def history_view(report: OrderReport) -> View:
    """Everything that happened to an order, oldest first."""
    return View(
        records=[_event_record(event, report) for event in report.events],
        blocks=lambda: [events_table(report.events, report.currency)],
        fields=HISTORY_FIELDS,
    )


def _event_record(event: Event, report: OrderReport) -> dict[str, Json]:
    detail = {name: value for name, value in to_json(event).items() if name not in {"n", "at_ns", "event"}}
    return {
        "n": event.n,
        "at": rfc3339(event.at_ns),
        "event": name_of(event),
        "order": report.row.number,
        "detail": detail,
    }


def resolved_view(resolved: Sequence[Resolved], scope: Scope, *, has_unknown: bool) -> View:
    """What became of orders that were without an answer."""
    columns = (Column("order"), Column("was", "left"), Column("is", "left"))
    return View(
        records=[
            {"order": row.number, **scope_fields(scope), "before": row.before.value, "after": row.after.value}
            for row in resolved
        ],
        blocks=lambda: (
            [
                Table(
                    columns,
                    [(Cell(str(r.number)), Cell(r.before.value), Cell(r.after.value, "loud")) for r in resolved],
                )
            ]
            if resolved
            else [line("nothing more is known" if has_unknown else "every outcome is known")]
        ),
        fields=RESOLVED_FIELDS,
    )
