"""Prices on paper ask for no secret: nothing of this package is loaded, and no process is started."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.credentials.kit import python_run

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import sys
starts = ("subprocess.Popen", "os.fork", "os.posix_spawn")
sys.addaudithook(lambda event, _: sys.exit(event) if event in starts else None)
from rickctl.__main__ import main
sys.argv[1:] = {argv!r}
code = main()
print(*(name for name in sys.modules if "credentials" in name or name == "keyring"), file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.parametrize(
    "argv", [["quote", "EUR_USD", "-o", "json"], ["candles", "EUR_USD"], ["positions"]], ids=lambda argv: argv[0]
)
def test_paper_loads_no_sources_and_starts_no_process(argv: list[str], tmp_path: Path) -> None:
    folders = {"RICKCTL_STATE_DIR": str(tmp_path / "state"), "RICKCTL_CONFIG_DIR": str(tmp_path / "config")}
    done = python_run(PROGRAM.format(argv=argv), {"HOME": str(tmp_path), **folders})
    assert done.returncode == 0, done.stderr
    assert set(done.stderr.split()) <= {"rickctl.domain.credentials"}


def test_a_token_in_the_environment_loads_no_keyring(tmp_path: Path) -> None:
    folders = {"RICKCTL_STATE_DIR": str(tmp_path / "state"), "RICKCTL_CONFIG_DIR": str(tmp_path / "config")}
    tokens = {"OANDA_PRACTICE_TOKEN": "a" * 20, "OANDA_LIVE_TOKEN": "b" * 20}
    done = python_run(PROGRAM.format(argv=["whoami"]), {"HOME": str(tmp_path), **folders, **tokens})
    assert done.returncode == 0, done.stderr
    assert "keyring" not in done.stderr.split()
