"""How OANDA's wire reads what clients send, and what it says around its answers."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from rickctl.domain.instants import HOUR_NS, SECOND_NS
from rickctl.sandbox.oanda.records import Terms
from rickctl.sandbox.oanda.wire import WireSettings
from tests.sandbox.wire_kit import ID, TOKEN, A, Counter

if TYPE_CHECKING:
    from pathlib import Path

UNAUTHORISED = {"errorMessage": "Insufficient authorization to perform request."}


@pytest.fixture
def counter() -> Counter:
    return Counter()


def number_of(counter: Counter, body: bytes) -> str | None:
    """The reject reason of an order sent as these bytes, None where it was accepted."""
    said = counter.ask("POST", f"{A}/orders", body)
    code: str | None = said.body.get("errorCode")
    assert said.status == (201 if code is None else 400)
    return code


@pytest.mark.parametrize("sent", ["", "Bearer", "Bearer nobody", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}é"])
def test_who_does_not_bear_the_token_is_told_oandas_words(counter: Counter, sent: str) -> None:
    said = counter.get("/v3/accounts", authorization=sent)
    assert (said.status, said.body) == (401, UNAUTHORISED)


def test_the_scheme_is_read_in_any_case(counter: Counter) -> None:
    assert counter.get("/v3/accounts", authorization=f"bearer {TOKEN}").status == 200


def test_other_accounts_are_forbidden_and_what_is_no_account_is_invalid(counter: Counter) -> None:
    assert counter.get("/v3/accounts/101-001-7654321-001/summary").status == 403
    said = counter.get("/v3/accounts/5271115/summary")
    assert (said.status, said.body["errorMessage"]) == (400, "Invalid value specified for 'accountID'")


def test_another_method_is_not_allowed_and_another_path_not_found(counter: Counter) -> None:
    said = counter.ask("DELETE", f"{A}/orders")
    assert (said.status, said.headers["Allow"]) == (405, "POST, GET")
    assert counter.get("/v3/nothing").status == counter.get(f"{A}/orders/1/2/3").status == 404


def test_every_answer_has_a_request_id_of_its_own_that_its_transactions_repeat(counter: Counter) -> None:
    counter.step_ns = 0
    said = [counter.get("/v3/accounts"), counter.get("/v3/nothing"), counter.order(), counter.order()]
    ids = [int(one.headers["RequestID"]) for one in said]
    assert ids == sorted(set(ids))
    assert said[2].body["orderFillTransaction"]["requestID"] == str(ids[2])


def test_times_are_told_and_read_in_the_format_asked_for(counter: Counter) -> None:
    plain = counter.get(f"{A}/summary").body["account"]["createdTime"]
    unix = counter.get(f"{A}/summary", accept_datetime_format="UNIX").body["account"]["createdTime"]
    assert (plain, unix) == ("2026-11-18T12:00:00.000000000Z", "1795003200.000000000")
    for at in (plain, unix):
        assert counter.get(f"{A}/transactions?to={at}").body["count"] == 3


def test_a_skewed_clock_shows_in_every_time(counter: Counter) -> None:
    counter.clock.skew_ns = HOUR_NS
    assert counter.get(f"{A}/summary").body["account"]["createdTime"] == "2026-11-18T13:00:00.000000000Z"


def test_a_created_order_says_where_it_is(counter: Counter) -> None:
    said = counter.order("LIMIT", price="1.0")
    number = said.body["orderCreateTransaction"]["id"]
    assert said.headers["Location"] == f"http://127.0.0.1:8080{A}/orders/{number}"
    again = counter.ask(
        "PUT", f"{A}/orders/{number}", {"order": {"type": "LIMIT", "instrument": "EUR_USD", "units": "7", "price": "1"}}
    )
    assert again.headers["Location"].endswith(f"/orders/{again.body['orderCreateTransaction']['id']}")
    assert "Location" not in counter.order(units="0").headers


@pytest.mark.parametrize(
    ("kind", "told"), [("MARKET", "Invalid value specified for 'order.type'"), ("STOP", None), ("NOTHING", None)]
)
def test_an_order_is_replaced_by_one_of_its_type_only(counter: Counter, kind: str, told: str | None) -> None:
    number = counter.order("LIMIT", price="1.0").body["orderCreateTransaction"]["id"]
    order = {"type": kind, "instrument": "EUR_USD", "units": "7", "price": "1.2"}
    said = counter.ask("PUT", f"{A}/orders/{number}", {"order": order})
    assert said.status == 400
    assert told in {None, said.body["errorMessage"]}
    assert [one["id"] for one in counter.get(f"{A}/pendingOrders").body["orders"]] == [number]


def test_lists_are_read_page_by_page_along_their_links(counter: Counter) -> None:
    made = [counter.order("LIMIT", price="1.0").body["orderCreateTransaction"]["id"] for _ in range(5)]
    target, found = f"{A}/orders?count=2&instrument=EUR_USD", []
    while target:
        said = counter.get(target)
        found += [one["id"] for one in said.body["orders"]]
        link = said.headers.get("Link", "")
        assert not link or link.endswith('>; rel="next"')
        target = link.partition("8080")[2].partition(">")[0]
    assert found == made[::-1]


def test_lists_are_filtered_by_ids_state_and_instrument(counter: Counter) -> None:
    filled = counter.order().body["orderCreateTransaction"]["id"]
    waiting = counter.order("LIMIT", price="1.0").body["orderCreateTransaction"]["id"]
    queries = {
        "": [waiting],
        "state=ALL": [waiting, filled],
        "state=FILLED": [filled],
        f"ids={filled}": [filled],
        f"ids={filled}%2C{waiting}": [waiting, filled],
        f"state=ALL&beforeID={filled}": [filled],
        "instrument=USD_JPY": [],
    }
    for query, expected in queries.items():
        assert [one["id"] for one in counter.get(f"{A}/orders?{query}").body["orders"]] == expected


def test_transactions_come_in_pages_of_addresses(counter: Counter) -> None:
    for _ in range(4):
        counter.order()
    said = counter.get(f"{A}/transactions?pageSize=5&type=ORDER_FILL")
    assert (said.body["count"], said.body["type"]) == (4, ["ORDER_FILL"])
    read = [counter.get(page.partition("8080")[2]).body["transactions"] for page in said.body["pages"]]
    assert [one["type"] for page in read for one in page] == ["ORDER_FILL"] * 4
    assert counter.get(f"{A}/transactions?type=FUNDING,ADMIN").body["count"] == 3


def test_client_ids_name_orders_while_they_work_and_trades_while_they_are_open(counter: Counter) -> None:
    made = counter.order("LIMIT", price="1.0", clientExtensions={"id": "a/b c"}).body["orderCreateTransaction"]
    assert counter.get(f"{A}/orders/@a%2Fb%20c").body["order"]["id"] == made["id"]
    counter.ask("PUT", f"{A}/orders/@a%2Fb%20c/cancel")
    gone = counter.get(f"{A}/orders/@a%2Fb%20c")
    assert (gone.status, gone.body["errorCode"]) == (404, "NO_SUCH_ORDER")
    assert counter.get(f"{A}/orders/{made['id']}").body["order"]["state"] == "CANCELLED"
    counter.order(tradeClientExtensions={"id": "mine"})
    assert counter.get(f"{A}/trades/@mine").body["trade"]["state"] == "OPEN"
    counter.ask("PUT", f"{A}/trades/@mine/close", {})
    assert counter.get(f"{A}/trades/@mine").body["errorCode"] == "NO_SUCH_TRADE"


def test_history_may_be_withheld_as_some_have_seen_it() -> None:
    counter = Counter(settings=WireSettings(token=TOKEN, serves_history=False))
    number = counter.order().body["orderCreateTransaction"]["id"]
    assert counter.get(f"{A}/orders/{number}").status == 404
    assert counter.get(f"{A}/transactions/{number}").status == 200


@pytest.mark.parametrize("written", ['"1.06000"', "1.06", "1.06000", "106e-2", '"1.06"'])
def test_numbers_may_be_text_or_json_numbers(counter: Counter, written: str) -> None:
    order = f'{{"order":{{"type":"LIMIT","instrument":"EUR_USD","units":100,"price":{written},"nobody":[{{}}]}}}}'
    assert number_of(counter, order.encode()) is None
    assert counter.get(f"{A}/pendingOrders").body["orders"][0]["price"] == "1.06000"


@pytest.mark.parametrize(
    ("price", "reason"),
    [
        ("1.12248", "PRICE_PRECISION_EXCEEDED"),
        ('"1.12248"', None),
        ("1.5", None),
        ('"1.122480"', "PRICE_PRECISION_EXCEEDED"),
    ],
)
def test_strict_reading_takes_json_numbers_for_the_doubles_they_are(price: str, reason: str | None) -> None:
    order = b'{"order":{"type":"MARKET_IF_TOUCHED","instrument":"EUR_USD","units":"100","price":%s}}' % price.encode()
    strict = Counter(settings=WireSettings(token=TOKEN, strict_numbers=True))
    assert number_of(strict, order) == reason
    assert number_of(Counter(), order) is None


def test_strict_reading_minds_the_exits_too() -> None:
    strict = Counter(settings=WireSettings(token=TOKEN, strict_numbers=True))
    said = strict.order(stopLossOnFill={"price": "1.000000"})
    assert said.body["errorCode"] == "STOP_LOSS_ON_FILL_PRICE_PRECISION_EXCEEDED"
    told = strict.order(takeProfitOnFill={"price": 1.12248}).body["orderRejectTransaction"]["rejectReason"]
    assert told == "TAKE_PROFIT_ON_FILL_PRICE_PRECISION_EXCEEDED"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"order"',
        b'{"order":7}',
        b'{"order":{"units":NaN}}',
        b'{"order":{"units":1e9999}}',
        b'{"order":{"units":' + b"9" * 4000 + b"}}",
        b"[" * 100_000,
        b'{"a":' * 50 + b"1" + b"}" * 50,
        b'{"order":{"type":"\\ud800"}}',
        b"\xff\xfe\xfd",
    ],
)
def test_a_body_that_is_none_is_refused_and_leaves_no_trace(counter: Counter, body: bytes) -> None:
    said = counter.ask("POST", f"{A}/orders", body)
    assert (said.status, sorted(said.body)) == (400, ["errorMessage"])
    assert counter.get(f"{A}/summary").body["lastTransactionID"] == "3"


@pytest.mark.parametrize("written", ["true", "True", "TRUE", "1"])
def test_flags_are_read_as_clients_write_them(counter: Counter, written: str) -> None:
    said = counter.get(f"{A}/pricing?instruments=EUR_USD&includeHomeConversions={written}")
    assert "homeConversions" in said.body


def test_more_than_so_many_requests_a_second_are_too_many() -> None:
    counter = Counter(settings=WireSettings(token=TOKEN, requests_a_second=3))
    counter.step_ns = SECOND_NS // 10
    said = [counter.get("/v3/accounts") for _ in range(5)]
    assert [one.status for one in said] == [200, 200, 200, 429, 429]
    assert said[-1].body == {"errorMessage": "Too many requests"}
    counter.wall.at_ns += SECOND_NS
    assert counter.get("/v3/accounts").status == 200


def test_more_than_so_many_new_connections_a_second_are_too_many() -> None:
    counter = Counter(settings=WireSettings(token=TOKEN, connections_a_second=2))
    counter.step_ns = 0
    answers = []
    for counter.connection in (1, 2, 2, 3, 1):
        answers.append(counter.get("/v3/accounts").status)
    assert answers == [200, 200, 200, 429, 200]


NEWER = {
    "fill": {"quotePL", "homeConversionFactors", "baseFinancing", "quoteFinancing", "quoteGuaranteedExecutionFee"},
    "account": {"dividendAdjustment", "guaranteedStopLossOrderParameters", "guaranteedStopLossOrderMutability"},
    "state": {"balance", "pl", "resettablePL", "financing", "commission", "guaranteedExecutionFees"},
    "instrument": {"tags", "financing", "guaranteedStopLossOrderMode"},
}


@pytest.mark.parametrize("is_on", [True, False])
def test_newer_fields_are_everywhere_or_nowhere(is_on: bool) -> None:  # noqa: FBT001 - a row of a table
    counter = Counter(settings=WireSettings(token=TOKEN, newer_fields=is_on))
    fill = counter.order().body["orderFillTransaction"]
    changes = counter.get(f"{A}/changes?sinceTransactionID=1").body
    told = {
        "fill": fill,
        "account": counter.get(f"{A}/summary").body["account"],
        "state": changes["state"],
        "instrument": counter.get(f"{A}/instruments?instruments=EUR_USD").body["instruments"][0],
    }
    assert {what: names & set(told[what]) for what, names in NEWER.items()} == {
        what: names if is_on else set() for what, names in NEWER.items()
    }
    again = counter.get(f"{A}/transactions/{fill['id']}").body["transaction"]
    assert again == fill == changes["changes"]["transactions"][-1]


def test_a_fill_tells_its_result_in_the_instruments_own_currency(counter: Counter) -> None:
    opened = counter.order(units="-1000", instrument="USD_JPY").body["orderFillTransaction"]
    counter.move(Decimal(opened["tradeOpened"]["price"]) - 1, "USD_JPY")
    counter.ask("PUT", f"{A}/trades/{opened['id']}/close", {"units": "400"})
    closed = counter.ask("PUT", f"{A}/trades/{opened['id']}/close", {}).body["orderFillTransaction"]
    gain = Decimal(opened["tradeOpened"]["price"]) - Decimal(closed["tradesClosed"][0]["price"])
    assert Decimal(closed["quotePL"]) == 600 * gain
    factors = {name: Decimal(one["factor"]) for name, one in closed["homeConversionFactors"].items()}
    assert abs(Decimal(closed["pl"]) - Decimal(closed["quotePL"]) * factors["gainQuoteHome"]) < Decimal("0.001")
    assert [factors["gainBaseHome"], factors["lossBaseHome"]] == [Decimal(1)] * 2


def test_what_a_fault_wants_of_an_order_is_done(counter: Counter) -> None:
    wishes: list[dict[str, str]] = [
        {"reject": "INSUFFICIENT_MARGIN"},
        {"cancel": "MARKET_HALTED"},
        {"liquidity": "none"},
        {"fraction": "0.25"},
        {"liquidity": "none"},
    ]
    counter.wishes.words["order.create"] = [*wishes]
    rejected, halted, dry = counter.order(), counter.order(), counter.order()
    partial = counter.order(timeInForce="IOC")
    assert (rejected.status, rejected.body["errorCode"]) == (400, "INSUFFICIENT_MARGIN")
    assert halted.body["orderCancelTransaction"]["reason"] == "MARKET_HALTED"
    assert dry.body["orderCancelTransaction"]["reason"] == "INSUFFICIENT_LIQUIDITY"
    assert partial.body["orderFillTransaction"]["units"] == "250"
    assert "orderCancelTransaction" not in counter.order("LIMIT", price="1.0").body


def test_a_position_never_held_is_not_there_and_one_gone_flat_is(counter: Counter) -> None:
    never = counter.get(f"{A}/positions/EUR_USD")
    assert (never.status, never.body["errorCode"]) == (404, "NO_SUCH_POSITION")
    counter.order()
    counter.ask("PUT", f"{A}/positions/EUR_USD/close", {"longUnits": "ALL"})
    assert counter.get(f"{A}/positions/EUR_USD").body["position"]["long"]["units"] == "0"


def test_on_a_hedging_account_an_opposite_order_opens(counter: Counter) -> None:
    hedging = Counter(terms=Terms(id=ID, hedging=True))
    for each in (counter, hedging):
        each.order(units="1000")
        each.order(units="-400")
    sides = [
        [each.get(f"{A}/positions/EUR_USD").body["position"][side]["units"] for side in ("long", "short")]
        for each in (counter, hedging)
    ]
    assert sides == [["600", "0"], ["1000", "-400"]]
    assert hedging.get(f"{A}/summary").body["account"]["hedgingEnabled"] is True


def test_on_a_fifo_account_the_oldest_of_a_size_closes_first() -> None:
    fifo = Counter(terms=Terms(id=ID, fifo=True))
    trades = [fifo.order().body["orderFillTransaction"]["tradeOpened"]["tradeID"] for _ in range(2)]
    said = [fifo.ask("PUT", f"{A}/trades/{trade}/close", {}) for trade in reversed(trades)]
    assert said[0].body["orderCancelTransaction"]["reason"] == "FIFO_VIOLATION"
    assert "orderFillTransaction" in said[1].body


def test_a_read_sees_what_the_market_did_just_before(counter: Counter) -> None:
    _, ask = counter.price()
    counter.order("STOP", price=str(Decimal(ask) + Decimal("0.00100")))
    counter.market.move("EUR_USD", Decimal(ask) + Decimal("0.00200"), counter.clock.now_ns())
    assert len(counter.get(f"{A}/openTrades").body["trades"]) == 1


def test_accounts_survive_a_restart_to_the_byte(tmp_path: Path) -> None:
    first = Counter(folder=tmp_path)
    first.order(takeProfitOnFill={"price": "1.50000"}, clientExtensions={"id": "ü", "comment": "€"})
    first.order("LIMIT", price="1.0")
    again = Counter(folder=tmp_path)
    again.wall.at_ns = first.wall.at_ns
    told = [json.dumps(each.get(A).body, sort_keys=True) for each in (first, again)]
    assert told[0] == told[1]


def test_the_lines_to_paste_lead_here_and_the_description_tells_no_secret(counter: Counter) -> None:
    pasted = counter.wire.invitation("http://127.0.0.1:8080")
    assert f"http://127.0.0.1:8080{A}/summary" in pasted[0]
    assert counter.wire.name == "oanda"
    described = counter.wire.describe()
    assert TOKEN not in json.dumps(described)
    assert described["accounts"] == [
        {"id": ID, "last_transaction": 3, "pending_orders": 0, "open_trades": 0, "settled": "2026-11-18T12:00:00Z"}
    ]
