"""OANDA as a market: one pull a moment, instruments of a day, candles page by page, and no word about the past."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from rickctl.adapters.oanda.cache import Cache
from rickctl.adapters.oanda.market import OandaMarket
from rickctl.adapters.oanda.probe import OandaProbe
from rickctl.domain.credentials import Secret
from rickctl.domain.errors import SetupError, Unreachable, UsageError
from rickctl.domain.instants import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS, parse_instant, rfc3339
from rickctl.domain.market import Cursor, Phase, Watch
from rickctl.domain.scope import Mode, Scope
from rickctl.domain.streaming import Streaming
from rickctl.services.quotes import fetch_quotes
from tests.adapters.oanda_kit import ACCOUNT, NOW_NS, TOKEN, answer, client, hosts, page, raw, venue
from tests.adapters.test_oanda_parse import INSTRUMENT, PRICE
from tests.fakes import FakeClock

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from tests.adapters.oanda_kit import Act, Venue

OPEN_NS = parse_instant("2026-11-20T12:00:00Z")
"""A Friday at noon."""
EUR_USD = {**INSTRUMENT, "name": "EUR_USD", "displayPrecision": 5, "pipLocation": -4}
LISTED = {"instruments": [EUR_USD, {**INSTRUMENT, "name": "XAU_USD", "type": "METAL"}, {"name": "broken"}]}


def prices(*symbols: str, at_ns: int = OPEN_NS, **changed: object) -> dict[str, object]:
    """A pricing answer."""
    rows = [{**PRICE, "instrument": symbol, "time": rfc3339(at_ns - SECOND_NS), **changed} for symbol in symbols]
    return {"prices": rows, "time": rfc3339(at_ns)}


def market_of(found: Venue, folder: Path, *, clock: FakeClock | None = None, account: str = ACCOUNT) -> OandaMarket:
    calls = client(found.host, clock=clock or FakeClock(OPEN_NS))
    return OandaMarket(calls, account, Cache(folder))


def test_symbols_expected_come_with_one_pull_and_a_new_moment_pulls_anew(tmp_path: Path) -> None:
    with venue(answer(prices("EUR_USD", "XAU_USD"))) as found:
        market = market_of(found, tmp_path)
        market.expect(["XAU_USD", "EUR_USD"])
        quotes = [market.quote(symbol, OPEN_NS) for symbol in ("EUR_USD", "XAU_USD", "EUR_USD")]
        assert [quote.symbol for quote in quotes] == ["EUR_USD", "XAU_USD", "EUR_USD"]
        assert len(found.seen) == 1
        market.quote("EUR_USD", OPEN_NS + 1)
        assert len(found.seen) == 2
        assert found.seen[0].target == f"/v3/accounts/{ACCOUNT}/pricing?instruments=EUR_USD%2CXAU_USD"


def test_a_quote_of_several_symbols_is_one_request(tmp_path: Path) -> None:
    with venue(answer(LISTED), answer(prices("EUR_USD", "XAU_USD"))) as found:
        market = market_of(found, tmp_path)
        scope = Scope(Mode.PRACTICE, "oanda", ACCOUNT)
        rows = fetch_quotes(["xau/usd", "eur_usd"], market=market, scope=scope, now_ns=OPEN_NS, at_ns=None)
        assert [row.quote.symbol for row in rows] == ["XAU_USD", "EUR_USD"]
        assert len(found.seen) == 2


def test_a_symbol_not_expected_is_pulled_with_the_others(tmp_path: Path) -> None:
    with venue(answer(prices("EUR_USD")), answer(prices("EUR_USD", "XAU_USD"))) as found:
        market = market_of(found, tmp_path)
        market.quote("EUR_USD", OPEN_NS)
        market.quote("XAU_USD", OPEN_NS)
        market.quote("EUR_USD", OPEN_NS)
        assert [seen.target.partition("=")[2] for seen in found.seen] == ["EUR_USD", "EUR_USD%2CXAU_USD"]


def test_a_snapshot_is_vouched_for_at_its_own_time_on_our_clock(tmp_path: Path) -> None:
    with venue(answer(prices("EUR_USD", at_ns=NOW_NS), date="Sat, 21 Nov 2026 10:00:00 GMT")) as found:
        market = market_of(found, tmp_path, clock=FakeClock(NOW_NS - HOUR_NS))
        quote = market.quote("EUR_USD", NOW_NS - HOUR_NS)
    assert quote.age_ns(NOW_NS - HOUR_NS) == 0
    assert quote.changed_ns == NOW_NS - HOUR_NS - SECOND_NS
    assert (quote.source, quote.bid) == ("oanda-sandbox", Decimal("1.08500"))


def test_a_snapshot_repeated_from_an_hour_ago_is_an_hour_old(tmp_path: Path) -> None:
    with venue(answer(prices("EUR_USD", at_ns=NOW_NS - HOUR_NS), date="Sat, 21 Nov 2026 10:00:00 GMT")) as found:
        market = market_of(found, tmp_path, clock=FakeClock(NOW_NS))
        assert market.quote("EUR_USD", NOW_NS).age_ns(NOW_NS) == HOUR_NS


@pytest.mark.parametrize(
    "body",
    [{}, {"prices": {}}, {"prices": [1], "time": "x"}, {"prices": [], "time": "x"}, {"time": rfc3339(OPEN_NS)}],
)
def test_an_answer_without_prices_is_no_quote(body: dict[str, object], tmp_path: Path) -> None:
    with venue(answer(body)) as found, pytest.raises(Unreachable) as caught:
        market_of(found, tmp_path).quote("EUR_USD", OPEN_NS)
    assert caught.value.code == "bad_answer"


@pytest.mark.parametrize("body", [prices("XAU_USD"), prices(), prices("EUR_USD", time="x")])
def test_a_price_that_was_not_sent_is_said_to_be_missing(body: dict[str, object], tmp_path: Path) -> None:
    with venue(answer(body)) as found, pytest.raises(Unreachable) as caught:
        market_of(found, tmp_path).quote("EUR_USD", OPEN_NS)
    assert caught.value.code == "no_price"


@pytest.mark.parametrize("away_ns", [-DAY_NS, -2 * MINUTE_NS])
def test_the_past_is_not_quoted(away_ns: int, tmp_path: Path) -> None:
    with venue(answer(prices("EUR_USD"))) as found:
        with pytest.raises(UsageError) as caught:
            market_of(found, tmp_path).quote("EUR_USD", OPEN_NS + away_ns)
        assert found.seen == []
    assert caught.value.code == "no_past_prices"


def test_the_now_of_an_account_ahead_of_our_clock_is_quoted_as_now(tmp_path: Path) -> None:
    with venue(answer(prices("EUR_USD"))) as found:
        assert market_of(found, tmp_path).quote("EUR_USD", OPEN_NS + DAY_NS).symbol == "EUR_USD"


def test_there_are_no_steps(tmp_path: Path) -> None:
    with venue(answer({})) as found, pytest.raises(UsageError):
        market_of(found, tmp_path).next_step("EUR_USD", Watch(any_point=True), Cursor(0, Phase.POINT), OPEN_NS)


@pytest.mark.parametrize(
    ("changed", "step"),
    [({}, (108_500, 108_514)), ({"tradeable": False}, None), ({"bids": []}, None)],
)
def test_a_point_is_what_could_be_traded_on_now(
    changed: dict[str, object], step: tuple[int, int] | None, tmp_path: Path
) -> None:
    with venue(answer(prices("EUR_USD", **changed)), answer(LISTED)) as found:  # type: ignore[arg-type]
        point = market_of(found, tmp_path).point("EUR_USD", OPEN_NS)
    assert (point and (point.bid_low, point.ask_high)) == step


CLOSE_NS = parse_instant("2026-11-20T22:00:00Z")
SUNDAY_NS = parse_instant("2026-11-22T22:00:00Z")


@pytest.mark.parametrize(
    ("now_ns", "tradeable", "opens_ns", "closes_ns"),
    [
        (OPEN_NS, True, OPEN_NS, CLOSE_NS),
        (OPEN_NS, False, SUNDAY_NS, None),
        (CLOSE_NS + HOUR_NS, False, SUNDAY_NS, None),
        (CLOSE_NS + HOUR_NS, True, CLOSE_NS + HOUR_NS, None),
    ],
    ids=["open", "halted", "closed", "open out of hours"],
)
def test_the_venue_says_whether_it_is_open_and_the_calendar_what_comes(
    now_ns: int,
    tradeable: bool,  # noqa: FBT001 - a table's column
    opens_ns: int,
    closes_ns: int | None,
    tmp_path: Path,
) -> None:
    with venue(answer(LISTED), answer(prices("EUR_USD", at_ns=now_ns, tradeable=tradeable))) as found:
        market = market_of(found, tmp_path, clock=FakeClock(now_ns))
        assert market.next_open_ns("EUR_USD", now_ns) == opens_ns
        assert market.next_close_ns("EUR_USD", now_ns) == closes_ns


def test_other_times_are_the_calendars_and_ask_for_no_price(tmp_path: Path) -> None:
    with venue(answer(LISTED)) as found:
        market = market_of(found, tmp_path)
        assert market.next_open_ns("EUR_USD", CLOSE_NS + 1) == SUNDAY_NS
        assert market.next_close_ns("EUR_USD", SUNDAY_NS) == parse_instant("2026-11-23T21:58:00Z")
        assert len(found.seen) == 1


def test_instruments_are_kept_for_a_day(tmp_path: Path) -> None:
    clock = FakeClock(OPEN_NS)
    with venue(answer(LISTED)) as found:
        assert list(market_of(found, tmp_path, clock=clock).instruments) == ["EUR_USD", "XAU_USD"]
        again = market_of(found, tmp_path, clock=clock).instruments
        assert (again["EUR_USD"].price_increment, len(found.seen)) == (Decimal("0.00001"), 1)
        clock.at_ns += DAY_NS
        assert len(market_of(found, tmp_path, clock=clock).instruments) == 2
        assert len(found.seen) == 2


def test_instruments_are_kept_by_account_and_by_host(tmp_path: Path) -> None:
    with venue(answer(LISTED)) as found, venue(answer(LISTED)) as other:
        for account in (ACCOUNT, "101-001-1234567-002"):
            market_of(found, tmp_path, account=account).instruments  # noqa: B018 - it is asked for
        market_of(other, tmp_path).instruments  # noqa: B018
        assert (len(found.seen), len(other.seen)) == (2, 1)
        kept = sorted(path.name for path in tmp_path.iterdir())
        assert kept == [f"instruments-101-001-1234567-00{number}.json" for number in (1, 2)]
        assert [oct((tmp_path / name).stat().st_mode & 0o777) for name in kept] == ["0o600"] * 2


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": 1}', b"\xff", b"null", b"[" * 100_000])
def test_a_spoiled_cache_is_asked_for_again(content: bytes, tmp_path: Path) -> None:
    with venue(answer(LISTED)) as found:
        market_of(found, tmp_path).instruments  # noqa: B018 - it is asked for
        [path] = tmp_path.iterdir()
        path.write_bytes(content)
        assert len(market_of(found, tmp_path).instruments) == 2
        assert len(found.seen) == 2


def test_a_cache_others_could_have_written_is_not_believed(tmp_path: Path) -> None:
    with venue(answer(LISTED)) as found:
        market_of(found, tmp_path).instruments  # noqa: B018 - it is asked for
        [path] = tmp_path.iterdir()
        path.chmod(0o666)
        assert len(market_of(found, tmp_path).instruments) == 2
        assert len(found.seen) == 2


def test_a_folder_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with venue(answer(LISTED)) as found:
        assert len(market_of(found, tmp_path / "file").instruments) == 2


@pytest.mark.parametrize("body", [{}, {"instruments": []}, {"instruments": [{"name": "x"}]}, {"instruments": 5}])
def test_a_list_without_instruments_is_no_answer_and_is_not_kept(body: dict[str, object], tmp_path: Path) -> None:
    with venue(answer(body)) as found, pytest.raises(Unreachable):
        market_of(found, tmp_path).instruments  # noqa: B018 - it is asked for
    assert list(tmp_path.iterdir()) == []


SIDE = {"o": "1.1", "h": "1.3", "l": "1.0", "c": "1.2"}


def candles(found: socket.socket, seen: Venue) -> bool:
    """Minutes as the venue counts them: `count` from `from` on, none between 11:00 and 11:30, up to noon."""
    query = parse_qs(urlsplit(seen.seen[-1].target).query)
    start_ns = parse_instant(query["from"][0]) // MINUTE_NS * MINUTE_NS
    gap = range(OPEN_NS - HOUR_NS, OPEN_NS - HOUR_NS // 2)
    minutes = [at_ns for at_ns in range(start_ns, OPEN_NS + 1, MINUTE_NS) if at_ns not in gap]
    rows = [
        {"time": rfc3339(at_ns), "bid": SIDE, "ask": SIDE, "volume": 1, "complete": at_ns < OPEN_NS}
        for at_ns in minutes[: int(query["count"][0])]
    ]
    found.sendall(page(200, json.dumps({"candles": rows}).encode()))
    return True


def candle_venue() -> tuple[list[Venue], Act]:
    """An act that answers with candles, and the place to put the venue it acts for."""
    held: list[Venue] = []
    return held, lambda found: candles(found, held[0])


@pytest.mark.parametrize("hours", [1, 3, 100])
def test_candles_are_bars_without_the_gaps(hours: int, tmp_path: Path) -> None:
    held, act = candle_venue()
    with venue(answer(LISTED), act) as found:
        held.append(found)
        market = market_of(found, tmp_path)
        start_ns = OPEN_NS - hours * HOUR_NS
        bars = market.bars("EUR_USD", "M1", start_ns, OPEN_NS + 1, OPEN_NS)
        assert [bar.start_ns for bar in bars] == sorted({bar.start_ns for bar in bars})
        assert (bars[0].end_ns - bars[0].start_ns, len(bars)) == (MINUTE_NS, hours * 60 - 30 + 1)
        assert [bar.complete for bar in bars[-2:]] == [True, False]
        assert len(found.seen) == (2 if hours < 80 else 3)
        query = parse_qs(urlsplit(found.seen[1].target).query)
        assert (query["price"], query["dailyAlignment"], query["alignmentTimezone"]) == (
            ["BA"], ["17"], ["America/New_York"],
        )  # fmt: skip


def test_candles_after_now_are_not_asked_for_and_those_outside_are_left_out(tmp_path: Path) -> None:
    held, act = candle_venue()
    with venue(answer(LISTED), act) as found:
        held.append(found)
        market = market_of(found, tmp_path)
        assert market.bars("EUR_USD", "M1", OPEN_NS + HOUR_NS, OPEN_NS + DAY_NS, OPEN_NS) == []
        assert len(found.seen) == 1
        bars = market.bars("EUR_USD", "M1", OPEN_NS - 10 * MINUTE_NS, OPEN_NS - 5 * MINUTE_NS, OPEN_NS)
        assert [bar.start_ns for bar in bars] == [OPEN_NS - back * MINUTE_NS for back in (10, 9, 8, 7, 6)]


@pytest.mark.parametrize(
    "body", [{}, {"candles": [{"time": "x"}]}, {"candles": [{"time": rfc3339(OPEN_NS - MINUTE_NS)}]}]
)
def test_candles_that_cannot_be_read_are_no_bars(body: dict[str, object], tmp_path: Path) -> None:
    with venue(answer(LISTED), answer(body)) as found, pytest.raises(Unreachable) as caught:
        market_of(found, tmp_path).bars("EUR_USD", "M1", OPEN_NS - HOUR_NS, OPEN_NS, OPEN_NS)
    assert caught.value.code == "bad_answer"


def test_the_market_streams(tmp_path: Path) -> None:
    with venue(answer({})) as found:
        market = market_of(found, tmp_path)
        assert isinstance(market, Streaming)
        market.open_stream(["EUR_USD"]).close()
        assert found.connections == 0


# the probe


def test_a_probe_tells_the_accounts_of_a_token_and_our_clock_against_the_venues() -> None:
    body = {"accounts": [{"id": ACCOUNT, "tags": []}, {"id": "101-001-1234567-002"}]}
    with venue(answer(body, date="Sat, 21 Nov 2026 10:00:00 GMT")) as found:
        probe = OandaProbe(lambda mode: hosts(found.host, mode), FakeClock(NOW_NS + 10 * SECOND_NS))
        said = probe.check(Mode.LIVE, Secret(TOKEN))
        assert (list(said.accounts), said.skew_ms) == ([ACCOUNT, "101-001-1234567-002"], 9000)
        assert [(seen.method, seen.target) for seen in found.seen] == [("GET", "/v3/accounts")]


def test_a_probe_names_a_token_that_is_not_known() -> None:
    with venue(answer({"errorMessage": "Insufficient authorization to perform request."}, 401)) as found:
        probe = OandaProbe(lambda mode: hosts(found.host, mode), FakeClock(NOW_NS))
        with pytest.raises(SetupError) as caught:
            probe.check(Mode.PRACTICE, Secret(TOKEN))
        assert (caught.value.code, len(found.seen)) == ("bad_token", 1)
        assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("act", [answer({}), answer({"accounts": [{}]}), raw(b"")], ids=["none", "nameless", "dropped"])
def test_a_probe_that_learns_nothing_says_so(act: Act) -> None:
    with venue(act) as found, pytest.raises(Unreachable):
        OandaProbe(lambda mode: hosts(found.host, mode), FakeClock(NOW_NS)).check(Mode.PRACTICE, Secret(TOKEN))
