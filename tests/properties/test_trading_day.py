"""The day's trades are counted from New York's five o'clock, to the second, whatever was traded just before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rickctl.domain.errors import Refused
from rickctl.domain.instants import HOUR_NS, SECOND_NS, parse_instant
from tests.services.order_kit import draft, ground

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.services.order_kit import Ground

FIVE_OCLOCK = {"winter": "2025-11-19T22:00:00Z", "summer": "2026-07-15T21:00:00Z"}


@pytest.fixture(params=FIVE_OCLOCK)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ground]:
    """Ten minutes before the trading day ends, under a charter that allows one trade a day."""
    found = ground(tmp_path)
    found.clock.at_ns = parse_instant(FIVE_OCLOCK[request.param]) - 600 * SECOND_NS
    found.tighten(max_daily_trades=1)
    yield found
    found.store.close()


def test_a_trade_just_before_the_day_began_is_not_one_of_the_day(place: Ground) -> None:
    place.orders().place(draft(quality=90))
    place.later(300)
    with pytest.raises(Refused) as caught:
        place.orders().place(draft(quality=90, units="9000"))
    assert "7.1" in {verdict.rule for verdict in caught.value.verdicts if not verdict.passed}
    # The market's own break ends three minutes after the day began.
    place.later(300 + 240)
    place.orders().place(draft(quality=90, units="8000"))
    place.later(60)
    with pytest.raises(Refused) as caught:
        place.orders().place(draft(quality=90, units="7000"))
    assert "7.1" in {verdict.rule for verdict in caught.value.verdicts if not verdict.passed}


def test_the_day_stays_used_up_until_it_ends(place: Ground) -> None:
    place.later(600 + 240)
    place.orders().place(draft(quality=90))
    place.clock.at_ns += 23 * HOUR_NS
    with pytest.raises(Refused) as caught:
        place.orders().place(draft(quality=90, units="9000"))
    assert "7.1" in {verdict.rule for verdict in caught.value.verdicts if not verdict.passed}
