"""Shows journal records and what verification found; the bodies are printed as they were written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rickctl.domain.instants import rfc3339
from rickctl.render.records import scope_fields
from rickctl.render.view import Cell, Column, Line, Table, View, line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rickctl.domain.records import Finding, JournalHead, JournalRow
    from rickctl.render.view import Json

RECORD_FIELDS = ("seq", "recorded_at", "mode", "broker", "account", "kind", "order", "body", "mac")
VERIFY_FIELDS = ("ok", "store", "records", "head", "findings")
EXPORT_FIELDS = ("records", "store", "seq", "mac", "exported_at")
EXPORTED_FIELDS = ("seq", "recorded_at", "recorded_ns", "scope", "kind", "number", "body", "mac")
BACKUP_FIELDS = ("path", "store", "records")
_COLUMNS = (
    Column("seq"),
    Column("recorded", "left"),
    Column("account", "left"),
    Column("order"),
    Column("kind", "left"),
    Column("what", "left", drop=1),
)
_LONGEST_BODY = 72


def records_view(rows: Sequence[JournalRow]) -> View:
    """Records in order, as an array."""
    return View(
        records=[_record(row) for row in rows],
        blocks=lambda: [Table(_COLUMNS, [_cells(row) for row in rows])],
        fields=RECORD_FIELDS,
    )


def record_view(row: JournalRow) -> View:
    """One record whole, its body a value a line."""
    return View(records=_record(row), blocks=lambda: _whole(row), fields=RECORD_FIELDS, is_single=True)


def _record(row: JournalRow) -> dict[str, Json]:
    scope = scope_fields(row.scope) if row.scope else {"mode": None, "broker": None, "account": None}
    return {
        "seq": row.seq,
        "recorded_at": rfc3339(row.recorded_ns),
        **scope,
        "kind": row.kind,
        "order": row.number,
        "body": json.loads(row.body),
        "mac": row.mac,
    }


def _cells(row: JournalRow) -> tuple[Cell, ...]:
    body = row.body if len(row.body) <= _LONGEST_BODY else row.body[: _LONGEST_BODY - 1] + "…"
    return (
        Cell(str(row.seq)),
        Cell(rfc3339(row.recorded_ns - row.recorded_ns % 1_000_000), "dim"),
        Cell(str(row.scope) if row.scope else "–"),
        Cell("–" if row.number is None else str(row.number)),
        Cell(row.kind, "loud"),
        Cell(body, "dim"),
    )


def _whole(row: JournalRow) -> list[Line]:
    lines = [line(Cell(f"{row.seq} {row.kind}", "loud"), f"  {rfc3339(row.recorded_ns)}  {row.scope or 'no account'}")]
    body = json.loads(row.body)
    width = max((len(name) for name in body), default=0)
    lines += [
        line("  ", Cell(name.ljust(width), "dim"), "  ", value if isinstance(value, str) else json.dumps(value))
        for name, value in body.items()
    ]
    return [*lines, line(Cell(f"  {'mac'.ljust(width)}  {row.mac}", "dim"))]


def verification_view(head: JournalHead, findings: Sequence[Finding]) -> View:
    """Whether the chain is whole, and everything found wrong."""
    return View(
        records={
            "ok": not findings,
            "store": head.store_id,
            "records": head.seq,
            "head": head.mac,
            "findings": [finding._asdict() for finding in findings],
        },
        blocks=lambda: _verification_blocks(head, findings),
        fields=VERIFY_FIELDS,
        is_single=True,
    )


def _verification_blocks(head: JournalHead, findings: Sequence[Finding]) -> list[Line]:
    if not findings:
        return [line(Cell("✓ ", "good"), f"{head.seq} records, chain intact, head {head.mac[:12] or '–'}")]
    lines = [line(Cell(f"✗ {len(findings)} found in {head.seq} records", "bad"))]
    return lines + [line("  ", Cell(finding.code, "loud"), f"  {finding.message}") for finding in findings]


def backup_view(path: Path, head: JournalHead, *, is_made: bool) -> View:
    """Where the copy lies, or would lie, and how much it holds."""
    return View(
        records={"path": str(path), "store": head.store_id, "records": head.seq},
        blocks=lambda: [
            line(Cell("✓ ", "good"), f"{path}  {head.seq} records, {'checked' if is_made else 'would be copied'}")
        ],
        fields=BACKUP_FIELDS,
        is_single=True,
    )
