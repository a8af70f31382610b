"""LIVE is armed by a person with a PIN, for a while, and disarmed by everything that could matter, at once."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from contextlib import closing
from io import StringIO
from typing import TYPE_CHECKING

import pytest

from rickctl.commands.schema import describe_noun
from rickctl.commands.table import NOUNS
from rickctl.domain.arming import Cause
from rickctl.domain.instants import parse_duration_ns
from rickctl.domain.scope import parse_scope
from tests.cli.harness import ROOT
from tests.cli.live_desk import LIVE, PIN, TOKEN, WRONG, LiveDesk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ENTRY = ("order", "place", "EUR_USD", "buy", "1000", "--stop-loss", "20p", "--take-profit", "2R")


@pytest.fixture
def desk(tmp_path: Path) -> LiveDesk:
    return LiveDesk(root=tmp_path)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two machines made once and copied: LIVE ready to be armed, and armed. A PIN costs a third of a second a look."""
    ready, armed = tmp_path_factory.mktemp("ready") / "root", tmp_path_factory.mktemp("armed") / "root"
    LiveDesk(root=ready).ready()
    shutil.copytree(ready, armed)
    assert LiveDesk(root=armed, environment={"OANDA_LIVE_TOKEN": TOKEN}).arm().code == 0
    return ready, armed


@pytest.fixture
def ready(prepared: tuple[Path, Path], tmp_path: Path) -> LiveDesk:
    shutil.copytree(prepared[0], tmp_path / "machine")
    return LiveDesk(root=tmp_path / "machine", environment={"OANDA_LIVE_TOKEN": TOKEN})


@pytest.fixture
def armed(prepared: tuple[Path, Path], tmp_path: Path) -> LiveDesk:
    shutil.copytree(prepared[1], tmp_path / "machine")
    return LiveDesk(root=tmp_path / "machine", environment={"OANDA_LIVE_TOKEN": TOKEN})


def code_of(answer: object) -> str:
    return str(json.loads(getattr(answer, "stderr", ""))["code"])


def test_a_window_opens_for_the_time_asked_and_closes_by_itself(ready: LiveDesk) -> None:
    answer = ready.arm("--for", "45m", "--reason", "the open", "-o", "json")
    assert answer.code == 0, answer.stderr
    shown = json.loads(answer.stdout)
    assert (shown["armed"], shown["left_s"], shown["ends_at"]) == (True, 2700, "2025-11-19T14:45:00Z")
    ready.clock.advance("44m")
    assert (ready.armed()["armed"], ready.armed()["left_s"]) == (True, 60)
    ready.clock.advance("60s")
    assert (ready.armed()["armed"], ready.armed()["cause"], ready.armed()["left_s"]) == (False, "expired", 0)


def test_without_a_time_it_is_half_an_hour(ready: LiveDesk) -> None:
    assert json.loads(ready.arm("-o", "json").stdout)["left_s"] == 1800


def test_the_table_shouts(ready: LiveDesk) -> None:
    shown = ready.arm().stdout
    assert shown.startswith(f"Exec: LIVE · {LIVE}\n")
    assert f"LIVE ARMED  {LIVE} until 2025-11-19T14:30:00Z, 30 min" in shown
    assert "LIVE ARMED" in ready.run_here("status").stdout


def reboot(desk: LiveDesk) -> None:
    desk.boot_id = "another-boot"


def jump(duration: str) -> Callable[[LiveDesk], None]:
    def act(desk: LiveDesk) -> None:
        desk.clock.advance(duration)
        desk.boot_shift_ns -= parse_duration_ns(duration)

    return act


def sleep_of_the_wall_clock(desk: LiveDesk) -> None:
    desk.boot_shift_ns += parse_duration_ns("5m")


def kill(desk: LiveDesk) -> None:
    assert desk.run_here("kill", "--reason", "lunch").code == 0


def kill_by_hand(desk: LiveDesk) -> None:
    (desk.folders.state / "killed.json").touch()


def own_charter(desk: LiveDesk) -> None:
    text = (ROOT / "rickctl" / "charter.toml").read_text(encoding="utf-8")
    (desk.folders.config / "charter.toml").write_text(text.replace("max_risk_pct = 2", "max_risk_pct = 1"))


def own_charter_of_the_same_values(desk: LiveDesk) -> None:
    shutil.copy(ROOT / "rickctl" / "charter.toml", desk.folders.config / "charter.toml")


def broken_charter(desk: LiveDesk) -> None:
    (desk.folders.config / "charter.toml").write_text("[[[")


def setting(desk: LiveDesk) -> None:
    assert desk.run_here("config", "set", "output", "table").code == 0


def written_again(desk: LiveDesk) -> None:
    path = desk.folders.config / "config.toml"
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 1))


def other_seal(desk: LiveDesk) -> None:
    found = json.loads(desk.run_here("charter", "validate", "-o", "json").stdout)["hash"]
    assert desk.run_here("charter", "seal", "--expect", found, "--mode", "practice").code == 0


def edited_window(desk: LiveDesk) -> None:
    (path,) = desk.folders.config.glob("armed-*.json")
    path.write_text(path.read_text().replace('"boot_end_ns":3', '"boot_end_ns":9'))


TRIGGERS = {
    reboot: "reboot",
    jump("5m"): "clock_jump",
    jump("1d"): "clock_jump",
    sleep_of_the_wall_clock: "clock_jump",
    kill: "kill",
    kill_by_hand: "kill",
    own_charter: "charter_changed",
    broken_charter: "charter_changed",
    own_charter_of_the_same_values: "configuration_changed",
    setting: "configuration_changed",
    written_again: "configuration_changed",
    other_seal: "configuration_changed",
    edited_window: "damaged",
}


@pytest.mark.parametrize(("act", "cause"), TRIGGERS.items(), ids=lambda one: getattr(one, "__name__", one))
def test_whatever_changes_disarms_with_nothing_running(
    armed: LiveDesk, act: Callable[[LiveDesk], None], cause: str
) -> None:
    assert armed.armed()["armed"] is True
    act(armed)
    assert (armed.armed()["armed"], armed.armed()["cause"]) == (False, cause)


def sending(desk: LiveDesk) -> Cause | None:
    """What an order that is about to be sent is told."""
    app = desk.app(StringIO(), StringIO())
    state = app.arming.watch(parse_scope(LIVE), is_sending=True)()
    app.close()
    assert state.is_armed is (state.cause is None)
    return state.cause


def test_another_token_ends_the_window_for_good(armed: LiveDesk) -> None:
    assert sending(armed) is None
    token = armed.environment["OANDA_LIVE_TOKEN"]
    armed.environment["OANDA_LIVE_TOKEN"] = token[::-1]
    assert sending(armed) is Cause.CREDENTIALS
    armed.environment["OANDA_LIVE_TOKEN"] = token
    assert sending(armed) is Cause.CREDENTIALS


@pytest.mark.parametrize(("act", "cause"), TRIGGERS.items(), ids=lambda one: getattr(one, "__name__", one))
def test_what_an_order_met_once_stays_over(armed: LiveDesk, act: Callable[[LiveDesk], None], cause: str) -> None:
    """An order notices, then everything is put back as it was: the window is not."""
    kept = {path: (path.read_bytes(), path.stat()) for path in armed.folders.config.iterdir()}
    shift_ns, now_ns = armed.boot_shift_ns, armed.clock.instant_ns
    act(armed)
    assert sending(armed) == Cause(cause)
    for path in armed.folders.config.iterdir():
        if not path.name.startswith("armed-"):
            path.unlink()
    for path, (content, found) in kept.items():
        if not path.name.startswith("armed-"):
            path.write_bytes(content)
            path.chmod(0o600)
            os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    (armed.folders.state / "killed.json").unlink(missing_ok=True)
    armed.boot_id, armed.boot_shift_ns, armed.clock.instant_ns = "one-boot", shift_ns, now_ns
    assert armed.armed()["armed"] is False


def test_a_switch_of_one_process_holds_for_that_process(armed: LiveDesk) -> None:
    armed.environment["EXECUTION_ENABLED"] = "false"
    assert sending(armed) is Cause.SWITCHED_OFF
    del armed.environment["EXECUTION_ENABLED"]
    assert sending(armed) is None
    del armed.environment["OANDA_LIVE_TOKEN"]
    armed.environment["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    assert sending(armed) is Cause.NO_CREDENTIALS


def test_a_window_holds_for_the_state_it_was_opened_over(armed: LiveDesk, tmp_path: Path) -> None:
    armed.environment["RICKCTL_STATE_DIR"] = str(tmp_path / "fresh")
    assert armed.armed()["armed"] is False
    assert code_of(armed.type("arm", "--account", LIVE, "-o", "json")) == "pin_damaged"


def test_a_state_put_back_to_before_the_window_is_not_armed(ready: LiveDesk, tmp_path: Path) -> None:
    shutil.copytree(ready.folders.state, tmp_path / "copy")
    ready.arm()
    shutil.rmtree(ready.folders.state)
    shutil.copytree(tmp_path / "copy", ready.folders.state)
    assert ready.armed()["cause"] == "damaged"
    assert code_of(ready.type("arm", "--account", LIVE, "-o", "json")) == "journal_broken"


def test_disarming_is_always_allowed(armed: LiveDesk) -> None:
    answer = armed.run_here("disarm", "--reason", "enough", "-o", "json")
    assert answer.code == 0
    shown = json.loads(answer.stdout)
    assert [row["account"] for row in shown["disarmed"]] == ["001-001-1234567-001"]
    assert shown["recorded"] is True
    assert armed.armed()["cause"] == "by_hand"
    assert json.loads(armed.run_here("disarm", "-o", "json").stdout)["disarmed"] == []
    assert "enough" in armed.run_here("status", "--history").stdout


def test_disarming_works_with_the_state_corrupt_the_settings_broken_and_the_words_misspelt(armed: LiveDesk) -> None:
    (armed.folders.state / "rickctl.db").write_bytes(b"not a database at all")
    for name in ("rickctl.db-wal", "rickctl.db-shm"):
        (armed.folders.state / name).unlink(missing_ok=True)
    (armed.folders.config / "config.toml").write_text("[[[")
    armed.screen = armed.screen._replace(is_terminal=True, has_colour=True)
    answer = armed.run_here("disarm", "-o", "jsn")
    assert answer.code == 9
    assert "not in the journal yet" in answer.stdout
    app = armed.app(StringIO(), StringIO())
    assert app.arming.state(parse_scope(LIVE)).cause is Cause.BY_HAND


def test_the_window_goes_first_and_its_record_waits_for_whoever_holds_the_database(armed: LiveDesk) -> None:
    (path,) = armed.folders.config.glob("armed-*.json")
    before = path.read_bytes()
    with closing(sqlite3.connect(armed.folders.state / "rickctl.db", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with armed.start("disarm") as process:
            until = time.monotonic() + 8
            while path.read_bytes() == before:
                assert time.monotonic() < until, "the window waits for the database"
                time.sleep(0.02)
            holder.execute("ROLLBACK")
            assert process.wait(30) == 0
    assert list(armed.app(StringIO(), StringIO()).store(write=False).journal(kinds={"disarmed"}))


def test_lifting_a_kill_arms_nothing_and_takes_the_pin(armed: LiveDesk) -> None:
    assert armed.run_here("kill").code == 0
    assert code_of(armed.type("arm", "--account", LIVE, "-o", "json")) == "kill_latch"
    assert code_of(armed.type("resume", "-o", "json", typed=(WRONG,))) == "wrong_pin"
    assert (armed.folders.state / "killed.json").exists()
    assert armed.type("resume", typed=(PIN, "resume")).code == 0
    assert armed.armed()["armed"] is False
    (armed.folders.state / "killed.json").touch()
    assert armed.type("resume", typed=(PIN, "resume")).code == 0
    assert armed.armed()["armed"] is False


def test_a_paper_desk_resumes_without_a_pin(desk: LiveDesk) -> None:
    assert desk.run_here("kill").code == 0
    assert desk.type("resume", typed=("resume",)).code == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("arm", "--account", "main"), "not_live"),
        (("arm", "--account", "practice:oanda:101"), "not_live"),
        (("arm", "--account", "live:paper:main"), "bad_mode"),
        (("arm", "--account", "live:nowhere:1"), "unknown_broker"),
        (("arm",), "bad_usage"),
        (("arm", "--account", LIVE, "--pin", PIN), "bad_usage"),
        (("arm", "--account", LIVE, "--for", "3h"), "window_too_long"),
        (("arm", "--account", LIVE, "--for", "10s"), "bad_duration"),
        (("disarm", "--account", "main"), "not_live"),
        (("pin", "set", PIN), "bad_usage"),
        (("pin", "set"), "pin_exists"),
    ],
)
def test_what_cannot_be_armed_is_refused_by_name(ready: LiveDesk, words: tuple[str, ...], code: str) -> None:
    ready.environment["RICKCTL_ACCOUNT"] = "main"
    answer = ready.type(*words, "-o", "json")
    assert code_of(answer) == code or words[0] == "disarm"
    assert answer.stdout == ""


@pytest.mark.parametrize("words", [("arm", "--account", LIVE), ("pin", "set"), ("pin", "change")])
def test_nobody_at_the_terminal_arms_or_sets_a_pin(ready: LiveDesk, words: tuple[str, ...]) -> None:
    ready.environment["PIN"] = ready.environment["ARM_PIN"] = PIN
    assert code_of(ready.run_here(*words, "-o", "json")) == "needs_person"


def test_no_command_takes_a_pin_as_a_word_or_from_a_variable() -> None:
    names = [
        (entry["command"], parameter["name"])
        for noun in NOUNS
        for entry in describe_noun(noun)
        for parameter in entry["parameters"]
    ]
    assert [found for found in names if "pin" in str(found[1]).lower()] == []


@pytest.mark.parametrize("where", ["environment", "file"])
@pytest.mark.parametrize("spelling", [LIVE, LIVE.upper(), f" {LIVE} "])
@pytest.mark.parametrize("words", [ENTRY, ("positions",), ("quote", "EUR_USD"), ("order", "cancel", "--all")])
def test_live_is_named_on_the_command_line_only(
    desk: LiveDesk, where: str, spelling: str, words: tuple[str, ...]
) -> None:
    if where == "environment":
        desk.environment["RICKCTL_ACCOUNT"] = spelling
    else:
        desk.folders.config.mkdir(parents=True)
        (desk.folders.config / "config.toml").write_text(f'account = "{spelling}"\n')
    answer = desk.run(*words, "-o", "json")
    if words == ("positions",) and answer.code == 0:
        assert "live" not in answer.stdout
        return
    assert code_of(answer) in {"live_by_default", "bad_config"}


def test_settings_take_no_live_account(desk: LiveDesk) -> None:
    assert code_of(desk.run("config", "set", "account", LIVE, "-o", "json")) == "bad_setting"


def test_only_an_order_and_an_arming_look_for_the_token(armed: LiveDesk) -> None:
    """The command that should print a token leaves a mark where it is run; status and rehearsals leave none."""
    mark = armed.root / "asked-live"
    del armed.environment["OANDA_LIVE_TOKEN"]
    command = f"{shutil.which('touch')} {armed.root}/asked-{{mode}}"
    armed.environment |= {"RICKCTL_CREDENTIAL_SOURCE": "command", "RICKCTL_CREDENTIAL_COMMAND": command}
    assert armed.armed()["armed"] is True
    assert armed.type("arm", "--account", LIVE, "--dry-run").code == 0
    assert armed.run_here("disarm", "--dry-run").code == 0
    assert not mark.exists()
    assert sending(armed) is Cause.NO_CREDENTIALS
    assert mark.exists()
