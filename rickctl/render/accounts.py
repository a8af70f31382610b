"""Shows accounts: their terms, their money, their clock; knows no rule of theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.domain.events import to_json
from rickctl.domain.instants import duration_text, rfc3339
from rickctl.render.happenings import events_table
from rickctl.render.numbers import balance_text, counted, gain_cell, seconds_text
from rickctl.render.records import decimal_or_none, scope_fields, time_or_none
from rickctl.render.view import Cell, Column, Line, Table, View, line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rickctl.domain.market import TapeCounts
    from rickctl.render.view import Json
    from rickctl.services.accounts import Advanced, Worth
    from rickctl.services.desk import Held

ACCOUNT_FIELDS = (
    "mode", "broker", "account", "kind", "currency", "balance", "start", "deposits", "realised", "fees", "source",
    "fingerprint", "seed", "spread", "slippage", "latency", "commission", "speed", "status", "clock", "created_at",
    "peak_equity", "day_start_equity", "open_trades", "working_orders", "equity", "margin_used", "margin_available",
)  # fmt: skip
ADVANCED_FIELDS = ("mode", "broker", "account", "from", "to", "events")


def accounts_view(rows: Sequence[Held]) -> View:
    """Accounts as an array."""
    columns = (
        Column("account", "left"), Column("kind", "left"), Column("balance"), Column("source", "left"),
        Column("clock", "left", drop=1), Column("open"), Column("working", drop=2), Column("", "left"),
    )  # fmt: skip
    return View(
        records=[account_record(held) for held in rows],
        blocks=lambda: [Table(columns, [_cells(held) for held in rows])],
        fields=ACCOUNT_FIELDS,
    )


def account_record(held: Held, worth: Worth | None = None) -> dict[str, Json]:
    """One account as JSON; what it is worth is null where no price was asked."""
    account = held.account
    terms = account.config.to_json()
    return {
        **scope_fields(account.scope),
        "kind": terms["kind"],
        "currency": terms["currency"],
        "balance": decimal_or_none(account.balance),
        "start": decimal_or_none(account.start),
        "deposits": decimal_or_none(account.deposits),
        "realised": decimal_or_none(account.realised),
        "fees": decimal_or_none(account.fees),
        **{name: terms[name] for name in ("source", "fingerprint", "seed", "spread", "slippage")},
        **{name: terms[name] for name in ("latency", "commission", "speed")},
        "status": "open" if held.row is None else held.row.status.value,
        "clock": rfc3339(held.now_ns),
        "created_at": time_or_none(account.created_ns),
        "peak_equity": decimal_or_none(account.peak.equity),
        "day_start_equity": decimal_or_none(account.day.equity),
        "open_trades": len(account.trades),
        "working_orders": len(account.orders),
        "equity": decimal_or_none(worth.equity) if worth else None,
        "margin_used": decimal_or_none(worth.margin_used) if worth else None,
        "margin_available": decimal_or_none(worth.margin_available) if worth else None,
    }


def _cells(held: Held) -> tuple[Cell, ...]:
    account = held.account
    status = "" if held.row is None else held.row.status.value
    return (
        Cell(str(account.scope), "loud"),
        Cell(account.config.kind.value),
        Cell(balance_text(account.balance, account.config.currency)),
        Cell(account.config.source.rpartition("/")[2]),
        Cell(f"{account.config.speed.value}  {rfc3339(held.now_ns - held.now_ns % 1_000_000_000)}", "dim"),
        Cell(str(len(account.trades))),
        Cell(str(len(account.orders))),
        Cell("" if status == "open" else status or "not written yet", "dim"),
    )


def account_view(held: Held, worth: Worth, tape: TapeCounts | None = None) -> View:
    """One account whole, its terms in words, and what its recorded market held."""
    return View(
        records={**account_record(held, worth), "tape": None if tape is None else _tape_record(tape)},
        blocks=lambda: [*_account_blocks(held, worth), *([] if tape is None else _tape_blocks(tape))],
        fields=ACCOUNT_FIELDS,
        is_single=True,
    )


def _tape_record(tape: TapeCounts) -> dict[str, Json]:
    counts: dict[str, Json] = {name: value for name, value in tape._asdict().items() if not name.endswith("_ns")}
    return {
        **counts,
        "gap_seconds": seconds_text(tape.gap_ns),
        "first": rfc3339(tape.first_ns),
        "last": rfc3339(tape.last_ns),
    }


def _tape_blocks(tape: TapeCounts) -> list[Line]:
    dropped = tape.rows - tape.used
    why = f"{tape.crossed} crossed, {tape.impossible} impossible, {tape.unmatched} without a partner"
    return [
        _pair("tape", f"{rfc3339(tape.first_ns)} to {rfc3339(tape.last_ns)}"),
        _pair("", f"{tape.used} of {tape.rows} rows trade; {dropped} do not: {why}, {tape.duplicates} repeated"),
        _pair("", f"{counted(tape.gaps, 'gap')}, {duration_text(tape.gap_ns)} in all"),
        _pair("", f"{tape.closed_rows} rows trade in hours today's calendar calls closed"),
    ]


def _account_blocks(held: Held, worth: Worth) -> list[Line]:
    account = held.account
    currency = account.config.currency
    lines = [
        line(Cell(str(account.scope), "loud"), f"   equity {balance_text(worth.equity, currency)}"),
        _pair("cash", balance_text(account.balance, currency)),
        _pair("margin", _margin_text(worth, currency)),
        _pair("started", balance_text(account.start, currency)),
        _pair("realised", gain_cell(account.realised, currency)),
        _pair("fees", balance_text(account.fees, currency)),
        _pair("open", f"{counted(len(account.trades), 'trade')}, {counted(len(account.orders), 'working order')}"),
        _pair("clock", rfc3339(held.now_ns)),
    ]
    if account.deposits:
        lines.insert(4, _pair("deposits", gain_cell(account.deposits, currency)))
    described = (
        account.config.describe() if account.mark is None else account.config.describe_kept(account.scope.broker)
    )
    return lines + [_pair(name.replace("_", " "), text) for name, text in described.items()]


def _margin_text(worth: Worth, currency: str) -> str:
    return f"{balance_text(worth.margin_used, currency)} used, {balance_text(worth.margin_available, currency)} free"


def _pair(name: str, value: str | Cell) -> Line:
    return line(Cell(f"  {name.ljust(11)} ", "dim"), value)


def advanced_view(advanced: Advanced) -> View:
    """How far a clock moved and what happened on the way."""
    held = advanced.held
    return View(
        records={
            **scope_fields(held.account.scope),
            "from": rfc3339(advanced.before_ns),
            "to": rfc3339(held.now_ns),
            "events": [to_json(event) for event in advanced.events],
        },
        blocks=lambda: _advanced_blocks(advanced),
        fields=ADVANCED_FIELDS,
        is_single=True,
    )


def _advanced_blocks(advanced: Advanced) -> list[Table | Line]:
    held = advanced.held
    count = len(advanced.events)
    moved = duration_text(held.now_ns - advanced.before_ns)
    happened = "nothing happened" if not count else "1 event" if count == 1 else f"{count} events"
    blocks: list[Table | Line] = [line(Cell(rfc3339(held.now_ns), "loud"), f"   {moved} later, {happened}")]
    if count:
        blocks.append(events_table(advanced.events, held.account.config.currency))
    return blocks
