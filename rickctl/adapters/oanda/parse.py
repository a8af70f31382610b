"""OANDA's words for instruments, prices, candles and times as ours; pure, lenient on what is new, exact on numbers.

Whatever is missing or malformed raises ValueError: the caller knows whether that is a failed read or a lost answer.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from json import JSONDecoder
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from rickctl.domain.instants import SECOND_NS, from_datetime
from rickctl.domain.market import Bar, Instrument, InstrumentKind, Ohlc, Quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    Fields = Mapping[str, Any]

_LONGEST_NUMBER = 40
_SECOND_LENGTH = len("2016-06-22T18:41:36")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_COINS = frozenset({"BTC", "ETH", "LTC", "BCH", "XRP", "ADA", "SOL", "DOT", "LINK"})


def parse_json(body: bytes) -> dict[str, Any]:
    """The object a body holds, numbers exact. Raises ValueError for HTML, half an object, NaN and infinities."""
    try:
        found = _DECODER.decode(body.decode("utf-8"))
    except RecursionError:
        message = "an answer nested too deeply"
        raise ValueError(message) from None
    if not isinstance(found, dict):
        message = "an answer that is no object"
        raise ValueError(message)  # noqa: TRY004 - one kind of failure for every malformed answer
    return found


def _not_a_number(word: str) -> NoReturn:
    message = f"{word} in an answer"
    raise ValueError(message)


def _exact(text: str) -> Decimal:
    if len(text) > _LONGEST_NUMBER:
        message = "a number of too many digits"
        raise ValueError(message)
    return Decimal(text)


_DECODER = JSONDecoder(parse_float=_exact, parse_constant=_not_a_number)


def parse_number(value: object) -> Decimal:
    """A finite number written as text or as a JSON number. Raises ValueError."""
    if isinstance(value, str):
        try:
            value = _exact(value) if value.isascii() and "_" not in value and " " not in value else None
        except InvalidOperation:
            value = None
    elif isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if not isinstance(value, Decimal) or not value.is_finite():
        message = "a number that is none"
        raise ValueError(message)
    return value


def parse_price(value: object) -> Decimal | None:
    """A price above zero; None for what is none: missing, zero, negative, not a number."""
    try:
        price = parse_number(value)
    except ValueError:
        return None
    return price if price > 0 else None


def parse_time_ns(text: object) -> int:
    """UTC nanoseconds of `2016-06-22T18:41:36.201836422Z` or `1466620896.201836422`. Raises ValueError."""
    if not isinstance(text, str):
        message = "a time that is no text"
        raise ValueError(message)  # noqa: TRY004 - one kind of failure for every malformed answer
    if text[10:11] == "T":
        if text[-1:] != "Z":
            message = f"time {text[:40]!r} is not in UTC"
            raise ValueError(message)
        whole_ns, fraction = _second_ns(text[:_SECOND_LENGTH]), text[_SECOND_LENGTH:-1]
    else:
        seconds, dot, digits = text.partition(".")
        whole_ns, fraction = int(seconds) * SECOND_NS, dot + digits
    if not fraction:
        return whole_ns
    digits = fraction[1:]
    if fraction[0] != "." or not (digits.isascii() and digits.isdecimal()) or len(digits) > 9:  # noqa: PLR2004 - nanoseconds
        message = f"time {text[:40]!r} is malformed"
        raise ValueError(message)
    return whole_ns + int(digits.ljust(9, "0"))


@lru_cache(maxsize=256)
def _second_ns(text: str) -> int:
    return from_datetime(datetime.fromisoformat(text + "+00:00"))


def parse_date_ns(text: str) -> int:
    """UTC nanoseconds of a Date header, `Wed, 22 Jun 2016 18:41:36 GMT`. Raises ValueError."""
    _, day, month, year, clock, zone = text.split()
    if zone != "GMT" or month not in _MONTHS:
        message = f"date {text[:40]!r} is malformed"
        raise ValueError(message)
    return _second_ns(f"{int(year):04d}-{_MONTHS.index(month) + 1:02d}-{int(day):02d}T{clock}")


def least_skew_ns(date_ns: int, sent_ns: int, received_ns: int) -> int:
    """How far the venue's clock is ahead of ours at the least, from a Date of whole seconds and when we asked.

    Zero while both clocks may agree: an answer does not prove more than that.
    """
    least_ns, most_ns = date_ns - received_ns, date_ns + SECOND_NS - sent_ns
    return max(least_ns, 0) or min(most_ns, 0)


class Asserted(NamedTuple):
    """Where prices come from and when the venue vouched for them: `skew_ns` is how far its clock is ahead of ours."""

    source: str
    skew_ns: int
    received_ns: int
    at_ns: int | None = None

    def ours_ns(self, theirs_ns: int) -> int:
        """An instant of the venue on our clock, never later than what brought it."""
        return min(theirs_ns - self.skew_ns, self.received_ns)


def parse_quote(raw: Fields, asserted: Asserted) -> Quote:
    """The top of the book of one PRICE; vouched for at its own time unless `asserted` has one. Raises ValueError.

    Without bids or asks it has the closeout prices and is not tradeable.
    """
    bid, ask = _best(raw.get("bids"), max), _best(raw.get("asks"), min)
    can_trade = raw["tradeable"] is True if "tradeable" in raw else raw.get("status") == "tradeable"
    changed_ns = parse_time_ns(raw.get("time"))
    return Quote(
        symbol=str(raw["instrument"]) if "instrument" in raw else _missing("instrument"),
        bid=parse_price(raw.get("closeoutBid")) if bid is None else bid,
        ask=parse_price(raw.get("closeoutAsk")) if ask is None else ask,
        source=asserted.source,
        tradeable=can_trade and bid is not None and ask is not None,
        changed_ns=asserted.ours_ns(changed_ns),
        asserted_ns=asserted.ours_ns(changed_ns if asserted.at_ns is None else asserted.at_ns),
        received_ns=asserted.received_ns,
    )


def _best(levels: object, better: Any) -> Decimal | None:  # noqa: ANN401 - max or min
    if not isinstance(levels, list):
        return None
    prices = [parse_price(level.get("price")) for level in levels if isinstance(level, dict)]
    # One impossible level makes the side unknown: nothing tells which of the others is true.
    return better(prices) if prices and None not in prices else None


def _missing(name: str) -> NoReturn:
    message = f"an answer without {name}"
    raise ValueError(message)


def parse_instrument(raw: Fields) -> Instrument:
    """What the account may trade and how; precision comes from here, never from a name. Raises ValueError."""
    symbol = raw.get("name")
    if not isinstance(symbol, str) or symbol.count("_") != 1:
        _missing("an instrument's name")
    base, quote = symbol.split("_")
    kind = _kind(raw, base)
    return Instrument(
        symbol=symbol,
        base_currency=base,
        quote_currency=quote,
        kind=kind,
        pip_location=_integer(raw, "pipLocation"),
        price_increment=Decimal(1).scaleb(-_integer(raw, "displayPrecision")),
        unit_increment=Decimal(1).scaleb(-_integer(raw, "tradeUnitsPrecision")),
        minimum_units=parse_number(raw.get("minimumTradeSize")),
        maximum_units=parse_number(raw.get("maximumOrderUnits")),
        margin_rate=parse_number(raw.get("marginRate")),
        calendar=kind.value,
    )


def _kind(raw: Fields, base: str) -> InstrumentKind:
    tags = {tag.get("name") for tag in raw.get("tags") or () if isinstance(tag, dict)}
    if "CRYPTO" in tags or base in _COINS:
        return InstrumentKind.CRYPTO
    return {"CURRENCY": InstrumentKind.FX, "METAL": InstrumentKind.METAL}.get(
        str(raw.get("type")), InstrumentKind.INDEX
    )


def _integer(raw: Fields, name: str) -> int:
    value = raw.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > 12:  # noqa: PLR2004 - no market has finer
        _missing(name)
    return value


class Frame(NamedTuple):
    """What a candle does not say of itself."""

    symbol: str
    granularity: str
    source: str


def parse_bar(raw: Fields, frame: Frame, start_ns: int, end_ns: int) -> Bar:
    """One candle with bid and ask. Raises ValueError."""
    volume = raw.get("volume")
    return Bar(
        symbol=frame.symbol,
        granularity=frame.granularity,
        start_ns=start_ns,
        end_ns=end_ns,
        bid=_ohlc(raw.get("bid")),
        ask=_ohlc(raw.get("ask")),
        complete=raw.get("complete") is True,
        source=frame.source,
        volume=volume if isinstance(volume, int) and not isinstance(volume, bool) else None,
    )


def _ohlc(raw: object) -> Ohlc:
    prices = [parse_price(raw.get(letter)) for letter in "ohlc"] if isinstance(raw, dict) else []
    found = [price for price in prices if price is not None]
    if len(found) != 4:  # noqa: PLR2004 - open, high, low, close
        _missing("a candle's prices")
    return Ohlc(*found)
