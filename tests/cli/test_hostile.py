"""Text that means harm: wherever a person, a file or the environment can put it, it comes out harmless."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import subprocess
import sys
import unicodedata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rickctl.domain.errors import ExitCode
from rickctl.render.layout import Screen
from tests.cli.harness import ROOT, Desk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.cli.harness import Answer

ESCAPES = "\x1b[31mred\x1b[0m\x1b]0;owned\x07\x1b]8;;http://x\x1b\\y\x9b31m\x85\x7f"
UNSEEN = "\u202egpj.exe\u2066\u200b\ufeff\u00ad\u2028\u2029\ue000\U000e0041"
LINES = "a\nrickctl: done\r\n\x0b\x0c\thint: rm -rf /"
MARKUP = "[bold red]x[/] [link=http://x]y[/link] [/] %s {0} $(id) `id` ';--"
BYTES = os.fsdecode(b"\xff\x80\xed\xa0\x80")
HUGE = "\u00c4" * 100_000
TEXTS = {
    "escapes": ESCAPES,
    "unseen": UNSEEN,
    "lines": LINES,
    "markup": MARKUP,
    "bytes": BYTES,
    "huge": HUGE,
    "nothing": "",
}
ORDER = "order place EUR_USD buy 10000 --stop-loss 20p --take-profit 2R"
PLACES = [
    "quote TEXT",
    "quote EUR_USD --at TEXT",
    "quote EUR_USD --account TEXT",
    "quote EUR_USD --TEXT",
    "stream TEXT --count 1",
    "candles TEXT",
    "candles EUR_USD -g TEXT",
    "order place TEXT buy 1 --stop-loss 20p --take-profit 2R",
    "order place EUR_USD TEXT 1",
    "order place EUR_USD buy TEXT --stop-loss 20p --take-profit 2R",
    "order place EUR_USD buy --risk TEXT --stop-loss 20p --take-profit 2R",
    "order place EUR_USD buy 10000 --stop-loss TEXT --take-profit 2R",
    "order place EUR_USD buy 10000 --stop-loss 20p --take-profit TEXT",
    f"{ORDER} --limit TEXT",
    f"{ORDER} --trailing TEXT",
    f"{ORDER} --key TEXT",
    f"{ORDER} --timeframe TEXT",
    f"{ORDER} --ttl TEXT",
    f"{ORDER} --quality TEXT",
    f"{ORDER} --account TEXT",
    f"{ORDER} --lock TEXT --dry-run",
    f"{ORDER} --if-market-open TEXT --dry-run",
    "order show TEXT",
    "order list --state TEXT",
    "order modify 1 --stop-loss TEXT",
    "account create TEXT",
    "account create x --source TEXT",
    "account create x --source replay:TEXT",
    "account create x --source replay:/nowhere/TEXT#EUR_USD",
    "account create x --source replay:/nowhere/a.csv#TEXT",
    "account create x --currency TEXT",
    "account create x --spread TEXT",
    "account create x --latency TEXT",
    "account create x --commission TEXT",
    "account create x --balance TEXT",
    "account show TEXT",
    "account deposit main TEXT",
    "account advance TEXT --by 1h",
    "account advance main --by TEXT",
    "position close TEXT",
    "position close EUR_USD --units TEXT",
    "positions --account TEXT",
    "pnl --base TEXT",
    "charter explain TEXT",
    "charter seal --expect TEXT",
    "charter seal --expect 0 --mode TEXT",
    "journal show TEXT",
    "journal list --kind TEXT",
    "journal verify --against /nowhere/TEXT",
    "config get TEXT",
    "config set output TEXT",
    "config set TEXT x",
    "kill --reason TEXT",
    "why TEXT",
    "broker capabilities TEXT",
    "complete TEXT",
    "schema TEXT",
    "TEXT",
]
FREE_OF_PRINT = frozenset({ExitCode.DONE, ExitCode.FINDINGS, ExitCode.REFUSED})
PIPE = Screen(is_terminal=False, width=80, has_colour=False)
MOST_SIGNS = 12_000
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def hidden(text: str) -> set[str]:
    """Every character a terminal would obey or not show; ends of lines are ours."""
    return {hex(ord(sign)) for sign in text if sign != "\n" and unicodedata.category(sign) in HIDDEN}


def check_harmless(answer: Answer, *, is_json: bool = False) -> None:
    """Hold one answer to what is true of every failure: a known code, nothing hidden, one line that tells."""
    assert answer.code in set(ExitCode) - {ExitCode.BUG}, answer.stderr[:500]
    assert "Traceback" not in answer.stderr + answer.stdout
    assert hidden(answer.stdout) == set()
    assert hidden(answer.stderr) == set()
    if answer.code in FREE_OF_PRINT:
        return
    assert answer.stdout == ""
    assert len(answer.stderr) < MOST_SIGNS
    lines = answer.stderr.removesuffix("\n").split("\n")
    if is_json:
        assert len(lines) == 1
        assert json.loads(lines[0])["exit_code"] == answer.code
        return
    assert [line for line in lines if line.startswith("rickctl: ")] == lines[:1]
    assert all(line.startswith(("hint: ", "  ")) for line in lines[1:])


def words_with(place: str, text: str) -> list[str]:
    """The command line with the text in its place."""
    return [word.replace("TEXT", text) for word in shlex.split(place)]


@pytest.mark.parametrize("place", PLACES)
def test_hostile_words_come_out_harmless(place: str, tmp_path: Path) -> None:
    for number, text in enumerate(TEXTS.values()):
        for output in ("table", "json"):
            desk = Desk(root=tmp_path / f"{number}-{output}")
            answer = desk.run(*words_with(place, text), *([] if output == "table" else ["--output", "json"]))
            check_harmless(answer, is_json=output == "json")


@pytest.mark.parametrize("output", ["table", "json", "jsonl", "csv"])
@pytest.mark.parametrize("screen", [PIPE, PIPE._replace(is_terminal=True)], ids=["pipe", "terminal"])
def test_a_stored_hostile_text_is_shown_harmless_everywhere(output: str, screen: Screen, tmp_path: Path) -> None:
    desk = Desk(root=tmp_path, screen=screen)
    reason = ESCAPES + UNSEEN + MARKUP + LINES
    assert desk.run("order", "place", "EUR_USD", "buy", "10000", "--key", MARKUP).code == ExitCode.REFUSED
    assert desk.run("kill", "--reason", reason).code == ExitCode.DONE
    for command in ("status", "order list", "order show 1", "order history 1", "why 1", "journal list", ORDER):
        check_harmless(desk.run(*shlex.split(command), "-o", output))
    assert json.loads(desk.run("status", "-o", "json").stdout)["kill_reason"] == reason[:200]
    assert json.loads(desk.run("order", "show", "1", "-o", "json").stdout)["key"] == MARKUP
    assert desk.run("journal", "verify").code == ExitCode.DONE


@pytest.mark.parametrize("text", [ESCAPES, UNSEEN, MARKUP, BYTES], ids=["escapes", "unseen", "markup", "bytes"])
@pytest.mark.parametrize(
    "name", ["RICKCTL_OUTPUT", "RICKCTL_ACCOUNT", "QUALITY_THRESHOLD", "MAX_HOLD_MIN", "NO_COLOR", "COLUMNS", "TERM"]
)
def test_a_hostile_environment_is_told_harmlessly(name: str, text: str, tmp_path: Path) -> None:
    desk = Desk(root=tmp_path, environment={name: text})
    for command in ("quote EUR_USD", f"{ORDER} --dry-run", "doctor", "config show", "positions"):
        check_harmless(desk.run(*shlex.split(command)))
        check_harmless(desk.run(*shlex.split(command), "-o", "json"), is_json=True)


FILES = {
    "config.toml": ['output = "{}"', "{} = 1", '"{}" = 1', "{}"],
    "charter.toml": ['[7-pace]\nmax_daily_trades = "{}"', '["{}"]\nx = 1', '[7-pace]\n"{}" = 1', "{}"],
    "charter.seal": ['{{"schema": "{}", "mac": "x", "seals": {{}}}}', "{}"],
}


@pytest.mark.parametrize(("name", "content"), [(name, text) for name, texts in FILES.items() for text in texts])
@pytest.mark.parametrize("text", [ESCAPES, UNSEEN, MARKUP, LINES, "\\u001b[31m\\u202e"], ids=ascii)
def test_hostile_files_are_told_harmlessly(name: str, content: str, text: str, tmp_path: Path) -> None:
    desk = Desk(root=tmp_path)
    desk.folders.config.mkdir()
    (desk.folders.config / name).write_text(content.format(text), encoding="utf-8")
    for command in ("quote EUR_USD", ORDER, "charter validate", "charter show", "config show", "doctor"):
        check_harmless(desk.run(*shlex.split(command)))
        check_harmless(desk.run(*shlex.split(command), "-o", "json"), is_json=True)


@pytest.mark.parametrize("text", [ESCAPES.replace("\n", ""), UNSEEN, MARKUP], ids=["escapes", "unseen", "markup"])
@pytest.mark.parametrize(
    "rows",
    [
        "time,TEXT,ask\n2024-01-02T00:00:00Z,1.1,1.2\n",
        "time,bid,ask\nTEXT,1.1,1.2\n",
        "time,bid,ask\n2024-01-02T00:00:00Z,TEXT,1.2\n",
        "time,bid,ask\n2024-01-02T00:00:00Z,1.1,1.2,TEXT\n",
        "TEXT",
    ],
)
def test_a_hostile_tape_is_told_harmlessly(rows: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "eurusd.csv").write_text(rows.replace("TEXT", text), encoding="utf-8")
    answer = Desk(root=tmp_path).run("account", "create", "x", "--source", f"replay:{tmp_path}/eurusd.csv")
    assert answer.code == ExitCode.USAGE
    check_harmless(answer)


def test_a_tape_with_a_hostile_name_is_shown_harmless(tmp_path: Path) -> None:
    tape = tmp_path / "eurusd \x1b[31m\u202e[red].csv"
    tape.write_bytes((ROOT / "tests" / "fixtures" / "tapes" / "eurusd-m1.csv.gz").read_bytes())
    desk = Desk(root=tmp_path)
    created = desk.run(
        "account", "create", "x", "--source", f"replay:{tape}", "--speed", "step", "--start", "2024-03-06T09:00:00Z"
    )
    assert created.code == ExitCode.DONE, created.stderr
    check_harmless(created)
    for command in ("quote EUR_USD -a x", f"{ORDER} -a x", "account show x", "account list", "why 1 -a x"):
        for output in ("table", "json", "csv"):
            answer = desk.run(*shlex.split(command), "-o", output)
            check_harmless(answer)
            assert answer.stdout or answer.code == ExitCode.REFUSED
    tape.unlink()
    for command in ("quote EUR_USD -a x", "positions", "pnl", "status"):
        check_harmless(desk.run(*shlex.split(command)))


@pytest.mark.parametrize(
    "words",
    [
        [b"quote", b"\xff\xfe"],
        [b"order", b"place", b"EUR_USD", b"buy", b"\xff", b"--stop-loss", b"20p", b"--take-profit", b"2R"],
        [b"account", b"create", b"\xc3\x28"],
        [b"\xed\xa0\x80"],
        [b"quote", b"EUR_USD", b"--at", b"\xff"],
        [b"account", b"create", b"x", b"--source", b"replay:/nowhere/\xff.csv#EUR_USD"],
    ],
)
def test_bytes_that_are_no_text_reach_a_process_and_do_no_harm(words: list[bytes], tmp_path: Path) -> None:
    desk = Desk(root=tmp_path)
    for extra in ([], [b"-o", b"json"]):
        done = subprocess.run(
            [os.fsencode(sys.executable), b"-m", b"rickctl", *words, *extra],
            cwd=ROOT,
            env={"PATH": os.environ.get("PATH", ""), "PYTHONIOENCODING": "utf-8:strict", **desk.variables()},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=30,
            check=False,
        )
        assert done.returncode in {ExitCode.USAGE, ExitCode.UNREACHABLE}, done.stderr
        assert done.stdout == b""
        told = done.stderr.decode("utf-8")
        assert told.count("rickctl: ") == (0 if extra else 1)
        assert hidden(told) == set()


VOCABULARY = [
    *shlex.split("quote candles order place cancel modify list show history resolve positions position close pnl"),
    *shlex.split("account create deposit reset advance charter validate seal explain diff path journal verify"),
    *shlex.split("why status kill broker capabilities doctor config get set unset schema complete symbols accounts"),
    *shlex.split("EUR_USD eur/usd BTC-USD XAU_USD main desk buy sell 1 2 10000 0 -1 1e9 NaN 0.5% 20p 2R 1.1 M15 6h"),
    *shlex.split("--limit --stop-entry --stop-loss --take-profit --trailing --ttl --timeframe --quality --key --risk"),
    *shlex.split("--account -a --dry-run --all --output -o json csv jsonl table xml --at --count -n --kind --start"),
    *shlex.split("--by --to --units --trade --state --reason --expect --mode --base --help -h --version -V -- -"),
    "2025-11-19T14:00:00Z",
    "live:oanda:001",
    ORDER,
]
TYPED = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
FROM_BYTES = st.binary(max_size=6).map(lambda held: os.fsdecode(held.replace(b"\x00", b"")))


def known_words() -> st.SearchStrategy[list[str]]:
    """Command lines that begin as one should, and go on as one might not."""
    word = st.sampled_from(VOCABULARY) | TYPED | FROM_BYTES | st.sampled_from(list(TEXTS.values()))
    first = st.sampled_from(VOCABULARY[:50]) | TYPED
    return st.tuples(first, st.lists(word, max_size=9)).map(lambda parts: [parts[0], *parts[1]])


def in_order(words: Sequence[str]) -> list[str]:
    """A whole order among the words is several words."""
    return [part for word in words for part in (shlex.split(word) if word == ORDER else [word])]


@given(known_words())
@example(["order", "place", "EUR_USD", "buy", BYTES, "--stop-loss", "20p", "--take-profit", "2R"])
@example([ORDER, "--quality", "9" * 5000])
@example(["quote", "EUR_USD", "--at", "9" * 400])
def test_no_command_line_ends_in_a_traceback_or_in_a_code_nobody_knows(words: list[str]) -> None:
    with TemporaryDirectory() as folder, contextlib.chdir(folder):  # a fuzzed `--out` writes where it stands
        answer = Desk(root=Path(folder)).run(*in_order(words))
    assert answer.code in set(ExitCode) - {ExitCode.BUG}, answer.stderr[:500]
    assert "Traceback" not in answer.stderr + answer.stdout
    assert hidden(answer.stdout) | hidden(answer.stderr) == set()
