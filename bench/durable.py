"""What one durable step of an order costs: the store's transaction against a plain file given the same record."""

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
from rickctl.domain.records import canonical_json
from rickctl.domain.scope import DEFAULT_SCOPE
from rickctl.store.state import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rickctl.domain.records import JSON, IntentRow

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
    """Microseconds of an order's first two durable steps, of two lines of the same records in a plain file, in turn.

    A line is encoded from the same objects, appended and flushed with fsync; `flushed` leaves the encoding out.
    """

    recorded: float
    moved: float
    written: float
    flushed: float


def measure() -> list[Figure]:
    """How much of a plain append+fsync a durable step of a real order is worth, on the project's own disk."""
    with TemporaryDirectory(dir=ROOT) as folder:
        row, records = _real_order(Path(folder) / "real")
        log = os.open(Path(folder) / "log", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        with _open(Path(folder) / "measured", write=True) as store:
            pairs = [_measure_pair(store, row, log, records) for _ in range(STEPS)]
        os.close(log)
    recorded, moved, written, flushed = (median(times) for times in zip(*pairs, strict=True))
    sizes = [len(_encode(record)) for record in records]
    detail = (
        f"record of {sizes[0]} B {recorded:.0f} µs, send of {sizes[1]} B {moved:.0f} µs; a file given the same lines"
        f" {written:.0f} µs for both, {flushed:.0f} without encoding them"
    )
    worth = median(pair.written / (pair.recorded + pair.moved) for pair in pairs)
    return [Figure("one durable order step", worth, TARGET, "×", detail, at_least=True)]


def _open(folder: Path, *, write: bool) -> Store:
    return Store.open(folder / "state", folder / "config", SystemClock(), write=write)


def _real_order(folder: Path) -> tuple[IntentRow, list[dict[str, JSON]]]:
    """An order as the command records it, and the journal's first two records of it, decoded."""
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(folder),
        "RICKCTL_STATE_DIR": str(folder / "state"),
        "RICKCTL_CONFIG_DIR": str(folder / "config"),
    }
    cpu_ms(python("-m", "rickctl", *_ORDER.split()), environment)
    with _open(folder, write=False) as store:
        row = store.intents(limit=1)[0]
        found = store.journal(row.scope, number=row.number, kinds={"intent", "intent_changed"}, limit=2)
        return row, [{**one._asdict(), "scope": str(one.scope), "body": json.loads(one.body)} for one in found]


def _encode(record: dict[str, JSON]) -> bytes:
    return canonical_json(record).encode() + b"\n"


def _measure_pair(store: Store, row: IntentRow, log: int, records: Sequence[dict[str, JSON]]) -> Pair:
    asked = Asked(json.loads(row.request), json.loads(row.quotes), json.loads(row.verdicts))
    first = _append(log, records[0])
    recorded, number = _timed(_record, store, row, asked)
    second = _append(log, records[1])
    moved = _timed(_move, store, number)[0]
    return Pair(recorded, moved, first[0] + second[0], first[1] + second[1])


def _timed(act: Callable[P, T], *given: P.args, **named: P.kwargs) -> tuple[float, T]:
    """Microseconds `act` took, and what it gave."""
    begun = perf_counter_ns()
    found = act(*given, **named)
    return (perf_counter_ns() - begun) / 1000, found


def _append(log: int, record: dict[str, JSON]) -> tuple[float, float]:
    """Microseconds of one line, and those without encoding it."""
    begun = perf_counter_ns()
    line = _encode(record)
    encoded = perf_counter_ns()
    os.write(log, line)
    os.fsync(log)
    ended = perf_counter_ns()
    return (ended - begun) / 1000, (ended - encoded) / 1000


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
