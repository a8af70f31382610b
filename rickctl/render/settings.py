"""Shows settings, their values and where they come from; a secret's value never reaches it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.render.view import Cell, Column, Table, View, line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rickctl.domain.settings import SettingValue
    from rickctl.services.settings import SettingRow

SETTING_FIELDS = ("key", "value", "source", "variable", "default", "about")
CONFIG_PATH_FIELDS = ("path", "exists")


def settings_view(rows: Sequence[SettingRow]) -> View:
    """Every setting in force."""
    columns = (
        Column("setting", "left"),
        Column("value", "left"),
        Column("source", "left"),
        Column("variable", "left", drop=1),
        Column("about", "left", drop=2),
    )
    return View(
        records=[row._asdict() for row in rows],
        blocks=lambda: [Table(columns, [_cells(row) for row in rows])],
        fields=SETTING_FIELDS,
    )


def setting_view(row: SettingRow) -> View:
    """One setting; a person and a script both get the value alone."""
    return View(
        records=row._asdict(), blocks=lambda: [line(value_text(row.value))], fields=SETTING_FIELDS, is_single=True
    )


def config_path_view(path: Path, *, exists: bool) -> View:
    """Where the file lies, alone on a line so that a script can take it."""
    return View(
        records={"path": str(path), "exists": exists},
        blocks=lambda: [line(str(path))],
        fields=CONFIG_PATH_FIELDS,
        is_single=True,
    )


def value_text(value: SettingValue) -> str:
    """A value as the file would hold it, without quotes; nothing where it is not set."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _cells(row: SettingRow) -> tuple[Cell, ...]:
    is_own = row.source in {"file", "environment"}
    value = value_text(row.value) or ("set" if row.source == "environment" else "–")
    return (
        Cell(row.key),
        Cell(value, "loud" if is_own else "plain"),
        Cell(row.source, "key" if is_own else "dim"),
        Cell(row.variable, "dim"),
        Cell(row.about, "dim"),
    )
