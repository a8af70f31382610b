"""The example scripts do what their first lines say: every exit code has its branch, every cron line runs."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from rickctl.domain.errors import ExitCode
from tests.house.kit import ROOT

if TYPE_CHECKING:
    from pathlib import Path

OCO = ROOT / "examples" / "place-oco.sh"
CRONTAB = ROOT / "examples" / "crontab.example"
LINES = [line for line in CRONTAB.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
STOPPING = {ExitCode.BUG, ExitCode.SETUP, ExitCode.UNREACHABLE, ExitCode.UNKNOWN, ExitCode.INTERRUPTED}


def shell(argv: list[str], home: Path) -> subprocess.CompletedProcess[str]:
    """Run with `home/bin` first in the path and every folder of ours below `home`."""
    environment = {
        "PATH": f"{home / 'bin'}:{os.environ['PATH']}",
        "HOME": str(home),
        "PAUSE": "0",
        "RICKCTL_STATE_DIR": str(home / "state"),
        "RICKCTL_CONFIG_DIR": str(home / "config"),
    }
    return subprocess.run(argv, cwd=home, env=environment, capture_output=True, text=True, check=False, timeout=60)


def install(home: Path, program: str) -> None:
    """Put a `rickctl` into the path."""
    (home / "bin").mkdir()
    path = home / "bin" / "rickctl"
    path.write_text(f"#!/bin/sh\n{program}\n", encoding="utf-8")
    path.chmod(0o755)


def install_ours(home: Path) -> None:
    install(home, f'PYTHONPATH="{ROOT}" exec "{sys.executable}" -m rickctl "$@"')


def orders(home: Path, *lines: str) -> str:
    path = home / "orders.txt"
    path.write_text("# orders of the day\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("code", list(ExitCode), ids=lambda code: code.name.lower())
def test_every_exit_code_has_its_branch(code: ExitCode, tmp_path: Path) -> None:
    install(tmp_path, f'echo "$@" >> calls\nexit {int(code)}')
    file = orders(tmp_path, "BTC-USD buy 0.01 1% 2R", "ETH-USD sell 0.2 1% 2R")
    done = shell(["sh", str(OCO), "day", file], tmp_path)
    assert "not one of rickctl's" not in done.stderr
    assert done.returncode == (0 if code is ExitCode.SKIPPED else int(code))
    assert ("ETH-USD" in done.stderr) is (code not in STOPPING)
    calls = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    tries = 3 if code is ExitCode.UNREACHABLE else 1
    assert calls[:tries] == ["order place BTC-USD buy 0.01 --stop-loss 1% --take-profit 2R --key day-1"] * tries
    assert ("order resolve" in calls) is (code is ExitCode.UNKNOWN)


def test_the_first_failure_is_what_it_returns(tmp_path: Path) -> None:
    install(tmp_path, 'case "$3" in BTC-USD) exit 0 ;; ETH-USD) exit 6 ;; *) exit 4 ;; esac')
    file = orders(tmp_path, "BTC-USD buy 1 1% 2R", "ETH-USD buy 1 1% 2R", "SOL-USD buy 1 1% 2R")
    assert shell(["sh", str(OCO), "day", file], tmp_path).returncode == 6


def test_it_places_orders_and_places_none_twice(tmp_path: Path) -> None:
    install_ours(tmp_path)
    file = orders(tmp_path, "BTC-USD buy 0.01 1% 2R", "ETH-USD sell 0.2 1% 2R")
    for _ in range(2):
        done = shell(["sh", str(OCO), "day", file], tmp_path)
        assert done.returncode == 0, done.stderr
    listed = shell(["rickctl", "order", "list", "-o", "json"], tmp_path)
    assert [(row["symbol"], row["key"]) for row in json.loads(listed.stdout)] == [
        ("ETH-USD", "day-2"),
        ("BTC-USD", "day-1"),
    ]


def test_it_says_how_it_is_used(tmp_path: Path) -> None:
    assert shell(["sh", str(OCO)], tmp_path).returncode == 2
    assert shell(["sh", str(OCO), "day", "nowhere"], tmp_path).returncode == 2


def test_every_cron_line_runs(tmp_path: Path) -> None:
    install_ours(tmp_path)
    desk = tmp_path / "desk"
    desk.mkdir()
    assert len(LINES) >= 4
    for line in LINES:
        *times, command = line.split(maxsplit=5)
        assert len(times) == 5
        assert "%" not in command, "cron reads a percent sign as a line's end"
        done = shell(["sh", "-c", command], tmp_path)
        assert done.returncode in {ExitCode.DONE, ExitCode.SKIPPED}, done.stderr
        assert done.stdout == done.stderr == ""
    assert json.loads((desk / "positions.json").read_text(encoding="utf-8"))["complete"] is True
    with (desk / "pnl.csv").open(encoding="utf-8", newline="") as file:
        assert [row["account"] for row in csv.DictReader(file)] == ["main"]
    assert json.loads((desk / "anchor.json").read_text(encoding="utf-8"))["seq"] == 0
    assert '"level": "ok"' in (desk / "doctor.jsonl").read_text(encoding="utf-8")


def test_cron_lines_dump_positions_and_results_with_every_safeguard() -> None:
    text = "\n".join(LINES)
    for word in ("rickctl positions", "rickctl pnl", "--out ", "--lock ", "--if-market-open "):
        assert word in text
