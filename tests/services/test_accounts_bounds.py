"""Numbers and times no account can carry are a usage error, never a bug."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from rickctl.domain.account import AccountConfig, Speed
from rickctl.domain.errors import UsageError
from rickctl.domain.instants import DAY_NS, SECOND_NS, parse_instant
from rickctl.domain.instruments import Instruments
from rickctl.domain.quality import QualityInputs, assess
from rickctl.domain.scope import DEFAULT_SCOPE
from rickctl.services.accounts import AccountService, Terms, create_account, read_terms
from tests.services.order_kit import ground

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("amount", ["9999999999999999999999999999", "1.000000000000000000000000001", "0.000000001"])
def test_cash_beyond_what_is_shown_exactly_is_not_taken(tmp_path: Path, amount: str) -> None:
    with pytest.raises(UsageError):
        read_terms(Terms(balance=amount), location="sim:v1", fingerprint=None, tape=None)
    place = ground(tmp_path)
    with pytest.raises(UsageError):
        AccountService(desk=place.desk()).deposit(amount, dry_run=False)
    place.store.close()


@pytest.mark.parametrize("start", ["0001-01-01", "1969-12-31", "2200-01-02", "9999-12-31T23:59:59Z"])
def test_a_clock_begins_between_1970_and_2200(start: str) -> None:
    terms = Terms(speed="step", start_ns=parse_instant(start))
    with pytest.raises(UsageError) as wrong:
        read_terms(terms, location="sim:v1", fingerprint=None, tape=None)
    assert "1970" in wrong.value.message


def test_a_clock_ends_where_it_could_not_have_begun(tmp_path: Path) -> None:
    place = ground(tmp_path)
    config = AccountConfig(speed=Speed.STEP, start_ns=parse_instant("2199-12-31"))
    create_account(DEFAULT_SCOPE, config, place.store, place.clock)
    with pytest.raises(UsageError):
        AccountService(desk=place.desk()).advance(by_ns=9 * DAY_NS, to_ns=None, dry_run=False)
    place.store.close()


def test_a_price_of_any_length_is_on_the_grid_or_a_usage_error() -> None:
    for instrument in Instruments().values():
        with pytest.raises(UsageError):
            instrument.price(instrument.ticks(Decimal(9999999999999999999999999999)))


@pytest.mark.parametrize("tiny", [Decimal("2E-23"), Decimal("1E-60")])
def test_quality_is_computed_for_any_range_risk_and_share(tiny: Decimal) -> None:
    plain = QualityInputs(
        risk=Decimal("0.002"),
        reward=Decimal("0.004"),
        spread=Decimal("0.0001"),
        entry_distance=Decimal("0.001"),
        recent_range=tiny,
        quote_age_ns=0,
        max_age_ns=5 * SECOND_NS,
        closes_in_ns=None,
        exposure_share=1 / tiny,
    )
    assert 0 <= assess(plain).score <= 100
    assert 0 <= assess(plain._replace(risk=tiny)).score <= 100
