"""The paper broker keeps the port's promises also for what happened since anybody last looked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rickctl.domain.errors import OrderRejected, UsageError
from rickctl.domain.orders import OrderState
from tests.services.order_kit import draft, ground

if TYPE_CHECKING:
    from pathlib import Path

MINUTE_NS = 60_000_000_000


def test_a_cancel_that_comes_after_an_expiry_nobody_saw_is_no_error(tmp_path: Path) -> None:
    place = ground(tmp_path)
    orders = place.orders()
    placed = orders.place(draft(limit="1.0900", ttl_ns=MINUTE_NS, quality=90))
    place.later(120)
    orders.execution.cancel_order(placed.row.client_order_id)
    assert orders.show(placed.row.number).state is OrderState.EXPIRED
    place.store.close()


def test_a_cancel_that_comes_after_a_whole_trade_nobody_saw_finds_it_filled(tmp_path: Path) -> None:
    place = ground(tmp_path)
    orders = place.orders()
    placed = orders.place(draft(limit="1.0970", ttl_ns=300 * MINUTE_NS, quality=90))
    assert placed.state is OrderState.WORKING
    place.later(24 * 3600)
    with pytest.raises(OrderRejected) as caught:
        orders.execution.cancel_order(placed.row.client_order_id)
    assert caught.value.code == "already_filled"
    place.store.close()


def test_a_cancel_of_what_never_was_says_so(tmp_path: Path) -> None:
    place = ground(tmp_path)
    orders = place.orders()
    placed = orders.place(draft(quality=90))
    with pytest.raises(UsageError) as caught:
        orders.execution.cancel_order(placed.row.client_order_id[:-1] + "77")
    assert caught.value.code == "unknown_order"
    place.store.close()
