"""An order whose process died before sending it: the same key places it, once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rickctl.app import App
from rickctl.domain.orders import IntentState, Side
from rickctl.domain.records import IntentKind
from rickctl.services.drafts import Draft
from rickctl.services.sending import account_now
from tests.cli.harness import Desk, FakeClock

if TYPE_CHECKING:
    from pathlib import Path

ORDER = ("order", "place", "EUR_USD", "buy", "10000", "--stop-loss", "20p", "--take-profit", "2R", "--key", "job-1")


def test_a_key_whose_order_was_never_sent_places_it_and_then_stands_for_it(tmp_path: Path) -> None:
    desk = Desk(root=tmp_path, clock=FakeClock())
    assert desk.run("account", "create", "other").code == 0
    draft = Draft("EUR_USD", Side.BUY, units="10000", stop_loss="20p", take_profit="2R", key="job-1")
    leave_unsent(desk, draft)

    first = desk.run(*ORDER, "-o", "json")
    again = desk.run(*ORDER, "-o", "json")

    assert (first.code, again.code) == (0, 0)
    assert json.loads(first.stdout)["order"] == json.loads(again.stdout)["order"] == 2
    [entry] = [row for row in json.loads(desk.run("order", "list", "-o", "json").stdout) if row["state"] == "filled"]
    assert entry["order"] == 2
    assert [row["state"] for row in json.loads(desk.run("order", "list", "-o", "json").stdout)] == [
        "filled",
        "cancelled",
    ]


def leave_unsent(desk: Desk, draft: Draft) -> None:
    """The intent of a process that died right after writing it."""
    app = App(out=None, err=None, screen=desk.screen, environment=desk.variables(), clock=desk.clock)  # type: ignore[arg-type]
    work = app.desks.desk(None, write=True)
    with work.writable().transaction() as transaction:
        transaction.add_intent(
            work.scope,
            kind=IntentKind.ENTRY,
            key=draft.key,
            symbol="EUR_USD",
            request={
                "scope": str(work.scope),
                "symbol": "EUR_USD",
                "side": "buy",
                "units": "10000",
                "entry": "market",
                "price": None,
                "stop_loss": "1.00000",
                "take_profit": "1.20000",
                "trailing": None,
                "expires_ns": None,
                "timeframe": None,
                "quality": None,
                "key": draft.key,
                "measured": None,
            },
            request_hash=draft.fingerprint("EUR_USD"),
            quotes=[],
            verdicts=[],
            charter_hash="0" * 64,
            state=IntentState.INTENT,
            owner="00000000-1-00000000",
            created_ns=account_now(work),
        )
    app.close()
