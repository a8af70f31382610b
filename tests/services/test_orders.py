"""An order is placed once, told the same to whoever asks again, and costs nothing to rehearse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rickctl.adapters.paper import PaperBroker
from rickctl.domain.errors import OrderRejected, Refused, RickctlError, Unreachable, UsageError
from rickctl.domain.instants import DAY_NS, SECOND_NS
from rickctl.domain.orders import IntentState
from rickctl.domain.scope import Mode, Scope
from rickctl.render.preview import preview_view
from rickctl.services.orders import place, preview
from tests.services.order_kit import draft, ground

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rickctl.domain.orders import Approved
    from rickctl.domain.ports import Submitted
    from tests.services.order_kit import Ground


class Failing(PaperBroker):
    """A broker that fails in the way it was told to."""

    failure: RickctlError

    def submit_order(self, approved: Approved) -> Submitted:
        del approved
        raise self.failure


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Ground]:
    place_ = ground(tmp_path)
    yield place_
    place_.store.close()


def test_the_same_key_names_the_same_order_for_thirty_days_and_then_a_new_one(here: Ground) -> None:
    first = here.orders().place(draft(key="k"))
    here.clock.at_ns += 30 * DAY_NS - SECOND_NS
    assert here.orders().place(draft(key="k")).row.number == first.row.number
    here.later(60)
    assert here.orders().place(draft(key="k")).row.number != first.row.number


def test_a_key_for_another_request_is_refused_and_names_the_order_it_stands_for(here: Ground) -> None:
    here.orders().place(draft(key="k"))
    with pytest.raises(Refused) as refused:
        here.orders().place(draft(key="k", units="9000"))
    assert (refused.value.code, refused.value.order) == ("key_reused", 2)
    assert "already stands for order 1" in refused.value.message


def test_a_key_refused_stays_refused_with_the_same_verdicts(here: Ground) -> None:
    told = []
    for _ in range(2):
        with pytest.raises(Refused) as refused:
            here.orders().place(draft(key="k", take_profit=None))
        told.append((refused.value.code, refused.value.order, refused.value.verdicts))
    assert told[0] == told[1]
    assert len(here.intents()) == 1


@pytest.mark.parametrize("kind", [OrderRejected, Refused, Unreachable, UsageError])
def test_a_key_that_failed_fails_again_in_the_same_way(here: Ground, kind: type[RickctlError]) -> None:
    desk = here.desk()
    broker = Failing(desk, desk.market.instruments)
    broker.failure = kind("no", code="no_reason", venue_code="V1")
    told = []
    for _ in range(2):
        with pytest.raises(RickctlError) as failed:
            place(draft(key="k"), desk, here.trader(), broker)
        assert failed.value.message.endswith("no")
        told.append((type(failed.value), failed.value.code, failed.value.order))
    assert told == [(kind, "no_reason", 1)] * 2
    assert [row.state for row in here.intents()] == [IntentState.REJECTED]


def test_a_rejected_order_uses_up_no_trade_of_the_day(here: Ground) -> None:
    here.tighten(max_daily_trades=1)
    desk = here.desk()
    broker = Failing(desk, desk.market.instruments)
    broker.failure = OrderRejected("no", code="no_reason")
    with pytest.raises(OrderRejected):
        place(draft(), desk, here.trader(), broker)
    assert here.orders().place(draft()).row.state is IntentState.ACCEPTED


def test_a_key_belongs_to_one_account(here: Ground) -> None:
    other = Scope(Mode.PAPER, "paper", "other")
    assert here.orders().place(draft(key="k")).row.scope != here.orders(other).place(draft(key="k")).row.scope


def test_a_rehearsal_with_a_key_that_stands_already_says_which_order_would_answer(here: Ground) -> None:
    here.orders().place(draft(key="k"))
    checked, refused = here.orders().preview(draft(key="k"))
    assert (checked.number, refused) == (1, None)
    record = preview_view(checked, refused, show_all=False).records
    assert isinstance(record, dict)
    assert record["would"] == "be answered with order 1"


def test_a_rehearsal_with_a_key_that_was_refused_is_refused_again(here: Ground) -> None:
    with pytest.raises(Refused):
        here.orders().place(draft(key="k", take_profit=None))
    checked, refused = here.orders().preview(draft(key="k", take_profit=None))
    assert refused is not None
    assert (checked.number, refused.order, refused.code) == (1, 1, "naked_entry")


def test_a_rehearsal_with_a_key_of_another_request_is_refused_as_the_order_would_be(here: Ground) -> None:
    here.orders().place(draft(key="k"))
    with pytest.raises(Refused) as refused:
        preview(draft(key="k", units="9000"), here.desk(), here.trader())
    assert refused.value.code == "key_reused"


def test_a_rehearsal_writes_nothing(here: Ground) -> None:
    head = here.store.head()
    here.orders().preview(draft())
    here.orders().preview(draft(take_profit=None))
    assert (here.store.head(), here.intents()) == (head, [])
