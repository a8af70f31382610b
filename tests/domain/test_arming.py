"""A window ends at its time, on whichever clock says so first, and with everything it was bound to; never later."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rickctl.domain.arming import (
    JUMP_TOLERANCE_NS,
    NOT_LIVE,
    PASSING,
    SLEW_DIVISOR,
    WORDS,
    Bindings,
    Cause,
    Ended,
    Moment,
    Person,
    Standing,
    Window,
    judge,
    open_window,
    time_fault,
)
from rickctl.domain.charter import check, check_modify
from rickctl.domain.instants import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS
from rickctl.domain.orders import EntryType
from rickctl.domain.scope import DEFAULT_SCOPE, Mode, Scope
from tests.domain.charter_kit import LIVE, NOW_NS, armed, live, order, shipped

if TYPE_CHECKING:
    from rickctl.domain.charter import Snapshot
    from rickctl.domain.orders import OrderRequest

OPENED = Moment(NOW_NS, 5 * HOUR_NS, "boot-one")
BOUND = Bindings("c" * 64, "5701e1d0", "files", "token")
LENGTH_NS = 30 * MINUTE_NS
STANDS = Standing(BOUND, is_enabled=True, is_sealed=True, is_recorded=True, kill_reason=None)
OTHER = Scope(Mode.LIVE, "oanda", "001-001-1234567-002")
REASON = "the open"


def window() -> Window:
    return open_window(7, LIVE, BOUND, OPENED, LENGTH_NS, REASON, Person(1000, "/dev/pts/1"))


def later(length_ns: int, *, jump_ns: int = 0) -> Moment:
    return Moment(OPENED.wall_ns + length_ns + jump_ns, OPENED.boot_ns + length_ns, OPENED.boot_id)


def bound(**changes: str) -> Standing:
    return STANDS._replace(bindings=BOUND._replace(**changes))


@given(
    wall_ns=st.integers(-DAY_NS, DAY_NS),
    boot_ns=st.integers(-HOUR_NS, DAY_NS),
    boot_id=st.sampled_from(["boot-one", "boot-two", ""]),
)
def test_no_reading_of_the_clocks_makes_a_window_stand_longer(wall_ns: int, boot_ns: int, boot_id: str) -> None:
    now = Moment(OPENED.wall_ns + wall_ns, OPENED.boot_ns + boot_ns, boot_id)
    state = judge(window(), LIVE, now, STANDS)
    if not state.is_armed:
        assert state.cause is not None
        assert not state.allows(LIVE, BOUND.charter_hash)
        return
    assert boot_id == OPENED.boot_id
    assert 0 <= boot_ns < LENGTH_NS
    assert wall_ns < LENGTH_NS
    assert abs(wall_ns - boot_ns) <= JUMP_TOLERANCE_NS + boot_ns // SLEW_DIVISOR
    assert 0 < state.left_ns <= LENGTH_NS - max(wall_ns, boot_ns)
    assert state.ends_ns == now.wall_ns + state.left_ns <= OPENED.wall_ns + LENGTH_NS


@pytest.mark.parametrize("step_ns", [-1, 0, 1])
def test_it_ends_at_its_nanosecond(step_ns: int) -> None:
    state = judge(window(), LIVE, later(LENGTH_NS + step_ns), STANDS)
    assert state.is_armed is (step_ns < 0)
    assert state.left_ns == max(0, -step_ns)


@pytest.mark.parametrize(
    ("now", "cause"),
    [
        (later(0)._replace(boot_id="boot-two"), Cause.REBOOT),
        (later(0)._replace(boot_id=""), Cause.REBOOT),
        (later(MINUTE_NS, jump_ns=3 * SECOND_NS), Cause.CLOCK_JUMP),
        (later(MINUTE_NS, jump_ns=-3 * SECOND_NS), Cause.CLOCK_JUMP),
        (later(-1), Cause.CLOCK_JUMP),
        (later(MINUTE_NS, jump_ns=-DAY_NS), Cause.CLOCK_JUMP),
        (later(LENGTH_NS), Cause.EXPIRED),
        (later(LENGTH_NS - SECOND_NS, jump_ns=SECOND_NS), Cause.EXPIRED),
        (later(LENGTH_NS, jump_ns=-SECOND_NS), Cause.EXPIRED),
    ],
)
def test_the_clocks_end_it_and_say_why(now: Moment, cause: Cause) -> None:
    assert judge(window(), LIVE, now, STANDS).cause is cause
    found = time_fault(window(), now)
    assert found is not None
    assert found[0] is cause


def test_a_clock_that_is_slewed_ends_nothing() -> None:
    drifted = 20 * MINUTE_NS // SLEW_DIVISOR
    assert judge(window(), LIVE, later(20 * MINUTE_NS, jump_ns=drifted + JUMP_TOLERANCE_NS), STANDS).is_armed
    assert not judge(window(), LIVE, later(20 * MINUTE_NS, jump_ns=drifted + JUMP_TOLERANCE_NS + 1), STANDS).is_armed


@pytest.mark.parametrize(
    ("standing", "cause"),
    [
        (STANDS._replace(kill_reason="lunch"), Cause.KILL),
        (bound(store_id="other"), Cause.OTHER_STATE),
        (bound(charter_hash="d" * 64), Cause.CHARTER),
        (bound(charter_hash=""), Cause.CHARTER),
        (STANDS._replace(is_sealed=False), Cause.CHARTER),
        (STANDS._replace(is_recorded=False), Cause.DAMAGED),
        (bound(configuration="edited"), Cause.CONFIGURATION),
        (bound(credential="another"), Cause.CREDENTIALS),
        (bound(credential=""), Cause.NO_CREDENTIALS),
        (STANDS._replace(is_enabled=False), Cause.SWITCHED_OFF),
    ],
)
def test_what_it_was_bound_to_ends_it_and_says_why(standing: Standing, cause: Cause) -> None:
    state = judge(window(), LIVE, later(MINUTE_NS), standing)
    assert state.cause is cause
    assert state.is_over is (cause not in PASSING)
    assert state.told
    assert not state.allows(LIVE, BOUND.charter_hash)


def test_a_token_that_appears_where_there_was_none_is_a_change() -> None:
    bare = replace(window(), bindings=BOUND._replace(credential=""))
    assert judge(bare, LIVE, later(MINUTE_NS), STANDS).cause is Cause.CREDENTIALS
    assert judge(bare, LIVE, later(MINUTE_NS), bound(credential="")).is_armed


def test_a_window_lets_its_own_scope_under_its_own_charter_and_nothing_else() -> None:
    state = judge(window(), LIVE, later(MINUTE_NS), STANDS)
    assert state.allows(LIVE, BOUND.charter_hash)
    assert not state.allows(OTHER, BOUND.charter_hash)
    assert not state.allows(LIVE, "d" * 64)
    assert judge(window(), OTHER, later(MINUTE_NS), STANDS).cause is Cause.DAMAGED


def test_without_a_window_only_what_is_no_money_is_allowed() -> None:
    for state in (NOT_LIVE, judge(None, LIVE, OPENED, STANDS)):
        assert state.allows(DEFAULT_SCOPE, "any")
        assert state.allows(Scope(Mode.PRACTICE, "oanda", "101"), "any")
        assert not state.allows(LIVE, BOUND.charter_hash)
        assert state.cause is Cause.NEVER


def test_what_has_ended_keeps_saying_why() -> None:
    state = judge(Ended(LIVE, 7, Cause.DRIFT, "account 002 spoke", NOW_NS), LIVE, OPENED, STANDS)
    assert (state.cause, state.detail) == (Cause.DRIFT, "account 002 spoke")
    assert state.told == "a message came from another account: account 002 spoke"


def test_every_cause_has_its_words() -> None:
    assert set(WORDS) == set(Cause)


# Before the charter.


def refused(request: OrderRequest, moment: Snapshot) -> set[str]:
    decision = check(request, moment, shipped(), client_order_id="c-1")
    assert (decision.approved is None) is bool(decision.refused)
    return {found.rule for found in decision.refused}


def test_a_live_entry_passes_only_while_armed() -> None:
    entry = order(scope=LIVE)
    assert refused(entry, live()) == set()
    assert refused(entry, live(arming=NOT_LIVE)) == {"1.6", "6.4"}
    assert refused(entry, live(arming=armed(MINUTE_NS, scope=OTHER))) == {"1.6"}
    assert refused(entry, live(arming=armed(MINUTE_NS, charter=shipped(hash="d" * 64)))) == {"1.6"}


@pytest.mark.parametrize("step_ns", [-1, 0, 1])
def test_a_live_entry_that_rests_ends_with_the_window(step_ns: int) -> None:
    resting = order(scope=LIVE, entry=EntryType.LIMIT, price=Decimal("1.08500"), expires_ns=NOW_NS + HOUR_NS + step_ns)
    found = refused(resting, live(arming=armed(HOUR_NS)))
    assert ("6.4" in found) is (step_ns > 0)


def test_a_change_that_widens_risk_needs_the_window_and_one_that_narrows_it_does_not() -> None:
    before, disarmed = order(scope=LIVE), live(arming=NOT_LIVE)
    wider = replace(before, units=before.units * 2)
    narrower = replace(before, stop_loss=Decimal("1.08400"))
    assert "1.6" in {v.rule for v in check_modify(before, wider, disarmed, shipped(), client_order_id="c").refused}
    assert check_modify(before, narrower, disarmed, shipped(), client_order_id="c").approved is not None
