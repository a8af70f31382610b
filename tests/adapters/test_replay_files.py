"""Files become tapes exactly or are refused by name and line; what cannot trade is dropped and counted."""

from __future__ import annotations

import gzip
import hashlib
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rickctl.adapters.replay import TapeSource, open_tape, parse_source
from rickctl.adapters.replay.parse import instant_reader
from rickctl.domain.errors import RickctlError, SetupError, Unreachable, UsageError
from rickctl.domain.instants import HOUR_NS, parse_instant, rfc3339
from rickctl.domain.market import Cursor, Watch
from tests.adapters.tape_kit import KNOWN, ROOT

if TYPE_CHECKING:
    from rickctl.adapters.replay import ReplayMarket

TAPES = ROOT / "tests" / "fixtures" / "tapes"

BARS = "time,bid_open,bid_high,bid_low,bid_close,ask_open,ask_high,ask_low,ask_close\n"
SIDE = "timestamp,open,high,low,close\n"
GOOD_BAR = (
    "2024-03-06 08:00,1.1,1.2,1.0,1.1,1.11,1.21,1.01,1.11\n2024-03-06 08:01,1.1,1.2,1.0,1.1,1.11,1.21,1.01,1.11\n"
)


def load(folder: Path, content: str | bytes, name: str = "eurusd.csv") -> ReplayMarket:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return open_tape(f"replay:{path}", KNOWN)


def load_pair(folder: Path, bid: str, ask: str) -> ReplayMarket:
    (folder / "eurusd-bid.csv").write_text(SIDE + bid)
    (folder / "eurusd-ask.csv").write_text(SIDE + ask)
    return open_tape(f"replay:{folder}/eurusd-bid.csv+{folder}/eurusd-ask.csv", KNOWN)


def points(market: ReplayMarket) -> list[tuple[str, int, int]]:
    """Every executable price of the tape: time, bid, ask in ticks."""
    found = []
    after = Cursor(-(2**62), 0)
    while step := market.next_step(next(iter(market.instruments)), Watch(any_point=True), after, 2**62):
        found.append((rfc3339(step.at_ns), step.bid_low, step.ask_low))
        after = step.cursor
    return found


@pytest.mark.parametrize(
    "content",
    [
        "time,bid,ask\n2024-03-06T08:00:00Z,1.08500,1.08510\n",
        "timestamp,bid,ask\n2024-03-06 08:00:00+00:00,1.085,1.0851\n",
        "ask,time,bid,volume\n1.0851,2024-03-06 08:00:00.000,1.0850,12\n",
        "\ufeffTime, Bid ,ASK\r\n2024-03-06T09:00:00+01:00,1.085,1.0851\r\n\r\n",
        'time,b,a\n"2024-03-06 08:00","1.085","1.0851"',
    ],
)
def test_one_tick_reads_the_same_in_every_spelling(tmp_path: Path, content: str) -> None:
    assert points(load(tmp_path, content)) == [("2024-03-06T08:00:00Z", 108500, 108510)]


def test_gzip_is_known_by_its_content_and_not_by_its_name(tmp_path: Path) -> None:
    content = "time,bid,ask\n2024-03-06T08:00:00Z,1.08500,1.08510\n"
    packed = load(tmp_path, gzip.compress(content.encode()), "eurusd.csv")
    plain = load(tmp_path, content, "eurusd.csv.gz")
    assert points(packed) == points(plain) == [("2024-03-06T08:00:00Z", 108500, 108510)]


def test_bars_read_the_same_from_one_file_short_names_and_two_files(tmp_path: Path) -> None:
    rows = [f"2024-03-06 08:0{n},1.1,1.2,1.0,1.15,1.11,1.21,1.01,1.16" for n in range(3)]
    long = load(tmp_path, BARS + "\n".join(rows))
    short = load(tmp_path, "time,bo,bh,bl,bc,ao,ah,al,ac\n" + "\n".join(rows))
    bid = "\n".join(",".join(row.split(",")[:5]) for row in rows)
    ask = "\n".join(",".join(row.split(",")[:1] + row.split(",")[5:]) for row in rows)
    pair = load_pair(tmp_path, bid, ask)
    answers = [
        [(bar.start_ns, bar.bid, bar.ask) for bar in market.bars("EUR_USD", "M1", 0, 2**62, 2**62)]
        for market in (long, short, pair)
    ]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0][1:] == (
        tuple(map(Decimal, ("1.10000", "1.20000", "1.00000", "1.15000"))),
        tuple(map(Decimal, ("1.11000", "1.21000", "1.01000", "1.16000"))),
    )


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        ("", "bad_tape", "eurusd.csv line 1: the file is empty"),
        ("time,bid,ask\n", "bad_tape", "no rows"),
        ("2024-03-06T08:00:00Z,1.1,1.2\n", "bad_tape", "line 1: the header names no known columns"),
        ("time,timestamp,bid,ask\n1,2,3,4\n", "bad_tape", "line 1: the header"),
        ("time,bid,bid,ask\n1,2,3,4\n", "bad_tape", "line 1: the header"),
        ("time,bid,ask\n2024-03-06T08:00:00Z,1.1,1.2\n2024-03-06T08:00:01Z,1.1\n", "bad_tape", "line 3: 2 columns"),
        ("time,bid,ask\n2024-03-06T08:00:00Z,1.1,1.2,1.3\n", "bad_tape", "line 2: 4 columns"),
        ("time,bid,ask\n2024-03-06T08:00:00Z,1.085001,1.2\n", "off_grid", "line 2: price 1.085001 is not a multiple"),
        ("time,bid,ask\n2024-03-06T08:00:00Z,NaN,1.2\n", "bad_number", "line 2: price 'NaN'"),
        ("time,bid,ask\n2024-03-06T08:00:00Z,,1.2\n", "bad_number", "line 2: price ''"),
        ("time,bid,ask\n2024-03-06T08:00:00Z,1e0,1.2\n", "bad_number", "line 2: price '1e0'"),
        ("time,bid,ask\n2024-03-06T08:00:00Z," + "9" * 28 + ",1.2\n", "bad_number", "line 2: price 9999"),
        ("time,bid,ask\n2024-03-06T08:00:00Z," + "9" * 40 + ",1.2\n", "bad_number", "line 2: price has more than"),
        ("time,bid,ask\n2024-02-30T08:00:00Z,1.1,1.2\n", "bad_time", "line 2: time '2024-02-30"),
        ("time,bid,ask\nyesterday,1.1,1.2\n", "bad_time", "line 2: time 'yesterday'"),
        ('time,bid,ask\n"2024,1.1,1.2\n', "bad_tape", "not CSV text"),
        (b"time,bid,ask\n\xff\xfe,1.1,1.2\n", "bad_tape", "not CSV text in UTF-8"),
        ("time,bid,ask\n" + "1" * 5000, "bad_tape", "longer than 4096 characters"),
        (gzip.compress(b"time,bid,ask\n" + b"\n" * 500, mtime=0)[:-9], "bad_tape", "gzip stream"),
        (b"\x1f\x8b not gzip after all", "bad_tape", "gzip stream"),
        (SIDE + "2024-03-06 08:00,1.1,1.2,1.0,1.1\n", "bad_tape", "a bid file and an ask file"),
        (BARS + GOOD_BAR.splitlines()[0], "bad_tape", "one bar alone"),
        (BARS + GOOD_BAR.replace("08:01", "08:07"), "bad_tape", "7 min apart"),
        ("time,bid,ask\n2024-03-06T08:00:00Z,1.2,1.1\n", "bad_tape", "no usable row: 1 crossed"),
    ],
)
def test_a_file_that_cannot_be_read_exactly_is_refused_with_its_line(
    tmp_path: Path, content: str | bytes, code: str, words: str
) -> None:
    with pytest.raises(UsageError) as failure:
        load(tmp_path, content)
    assert failure.value.code == code
    assert words in failure.value.message


@pytest.mark.parametrize(
    ("cells", "count"),
    [
        ("1.1,1.2,1.0,1.1,1.09,1.21,1.01,1.11", "crossed"),
        ("1.1,1.2,1.0,1.1,1.11,1.19,1.01,1.11", "crossed"),
        ("1.1,1.2,1.0,1.1,1.11,1.21,0.99,1.11", "crossed"),
        ("1.1,1.2,1.0,1.1,1.11,1.21,1.01,1.09", "crossed"),
        ("1.1,1.0,1.2,1.1,1.11,1.21,1.01,1.11", "impossible"),
        ("1.3,1.2,1.0,1.1,1.31,1.41,1.01,1.11", "impossible"),
        ("1.1,1.2,1.0,0.9,1.11,1.21,1.01,1.11", "impossible"),
        ("1.1,1.2,1.0,1.1,1.11,1.21,1.01,1.22", "impossible"),
        ("1.1,1.2,1.0,1.21,1.11,1.31,1.01,1.22", "impossible"),
        ("0.9,1.2,1.0,1.1,1.11,1.21,1.01,1.11", "impossible"),
        ("1.1,1.2,1.0,1.1,1.22,1.21,1.01,1.11", "impossible"),
        ("1.1,1.2,0.9,1.1,1.0,1.21,1.01,1.11", "impossible"),
        ("1.1,1.2,0.9,1.1,1.11,1.21,1.01,1.0", "impossible"),
        ("0,1.2,0,1.1,1.11,1.21,1.01,1.11", "not_positive"),
        ("1.1,1.2,-1.0,1.1,1.11,1.21,1.01,1.11", "not_positive"),
    ],
)
def test_a_bar_with_one_bad_field_trades_nothing_and_is_counted(tmp_path: Path, cells: str, count: str) -> None:
    market = load(tmp_path, f"{BARS}{GOOD_BAR}2024-03-06 08:02,{cells}\n2024-03-06 08:03,{GOOD_BAR[17:52]}\n")
    report = market.report()
    assert (report.rows, report.used, report.dropped, getattr(report, count)) == (4, 3, 1, 1)
    at_ns = parse_instant("2024-03-06T08:02:30Z")
    assert not market.quote("EUR_USD", at_ns).tradeable
    assert [at for at, *_ in points(market)] == [f"2024-03-06T08:0{n}:00Z" for n in (0, 1, 3)]


def test_a_crossed_tick_trades_nothing_and_ends_the_price_before_it(tmp_path: Path) -> None:
    rows = "08:00:00Z,1.1,1.2\n2024-03-06T08:00:10Z,1.3,1.2\n2024-03-06T08:00:20Z,1.1,1.1\n"
    market = load(tmp_path, f"time,bid,ask\n2024-03-06T{rows}")
    report = market.report()
    assert (report.rows, report.used, report.crossed, report.zero_spread) == (3, 2, 1, 1)
    tradeable = [market.quote("EUR_USD", parse_instant(f"2024-03-06T08:00:{s}Z")).tradeable for s in ("09", "11", "21")]
    assert tradeable == [True, False, True]


def test_rows_out_of_order_are_sorted_and_the_last_of_one_instant_stands(tmp_path: Path) -> None:
    day = "2024-03-06T08:00:0"
    rows = [f"{day}2Z,1.2,1.3", f"{day}1Z,1.1,1.2", f"{day}2Z,1.4,1.5", f"{day}3Z,1.5,1.6", f"{day}3Z,1.5,1.6"]
    market = load(tmp_path, "time,bid,ask\n" + "\n".join(rows))
    report = market.report()
    assert (report.rows, report.used, report.out_of_order, report.duplicates) == (5, 3, 1, 2)
    assert points(market) == [(f"{day}1Z", 110000, 120000), (f"{day}2Z", 140000, 150000), (f"{day}3Z", 150000, 160000)]


def test_bid_and_ask_join_on_their_times_and_the_rest_is_counted(tmp_path: Path) -> None:
    bid = [f"2024-03-06 08:0{n},1.1,1.2,1.0,1.1\n" for n in (0, 1, 2, 3, 4)]
    ask = [f"2024-03-06 08:0{n},1.2,1.3,1.1,1.2\n" for n in (0, 1, 3, 5, 7, 7)]
    report = load_pair(tmp_path, "".join(bid), "".join(ask)).report()
    assert (report.used, report.unmatched_bid, report.unmatched_ask, report.duplicates) == (3, 2, 2, 1)
    assert report.rows == report.used + report.dropped == 8


def test_bid_and_ask_given_the_wrong_way_round_are_refused_with_that_hint(tmp_path: Path) -> None:
    bid = "".join(f"2024-03-06 08:0{n},1.1,1.2,1.0,1.1\n" for n in range(3))
    with pytest.raises(UsageError) as failure:
        load_pair(tmp_path, bid.replace("1.", "2."), bid)
    assert failure.value.hint == "are the bid and the ask swapped?"


def test_two_files_of_different_times_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="share no time"):
        load_pair(tmp_path, "2024-03-06 08:00,1,1,1,1\n", "2024-03-06 08:01,1,1,1,1\n")


TICK = "time,bid,ask\n2024-03-06T08:00:00Z,1.1,1.2\n"


def test_the_fingerprint_is_the_hash_of_the_bytes_on_disk(tmp_path: Path) -> None:
    packed = gzip.compress(TICK.encode(), mtime=7)
    market = load(tmp_path, packed, "eurusd ticks.csv.gz")
    digest = hashlib.sha256(packed).hexdigest()
    assert market.fingerprint == digest
    assert market.source == f"replay:eurusd_ticks@{digest[:12]}"


def test_a_tape_whose_bytes_changed_is_refused_and_the_same_bytes_open(tmp_path: Path) -> None:
    market = load(tmp_path, TICK)
    again = open_tape(market.location, KNOWN, expected_hash=market.fingerprint)
    assert (again.source, again.location) == (market.source, market.location)
    (tmp_path / "eurusd.csv").write_text(TICK + "\n")
    with pytest.raises(SetupError) as failure:
        open_tape(market.location, KNOWN, expected_hash=market.fingerprint)
    assert failure.value.code == "tape_changed"


def test_either_file_of_two_changing_is_a_change(tmp_path: Path) -> None:
    bid, ask = ((TAPES / f"gbpusd-m1-{side}.csv").read_text() for side in ("bid", "ask"))
    whole = load_pair(tmp_path, bid.removeprefix(SIDE), ask.removeprefix(SIDE))
    (tmp_path / "eurusd-ask.csv").write_text(ask + "\n")
    with pytest.raises(SetupError):
        open_tape(whole.location, KNOWN, expected_hash=whole.fingerprint)


@pytest.mark.parametrize(
    "name", ["absent-eurusd.csv", "eurusd-folder", "eurusd-a.csv+eurusd-b.csv", "eurusd" + "+x" * 500, "eurusd\ud800"]
)
def test_a_tape_that_is_away_is_unreachable(tmp_path: Path, name: str) -> None:
    (tmp_path / "eurusd-folder").mkdir()
    with pytest.raises(Unreachable) as failure:
        open_tape(f"replay:{tmp_path}/{name}", KNOWN)
    assert failure.value.code == "tape_missing"


def test_a_device_is_no_tape() -> None:
    with pytest.raises(Unreachable):
        open_tape("replay:/dev/null#EUR_USD", KNOWN)


def test_a_plus_in_a_path_parts_files_only_where_no_such_file_exists(tmp_path: Path) -> None:
    folder = tmp_path / "a+b"
    folder.mkdir()
    for name in ("eurusd+x.csv", "bid.csv", "ask.csv"):
        (folder / name).write_text("")
    assert parse_source(f"replay:{folder}/eurusd+x.csv").paths == (folder / "eurusd+x.csv",)
    both = parse_source(f"replay:{folder}/bid.csv+{folder}/ask.csv#gbp_usd")
    assert both == TapeSource((folder / "bid.csv", folder / "ask.csv"), "GBP_USD")
    assert parse_source(both.text) == both
    mixed = f"{folder}/bid.csv+{folder}/ask.csv"
    Path(mixed).parent.mkdir(parents=True)
    Path(mixed).write_text("")
    assert parse_source(mixed).paths == (Path(mixed),)
    Path(mixed).unlink()
    for path in both.paths:
        path.unlink()
    assert parse_source(both.text) == both
    assert parse_source("replay:/away/a+b.csv").paths == (Path("/away/a+b.csv"),)
    assert parse_source("replay:~nobody-of-that-name/x.csv").symbol is None


@pytest.mark.parametrize("text", ["replay:", "replay:#EUR_USD", "replay:a\0b"])
def test_a_source_that_names_no_file_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError):
        parse_source(text)


@pytest.mark.parametrize(
    ("name", "suffix", "symbol"),
    [
        ("eurusd.csv", "", "EUR_USD"),
        ("GBP-USD_2024.csv", "", "GBP_USD"),
        ("my.usdjpy.ticks", "", "USD_JPY"),
        ("prices.csv", "#gbp_usd", "GBP_USD"),
        ("eurusd.csv", "#GBP_USD", "GBP_USD"),
        ("prices.csv", "", None),
        ("my-eurusd-gbpusd.csv", "", None),
        ("eurusd.csv", "#XXX_YYY", None),
    ],
)
def test_the_symbol_is_stated_or_guessed_from_the_name(
    tmp_path: Path, name: str, suffix: str, symbol: str | None
) -> None:
    (tmp_path / name).write_text("time,bid,ask\n2024-03-06T08:00:00Z,150.1,150.2\n")
    if symbol is None:
        with pytest.raises(UsageError):
            open_tape(f"replay:{tmp_path / name}{suffix}", KNOWN)
    else:
        assert list(open_tape(f"replay:{tmp_path / name}{suffix}", KNOWN).instruments) == [symbol]


CELLS = st.text(alphabet="0123456789-:TZ+. ", max_size=30)
SHAPED = st.from_regex(
    r"2012-0[0-3]-[0-3]\d[T ][0-2]\d:[0-6]\d(:[0-6]\d)?(\.\d{0,4})?( ?Z|[+-]0\d:\d\d)?Z?", fullmatch=True
)


@given(st.lists(st.one_of(SHAPED, CELLS), min_size=1, max_size=5))
@example(["2012-02-01T00:00.1ZZ", "2012-02-01T00:00.12.5", "2012-02-01 00:00  Z", "2012-02-01Z", "2012-02-01"])
@example(["2012-02-01T00:00:00.123456789+01:00", "2012-02-01 23:59:59-05:00", "2012-02-01T00:00:00ZZ", ""])
def test_the_fast_reader_of_times_agrees_with_the_plain_one(texts: list[str]) -> None:
    def answer(text: str, *, fast: bool) -> int | str:
        try:
            return read(text) if fast else parse_instant(text)
        except RickctlError as error:
            return error.code

    read = instant_reader()
    for text in texts * 2:
        assert answer(text, fast=True) == answer(text, fast=False)


def test_the_small_tapes_are_what_their_script_writes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(TAPES / "make.py"), str(tmp_path)], check=True)
    names = sorted(path.name for path in TAPES.glob("*.csv*"))
    assert names == sorted(path.name for path in tmp_path.iterdir())
    for name in names:
        stored, fresh = (folder.joinpath(name).read_bytes() for folder in (TAPES, tmp_path))
        assert (gzip.decompress(stored) == gzip.decompress(fresh)) if name.endswith(".gz") else (stored == fresh)


def test_the_small_tapes_hold_the_flaws_they_were_given() -> None:
    pair = open_tape(f"replay:{TAPES}/gbpusd-m1-bid.csv+{TAPES}/gbpusd-m1-ask.csv", KNOWN).report()
    assert (pair.rows, pair.used, pair.crossed, pair.unmatched_bid, pair.duplicates) == (119, 115, 1, 1, 2)
    one = open_tape(f"replay:{TAPES}/eurusd-m1.csv.gz", KNOWN).report()
    assert (one.used, one.dropped, one.gaps, one.gap_ns) == (1380, 0, 1, HOUR_NS)
    ticks = open_tape(f"replay:{TAPES}/usdjpy-ticks.csv", KNOWN).report()
    assert (ticks.used, ticks.gaps) == (300, 1)
