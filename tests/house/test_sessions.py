"""The sessions of the documentation, run and then worked out a second time from the tapes alone.

What the program says of every fill, and of the result, has to be what `session_walk` finds in the rows of the files.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.cli.harness import Desk
from tests.house.docs_kit import DOCS, UPDATE_VARIABLE, played, read
from tests.house.session_walk import (
    Deed,
    Placed,
    Row,
    join,
    milliseconds,
    read_both,
    read_side,
    ticks,
    walk,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

SESSIONS = DOCS / "sessions"
REAL = SESSIONS / "gbpusd-2012.md"
SMALL = SESSIONS / "eurusd-2024.md"
SMALL_TAPE = DOCS.parent / "tests" / "fixtures" / "tapes" / "eurusd-m1.csv.gz"
FILES = ("gbpusd-m1-bid-2012.csv.gz", "gbpusd-m1-ask-2012.csv.gz")
PIP = 10
TICK = Decimal("0.00001")
ENDS = {"order_expired": "expired", "order_cancelled": "market_halted"}


class Played(NamedTuple):
    """A session that was run: what it placed, when it ended, and the desk it was run on."""

    desk: Desk
    account: str
    orders: list[tuple[Placed, Decimal | None]]
    until: int


def quote_of(rows: Sequence[Row], at: int) -> Row:
    """The bar that covers an instant."""
    return next(row for row in reversed(rows) if row.start <= at)


def distance(text: str, stop: int = 0) -> int:
    """A distance such as `20p`, or `2R` of a stop, as ticks."""
    if text.endswith("R"):
        return int(text[:-1]) * stop
    assert text.endswith("p"), text
    return int(text[:-1]) * PIP


def read_orders(page: str, rows: Sequence[Row]) -> Iterator[tuple[str, int, tuple[Placed, Decimal | None] | None]]:
    """Every command of a page that moves the clock or places an order, with the account and the clock after it."""
    account, clock, number = "", 0, 0
    for line in re.findall(r"^\$ rickctl (.*)$", page, flags=re.MULTILINE):
        words = shlex.split(line)
        options = {name: words[place + 1] for place, name in enumerate(words[:-1]) if name.startswith("-")}
        if words[:2] == ["account", "create"]:
            account, clock = words[2], milliseconds(options["--start"])
        elif words[:2] == ["account", "advance"]:
            clock = advanced(clock, options)
            yield account, clock, None
        elif words[:2] == ["order", "place"] and "--dry-run" not in words:
            number += 1
            yield account, clock, (placed(number, clock, words, options, rows), units_of(words))


def advanced(clock: int, options: dict[str, str]) -> int:
    """The clock after `account advance`."""
    if "--to" in options:
        return milliseconds(options["--to"])
    return clock + duration(options["--by"])


def duration(text: str) -> int:
    """`3h` or `30m` in milliseconds."""
    return int(text[:-1]) * {"h": 3_600_000, "m": 60_000}[text[-1]]


def units_of(words: Sequence[str]) -> Decimal | None:
    """UNITS as typed; None where the size follows from the risk."""
    return None if words[4].startswith("-") else Decimal(words[4])


def placed(number: int, clock: int, words: Sequence[str], options: dict[str, str], rows: Sequence[Row]) -> Placed:
    """An order as typed, its distances turned into prices by the documented rules."""
    sign = 1 if words[3] == "buy" else -1
    bar = quote_of(rows, clock)
    written = options.get("--limit") or options.get("--stop-entry")
    kind = "limit" if "--limit" in options else "stop" if "--stop-entry" in options else "market"
    entry = ticks(written) if written else (bar.ask.open if sign > 0 else bar.bid.open)
    stop = distance(options["--stop-loss"])
    target = distance(options["--take-profit"], stop)
    trailing = distance(options["--trailing"]) if "--trailing" in options else None
    return Placed(
        number=number,
        at=clock,
        sign=sign,
        entry=kind,
        price=entry if written else None,
        stop=entry - sign * stop,
        target=entry + sign * target,
        trailing=trailing,
        expires=clock + duration(options.get("--ttl", "6h")) if written else None,
    )


def told(desk: Desk, account: str, number: int) -> list[Deed]:
    """What the program's ledger says became of an order."""
    deeds = []
    for row in json.loads(desk.run("order", "history", str(number), "-a", account, "-o", "json").stdout):
        if row["event"] == "order_filled":
            deeds.append(Deed(milliseconds(row["at"]), row["detail"]["leg"], ticks(row["detail"]["price"])))
        elif row["event"] in ENDS:
            deeds.append(Deed(milliseconds(row["at"]), ENDS[row["event"]]))
    return deeds


def run_session(page: Path, root: Path, rows: Sequence[Row]) -> Played:
    """Run a page's examples in a desk of its own, and read from its command lines what was asked for."""
    today = played_text(read(page), root)
    if os.environ.get(UPDATE_VARIABLE) == "1":
        page.write_text(today, encoding="utf-8")
    assert read(page) == today, f"read the change, then {UPDATE_VARIABLE}=1"
    found = list(read_orders(today, rows))
    orders = [order for _, _, order in found if order is not None]
    return Played(Desk(root=root), found[0][0], orders, found[-1][1])


def played_text(text: str, root: Path) -> str:
    """The page with today's answers; `text` blocks that hold commands are run here and nowhere else."""
    opened = text.replace("```text\n$ rickctl", "```console\n$ rickctl")
    return played(opened, root).replace("```console\n", "```text\n") if opened != text else played(text, root)


def check(session: Played, rows: Sequence[Row]) -> set[str]:
    """Hold every order and the result to the rows; returns every kind of ending that was met."""
    desk, account, listed = session.desk, session.account, {}
    for row in json.loads(desk.run("order", "list", "-a", account, "-o", "json").stdout):
        listed[row["order"]] = row
    met: set[str] = set()
    realised = Decimal(0)
    for order, units in session.orders:
        row = listed.pop(order.number)
        if row["state"] == "refused":
            assert not told(desk, account, order.number)
            met.add("refused")
            continue
        deeds = walk(order, rows, session.until)
        assert told(desk, account, order.number) == deeds, f"order {order.number}"
        assert ticks(row["take_profit"]) == order.target
        assert ticks(row["stop_loss"]) == order.stop or order.trailing is not None
        met |= {deed.what for deed in deeds}
        realised += result(order, deeds, Decimal(row["units"]) if units is None else units)
    assert not listed, "the page placed what its command lines do not say"
    check_result(desk, account, realised)
    return met


def result(order: Placed, deeds: Sequence[Deed], units: Decimal) -> Decimal:
    """Profit or loss of an entry and its exit, in the quote currency; nothing where it never entered."""
    prices = [deed.price for deed in deeds if deed.price is not None]
    if not prices:
        return Decimal(0)
    entry, left = prices
    return (left - entry) * order.sign * TICK * units


def check_result(desk: Desk, account: str, realised: Decimal) -> None:
    """The account's own sums: start + realised, nothing open, no fees."""
    found = json.loads(desk.run("pnl", "-a", account, "-o", "json").stdout)
    (row,) = found["accounts"]
    assert Decimal(found["realised"]) == realised
    assert Decimal(row["equity"]) == Decimal(row["balance"]) == Decimal(row["start"]) + realised
    assert {Decimal(found["unrealised"]), Decimal(found["fees"])} == {Decimal(0)}
    assert desk.run("journal", "verify").code == 0


@pytest.fixture
def real_rows(shared_file: Callable[[str], Path], tmp_path: Path) -> list[Row]:
    """The recorded month, its files where the page says they are."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in FILES:
        shutil.copy(shared_file(f"data/{name}"), folder / name)
    bid, ask = (read_side(folder / name) for name in FILES)
    rows = join(bid, ask)
    assert (len(bid), len(ask), len(rows)) == (30_117, 30_117, 28_914)
    return rows


def test_the_session_on_recorded_prices_is_what_the_rows_say(real_rows: list[Row], tmp_path: Path) -> None:
    met = check(run_session(REAL, tmp_path, real_rows), real_rows)
    assert met == {"entry", "take_profit", "stop_loss", "trailing_stop", "max_hold", "expired", "refused"}


def test_the_session_on_the_small_tape_is_what_its_rows_say(tmp_path: Path) -> None:
    rows = read_both(SMALL_TAPE)
    met = check(run_session(SMALL, tmp_path, rows), rows)
    assert {"entry", "stop_loss", "expired", "refused"} <= met


@pytest.mark.parametrize("shift", [1, -1])
def test_a_fill_one_tick_away_is_noticed(tmp_path: Path, shift: int) -> None:
    rows = read_both(SMALL_TAPE)
    session = run_session(SMALL, tmp_path, rows)
    moved = [
        row._replace(bid=row.bid._replace(open=row.bid.open + shift), ask=row.ask._replace(open=row.ask.open + shift))
        for row in rows
    ]
    with pytest.raises(AssertionError):
        check(session, moved)
