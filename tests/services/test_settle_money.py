"""Margin, closeout, conversion, commission and spot cash: what is paid and what is refused at the fill."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from rickctl.domain.models import parse_commission
from rickctl.domain.orders import Side
from rickctl.domain.records import AccountKind
from tests.domain.paper_kit import INSTANT, T0, Desk, at
from tests.fakes import FakeMarket, point

QUIET = point(T0, "1.08000", "1.08010")


def test_margin_is_refused_at_the_fill() -> None:
    desk = Desk(FakeMarket([QUIET]), replace(INSTANT, balance=Decimal(1000)))
    desk.order(1, units="46000", sl="1.07000", tp="1.09000")
    desk.order(2, units="47000", sl="1.07000", tp="1.09000")
    desk.settle(at(1))
    # 46,000 * 1.08005 * 2 % = 993.646, all but 6.354 of the balance.
    assert desk.told() == ["1 entry 46000 @ 1.08010", "2 cancelled insufficient_margin"]


@pytest.mark.parametrize(
    ("balance", "commission", "is_filled"),
    [
        ("993.646", "none", True),
        ("993.645", "none", False),
        ("994.646", "1/order", True),
        ("994.645", "1/order", False),
    ],
)
def test_the_last_cent_of_margin_can_be_used(balance: str, commission: str, is_filled: bool) -> None:  # noqa: FBT001
    config = replace(INSTANT, balance=Decimal(balance), commission=parse_commission(commission))
    desk = Desk(FakeMarket([QUIET]), config)
    desk.order(1, units="46000", sl="1.07000", tp="1.09000")
    desk.settle(at(1))
    assert bool(desk.state.trades) is is_filled


def test_reducing_needs_no_margin() -> None:
    desk = Desk(FakeMarket([QUIET]), replace(INSTANT, balance=Decimal(1000)))
    desk.order(1, units="46000", sl="1.07000", tp="1.09000")
    desk.settle(at(1))
    desk.order(2, Side.SELL, units="40000", sl="1.09000", tp="1.07000", at_ns=at(1))
    desk.settle(at(2))
    assert desk.state.trades[0].units == 6000


def test_closeout_at_half_the_margin() -> None:
    # At 1.06900 the margin is 46,000 * 1.06905 * 2 % = 983.5 and the equity 1000 - 46,000 * 0.0111 = 489.4.
    steps = [QUIET, point(at(30), "1.06920", "1.06930"), point(at(90), "1.06900", "1.06910")]
    desk = Desk(FakeMarket(steps), replace(INSTANT, balance=Decimal(1000)))
    desk.order(1, units="46000", sl="1.05000", tp="1.09000")
    desk.settle(at(119))
    assert desk.told() == ["1 entry 46000 @ 1.08010"]
    desk.settle(at(120))
    assert desk.told()[1:] == ["1 triggered margin_closeout", "1 margin_closeout 46000 @ 1.06900"]


@pytest.mark.parametrize(("balance", "is_closed"), [("1002.363", True), ("1002.364", False)])
def test_closeout_begins_at_exactly_half(balance: str, is_closed: bool) -> None:  # noqa: FBT001
    steps = [QUIET, point(at(30), "1.06900", "1.06910")]
    desk = Desk(FakeMarket(steps), replace(INSTANT, balance=Decimal(balance)))
    desk.order(1, units="46000", sl="1.05000", tp="1.09000")
    desk.settle(at(60))
    assert bool(desk.state.trades) is not is_closed


def test_closeout_on_bars_waits_for_the_next_price() -> None:
    steps = [QUIET, point(at(90), "1.06900", "1.06910"), point(at(150), "1.06800", "1.06810")]
    desk = Desk(FakeMarket(steps, stands=False), replace(INSTANT, balance=Decimal(1000)))
    desk.order(1, units="46000", sl="1.05000", tp="1.09000")
    desk.settle(at(200))
    assert desk.told()[1:] == ["1 triggered margin_closeout", "1 margin_closeout 46000 @ 1.06800"]


def test_results_cross_currencies_at_the_side_that_costs() -> None:
    steps = [
        point(T0, "150.000", "150.010", symbol="USD_JPY"),
        point(at(5), "151.000", "151.020", symbol="USD_JPY"),
        point(at(9), "149.000", "149.020", symbol="USD_JPY"),
    ]
    desk = Desk(FakeMarket(steps))
    desk.order(1, symbol="USD_JPY", sl="140.000", tp="150.500")
    desk.settle(at(5))
    won = desk.fills()[-1].reduced[0]
    assert (won.pnl, won.pnl_account) == (Decimal("990.000"), Decimal("6.55542312"))  # 990 / 151.020
    desk.order(2, Side.BUY, symbol="USD_JPY", sl="150.000", tp="160.000", at_ns=at(5))
    desk.settle(at(9))
    lost = desk.fills()[-1].reduced[0]
    assert (lost.pnl, lost.pnl_account) == (Decimal("-2020.000"), Decimal("-13.55704698"))  # 2020 / 149.000
    assert lost.conversion is not None
    assert [(leg.symbol, leg.side.value) for leg in lost.conversion.legs] == [("USD_JPY", "bid")]
    assert desk.state.balance == Decimal(100_000) + won.pnl_account + lost.pnl_account


def test_an_entry_that_could_not_be_converted_is_cancelled() -> None:
    desk = Desk(FakeMarket([point(T0, "0.85000", "0.85010", symbol="EUR_GBP")]))
    desk.order(1, symbol="EUR_GBP", sl="0.80000", tp="0.90000")
    desk.settle(at(1))
    assert desk.told() == ["1 cancelled no_conversion"]


@pytest.mark.parametrize(
    ("commission", "fees"),
    [
        ("none", ["0", "0"]),
        ("0.1%", ["1.080100", "1.069000"]),
        ("2.50/order", ["2.50", "2.50"]),
        ("35/million", ["0.0378035", "0.0374150"]),
    ],
)
def test_commission_is_paid_on_every_fill(commission: str, fees: list[str]) -> None:
    config = replace(INSTANT, commission=parse_commission(commission))
    desk = Desk(FakeMarket([QUIET, point(at(1), "1.06900", "1.06910")]), config)
    desk.order(1, sl="1.07000", tp="1.09000")
    desk.settle(at(2))
    assert [fill.commission for fill in desk.fills()] == [Decimal(fee) for fee in fees]
    assert desk.state.balance == 100_000 + desk.state.realised - desk.state.fees


def test_a_commission_per_order_is_paid_once_however_many_parts_it_fills_in() -> None:
    steps = [
        point(T0, "1.08000", "1.08010", ask_size=400),
        point(at(1), "1.08000", "1.08010", ask_size=900),
        point(at(2), "1.06900", "1.06910", bid_size=400),
        point(at(3), "1.06900", "1.06910", bid_size=900),
    ]
    desk = Desk(FakeMarket(steps), replace(INSTANT, commission=parse_commission("2.50/order")))
    desk.order(1, sl="1.07000", tp="1.09000")
    desk.settle(at(9))
    assert [fill.commission for fill in desk.fills()] == [Decimal("2.50"), 0, Decimal("2.50"), 0]


SPOT = replace(INSTANT, kind=AccountKind.SPOT, balance=Decimal(1000), commission=parse_commission("0.6%"))
COIN = point(T0, "64000.00", "64001.00", symbol="BTC-USD")


def test_a_spot_account_pays_in_full_and_sells_what_it_holds() -> None:
    desk = Desk(FakeMarket([COIN, point(at(5), "65000.00", "65001.00", symbol="BTC-USD")]), SPOT)
    desk.order(1, units="0.01", symbol="BTC-USD", sl="60000.00", tp="65000.00")
    desk.settle(at(1))
    assert desk.state.balance == Decimal(1000) - Decimal("640.01") - Decimal("3.84006")
    desk.settle(at(9))
    assert desk.told() == ["1 entry 0.01000000 @ 64001.00", "1 take_profit 0.01000000 @ 65000.00"]
    assert desk.state.realised == Decimal("9.99")
    assert desk.state.balance == 1000 + desk.state.realised - desk.state.fees


@pytest.mark.parametrize(
    ("side", "units", "symbol", "wanted"),
    [
        (Side.BUY, "0.01553216", "BTC-USD", "1 cancelled insufficient_funds"),
        (Side.SELL, "0.01", "BTC-USD", "1 cancelled no_shorts"),
        (Side.BUY, "1", "DE30_EUR", "1 cancelled no_conversion"),
    ],
)
def test_what_a_spot_account_cannot_do(side: Side, units: str, symbol: str, wanted: str) -> None:
    other = point(T0, "18000.0", "18001.0", symbol="DE30_EUR")
    desk = Desk(FakeMarket([COIN, other, point(T0, "1.00000", "1.00001")]), SPOT)
    exits = ("10000.0", "90000.0") if side is Side.BUY else ("90000.0", "10000.0")
    desk.order(1, side, units=units, symbol=symbol, sl=exits[0], tp=exits[1])
    desk.settle(at(1))
    assert desk.told() == [wanted]


def test_the_last_unit_of_cash_can_be_spent() -> None:
    desk = Desk(FakeMarket([COIN]), SPOT)
    desk.order(1, units="0.01553154", symbol="BTC-USD", sl="10000.00", tp="90000.00")
    desk.settle(at(1))
    assert 0 <= desk.state.balance < Decimal("0.01")
