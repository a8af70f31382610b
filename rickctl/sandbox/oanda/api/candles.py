"""OANDA's candles: which are asked for, and how they are written; what they are made of is `series`."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rickctl.domain.errors import UsageError
from rickctl.domain.instants import MILLISECOND_NS
from rickctl.domain.money import quantise
from rickctl.sandbox.http import EndOfStream, Streamed
from rickctl.sandbox.oanda.api.call import Answer, Failure, refuse
from rickctl.sandbox.oanda.api.pricing import line
from rickctl.sandbox.oanda.api.series import DAYS, GRANULARITIES, Grid, Series
from rickctl.sandbox.oanda.records import Instant

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from rickctl.domain.market import Bar, Instrument, Ohlc
    from rickctl.sandbox.oanda.api.call import Call, Desk
    from rickctl.sandbox.oanda.api.series import Finding
    from rickctl.sandbox.oanda.records import Fields, Value

    Work = Generator[None, None, Fields]

_USUAL = 500
_MOST = 5000
_SLOT_NS = 250 * MILLISECOND_NS
_PARTS = "MBA"
_LATEST = 2
_MANY_BARS = 600

_Found = TypeVar("_Found")


class _Span(NamedTuple):
    """Which candles: both ends, or one of them and how many."""

    from_ns: int | None
    to_ns: int | None
    most: int


def get_candles(desk: Desk, call: Call) -> Answer | Streamed:
    """Candles of one instrument, oldest first; many are found in slices, so that nobody else waits for them."""
    name, granularity = call.places["instrument"], call.choice("granularity", GRANULARITIES, "S5")
    instrument = desk.exchange.instruments.get(name)
    if instrument is None:
        refuse("instrument")
    series = _series(desk, call, instrument, granularity)
    span, parts = _span(call, series), _parts(call.text("price") or "M", "price")
    includes_first, is_smooth = call.flag("includeFirst", default=True), call.flag("smooth", default=False)

    def work() -> Work:
        bars = yield from _asked(series, span, includes_first=includes_first)
        told = yield from _told(series, bars, parts, is_smooth=is_smooth)
        return {"instrument": name, "granularity": granularity, "candles": told}

    if span.most * series.parts > _MANY_BARS:
        return _in_slices(desk, call, work())
    return Answer(200, _at_once(work()))


def get_latest(desk: Desk, call: Call) -> Answer:
    """The newest complete candle and the running one, for each `INSTRUMENT:GRANULARITY:PRICE`."""
    words, is_smooth = call.words("candleSpecifications"), call.flag("smooth", default=False)
    if not words:
        refuse("candleSpecifications")
    found: list[Fields] = []
    for word in words:
        name, granularity, sides = [*word.split(":"), "", ""][:3]
        instrument = desk.exchange.instruments.get(name)
        if instrument is None or granularity not in GRANULARITIES:
            refuse("candleSpecifications")
        series, parts = _series(desk, call, instrument, granularity), _parts(sides, "candleSpecifications")
        bars = _at_once(series.before(None, _LATEST))
        told = _at_once(_told(series, bars, parts, is_smooth=is_smooth))
        found.append({"instrument": name, "granularity": granularity, "candles": told})
    return Answer(200, {"latestCandles": tuple(found)})


def _series(desk: Desk, call: Call, instrument: Instrument, granularity: str) -> Series:
    series = Series(desk.bars, instrument, _grid(call, granularity), call.now_ns)
    try:
        series.check()
    except UsageError:
        refuse("granularity")
    return series


def _at_once(work: Generator[None, None, _Found]) -> _Found:
    """Do it without a pause."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            found: _Found = done.value
            return found


def _in_slices(desk: Desk, call: Call, work: Work) -> Streamed:
    """The same answer, chunked: an empty line for every slice, then the body when all is found."""
    told: list[Fields] = []

    def poll(now_ns: int) -> Sequence[bytes]:
        del now_ns
        if told:
            raise EndOfStream
        try:
            next(work)
        except StopIteration as done:
            told.append(done.value)
            return [line(desk, call, done.value)]
        return [b"\n"]

    headers = (("Content-Type", "application/json"), ("RequestID", call.request_id))
    return Streamed(status=200, headers=headers, poll=poll, every_ns=MILLISECOND_NS)


def _parts(written: str, name: str) -> str:
    if not written or any(part not in _PARTS for part in written):
        refuse(name)
    return written


def _grid(call: Call, granularity: str) -> Grid:
    hour = call.whole("dailyAlignment", lowest=0, highest=23)
    zone = call.text("alignmentTimezone") or "America/New_York"
    try:
        found = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        refuse("alignmentTimezone")
    day = call.choice("weeklyAlignment", DAYS, "Friday")
    return Grid(granularity, 17 if hour is None else hour, found, DAYS.index(day))


def _span(call: Call, series: Series) -> _Span:
    from_ns, to_ns = call.instant("from"), call.instant("to")
    count = call.whole("count", lowest=1, highest=_MOST)
    for name, at_ns in (("from", from_ns), ("to", to_ns)):
        if at_ns is not None and at_ns > call.now_ns:
            message = f"Invalid value specified for '{name}'. Time is in the future"
            raise Failure(400, message)
    if from_ns is None or to_ns is None:
        return _Span(from_ns, to_ns, count or _USUAL)
    if count is not None:
        message = "'count' cannot be specified when both 'to' and 'from' are set"
        raise Failure(400, message)
    if from_ns > to_ns:
        refuse("from")
    if (to_ns - from_ns) // series.length_ns > _MOST:
        message = "Maximum value for 'count' exceeded"
        raise Failure(400, message)
    return _Span(from_ns, to_ns, (to_ns - from_ns) // series.length_ns + 1)


def _asked(series: Series, span: _Span, *, includes_first: bool) -> Finding:
    """The bars of a span; the first is the one that holds `from`, and is left out unless it is wanted."""
    if span.from_ns is None:
        return (yield from series.before(span.to_ns, span.most))
    first_ns = series.start_ns(span.from_ns)
    if not includes_first:
        first_ns = series.start_ns(series.end_ns(first_ns))
    if span.to_ns is None:
        return (yield from series.after(first_ns, span.most))
    return (yield from series.between(first_ns, span.to_ns))


def _told(series: Series, bars: list[Bar], parts: str, *, is_smooth: bool) -> Generator[None, None, tuple[Fields, ...]]:
    earlier: list[Bar | None] = [None]
    if is_smooth and bars:
        earlier = [*(yield from series.before(bars[0].start_ns, 1))] or [None]
    told: list[Fields] = []
    for bar, previous in zip(bars, [*earlier, *bars], strict=False):
        fields: dict[str, Value] = {
            "complete": bar.complete,
            "volume": _volume(bar, series.now_ns),
            "time": Instant(bar.start_ns),
        }
        for part, name in (("B", "bid"), ("M", "mid"), ("A", "ask")):
            if part in parts:
                opened = _prices(previous, part, series.instrument)["c"] if is_smooth and previous is not None else None
                fields[name] = _smoothed(_prices(bar, part, series.instrument), opened)
        told.append(fields)
    return tuple(told)


def _smoothed(prices: dict[str, Decimal], opened: Decimal | None) -> Fields:
    """The candle as if it had begun where the one before ended."""
    if opened is None:
        return prices
    return {**prices, "o": opened, "h": max(prices["h"], opened), "l": min(prices["l"], opened)}


def _prices(bar: Bar, part: str, instrument: Instrument) -> dict[str, Decimal]:
    sides: tuple[Ohlc, Ohlc] = {"B": (bar.bid, bar.bid), "A": (bar.ask, bar.ask), "M": (bar.bid, bar.ask)}[part]
    step = instrument.price_increment
    values = (quantise((one + other) / 2, step, ROUND_HALF_EVEN) for one, other in zip(*sides, strict=True))
    return dict(zip("ohlc", values, strict=True))


def _volume(bar: Bar, now_ns: int) -> int:
    """How many prices made the bar; where the market does not count, the most there can have been."""
    if bar.volume is not None:
        return bar.volume
    return max(1, (min(bar.end_ns, now_ns + 1) - bar.start_ns) // _SLOT_NS)
