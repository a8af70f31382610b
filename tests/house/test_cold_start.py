"""What a process imports before it answers: a cold start is the price every cron line pays."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.house.kit import ROOT

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = {
    "asyncio", "coinbase", "dataclasses", "httpx", "keyring", "msgspec", "oandapyV20", "platformdirs", "pydantic",
    "pydantic_settings", "requests", "rich", "sqlite3", "typer",
}  # fmt: skip
QUOTE_NEVER = {"asyncio", "httpx", "keyring", "msgspec", "pydantic", "pydantic_settings", "requests", "rich"}


def imported_by(argv: list[str], home: Path) -> tuple[set[str], str]:
    """Top-level names a run of rickctl has imported when it ends, and what it printed."""
    probe = (
        "import sys\nfrom rickctl.__main__ import main\nsys.argv[1:] = " + repr(argv) + "\ncode = main()\n"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)\nsys.exit(code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe],
        cwd=ROOT,
        env={
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(home),
            "RICKCTL_STATE_DIR": str(home / "state"),
            "RICKCTL_CONFIG_DIR": str(home / "config"),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split()), done.stdout


@pytest.mark.parametrize(
    "argv",
    [
        ["quote", "EUR_USD", "-o", "json"],
        ["quote", "EUR_USD"],
        ["quote", "EUR_USD", "--output=csv"],  # the long way, through Typer
        ["candles", "EUR_USD", "-o", "jsonl"],
    ],
    ids=" ".join,
)
def test_a_read_of_prices_loads_nothing_heavy(argv: list[str], tmp_path: Path) -> None:
    names, printed = imported_by(argv, tmp_path)
    assert "EUR_USD" in printed
    assert not names & QUOTE_NEVER


@pytest.mark.parametrize("argv", [[], ["--help"], ["--version"]], ids=["nothing", "help", "version"])
def test_root_help_and_version_build_no_command(argv: list[str], tmp_path: Path) -> None:
    names, printed = imported_by(argv, tmp_path)
    assert "rickctl" in printed
    assert not names & HEAVY


def test_a_read_of_prices_writes_nothing(tmp_path: Path) -> None:
    imported_by(["quote", "EUR_USD", "-o", "json"], tmp_path)
    assert list(tmp_path.iterdir()) == []
