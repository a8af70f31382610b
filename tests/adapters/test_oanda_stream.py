"""A price stream over real sockets: what it hands on, what it counts, when it gives up a link and how it ends."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from rickctl.adapters.oanda.stream import OandaStream
from rickctl.domain.errors import SetupError, Unreachable
from tests.adapters.oanda_kit import (
    ACCOUNT,
    DATE,
    MILLISECOND_NS,
    NOW_NS,
    answer,
    chunks,
    client,
    drop,
    page,
    raw,
    silence,
    venue,
)
from tests.adapters.test_oanda_calls import refuse_all
from tests.fakes import FakeClock

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from rickctl.domain.market import Quote
    from rickctl.domain.streaming import PriceStream
    from tests.adapters.oanda_kit import Act, Venue

HEAD = f"HTTP/1.1 200 OK\r\nDate: {DATE}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
SECOND_NS = 1_000_000_000
HEARTBEAT = b'{"type":"HEARTBEAT","time":"2026-11-21T10:00:00.000000000Z"}\n'


def line(
    bid: str = "1.08500", ask: str = "1.08514", time: str = "2026-11-21T09:59:59.250000001Z", **more: object
) -> bytes:
    """One PRICE as the venue writes it."""
    price = {
        "type": "PRICE",
        "time": time,
        "bids": [{"price": bid, "liquidity": 10_000_000}],
        "asks": [{"price": ask, "liquidity": 10_000_000}],
        "closeoutBid": "1.08490",
        "closeoutAsk": "1.08524",
        "status": "tradeable",
        "tradeable": True,
        "instrument": "EUR_USD",
        **more,
    }
    return json.dumps({name: value for name, value in price.items() if value is not None}).encode() + b"\n"


def framed(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)


def goes_on(*parts: bytes) -> Act:
    """A stream that sends these pieces and then falls silent."""

    def act(found: socket.socket) -> bool:
        found.sendall(HEAD + framed(*parts))
        return silence(found)

    return act


def stream_of(found: Venue, *, silence_ms: int = 5000, clock: FakeClock | None = None) -> OandaStream:
    return OandaStream(
        client(found.host, clock=clock), f"/accounts/{ACCOUNT}", ["EUR_USD"], silence_ns=silence_ms * MILLISECOND_NS
    )


def take(stream: PriceStream, count: int, within_s: float = 5) -> list[Quote]:
    """The next quotes of a stream; fewer where they do not come in time."""
    found: list[Quote] = []
    until = time.monotonic() + within_s
    while len(found) < count and time.monotonic() < until:
        found += stream.read(50 * MILLISECOND_NS)
    return found


@pytest.fixture
def streams() -> Iterator[list[OandaStream]]:
    """Streams to be closed when the test ends."""
    held: list[OandaStream] = []
    yield held
    for stream in held:
        stream.close()


def test_a_price_is_a_quote_vouched_for_at_its_own_time() -> None:
    with venue(goes_on(HEARTBEAT, line())) as found:
        stream = stream_of(found)
        [quote] = take(stream, 1)
        assert stream.is_alive
        stream.close()
    at_ns = NOW_NS - 749_999_999
    assert quote._replace(received_ns=0) == (
        "EUR_USD", Decimal("1.08500"), Decimal("1.08514"), "oanda-sandbox", True, at_ns, at_ns, 0, None,
    )  # fmt: skip
    assert (quote.received_ns, stream.counts) == (NOW_NS, (1, 0, 0, 1))
    assert found.seen[0].target == f"/v3/accounts/{ACCOUNT}/pricing/stream?instruments=EUR_USD"


@pytest.mark.parametrize("pieces", [1, 3, 7, 64])
def test_lines_are_put_together_however_the_network_cut_them(pieces: int, streams: list[OandaStream]) -> None:
    whole = b"".join(line(bid=f"1.0850{digit}", time=f"2026-11-21T09:59:59.{digit}00000000Z") for digit in range(5))
    cut = [whole[at : at + pieces] for at in range(0, len(whole), pieces)]
    with venue(goes_on(*cut)) as found:
        streams.append(stream_of(found))
        assert [str(quote.bid) for quote in take(streams[0], 5)] == [f"1.0850{digit}" for digit in range(5)]


@pytest.mark.parametrize("body", [line(), line() * 3 + HEARTBEAT], ids=["one", "three"])
def test_a_stream_without_chunks_is_read_as_it_comes(body: bytes, streams: list[OandaStream]) -> None:
    with venue(raw(b"HTTP/1.1 200 OK\r\n\r\n" + body)) as found:
        streams.append(stream_of(found))
        assert len(take(streams[0], 1)) == 1


BAD_LINES = {
    "no JSON": b"<html>\n",
    "half a line": line()[:-20] + b"\n",
    "no object": b"[1]\n",
    "nested too deeply": b'{"x":' + b"[" * 100_000 + b"\n",
    "no text": b"\xff\xfe\n",
    "text that is none": b'{"instrument":"\xff"}\n',
    "NaN": b'{"type":"PRICE","bids":[{"price":NaN}]}\n',
    "a time that is none": line(time="yesterday"),
    "a price of a year that is none": line(time="2026-13-41T99:99:99.000000000Z"),
}


@pytest.mark.parametrize("bad", BAD_LINES.values(), ids=BAD_LINES)
def test_a_line_nobody_can_read_is_counted_and_the_others_are_read(bad: bytes, streams: list[OandaStream]) -> None:
    later = line(time="2026-11-21T10:00:00.000000000Z")
    with venue(goes_on(line() + bad + b"\n" + later)) as found:
        streams.append(stream_of(found))
        assert len(take(streams[0], 2)) == 2
        assert streams[0].counts == (2, 0, 1, 1)


def test_late_and_repeated_prices_are_counted_and_left_out(streams: list[OandaStream]) -> None:
    first, later = line(), line(bid="1.08501", time="2026-11-21T10:00:00.000000000Z")
    other = line(instrument="XAU_USD")
    with venue(goes_on(first, first, later, first, other, later)) as found:
        streams.append(stream_of(found))
        assert [quote.symbol for quote in take(streams[0], 3)] == ["EUR_USD", "EUR_USD", "XAU_USD"]
        assert take(streams[0], 1, within_s=0.1) == []
        assert streams[0].counts.dropped == 3


UNPRICED = [
    ({"bids": []}, "1.08490", "1.08514"),
    ({"bids": [], "asks": []}, "1.08490", "1.08524"),
    ({"bids": None, "asks": None}, "1.08490", "1.08524"),
    ({"bids": [{"price": "0.00000"}]}, "1.08490", "1.08514"),
    ({"bids": [{"price": "NaN"}]}, "1.08490", "1.08514"),
    ({"asks": [{"price": "1.1"}, {"price": "-1"}]}, "1.08500", "1.08524"),
    ({"bids": [], "asks": [], "closeoutBid": "", "closeoutAsk": None}, None, None),
]


@pytest.mark.parametrize(("more", "bid", "ask"), UNPRICED)
def test_a_side_without_a_price_is_worth_its_closeout_and_not_tradeable(
    more: dict[str, object], bid: str | None, ask: str | None, streams: list[OandaStream]
) -> None:
    with venue(goes_on(line(**more))) as found:  # type: ignore[arg-type]
        streams.append(stream_of(found))
        [quote] = take(streams[0], 1)
    assert (quote.bid, quote.ask) == (bid and Decimal(bid), ask and Decimal(ask))
    assert not quote.tradeable


@pytest.mark.parametrize(
    ("more", "tradeable"),
    [({"tradeable": False}, False), ({"tradeable": None}, True), ({"tradeable": None, "status": "halted"}, False)],
)
def test_the_venue_says_what_can_be_traded(
    more: dict[str, object],
    tradeable: bool,  # noqa: FBT001 - a table's column
    streams: list[OandaStream],
) -> None:
    with venue(goes_on(line(**more))) as found:  # type: ignore[arg-type]
        streams.append(stream_of(found))
        assert [quote.tradeable for quote in take(streams[0], 1)] == [tradeable]


def test_the_best_of_several_levels_is_the_price_and_a_line_without_a_type_is_one(streams: list[OandaStream]) -> None:
    levels: dict[str, object] = {
        "type": None,
        "bids": [{"price": "1.08499"}, {"price": "1.08500"}],
        "asks": [{"price": "1.08515"}, {"price": "1.08514"}],
    }
    with venue(goes_on(line(**levels))) as found:  # type: ignore[arg-type]
        streams.append(stream_of(found))
        [quote] = take(streams[0], 1)
    assert (str(quote.bid), str(quote.ask)) == ("1.08500", "1.08514")


def test_prices_are_dated_on_our_clock_and_never_in_the_future(streams: list[OandaStream]) -> None:
    clock = FakeClock(NOW_NS - 100 * SECOND_NS)
    ahead = line(bid="1.08502", time="2026-11-21T10:05:00.000000000Z")
    with venue(goes_on(line() + ahead)) as found:
        streams.append(stream_of(found, clock=clock))
        first, second = take(streams[0], 2)
    assert first.asserted_ns == NOW_NS - 749_999_999 - 100 * SECOND_NS
    assert second.asserted_ns == clock.now_ns()


def test_heartbeats_keep_the_link_and_make_no_price(streams: list[OandaStream]) -> None:
    with venue(goes_on(*[HEARTBEAT] * 3)) as found:
        streams.append(stream_of(found))
        assert take(streams[0], 1, within_s=0.2) == []
        assert streams[0].is_alive
        assert streams[0].counts == (0, 0, 0, 1)


def test_a_silent_link_is_given_up_and_made_again(streams: list[OandaStream]) -> None:
    later = line(time="2026-11-21T10:00:00.000000000Z")
    with venue(goes_on(line()), goes_on(later)) as found:
        streams.append(stream_of(found, silence_ms=150))
        started = time.monotonic()
        assert len(take(streams[0], 1)) == 1
        assert len(take(streams[0], 1)) == 1
        assert 0.15 <= time.monotonic() - started < 2
        assert streams[0].counts.connections == 2


def test_a_first_clean_end_is_followed_at_once(streams: list[OandaStream]) -> None:
    later = line(time="2026-11-21T10:00:00.000000000Z")
    with venue(raw(chunks(line())), goes_on(later)) as found:
        streams.append(stream_of(found))
        started = time.monotonic()
        assert len(take(streams[0], 2)) == 2
        assert time.monotonic() - started < 0.4


@pytest.mark.parametrize("end", [raw(HEAD + framed(line())), raw(HEAD + framed(line(), line()[:40]))])
def test_a_link_that_breaks_is_made_again_and_half_a_line_is_counted(end: Act, streams: list[OandaStream]) -> None:
    later = line(time="2026-11-21T10:00:00.000000000Z")
    with venue(end, goes_on(later)) as found:
        streams.append(stream_of(found))
        assert len(take(streams[0], 2)) == 2
        assert streams[0].counts.connections == 2
        assert streams[0].counts.unreadable <= 1


def test_a_venue_away_for_a_moment_is_asked_again_but_never_more_than_twice_a_second(
    streams: list[OandaStream],
) -> None:
    later = line(time="2026-11-21T10:00:00.000000000Z")
    with venue(raw(chunks(line())), drop, answer({}, 503), goes_on(later)) as found:
        streams.append(stream_of(found))
        started = time.monotonic()
        assert len(take(streams[0], 2, within_s=9)) == 2
        assert found.connections == 4
        assert time.monotonic() - started >= 1


@pytest.mark.parametrize(("status", "kind"), [(401, SetupError), (403, SetupError), (404, Unreachable)])
def test_a_link_that_can_never_be_is_not_asked_for_again(
    status: int, kind: type[Exception], streams: list[OandaStream]
) -> None:
    with venue(raw(chunks(line())), answer({"errorMessage": "no"}, status)) as found:
        streams.append(stream_of(found))
        with pytest.raises(kind):
            take(streams[0], 2)
        assert found.connections == 2


@pytest.mark.parametrize("act", [drop, answer({}, 500), raw(HEAD[:20])], ids=["drop", "500", "half a head"])
def test_a_first_link_that_fails_is_told_at_once(act: Act) -> None:
    with venue(act) as found, pytest.raises(Unreachable):
        stream_of(found).read(SECOND_NS)


def test_a_link_that_ends_before_a_price_is_no_price(streams: list[OandaStream]) -> None:
    with venue(raw(page(200, b""))) as found:
        streams.append(stream_of(found))
        assert streams[0].read(100 * MILLISECOND_NS) == ()


def test_nobody_listening_is_told_at_once() -> None:
    stream = OandaStream(client(refuse_all()), f"/accounts/{ACCOUNT}", ["EUR_USD"])
    with pytest.raises(Unreachable):
        stream.read(SECOND_NS)


@pytest.mark.parametrize("act", [goes_on(line()), silence], ids=["reading", "connecting"])
def test_a_waiting_reader_leaves_at_once_when_another_thread_stops_it(act: Act) -> None:
    with venue(act) as found:
        stream = stream_of(found)
        if act is not silence:
            take(stream, 1)
        left: list[float] = []

        def wait() -> None:
            assert stream.read(30 * SECOND_NS) == ()
            left.append(time.monotonic())

        reader = Thread(target=wait)
        reader.start()
        assert found.has_seen.wait(5)
        time.sleep(0.1)
        stopped = time.monotonic()
        stream.stop()
        reader.join(5)
        assert left[0] - stopped < 0.2
        assert stream.read(SECOND_NS) == ()
        stream.close()
        assert found.connections == 1
