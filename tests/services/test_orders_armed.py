"""A LIVE order answers to the window at the gate and again before it is sent; getting out never does."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from rickctl.adapters.paper import PaperBroker
from rickctl.domain.arming import NOT_LIVE, ArmState
from rickctl.domain.errors import Refused
from rickctl.domain.instants import HOUR_NS, MINUTE_NS, SECOND_NS
from rickctl.domain.orders import IntentState
from rickctl.domain.scope import Mode
from rickctl.services.changes import cancel, close_position, modify
from rickctl.services.desk import hold
from rickctl.services.orders import Trader, place, preview
from rickctl.services.sending import await_fill
from rickctl.services.stored import read_request
from rickctl.services.terms import Words
from tests.domain.charter_kit import LIVE, armed
from tests.services.order_kit import OPEN_NS, draft, ground, sealed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rickctl.domain.orders import Approved
    from rickctl.domain.ports import Changes, Submitted
    from rickctl.domain.records import IntentRow
    from rickctl.services.desk import Desk
    from tests.services.order_kit import Ground

WORKING = {"limit": "1.0900"}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Ground]:
    found = ground(tmp_path)
    yield found
    found.store.close()


class Spy(PaperBroker):
    """A broker that remembers what reached it."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, desk.market.instruments)
        self.sent: list[str] = []

    def submit_order(self, approved: Approved) -> Submitted:
        self.sent.append("entry")
        return super().submit_order(approved)

    def modify_order(self, client_order_id: str, changes: Changes) -> None:
        self.sent.append("modify")
        super().modify_order(client_order_id, changes)


def trader(here: Ground, arming: Callable[[], ArmState]) -> Trader:
    loaded = replace(sealed(here.charter), sealed_for=frozenset({Mode.LIVE}))
    return replace(here.trader(), load=lambda: loaded, arming=arming)


def window(here: Ground, left_ns: int = 30 * MINUTE_NS) -> Callable[[], ArmState]:
    """A window that stands until a fixed instant."""
    end_ns = here.clock.at_ns + left_ns

    def state() -> ArmState:
        left = end_ns - here.clock.at_ns
        return replace(armed(left, charter=here.charter), ends_ns=end_ns) if left > 0 else NOT_LIVE

    return state


def closing(here: Ground, after: int) -> Callable[[], ArmState]:
    """A window that is gone once it was asked about so often."""
    stands, asked = window(here), []

    def state() -> ArmState:
        asked.append(1)
        return stands() if len(asked) <= after else NOT_LIVE

    return state


def placed(here: Ground, desk: Desk, spy: Spy, **words: object) -> IntentRow:
    return place(draft(**words), desk, trader(here, window(here)), spy)


def codes(here: Ground) -> list[str]:
    return [row.state.value for row in here.store.intents(LIVE)]


def test_a_live_entry_is_sent_while_armed_and_says_under_which_window(here: Ground) -> None:
    desk = here.desk(LIVE)
    spy = Spy(desk)
    row = placed(here, desk, spy)
    assert (row.state, spy.sent) == (IntentState.ACCEPTED, ["entry"])
    assert json.loads(row.request)["measured"]["armed"] == 7


@pytest.mark.parametrize("asked", [0, 1, 2])
def test_a_live_entry_is_refused_at_whichever_look_the_window_is_gone(here: Ground, asked: int) -> None:
    desk = here.desk(LIVE)
    spy = Spy(desk)
    with pytest.raises(Refused) as found:
        place(draft(), desk, trader(here, closing(here, asked)), spy)
    assert found.value.code == "not_armed"
    assert spy.sent == []
    assert codes(here) == ["rejected" if asked == 2 else "refused"]


def test_what_nobody_tells_of_a_window_is_refused_for_live(here: Ground) -> None:
    desk = here.desk(LIVE)
    loaded = replace(sealed(here.charter), sealed_for=frozenset({Mode.LIVE}))
    with pytest.raises(Refused) as found:
        place(draft(), desk, replace(here.trader(), load=lambda: loaded), Spy(desk))
    assert found.value.code == "not_armed"
    assert found.value.hint == f"rickctl arm --account {LIVE}"


def test_a_dry_run_tells_of_the_missing_window_like_the_order_would(here: Ground) -> None:
    _, refused = preview(draft(), here.desk(LIVE), trader(here, lambda: NOT_LIVE))
    assert refused is not None
    assert refused.code == "not_armed"


def test_a_resting_live_entry_ends_before_its_window(here: Ground) -> None:
    desk = here.desk(LIVE)
    row = placed(here, desk, Spy(desk), **WORKING)
    expires_ns = read_request(row.request).expires_ns
    assert expires_ns is not None
    assert SECOND_NS <= OPEN_NS + 30 * MINUTE_NS - expires_ns < 2 * SECOND_NS
    with pytest.raises(Refused) as found:
        placed(here, desk, Spy(desk), **WORKING, ttl_ns=HOUR_NS, key="k")
    assert found.value.code == "outlives_arm"


def test_getting_out_needs_no_window(here: Ground) -> None:
    desk = here.desk(LIVE)
    spy, disarmed = Spy(desk), trader(here, lambda: NOT_LIVE)
    row, resting = placed(here, desk, spy), placed(here, desk, spy, **WORKING)
    await_fill(desk, here.clock.at_ns + SECOND_NS)
    assert cancel(resting.number, desk, disarmed, spy).state is IntentState.ACCEPTED
    nearer = modify(Words(number=row.number, stop_loss="1.0960"), desk, disarmed, spy)
    assert nearer.state is IntentState.ACCEPTED
    assert close_position("EUR_USD", None, None, desk, disarmed, spy).state is IntentState.ACCEPTED
    await_fill(desk, here.clock.at_ns + SECOND_NS)
    assert not hold(desk).account.trades


def test_a_change_that_widens_risk_needs_the_window_up_to_the_send(here: Ground) -> None:
    desk = here.desk(LIVE)
    spy = Spy(desk)
    row = placed(here, desk, spy, **WORKING)
    wider = Words(number=row.number, units="20000")
    for asked in (0, 1, 2):
        with pytest.raises(Refused) as found:
            modify(wider, desk, trader(here, closing(here, asked)), spy)
        assert found.value.code == "not_armed", asked
    assert spy.sent == ["entry"]
    assert modify(wider, desk, trader(here, window(here)), spy).state is IntentState.ACCEPTED
    assert spy.sent == ["entry", "modify"]


def test_the_next_command_cancels_what_a_disarm_left_resting(here: Ground) -> None:
    desk = here.desk(LIVE)
    spy = Spy(desk)
    placed(here, desk, spy, **WORKING)
    held = trader(here, window(here))
    here.orders(LIVE, trader=held, execution=spy).resolve()
    assert len(hold(desk).account.orders) == 1
    here.orders(LIVE, trader=trader(here, lambda: NOT_LIVE), execution=spy).resolve()
    assert hold(desk).account.orders == ()
