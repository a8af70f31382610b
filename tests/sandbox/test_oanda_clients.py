"""Other people's OANDA clients, as they come, against the sandbox in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.wire_kit import ID, TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

# What Python says of the older two when it compiles them: patterns that are no raw strings, and `is` with a number.
pytestmark = [
    pytest.mark.filterwarnings(r'ignore:"is" with .*literal:SyntaxWarning'),
    pytest.mark.filterwarnings("ignore:.*invalid escape sequence:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*invalid escape sequence:SyntaxWarning"),
]

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a sandbox; it must have complained of nothing."""
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.sandbox.oanda_program"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    yield int(program.stdout.readline())
    _, complaints = program.communicate(timeout=20)
    assert complaints == ""
    assert program.returncode == 0


def down(price: str | float, pips: int) -> Decimal:
    """A price so many pips lower, in EUR_USD's precision."""
    return (Decimal(str(price)) - pips * Decimal("0.0001")).quantize(Decimal("0.00001"))


def test_oandapy_v20_trades_against_the_sandbox(port: int) -> None:
    library = import_module("oandapyV20.oandapyV20")
    accounts, instruments, orders, pricing, trades, transactions = (
        import_module(f"oandapyV20.endpoints.{name}")
        for name in ("accounts", "instruments", "orders", "pricing", "trades", "transactions")
    )
    url = f"http://127.0.0.1:{port}"
    library.TRADING_ENVIRONMENTS["sandbox"] = {"api": url, "stream": url}
    api = library.API(access_token=TOKEN, environment="sandbox")

    listed = api.request(accounts.AccountInstruments(ID))["instruments"]
    assert {"EUR_USD", "XAU_USD"} <= {one["name"] for one in listed}
    candles = api.request(instruments.InstrumentsCandles("EUR_USD", {"count": 10, "granularity": "M5", "price": "BA"}))
    assert [set(one) for one in candles["candles"]] == [{"complete", "volume", "time", "bid", "ask"}] * 10
    quote = api.request(pricing.PricingInfo(ID, {"instruments": "EUR_USD,USD_JPY"}))["prices"][0]
    bid = quote["bids"][0]["price"]
    stream = api.request(pricing.PricingStream(ID, {"instruments": "EUR_USD"}))
    assert [next(stream)["type"] for _ in range(2)] == ["PRICE", "PRICE"]
    stream.close()

    market = api.request(orders.OrderCreate(ID, {"order": {"type": "MARKET", "instrument": "EUR_USD", "units": "100"}}))
    opened = market["orderFillTransaction"]["tradeOpened"]["tradeID"]
    limit = api.request(orders.OrderCreate(ID, {"order": _limit(bid, 300)}))["orderCreateTransaction"]["id"]
    bracket = {"order": {**_market(200), "takeProfitOnFill": _at(bid, -300), "stopLossOnFill": _at(bid, 300)}}
    related = api.request(orders.OrderCreate(ID, bracket))["relatedTransactionIDs"]
    kinds = [api.request(transactions.TransactionDetails(ID, one))["transaction"]["type"] for one in related]
    assert kinds == ["MARKET_ORDER", "ORDER_FILL", "TAKE_PROFIT_ORDER", "STOP_LOSS_ORDER"]
    exits = api.request(trades.TradeCRCDO(ID, related[1], {"stopLoss": _at(bid, 200)}))
    assert exits["stopLossOrderTransaction"]["price"] == str(down(bid, 200))

    replaced = api.request(orders.OrderReplace(ID, limit, {"order": _limit(bid, 400)}))
    limit = replaced["orderCreateTransaction"]["id"]
    assert [one["id"] for one in api.request(orders.OrdersPending(ID))["orders"] if one["type"] == "LIMIT"] == [limit]
    cancelled = api.request(orders.OrderCancel(ID, limit))
    assert cancelled["orderCancelTransaction"]["reason"] == "CLIENT_REQUEST"
    with pytest.raises(library.V20Error) as twice:
        api.request(orders.OrderCancel(ID, limit))
    assert (twice.value.code, "ORDER_DOESNT_EXIST" in twice.value.msg) == (404, True)
    for trade in (opened, related[1]):
        closed = api.request(trades.TradeClose(ID, trade, {"units": "ALL"}))
        assert closed["orderFillTransaction"]["tradesClosed"][0]["tradeID"] == trade

    since = api.request(transactions.TransactionsSinceID(ID, {"id": related[0]}))["transactions"]
    assert [int(one["id"]) for one in since] == list(range(int(related[0]) + 1, int(since[-1]["id"]) + 1))
    api.client.close()


def _market(units: int) -> dict[str, Any]:
    return {"type": "MARKET", "instrument": "EUR_USD", "units": str(units)}


def _at(price: str, pips: int) -> dict[str, Any]:
    return {"price": str(down(price, pips))}


def _limit(price: str, pips: int) -> dict[str, Any]:
    return {"type": "LIMIT", "instrument": "EUR_USD", "units": "100", "timeInForce": "GTC", **_at(price, pips)}


def test_oandas_own_client_of_2018_trades_against_the_sandbox(port: int) -> None:
    context = import_module("v20").Context("127.0.0.1", port, ssl=False, token=TOKEN, datetime_format="UNIX")
    listed = context.account.instruments(ID).get("instruments", 200)
    assert {"EUR_USD", "XAU_USD"} <= {one.name for one in listed}
    candles = context.instrument.candles("EUR_USD", granularity="H1", count=5, price="BM").get("candles", 200)
    assert [one.mid.l <= one.mid.c <= one.mid.h for one in candles] == [True] * 5
    price = context.pricing.get(ID, instruments="EUR_USD").get("prices", 200)[0]
    assert price.time.partition(".")[0].isdigit()
    parts = context.pricing.stream(ID, instruments="EUR_USD", snapshot=True).parts()
    assert next(parts)[0] == "pricing.ClientPrice"
    news = context.transaction.stream(ID).parts()
    assert next(news)[0] == "transaction.TransactionHeartbeat"

    bid = price.bids[0].price
    market = context.order.market(ID, instrument="EUR_USD", units=100)
    opened = market.get("orderFillTransaction", 201).tradeOpened.tradeID
    assert next(news)[1].type == "MARKET_ORDER"
    limit = context.order.limit(ID, instrument="EUR_USD", units=-100, price=float(down(bid, -300)))
    number = limit.get("orderCreateTransaction", 201).id
    exits = {
        "takeProfitOnFill": {"price": float(down(bid, -300))},
        "stopLossOnFill": {"price": float(down(bid, 300))},
    }
    bracket = context.order.market(ID, instrument="EUR_USD", units=200, **exits)
    trade = bracket.get("orderFillTransaction", 201).tradeOpened.tradeID
    assert len(bracket.get("relatedTransactionIDs", 201)) == 4
    moved = context.trade.set_dependent_orders(ID, trade, stopLoss={"price": float(down(bid, 200))})
    assert moved.get("stopLossOrderTransaction", 200).price == float(down(bid, 200))

    replaced = context.order.limit_replace(ID, number, instrument="EUR_USD", units=-100, price=float(down(bid, -400)))
    number = replaced.get("orderCreateTransaction", 201).id
    assert context.order.cancel(ID, number).get("orderCancelTransaction", 200).orderID == number
    assert context.order.cancel(ID, number).get("errorCode", 404) == "ORDER_DOESNT_EXIST"
    for one in (opened, trade):
        assert context.trade.close(ID, one).get("orderFillTransaction", 200).tradesClosed[0].tradeID == one
    rejected = context.order.market(ID, instrument="EUR_USD", units=0)
    assert rejected.get("orderRejectTransaction", 400).rejectReason == "UNITS_INVALID"

    since = context.transaction.since(ID, id=opened).get("transactions", 200)
    assert {one.type for one in since} >= {"LIMIT_ORDER", "ORDER_FILL", "ORDER_CANCEL", "TAKE_PROFIT_ORDER"}
    pages = context.transaction.list(ID, pageSize=10)
    assert pages.get("count", 200) >= len(since)
    context._session.close()


@contextmanager
def pointed_at(url: str) -> Iterator[None]:
    """The two addresses of `fivetwenty` are properties without a setting: they are replaced for a while."""
    environment = import_module("fivetwenty._internal.environment").Environment
    kept = {name: vars(environment)[name] for name in ("base_url", "stream_url")}
    for name in kept:
        setattr(environment, name, property(lambda _: url))
    try:
        yield
    finally:
        for name, one in kept.items():
            setattr(environment, name, one)


def test_fivetwenty_trades_against_the_sandbox(port: int) -> None:
    library = import_module("fivetwenty")
    with pointed_at(f"http://127.0.0.1:{port}/v3"):
        client = library.Client(token=TOKEN, account_id=ID, max_retries=0)
        try:
            _trade_with_fivetwenty(client, library.FiveTwentyError)
        finally:
            client.close()


def _trade_with_fivetwenty(client: Any, refusal: type[Exception]) -> None:  # noqa: ANN401 - its answers are typed loosely
    assert [one.id for one in client.accounts.get_accounts()] == [ID]
    listed = client.accounts.get_account_instruments(ID)["instruments"]
    assert {"EUR_USD", "XAU_USD"} <= {one["name"] for one in listed}
    candles = client.instruments.get_instrument_candles("EUR_USD", granularity="M1", count=5, price="MBA")["candles"]
    assert [one.complete for one in candles] == [True] * 4 + [False]
    latest = client.pricing.get_latest_candles(ID, ["EUR_USD:M1:BM"])["latestCandles"][0]["candles"]
    assert len(latest) == 2
    priced = client.pricing.get_pricing(ID, ["EUR_USD"], include_home_conversions=True)
    assert [str(one.currency) for one in priced["homeConversions"]] == ["EUR", "USD"]
    bid = priced["prices"][0].bids[0].price
    prices = client.pricing.stream_iter(ID, ["EUR_USD"])
    assert [next(prices).type for _ in range(2)] == ["PRICE", "PRICE"]
    prices.close()

    market = client.orders.post_market_order(ID, "EUR_USD", 100)
    opened = market["orderFillTransaction"].trade_opened.trade_id
    limit = client.orders.post_limit_order(ID, "EUR_USD", 100, down(bid, 300))["orderCreateTransaction"].id
    bracket = client.orders.post_market_order(ID, "EUR_USD", 200, take_profit=down(bid, -300), stop_loss=down(bid, 300))
    trade = bracket["orderFillTransaction"].trade_opened.trade_id
    exits = client.trades.get_trade(ID, trade)["trade"]
    assert (exits.take_profit_order.price, exits.stop_loss_order.price) == (down(bid, -300), down(bid, 300))
    moved = client.trades.put_trade_orders(ID, trade, stop_loss={"price": str(down(bid, 200))})
    assert moved["stopLossOrderTransaction"].price == down(bid, 200)

    order = {"type": "LIMIT", "instrument": "EUR_USD", "units": "100", "price": str(down(bid, 400))}
    limit = client.orders.put_order(ID, limit, order)["orderCreateTransaction"].id
    assert [one.id for one in client.orders.get_orders(ID)["orders"] if one.type == "LIMIT"] == [limit]
    assert client.orders.cancel_order(ID, limit)["orderCancelTransaction"].reason == "CLIENT_REQUEST"
    with pytest.raises(refusal, match=r"(?i)not exist|doesnt_exist"):
        client.orders.cancel_order(ID, limit)
    assert client.trades.close_trade(ID, opened)["orderFillTransaction"].trades_closed[0].trade_id == opened
    closed = client.positions.close_position(ID, "EUR_USD", long_units="ALL")
    assert closed["longOrderFillTransaction"].trades_closed[0].trade_id == trade

    account = client.accounts.get_account(ID)["account"]
    assert (account.open_trade_count, account.currency) == (0, "USD")
    assert client.positions.get_position(ID, "EUR_USD")["position"].long.units == 0
    changes = client.accounts.get_account_changes(ID, since_transaction_id=trade)
    assert trade in {one.id for one in changes["changes"].trades_closed}
    since = client.transactions.get_transactions_since_id(ID, trade)["transactions"]
    assert {one.type for one in since} >= {"TAKE_PROFIT_ORDER", "STOP_LOSS_ORDER", "ORDER_CANCEL", "ORDER_FILL"}
