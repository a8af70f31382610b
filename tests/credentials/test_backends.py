"""Keyrings that are not the system's: none is taken unasked, and one named by a person must keep what it is told."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from rickctl.credentials import vault
from rickctl.credentials.vault import LIMIT_S, Keyring, child_environment
from rickctl.domain.credentials import Secret, Slot
from rickctl.domain.errors import SetupError
from rickctl.domain.scope import Mode
from tests.cli.harness import ROOT
from tests.credentials.kit import TOKEN

if TYPE_CHECKING:
    from pathlib import Path

PRACTICE = Slot("oanda", Mode.PRACTICE)


def keyring(home: Path, backend: str = "", **variables: str) -> Keyring:
    given = {
        "HOME": str(home),
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": str(ROOT / "tests" / "fixtures" / "keyrings"),
        **variables,
    }
    return Keyring(given, backend=backend)


def test_a_keyring_a_person_names_is_used_and_named(tmp_path: Path) -> None:
    ours = keyring(tmp_path, "odd_keyrings.Plain")
    assert ours.save(PRACTICE, Secret(TOKEN)) == "odd_keyrings.Plain"
    found = ours.load([PRACTICE])[PRACTICE]
    assert (found.secret.reveal(), found.detail) == (TOKEN, "odd_keyrings.Plain")
    assert ours.remove(PRACTICE)
    assert not ours.remove(PRACTICE)


@pytest.mark.parametrize("named", ["odd_keyrings.Plain", "keyring.backends.null.Keyring"])
def test_a_keyring_chosen_for_other_programs_is_not_taken(named: str, tmp_path: Path) -> None:
    (tmp_path / ".config" / "python_keyring").mkdir(parents=True)
    text = f"[backend]\ndefault-keyring={named}\n"
    (tmp_path / ".config" / "python_keyring" / "keyringrc.cfg").write_text(text, encoding="utf-8")
    with pytest.raises(SetupError) as caught:
        keyring(tmp_path, PYTHON_KEYRING_BACKEND=named).save(PRACTICE, Secret(TOKEN))
    assert caught.value.code == "keyring_absent"


@pytest.mark.parametrize(
    ("backend", "code", "words"),
    [
        ("odd_keyrings.Forgetful", "keyring_lost", "does not give it back; it is not stored"),
        ("odd_keyrings.Talkative", "keyring_broken", "cannot be used: RuntimeError"),
        ("odd_keyrings.Crashing", "keyring_broken", "its process ended with -6"),
        ("odd_keyrings.Asking", "keyring_broken", "cannot be used: EOFError"),
        ("keyring.backends.null.Keyring", "keyring_broken", "cannot be used: PermissionError"),
        ("keyring.backends.fail.Keyring", "keyring_broken", "cannot be used: PermissionError"),
        ("keyring.backends.chainer.ChainerBackend", "keyring_broken", "cannot be used: PermissionError"),
        ("odd_keyrings.Missing", "keyring_broken", "cannot be used: AttributeError"),
        ("no_such_module.Keyring", "keyring_broken", "cannot be used: ModuleNotFoundError"),
    ],
)
def test_a_keyring_that_does_not_keep_its_word_is_told_without_its_words(
    backend: str, code: str, words: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SetupError, match=words) as caught:
        keyring(tmp_path, backend).save(PRACTICE, Secret(TOKEN))
    assert caught.value.code == code
    assert TOKEN not in caught.value.message
    assert capfd.readouterr() == ("", "")


def test_a_keyring_that_hangs_is_left_within_the_limit(tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(SetupError, match="did not answer within 3 s"):
        keyring(tmp_path, "odd_keyrings.Busy").load([PRACTICE])
    assert time.monotonic() - started >= LIMIT_S


def test_a_secret_goes_neither_into_the_words_nor_the_environment_of_a_process() -> None:
    given = {"OANDA_LIVE_TOKEN": "x", "COINBASE_API_SECRET": "x", "PYTHON_KEYRING_BACKEND": "x", "HOME": "here"}
    assert child_environment(given) == {"HOME": "here"}


def test_a_crash_with_a_secret_leaves_no_core_file(tmp_path: Path) -> None:
    program = (
        "import os, resource\n"
        "from rickctl.credentials.process import keep_out_of_core_files\n"
        "keep_out_of_core_files()\n"
        "os.abort()\n"
    )
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)

    def allow() -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))

    done = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        stderr=subprocess.DEVNULL,
        preexec_fn=allow,  # noqa: PLW1509 - no threads here
    )
    _, status = os.waitpid(done.pid, 0)
    done.returncode = status
    assert os.WIFSIGNALED(status)
    assert not os.WCOREDUMP(status)
    assert list(tmp_path.iterdir()) == []


def test_the_process_that_asks_limits_itself_before_it_reads(tmp_path: Path) -> None:
    """It runs alone, so what it does for itself is asked of it alone."""
    probe = (
        "import resource, runpy, signal, sys\n"
        "sys.modules['json'].loads = lambda text: sys.exit(repr((resource.getrlimit(resource.RLIMIT_CORE),"
        " signal.alarm(0) > 0)))\n"
    )
    quiet = "import os\nos.dup2 = lambda *_: None\n"
    program = f"import json\n{probe}{quiet}runpy.run_path({str(vault._INQUIRY)!r}, run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", program], input="{}", capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.stderr.strip() == "((0, 0), True)"
