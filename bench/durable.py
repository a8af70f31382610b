"""What one durable step of an order costs: the store's transaction against an append and fsync of the same record."""

from __future__ import annotations

import json
import os
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter_ns
from typing import TYPE_CHECKING, NamedTuple, ParamSpec, TypeVar

from bench.figures import ROOT, Figure, cpu_ms, python
from rickctl.app.system import SystemClock
from rickctl.domain.orders import IntentState
from rickctl.domain.scope import DEFAULT_SCOPE
from rickctl.store.state import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from rickctl.domain.records import JSON, IntentRow, JournalRow

P = ParamSpec("P")
T = TypeVar("T")
TARGET = 0.7
STEPS = 400
_ORDER = "order place BTC-USD buy 0.01 --stop-loss 2% --take-profit 2R"


class Asked(NamedTuple):
    """What the gate hands over, as it does: not yet text."""

    request: dict[str, JSON]
    quotes: list[JSON]
    verdicts: list[JSON]


class Pair(NamedTuple):
    """Microseconds of an order's first two durable steps, and of appending as much to a file with fsync, in turn."""

    recorded: float
    moved: float
    floor: float


def measure() -> list[Figure]:
    """How much of an append+fsync a durable step of a real order is worth, on the project's own disk."""
    with TemporaryDirectory(dir=ROOT) as folder:
        row, record, change = _real_order(Path(folder) / "real")
        log = os.open(Path(folder) / "log", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        with _open(Path(folder) / "measured", write=True) as store:
            pairs = [_measure_pair(store, row, log, (record, change)) for _ in range(STEPS)]
        os.close(log)
    recorded, moved, floor = (median(times) for times in zip(*pairs, strict=True))
    detail = (
        f"record of {len(record)} B {recorded:.0f} µs, send of {len(change)} B {moved:.0f} µs,"
        f" append+fsync of both {floor:.0f} µs"
    )
    worth = median(pair.floor / (pair.recorded + pair.moved) for pair in pairs)
    return [Figure("one durable order step", worth, TARGET, "×", detail, at_least=True)]


def _open(folder: Path, *, write: bool) -> Store:
    return Store.open(folder / "state", folder / "config", SystemClock(), write=write)


def _real_order(folder: Path) -> tuple[IntentRow, bytes, bytes]:
    """An order as the command records it, and the journal's first two records of it."""
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(folder),
        "RICKCTL_STATE_DIR": str(folder / "state"),
        "RICKCTL_CONFIG_DIR": str(folder / "config"),
    }
    cpu_ms(python("-m", "rickctl", *_ORDER.split()), environment)
    with _open(folder, write=False) as store:
        row = store.intents(limit=1)[0]
        first, second, *_ = store.journal(row.scope, number=row.number, kinds={"intent", "intent_changed"})
    return row, _line(first), _line(second)


def _line(record: JournalRow) -> bytes:
    return (json.dumps(record._asdict(), ensure_ascii=False, default=str) + "\n").encode()


def _measure_pair(store: Store, row: IntentRow, log: int, lines: tuple[bytes, bytes]) -> Pair:
    record, change = lines
    asked = Asked(json.loads(row.request), json.loads(row.quotes), json.loads(row.verdicts))
    floor = _timed(_append, log, record)[0]
    recorded, number = _timed(_record, store, row, asked)
    floor += _timed(_append, log, change)[0]
    return Pair(recorded, _timed(_move, store, number)[0], floor)


def _timed(act: Callable[P, T], *given: P.args, **named: P.kwargs) -> tuple[float, T]:
    """Microseconds `act` took, and what it gave."""
    begun = perf_counter_ns()
    found = act(*given, **named)
    return (perf_counter_ns() - begun) / 1000, found


def _append(log: int, record: bytes) -> None:
    os.write(log, record)
    os.fsync(log)


def _record(store: Store, like: IntentRow, asked: Asked) -> int:
    """The first half of an order: its intent, durable before anything is sent."""
    with store.transaction() as transaction:
        return transaction.add_intent(
            DEFAULT_SCOPE,
            kind=like.kind,
            key=None,
            symbol=like.symbol,
            request=asked.request,
            request_hash=like.request_hash,
            quotes=asked.quotes,
            verdicts=asked.verdicts,
            charter_hash=like.charter_hash,
            state=IntentState.INTENT,
            owner=like.owner,
            created_ns=like.created_ns,
        ).number


def _move(store: Store, number: int) -> None:
    """The second half: marked as sent, durable before the first byte leaves."""
    with store.transaction() as transaction:
        sent_ns = SystemClock().now_ns()
        transaction.change_intent(DEFAULT_SCOPE, number, IntentState.INTENT, IntentState.SENT, sent_ns=sent_ns)
