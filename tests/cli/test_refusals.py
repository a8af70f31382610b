"""Every rule of the charter, driven to its refusal through the front door; and what stays true after any refusal."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

import pytest

from rickctl.domain.charter import RULES
from rickctl.domain.charter.parse import parse_charter
from rickctl.domain.errors import ExitCode
from tests.cli.harness import FOLDER, ROOT, Desk, FakeClock

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.harness import Answer

ORDER = "order place EUR_USD buy 10000 --stop-loss 20p --take-profit 2R"
DESK = "account create desk --speed step --start 2026-11-18T14:00:00Z"
TAPE = f"account create desk --source replay:{ROOT}/tests/fixtures/tapes/eurusd-m1.csv.gz --speed step"
SATURDAY = "account create desk --speed step --start 2026-11-21T12:00:00Z"

# Rule → a charter of one's own (an old and a new text, or none), what goes before, and the order that is refused.
DRIVEN: dict[str, tuple[tuple[str, str] | None, list[str], str]] = {
    "1.1": (None, [DESK], "order place XAU_USD buy 90000000 --stop-loss 1% --take-profit 2R"),
    "1.3": (None, [DESK, "kill"], ORDER),
    "1.4": (("max_repeats = 10 ", "max_repeats = 1 "), [DESK, f"{ORDER} --key a", f"{ORDER} --key b"], ORDER),
    "2.2": (None, [SATURDAY], ORDER),
    "2.3": (None, [SATURDAY], ORDER),
    "2.4": (None, [SATURDAY], ORDER),
    "2.5": (None, [SATURDAY], ORDER),
    "2.6": (None, [DESK], f"{ORDER} --limit 0.10770"),
    "2.7": (None, [DESK], "order place EUR_USD buy 10000 --stop-loss 20p --take-profit 10.8920"),
    "3.1": (None, [DESK], "order place BTC-USD buy 50 --stop-loss 1% --take-profit 2R"),
    "3.2": (None, [DESK], "order place EUR_USD buy 900000 --stop-loss 20p --take-profit 2R"),
    "3.3": (("max_position_notional = 750_000", "max_position_notional = 9_000"), [DESK], ORDER),
    "3.4": (("max_exposure = 1_500_000", "max_exposure = 9_000"), [DESK], ORDER),
    "3.5": (None, [DESK], "order place EUR_USD buy 250000 --stop-loss 100p --take-profit 2R"),
    "3.6": (("max_margin_use_pct = 80", "max_margin_use_pct = 1"), [DESK], ORDER.replace("10000", "60000")),
    "4.1": (None, [DESK], "order place EUR_USD buy 10000 --stop-loss 20p --take-profit 10p --quality 90"),
    "4.2": (None, [DESK], "order place EUR_USD buy 10000"),
    "4.3": (None, [DESK], "order place EUR_USD buy 10000 --stop-loss 0.1p --take-profit 2R --quality 90"),
    "5.1": (None, [DESK], f"{ORDER} --quality 60"),
    "5.2": (None, [DESK], f"{ORDER} --timeframe M1"),
    "6.1": (None, [DESK], f"{ORDER} --limit 1.07 --ttl 7h"),
    "7.1": (("max_daily_trades = 50", "max_daily_trades = 1"), [DESK, f"{ORDER} --key a"], f"{ORDER} --key b"),
    "7.2": (
        ("max_orders_per_minute = 20", "max_orders_per_minute = 1"),
        [DESK, f"{ORDER} --key a"],
        f"{ORDER} --key b",
    ),
    "7.3": (
        ("max_messages_per_minute = 60", "max_messages_per_minute = 1"),
        [DESK, f"{ORDER} --limit 1.07"],
        "order modify 1 --stop-loss 1.0690",
    ),
    "7.5": (None, [DESK, ORDER], ORDER),
    "7.6": (("max_repeats = 10 ", "max_repeats = 1 "), [DESK, f"{ORDER} --key a"], f"{ORDER} --key b"),
    "7.7": (
        None,
        [DESK, "order place EUR_USD sell 10000 --limit 1.07765 --stop-loss 20p --take-profit 2R"],
        "order place EUR_USD buy 11000 --limit 1.07765 --stop-loss 20p --take-profit 2R",
    ),
    "8.1": (
        ("max_day_drawdown_pct = 5", "max_day_drawdown_pct = 0.1"),
        [DESK, "order place EUR_USD buy 100000 --stop-loss 20p --take-profit 2R", "account advance desk --by 90m"],
        ORDER,
    ),
    "8.2": (
        ("max_peak_drawdown_pct = 10", "max_peak_drawdown_pct = 0.1"),
        [DESK, "order place EUR_USD buy 100000 --stop-loss 20p --take-profit 2R", "account advance desk --by 90m"],
        ORDER,
    ),
    "11.1": (("MAX_TOTAL_EXPOSURE = 3_000_000", "MAX_TOTAL_EXPOSURE = 9_000"), [DESK], ORDER),
    "11.2": (("MAX_EXPOSURE_PER_BROKER = 1_500_000", "MAX_EXPOSURE_PER_BROKER = 9_000"), [DESK], ORDER),
    "11.3": (None, [f"{TAPE} --start 2024-03-06T09:00:00Z --currency JPY --balance 10000000"], ORDER),
}
# Tests of their own below, or no command line leads there on paper.
ELSEWHERE = {
    "1.2": "below: a charter that was edited and not sealed",
    "6.2": "below: a charter that became stricter after the account was made",
    "6.3": "below: a clock on which every answer is late",
    "7.4": "below: more cancels than the smallest allowance",
    "1.5": "an unknown outcome needs a broker that falls silent; paper answers or its process dies: tests/faults",
    "1.6": "paper needs no window: tests/cli/test_arming.py",
    "6.4": "as 1.6",
    "2.1": "a paper market has no crossed or missing price to give: tests/domain/test_charter_limits.py",
    "4.4": "the paper broker holds both exits of every order: tests/domain/test_charter.py",
    "10.1": "an account has one price source and no second to be mixed up with: tests/domain/test_charter.py",
    "11.4": "the day's start is settled before the gate asks: tests/domain/test_charter_limits.py",
}


def own_charter(desk: Desk, old: str, new: str, *, is_sealed: bool = True) -> None:
    """A charter of one's own with one limit changed, sealed as a script would."""
    text = (ROOT / "rickctl" / "charter.toml").read_text(encoding="utf-8")
    assert old in text
    text = text.replace(old, new)
    desk.folders.config.mkdir(exist_ok=True)
    (desk.folders.config / "charter.toml").write_text(text, encoding="utf-8")
    if is_sealed:
        charter = parse_charter(text).charter
        assert charter is not None
        assert desk.run("charter", "seal", "--expect", charter.hash).code == ExitCode.DONE


def refused_by(answer: Answer) -> dict[str, str]:
    """The rules that said no, and the sentence of each."""
    assert (answer.code, answer.stdout) == (ExitCode.REFUSED, ""), answer.stderr
    (line,) = answer.stderr.splitlines()
    told = json.loads(line)
    assert told["category"] == "refused"
    return {verdict["rule"]: verdict["detail"] for verdict in told["verdicts"] if not verdict["passed"]}


def check_unharmed(desk: Desk, records: int) -> None:
    """After a refusal the books are whole, and one more order is on record, as refused."""
    assert desk.run("journal", "verify").code == ExitCode.DONE
    listed = json.loads(desk.run("order", "list", "-a", "desk", "-o", "json").stdout)
    assert len(listed) == records
    assert listed[0]["state"] == "refused"


def on_the_desk(command: str) -> list[str]:
    """The words of a command line, on the account called desk where they name none."""
    words = shlex.split(command)
    return words if words[0] != "order" else [*words, "-a", "desk"]


@pytest.mark.parametrize("rule", DRIVEN)
def test_a_rule_refuses_at_the_front_door_and_leaves_the_books_whole(rule: str, desk: Desk) -> None:
    charter, before, last = DRIVEN[rule]
    if charter is not None:
        own_charter(desk, *charter)
    for command in before:
        desk.run(*on_the_desk(command))
    listed = len(json.loads(desk.run("order", "list", "-a", "desk", "-o", "json").stdout))
    dry = desk.run(*on_the_desk(last), "--dry-run", "-o", "json")
    assert dry.code == ExitCode.REFUSED
    found = refused_by(desk.run(*on_the_desk(last), "-o", "json"))
    assert rule in found
    assert found[rule]
    if not last.startswith("order modify"):
        check_unharmed(desk, listed + 1)
    told = desk.run(*on_the_desk(last))
    assert (told.code, told.stdout) == (ExitCode.REFUSED, "")
    assert told.stderr.startswith("rickctl: refused: ")
    assert told.stderr.count("rickctl: ") == 1


def test_every_rule_is_driven_or_has_its_reason() -> None:
    assert sorted([*DRIVEN, *ELSEWHERE]) == sorted(rule.id for rule in RULES)


def test_a_charter_that_was_edited_and_not_sealed_refuses(desk: Desk) -> None:
    own_charter(desk, "max_daily_trades = 50", "max_daily_trades = 49", is_sealed=False)
    assert set(refused_by(desk.run(*shlex.split(ORDER), "-o", "json"))) == {"1.2"}


def test_a_hold_longer_than_the_charter_has_become_refuses(desk: Desk) -> None:
    desk.run(*shlex.split(DESK))
    own_charter(desk, "max_hold_min = 360", "max_hold_min = 300")
    assert set(refused_by(desk.run(*on_the_desk(ORDER), "-o", "json"))) == {"6.2"}


class LateClock(FakeClock):
    """Every look at this clock is 200 ms later than the one before."""

    def now_ns(self) -> int:
        self.advance("200ms")
        return super().now_ns()


def test_slow_placements_latch(tmp_path: Path) -> None:
    desk = Desk(root=tmp_path, clock=LateClock())
    answers = [desk.run(*shlex.split(ORDER), "--key", str(number), "-o", "json") for number in range(6)]
    codes = [answer.code for answer in answers]
    assert codes[:3] == [ExitCode.DONE] * 3
    assert "6.3" in refused_by(answers[3])
    assert "1.4" in refused_by(answers[5])


def test_getting_out_has_its_own_allowance(desk: Desk) -> None:
    own_charter(desk, "max_cancels_per_minute = 300", "max_cancels_per_minute = 120")
    assert desk.run(*shlex.split(f"{ORDER} --limit 1.09")).code == ExitCode.DONE
    assert [desk.run("order", "cancel", "1").code for _ in range(120)] == [ExitCode.DONE] * 120
    assert set(refused_by(desk.run("order", "cancel", "1", "-o", "json"))) == {"7.4"}
    desk.clock.advance("61s")
    assert desk.run("order", "cancel", "1").code == ExitCode.DONE


def test_a_refused_key_is_refused_again_without_another_record(desk: Desk) -> None:
    first = desk.run("order", "place", "EUR_USD", "buy", "10000", "--key", "k", "-o", "json")
    again = desk.run("order", "place", "EUR_USD", "buy", "10000", "--key", "k", "-o", "json")
    assert json.loads(first.stderr)["order"] == json.loads(again.stderr)["order"] == 1
    assert refused_by(first) == refused_by(again)


FAILURES = sorted(path for name in ("errors", "failures", "refusals") for path in (FOLDER / name).glob("*.txt"))


@pytest.mark.parametrize("path", FAILURES, ids=lambda path: path.stem)
def test_a_failure_on_record_is_one_line_and_no_output(path: Path) -> None:
    text = path.read_text(encoding="utf-8").partition("\n---\n")[2]
    assert "Traceback" not in text
    assert "a bug of ours" not in text
    for block in re.split(r"^(?=\$ rickctl)", text, flags=re.MULTILINE)[1:]:
        lines = block.split("\n")
        end = next(place for place, line in enumerate(lines) if line.startswith("exit "))
        code, answer = int(lines[end].removeprefix("exit ")), lines[1:end]
        if code in {ExitCode.DONE, ExitCode.FINDINGS} or (code == ExitCode.REFUSED and "--dry-run" in lines[0]):
            continue
        assert all(line.startswith("stderr> ") for line in answer), f"stdout is not empty: {lines[0]}"
        told = [line for line in answer if line.startswith(("stderr> rickctl: ", 'stderr> {"category"'))]
        assert told == answer[:1], lines[0]
