"""What OANDA says of prices: snapshots, conversions to the account's currency, and the stream of prices."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.instants import MILLISECOND_NS, SECOND_NS
from rickctl.domain.money import quantise
from rickctl.sandbox.http import Streamed
from rickctl.sandbox.oanda.api.call import Answer, Failure, refuse
from rickctl.sandbox.oanda.records import Instant
from rickctl.sandbox.oanda.shapes import render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rickctl.domain.market import Instrument
    from rickctl.domain.ports import Market
    from rickctl.sandbox.oanda.api.call import Call, Desk
    from rickctl.sandbox.oanda.exchange import Exchange
    from rickctl.sandbox.oanda.records import Fields, Value

WINDOW_NS = 250 * MILLISECOND_NS
"""A stream tells at most one price an instrument in each of these; the last one wins."""

HEARTBEAT_NS = 5 * SECOND_NS


class Price(NamedTuple):
    """A quote in the instrument's precision; `liquidity` are the units at either side, told as whole numbers."""

    name: str
    bid: Decimal
    ask: Decimal
    liquidity: tuple[int, int]
    is_tradeable: bool
    changed_ns: int

    def fields(self) -> Fields:
        """ClientPrice. Where nothing trades the last price stays, marked so."""
        return {
            "type": "PRICE",
            "time": Instant(self.changed_ns),
            "bids": ({"price": self.bid, "liquidity": self.liquidity[0]},),
            "asks": ({"price": self.ask, "liquidity": self.liquidity[1]},),
            "closeoutBid": self.bid,
            "closeoutAsk": self.ask,
            "status": "tradeable" if self.is_tradeable else "non-tradeable",
            "tradeable": self.is_tradeable,
            "instrument": self.name,
        }

    def differs(self, other: Price | None) -> bool:
        """Whether a stream that told `other` has something to tell."""
        return other is None or (self.bid, self.ask, self.is_tradeable) != (other.bid, other.ask, other.is_tradeable)


class Prices:
    """The market's quotes by OANDA's names."""

    def __init__(self, exchange: Exchange, market: Market) -> None:
        self._market = market
        self._instruments = exchange.instruments

    def at(self, name: str, at_ns: int) -> Price | None:
        """The price standing at an instant; None where the market has none yet. Raises KeyError."""
        instrument = self._instruments[name]
        quote = self._market.quote(instrument.symbol, at_ns)
        if quote.bid is None or quote.ask is None:
            return None
        step = self._market.point(instrument.symbol, at_ns)
        sizes = (None, None) if step is None else (step.bid_size, step.ask_size)
        return Price(
            name=name,
            bid=quantise(quote.bid, instrument.price_increment, ROUND_HALF_EVEN),
            ask=quantise(quote.ask, instrument.price_increment, ROUND_HALF_EVEN),
            liquidity=(_units(instrument, sizes[0]), _units(instrument, sizes[1])),
            is_tradeable=quote.tradeable,
            changed_ns=quote.changed_ns,
        )


def _units(instrument: Instrument, steps: int | None) -> int:
    """Whole units; a market that does not say how much there is offers the largest order."""
    return int(instrument.maximum_units if steps is None else steps * instrument.unit_increment)


def get_pricing(desk: Desk, call: Call) -> Answer:
    """Prices that changed after `since`, and the time to ask from next."""
    names = asked_instruments(desk, call)
    since_ns = call.instant("since")
    call.flag("includeUnitsAvailable", default=False)
    found = (desk.prices.at(name, call.now_ns) for name in names)
    prices = [price for price in found if price is not None]
    told = [price.fields() for price in prices if since_ns is None or desk.clock.stated_ns(price.changed_ns) > since_ns]
    fields: dict[str, Value] = {"time": Instant(call.now_ns), "prices": tuple(told)}
    if call.flag("includeHomeConversions", default=False):
        fields["homeConversions"] = conversions(desk, call.account_id, names, call.now_ns)
    return Answer(200, fields)


def asked_instruments(desk: Desk, call: Call) -> tuple[str, ...]:
    """The instruments a request names, each once. Raises Failure for none and for unknown ones."""
    names = tuple(dict.fromkeys(call.words("instruments") or ()))
    known = desk.exchange.instruments
    if not names or any(name not in known for name in names):
        refuse("instruments")
    return names


def conversions(desk: Desk, account_id: str, names: Iterable[str], at_ns: int) -> tuple[Fields, ...]:
    """HomeConversions of every currency the instruments are made of."""
    instruments = [desk.exchange.instruments[name] for name in names]
    currencies = {one for each in instruments for one in (each.base_currency, each.quote_currency)}
    found = (desk.exchange.home_factors(account_id, currency, at_ns) for currency in sorted(currencies))
    return tuple(each for each in found if each is not None)


def stream_pricing(desk: Desk, call: Call) -> Streamed:
    """The prices of some instruments as they move, with heartbeats."""
    names = asked_instruments(desk, call)
    has_snapshot = call.flag("snapshot", default=True)
    with_conversions = call.flag("includeHomeConversions", default=False)
    stream = PriceStream(desk, call, names, with_conversions=with_conversions)
    if not has_snapshot:
        stream.pass_over(call.now_ns)
    return open_stream(desk, call, stream.poll)


class PriceStream:
    """What one client was told, and what it is to be told next."""

    def __init__(self, desk: Desk, call: Call, names: Sequence[str], *, with_conversions: bool) -> None:
        self._desk = desk
        self._call = call
        self._names = names
        self._with_conversions = with_conversions and desk.settings.newer_fields
        self._told: dict[str, Price] = {}
        self._window = -1
        self._beats_ns = call.now_ns + HEARTBEAT_NS

    def pass_over(self, now_ns: int) -> None:
        """Take the prices of now as told."""
        self._news(now_ns)
        self._window = now_ns // WINDOW_NS

    def poll(self, now_ns: int) -> Sequence[bytes]:
        """The lines that are due."""
        lines: list[bytes] = []
        if now_ns // WINDOW_NS > self._window:
            self._window = now_ns // WINDOW_NS
            lines += [self._line(self._fields(price, now_ns)) for price in self._news(now_ns)]
        if now_ns >= self._beats_ns:
            self._beats_ns = now_ns + HEARTBEAT_NS
            lines.append(self._line({"type": "HEARTBEAT", "time": Instant(now_ns)}))
        return lines

    def _news(self, now_ns: int) -> list[Price]:
        news = []
        for name in self._names:
            price = self._desk.prices.at(name, now_ns)
            if price is not None and price.differs(self._told.get(name)):
                self._told[name] = price
                news.append(price)
        return news

    def _fields(self, price: Price, now_ns: int) -> Fields:
        fields = dict(price.fields())
        if self._with_conversions:
            fields["homeConversions"] = conversions(self._desk, self._call.account_id, (price.name,), now_ns)
        return fields

    def _line(self, fields: Fields) -> bytes:
        return line(self._desk, self._call, fields)


def line(desk: Desk, call: Call, fields: Fields) -> bytes:
    """One message of a stream."""
    settings = desk.settings
    told = render(fields, is_unix=call.is_unix, skew_ns=desk.clock.skew_ns, with_newer=settings.newer_fields)
    return told + b"\n"


def open_stream(desk: Desk, call: Call, poll: Callable[[int], Sequence[bytes]]) -> Streamed:
    """Count a stream in, and out when it ends. Raises Failure where there are as many as allowed."""
    most = desk.settings.streams
    if most is not None and desk.open_streams >= most:
        message = f"The maximum number of {most} active streams is reached"
        raise Failure(429, message)
    desk.open_streams += 1

    def count_out() -> None:
        desk.open_streams -= 1

    headers = (("Content-Type", "application/octet-stream"), ("RequestID", call.request_id))
    return Streamed(status=200, headers=headers, poll=poll, closed=count_out)
