"""Login, logout and whoami as a person meets them: what is asked, kept, recorded, refused and shown."""

from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from rickctl.credentials.logins import LoginFile
from rickctl.domain.credentials import ProbeAnswer, Secret, Slot
from rickctl.domain.errors import SetupError, Unreachable, UsageError
from rickctl.domain.scope import Mode
from rickctl.services.credentials import Desk, authorise, check_token, log_in, skew_warning
from rickctl.store.state import Store
from tests.credentials.kit import ACCOUNTS, LIVE_TOKEN, TOKEN, Machine
from tests.fakes import FakeClock, FakeLoginBook, FakeProbe, FakeVault

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rickctl.domain.credentials import Login

KNOWN = {(Mode.PRACTICE, TOKEN): ACCOUNTS, (Mode.LIVE, LIVE_TOKEN): ("001-001-7654321-001",)}
PRACTICE = Slot("oanda", Mode.PRACTICE)
LOGIN = ("login", "oanda", "--mode", "practice")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine without a keyring, a venue that knows two tokens, and a person who types the right one."""
    return Machine(root=tmp_path, probe=FakeProbe(KNOWN), told=TOKEN)


def to_file(machine: Machine, *argv: str) -> tuple[str, ...]:
    """A login that keeps its token in a file."""
    return (*LOGIN, "--insecure-file", str(machine.root / "tokens"), *argv)


def journal_of(machine: Machine) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(machine.run("journal", "list", "-o", "json").stdout)
    return rows


def test_a_token_is_typed_unseen_checked_kept_and_read_back(machine: Machine) -> None:
    done = machine.run(*to_file(machine))
    assert done.code == 0
    assert machine.questions == ["Token of oanda practice (not shown): "]
    assert "logged in at oanda practice" in done.stdout
    assert "101-***-001 of 2 accounts" in done.stdout
    assert "lies unencrypted" in done.stderr
    path = machine.root / "tokens"
    assert path.read_text(encoding="utf-8") == f"OANDA_PRACTICE_TOKEN={TOKEN}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert TOKEN not in done.stdout + done.stderr


def test_what_was_kept_is_found_again_with_its_account(machine: Machine) -> None:
    machine.run(*to_file(machine))
    [practice, live] = json.loads(machine.run("whoami", "-o", "json").stdout)
    assert practice == {
        "broker": "oanda",
        "mode": "practice",
        "account": "101-***-001",
        "source": "file",
        "detail": str(machine.root / "tokens"),
        "accounts": 2,
        "permissions": None,
        "answers": None,
        "problem": None,
    }
    assert (live["mode"], live["source"]) == ("live", None)


def test_two_modes_and_an_account_of_its_own_lie_side_by_side(machine: Machine) -> None:
    machine.run(*to_file(machine))
    machine.run(*to_file(machine, "--account", ACCOUNTS[1]))
    machine.told = LIVE_TOKEN
    file = str(machine.root / "tokens")
    assert machine.run("login", "oanda", "--mode", "live", "--insecure-file", file).code == 0
    names = [line.partition("=")[0] for line in (machine.root / "tokens").read_text(encoding="utf-8").splitlines()]
    assert names == ["OANDA_PRACTICE_TOKEN", "OANDA_PRACTICE_TOKEN_101_001_1234567_002", "OANDA_LIVE_TOKEN"]
    machine.run("logout", "oanda", "--mode", "practice", "--account", ACCOUNTS[1])
    rows = json.loads(machine.run("whoami", "-o", "json").stdout)
    assert [(row["mode"], row["source"]) for row in rows] == [("practice", "file"), ("live", "file")]


def test_logins_and_logouts_are_in_the_journal_without_a_secret(machine: Machine) -> None:
    machine.run(*to_file(machine))
    machine.told = LIVE_TOKEN
    assert machine.run(*to_file(machine)).code == 3
    machine.run("logout", "oanda", "--mode", "practice")
    rows = journal_of(machine)
    assert [row["kind"] for row in rows] == ["login", "login_refused", "logout"]
    assert '"code": "wrong_environment"' in json.dumps(rows[1])
    assert TOKEN not in json.dumps(rows)
    assert LIVE_TOKEN not in json.dumps(rows)
    assert machine.run("journal", "verify").code == 0


def test_logout_takes_the_file_away_with_its_last_token(machine: Machine) -> None:
    machine.run(*to_file(machine))
    done = machine.run("logout", "oanda", "--mode", "practice", "-o", "json")
    assert json.loads(done.stdout)["removed"] == [str(machine.root / "tokens")]
    assert not (machine.root / "tokens").exists()
    again = machine.run("logout", "oanda", "--mode", "practice", "-o", "json")
    assert (again.code, json.loads(again.stdout)["removed"]) == (0, [])


def test_logout_says_where_a_token_is_found_all_the_same(machine: Machine) -> None:
    machine.environment["OANDA_PRACTICE_TOKEN"] = TOKEN
    machine.run(*to_file(machine))
    done = machine.run("logout", "oanda", "--mode", "practice")
    assert "a token is still found: environment, OANDA_PRACTICE_TOKEN" in done.stdout


@pytest.mark.parametrize(("typed", "mode", "other"), [(LIVE_TOKEN, "practice", "live"), (TOKEN, "live", "practice")])
def test_a_token_of_the_other_environment_is_named_and_not_kept(
    typed: str, mode: str, other: str, machine: Machine
) -> None:
    machine.told = typed
    done = machine.run("login", "oanda", "--mode", mode, "--insecure-file", str(machine.root / "tokens"))
    assert (done.code, done.stdout) == (3, "")
    assert f"this token belongs to oanda {other}, not {mode}; nothing was stored" in done.stderr
    assert f"hint: rickctl login oanda --mode {other}" in done.stderr
    assert not (machine.root / "tokens").exists()


def test_a_token_for_a_sandbox_is_never_shown_to_the_other_environment(machine: Machine) -> None:
    probe = FakeProbe(KNOWN)
    machine.probe, machine.told = probe, LIVE_TOKEN
    machine.environment["RICKCTL_OANDA_URL"] = "http://127.0.0.1:1"
    done = machine.run(*to_file(machine))
    assert (done.code, probe.asked) == (3, [Mode.PRACTICE])
    assert "does not know this token" in done.stderr


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (Unreachable("oanda practice does not answer", code="venue_away"), 5),
        (SetupError("not known", code="bad_token"), 3),
    ],
)
def test_nothing_is_kept_that_the_venue_does_not_vouch_for(failure: Exception, code: int, machine: Machine) -> None:
    machine.probe = FakeProbe({}, failure=failure)
    done = machine.run(*to_file(machine))
    assert (done.code, done.stdout) == (code, "")
    assert not (machine.root / "tokens").exists()
    assert [row["kind"] for row in journal_of(machine)] == ["login_refused"]


def test_an_unreachable_other_environment_does_not_hide_the_first_answer() -> None:
    class Halfway(FakeProbe):
        def check(self, mode: Mode, token: Secret) -> ProbeAnswer:
            if mode is Mode.LIVE:
                message = "away"
                raise Unreachable(message, code="venue_away")
            return super().check(mode, token)

    with pytest.raises(SetupError) as caught:
        authorise(PRACTICE, Secret("x"), Halfway({}), asks_other=True)
    assert caught.value.code == "bad_token"


@pytest.mark.parametrize(
    ("skew_ms", "code", "words"),
    [
        (0, 0, ""),
        (2_000, 0, ""),
        (-2_001, 0, "this machine's clock is 2.001 s behind the venue's"),
        (60_000, 0, "this machine's clock is 60.000 s ahead of the venue's"),
        (60_001, 3, "this machine's clock is 60.001 s ahead of the venue's; it must be within 60 s"),
        (-90_500, 3, "90.500 s behind"),
    ],
)
def test_a_clock_that_is_off_is_told_and_one_far_off_refused(
    skew_ms: int, code: int, words: str, machine: Machine
) -> None:
    machine.probe = FakeProbe(KNOWN, skew_ms=skew_ms)
    done = machine.run(*to_file(machine))
    assert done.code == code
    assert words in done.stderr
    assert ("machine's clock" in done.stderr) == bool(words)


def test_an_unmeasured_clock_is_no_fault() -> None:
    assert skew_warning(None) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it is empty"),
        ("a b", "a space, a line break"),
        (f"{TOKEN}\n{TOKEN}", "a space, a line break"),
        ("tökenökenöken", "outside ASCII"),
        (f'"{TOKEN}"', "in quotes"),
        (f"Bearer{TOKEN}", "the word Bearer"),
        ("x" * 4097, "longer than 4096"),
    ],
)
def test_what_cannot_be_a_token_is_refused_before_any_venue_is_asked(text: str, words: str, machine: Machine) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        check_token("oanda", Secret(text))
    assert TOKEN[:8] not in caught.value.message
    probe = FakeProbe(KNOWN)
    machine.probe, machine.told = probe, text
    assert machine.run(*to_file(machine)).code == 2
    assert probe.asked == []


@pytest.mark.parametrize("text", ["short-token", TOKEN.upper(), TOKEN + "0", "0" * 64])
def test_a_token_of_another_shape_is_tried_with_a_warning(text: str, machine: Machine) -> None:
    machine.probe, machine.told = FakeProbe({(Mode.PRACTICE, text): ACCOUNTS}), text
    done = machine.run(*to_file(machine))
    assert done.code == 0
    assert "32 - 32 hexadecimal digits so far; this one has another shape" in done.stderr
    assert check_token("oanda", Secret(TOKEN)) is None


def test_an_account_the_token_does_not_open_is_refused(machine: Machine) -> None:
    done = machine.run(*to_file(machine, "--account", "101-001-9-009"))
    assert done.code == 2
    assert "does not open account 101-001-9-009" in done.stderr


def test_a_token_without_accounts_is_refused(machine: Machine) -> None:
    machine.probe = FakeProbe({(Mode.PRACTICE, TOKEN): ()})
    assert "opens no account" in machine.run(*to_file(machine)).stderr


def test_a_rehearsal_asks_the_venue_and_writes_nothing(machine: Machine) -> None:
    done = machine.run(*LOGIN, "--dry-run")
    assert done.code == 0
    assert "would log in at oanda practice" in done.stdout
    machine.told = LIVE_TOKEN
    assert machine.run(*LOGIN, "--dry-run").code == 3
    assert machine.run("logout", "oanda", "--mode", "practice", "--dry-run").code == 0
    assert not [path for path in machine.root.rglob("*") if path.is_file()]


def test_without_a_terminal_nobody_is_asked(machine: Machine) -> None:
    machine.told = None
    done = machine.run(*to_file(machine))
    assert done.code == 2
    assert "hint: add --token-stdin or --token-file FILE" in done.stderr


def test_a_token_comes_from_a_file_of_its_own(machine: Machine) -> None:
    machine.told = None
    path = machine.root / "token"
    path.write_text(f"{TOKEN}\n", encoding="utf-8")
    path.chmod(0o644)
    refused = machine.run(*to_file(machine, "--token-file", str(path)))
    assert (refused.code, "others can reach it" in refused.stderr) == (3, True)
    path.chmod(0o600)
    assert machine.run(*to_file(machine, "--token-file", str(path))).code == 0
    assert machine.run(*to_file(machine, "--token-file", str(machine.root / "none"))).code == 3
    assert machine.run(*to_file(machine, "--token-file", str(path), "--token-stdin")).code == 2


def test_whoami_asks_the_venue_only_when_told_and_exits_9_for_a_no(machine: Machine) -> None:
    probe = FakeProbe(KNOWN, permissions=("read", "trade"))
    machine.probe = probe
    machine.environment |= {"OANDA_PRACTICE_TOKEN": TOKEN, "OANDA_LIVE_TOKEN": TOKEN}
    assert machine.run("whoami").code == 0
    assert probe.asked == []
    done = machine.run("whoami", "--check", "-o", "json")
    assert done.code == 9
    practice, live = json.loads(done.stdout)
    assert (practice["answers"], practice["permissions"]) == (True, ["read", "trade"])
    assert live["answers"] is False
    assert "belongs to oanda practice" in live["problem"]


def test_whoami_takes_the_account_from_the_environment_and_checks_it(machine: Machine) -> None:
    machine.environment |= {"OANDA_PRACTICE_TOKEN": TOKEN, "OANDA_PRACTICE_ACCOUNT_ID": ACCOUNTS[1]}
    [practice, _] = json.loads(machine.run("whoami", "-o", "json").stdout)
    assert practice["account"] == "101-***-002"
    machine.environment["OANDA_PRACTICE_ACCOUNT_ID"] = "101-001-1-009"
    done = machine.run("whoami", "--check", "-o", "json")
    assert done.code == 9
    assert "the token does not open this account" in done.stdout


def test_one_source_can_be_chosen_by_option_variable_and_setting(machine: Machine) -> None:
    machine.environment["OANDA_PRACTICE_TOKEN"] = TOKEN
    assert ",environment," in machine.run("whoami", "--credential-source", "environment", "-o", "csv").stdout
    assert ",environment," not in machine.run("whoami", "--credential-source", "file", "-o", "csv").stdout
    assert machine.run("whoami", "--credential-source", "keyring").code == 3
    assert machine.run("whoami", "--credential-source", "post-it").code == 2
    assert machine.run("config", "set", "credential_source", "systemd").code == 0
    assert ",environment," not in machine.run("whoami", "-o", "csv").stdout
    machine.environment["RICKCTL_CREDENTIAL_SOURCE"] = "environment"
    assert ",environment," in machine.run("whoami", "-o", "csv").stdout


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("credential_command", "pass show oanda"),
        ("credential_file", "tokens"),
        ("keyring_backend", "file"),
        ("credential_source", "post-it"),
    ],
)
def test_settings_that_would_mix_modes_or_mean_nothing_are_refused(key: str, value: str, machine: Machine) -> None:
    assert machine.run("config", "set", key, value).code == 2


def test_a_file_named_in_the_settings_is_asked(machine: Machine) -> None:
    path = machine.root / "mine"
    path.write_text(f"OANDA_LIVE_TOKEN={LIVE_TOKEN}\n", encoding="utf-8")
    path.chmod(0o600)
    assert machine.run("config", "set", "credential_file", str(path)).code == 0
    assert f"oanda,live,,file,{path}" in machine.run("whoami", "-o", "csv").stdout


def test_a_damaged_book_of_logins_is_told_with_a_way_out(machine: Machine) -> None:
    machine.run(*to_file(machine))
    book = machine.folders.config / "logins.json"
    assert TOKEN not in book.read_text(encoding="utf-8")
    book.write_text("[{}]", encoding="utf-8")
    done = machine.run("whoami")
    assert (done.code, f"hint: move it away and log in again: mv {book} {book}.old" in done.stderr) == (3, True)


def test_where_nothing_can_be_recorded_nobody_logs_in(machine: Machine) -> None:
    machine.folders.state.parent.mkdir(exist_ok=True)
    machine.folders.state.write_text("in the way", encoding="utf-8")
    assert machine.run(*to_file(machine)).code == 3
    assert not (machine.root / "tokens").exists()


class _Broken(FakeLoginBook):
    """A book of logins that cannot be written."""

    def save(self, logins: Sequence[Login]) -> None:
        if logins:
            message = "no room"
            raise SetupError(message, code="disk_full")


@pytest.mark.parametrize("held", [{}, {PRACTICE: "an older token"}])
def test_a_login_that_fails_half_way_puts_back_what_was_there(held: dict[Slot, str], tmp_path: Path) -> None:
    vault = FakeVault(held)
    clock = FakeClock()
    with Store.open(tmp_path / "state", tmp_path / "config", clock, write=True) as store:
        desk = Desk(logins=_Broken(), open_state=lambda: store, clock=clock, state_folder="state", uid=1)
        with pytest.raises(SetupError, match="no room"):
            log_in(PRACTICE, Secret(TOKEN), vault, desk, lambda *_: ProbeAnswer(ACCOUNTS))
        assert vault.held == held
        assert not list(store.journal())


def test_logins_at_the_same_moment_are_all_kept(machine: Machine) -> None:
    names = [f"101-001-1234567-{number:03}" for number in range(1, 9)]
    Store.open(machine.folders.state, machine.folders.config, FakeClock(), write=True).close()

    def log_in_as(name: str) -> None:
        book, clock = LoginFile(machine.folders.config), FakeClock()
        with Store.open(machine.folders.state, machine.folders.config, clock, write=True) as store:
            desk = Desk(logins=book, open_state=lambda: store, clock=clock, state_folder="state", uid=1)
            slot = PRACTICE._replace(account=name)
            log_in(slot, Secret(TOKEN), FakeVault(), desk, lambda *_: ProbeAnswer(names))

    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(log_in_as, names))
    assert sorted(str(login.slot.account) for login in LoginFile(machine.folders.config).load()) == names
