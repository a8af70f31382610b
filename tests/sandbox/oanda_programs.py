"""Random markets and random clients for the OANDA exchange, and what must hold whatever they do."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import strategies as st

from rickctl.domain.instants import MINUTE_NS, SECOND_NS
from rickctl.domain.market import Phase, Step
from rickctl.sandbox.oanda.exchange import Exchange
from rickctl.sandbox.oanda.records import ZERO, Hints, Instant, OrderState, Terms, each, nested, number, text
from tests.fakes import FakeMarket, point
from tests.sandbox.oanda_kit import ID, START

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from rickctl.sandbox.oanda.records import Transaction

BASE = 110_000
YEN = 150_000
SPREAD = 10


class Act(NamedTuple):
    """A request, `after_ns` the one before; levels are ticks from the base price."""

    after_ns: int
    word: str
    fields: dict[str, Any]
    number: int
    hints: Hints | None


def price(offset: int) -> str:
    return f"{Decimal(BASE + offset).scaleb(-5)}"


def distance(size: int) -> str:
    return f"{Decimal(size).scaleb(-5)}"


offsets = st.integers(-120, 120)
sizes = st.integers(50, 150)
maybe = st.booleans()
units = st.sampled_from(["1000", "-1000", "2500", "-400", "200000", "-1500", "25000", "-25000"])
triggers = st.sampled_from(["DEFAULT", "INVERSE", "BID", "ASK", "MID"])
fills = st.sampled_from(["DEFAULT"] * 4 + ["OPEN_ONLY", "REDUCE_FIRST", "REDUCE_ONLY"])
moves = st.one_of(st.integers(-90, 90), st.integers(-90, 90), st.integers(-900, 900))
times = st.sampled_from(["GTC", "GTC", "GTD", "GFD", "FOK", "IOC"])


@st.composite
def on_fill(draw: st.DrawFn, sign: int) -> dict[str, Any]:
    """Exits, mostly on their own side of where the market begins."""
    found: dict[str, Any] = {}
    side = sign if draw(st.integers(0, 4)) else -sign
    if draw(maybe):
        found["takeProfitOnFill"] = {"price": price(side * draw(sizes))}
    if draw(maybe):
        by_price = {"price": price(-side * draw(sizes))}
        found["stopLossOnFill"] = draw(st.sampled_from([by_price, {"distance": distance(draw(sizes))}]))
    if draw(maybe):
        found["trailingStopLossOnFill"] = {"distance": distance(draw(sizes))}
    return found


@st.composite
def entries(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["MARKET", "MARKET", "LIMIT", "STOP", "MARKET_IF_TOUCHED"]))
    wanted = draw(units)
    sign = -1 if wanted.startswith("-") else 1
    body = {"type": kind, "instrument": "EUR_USD", "units": wanted, "positionFill": draw(fills), **draw(on_fill(sign))}
    if kind != "MARKET":
        body |= {"price": price(draw(offsets)), "timeInForce": draw(times), "triggerCondition": draw(triggers)}
        body["gtdTime"] = Instant(START + draw(st.integers(1, 90)) * MINUTE_NS)
    if kind != "LIMIT" and not draw(st.integers(0, 5)):
        body["priceBound"] = price(draw(offsets))
    if draw(maybe):
        body["clientExtensions"] = {"id": draw(st.sampled_from("abc"))}
        body["tradeClientExtensions"] = {"id": draw(st.sampled_from("xyz"))}
    return body


@st.composite
def exits(draw: st.DrawFn) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if draw(maybe):
        found["takeProfit"] = draw(st.sampled_from([None, {"price": price(draw(offsets))}]))
    if draw(maybe):
        found["stopLoss"] = draw(st.sampled_from([None, {"price": price(draw(offsets))}]))
    kind = {"distance": distance(draw(sizes)), "triggerCondition": draw(triggers)}
    found["trailingStopLoss"] = draw(st.sampled_from([None, kind]))
    return found


_words = ["order", "order", "order", "order", "cancel", "replace", "close", "flatten", "exits", "exits", "name"]
_hints = st.one_of(
    st.none(), st.none(), st.none(), st.builds(Hints, partial=st.sampled_from([Decimal("0.3"), Decimal("0.9")]))
)


@st.composite
def acts(draw: st.DrawFn) -> Act:
    word = draw(st.sampled_from(_words))
    bodies = {"order": entries(), "replace": entries(), "exits": exits()}
    fields = draw(bodies.get(word, st.just({})))
    return Act(draw(st.integers(0, 400)) * SECOND_NS, word, fields, draw(st.integers(0, 30)), draw(_hints))


@st.composite
def markets(draw: st.DrawFn, *, has_bars: bool) -> list[Step]:
    """An hour and a half of prices: ticks, and where wanted bars between them; every step some seconds on."""
    steps, at_ns, offset = [point(START, price(0), price(SPREAD))], START, 0
    steps.append(point(START, "150.000", "150.010", symbol="USD_JPY"))
    for _ in range(draw(st.integers(5, 40))):
        from_ns, at_ns = at_ns, at_ns + draw(st.integers(1, 300)) * SECOND_NS
        moved = max(-3000, min(3000, offset + draw(moves)))
        if has_bars and draw(maybe):
            low, high = min(offset, moved) - draw(st.integers(0, 40)), max(offset, moved) + draw(st.integers(0, 40))
            reached = (BASE + low, BASE + high, BASE + low + SPREAD, BASE + high + SPREAD)
            steps.append(Step("EUR_USD", from_ns, at_ns, Phase.RANGE, *reached))
        offset = moved
        steps.append(point(at_ns, price(offset), price(offset + SPREAD)))
        yen = YEN + draw(st.integers(-900, 900))
        shown = (f"{Decimal(yen).scaleb(-3)}", f"{Decimal(yen + 12).scaleb(-3)}")
        steps.append(point(at_ns + draw(st.integers(0, 1)), *shown, symbol="USD_JPY"))
    return steps


accounts = st.builds(
    Terms,
    id=st.just(ID),
    currency=st.sampled_from(["USD", "JPY", "EUR"]),
    balance=st.sampled_from([Decimal(100_000), Decimal(5_000), Decimal(620), Decimal(70)]),
    hedging=maybe,
    fifo=maybe,
    commission_rate=st.sampled_from([ZERO, Decimal("0.00005")]),
    financing_rate=st.sampled_from([ZERO, Decimal("0.05")]),
)
thin_accounts = st.builds(
    Terms,
    id=st.just(ID),
    currency=st.sampled_from(["USD", "EUR"]),
    balance=st.integers(560, 640).map(Decimal),
    hedging=maybe,
)
"""Hardly more than the margin of 25,000 units."""


class Floor:
    """One exchange a program runs against; `looks` are instants it is settled at besides."""

    def __init__(self, terms: Terms, steps: Sequence[Step], folder: Path | None = None) -> None:
        self.market = FakeMarket(steps)
        self.folder = folder
        self.exchange = Exchange.open(folder, self.market, [terms], START)
        self.working, self.held = ["1"], ["1"]

    def run(self, program: Iterable[Act], looks: Iterable[int] = ()) -> None:
        """Act after act; in between it is settled at the instants given."""
        left, now = sorted(looks), START
        for count, act in enumerate(program):
            now += act.after_ns
            while left and left[0] <= now:
                self.exchange.advance(left.pop(0))
            self.act(act, f"R{count}", now)
        self.exchange.advance(now + 3600 * SECOND_NS)

    def act(self, act: Act, request: str, now: int) -> None:
        """What a client does who has not looked since it last asked for something."""
        exchange = self.exchange
        order, trade = self.working[act.number % len(self.working)], self.held[act.number % len(self.held)]
        if act.word == "order":
            exchange.submit(ID, act.fields, request, now, act.hints)
        elif act.word == "replace":
            self._replace(order, act.fields, request, now)
        elif act.word == "cancel":
            exchange.cancel(ID, order, request, now)
        elif act.word == "close":
            exchange.close_trade(ID, trade, "ALL" if act.number % 2 else "300", request, now)
        elif act.word == "flatten":
            exchange.close_position(ID, "EUR_USD", {}, request, now)
        elif act.word == "exits":
            exchange.set_trade_orders(ID, trade, act.fields, request, now)
        else:
            exchange.set_trade_extensions(ID, trade, {"clientExtensions": {"tag": "t"}}, request, now)
        pending = exchange.pending_orders(ID) or exchange.orders(ID)
        self.working = [str(one.id) for one in pending] or ["1"]
        self.held = [str(one.id) for one in exchange.open_trades(ID) or exchange.trades(ID)] or ["1"]

    def _replace(self, specifier: str, fields: dict[str, Any], request: str, now: int) -> None:
        """With an order of the same type, or one that is not."""
        order = self.exchange.order(ID, specifier)
        if order is not None and order.type != "MARKET" and order.trade_id is None:
            fields = {**fields, "type": order.type, "price": fields.get("price", price(-60))}
        self.exchange.replace(ID, specifier, fields, request, now)

    @property
    def record(self) -> tuple[Transaction, ...]:
        return self.exchange.transactions(ID, 1, self.exchange.last_id(ID))


def check(exchange: Exchange) -> None:
    """What holds of every account at any time."""
    record = exchange.transactions(ID, 1, exchange.last_id(ID))
    assert [one.id for one in record] == list(range(1, len(record) + 1)), "ids have no gap"
    times = [one.time_ns for one in record]
    assert times == sorted(times), "time does not run back"
    _check_batches(record)
    _check_money(exchange, record)
    _check_units(exchange)
    _check_orders(exchange)
    _check_prices(exchange, record)


def _check_batches(record: Sequence[Transaction]) -> None:
    for one in record:
        first = record[one.batch_id - 1]
        assert first.batch_id == first.id, "a batch begins with its own id"
        assert (first.time_ns, first.request_id) == (one.time_ns, one.request_id), "a batch is one instant and request"


def _check_money(exchange: Exchange, record: Sequence[Transaction]) -> None:
    balance = ZERO
    for one in record:
        fields = one.fields
        if one.type == "TRANSFER_FUNDS":
            balance += number(fields, "amount")
        elif one.type in {"ORDER_FILL", "DAILY_FINANCING"}:
            balance += number(fields, "pl") + number(fields, "financing") - number(fields, "commission")
            parts = (*each(fields, "tradesClosed"), nested(fields, "tradeReduced"))
            assert number(fields, "pl") == sum((number(part, "realizedPL") for part in parts), ZERO)
        if "accountBalance" in fields:
            assert number(fields, "accountBalance") == balance, one
    assert exchange.summary(ID)["balance"] == balance


def _check_units(exchange: Exchange) -> None:
    for position in exchange.positions(ID):
        name = position["instrument"]
        trades = [trade for trade in exchange.open_trades(ID) if trade.instrument == name]
        for side, sign in (("long", 1), ("short", -1)):
            held = sum((trade.units for trade in trades if trade.sign == sign), ZERO)
            assert number(nested(position, side), "units") == held, "a position is its trades"
    for trade in exchange.trades(ID):
        assert (trade.units == 0) is (not trade.is_open)
        assert trade.units * trade.sign >= 0, "a trade never turns over"


def _check_orders(exchange: Exchange) -> None:
    filled: dict[int, list[str]] = {}
    for order in exchange.orders(ID):
        assert order.state is not OrderState.TRIGGERED
        if order.trade_id is not None and order.state is OrderState.FILLED:
            filled.setdefault(order.trade_id, []).append(order.type)
        trade = exchange.trade(ID, str(order.trade_id)) if order.trade_id is not None else None
        assert trade is None or not order.is_pending or (trade.is_open and order.id in trade.exit_ids), "no orphan exit"
    assert all(len(kinds) == 1 for kinds in filled.values()), "only one exit of a trade ever fills"
    named = [order.client_id for order in exchange.pending_orders(ID) if order.client_id]
    assert len(named) == len(set(named)), "working orders do not share a client id"
    held = [trade.client_id for trade in exchange.open_trades(ID) if trade.client_id]
    assert len(held) == len(set(held)), "open trades do not share a client id"


def _check_prices(exchange: Exchange, record: Sequence[Transaction]) -> None:
    for fill in record:
        if fill.type != "ORDER_FILL":
            continue
        order = exchange.order(ID, text(fill.fields, "orderID"))
        assert order is not None
        found, sign = number(fill.fields, "price"), 1 if number(fill.fields, "units") > 0 else -1
        wanted = order.trailing if order.trailing is not None else number(order.fields, "price")
        if order.type in {"LIMIT", "TAKE_PROFIT"}:
            assert (found - wanted) * sign <= 0, "at its price or better"
        if order.type in {"STOP", "STOP_LOSS", "TRAILING_STOP_LOSS"}:
            assert (found - wanted) * sign >= 0, "at its price or worse"
        bound = number(order.fields, "priceBound")
        assert not bound or (found - bound) * sign <= 0, "not past its bound"


def check_waiting(exchange: Exchange, market: FakeMarket) -> None:
    """Of a market of ticks: what waits naturally has not been reached by the price that stands."""
    quote = market.quote("EUR_USD", exchange.settled_ns(ID))
    assert quote.bid is not None
    assert quote.ask is not None
    for order in exchange.pending_orders(ID):
        trade = exchange.trade(ID, str(order.trade_id))
        sign = -trade.sign if trade is not None else 1 if order.units > 0 else -1
        wanted = order.trailing if order.trailing is not None else number(order.fields, "price")
        away = ((quote.ask if sign > 0 else quote.bid) - wanted) * sign
        if order.type in {"LIMIT", "TAKE_PROFIT"}:
            assert away > 0, order
        elif text(order.fields, "triggerCondition") == "DEFAULT" and order.type != "MARKET_IF_TOUCHED":
            assert away < 0, order


def names(record: Sequence[Transaction]) -> set[str]:
    """What happened, for a test to know it has seen enough."""
    return {f"{one.type} {text(one.fields, 'reason') or text(one.fields, 'rejectReason')}" for one in record}
