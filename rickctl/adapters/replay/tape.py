"""Tables of rows to one clean tape with its cover and its counts; repairs and invents nothing, opens no file."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass
from itertools import compress, pairwise
from typing import TYPE_CHECKING, NamedTuple

from rickctl.adapters.replay.parse import Layout, Table
from rickctl.domain.errors import UsageError
from rickctl.domain.instants import DAY_NS, SECOND_NS, duration_text

if TYPE_CHECKING:
    from collections.abc import Sequence

TICK_HOLD_NS = 60 * SECOND_NS
"""A tick stands until the next row, for a minute at most: after that nobody recorded that it could be traded."""


class Prices(NamedTuple):
    """One side of a tape in ticks; the four columns of a tick tape are one and the same."""

    open: array[int]
    high: array[int]
    low: array[int]
    close: array[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeReport:
    """What was read and what became of it: `rows` = `used` + everything dropped; lengths in nanoseconds.

    A row of a bid file and the row of the same time in its ask file count as one.
    """

    layout: str
    rows: int
    used: int
    crossed: int
    not_positive: int
    impossible: int
    duplicates: int
    unmatched_bid: int
    unmatched_ask: int
    out_of_order: int
    zero_spread: int
    bar_ns: int | None
    gaps: int
    gap_ns: int
    longest_gap_ns: int
    first_ns: int
    last_ns: int
    closed_rows: int | None = None

    @property
    def dropped(self) -> int:
        """Rows that trade nothing."""
        return self.rows - self.used


@dataclass(frozen=True, slots=True, kw_only=True)
class Tape:
    """Usable rows in time order; row `i` covers `[starts[i], ends[i])`. `bar_ns` is None for ticks."""

    starts: array[int]
    ends: array[int]
    bid: Prices
    ask: Prices
    bar_ns: int | None
    report: TapeReport


def build_tape(tables: Sequence[Table], *, hold_ns: int = TICK_HOLD_NS, bar_ns: int | None = None) -> Tape:
    """Order, join, check and cover the rows of one file, or of a bid file and an ask file.

    `bar_ns` is the length of a bar; without it the commonest distance between rows. Raises UsageError bad_tape.
    """
    counts: Counter[str] = Counter()
    table = _one_table([_in_order(table, counts) for table in tables], counts)
    is_bars = table.layout is Layout.BARS
    width = (bar_ns or _commonest_distance(table.times)) if is_bars else hold_ns
    ends = array("q", (min(start + width, after) for start, after in pairwise(table.times)))
    ends.append(table.times[-1] + width)
    flaws = [_flaw(*prices) for prices in _eight(table)]
    counts.update(flaw for flaw in flaws if flaw)
    keep = [not flaw for flaw in flaws]
    if not any(keep):
        message = f"no usable row: {_worst(counts)}"
        raise UsageError(message, code="bad_tape", hint="are the bid and the ask swapped?")
    columns = _kept(_eight_columns(table), keep)
    bid, ask = Prices(*columns[:4]), Prices(*columns[4:])
    return Tape(
        starts=array("q", compress(table.times, keep)),
        ends=array("q", compress(ends, keep)),
        bid=bid,
        ask=ask,
        bar_ns=width if is_bars else None,
        report=_report(table, counts, keep, width),
    )


def _in_order(table: Table, counts: Counter[str]) -> Table:
    """The rows by time; of rows with one time the last in the file stands."""
    times = table.times
    if all(before < after for before, after in pairwise(times)):
        return table
    latest = times[0]
    for at_ns in times:
        counts["out_of_order"] += at_ns < latest
        latest = max(latest, at_ns)
    order = sorted(range(len(times)), key=times.__getitem__)
    standing = [place for place, after in pairwise(order) if times[place] != times[after]]
    standing.append(order[-1])
    counts["duplicates"] += len(times) - len(standing)
    return _select(table, standing)


def _select(table: Table, places: Sequence[int]) -> Table:
    """The rows at `places`, in that order."""
    return Table(
        table.layout,
        array("q", map(table.times.__getitem__, places)),
        tuple(array("q", map(column.__getitem__, places)) for column in table.columns),
    )


def _one_table(tables: Sequence[Table], counts: Counter[str]) -> Table:
    """The only table, or bid and ask joined on their times."""
    layouts = [table.layout for table in tables]
    if layouts in ([Layout.TICKS], [Layout.BARS]):
        return tables[0]
    if layouts != [Layout.SIDE, Layout.SIDE]:
        message = "a tape is one file with bid and ask, or a bid file and an ask file with open,high,low,close"
        raise UsageError(message, code="bad_tape", hint="see docs/tapes.md for the three layouts")
    bid, ask = tables
    if bid.times != ask.times:
        shared = set(bid.times) & set(ask.times)
        counts["unmatched_bid"] = len(bid.times) - len(shared)
        counts["unmatched_ask"] = len(ask.times) - len(shared)
        if not shared:
            message = "the bid file and the ask file share no time"
            raise UsageError(message, code="bad_tape")
        bid, ask = (
            _select(side, [place for place, at_ns in enumerate(side.times) if at_ns in shared]) for side in (bid, ask)
        )
    return Table(Layout.BARS, bid.times, bid.columns + ask.columns)


def _commonest_distance(times: array[int]) -> int:
    distances = Counter(after - before for before, after in pairwise(times))
    if not distances:
        message = "one bar alone does not say how long it lasts"
        raise UsageError(message, code="bad_tape")
    width = distances.most_common(1)[0][0]
    if width < SECOND_NS or DAY_NS % width:
        message = f"bars {duration_text(width)} apart are of no known length"
        raise UsageError(message, code="bad_tape")
    return width


def _flaw(bo: int, bh: int, bl: int, bc: int, ao: int, ah: int, al: int, ac: int) -> str | None:
    """Why a row trades nothing, or None; bid equal to ask is a price like any other."""
    if bl <= 0 or al <= 0 or bo <= 0 or ao <= 0:
        return "not_positive"
    if not (bl <= bo <= bh and bl <= bc <= bh and al <= ao <= ah and al <= ac <= ah):
        return "impossible"
    if bo > ao or bh > ah or bl > al or bc > ac:
        return "crossed"
    return None


def _eight_columns(table: Table) -> tuple[array[int], ...]:
    """Open, high, low, close of bid then ask; a tick is all four of its own side."""
    if table.layout is Layout.BARS:
        return table.columns
    bid, ask = table.columns
    return (bid, bid, bid, bid, ask, ask, ask, ask)


def _eight(table: Table) -> zip[tuple[int, ...]]:
    return zip(*_eight_columns(table), strict=True)


def _kept(columns: Sequence[array[int]], keep: Sequence[bool]) -> list[array[int]]:
    """The columns without dropped rows; columns that were one array stay one."""
    if all(keep):
        return list(columns)
    unique = {id(column): array("q", compress(column, keep)) for column in columns}
    return [unique[id(column)] for column in columns]


def _worst(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in counts.most_common())


def _report(table: Table, counts: Counter[str], keep: Sequence[bool], width: int) -> TapeReport:
    missing = [gap for gap in (after - before - width for before, after in pairwise(table.times)) if gap > 0]
    dropped_before = counts["duplicates"] + counts["unmatched_bid"] + counts["unmatched_ask"]
    spreads = zip(*(_eight_columns(table)[place] for place in (0, 4)), keep, strict=True)
    return TapeReport(
        layout=table.layout.name.lower(),
        rows=len(table.times) + dropped_before,
        used=sum(keep),
        crossed=counts["crossed"],
        not_positive=counts["not_positive"],
        impossible=counts["impossible"],
        duplicates=counts["duplicates"],
        unmatched_bid=counts["unmatched_bid"],
        unmatched_ask=counts["unmatched_ask"],
        out_of_order=counts["out_of_order"],
        zero_spread=sum(kept and bid == ask for bid, ask, kept in spreads),
        bar_ns=width if table.layout is Layout.BARS else None,
        gaps=len(missing),
        gap_ns=sum(missing),
        longest_gap_ns=max(missing, default=0),
        first_ns=table.times[0],
        last_ns=table.times[-1],
    )
