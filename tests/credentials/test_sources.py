"""Where a token comes from: the order of the sources, each one's rules, and what ends a search."""

from __future__ import annotations

import os
import sys
import time
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import pytest

from rickctl.credentials.command import run_command
from rickctl.credentials.sources import Places, Sources
from rickctl.domain.credentials import SOURCES, Slot, Source, variable_of
from rickctl.domain.errors import SetupError
from rickctl.domain.scope import Mode
from tests.credentials.kit import ACCOUNTS
from tests.fakes import FakeVault

if TYPE_CHECKING:
    from pathlib import Path

    from rickctl.domain.credentials import Found

PRACTICE, LIVE = Slot("oanda", Mode.PRACTICE), Slot("oanda", Mode.LIVE)
OF_ACCOUNT = PRACTICE._replace(account=ACCOUNTS[0])
NAME = variable_of(PRACTICE)


def program(text: str) -> str:
    """A command line that runs a line of Python."""
    return f'"{sys.executable}" -c "{text}"'


class Laid(NamedTuple):
    """A machine on which some sources have a token, each its own name as the token."""

    places: Places
    descriptors: list[int]

    def find(self, slot: Slot = PRACTICE, only: Source | None = None) -> Found | None:
        found, failure = Sources(self.places._replace(only=only)).survey([slot])
        if failure is not None:
            raise failure
        return found.get(slot)


def lay(sources: tuple[Source, ...], tmp_path: Path, slot: Slot = PRACTICE) -> Laid:
    environment: dict[str, str] = {}
    descriptors = []
    name = variable_of(slot)
    if "fd" in sources:
        reader, writer = os.pipe()
        os.write(writer, f"# a comment\n\nexport {name}='fd'\n".encode())
        os.close(writer)
        descriptors.append(reader)
        environment["RICKCTL_CREDENTIAL_FD"] = str(reader)
    if "systemd" in sources:
        folder = tmp_path / "credentials"
        folder.mkdir()
        (folder / name).write_text("systemd\n", encoding="utf-8")
        (folder / name).chmod(0o400)
        environment["CREDENTIALS_DIRECTORY"] = str(folder)
    file = tmp_path / "tokens"
    if "file" in sources:
        file.write_text(f'{name}="file"\n', encoding="utf-8")
        file.chmod(0o600)
    if "environment" in sources:
        environment[name] = "environment"
    asked = program(f"print('command' if '{{mode}}' == '{slot.mode.value}' else '')")
    command = asked if "command" in sources else ""
    vault = FakeVault({slot: "keyring"} if "keyring" in sources else {})
    return Laid(Places(environment, vault, command, [file]), descriptors)


@pytest.fixture(params=[pair for count in (1, 2, 6) for pair in combinations(SOURCES, count)], ids="+".join)
def sources(request: pytest.FixtureRequest) -> tuple[Source, ...]:
    """Every source alone, every two, and all."""
    chosen: tuple[Source, ...] = request.param
    return chosen


def test_the_first_source_that_has_a_token_gives_it_and_is_named(sources: tuple[Source, ...], tmp_path: Path) -> None:
    laid = lay(sources, tmp_path)
    found = laid.find()
    assert found is not None
    assert (found.secret.reveal(), found.source) == (sources[0], sources[0])
    for descriptor in laid.descriptors:
        os.close(descriptor)


@pytest.mark.parametrize("only", SOURCES)
def test_a_chosen_source_is_the_only_one_asked(only: Source, tmp_path: Path) -> None:
    laid = lay(SOURCES, tmp_path)
    found = laid.find(only=only)
    assert found is not None
    assert found.source == only
    for descriptor in laid.descriptors:
        os.close(descriptor)


@pytest.mark.parametrize("only", SOURCES)
def test_a_chosen_source_without_a_token_finds_none(only: Source, tmp_path: Path) -> None:
    laid = lay(tuple(source for source in SOURCES if source != only), tmp_path)
    assert laid.find(only=only) is None
    for descriptor in laid.descriptors:
        os.close(descriptor)


@pytest.mark.parametrize("source", SOURCES)
def test_a_token_of_one_mode_never_opens_the_other(source: Source, tmp_path: Path) -> None:
    laid = lay((source,), tmp_path, PRACTICE)
    assert laid.find(LIVE) is None
    for descriptor in laid.descriptors:
        os.close(descriptor)


@pytest.mark.parametrize("source", [source for source in SOURCES if source != "command"])
def test_an_account_has_its_own_token_before_that_of_its_mode(source: Source, tmp_path: Path) -> None:
    laid = lay((source,), tmp_path, OF_ACCOUNT)
    found, _ = Sources(laid.places).survey([PRACTICE, OF_ACCOUNT])
    assert list(found) == [OF_ACCOUNT]
    assert found[OF_ACCOUNT].slot == OF_ACCOUNT
    for descriptor in laid.descriptors:
        os.close(descriptor)


@pytest.mark.parametrize("source", SOURCES)
def test_an_account_without_one_uses_that_of_its_mode(source: Source, tmp_path: Path) -> None:
    laid = lay((source,), tmp_path, PRACTICE)
    found = laid.find(OF_ACCOUNT)
    assert found is not None
    assert found.slot == PRACTICE
    for descriptor in laid.descriptors:
        os.close(descriptor)


def test_the_keyring_is_asked_last_once_and_only_for_what_is_missing(tmp_path: Path) -> None:
    laid = lay(("environment",), tmp_path)
    vault = FakeVault()
    sources = Sources(laid.places._replace(vault=vault))
    sources.survey([PRACTICE])
    assert vault.loads == 0
    sources.survey([PRACTICE, LIVE, OF_ACCOUNT])
    assert vault.loads == 1


def test_no_keyring_is_no_fault_unless_it_was_chosen(tmp_path: Path) -> None:
    away = FakeVault(failure=SetupError("none here", code="keyring_absent"))
    places = lay((), tmp_path).places._replace(vault=away)
    assert Sources(places).survey([PRACTICE]) == ({}, None)
    assert Sources(places._replace(only="keyring")).survey([PRACTICE])[1] is away.failure


@pytest.mark.parametrize("code", ["keyring_locked", "keyring_silent", "keyring_broken"])
def test_a_keyring_that_fails_is_told_and_what_was_found_before_stays(code: str, tmp_path: Path) -> None:
    vault = FakeVault(failure=SetupError("not today", code=code))
    places = lay(("environment",), tmp_path).places._replace(vault=vault)
    found, failure = Sources(places).survey([PRACTICE, LIVE])
    assert set(found) == {PRACTICE}
    assert failure is vault.failure


# files


@pytest.mark.parametrize(
    ("mode", "words"), [(0o640, "others can reach it"), (0o604, "others can reach it"), (0o660, "others can reach it")]
)
def test_a_file_others_can_reach_is_refused(mode: int, words: str, tmp_path: Path) -> None:
    laid = lay(("file", "environment"), tmp_path)
    (tmp_path / "tokens").chmod(mode)
    with pytest.raises(SetupError, match=words) as caught:
        laid.find()
    assert (caught.value.code, caught.value.hint) == ("bad_credentials_file", f"chmod 600 {tmp_path}/tokens")


def test_a_link_to_a_file_is_refused(tmp_path: Path) -> None:
    laid = lay(("file",), tmp_path)
    (tmp_path / "tokens").rename(tmp_path / "elsewhere")
    (tmp_path / "tokens").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SetupError, match="symbolic link"):
        laid.find()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    laid = lay(("file",), tmp_path)
    os.chown(tmp_path / "tokens", 12345, -1)
    with pytest.raises(SetupError, match="it belongs to user 12345"):
        laid.find()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"canary-in-the-file", "line 1 is not NAME=value"),
        (b"A_TOKEN=x\n\ncanary in the file=3", "line 3 is not NAME=value"),
        (b"\xff\xfecanary", "not text in UTF-8"),
        (b"#" * 70_000, "longer than 65536 bytes"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_without_its_text(content: bytes, words: str, tmp_path: Path) -> None:
    laid = lay(("file",), tmp_path)
    (tmp_path / "tokens").write_bytes(content)
    with pytest.raises(SetupError, match=words) as caught:
        laid.find()
    assert "canary" not in caught.value.message


def test_a_folder_or_a_pipe_in_place_of_a_file_is_refused_at_once(tmp_path: Path) -> None:
    laid = lay((), tmp_path)
    os.mkfifo(tmp_path / "tokens", 0o600)
    started = time.monotonic()
    with pytest.raises(SetupError, match="not a file"):
        laid.find()
    assert time.monotonic() - started < 2
    (tmp_path / "tokens").unlink()
    (tmp_path / "tokens").mkdir(mode=0o700)
    with pytest.raises(SetupError, match="not a file"):
        laid.find()


def test_credentials_of_systemd_may_be_another_users_but_not_everybodys(tmp_path: Path) -> None:
    laid = lay(("systemd",), tmp_path)
    path = tmp_path / "credentials" / NAME
    path.chmod(0o440)
    assert laid.find() is not None
    path.chmod(0o444)
    with pytest.raises(SetupError, match="others can reach it"):
        laid.find()


# descriptors


@pytest.mark.parametrize("written", ["1", "2", "-1", "x", "٣", "99999", "3.0"])
def test_a_descriptor_that_cannot_be_one_is_refused(written: str, tmp_path: Path) -> None:
    places = lay((), tmp_path).places._replace(environment={"RICKCTL_CREDENTIAL_FD": written})
    failure = Sources(places).survey([PRACTICE])[1]
    assert failure is not None
    assert (failure.code, failure.hint) == ("bad_credentials", "unset RICKCTL_CREDENTIAL_FD")


def test_a_closed_descriptor_is_told(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    os.close(writer)
    places = lay((), tmp_path).places._replace(environment={"RICKCTL_CREDENTIAL_FD": str(reader)})
    failure = Sources(places).survey([PRACTICE])[1]
    assert failure is not None
    assert "cannot be read as text" in failure.message


def test_a_descriptor_is_read_once_and_names_the_default_account(tmp_path: Path) -> None:
    laid = lay(("fd",), tmp_path)
    sources = Sources(laid.places)
    assert sources.survey([PRACTICE])[0]
    assert sources.survey([PRACTICE])[0]
    assert sources.account(PRACTICE) is None
    os.close(laid.descriptors[0])


# commands


def test_a_command_is_given_the_slot_in_its_words_and_no_shell() -> None:
    written = program("import sys; print(sys.argv[1:])") + " {broker}/{mode}/{account} $HOME ; `id`"
    secret = run_command(written, OF_ACCOUNT, {})
    assert secret is not None
    assert secret.reveal() == str([f"oanda/practice/{ACCOUNTS[0]}", "$HOME", ";", "`id`"])


def test_a_command_does_not_see_the_token_it_stands_in_for() -> None:
    written = program("import os; print(sorted(os.environ))")
    secret = run_command(written, OF_ACCOUNT, {NAME: "x", variable_of(OF_ACCOUNT): "y", "OP_SESSION": "z"})
    assert secret is not None
    assert "OP_SESSION" in secret.reveal()
    assert "OANDA" not in secret.reveal()


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (program("import sys; print('canary'); sys.exit('canary')"), "ended with 1"),
        ("/nonexistent/pass show x", "credential_command /nonexistent/pass does not start: no such file"),
        ("'", "is no command line"),
        ("", "is no command line"),
        (program("import sys; sys.stdout.buffer.write(bytes([255, 254]))"), "printed no text"),
        (program("print('x' * 200000)"), "printed too much"),
    ],
)
def test_a_command_that_fails_is_told_without_what_it_said(
    written: str, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SetupError, match=words) as caught:
        run_command(written, PRACTICE, {})
    assert caught.value.code == "credential_command"
    assert "canary" not in caught.value.message
    assert capfd.readouterr() == ("", "")


def test_a_command_that_does_not_end_is_ended_with_all_it_started(tmp_path: Path) -> None:
    mark = tmp_path / "still-here"
    inner = f"import time, pathlib; time.sleep(2); pathlib.Path('{mark}').touch()"
    script = tmp_path / "ask.py"
    script.write_text(
        f"import subprocess, sys, time\nsubprocess.Popen([sys.executable, '-c', {inner!r}])\ntime.sleep(60)\n",
        encoding="utf-8",
    )
    started = time.monotonic()
    with pytest.raises(SetupError, match="did not end within"):
        run_command(f"{sys.executable} {script}", PRACTICE, {}, limit_s=1)
    assert time.monotonic() - started < 5
    time.sleep(2)
    assert not mark.exists()


def test_a_command_that_prints_nothing_has_no_token() -> None:
    assert run_command(program("print()"), PRACTICE, {}) is None
