"""Shows the charter: its values, its findings, its rules in words; judges nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.render.view import Cell, Column, Line, Table, View, line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rickctl.domain.charter import Rule
    from rickctl.services.charter import Difference, Explanation, KeyValueRow, LoadedCharter

VALIDATION_FIELDS = ("path", "shipped", "valid", "hash", "sealed_for", "findings", "values")
VALUE_FIELDS = ("key", "value", "floor", "bound", "unit")
DIFFERENCE_FIELDS = ("key", "shipped", "yours")
EXPLANATION_FIELDS = ("rule", "name", "code", "reason", "values", "passes", "refuses", "latches")
PATH_FIELDS = ("path", "shipped", "hash", "sealed_for")


def validation_view(loaded: LoadedCharter, findings: Sequence[str], values: Sequence[KeyValueRow]) -> View:
    """Whether the charter can be used, everything found wrong, and the values of sections 10 and 11."""
    return View(
        records={
            **path_record(loaded),
            "valid": not findings,
            "findings": list(findings),
            "values": [_value_record(row) for row in values],
        },
        blocks=lambda: _validation_blocks(loaded, findings, values),
        fields=VALIDATION_FIELDS,
        is_single=True,
    )


def path_record(loaded: LoadedCharter) -> dict[str, str | bool | list[str] | None]:
    """Which file is in use and what it is sealed for."""
    return {
        "path": str(loaded.path),
        "shipped": loaded.is_shipped,
        "hash": loaded.charter.hash if loaded.charter else None,
        "sealed_for": sorted(mode.value for mode in loaded.sealed_for),
    }


def path_view(loaded: LoadedCharter) -> View:
    """The file in use, alone on a line so that a script can take it."""
    return View(
        records=path_record(loaded), blocks=lambda: [line(str(loaded.path))], fields=PATH_FIELDS, is_single=True
    )


def sealed_view(loaded: LoadedCharter) -> View:
    """What was sealed, and for what."""
    return View(records=path_record(loaded), blocks=lambda: [_standing(loaded)], fields=PATH_FIELDS, is_single=True)


def _standing(loaded: LoadedCharter) -> Line:
    if loaded.charter is None:
        return line(Cell("charter", "bad"), f"  {loaded.path}  cannot be used")
    sealed = ", ".join(sorted(mode.value for mode in loaded.sealed_for)) or "nothing"
    shipped = ", as shipped" if loaded.is_shipped else ""
    return line(
        Cell("charter", "loud"),
        f"  {loaded.path}{shipped}  ",
        Cell(loaded.charter.shown_hash, "key"),
        f"  sealed for {sealed}",
    )


def _validation_blocks(
    loaded: LoadedCharter, findings: Sequence[str], values: Sequence[KeyValueRow]
) -> list[Table | Line]:
    blocks: list[Table | Line] = [_standing(loaded)]
    blocks.extend(line(Cell("✗ ", "bad"), text) for text in findings)
    if values:
        blocks += [line(""), _values_table(values)]
    if not findings:
        blocks += [line(""), line(Cell("✓ ", "good"), "valid; every rule has its limit")]
    return blocks


def values_view(loaded: LoadedCharter, values: Sequence[KeyValueRow]) -> View:
    """Every key with its value in force."""
    return View(
        records=[_value_record(row) for row in values],
        blocks=lambda: [_standing(loaded), line(""), _values_table(values)],
        fields=VALUE_FIELDS,
    )


def _value_record(row: KeyValueRow) -> dict[str, str]:
    return {"key": row.key, "value": row.value, "floor": row.floor, "bound": row.bound.value, "unit": row.unit}


def _values_table(values: Sequence[KeyValueRow]) -> Table:
    columns = (Column("key", "left"), Column("value"), Column("unit", "left"), Column("floor", drop=1))
    return Table(
        columns,
        [(Cell(row.key), Cell(row.value, "loud"), Cell(row.unit, "dim"), Cell(_bound(row), "dim")) for row in values],
    )


def _bound(row: KeyValueRow) -> str:
    return f"{row.bound.value} {row.floor}"


def differences_view(differences: Sequence[Difference]) -> View:
    """Every value that is not as shipped."""
    columns = (Column("key", "left"), Column("shipped"), Column("yours"))
    return View(
        records=[{"key": row.key, "shipped": row.shipped, "yours": row.yours} for row in differences],
        blocks=lambda: (
            [
                Table(
                    columns,
                    [(Cell(r.key), Cell(r.shipped or "–", "dim"), Cell(r.yours or "–", "loud")) for r in differences],
                )
            ]
            if differences
            else [line("the charter is as shipped")]
        ),
        fields=DIFFERENCE_FIELDS,
    )


def explanations_view(found: Sequence[Explanation]) -> View:
    """Rules in words, with the values in force."""
    return View(
        records=[_explanation_record(explanation) for explanation in found],
        blocks=lambda: [block for explanation in found for block in _explanation_blocks(explanation)],
        fields=EXPLANATION_FIELDS,
    )


def _explanation_record(explanation: Explanation) -> dict[str, str | list[dict[str, str]] | None]:
    rule = explanation.rule
    return {
        "rule": rule.id,
        "name": rule.name,
        "code": rule.code,
        "reason": rule.reason,
        "values": [_value_record(row) for row in explanation.values],
        "passes": f"rickctl {rule.passes}",
        "refuses": f"rickctl {rule.refuses}",
        "latches": rule.latches,
    }


def _explanation_blocks(explanation: Explanation) -> list[Line]:
    rule: Rule = explanation.rule
    limits = ", ".join(f"{row.key} = {row.value} {row.unit}".rstrip() for row in explanation.values)
    lines = [line(Cell(f"{rule.id} {rule.name}", "loud"), Cell(f"  {rule.code}", "dim")), line(f"  {rule.reason}")]
    if limits:
        lines.append(line("  in force  ", Cell(limits, "key")))
    lines += [
        line(Cell("  ✓ ", "good"), f"rickctl {rule.passes}"),
        line(Cell("  ✗ ", "bad"), f"rickctl {rule.refuses}"),
    ]
    if rule.latches:
        lines.append(line(Cell("  latches: refuses every entry until a person types rickctl resume", "warn")))
    return [*lines, line("")]
