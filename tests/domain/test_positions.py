"""What is open is worth: closing prices, exact averages, margin, exposure, the trading day."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from rickctl.domain.instants import HOUR_NS, SECOND_NS
from rickctl.domain.models import parse_commission, parse_spread
from rickctl.domain.orders import Side
from rickctl.domain.positions import (
    day_of,
    entry_reference,
    equity,
    exposure,
    margin_available,
    margin_used,
    notional_of,
    positions,
    results,
)
from rickctl.domain.records import AccountKind
from tests.domain.paper_kit import INSTANT, T0, Desk, at
from tests.fakes import FakeMarket, point

STEPS = [
    point(T0, "1.08000", "1.08010"),
    point(T0, "150.000", "150.030", symbol="USD_JPY"),
    point(at(5), "1.08200", "1.08220"),
    point(at(5), "151.000", "151.030", symbol="USD_JPY"),
]


def desk() -> Desk:
    made = Desk(FakeMarket(STEPS))
    made.order(1, units="1000", sl="1.07000", tp="1.09000")
    made.order(2, Side.SELL, units="2000", symbol="USD_JPY", sl="160.000", tp="140.000")
    made.settle(at(4))
    made.order(3, units="500", limit="1.07500", sl="1.07000", tp="1.09000")
    made.settle(at(5))
    made.order(4, units="500", sl="1.07000", tp="1.09000")
    made.settle(at(6))
    return made


def test_a_position_is_valued_at_the_side_that_would_close_it() -> None:
    made = desk()
    euro, yen = positions(made.state, made.rates())
    assert (euro.symbol, euro.units, euro.current_price) == ("EUR_USD", Decimal(1500), Decimal("1.08200"))
    assert euro.average_price == (1000 * Decimal("1.08010") + 500 * Decimal("1.08220")) / 1500
    assert euro.unrealised == euro.unrealised_account == Decimal("1.80000")
    assert (yen.units, yen.current_price, yen.quote_currency) == (Decimal(-2000), Decimal("151.030"), "JPY")
    assert yen.unrealised == Decimal("-2060.000")
    assert yen.unrealised_account == Decimal("-13.64238411")  # a loss of yen, bought with dollars at 151.000
    first = euro.trades[0]
    assert (first.number, first.stop_loss, first.take_profit) == (1, Decimal("1.07000"), Decimal("1.09000"))
    assert (first.held_ns, first.closes_ns) == (6 * SECOND_NS, T0 + 6 * HOUR_NS)


def test_equity_margin_and_what_is_left() -> None:
    made = desk()
    state, rates = made.state, made.rates()
    worth = equity(state, rates)
    assert worth == 100_000 + Decimal("1.80000") - Decimal("13.64238411")
    euro, dollar = (made.market.instruments[symbol].margin_rate for symbol in ("EUR_USD", "USD_JPY"))
    used = 1500 * Decimal("1.08210") * euro + 2000 * dollar
    assert margin_used(state, rates) == used
    assert margin_available(state, rates) == worth - used


def test_exposure_is_the_worse_side_with_working_entries() -> None:
    made = desk()
    euro, yen = exposure(made.state, made.rates())
    assert [f"{euro.position_units}", f"{euro.working_buy_units}", f"{euro.working_sell_units}"] == ["1500", "500", "0"]
    assert euro.notional == 2000 * Decimal("1.08210")
    assert yen.notional == 2000
    without = exposure(made.state, made.rates(), without=3)[0]
    assert not without.working_buy_units
    assert without.notional == 1500 * Decimal("1.08210")


def test_exposure_counts_a_working_entry_on_the_other_side() -> None:
    made = Desk(FakeMarket(STEPS))
    made.order(1, units="1000", sl="1.07000", tp="1.09000")
    made.order(2, Side.SELL, units="5000", limit="1.09000", sl="1.10000", tp="1.07000")
    made.settle(at(1))
    assert exposure(made.state, made.rates())[0].notional == 4000 * Decimal("1.08005")


def test_without_a_price_nothing_is_invented() -> None:
    made = desk()
    lost = Desk(FakeMarket([]))
    lost.state = replace(made.state, checkpoint_ns=T0)
    state, rates = lost.state, lost.rates()
    assert positions(state, rates)[0].unrealised_account is None
    assert positions(state, rates)[0].current_price is None
    assert equity(state, rates) is margin_used(state, rates) is margin_available(state, rates) is None
    assert notional_of(state, "EUR_USD", Decimal(1), rates) is None
    assert {row.unrealised for row in results(state, rates)} == {None}


def test_the_spread_of_the_account_counts_in_its_valuation() -> None:
    made = Desk(FakeMarket(STEPS[:1]), replace(INSTANT, spread=parse_spread("x3")))
    made.order(1, sl="1.07000", tp="1.09000")
    made.settle(at(1))
    assert positions(made.state, made.rates())[0].unrealised == Decimal("-0.30000")


def test_results_add_what_is_open_to_what_is_done() -> None:
    made = desk()
    made.close(9, trade=1, units="400")
    made.settle(at(7))
    euro, yen = results(made.state, made.rates())
    assert (euro.realised, euro.unrealised) == (Decimal("0.76000"), Decimal("1.04000"))
    assert (yen.realised, yen.unrealised) == (Decimal(0), Decimal("-13.64238411"))


def test_a_spot_account_is_worth_its_cash_and_what_it_holds() -> None:
    coin = point(T0, "64000.00", "64001.00", symbol="BTC-USD")
    config = replace(INSTANT, kind=AccountKind.SPOT, balance=Decimal(1000), commission=parse_commission("0.6%"))
    made = Desk(FakeMarket([coin]), config)
    made.order(1, units="0.01", symbol="BTC-USD", sl="60000.00", tp="70000.00")
    made.settle(at(1))
    cash = 1000 - Decimal("640.01") - Decimal("3.84006")
    assert equity(made.state, made.rates()) == cash + 640
    assert margin_used(made.state, made.rates()) == 0
    assert margin_available(made.state, made.rates()) == cash


def test_with_trades_open_a_day_begins_only_where_it_was_marked() -> None:
    made = desk()
    assert day_of(made.state, at(0, 48 * HOUR_NS)) == (made.state.day, made.state.day_realised, made.state.day_fees)


def test_exits_are_measured_from_the_fill_or_from_the_price_waited_for() -> None:
    made = desk()
    assert entry_reference(made.state, 1) == Decimal("1.08010")
    assert entry_reference(made.state, 3) == Decimal("1.07500")
    assert entry_reference(made.state, 8) is None
