"""Which PINs are refused, and how long wrong tries lock."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rickctl.domain.arming import Moment
from rickctl.domain.errors import UsageError
from rickctl.domain.instants import DAY_NS, HOUR_NS, MINUTE_NS
from rickctl.domain.pin import FREE_TRIES, check_new_pin, lock_length_ns, locked_for_ns, weakness

LAST = Moment(10 * DAY_NS, 3 * DAY_NS, "boot")


@pytest.mark.parametrize(
    "pin", ["", "12345", "48172", "408a73", "４０８１７３", "408 173", "-408173", "4" * 33, "40.8173"]
)
def test_what_is_no_pin_is_refused(pin: str) -> None:
    with pytest.raises(UsageError) as found:
        check_new_pin(pin)
    assert found.value.code == "bad_pin"


@pytest.mark.parametrize(
    ("pin", "why"),
    [
        ("841921", "well known"),
        ("159753", "well known"),
        ("000000", "different digits"),
        ("121212", "different digits"),
        ("477744", "different digits"),
        ("123456", "follow"),
        ("654321", "follow"),
        ("890123", "follow"),
        ("135791", "follow"),
        ("112233", "follow"),
        ("11223344", "follow"),
        ("846846", "repeats"),
        ("84618461", "repeats"),
        ("384483", "either end"),
        ("311299", "a date"),
        ("123199", "a date"),
        ("991231", "a date"),
        ("19841203", "a date"),
        ("03121984", "a date"),
        ("12251984", "a date"),
    ],
)
def test_a_pin_that_is_tried_first_is_refused_and_not_repeated(pin: str, why: str) -> None:
    with pytest.raises(UsageError) as found:
        check_new_pin(pin)
    assert found.value.code == "weak_pin"
    assert why in found.value.message
    assert pin not in f"{found.value.message} {found.value.hint}"


@pytest.mark.parametrize("pin", ["408173", "739164", "90417362", "5083917264", "294857103948571029384756"])
def test_an_ordinary_pin_is_taken(pin: str) -> None:
    assert check_new_pin(pin) == pin


@given(st.integers(0, 10**6 - 1))
def test_a_pin_drawn_by_lot_is_either_taken_or_told_why(number: int) -> None:
    pin = f"{number:06d}"
    why = weakness(pin)
    assert why is None or why.startswith("it")


def test_most_pins_drawn_by_lot_are_taken() -> None:
    weak = sum(weakness(f"{number:06d}") is not None for number in range(0, 10**6, 97))
    assert weak / (10**6 / 97) < 0.10


def test_five_tries_are_free_then_the_lock_doubles_up_to_a_day() -> None:
    lengths = [lock_length_ns(failures) for failures in range(14)]
    assert lengths[:FREE_TRIES] == [0] * 5
    assert lengths[FREE_TRIES:9] == [15 * MINUTE_NS, 30 * MINUTE_NS, HOUR_NS, 2 * HOUR_NS]
    assert lengths[-1] == lock_length_ns(10_000) == DAY_NS
    assert lengths == sorted(lengths)


@pytest.mark.parametrize(
    ("now", "left_ns"),
    [
        (LAST, 15 * MINUTE_NS),
        (Moment(LAST.wall_ns + 14 * MINUTE_NS, LAST.boot_ns + 14 * MINUTE_NS, "boot"), MINUTE_NS),
        (Moment(LAST.wall_ns + 15 * MINUTE_NS, LAST.boot_ns + 15 * MINUTE_NS, "boot"), 0),
        # A wall clock set forward opens nothing, nor does a boot clock alone.
        (Moment(LAST.wall_ns + DAY_NS, LAST.boot_ns + MINUTE_NS, "boot"), 14 * MINUTE_NS),
        (Moment(LAST.wall_ns + MINUTE_NS, LAST.boot_ns + DAY_NS, "boot"), 14 * MINUTE_NS),
        # Set back, the boot clock still counts, so nobody is locked out for good.
        (Moment(LAST.wall_ns - DAY_NS, LAST.boot_ns + 5 * MINUTE_NS, "boot"), 10 * MINUTE_NS),
        (Moment(LAST.wall_ns - DAY_NS, LAST.boot_ns + 15 * MINUTE_NS, "boot"), 0),
        # After a reboot it begins anew.
        (Moment(LAST.wall_ns + DAY_NS, 0, "other"), 15 * MINUTE_NS),
        (Moment(LAST.wall_ns + DAY_NS, 15 * MINUTE_NS, "other"), 0),
        (Moment(LAST.wall_ns + DAY_NS, 0, ""), 15 * MINUTE_NS),
    ],
)
def test_a_lock_ends_when_both_clocks_say_so(now: Moment, left_ns: int) -> None:
    assert locked_for_ns(FREE_TRIES, LAST, now) == left_ns
    assert locked_for_ns(FREE_TRIES - 1, LAST, now) == 0
