"""Shows positions and results; modes are never added together, and what failed is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.domain.instants import duration_text, rfc3339
from rickctl.render.numbers import (
    UNKNOWN,
    balance_text,
    gain_cell,
    order_text,
    price_mark,
    price_text,
    seconds_text,
    units_text,
)
from rickctl.render.orders import average_on_grid
from rickctl.render.records import decimal_or_none, scope_fields
from rickctl.render.view import Cell, Column, Line, Table, View, line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from rickctl.render.view import Json
    from rickctl.services.portfolio import AccountResult, Failed, PnlReport, PositionReport, PositionRow

POSITION_FIELDS = (
    "symbol", "mode", "broker", "account", "source", "side", "units", "average_price", "current_price",
    "quote_currency", "unrealised", "unrealised_quote", "currency", "stop_loss", "take_profit",
    "trades", "opened_at", "closes_at", "held_seconds", "tradeable", "age_seconds",
)  # fmt: skip
POSITIONS_FIELDS = ("as_of", "complete", "failed", "rows")
PNL_FIELDS = ("as_of", "complete", "failed", "mode", "base", "realised", "unrealised", "fees", "net", "accounts")
PNL_ROW_FIELDS = (
    "mode", "broker", "account", "source", "currency", "balance", "equity", "start", "deposits", "realised",
    "unrealised", "fees", "net", "rate_to_base", "by_instrument", "by_day",
)  # fmt: skip
_SECOND = 1_000_000_000


def positions_view(report: PositionReport) -> View:
    """Positions with their exits; one object, so that a script sees whether it is complete."""
    rows = [_position_record(row) for row in report.rows]
    return View(
        records={
            "as_of": rfc3339(report.as_of_ns),
            "complete": report.complete,
            "failed": [_failed_record(failed) for failed in report.failed],
            "rows": rows,
        },
        rows=rows,
        blocks=lambda: _position_blocks(report),
        fields=POSITION_FIELDS,
        is_single=True,
    )


def _failed_record(failed: Failed) -> dict[str, Json]:
    return {**scope_fields(failed.scope), "code": failed.code, "message": failed.message}


def _position_record(row: PositionRow) -> dict[str, Json]:
    position = row.position
    stops = [trade.stop_loss for trade in position.trades]
    targets = [trade.take_profit for trade in position.trades]
    opened_ns = min(trade.opened_ns for trade in position.trades)
    return {
        "symbol": position.symbol,
        **scope_fields(row.scope),
        "source": row.source,
        "side": "long" if position.units > 0 else "short",
        "units": decimal_or_none(position.units),
        "average_price": decimal_or_none(position.average_price),
        "current_price": decimal_or_none(position.current_price),
        "quote_currency": position.quote_currency,
        "unrealised": decimal_or_none(position.unrealised_account),
        "unrealised_quote": decimal_or_none(position.unrealised),
        "currency": row.currency,
        "stop_loss": decimal_or_none(stops[0]) if len(set(stops)) == 1 else None,
        "take_profit": decimal_or_none(targets[0]) if len(set(targets)) == 1 else None,
        "trades": [
            {
                "trade": trade.number,
                "external": trade.number < 0,
                "units": decimal_or_none(trade.units),
                "average_price": decimal_or_none(trade.average_price),
                "unrealised": decimal_or_none(trade.unrealised_account),
                "stop_loss": decimal_or_none(trade.stop_loss),
                "take_profit": decimal_or_none(trade.take_profit),
                "trailing": decimal_or_none(trade.trailing),
                "opened_at": rfc3339(trade.opened_ns),
                "closes_at": rfc3339(trade.closes_ns),
            }
            for trade in position.trades
        ],
        "opened_at": rfc3339(opened_ns),
        "closes_at": rfc3339(min(trade.closes_ns for trade in position.trades)),
        "held_seconds": seconds_text(row.now_ns - opened_ns),
        "tradeable": row.tradeable,
        "age_seconds": seconds_text(row.age_ns),
    }


def _position_blocks(report: PositionReport) -> list[Table | Line]:
    columns = (
        Column("account", "left"), Column("symbol", "left"), Column("units"), Column("entry"), Column("now"),
        Column("unrealised"), Column("stop", drop=1), Column("target", drop=2), Column("held", drop=3),
        Column("trades", "left", drop=4),
    )  # fmt: skip
    blocks: list[Table | Line] = []
    if report.rows:
        blocks.append(_marked(Table(columns, [_position_cells(row) for row in report.rows]), report.rows))
        blocks += [line("  total  ", gain_cell(total, currency)) for currency, total in _totals(report.rows)]
    else:
        where = "" if report.complete else " in the accounts that answered"
        blocks.append(line(f"no open positions{where}"))
    return blocks + [_failed_line(failed) for failed in report.failed]


def _marked(table: Table, rows: Sequence[PositionRow]) -> Table:
    """The table with `closed` or `STALE` at the end of rows whose price cannot be acted on; as it is without any."""
    marks = [price_mark(row.age_ns, tradeable=row.tradeable)[1] for row in rows]
    if not any(marks):
        return table
    marked = [(*cells, Cell(mark, "warn")) for cells, mark in zip(table.rows, marks, strict=True)]
    return Table((*table.columns, Column("", "left")), marked)


def _totals(rows: Sequence[PositionRow]) -> list[tuple[str, Decimal | None]]:
    """Unrealised by account currency, where there is more than one row."""
    if len(rows) == 1:
        return []
    totals: dict[str, Decimal | None] = {}
    for row in rows:
        amount = row.position.unrealised_account
        before = totals.get(row.currency, amount - amount if amount is not None else None)
        totals[row.currency] = None if before is None or amount is None else before + amount
    return list(totals.items())


def _failed_line(failed: Failed) -> Line:
    return line(Cell(f"! {failed.scope}  {failed.message}; shown: everything else (exit 9)", "warn"))


def _position_cells(row: PositionRow) -> tuple[Cell, ...]:
    position, instrument = row.position, row.instrument
    first = position.trades[0]
    many = len(position.trades) > 1
    return (
        Cell(str(row.scope), "dim"),
        Cell(position.symbol, "loud"),
        Cell(units_text(position.units, signed=True)),
        Cell(price_text(average_on_grid(position.average_price, instrument))),
        Cell(price_text(position.current_price), price_mark(row.age_ns, tradeable=row.tradeable)[0]),
        gain_cell(position.unrealised_account, row.currency),
        Cell("several" if many and len({t.stop_loss for t in position.trades}) > 1 else price_text(first.stop_loss)),
        Cell(
            "several" if many and len({t.take_profit for t in position.trades}) > 1 else price_text(first.take_profit)
        ),
        Cell(duration_text(row.now_ns - min(trade.opened_ns for trade in position.trades))),
        Cell(" ".join(order_text(trade.number) for trade in position.trades), "dim"),
    )


def pnl_view(report: PnlReport) -> View:
    """Results by account, instrument and day, with totals in the base currency; one mode only."""
    rows = [_account_record(account) for account in report.accounts]
    realised, unrealised, fees = (report.total(name) for name in ("realised", "unrealised", "fees"))
    return View(
        records={
            "as_of": rfc3339(report.as_of_ns),
            "complete": not report.failed,
            "failed": [_failed_record(failed) for failed in report.failed],
            "mode": report.accounts[0].scope.mode.value if report.accounts else "paper",
            "base": report.base,
            "realised": decimal_or_none(realised),
            "unrealised": decimal_or_none(unrealised),
            "fees": decimal_or_none(fees),
            "net": decimal_or_none(_net(realised, unrealised, fees)),
            "accounts": rows,
        },
        rows=rows,
        blocks=lambda: _pnl_blocks(report),
        fields=PNL_ROW_FIELDS,
        is_single=True,
    )


def _net(realised: Decimal | None, unrealised: Decimal | None, fees: Decimal | None) -> Decimal | None:
    return None if realised is None or unrealised is None or fees is None else realised + unrealised - fees


def _account_record(account: AccountResult) -> dict[str, Json]:
    return {
        **scope_fields(account.scope),
        "source": account.source,
        "currency": account.currency,
        "balance": decimal_or_none(account.balance),
        "equity": decimal_or_none(account.equity),
        "start": decimal_or_none(account.start),
        "deposits": decimal_or_none(account.deposits),
        "realised": decimal_or_none(account.realised),
        "unrealised": decimal_or_none(account.unrealised),
        "fees": decimal_or_none(account.fees),
        "net": decimal_or_none(_net(account.realised, account.unrealised, account.fees)),
        "rate_to_base": decimal_or_none(account.rate),
        "by_instrument": [
            {
                "symbol": row.symbol,
                "realised": decimal_or_none(row.realised),
                "unrealised": decimal_or_none(row.unrealised),
                "fees": decimal_or_none(row.fees),
            }
            for row in account.by_instrument
        ],
        "by_day": [
            {
                "day_start": rfc3339(day.day_ns),
                "symbol": day.symbol,
                "realised": decimal_or_none(day.realised),
                "fees": decimal_or_none(day.fees),
            }
            for day in account.by_day
        ],
    }


def _pnl_blocks(report: PnlReport) -> list[Table | Line]:
    columns = (
        Column("account", "left"), Column("symbol", "left"), Column("realised"), Column("unrealised"),
        Column("fees", drop=1), Column("net"), Column("equity", drop=2),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for account in report.accounts:
        rows.append(_account_cells(account))
        rows += [_instrument_cells(account, place) for place in range(len(account.by_instrument))]
    nothing = line("no account that answered" if report.failed else "no accounts")
    blocks: list[Table | Line] = [Table(columns, rows)] if rows else [nothing]
    if len(report.accounts) > 1:
        net = _net(report.total("realised"), report.total("unrealised"), report.total("fees"))
        blocks.append(line("  total  ", gain_cell(net, report.base), Cell("  at mid rates", "dim")))
    return blocks + [_failed_line(failed) for failed in report.failed]


def _instrument_cells(account: AccountResult, place: int) -> tuple[Cell, ...]:
    row, currency = account.by_instrument[place], account.currency
    return (
        Cell("", "dim"),
        Cell(row.symbol),
        gain_cell(row.realised, currency),
        gain_cell(row.unrealised, currency),
        Cell(balance_text(row.fees, currency), "dim"),
        gain_cell(_net(row.realised, row.unrealised, row.fees), currency),
        Cell("", "dim"),
    )


def _account_cells(account: AccountResult) -> tuple[Cell, ...]:
    currency = account.currency
    return (
        Cell(str(account.scope), "loud"),
        Cell("all", "dim"),
        gain_cell(account.realised, currency),
        gain_cell(account.unrealised, currency),
        Cell(balance_text(account.fees, currency), "dim"),
        gain_cell(_net(account.realised, account.unrealised, account.fees), currency),
        Cell(UNKNOWN if account.equity is None else balance_text(account.equity, currency)),
    )
