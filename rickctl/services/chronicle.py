"""The journal as people and scripts ask for it: listed, verified, exported, backed up; adds no record."""

from __future__ import annotations

import io
import json
from collections import deque
from typing import TYPE_CHECKING

from rickctl.domain.errors import UsageError
from rickctl.domain.records import JournalHead, canonical_json

if TYPE_CHECKING:
    from pathlib import Path

    from rickctl.domain.records import JSON, Finding, JournalRow
    from rickctl.domain.scope import Scope
    from rickctl.domain.state import Audit, StateReads


def last_records(
    state: StateReads, *, scope: Scope | None, kind: str | None, number: int | None, count: int
) -> list[JournalRow]:
    """The newest `count` records that match, oldest first. Raises UsageError for a count below one."""
    if count < 1:
        message = f"--count must be at least 1, not {count}"
        raise UsageError(message, code="bad_number")
    kinds = None if kind is None else {kind}
    return list(deque(state.journal(scope, kinds=kinds, number=number), maxlen=count))


def one_record(state: StateReads, seq: int) -> JournalRow:
    """The record of that number. Raises UsageError."""
    found = next(iter(state.journal(after_seq=seq - 1, limit=1)), None) if seq > 0 else None
    if found is None or found.seq != seq:
        message = f"the journal has no record {seq}"
        raise UsageError(message, code="unknown_record", hint="rickctl journal list")
    return found


def load_head(path: Path) -> JournalHead:
    """An anchor exported earlier. Raises UsageError."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        return JournalHead(str(held["store_id"]), int(held["seq"]), str(held["mac"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"{path} is not an exported anchor: {error}"
        raise UsageError(message, code="bad_anchor", hint="rickctl journal export --anchor") from None


def verify_journal(state: Audit, exported: JournalHead | None) -> tuple[JournalHead, list[Finding]]:
    """The head and everything wrong with the journal and the tables it speaks of."""
    return state.head(), state.verify(exported)


def export_text(state: Audit) -> str:
    """The whole journal, one JSON object a line."""
    out = io.StringIO()
    state.export(out)
    return out.getvalue()


def anchor_text(head: JournalHead, exported_ns: int) -> str:
    """The head to keep elsewhere: a journal shortened or rewritten later does not match it."""
    body: dict[str, JSON] = {"store_id": head.store_id, "seq": head.seq, "mac": head.mac, "exported_ns": exported_ns}
    return canonical_json(body) + "\n"
