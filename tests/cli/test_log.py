"""The log file tells every command's start and end, no secret, and never stands in a command's way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from rickctl.cli import WITH_VERBS
from rickctl.commands.schema import describe_noun
from rickctl.commands.table import NOUNS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.harness import Desk

EXITS = ("--stop-loss", "20p", "--take-profit", "2R")
BUY = ("order", "place", "EUR_USD", "buy", "10000", *EXITS)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def log(desk: Desk) -> list[dict[str, Any]]:
    return lines(desk.folders.state / "log.jsonl")


@pytest.fixture
def placed(desk: Desk) -> Desk:
    """A desk with a state folder; its log begins afresh."""
    assert desk.run(*BUY).code == 0
    (desk.folders.state / "log.jsonl").unlink()
    return desk


def test_a_command_has_a_line_for_its_start_and_one_for_its_end(placed: Desk) -> None:
    assert placed.run("order", "list").code == 0
    start, end = log(placed)
    assert (start["event"], start["command"]) == ("start", "order list")
    assert {name: end[name] for name in end if name != "pid"} == {
        "time": "2025-11-19T14:00:00.050Z", "event": "end", "command": "order list", "scope": None, "exit_code": 0,
        "code": None, "message": None, "order": None, "duration_ms": 0,
    }  # fmt: skip
    assert start["pid"] == end["pid"]


def test_a_refusal_says_its_code_and_its_number_and_a_wait_how_long(placed: Desk) -> None:
    assert placed.run("order", "place", "EUR_USD", "buy", "10000").code == 6
    placed.run("order", "place", "GBP_USD", "buy", "10000", *EXITS)
    refused, done = [line for line in log(placed) if line["event"] != "start"]
    assert (refused["event"], refused["exit_code"], refused["code"]) == ("refused", 6, "naked_entry")
    assert (refused["order"], refused["scope"]) == (2, "paper:paper:main")
    assert (done["event"], done["duration_ms"]) == ("end", 50)


@pytest.mark.parametrize(
    ("line", "event", "code"),
    [
        (("quote", "NOPE"), "failed", "unknown_symbol"),
        (("order", "show", "77"), "failed", "unknown_order"),
        (("order", "place", "EUR_USD"), "failed", "bad_usage"),
        (("swordfish",), "failed", "unknown_command"),
        (("config", "set", "output", "hunter2"), "failed", "bad_setting"),
    ],
)
def test_a_failure_is_told_under_its_code(placed: Desk, line: tuple[str, ...], event: str, code: str) -> None:
    placed.run(*line)
    end = log(placed)[-1]
    assert (end["event"], end["code"], end["exit_code"]) == (event, code, 2)


def test_only_known_words_name_a_command(placed: Desk) -> None:
    for line in (("swordfish",), ("quote", "EUR_USD"), ("login", "oanda", "tok123"), ("account", "show", "main")):
        placed.run(*line)
    assert {line["command"] for line in log(placed)} == {"unknown", "quote", "login", "account show"}


def test_the_words_with_verbs_are_those_of_the_tree() -> None:
    names = [entry["command"] for noun in NOUNS for entry in describe_noun(noun)]
    assert {name.split()[0] for name in names if " " in name} - {"stream", "complete"} == WITH_VERBS


@pytest.mark.parametrize(
    "secret", ["8fK-really-secret-8fK", "0123456789abcdef0123456789abcdef-0123456789abcdef0123456789abcdef"]
)
def test_no_secret_is_ever_told(placed: Desk, secret: str) -> None:
    placed.environment["OANDA_PRACTICE_TOKEN"] = secret
    for line in (
        ("quote", secret),
        ("order", "show", "1", "-a", secret),
        ("config", "set", "output", f"token={secret}"),
        ("order", "place", "EUR_USD", "buy", "1", "--stop-loss", f"Bearer {secret}"),
        ("journal", "verify", "--anchor", f"/nowhere/{secret}"),
    ):
        assert placed.run(*line).code != 0
    assert secret not in (placed.folders.state / "log.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "said",
    [
        "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJvcmcifQ.c2lnbmF0dXJl",
        "api_key: abc123",
        "-----BEGIN EC PRIVATE KEY-----MHcCAQ-----END EC PRIVATE KEY-----",
        "Bearer abc.def",
        "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8S9t0",
    ],
)
def test_what_looks_like_a_secret_is_hidden_too(placed: Desk, said: str) -> None:
    placed.run("quote", said)
    text = (placed.folders.state / "log.jsonl").read_text(encoding="utf-8")
    assert "[secret]" in text
    assert said.rsplit(maxsplit=1)[-1].lower() not in text.lower()


def test_levels_say_how_much_is_told(placed: Desk) -> None:
    for level, events in (("off", []), ("error", ["failed"]), ("info", ["start", "end", "start", "failed"])):
        placed.environment["RICKCTL_LOG_LEVEL"] = level
        placed.run("quote", "EUR_USD")
        placed.run("quote", "NOPE")
        assert [line["event"] for line in log(placed)] == events
        (placed.folders.state / "log.jsonl").unlink(missing_ok=True)


def test_the_file_sets_it_as_the_environment_does(placed: Desk, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.jsonl"
    assert placed.run("config", "set", "log_file", str(elsewhere)).code == 0
    placed.run("quote", "EUR_USD")
    assert [line["command"] for line in lines(elsewhere)][-1] == "quote"
    assert elsewhere.stat().st_mode & 0o777 == 0o600
    assert placed.run("config", "set", "log_level", "off").code == 0
    before = elsewhere.read_bytes()
    placed.run("quote", "EUR_USD")
    assert elsewhere.read_bytes() == before


def test_without_a_state_folder_nothing_is_made(desk: Desk) -> None:
    assert desk.run("quote", "EUR_USD").code == 0
    assert desk.run("quote", "NOPE").code == 2
    assert list(desk.root.iterdir()) == []


def test_a_rehearsal_and_a_completion_tell_nothing(placed: Desk) -> None:
    placed.run(*BUY, "--key", "k", "--dry-run")
    placed.run("complete", "symbols", "EUR")
    placed.run("--help")
    assert log(placed) == []


def test_a_log_that_cannot_be_written_is_one_warning_and_no_more(placed: Desk, tmp_path: Path) -> None:
    placed.environment["RICKCTL_LOG_FILE"] = str(tmp_path / "nowhere" / "log.jsonl")
    answer = placed.run("quote", "EUR_USD", "-o", "json")
    assert answer.code == 0
    assert answer.stderr.count("warning: the log file cannot be written") == 1
    assert json.loads(answer.stdout)
    shown = {row["part"]: row["level"] for row in json.loads(placed.run("doctor", "-o", "json").stdout)}
    assert shown["log"] == "ok"  # the folder may come
    (tmp_path / "log").mkdir()
    placed.environment["RICKCTL_LOG_FILE"] = str(tmp_path / "log")
    shown = {row["part"]: row["level"] for row in json.loads(placed.run("doctor", "-o", "json").stdout)}
    assert shown["log"] == "warn"


def test_a_full_or_closed_state_folder_is_read_in_silence(placed: Desk) -> None:
    (placed.folders.state / "log.jsonl").mkdir()
    answer = placed.run("quote", "EUR_USD")
    assert (answer.code, answer.stderr) == (0, "")


def test_a_bug_is_told_too(placed: Desk) -> None:
    class Broken(type(placed.clock)):  # type: ignore[misc]
        """A clock that fails once the log has begun."""

        asked = 0

        def now_ns(self) -> int:
            Broken.asked += 1
            if Broken.asked == 3:
                message = "no time"
                raise ZeroDivisionError(message)
            return int(super().now_ns())

    placed.clock = Broken("2025-11-19T14:00:00Z")
    assert placed.run("quote", "EUR_USD").code == 1
    assert [(line["event"], line.get("code")) for line in log(placed)][-1] == ("failed", "bug")
