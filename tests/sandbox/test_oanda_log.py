"""An account's record on disk: what a restart finds, what a torn end costs, what cannot be read."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from rickctl.domain.errors import SetupError
from rickctl.sandbox.oanda.exchange import Exchange
from rickctl.sandbox.oanda.records import Hints, Terms
from tests.sandbox.oanda_kit import ID, START, Floor, said

if TYPE_CHECKING:
    from pathlib import Path

TERMS = Terms(id=ID, currency="EUR", balance=Decimal("1234.5"), hedging=True, fifo=True, margin_rate=Decimal("0.05"))


def opened(floor: Floor, *terms: Terms) -> Exchange:
    return Exchange.open(floor.folder, floor.market, terms, floor.now)


def test_an_account_is_what_it_was_created_as(tmp_path: Path) -> None:
    floor = Floor(TERMS, folder=tmp_path)
    again = opened(floor, Terms(id=ID, balance=Decimal(1)))
    assert again.terms(ID) == TERMS
    assert again.account_ids == (ID,)
    assert again.summary(ID) == floor.exchange.summary(ID)


def test_accounts_that_are_new_join_those_that_are_there(tmp_path: Path) -> None:
    floor = Floor(folder=tmp_path)
    other = Terms(id="101-001-1234567-002", alias="Second")
    again = opened(floor, other)
    assert again.account_ids == (ID, other.id)
    assert opened(floor).account_ids == (ID, other.id)


def test_what_the_transactions_do_not_say_survives_too(tmp_path: Path) -> None:
    floor = Floor(folder=tmp_path)
    floor.buy(trailingStopLossOnFill={"distance": "0.00100"})
    floor.pend("MARKET_IF_TOUCHED", price="1.10500")
    floor.price("1.10100", "1.10110")
    floor.pend("STOP", price="1.10300", hints=Hints(cancel="INSUFFICIENT_LIQUIDITY"))
    floor.pend("LIMIT", price="1.10000", hints=Hints(partial=Decimal("0.5")))
    again = opened(floor)
    assert again.orders(ID) == floor.exchange.orders(ID)
    assert again.order_fields(ID, again.orders(ID)[-2])["trailingStopValue"] == Decimal("1.10000")
    floor.exchange = again
    assert said(floor.price("1.10300", "1.10310")) == ["ORDER_CANCEL(INSUFFICIENT_LIQUIDITY)"]


def test_a_restart_settles_the_time_nobody_was_there(tmp_path: Path) -> None:
    floor = Floor(folder=tmp_path)
    floor.buy(takeProfitOnFill={"price": "1.10100"}, stopLossOnFill={"price": "1.09900"})
    again = opened(floor)
    made = floor.price("1.10200", "1.10210")
    assert again.advance(floor.now) == tuple(made)
    assert said(made) == ["ORDER_FILL(TAKE_PROFIT_ORDER)", "ORDER_CANCEL(LINKED_TRADE_CLOSED)"]


@pytest.mark.parametrize("cut", [1, 20, 300])
def test_half_a_line_was_never_answered_for(tmp_path: Path, cut: int) -> None:
    floor = Floor(folder=tmp_path)
    floor.buy("1000")
    before = floor.exchange.account(ID)
    kept = floor.exchange.last_id(ID)
    floor.buy("500")
    path = tmp_path / f"{ID}.jsonl"
    path.write_bytes(path.read_bytes()[:-cut])
    floor.exchange = opened(floor)
    assert floor.exchange.last_id(ID) == kept
    assert floor.exchange.account(ID) == before
    floor.buy("700")
    assert opened(floor).transactions(ID, 1, 99) == floor.exchange.transactions(ID, 1, 99)


def test_a_short_line_over_half_a_long_one_leaves_nothing_of_it(tmp_path: Path) -> None:
    floor = Floor(folder=tmp_path)
    floor.buy(takeProfitOnFill={"price": "1.2"}, stopLossOnFill={"price": "1.0"})
    path = tmp_path / f"{ID}.jsonl"
    path.write_bytes(path.read_bytes()[:-1])
    floor.exchange = opened(floor)
    floor.cancel("99")
    assert opened(floor).transactions(ID, 1, 99) == floor.exchange.transactions(ID, 1, 99)


def test_every_request_is_on_disk_before_it_is_answered(tmp_path: Path) -> None:
    floor = Floor(folder=tmp_path)
    path = tmp_path / f"{ID}.jsonl"
    for count in range(3):
        size = path.stat().st_size
        floor.order("MARKET", "0") if count == 1 else floor.buy("1")
        assert path.stat().st_size > size
        assert opened(floor).last_id(ID) == floor.exchange.last_id(ID)


def test_looking_writes_nothing(tmp_path: Path) -> None:
    floor = Floor(folder=tmp_path)
    floor.buy(trailingStopLossOnFill={"distance": "0.00100"})
    path = tmp_path / f"{ID}.jsonl"
    before = path.read_bytes()
    floor.price("1.10500", "1.10510")
    floor.exchange.account(ID)
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", [b"{}\n", b"nonsense\n", b'{"settled_ns":1,"transactions":[{"id":9}],"notes":{}}\n'])
def test_a_record_that_cannot_be_read_is_said_to_be_so(tmp_path: Path, damage: bytes) -> None:
    floor = Floor(folder=tmp_path)
    path = tmp_path / f"{ID}.jsonl"
    path.write_bytes(path.read_bytes() + damage)
    with pytest.raises(SetupError, match="not an account's record"):
        opened(floor)


def test_what_could_not_be_written_is_written_the_next_time(tmp_path: Path) -> None:
    floor = Floor(folder=tmp_path)
    path, aside = tmp_path / f"{ID}.jsonl", tmp_path / "aside"
    path.rename(aside)
    path.mkdir()
    with pytest.raises(IsADirectoryError):
        floor.buy("1")
    path.rmdir()
    aside.rename(path)
    floor.buy("2")
    assert opened(floor).account(ID) == floor.exchange.account(ID)


def test_a_record_is_for_its_owner_only(tmp_path: Path) -> None:
    floor = Floor(folder=tmp_path / "new")
    assert (tmp_path / "new" / f"{ID}.jsonl").stat().st_mode & 0o777 == 0o600
    assert floor.exchange.settled_ns(ID) == START
