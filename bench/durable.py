"""What one durable step of an order costs: the store's transaction against an append and fsync on the same disk."""

from __future__ import annotations

import os
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter_ns
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from bench.figures import ROOT, Figure
from rickctl.app.system import SystemClock
from rickctl.domain.orders import IntentState
from rickctl.domain.records import IntentKind
from rickctl.domain.scope import DEFAULT_SCOPE
from rickctl.store.state import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from rickctl.domain.records import IntentRow

P = ParamSpec("P")
T = TypeVar("T")
TARGET = 0.7
STEPS = 400
_RECORD = b"x" * 900 + b"\n"
"""As long as the journal record of an intent."""


def measure() -> list[Figure]:
    """Appended records a durable step of an order is worth: medians of interleaved steps, on the project's own disk."""
    appended: list[float] = []
    recorded: list[float] = []
    moved: list[float] = []
    with TemporaryDirectory(dir=ROOT) as folder:
        root = Path(folder)
        root.chmod(0o700)
        log = os.open(root / "log", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        with Store.open(root / "state", root / "config", SystemClock(), write=True) as store:
            for _ in range(STEPS):
                appended.append(_timed(_append, log)[0])
                spent, row = _timed(_record, store)
                recorded.append(spent)
                appended.append(_timed(_append, log)[0])
                moved.append(_timed(_move, store, row)[0])
        os.close(log)
    floor, steps = median(appended), median([*recorded, *moved])
    detail = f"{steps:.0f} µs (record {median(recorded):.0f}, send {median(moved):.0f}), append+fsync {floor:.0f} µs"
    return [Figure("one durable order step", floor / steps, TARGET, "×", detail, at_least=True)]


def _timed(act: Callable[P, T], *given: P.args, **named: P.kwargs) -> tuple[float, T]:
    """Microseconds `act` took, and what it gave."""
    begun = perf_counter_ns()
    found = act(*given, **named)
    return (perf_counter_ns() - begun) / 1000, found


def _append(log: int) -> None:
    os.write(log, _RECORD)
    os.fsync(log)


def _record(store: Store) -> IntentRow:
    """The first half of an order: its intent, durable before anything is sent."""
    with store.transaction() as transaction:
        return transaction.add_intent(
            DEFAULT_SCOPE,
            kind=IntentKind.ENTRY,
            key=None,
            symbol="EUR_USD",
            request={"symbol": "EUR_USD", "side": "buy", "units": "1000", "stop_loss": "1.0950", "take_profit": "1.11"},
            request_hash="ab" * 32,
            quotes=[{"bid": "1.1", "ask": "1.2"}],
            verdicts=[{"rule": "1.1", "passed": True}],
            charter_hash="cd" * 32,
            state=IntentState.INTENT,
            owner="bench",
            created_ns=1,
        )


def _move(store: Store, row: IntentRow) -> None:
    """The second half: marked as sent, durable before the first byte leaves."""
    with store.transaction() as transaction:
        transaction.change_intent(row.scope, row.number, IntentState.INTENT, IntentState.SENT, owner="bench", sent_ns=2)
