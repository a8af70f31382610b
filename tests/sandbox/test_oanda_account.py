"""What an account of the OANDA exchange is worth and shows: currencies, margin, positions, changes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from rickctl.domain.instants import DAY_NS, SECOND_NS, parse_instant
from rickctl.sandbox.oanda.records import Instant, Terms, each, nested
from tests.fakes import point
from tests.sandbox.oanda_kit import ID, START, Floor, said

if TYPE_CHECKING:
    from rickctl.sandbox.oanda.records import Fields

YEN = point(START - SECOND_NS, "150.000", "150.020", symbol="USD_JPY")


def show(fields: Fields, *names: str) -> list[str]:
    return [str(fields[name]) for name in names]


def test_a_new_account_is_flat_and_shows_every_figure() -> None:
    summary = Floor().exchange.summary(ID)
    assert show(summary, "balance", "NAV", "unrealizedPL", "marginUsed", "marginAvailable") == [
        "100000.0000",
        "100000.0000",
        "0.0000",
        "0.0000",
        "100000.0000",
    ]
    assert show(summary, "openTradeCount", "openPositionCount", "pendingOrderCount", "lastTransactionID") == [
        *("0", "0", "0"),
        "3",
    ]
    assert summary["createdTime"] == Instant(START)
    assert "lastOrderFillTimestamp" not in summary


def test_open_units_are_valued_at_the_side_that_closes_them_and_margin_at_mid() -> None:
    floor = Floor()
    floor.buy("10000")
    floor.price("1.10100", "1.10110")
    summary = floor.exchange.summary(ID)
    assert show(summary, "unrealizedPL", "NAV", "marginUsed", "positionValue", "marginCloseoutPercent") == [
        "9.0000",
        "100009.0000",
        "220.2100",
        "11010.5000",
        "0.00110",
    ]
    trade = floor.exchange.trade_fields(ID, floor.held("5"))
    assert show(trade, "unrealizedPL", "marginUsed", "initialMarginRequired", "currentUnits") == [
        "9.0000",
        "220.2100",
        "220.0100",
        "10000",
    ]


def test_a_result_in_another_currency_comes_home_at_the_worse_side() -> None:
    floor = Floor(steps=[YEN])
    floor.buy("1000", instrument="USD_JPY")
    floor.price("150.500", "150.520", symbol="USD_JPY")
    fill = floor.close("5").parts["orderFillTransaction"].fields
    assert str(fill["pl"]) == "3.1889", "480 yen are sold at 150.520"
    assert show(fill, "gainQuoteHomeConversionFactor", "lossQuoteHomeConversionFactor") == [
        "0.006643635397",
        "0.006644518272",
    ]
    factors = floor.exchange.home_factors(ID, "JPY", floor.now)
    assert factors is not None
    assert factors["accountGain"] == fill["gainQuoteHomeConversionFactor"]
    assert floor.exchange.home_factors(ID, "CHF", floor.now) is None


def test_hedged_units_ask_for_the_margin_of_the_bigger_side() -> None:
    floor = Floor(Terms(id=ID, hedging=True))
    floor.buy("10000")
    floor.buy("-4000")
    assert str(floor.exchange.summary(ID)["marginUsed"]) == "220.0100"
    position = floor.exchange.position(ID, "EUR_USD")
    assert position is not None
    assert show(nested(position, "long"), "units", "averagePrice", "tradeIDs") == ["10000", "1.10010", "('5',)"]
    assert show(nested(position, "short"), "units", "averagePrice", "tradeIDs") == ["-4000", "1.10000", "('7',)"]
    assert str(position["unrealizedPL"]) == "-1.4000"


def test_a_position_averages_what_is_open_and_adds_up_what_was_earned() -> None:
    floor = Floor()
    floor.buy("1000")
    floor.price("1.10200", "1.10210")
    floor.buy("3000")
    floor.close("5")
    position = floor.exchange.position(ID, "EUR_USD")
    assert position is not None
    assert show(position, "pl", "unrealizedPL") == ["1.9000", "-0.3000"]
    assert show(nested(position, "long"), "averagePrice", "pl") == ["1.10210", "1.9000"]
    assert floor.exchange.position(ID, "NO_SUCH") is None
    flat = floor.exchange.position(ID, "USD_JPY")
    assert flat is not None
    assert str(nested(flat, "long")["units"]) == "0"
    assert [one["instrument"] for one in floor.exchange.positions(ID)] == ["EUR_USD"]
    floor.flatten()
    assert floor.exchange.open_positions(ID) == ()


def test_a_closed_trade_says_how_it_ended() -> None:
    floor = Floor()
    floor.buy("1000")
    floor.close("5", "250")
    floor.price("1.10100", "1.10110")
    floor.close("5")
    trade = floor.exchange.trade_fields(ID, floor.held("5"))
    assert show(trade, "state", "currentUnits", "averageClosePrice", "closingTransactionIDs", "realizedPL") == [
        "CLOSED",
        "0",
        "1.10075",
        "('7', '9')",
        "0.6500",
    ]
    assert "unrealizedPL" not in trade
    assert "marginUsed" not in trade


def test_commission_is_taken_from_the_balance() -> None:
    floor = Floor(Terms(id=ID, commission_rate=Decimal("0.00005")))
    floor.buy("10000")
    assert floor.last()[0].fields["commission"] == Decimal("0.5500")
    assert floor.balance() == Decimal("99999.4500")
    assert str(floor.exchange.summary(ID)["commission"]) == "0.5500"


@pytest.mark.parametrize(("bid", "happens"), [("1.08859", False), ("1.08858", True)])
def test_a_closeout_comes_when_value_is_half_the_margin(bid: str, *, happens: bool) -> None:
    floor = Floor(Terms(id=ID, balance=Decimal("22.40")))
    floor.buy("1000")
    floor.price(bid, f"{Decimal(bid) + Decimal('0.00010')}")
    made = floor.until(START + 60 * SECOND_NS)
    assert ("MARKET_ORDER(MARGIN_CLOSEOUT)" in said(made)) is happens


def test_a_closeout_waits_for_its_market_to_open() -> None:
    opens = START + 3600 * SECOND_NS
    floor = Floor(Terms(id=ID, balance=Decimal("22.40")), closed=((START + 10 * SECOND_NS, opens),))
    floor.buy("1000")
    floor.market.add(point(opens, "1.00000", "1.00010"))
    made = floor.until(opens + 60 * SECOND_NS)
    assert [one.time_ns for one in made] == [opens, opens]


def test_every_day_with_something_open_is_financed_weekends_too() -> None:
    floor = Floor()
    floor.buy("1000")
    made = floor.until(START + 7 * DAY_NS)
    assert said(made) == ["DAILY_FINANCING"] * 7
    assert made[0].time_ns == parse_instant("2026-11-18T22:00:00Z")
    assert made[0].fields["financing"] == Decimal("0.0000"), "free unless the account's terms say otherwise"


def test_changes_tell_what_became_of_everything_since() -> None:
    floor = Floor()
    floor.buy("1000", stopLossOnFill={"price": "1.09900"}, trailingStopLossOnFill={"distance": "0.00500"})
    since = floor.exchange.last_id(ID)
    floor.pend("LIMIT", price="1.05000")
    floor.cancel("8")
    floor.buy("500")
    floor.close("5", "100")
    floor.price("1.09900", "1.09910")
    found = floor.exchange.changes(ID, since)
    changes, state = nested(found, "changes"), nested(found, "state")

    def ids(name: str) -> list[str]:
        return [str(one["id"]) for one in each(changes, name)]

    assert ids("ordersCreated") == ["8", "10", "12"]
    assert ids("ordersCancelled") == ["8", "7"]
    assert ids("ordersFilled") == ["10", "12", "6"]
    assert ids("tradesOpened") == ["11"]
    assert ids("tradesReduced") == ["5"]
    assert ids("tradesClosed") == ["5"]
    assert ids("transactions") == [str(number) for number in range(since + 1, floor.exchange.last_id(ID) + 1)]
    assert [one["id"] for one in each(state, "trades")] == ["11"]
    assert str(state["NAV"]) == str(floor.exchange.summary(ID)["NAV"])


def test_the_state_of_a_trailing_stop_says_how_far_it_is() -> None:
    floor = Floor()
    floor.buy("1000", trailingStopLossOnFill={"distance": "0.00100"})
    floor.price("1.10050", "1.10060")
    floor.price("1.10030", "1.10040")
    (order,) = each(nested(floor.exchange.changes(ID, 0), "state"), "orders")
    assert show(order, "id", "trailingStopValue", "triggerDistance") == ["6", "1.09950", "0.00080"]


def test_orders_and_trades_are_found_by_either_name() -> None:
    floor = Floor()
    floor.buy(clientExtensions={"id": "o"}, tradeClientExtensions={"id": "t"})
    floor.pend("LIMIT", price="1.05000", clientExtensions={"id": "o"})
    assert floor.standing("@o").id == 6, "the one that works comes first"
    assert floor.held("@t").id == 5
    floor.cancel("@o")
    assert floor.standing("@o").id == 6, "then the newest"
    floor.close("@t")
    assert floor.held("@t").id == 5
    assert floor.exchange.order(ID, "@nobody") is None
    assert floor.exchange.order(ID, "abc") is None
    assert floor.exchange.trade(ID, "@") is None
    assert [order.id for order in floor.exchange.orders(ID)] == [8, 6, 4]


def test_the_account_in_full_holds_what_is_open() -> None:
    floor = Floor()
    floor.buy("1000", takeProfitOnFill={"price": "1.2"})
    account = floor.exchange.account(ID)
    assert [one["id"] for one in each(account, "trades")] == ["5"]
    assert each(account, "trades")[0]["takeProfitOrderID"] == "6"
    assert [one["id"] for one in each(account, "orders")] == ["6"]
    full = floor.exchange.trade_fields(ID, floor.held("5"))
    assert str(nested(full, "takeProfitOrder")["price"]) == "1.20000"
    assert floor.exchange.transaction(ID, 99) is None
    assert floor.exchange.transaction(ID, 0) is None
    assert "BTC-USD" not in floor.exchange.instruments
