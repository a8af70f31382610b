"""The two command lines of README, and what their scripts say on a machine that lacks something."""

from __future__ import annotations

import os
import shutil
import subprocess
import tomllib
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement

from tests.house.kit import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SCRIPTS = [".ci/venv.sh", ".ci/test.sh", ".ci/run", "examples/first-run.sh"]
OLD_PYTHON = "#!/bin/sh\nexit 1\n"
# Answers the version question with yes and the question for venv with no.
BARE_PYTHON = '#!/bin/sh\ncase "$*" in *ensurepip*) exit 1 ;; esac\nexit 0\n'


def command_lines() -> list[str]:
    """The lines of README's first fenced block, as .ci/run reads them."""
    _, block, _ = (ROOT / "README.md").read_text(encoding="utf-8").split("```", 2)
    return [line for line in block.splitlines() if line.strip()]


def run_venv(folder: Path, pythons: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a copy of .ci/venv.sh where PATH holds these interpreters and nothing else it could find one in."""
    (folder / ".ci").mkdir()
    (folder / "bin").mkdir()
    shutil.copy(ROOT / ".ci" / "venv.sh", folder / ".ci")
    found = shutil.which("dirname")
    assert found is not None
    (folder / "bin" / "dirname").symlink_to(found)
    for name, text in pythons.items():
        (folder / "bin" / name).write_text(text, encoding="utf-8")
        (folder / "bin" / name).chmod(0o755)
    return subprocess.run(
        ["/bin/sh", ".ci/venv.sh", "app"],
        cwd=folder,
        env={"PATH": str(folder / "bin"), "HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_readme_opens_with_exactly_two_command_lines() -> None:
    lines = command_lines()
    assert len(lines) == 2
    for line in lines:
        shell, script = line.split()
        assert shell == "sh"
        assert (ROOT / script).is_file()


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_can_be_run_and_is_well_formed(name: str) -> None:
    path = ROOT / name
    shell = "bash" if "bash" in path.read_text(encoding="utf-8").splitlines()[0] else "sh"
    assert os.access(path, os.X_OK)
    subprocess.run([shutil.which(shell) or shell, "-n", str(path)], check=True, timeout=60)


@pytest.mark.parametrize(
    ("pythons", "words"),
    [
        ({}, ["Python 3.11 or newer", "apt install python3"]),
        ({"python3": OLD_PYTHON, "python3.11": OLD_PYTHON}, ["Python 3.11 or newer"]),
        ({"python3": BARE_PYTHON}, ["python3 cannot make virtual environments", "apt install python3-venv"]),
        ({"python3": OLD_PYTHON, "python3.12": BARE_PYTHON}, ["python3.12 cannot make", "python3-venv"]),
    ],
    ids=["no python", "old python", "no venv", "old python and one without venv"],
)
def test_a_machine_that_lacks_something_is_told_what(pythons: dict[str, str], words: list[str], tmp_path: Path) -> None:
    done = run_venv(tmp_path, pythons)
    assert done.returncode == 3
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    for word in words:
        assert word in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_the_lock_satisfies_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split(" ")[0].split("==") for line in lines if "==" in line and not line.startswith((" ", "#")))
    asked = [Requirement(text) for text in (*project["dependencies"], *project["optional-dependencies"]["dev"])]
    assert [str(one) for one in asked if pinned.get(one.name.lower(), "0") not in one.specifier] == []


def test_the_lock_pins_every_package_with_a_hash() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    packages = [line for line in lines if line and not line.startswith(("#", " "))]
    hashed = [here for here, after in pairwise(lines) if after.lstrip().startswith("--hash=sha256:")]
    assert packages
    assert all("==" in line for line in packages)
    assert set(packages) <= set(hashed)
