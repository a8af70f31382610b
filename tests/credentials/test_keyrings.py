"""Real Secret Services: unlocked, locked, silent and none; a process of its own asks them, and ends in time."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from rickctl.credentials.vault import LIMIT_S, Keyring
from rickctl.domain.credentials import Secret, Slot
from rickctl.domain.errors import SetupError
from rickctl.domain.scope import Mode
from tests.credentials.canary_kit import descendants, read_proc
from tests.credentials.kit import ACCOUNTS, LIVE_TOKEN, TOKEN, Machine, lock_collection, session_bus
from tests.fakes import FakeProbe

if TYPE_CHECKING:
    from pathlib import Path

PRACTICE, LIVE = Slot("oanda", Mode.PRACTICE), Slot("oanda", Mode.LIVE)
OF_ACCOUNT = PRACTICE._replace(account=ACCOUNTS[1])
SLACK_S = 4
"""A wall clock on a machine that does much else; alone, half a second is plenty."""
KNOWN = {(Mode.PRACTICE, TOKEN): ACCOUNTS, (Mode.LIVE, LIVE_TOKEN): ("001-001-7654321-001",)}


def inquiries_alive() -> list[int]:
    """Processes this one has started to ask a keyring, and that still run."""
    return [pid for pid in descendants(os.getpid()) if "inquiry.py" in read_proc(f"/proc/{pid}/cmdline")]


def test_a_keyring_keeps_reads_back_and_forgets_each_slot_apart() -> None:
    with session_bus("unlocked") as variables:
        keyring = Keyring(variables)
        assert keyring.load([PRACTICE, LIVE, OF_ACCOUNT]) == {}
        assert keyring.save(PRACTICE, Secret("practice")) == "Secret Service"
        keyring.save(OF_ACCOUNT, Secret("of account"))
        found = keyring.load([PRACTICE, LIVE, OF_ACCOUNT])
        assert {slot: held.secret.reveal() for slot, held in found.items()} == {
            PRACTICE: "practice",
            OF_ACCOUNT: "of account",
        }
        assert {(held.source, held.detail) for held in found.values()} == {("keyring", "Secret Service")}
        assert keyring.remove(PRACTICE)
        assert not keyring.remove(PRACTICE)
        assert set(Keyring(variables).load([PRACTICE, OF_ACCOUNT])) == {OF_ACCOUNT}


def test_a_locked_keyring_says_so_at_once() -> None:
    with session_bus("locked") as variables:
        started = time.monotonic()
        with pytest.raises(SetupError, match="locked") as caught:
            Keyring(variables).load([PRACTICE])
        assert caught.value.code == "keyring_locked"
        assert time.monotonic() - started < LIMIT_S + SLACK_S


def test_a_silent_keyring_is_left_within_the_limit_and_asked_only_once() -> None:
    with session_bus("silent") as variables:
        keyring = Keyring(variables)
        started = time.monotonic()
        for _ in range(3):
            with pytest.raises(SetupError, match="did not answer within 3 s") as caught:
                keyring.load([PRACTICE])
            assert caught.value.code == "keyring_silent"
        assert LIMIT_S <= time.monotonic() - started < LIMIT_S + SLACK_S
        assert not inquiries_alive()


def test_without_a_bus_there_is_no_keyring() -> None:
    with pytest.raises(SetupError) as caught:
        Keyring({"PATH": os.environ.get("PATH", "")}).load([PRACTICE])
    assert caught.value.code == "keyring_absent"


def test_with_a_bus_and_no_service_there_is_no_keyring() -> None:
    with session_bus("none") as variables, pytest.raises(SetupError) as caught:
        Keyring(variables).load([PRACTICE])
    assert caught.value.code in {"keyring_absent", "keyring_locked"}


def test_login_whoami_and_logout_with_a_real_keyring(tmp_path: Path) -> None:
    with session_bus("unlocked") as variables:
        probe = FakeProbe(KNOWN, permissions=("read", "trade"))
        machine = Machine(root=tmp_path, environment=variables, probe=probe, told=TOKEN)
        done = machine.run("login", "oanda", "--mode", "practice", "-o", "json")
        assert (done.code, done.stderr) == (0, "")
        assert '"stored": "Secret Service"' in done.stdout
        assert '"account": "101-***-001"' in done.stdout
        shown = machine.run("whoami", "--check", "-o", "csv")
        assert shown.code == 0
        assert "oanda,practice,101-***-001,keyring,Secret Service,2," in shown.stdout
        assert "oanda,live,,,,,,," in shown.stdout
        assert "from keyring (Secret Service)" in machine.run("doctor").stdout
        gone = machine.run("logout", "oanda", "--mode", "practice", "-o", "json")
        assert '"removed": ["keyring"], "remaining": null' in gone.stdout
        assert ",keyring," not in machine.run("whoami", "-o", "csv").stdout


@pytest.mark.parametrize(
    ("service", "words"), [("silent", "did not answer within 3 s"), ("locked", "the keyring is locked")]
)
def test_a_keyring_that_does_not_open_stops_login_and_whoami_with_3(service: str, words: str, tmp_path: Path) -> None:
    with session_bus(service) as variables:
        machine = Machine(root=tmp_path, environment=variables, probe=FakeProbe(KNOWN), told=TOKEN)
        quote = ("quote", "EUR_USD", "--account", f"practice:oanda:{ACCOUNTS[0]}")
        for argv in (("whoami",), ("login", "oanda", "--mode", "practice"), quote):
            started = time.monotonic()
            done = machine.run_process(*argv)
            assert time.monotonic() - started < LIMIT_S + SLACK_S
            assert (done.code, done.stdout) == (3, "")
            assert words in done.stderr.splitlines()[0]
        assert machine.questions == []
        started = time.monotonic()
        checked = machine.run_process("doctor")
        assert time.monotonic() - started < LIMIT_S + SLACK_S
        assert checked.code == 9
        assert words in checked.stdout


def test_a_token_elsewhere_needs_no_keyring(tmp_path: Path) -> None:
    with session_bus("silent") as variables:
        given = {**variables, "OANDA_PRACTICE_TOKEN": TOKEN, "OANDA_LIVE_TOKEN": LIVE_TOKEN}
        started = time.monotonic()
        shown = Machine(root=tmp_path, environment=given).run("whoami", "-o", "csv")
        assert (shown.code, shown.stderr) == (0, "")
        assert "oanda,live,,environment,OANDA_LIVE_TOKEN" in shown.stdout
        assert time.monotonic() - started < LIMIT_S + SLACK_S


def test_without_a_keyring_login_stores_nothing_and_names_the_ways(tmp_path: Path) -> None:
    machine = Machine(root=tmp_path, probe=FakeProbe(KNOWN), told=TOKEN)
    done = machine.run("login", "oanda", "--mode", "practice")
    assert (done.code, done.stdout) == (3, "")
    for way in ("OANDA_PRACTICE_TOKEN", "RICKCTL_CREDENTIAL_FD", "CREDENTIALS_DIRECTORY", "--insecure-file"):
        assert way in done.stderr
    assert machine.questions == []
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_keyring_locked_after_the_login_is_found_out(tmp_path: Path) -> None:
    with session_bus("unlocked") as variables:
        machine = Machine(root=tmp_path, environment=variables, probe=FakeProbe(KNOWN), told=TOKEN)
        assert machine.run("login", "oanda", "--mode", "practice").code == 0
        lock_collection(variables)
        assert "locked" in machine.run("whoami").stderr


def test_a_sandbox_has_tokens_of_its_own(tmp_path: Path) -> None:
    sandbox = {"RICKCTL_OANDA_URL": "http://127.0.0.1:1"}
    with session_bus("unlocked") as variables:
        probe = FakeProbe({**KNOWN, (Mode.PRACTICE, LIVE_TOKEN): ACCOUNTS[1:]})
        machine = Machine(root=tmp_path, environment=variables, probe=probe, told=TOKEN)
        assert machine.run("login", "oanda", "--mode", "practice").code == 0
        machine.environment = {**variables, **sandbox}
        assert ",keyring," not in machine.run("whoami", "-o", "csv").stdout
        machine.told = LIVE_TOKEN
        assert machine.run("login", "oanda", "--mode", "practice").code == 0
        assert "oanda,practice,101-***-002,keyring," in machine.run("whoami", "-o", "csv").stdout
        assert machine.run("logout", "oanda", "--mode", "practice").code == 0
        machine.environment = variables
        assert "oanda,practice,101-***-001,keyring," in machine.run("whoami", "-o", "csv").stdout
        held = Keyring(variables).load([PRACTICE, PRACTICE._replace(is_sandbox=True)])
        assert {slot: found.secret.reveal() for slot, found in held.items()} == {PRACTICE: TOKEN}
