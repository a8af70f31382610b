"""What an unattended job relies on: its own turn, an open market, a whole file, and a code that says which it was."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.harness import ROOT, Desk

if TYPE_CHECKING:
    from collections.abc import Iterator

TAPE = ROOT / "tests" / "fixtures" / "tapes" / "usdjpy-ticks.csv"
READS = (
    "quote EUR_USD",
    "candles EUR_USD",
    "order list",
    "positions",
    "pnl",
    "status",
    "account list",
    "journal list",
)
PRICED = ("quote EUR_USD", "candles EUR_USD", "order list", "positions", "pnl")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(root=tmp_path)


@pytest.fixture
def holder(desk: Desk) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the job lock `nightly`."""
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom rickctl.store.joblock import hold_job_lock\n"
        "hold_job_lock(Path(sys.argv[1]), 'nightly')\nprint('held', flush=True)\ntime.sleep(60)\n"
    )
    command = [sys.executable, "-c", code, str(desk.folders.state)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


@pytest.mark.parametrize("read", READS)
def test_a_dump_is_whole_private_and_the_only_thing_written(desk: Desk, read: str) -> None:
    target = desk.root / "dump"
    target.write_text("yesterday")
    target.chmod(0o644)
    answer = desk.run(*read.split(), "-o", "json", "--out", str(target))
    assert (answer.code, answer.stdout, answer.stderr) == (0, "", "")
    assert json.loads(target.read_text()) == json.loads(desk.run(*read.split(), "-o", "json").stdout)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [path.name for path in desk.root.glob("*dump*")] == ["dump"]


def test_a_dump_is_plain_text_even_where_a_terminal_watches(desk: Desk) -> None:
    desk.screen = desk.screen._replace(is_terminal=True, has_colour=True)
    target = desk.root / "dump"
    assert desk.run("quote", "EUR_USD", "--out", str(target)).code == 0
    assert "\x1b" not in target.read_text()


@pytest.mark.parametrize("name", ["folder", "", ".", "..", "missing/file", "pipe", "x" * 300])
def test_what_cannot_be_a_file_is_left_alone_with_exit_3(desk: Desk, name: str) -> None:
    (desk.root / "folder").mkdir()
    os.mkfifo(desk.root / "pipe")
    target = desk.root / name if name not in {"", ".", ".."} else Path(name)
    answer = desk.run("quote", "EUR_USD", "--out", str(target) if name else "")
    assert (answer.code, answer.stdout) == (3, "")
    assert answer.stderr.startswith("rickctl: cannot write")
    assert stat.S_ISFIFO((desk.root / "pipe").stat().st_mode)
    assert sorted(path.name for path in desk.root.iterdir()) == ["folder", "pipe"]


def test_a_link_is_followed_and_stays_a_link(desk: Desk) -> None:
    (desk.root / "real").write_text("yesterday")
    (desk.root / "latest").symlink_to("real")
    assert desk.run("quote", "EUR_USD", "--out", str(desk.root / "latest")).code == 0
    assert (desk.root / "latest").is_symlink()
    assert "EUR_USD" in (desk.root / "real").read_text()


def test_a_name_at_the_limit_of_the_file_system_can_be_written(desk: Desk) -> None:
    target = desk.root / ("é" * 127)
    assert desk.run("quote", "EUR_USD", "--out", str(target)).code == 0
    assert "EUR_USD" in target.read_text()


def test_no_room_left_keeps_the_old_file_with_exit_3(desk: Desk) -> None:
    target = desk.root / "dump"
    target.write_text("yesterday")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        answer = desk.run("quote", "EUR_USD", "-o", "json", "--out", str(target))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (answer.code, answer.stdout) == (3, "")
    assert (target.read_text(), list(desk.root.iterdir())) == ("yesterday", [target])


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="only root can make a small disk")
def test_a_full_disk_keeps_the_old_file_with_exit_3(tmp_path: Path) -> None:
    script = (
        'mount -t tmpfs -o size=64k none "$1" || exit 77; echo old > "$1/dump"; head -c 1M /dev/zero > "$1/ballast"; '
        '"$2" -m rickctl candles EUR_USD -n 500 -o json --out "$1/dump"; echo "exit $?"; cat "$1/dump"; ls -A "$1"'
    )
    command = ["unshare", "-m", "sh", "-c", script, "sh", str(tmp_path), sys.executable]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    if "ermi" in done.stderr and done.returncode in {1, 77}:
        pytest.skip("mounting is not permitted here")
    assert done.stdout.split() == ["exit", "3", "old", "ballast", "dump"], done.stderr
    assert "no space left" in done.stderr


def test_kill_9_in_the_middle_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    target = tmp_path / "dump"
    code = (
        "import sys\nfrom pathlib import Path\nfrom rickctl.render.outfile import replace_file\n"
        "for count in range(10**9):\n"
        "    replace_file(Path(sys.argv[1]), str(count % 10) * 3_000_000)\n"
        "    print(flush=True)\n"
    )
    for count in range(12):
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(target)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        process.stdout.readline()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.0017 * count)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        text = target.read_text()
        assert len(text) == 3_000_000
        assert len(set(text)) == 1


@pytest.mark.parametrize("read", READS)
def test_a_second_run_is_skipped_at_once_with_exit_8(desk: Desk, holder: subprocess.Popen[str], read: str) -> None:
    assert holder.poll() is None
    answer = desk.run(*read.split(), "--lock", "nightly", "--out", str(desk.root / "dump"))
    assert (answer.code, answer.stdout) == (8, "")
    assert "another run holds the lock 'nightly'" in answer.stderr
    assert not (desk.root / "dump").exists()
    assert desk.run(*read.split(), "--lock", "hourly").code == 0


def test_a_skipped_order_is_not_placed(desk: Desk, holder: subprocess.Popen[str]) -> None:
    assert holder.poll() is None
    words = ["order", "place", "EUR_USD", "buy", "1000", "--stop-loss", "20p", "--take-profit", "2R"]
    assert desk.run(*words, "--lock", "nightly").code == 8
    assert json.loads(desk.run("order", "list", "-o", "json").stdout) == []


def test_a_killed_holder_leaves_no_lock_behind(desk: Desk, holder: subprocess.Popen[str]) -> None:
    assert desk.run_process("positions", "--lock", "nightly").code == 8
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert desk.run_process("positions", "--lock", "nightly").code == 0
    assert desk.run_process("positions", "--lock", "nightly").code == 0


@pytest.mark.parametrize("name", ["../x", "a/b", "", "x" * 41, "a\nb"])
def test_a_lock_name_that_is_no_name_is_usage(desk: Desk, name: str) -> None:
    assert desk.run("positions", "--lock", name).code == 2


@pytest.mark.parametrize("read", PRICED)
def test_a_closed_market_skips_the_run_with_exit_8(desk: Desk, read: str) -> None:
    words = [*read.split(), "--if-market-open", "EUR_USD", "--out", str(desk.root / "dump")]
    assert desk.run(*words).code == 0
    (desk.root / "dump").unlink()
    desk.clock.advance("3d")
    answer = desk.run(*words)
    assert (answer.code, answer.stdout, answer.stderr) == (8, "", "rickctl: EUR_USD is closed\n")
    assert not (desk.root / "dump").exists()
    assert desk.run(*read.split(), "--if-market-open", "BTC-USD").code == 0


def test_a_misspelt_symbol_is_no_closed_market(desk: Desk) -> None:
    assert desk.run("positions", "--if-market-open", "EURUSX").code == 2


@pytest.mark.parametrize("verb", ["positions", "pnl", "status"])
def test_an_account_that_fails_is_named_and_the_rest_is_shown_with_exit_9(desk: Desk, verb: str) -> None:
    tape, dump = desk.root / "usdjpy.csv", desk.root / "dump"
    shutil.copy(TAPE, tape)
    assert desk.run("account", "create", "tape", "--source", f"replay:{tape}", "--speed", "step").code == 0
    tape.rename(desk.root / "away")
    answer = desk.run(verb, "-o", "json", "--out", str(dump))
    held = json.loads(dump.read_text())
    assert (answer.code, answer.stdout) == (9, "")
    assert [(row["account"], row["code"]) for row in held["failed"]] == [("tape", "tape_missing")]
    assert held.get("complete", False) is False
    assert "tape" not in [row["account"] for row in held.get("rows", held.get("accounts"))]
    assert "! paper:paper:tape" in desk.run(verb).stdout
    (desk.root / "away").rename(tape)
    assert desk.run(verb).code == 0


def test_a_dump_says_how_old_it_is_and_whether_its_prices_can_be_traded_on(desk: Desk) -> None:
    desk.clock.advance("2d6h59m")
    words = ["order", "place", "EUR_USD", "buy", "1000", "--stop-loss", "2%", "--take-profit", "2R"]
    assert desk.run(*words).code == 0
    held = json.loads(desk.run("positions", "-o", "json").stdout)
    assert held["as_of"] == "2025-11-21T20:59:00.050Z"
    assert [(row["tradeable"], row["age_seconds"]) for row in held["rows"]] == [(True, "0.000")]
    desk.clock.advance("3h")
    held = json.loads(desk.run("positions", "-o", "json").stdout)
    assert held["as_of"] == "2025-11-21T23:59:00.050Z"
    assert [row["tradeable"] for row in held["rows"]] == [False]
    assert Decimal(held["rows"][0]["age_seconds"]) > 7000


def test_watching_and_one_file_exclude_each_other(desk: Desk) -> None:
    for read in ("quote EUR_USD", "positions", "pnl"):
        assert desk.run(*read.split(), "--watch", "--out", str(desk.root / "dump")).code == 2
