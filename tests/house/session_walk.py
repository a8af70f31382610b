"""A second opinion on what orders do on recorded bars: reads the files and walks the rows itself, by the stated rules.

Nothing here comes from the program. Prices are whole ticks, instants whole milliseconds since the epoch. The rules are
those of docs/tapes.md and docs/sessions: a bar is its open, at its start, and its high and low, at its end; buys trade
at the ask, sells at the bid.
"""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MINUTE_MS = 60_000
HOLD_MS = 6 * 60 * MINUTE_MS
LATENCY_MS = 50


class Side(NamedTuple):
    """One side of a bar, in ticks."""

    open: int
    high: int
    low: int
    close: int


class Row(NamedTuple):
    """One minute that can be traded."""

    start: int
    bid: Side
    ask: Side


class Placed(NamedTuple):
    """An order as the page places it: `entry` is market, limit or stop; distances in ticks from the entry."""

    number: int
    at: int
    sign: int
    entry: str
    price: int | None
    stop: int
    target: int
    trailing: int | None = None
    expires: int | None = None


class Deed(NamedTuple):
    """Something that happened to an order: an entry, an exit, or its end."""

    at: int
    what: str
    price: int | None = None


@dataclass
class Held:
    """A position on its way."""

    opened: int
    price: int
    stop: int
    target: int
    stop_word: str = "stop_loss"


class Ended(NamedTuple):
    """A position that was closed, and how."""

    held: Held
    left: Deed


def ticks(text: str) -> int:
    """A price of five decimals as whole ticks, without floats."""
    whole, _, part = text.partition(".")
    assert len(part) <= 5, text
    return int(whole) * 100_000 + int(part.ljust(5, "0"))


def milliseconds(text: str) -> int:
    """An instant as whole milliseconds."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def read_side(path: Path) -> dict[int, Side]:
    """One side of the market, from a file with open, high, low, close."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as lines:
        return {
            milliseconds(row["timestamp"]): Side(*(ticks(row[name]) for name in ("open", "high", "low", "close")))
            for row in csv.DictReader(lines)
        }


def read_both(path: Path) -> list[Row]:
    """Bars of both sides from one file."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        rows = [
            Row(
                milliseconds(row["time"]),
                *(Side(*(ticks(row[f"{side}_{name}"]) for name in Side._fields)) for side in ("bid", "ask")),
            )
            for row in csv.DictReader(lines)
        ]
    return tradeable(rows)


def join(bid: dict[int, Side], ask: dict[int, Side]) -> list[Row]:
    """The minutes both files have."""
    return tradeable(Row(start, bid[start], ask[start]) for start in bid.keys() & ask.keys())


def tradeable(rows: Iterator[Row] | Sequence[Row]) -> list[Row]:
    """The rows in order without those that are crossed in any field."""
    return sorted(row for row in rows if all(one <= other for one, other in zip(row.bid, row.ask, strict=True)))


def walk(order: Placed, rows: Sequence[Row], until: int) -> list[Deed]:
    """What became of one order by `until`, alone in its account."""
    live = order.at + LATENCY_MS
    held: Held | None = None
    for row in rows:
        if row.start + MINUTE_MS <= live or row.start > until:
            continue
        if held is None and (lapsed := _lapsed(order, row.start, live)) is not None:
            return [lapsed]
        found = _at_open(order, held, row, live)
        if row.start + MINUTE_MS <= until:
            found = _inside(order, found, row, live)
        if isinstance(found, Ended):
            return [Deed(found.held.opened, "entry", found.held.price), found.left]
        held = found
    if held is not None:
        return [Deed(held.opened, "entry", held.price)]
    lapsed = _lapsed(order, until, live)
    return [] if lapsed is None else [lapsed]


def _at_open(order: Placed, held: Held | None, row: Row, live: int) -> Held | Ended | None:
    """The open of a bar, and the one move of a trailing stop a minute."""
    if held is not None:
        left = _left_at_open(order, held, row)
        if left is not None:
            return Ended(held, left)
    elif row.start > live:
        held = _entered_at_open(order, row)
    if held is not None and order.trailing is not None:
        _trail(order, held, row)
    return held


def _inside(order: Placed, held: Held | Ended | None, row: Row, live: int) -> Held | Ended | None:
    """What the high and the low of a bar reached, told when it is over."""
    if isinstance(held, Ended):
        return held
    if held is not None:
        left = _left_inside(order, held, row)
        return held if left is None else Ended(held, left)
    entered = _entered_inside(order, row) if row.start >= live else None
    if entered is None or not _reached(order, row, entered.stop):
        return entered
    return Ended(entered, Deed(row.start + MINUTE_MS, entered.stop_word, entered.stop))


def _lapsed(order: Placed, at: int, live: int) -> Deed | None:
    """The end of an order that found no price in time, if that has come by `at`."""
    if order.entry == "market" and at > live + MINUTE_MS:
        return Deed(live + MINUTE_MS, "market_halted")
    return Deed(order.expires, "expired") if order.expires is not None and at >= order.expires else None


def _entered_at_open(order: Placed, row: Row) -> Held | None:
    touch = row.ask.open if order.sign > 0 else row.bid.open
    if order.price is not None:
        ahead = (touch - order.price) * order.sign
        if (ahead > 0) if order.entry == "limit" else (ahead < 0):
            return None
    return _held(order, row.start, touch)


def _entered_inside(order: Placed, row: Row) -> Held | None:
    """A limit is reached by the best of our own side of the bar, a stop entry by its worst; each fills at its level."""
    if order.price is None:
        return None
    side = row.ask if order.sign > 0 else row.bid
    low_first = (order.entry == "limit") is (order.sign > 0)
    if (side.low > order.price) if low_first else (side.high < order.price):
        return None
    return _held(order, row.start + MINUTE_MS, order.price)


def _held(order: Placed, at: int, price: int) -> Held:
    return Held(at, price, order.stop, order.target)


def _left_at_open(order: Placed, held: Held, row: Row) -> Deed | None:
    price = row.bid.open if order.sign > 0 else row.ask.open
    if row.start >= held.opened + HOLD_MS:
        return Deed(row.start, "max_hold", price)
    if (price - held.stop) * order.sign <= 0:
        return Deed(row.start, held.stop_word, price)
    if (price - held.target) * order.sign >= 0:
        return Deed(row.start, "take_profit", price)
    return None


def _left_inside(order: Placed, held: Held, row: Row) -> Deed | None:
    """The stop first: nobody knows which of two came first inside a bar."""
    if _reached(order, row, held.stop):
        return Deed(row.start + MINUTE_MS, held.stop_word, held.stop)
    best = row.bid.high if order.sign > 0 else row.ask.low
    if (best - held.target) * order.sign >= 0:
        return Deed(row.start + MINUTE_MS, "take_profit", held.target)
    return None


def _reached(order: Placed, row: Row, stop: int) -> bool:
    worst = row.bid.low if order.sign > 0 else row.ask.high
    return (worst - stop) * order.sign <= 0


def _trail(order: Placed, held: Held, row: Row) -> None:
    """Once a minute the stop follows the price the position could be closed at, and never goes back."""
    assert order.trailing is not None
    level = (row.bid.open if order.sign > 0 else row.ask.open) - order.sign * order.trailing
    if (level - held.stop) * order.sign > 0:
        held.stop, held.stop_word = level, "trailing_stop"
