"""`rickctl config`: settings shown with their sources, changed in the file, and in force for every other command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.house.test_cold_start import imported_by

if TYPE_CHECKING:
    from tests.cli.harness import Desk


def test_a_setting_is_in_force_for_the_next_command(desk: Desk) -> None:
    assert desk.run("config", "get", "output").stdout == "table\n"
    assert desk.run("config", "set", "output", "json").code == 0
    assert json.loads(desk.run("quote", "EUR_USD").stdout)[0]["symbol"] == "EUR_USD"
    assert desk.run("quote", "EUR_USD", "-o", "csv").stdout.startswith("symbol,")
    desk.environment["RICKCTL_OUTPUT"] = "csv"
    assert desk.run("quote", "EUR_USD").stdout.startswith("symbol,")
    del desk.environment["RICKCTL_OUTPUT"]
    assert desk.run("config", "unset", "output").code == 0
    assert desk.run("quote", "EUR_USD").stdout.startswith("Data: sim")


def test_a_failure_is_told_in_the_format_of_the_file(desk: Desk) -> None:
    desk.run("config", "set", "output", "json")
    answer = desk.run("quote", "NOPE_XXX")
    assert answer.code == 2
    assert json.loads(answer.stderr)["code"] == "unknown_symbol"


def test_the_account_of_the_file_is_asked_where_none_is_named(desk: Desk) -> None:
    desk.run("config", "set", "account", "scalp")
    answer = desk.run("quote", "EUR_USD")
    assert (answer.code, answer.stdout) == (2, "")
    assert "paper:paper:scalp does not exist" in answer.stderr
    assert desk.run("quote", "EUR_USD", "--account", "main").code == 0


def test_live_is_no_default(desk: Desk) -> None:
    answer = desk.run("config", "set", "account", "live:oanda:001")
    assert answer.code == 2
    assert not desk.folders.config.exists()
    desk.folders.config.mkdir()
    (desk.folders.config / "config.toml").write_text('account = "live:oanda:001"\n', encoding="utf-8")
    answer = desk.run("quote", "EUR_USD")
    assert (answer.code, answer.stdout) == (3, "")
    assert "config.toml line 1: account" in answer.stderr
    assert desk.run("config", "unset", "account").code == 0
    assert desk.run("quote", "EUR_USD").code == 0


def test_a_file_with_a_fault_is_one_clear_line_and_exit_3(desk: Desk) -> None:
    desk.folders.config.mkdir()
    file = desk.folders.config / "config.toml"
    file.write_text("# mine\nquality_threshold = 40\n", encoding="utf-8")
    answer = desk.run("quote", "EUR_USD")
    assert (answer.code, answer.stdout) == (3, "")
    assert answer.stderr.splitlines() == [
        f"rickctl: {file} line 2: quality_threshold = 40 is not a whole number from 70 to 100",
        "hint: rickctl config unset quality_threshold",
    ]
    assert desk.run("config", "unset", "quality_threshold").code == 0
    assert file.read_text(encoding="utf-8") == "# mine\n"


def test_show_names_every_setting_and_its_source(desk: Desk) -> None:
    desk.run("config", "set", "max_hold_min", "30")
    desk.environment |= {"QUALITY_THRESHOLD": "90", "OANDA_LIVE_TOKEN": "very-secret"}
    answer = desk.run("config", "show", "-o", "json")
    rows = {row["key"]: row for row in json.loads(answer.stdout)}
    assert (rows["max_hold_min"]["value"], rows["max_hold_min"]["source"]) == (30, "file")
    assert (rows["quality_threshold"]["value"], rows["quality_threshold"]["source"]) == (90, "environment")
    assert (rows["execution_enabled"]["value"], rows["execution_enabled"]["source"]) == (False, "default")
    assert (rows["OANDA_LIVE_TOKEN"]["value"], rows["OANDA_LIVE_TOKEN"]["source"]) == (None, "environment")
    for form in ("table", "json", "jsonl", "csv"):
        assert "very-secret" not in desk.run("config", "show", "-o", form).stdout


def test_a_dry_run_prints_the_file_and_writes_nothing(desk: Desk) -> None:
    answer = desk.run("config", "set", "output", "csv", "--dry-run")
    assert (answer.code, answer.stdout) == (0, 'output = "csv"\n')
    assert list(desk.root.iterdir()) == []


def test_the_path_is_alone_on_its_line(desk: Desk) -> None:
    assert desk.run("config", "path").stdout == f"{desk.folders.config / 'config.toml'}\n"
    assert json.loads(desk.run("config", "path", "-o", "json").stdout)["exists"] is False


def test_the_file_and_its_folder_are_private(desk: Desk) -> None:
    desk.run("config", "set", "output", "csv")
    assert desk.folders.config.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in desk.folders.config.iterdir())


@pytest.mark.parametrize(("key", "word"), [("nonsense", "1"), ("output", "xml"), ("quality_threshold", "40")])
def test_what_cannot_stand_is_a_usage_error_and_no_file(desk: Desk, key: str, word: str) -> None:
    answer = desk.run("config", "set", key, word)
    assert (answer.code, answer.stdout) == (2, "")
    assert not desk.folders.config.exists()


def test_a_quote_loads_pydantic_for_a_changed_file_only(desk: Desk) -> None:
    desk.folders.config.mkdir(mode=0o700)
    file = desk.folders.config / "config.toml"
    file.write_text('output = "json"\n', encoding="utf-8")
    first, _ = imported_by(["quote", "EUR_USD"], desk.root)
    second, printed = imported_by(["quote", "EUR_USD"], desk.root)
    assert "pydantic_settings" in first
    assert not second & {"pydantic", "pydantic_settings", "tomllib", "rich", "typer"}
    assert json.loads(printed)[0]["symbol"] == "EUR_USD"
    file.write_text('output = "jsonl"\n', encoding="utf-8")
    assert "pydantic_settings" in imported_by(["quote", "EUR_USD"], desk.root)[0]
