"""What an order says of its risk on an account that pays commission: after fees, and the fees themselves."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from rickctl.adapters.paper import PaperBroker
from rickctl.domain.account import AccountConfig
from rickctl.domain.errors import Refused
from rickctl.domain.models import parse_commission
from rickctl.domain.records import AccountKind
from rickctl.render.orders import order_view
from rickctl.render.preview import preview_view
from rickctl.render.view import Line
from rickctl.services.orderdesk import OrderDesk
from tests.services.order_kit import draft, ground

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rickctl.render.view import Json, View
    from tests.services.order_kit import Ground

FAR = draft(symbol="BTC-USD", units="0.1", stop_loss="2%", take_profit="6R")
"""Six to one in price, so that fees leave it acceptable."""


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Ground]:
    place_ = ground(tmp_path)
    yield place_
    place_.store.close()


def spot(here: Ground, commission: str) -> OrderDesk:
    desk = here.desk(opening=AccountConfig(kind=AccountKind.SPOT, commission=parse_commission(commission)))
    return OrderDesk(
        desk=desk,
        trader=here.trader(),
        execution=PaperBroker(desk, desk.market.instruments),
        is_gone=lambda owner: owner in here.gone,
    )


def told(view: View) -> list[str]:
    return ["".join(cell.text for cell in block.cells) for block in view.blocks() if isinstance(block, Line)]


def record(view: View) -> dict[str, Json]:
    assert isinstance(view.records, dict)
    return view.records


def amount(record_: dict[str, Json], field: str) -> Decimal:
    return Decimal(str(record_[field]))


def in_and_out(record_: dict[str, Json], entry: Decimal, exit_field: str) -> Decimal:
    return amount(record_, "units") * (entry + amount(record_, exit_field)) * Decimal("0.006")


def test_a_rehearsal_counts_the_fees_in_both_results_and_names_them(here: Ground) -> None:
    view = preview_view(*spot(here, "0.6%").preview(FAR), show_all=False)
    found = record(view)
    units, ask = amount(found, "units"), amount(found, "ask")
    fees = in_and_out(found, ask, "stop_loss")
    assert found["would"] == "be sent"
    assert amount(found, "fees_expected") == fees
    assert amount(found, "risk") == units * (amount(found, "stop_loss") - ask) - fees
    won = units * (amount(found, "take_profit") - ask) - in_and_out(found, ask, "take_profit")
    assert amount(found, "reward") == won
    assert amount(found, "reward_risk") == (won / -amount(found, "risk")).quantize(Decimal("0.0001"))
    assert f"  fees     about {fees:.2f} USD in and out" in told(view)


def test_a_placed_order_tells_the_same_from_its_fill(here: Ground) -> None:
    view = order_view(spot(here, "0.6%").place(FAR))
    found = record(view)
    entry = amount(found, "average_price")
    fees = in_and_out(found, entry, "stop_loss")
    assert amount(found, "fees_expected") == fees
    assert amount(found, "risk") == amount(found, "units") * (amount(found, "stop_loss") - entry) - fees
    assert f"  fees     about {fees:.2f} USD in and out" in told(view)


def test_without_commission_no_fees_are_mentioned(here: Ground) -> None:
    desk = spot(here, "none")
    for view in (preview_view(*desk.preview(FAR), show_all=True), order_view(desk.place(FAR))):
        assert record(view)["fees_expected"] == "0"
        assert not [text for text in told(view) if "fees" in text]
        assert amount(record(view), "reward") > 5 * abs(amount(record(view), "risk"))


def test_two_to_one_in_price_is_refused_on_a_spot_account(here: Ground) -> None:
    near = FAR._replace(stop_loss="1%", take_profit="2R")
    view = preview_view(*spot(here, "0.6%").preview(near), show_all=False)
    assert Decimal("0.3") < amount(record(view), "reward_risk") < Decimal("0.4")
    with pytest.raises(Refused) as caught:
        spot(here, "0.6%").place(near)
    assert caught.value.code == "risk_reward"
    assert "fees included" in caught.value.message


def test_a_target_that_loses_is_shown_as_a_loss(here: Ground) -> None:
    view = preview_view(*spot(here, "0.6%").preview(FAR._replace(stop_loss="1%", take_profit="0.5%")), show_all=False)
    assert amount(record(view), "reward") < 0
    assert amount(record(view), "reward_risk") < 0
    assert any(text.startswith("  target") and text.endswith(" R") and " −0." in text for text in told(view))


@pytest.mark.parametrize("commission", ["0.6%", "2.50/order", "35/million"])
def test_a_size_by_risk_loses_what_was_asked_for_with_its_fees(here: Ground, commission: str) -> None:
    by_risk = FAR._replace(units=None, risk="0.1%")
    found = record(preview_view(*spot(here, commission).preview(by_risk), show_all=False))
    assert Decimal("99.99") < -amount(found, "risk") <= 100
