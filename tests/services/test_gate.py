"""The gate counts everything that may still become a position, whoever asked for it and however long ago."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from rickctl.adapters.paper import PaperBroker
from rickctl.adapters.sim import SimMarket
from rickctl.domain.account import AccountConfig, Speed
from rickctl.domain.errors import OutcomeUnknown, Refused
from rickctl.domain.instants import SECOND_NS
from rickctl.domain.orders import IntentState, Side
from rickctl.domain.records import IntentKind
from rickctl.domain.scope import DEFAULT_SCOPE, Mode, Scope
from rickctl.services.accounts import create_account
from rickctl.services.desk import hold
from rickctl.services.orders import place
from tests.services.order_kit import OPEN_NS, draft, ground, sealed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rickctl.domain.market import Bar
    from rickctl.domain.orders import Approved
    from rickctl.domain.ports import Submitted
    from rickctl.domain.records import IntentRow
    from tests.services.order_kit import Ground

OTHER = Scope(Mode.PAPER, "paper", "other")


class Silent(PaperBroker):
    """A broker that takes no order and gives no answer."""

    def submit_order(self, approved: Approved) -> Submitted:
        message = f"no answer to {approved.client_order_id}"
        raise OutcomeUnknown(message, code="outcome_unknown")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Ground]:
    place_ = ground(tmp_path)
    yield place_
    place_.store.close()


def lose(here: Ground, scope: Scope = DEFAULT_SCOPE, **words: object) -> int:
    """Place an order whose outcome stays unknown; its number."""
    desk = here.desk(scope)
    with pytest.raises(OutcomeUnknown) as lost:
        place(draft(**words), desk, here.trader(), Silent(desk, desk.market.instruments))
    assert lost.value.order is not None
    return lost.value.order


def put(here: Ground, scope: Scope = DEFAULT_SCOPE, **words: object) -> IntentRow:
    """Place an order and let its latency pass."""
    desk = here.desk(scope)
    row = place(draft(**words), desk, here.trader(), PaperBroker(desk, desk.market.instruments))
    here.later(1)
    return row


def refused_by(here: Ground, scope: Scope = DEFAULT_SCOPE, **words: object) -> set[str]:
    """The rules that refuse an order, empty where it is placed."""
    try:
        put(here, scope, **words)
    except Refused as refused:
        return {verdict.rule for verdict in refused.verdicts if not verdict.passed}
    return set()


def litter(here: Ground, count: int, state: IntentState = IntentState.REFUSED) -> None:
    """Fill the account's record with intents nobody counts."""
    with here.store.transaction() as transaction:
        for _ in range(count):
            transaction.add_intent(
                DEFAULT_SCOPE,
                kind=IntentKind.ENTRY,
                key=None,
                symbol="EUR_USD",
                request={},
                request_hash="",
                quotes=[],
                verdicts=[],
                charter_hash="",
                state=state,
                owner=None,
                created_ns=OPEN_NS,
            )


def test_an_unknown_outcome_holds_its_instrument_however_many_refusals_came_since(here: Ground) -> None:
    lose(here)
    litter(here, 2_100)
    here.later(3_600)
    assert "1.5" in refused_by(here, units="11000")


def test_trades_of_the_day_are_counted_however_many_refusals_came_since(here: Ground) -> None:
    here.tighten(max_daily_trades=1)
    put(here)
    litter(here, 2_100)
    here.later(3_600)
    assert "7.1" in refused_by(here, units="11000")


def test_what_was_refused_uses_up_no_trade_of_the_day(here: Ground) -> None:
    here.tighten(max_daily_trades=1)
    litter(here, 3)
    assert not refused_by(here)


def test_an_unknown_outcome_in_one_symbol_counts_in_the_exposure_of_another(here: Ground) -> None:
    here.tighten(max_exposure=Decimal(20_000))
    lose(here, units="10000")
    assert "3.4" in refused_by(here, symbol="GBP_USD")


def test_what_another_account_has_in_flight_counts_at_all_brokers(here: Ground) -> None:
    create_account(OTHER, AccountConfig(), here.store, here.clock)
    here.neighbours = lambda: [here.desk(OTHER)]
    here.tighten(max_total_exposure=Decimal(20_000), max_exposure_per_broker=Decimal(20_000))
    lose(here, OTHER, units="10000")
    assert {"11.1", "11.2"} <= refused_by(here, symbol="GBP_USD")


def test_what_a_stepped_account_has_in_flight_is_its_own_matter(here: Ground) -> None:
    create_account(OTHER, AccountConfig(speed=Speed.STEP, start_ns=OPEN_NS), here.store, here.clock)
    here.tighten(max_total_exposure=Decimal(20_000))
    lose(here, OTHER, units="10000")
    assert not refused_by(here, symbol="GBP_USD")


class Interrupted(SimMarket):
    """A market at which something happens the first time its bars are asked for, after the neighbours were."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self._act: Callable[[], object] | None = act

    def bars(self, symbol: str, granularity: str, start_ns: int, end_ns: int, now_ns: int) -> list[Bar]:
        act, self._act = self._act, None
        if act is not None:
            act()
        return super().bars(symbol, granularity, start_ns, end_ns, now_ns)


def test_a_neighbour_that_moves_while_an_order_is_measured_is_measured_again(here: Ground) -> None:
    create_account(OTHER, AccountConfig(), here.store, here.clock)
    here.neighbours = lambda: [here.desk(OTHER)]
    here.tighten(max_total_exposure=Decimal(25_000))
    desk = replace(here.desk(), market=Interrupted(lambda: put(here, OTHER, units="15000")))
    with pytest.raises(Refused) as refused:
        place(draft(symbol="GBP_USD"), desk, here.trader(), PaperBroker(desk, desk.market.instruments))
    assert refused.value.code == "over_total_exposure"


def test_an_order_whose_price_grew_old_in_the_queue_is_measured_again(here: Ground) -> None:
    desk = replace(here.desk(), market=Interrupted(lambda: here.later(6)))
    row = place(draft(), desk, here.trader(), PaperBroker(desk, desk.market.instruments))
    assert row.created_ns == OPEN_NS + 6 * SECOND_NS


def test_a_kill_that_comes_down_while_an_order_is_measured_refuses_it(here: Ground) -> None:
    def kill() -> None:
        here.killed = "by hand"

    desk = replace(here.desk(), market=Interrupted(kill))
    with pytest.raises(Refused) as refused:
        place(draft(), desk, here.trader(), PaperBroker(desk, desk.market.instruments))
    assert refused.value.code == "kill_latch"
    assert not hold(desk).account.orders


def test_a_kill_that_comes_down_after_the_gate_still_stops_the_send(here: Ground) -> None:
    desk, trader = here.desk(), here.trader()
    asked = []

    def third_time() -> str | None:
        asked.append(1)
        return None if len(asked) < 3 else "by hand"

    with pytest.raises(Refused) as refused:
        place(draft(key="k"), desk, replace(trader, kill_reason=third_time), PaperBroker(desk, here.market.instruments))
    assert refused.value.code == "kill_latch"
    assert not hold(desk).account.orders
    assert here.intents()[0].state is IntentState.REJECTED
    with pytest.raises(Refused) as again:
        place(draft(key="k"), desk, trader, PaperBroker(desk, here.market.instruments))
    assert (again.value.code, again.value.order) == ("kill_latch", 1)


def test_values_are_never_judged_by_one_charter_and_sealed_by_another(here: Ground) -> None:
    loose, strict = replace(here.charter, hash="a" * 64), replace(here.charter, hash="b" * 64, max_fx_units=Decimal(1))
    files = iter([replace(sealed(loose), sealed_for=frozenset())])
    trader = replace(here.trader(), load=lambda: next(files, sealed(strict)))
    with pytest.raises(Refused):
        place(draft(), here.desk(), trader, PaperBroker(here.desk(), here.market.instruments))


class Halfway(PaperBroker):
    """A broker that takes an order and whose answer is lost."""

    def submit_order(self, approved: Approved) -> Submitted:
        super().submit_order(approved)
        message = "lost"
        raise OutcomeUnknown(message, code="outcome_unknown")


def test_an_order_without_an_answer_that_the_account_holds_already_is_counted_once(here: Ground) -> None:
    here.tighten(max_exposure=Decimal(25_000))
    desk = here.desk()
    with pytest.raises(OutcomeUnknown):
        place(draft(), desk, here.trader(), Halfway(desk, desk.market.instruments))
    assert len(hold(desk).account.orders) == 1
    assert refused_by(here, symbol="GBP_USD", units="5000") == set()


def test_a_person_who_resumed_gets_a_whole_window_of_repeats_again(here: Ground) -> None:
    here.tighten(max_repeats=2)
    put(here, units="1001")
    put(here, units="1002")
    assert "7.6" in refused_by(here, units="1003")
    here.later(1)
    with here.store.transaction() as transaction:
        transaction.clear_latch("repeated_execution", DEFAULT_SCOPE, reason="resumed", at_ns=here.clock.now_ns())
        transaction.append("resumed", None, {"latches": ["repeated_execution"]})
    here.later(1)
    assert not refused_by(here, units="1004")
    assert not refused_by(here, units="1005")
    assert "7.6" in refused_by(here, units="1006")


def test_a_new_key_is_the_way_past_a_duplicate_and_the_other_side_is_none(here: Ground) -> None:
    put(here)
    assert refused_by(here) == {"7.5"}
    assert not refused_by(here, key="again")
    assert not refused_by(here, side=Side.SELL)


@pytest.mark.parametrize(("seconds", "refused"), [(58, {"7.5"}), (59, set())])
def test_the_duplicate_window_ends_at_its_last_second(here: Ground, seconds: int, refused: set[str]) -> None:
    put(here)
    here.later(seconds)
    assert refused_by(here) == refused


def test_section_9_limits_one_instrument_alone(here: Ground) -> None:
    here.tighten(instruments={"EUR_USD": {"max_order_units": Decimal(5_000)}})
    assert refused_by(here) == {"3.1"}
    assert not refused_by(here, symbol="GBP_USD")
