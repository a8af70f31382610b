"""Shows what each part of the house reported; judges nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.render.numbers import counted
from rickctl.render.view import Cell, Line, View, line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rickctl.services.doctor import Check

CHECK_FIELDS = ("level", "part", "message", "hint")
_MEANINGS = {"ok": "good", "warn": "warn", "fail": "bad"}


def checks_view(checks: Sequence[Check]) -> View:
    """One row a part, and how many are fit."""
    return View(
        records=[{**check._asdict(), "level": check.level.value} for check in checks],
        blocks=lambda: _blocks(checks),
        fields=CHECK_FIELDS,
    )


def _blocks(checks: Sequence[Check]) -> list[Line]:
    width = max(len(check.part) for check in checks)
    lines = []
    for check in checks:
        word = Cell(check.level.value.ljust(4), _MEANINGS[check.level.value])
        lines.append(line(word, "  ", Cell(check.part.ljust(width), "loud"), "  ", check.message))
        if check.hint:
            lines.append(line(" " * (width + 8), Cell(f"hint: {check.hint}", "dim")))
    counts = {level: sum(check.level.value == level for check in checks) for level in _MEANINGS}
    total = f"{counts['ok']} ok, {counted(counts['warn'], 'warning')}, {counted(counts['fail'], 'failure')}"
    return [*lines, line(""), line(Cell(total, "dim"))]
