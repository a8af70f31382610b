"""Shows quotes and bars; knows their columns and fields, not where they came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.domain.instants import rfc3339
from rickctl.render.numbers import age_text, pips_text, price_mark, price_text, seconds_text
from rickctl.render.records import decimal_or_none, scope_fields, time_or_none
from rickctl.render.view import Cell, Column, Table, View, drop_unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rickctl.domain.market import Bar, Ohlc
    from rickctl.domain.scope import Scope
    from rickctl.services.quotes import BarRows, QuoteRow

QUOTE_FIELDS = (
    "symbol",
    "mode",
    "broker",
    "account",
    "source",
    "bid",
    "ask",
    "mid",
    "spread",
    "spread_pips",
    "last",
    "tradeable",
    "age_seconds",
    "changed_at",
    "asserted_at",
    "received_at",
)
_QUOTE_COLUMNS = (
    Column("symbol", "left"),
    Column("bid"),
    Column("ask"),
    Column("spread"),
    Column("mid", drop=3),
    Column("last", drop=4),
    Column("age"),
    Column("source", "left", drop=2),
    Column("", "left"),
)
BAR_FIELDS = (
    "symbol",
    "mode",
    "broker",
    "account",
    "source",
    "granularity",
    "start",
    "end",
    "complete",
    "bid_open",
    "bid_high",
    "bid_low",
    "bid_close",
    "ask_open",
    "ask_high",
    "ask_low",
    "ask_close",
    "volume",
)
_BAR_COLUMNS = (
    Column("start", "left"),
    Column("bid open"),
    Column("high"),
    Column("low"),
    Column("close"),
    Column("ask open", drop=4),
    Column("high", drop=3),
    Column("low", drop=3),
    Column("close", drop=2),
    Column("", "left"),
)


def quotes_view(rows: Sequence[QuoteRow]) -> View:
    """Quotes as an array, one row a symbol."""
    return View(
        records=[quote_record(row) for row in rows],
        blocks=lambda: [drop_unknown(Table(_QUOTE_COLUMNS, [_quote_cells(row) for row in rows]))],
        fields=QUOTE_FIELDS,
    )


def quote_record(row: QuoteRow) -> dict[str, str | bool | None]:
    """A quote as every machine-readable format has it; `QUOTE_FIELDS` in their order."""
    quote = row.quote
    spread = quote.spread
    return {
        "symbol": quote.symbol,
        **scope_fields(row.scope),
        "source": quote.source,
        "bid": decimal_or_none(quote.bid),
        "ask": decimal_or_none(quote.ask),
        "mid": decimal_or_none(quote.mid),
        "spread": decimal_or_none(spread),
        "spread_pips": None if spread is None else decimal_or_none(spread / row.instrument.pip),
        "last": decimal_or_none(quote.last),
        "tradeable": quote.tradeable,
        "age_seconds": seconds_text(row.age_ns),
        "changed_at": time_or_none(quote.changed_ns),
        "asserted_at": time_or_none(quote.asserted_ns),
        "received_at": time_or_none(quote.received_ns),
    }


def _quote_cells(row: QuoteRow) -> tuple[Cell, ...]:
    quote = row.quote
    meaning, mark = price_mark(row.age_ns, tradeable=quote.tradeable)
    return (
        Cell(quote.symbol, "loud" if meaning == "plain" else "dim"),
        Cell(price_text(quote.bid), meaning),
        Cell(price_text(quote.ask), meaning),
        Cell(pips_text(quote.spread, row.instrument), meaning),
        Cell(price_text(quote.mid), "dim"),
        Cell(price_text(quote.last), "dim"),
        Cell(age_text(row.age_ns), meaning),
        Cell(quote.source, "dim"),
        Cell(mark, "warn"),
    )


def bars_view(found: BarRows) -> View:
    """Bars as an array, oldest first."""
    return View(
        records=[_bar_record(bar, found.scope) for bar in found.bars],
        blocks=lambda: [Table(_BAR_COLUMNS, [_bar_cells(bar) for bar in found.bars])],
        fields=BAR_FIELDS,
    )


def _bar_record(bar: Bar, scope: Scope) -> dict[str, str | int | bool | None]:
    return {
        "symbol": bar.symbol,
        **scope_fields(scope),
        "source": bar.source,
        "granularity": bar.granularity,
        "start": rfc3339(bar.start_ns),
        "end": rfc3339(bar.end_ns),
        "complete": bar.complete,
        **_ohlc_fields("bid", bar.bid),
        **_ohlc_fields("ask", bar.ask),
        "volume": bar.volume,
    }


def _ohlc_fields(side: str, prices: Ohlc) -> dict[str, str | None]:
    return {f"{side}_{name}": decimal_or_none(value) for name, value in zip(prices._fields, prices, strict=True)}


def _bar_cells(bar: Bar) -> tuple[Cell, ...]:
    meaning = "plain" if bar.complete else "dim"
    prices = (*bar.bid, *bar.ask)
    return (
        Cell(rfc3339(bar.start_ns), meaning),
        *(Cell(price_text(price), meaning) for price in prices),
        Cell("" if bar.complete else "running", "warn"),
    )
