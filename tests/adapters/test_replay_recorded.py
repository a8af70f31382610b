"""Recorded markets that lie beside the project, read as tapes and checked against the files themselves."""

from __future__ import annotations

import gzip
import os
from decimal import Decimal

import pytest

from rickctl.adapters.replay import TapeReport, open_tape
from rickctl.domain.hours import is_open
from rickctl.domain.instants import MINUTE_NS, parse_instant
from rickctl.domain.market import Cursor, Watch
from tests.adapters.tape_kit import KNOWN, ROOT

SHARED = ROOT.parent / "shared" / "data"


def shared(*names: str) -> str:
    """The source text of recorded files beside the project; skips where they are absent, fails in CI."""
    if not all((SHARED / name).is_file() for name in names):
        reason = f"recorded prices are not at {SHARED}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return "replay:" + "+".join(str(SHARED / name) for name in names)


def test_a_month_of_recorded_gbp_usd_reports_its_crossed_rows_gaps_and_closed_hours() -> None:
    market = open_tape(shared("gbpusd-m1-bid-2012.csv.gz", "gbpusd-m1-ask-2012.csv.gz"), KNOWN)
    assert market.report(lambda at_ns: is_open("fx", at_ns)) == TapeReport(
        layout="bars",
        rows=30117,
        used=28914,
        crossed=1203,
        not_positive=0,
        impossible=0,
        duplicates=0,
        unmatched_bid=0,
        unmatched_ask=0,
        out_of_order=0,
        zero_spread=260,
        bar_ns=MINUTE_NS,
        gaps=111,
        gap_ns=11644 * MINUTE_NS,
        longest_gap_ns=2882 * MINUTE_NS,
        first_ns=parse_instant("2012-02-01T00:00:00Z"),
        last_ns=parse_instant("2012-03-01T00:00:00Z"),
        closed_rows=79,
    )


def first_touch(side: str, level: Decimal) -> str | None:
    """The label of the first uncrossed minute whose high reached the level, straight from the two files."""
    files = [SHARED / f"gbpusd-m1-{name}-2012.csv.gz" for name in ("bid", "ask")]
    bids, asks = (gzip.decompress(path.read_bytes()).decode().splitlines()[1:] for path in files)
    for bid_row, ask_row in zip(bids, asks, strict=True):
        bid, ask = (list(map(Decimal, row.split(",")[1:])) for row in (bid_row, ask_row))
        if (bid if side == "bid" else ask)[1] >= level and all(map(Decimal.__le__, bid, ask)):
            return bid_row.split(",")[0]
    return None


@pytest.mark.parametrize(
    ("side", "level"), [("bid", "1.58"), ("ask", "1.58"), ("bid", "1.5929"), ("ask", "1.59500"), ("bid", "1.7")]
)
def test_a_level_in_the_recorded_month_is_touched_when_the_files_say(side: str, level: str) -> None:
    market = open_tape(shared("gbpusd-m1-bid-2012.csv.gz", "gbpusd-m1-ask-2012.csv.gz"), KNOWN)
    ticks = KNOWN["GBP_USD"].ticks(Decimal(level))
    watch = Watch(bid_at_least=ticks) if side == "bid" else Watch(ask_at_least=ticks)
    step = market.next_step("GBP_USD", watch, Cursor(0, 0), 2**62)
    label = first_touch(side, Decimal(level))
    assert (step and step.from_ns) == (label and parse_instant(label))


def test_a_thousand_recorded_usd_jpy_ticks_report_their_shared_instants_and_silences() -> None:
    market = open_tape(shared("usdjpy-ticks-2013.csv.gz"), KNOWN)
    report = market.report(lambda at_ns: is_open("fx", at_ns))
    assert (report.rows, report.used, report.duplicates, report.crossed, report.gaps) == (1000, 993, 7, 0, 2)
    assert (report.zero_spread, report.closed_rows) == (1, 17)
