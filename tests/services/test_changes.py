"""A change is judged on what stands at its own moment, and getting out never adds, flips or stops halfway."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from rickctl.adapters.paper import PaperBroker
from rickctl.domain.errors import OrderRejected, Refused, RickctlError, UsageError
from rickctl.domain.instants import DAY_NS, HOUR_NS, MINUTE_NS
from rickctl.domain.orders import IntentState, OrderState, Side
from rickctl.domain.records import IntentKind
from rickctl.domain.scope import DEFAULT_SCOPE
from rickctl.services.desk import hold
from rickctl.services.stopping import cancel_entries
from rickctl.services.terms import Words
from tests.fakes import FakeMarket, point
from tests.services.order_kit import OPEN_NS, draft, ground

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rickctl.domain.ports import Close, Submitted
    from rickctl.services.desk import Desk
    from tests.services.order_kit import Ground

RESTING = {"limit": "1.0900", "stop_loss": "20p", "take_profit": "2R"}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Ground]:
    place_ = ground(tmp_path)
    yield place_
    place_.store.close()


def thin(here: Ground) -> None:
    """A market that fills a limit buy of 10000 in part and then moves away."""
    here.market = FakeMarket(
        [
            point(OPEN_NS - MINUTE_NS, "1.09200", "1.09210"),
            point(OPEN_NS + MINUTE_NS, "1.08980", "1.08990", ask_size=4_000, bid_size=4_000),
            point(OPEN_NS + 2 * MINUTE_NS, "1.09200", "1.09210"),
        ]
    )


def partly_filled(here: Ground) -> int:
    thin(here)
    number = here.orders().place(draft(**RESTING, quality=90)).row.number
    here.later(180)
    account = hold(here.desk()).account
    trade, order = account.trade(number), account.order(number)
    assert trade is not None
    assert order is not None
    assert (trade.units, order.remaining) == (Decimal(4_000), Decimal(6_000))
    return number


@pytest.mark.parametrize("words", [Words(1, ttl_ns=300 * DAY_NS), Words(1, units="20000"), Words(1, price="1.0910")])
def test_what_is_filled_in_part_keeps_its_entry_terms(here: Ground, words: Words) -> None:
    number = partly_filled(here)
    with pytest.raises(OrderRejected) as rejected:
        here.orders().modify(words, dry_run=False)
    assert rejected.value.code == "already_filled"
    order = hold(here.desk()).account.order(number)
    assert order is not None
    assert order.expires_ns == OPEN_NS + 6 * HOUR_NS


def test_the_exits_of_what_is_filled_in_part_still_move(here: Ground) -> None:
    number = partly_filled(here)
    here.orders().modify(Words(number, stop_loss="1.08850"), dry_run=False)
    account = hold(here.desk()).account
    trade, order = account.trade(number), account.order(number)
    assert trade is not None
    assert order is not None
    assert trade.stop_loss == order.stop_loss == Decimal("1.08850")


def test_a_life_beyond_any_calendar_is_a_usage_error(here: Ground) -> None:
    number = here.orders().place(draft(**RESTING)).row.number
    with pytest.raises(UsageError):
        here.orders().modify(Words(number, ttl_ns=10**26), dry_run=False)
    with pytest.raises(Refused) as refused:
        here.orders().modify(Words(number, ttl_ns=7 * HOUR_NS), dry_run=False)
    assert refused.value.code == "over_ttl"


def test_an_entry_moved_onto_an_own_resting_order_is_refused(here: Ground) -> None:
    number = here.orders().place(draft(**RESTING)).row.number
    here.orders().place(draft(side=Side.SELL, limit="1.0990", quality=90))
    words = Words(number, price="1.0995", stop_loss="1.0950", take_profit="1.1095")
    with pytest.raises(Refused) as refused:
        here.orders().modify(words, dry_run=False)
    assert "7.7" in {verdict.rule for verdict in refused.value.verdicts if not verdict.passed}


def test_a_change_in_flight_is_waited_for_so_that_two_cannot_widen_together(here: Ground) -> None:
    number = here.orders().place(draft()).row.number
    with here.store.transaction() as transaction:
        transaction.add_intent(
            DEFAULT_SCOPE,
            kind=IntentKind.MODIFY,
            key=None,
            symbol="EUR_USD",
            request={"target": number},
            request_hash="",
            quotes=[],
            verdicts=[],
            charter_hash="",
            state=IntentState.INTENT,
            owner="00000000-9-00000009",
            created_ns=OPEN_NS,
        )
    with pytest.raises(RickctlError) as locked:
        here.orders().modify(Words(number, stop_loss="10p"), dry_run=False)
    assert locked.value.code == "state_locked"
    here.gone.add("00000000-9-00000009")
    assert here.orders().modify(Words(number, stop_loss="10p"), dry_run=False).stop_loss is not None


def test_a_trade_is_closed_under_its_own_symbol_only(here: Ground) -> None:
    number = here.orders().place(draft()).row.number
    here.orders().place(draft(symbol="GBP_USD"))
    here.later(1)
    with pytest.raises(UsageError) as wrong:
        here.orders().close("GBP_USD", number, None, every=False, dry_run=False)
    assert "EUR_USD" in wrong.value.message
    assert len(hold(here.desk()).account.trades) == 2


def test_two_closes_at_once_close_once_and_never_flip(here: Ground) -> None:
    here.orders().place(draft())
    here.later(1)
    desk = here.desk()

    class Twice(PaperBroker):
        def submit_close(self, close: Close) -> Submitted:
            other = close._replace(client_order_id=close.client_order_id.rpartition("-")[0] + "-99")
            super().submit_close(other)
            return super().submit_close(close)

    here.orders(execution=Twice(desk, desk.market.instruments)).close("EUR_USD", None, None, every=False, dry_run=False)
    here.later(5)
    account = hold(desk).account
    assert (account.trades, account.orders) == ((), ())


class Stubborn(PaperBroker):
    """A broker that will not touch order 1."""

    def cancel_order(self, client_order_id: str) -> None:
        if client_order_id.endswith("-1"):
            message = "order 1 is already filled"
            raise OrderRejected(message, code=self.code)
        super().cancel_order(client_order_id)

    code = "already_filled"


def stubborn(here: Ground, code: str) -> Stubborn:
    desk = here.desk()
    broker = Stubborn(desk, desk.market.instruments)
    broker.code = code
    for price in ("1.0900", "1.0890", "1.0880"):
        here.orders().place(draft(limit=price, units=str(1_000 + int(price[-2:]))))
    return broker


def test_cancelling_all_goes_on_where_one_was_filled_meanwhile(here: Ground) -> None:
    orders = here.orders(execution=stubborn(here, "already_filled"))
    orders.cancel(None, every=True, dry_run=False)
    assert [order.number for order in hold(here.desk()).account.orders] == [1]


def test_cancelling_all_tries_every_one_before_it_says_what_failed(here: Ground) -> None:
    orders = here.orders(execution=stubborn(here, "busy"))
    with pytest.raises(OrderRejected) as failed:
        orders.cancel(None, every=True, dry_run=False)
    assert failed.value.message == "order 1 is already filled; 2 of 3 were done"
    assert [order.number for order in hold(here.desk()).account.orders] == [1]


def test_a_kill_cancels_the_rest_where_one_was_filled_meanwhile(here: Ground) -> None:
    broker = stubborn(here, "already_filled")
    assert cancel_entries(here.desk(), broker) == [2, 3]
    assert [order.number for order in hold(here.desk()).account.orders] == [1]


def test_closing_everything_goes_on_past_one_that_fails(here: Ground) -> None:
    here.orders().place(draft())
    here.orders().place(draft(symbol="GBP_USD"))
    here.later(1)
    desk = here.desk()

    class Deaf(PaperBroker):
        def submit_close(self, close: Close) -> Submitted:
            if close.symbol == "EUR_USD":
                message = "no"
                raise OrderRejected(message, code="no_reason")
            return super().submit_close(close)

    with pytest.raises(OrderRejected) as failed:
        here.orders(execution=Deaf(desk, desk.market.instruments)).close(None, None, None, every=True, dry_run=False)
    assert failed.value.message == "no; 1 of 2 were done"
    here.later(1)
    assert [trade.symbol for trade in hold(desk).account.trades] == ["EUR_USD"]


@pytest.mark.parametrize("ask", ["show", "cancelled"])
def test_the_number_of_a_change_says_what_it_changed(here: Ground, ask: str) -> None:
    number = here.orders().place(draft(**RESTING)).row.number
    here.orders().cancel(number, every=False, dry_run=False)
    with pytest.raises(UsageError) as wrong:
        here.orders().show(2) if ask == "show" else here.orders().cancel(2, every=False, dry_run=False)
    assert "cancel" in wrong.value.message
    assert here.orders().cancel(number, every=False, dry_run=False)[0].state is OrderState.CANCELLED


def test_a_refused_change_says_why_when_it_is_asked_for(here: Ground) -> None:
    number = here.orders().place(draft()).row.number
    with pytest.raises(Refused) as refused:
        here.orders().modify(Words(number, stop_loss="500p"), dry_run=False)
    assert refused.value.order is not None
    with pytest.raises(UsageError) as told:
        here.orders().show(refused.value.order)
    assert f"a change of order {number}, refused: " in told.value.message


def test_a_stop_that_narrows_needs_no_neighbour(here: Ground) -> None:
    number = here.orders().place(draft()).row.number

    def away() -> list[Desk]:
        message = "the tape is away"
        raise UsageError(message, code="away")

    trader = replace(here.trader(), neighbours=away)
    orders = here.orders(trader=trader)
    assert orders.modify(Words(number, stop_loss="10p"), dry_run=False).stop_loss is not None
