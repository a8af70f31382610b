"""Shows what an order would be before it is sent: the exact request, its risk, every verdict; sends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.domain.sizing import fees_of, net_result_at
from rickctl.render.numbers import UNKNOWN, gain_cell, pips_text, price_text, units_text
from rickctl.render.orders import fee_lines, quality_parts, quality_text, ratio_text
from rickctl.render.records import decimal_or_none, scope_fields, time_or_none
from rickctl.render.view import Cell, Column, Line, Table, View, line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from rickctl.domain.errors import Refused
    from rickctl.domain.orders import Verdict
    from rickctl.domain.quality import QualityPart
    from rickctl.render.view import Json
    from rickctl.services.orders import Checked

PREVIEW_FIELDS = (
    "would", "code", "message", "symbol", "mode", "broker", "account", "side", "units", "entry", "price", "stop_loss",
    "take_profit", "trailing", "expires_at", "bid", "ask", "quality_stated", "quality_computed", "quality_parts",
    "risk", "reward", "reward_risk", "fees_expected", "currency", "charter_hash", "verdicts",
)  # fmt: skip


def preview_view(checked: Checked, refused: Refused | None, *, show_all: bool) -> View:
    """What an order would be and every verdict on it; nothing was sent."""
    return View(
        records=_preview_record(checked, refused),
        blocks=lambda: _preview_blocks(checked, refused, show_all=show_all),
        fields=PREVIEW_FIELDS,
        is_single=True,
    )


def would_text(checked: Checked, refused: Refused | None) -> str:
    """What placing it would do: a key that stands for an order already sends nothing."""
    if checked.number is not None:
        return f"be answered with order {checked.number}"
    return "be refused" if refused else "be sent"


def _stakes(checked: Checked) -> tuple[Decimal | None, Decimal | None]:
    """Loss at the stop and gain at the target after commission, in account currency."""
    request, snapshot = checked.weighed.asked.request, checked.weighed.snapshot
    entry = _entry_of(checked)
    rate = snapshot.quote_to_account
    if entry is None or rate is None:
        return None, None
    return tuple(  # type: ignore[return-value]
        None if price is None else net_result_at(request.side, request.units, entry, price, rate, snapshot.commission)
        for price in (request.stop_loss, request.take_profit)
    )


def _fees(checked: Checked) -> Decimal | None:
    """Commission in and out at the stop (where there is none, at the entry price), in account currency."""
    request, snapshot = checked.weighed.asked.request, checked.weighed.snapshot
    entry, rate = _entry_of(checked), snapshot.quote_to_account
    if entry is None or rate is None:
        return None
    return fees_of(snapshot.commission, request.units, entry, request.stop_loss or entry, rate)


def _entry_of(checked: Checked) -> Decimal | None:
    request, quote = checked.weighed.asked.request, checked.weighed.snapshot.quote
    return request.price or (quote.ask if request.side.sign > 0 else quote.bid)


def _preview_record(checked: Checked, refused: Refused | None) -> dict[str, Json]:
    request, snapshot = checked.weighed.asked.request, checked.weighed.snapshot
    risk, reward = _stakes(checked)
    return {
        "would": would_text(checked, refused),
        "code": refused.code if refused else None,
        "message": refused.message if refused else None,
        "symbol": request.symbol,
        **scope_fields(request.scope),
        "side": request.side.value,
        "units": decimal_or_none(request.units),
        "entry": request.entry.value,
        "price": decimal_or_none(request.price),
        "stop_loss": decimal_or_none(request.stop_loss),
        "take_profit": decimal_or_none(request.take_profit),
        "trailing": decimal_or_none(request.trailing),
        "expires_at": time_or_none(request.expires_ns),
        "bid": decimal_or_none(snapshot.quote.bid),
        "ask": decimal_or_none(snapshot.quote.ask),
        "quality_stated": request.quality,
        "quality_computed": checked.quality.score if checked.quality else None,
        "quality_parts": quality_parts(checked.quality),
        "risk": decimal_or_none(risk),
        "reward": decimal_or_none(reward),
        "reward_risk": None if not risk or reward is None else f"{reward / abs(risk):.4f}",
        "fees_expected": decimal_or_none(_fees(checked)),
        "currency": snapshot.currency,
        "charter_hash": checked.charter_hash,
        "verdicts": [verdict.record() for verdict in checked.verdicts],
    }


def _preview_blocks(checked: Checked, refused: Refused | None, *, show_all: bool) -> list[Table | Line]:
    request, snapshot = checked.weighed.asked.request, checked.weighed.snapshot
    word = Cell(f"would {would_text(checked, refused)}", "bad" if refused else "good")
    entry = "market" if request.price is None else f"{request.entry.value} {price_text(request.price)}"
    quote = f"quote {price_text(snapshot.quote.bid)} / {price_text(snapshot.quote.ask)}"
    head = f"   {request.side.value} {units_text(request.units)} {request.symbol}, {entry}, {quote}"
    blocks: list[Table | Line] = [line(word, head), *_preview_exits(checked)]
    said_no = [verdict for verdict in checked.verdicts if not verdict.passed]
    passed = len(checked.verdicts) - len(said_no)
    shown = checked.verdicts if show_all else said_no
    if shown:
        blocks.append(_verdict_table(shown))
    more = "" if show_all else f"{'more ' if said_no else ''}passed (--all shows them)"
    blocks.append(line(Cell(f"✓ {passed} {more or 'passed'}", "good")))
    quality = quality_text(request.quality, checked.quality)
    blocks.append(line("  quality  ", quality))
    blocks += [_part_line(part) for part in _all_parts(checked)]
    return blocks


def _part_line(part: QualityPart) -> Line:
    return line(Cell(f"    {part.score:>3} × {part.weight:>2} %  {part.sentence}", "dim"))


def _all_parts(checked: Checked) -> tuple[QualityPart, ...]:
    return checked.quality.parts if checked.quality else ()


def _preview_exits(checked: Checked) -> list[Line]:
    weighed, entry = checked.weighed, _entry_of(checked)
    request, currency = weighed.asked.request, weighed.snapshot.currency
    risk, reward = _stakes(checked)
    lines = []
    for name, price, result in (("stop", request.stop_loss, risk), ("target", request.take_profit, reward)):
        if price is not None:
            distance = UNKNOWN if entry is None else pips_text(abs(price - entry), weighed.instrument)
            multiple = f"   {ratio_text(reward, risk)} R" if name == "target" and risk else ""
            label = f"  {name.ljust(8)} {price_text(price):>10}  {distance:>9}  "
            lines.append(line(label, gain_cell(result, currency), multiple))
    return [*lines, *fee_lines(_fees(checked), currency)]


def _verdict_table(verdicts: Sequence[Verdict]) -> Table:
    columns = (
        Column("", "left"), Column("rule", "left"), Column("", "left"), Column("measured"), Column("limit"),
        Column("", "left", drop=1),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (
            Cell("✓", "good") if verdict.passed else Cell("✗", "bad"),
            Cell(verdict.rule, "dim"),
            Cell(verdict.name),
            Cell(verdict.measured, "plain" if verdict.passed else "loud"),
            Cell(verdict.limit, "dim"),
            Cell("" if verdict.passed else verdict.detail or "", "dim"),
        )
        for verdict in verdicts
    ]
    return Table(columns, rows)
