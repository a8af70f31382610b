"""What is installed is what was written: a wheel carries every module, the charter and the licence, and runs alone."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest

from tests.house.kit import ROOT, SOURCES, name_of

if TYPE_CHECKING:
    from pathlib import Path

OLDEST_SETUPTOOLS = 77


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of the project, without the network."""
    if int(importlib.metadata.version("setuptools").partition(".")[0]) < OLDEST_SETUPTOOLS:
        pytest.skip(f"building needs setuptools {OLDEST_SETUPTOOLS} or newer, as the lock has it")
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT / "rickctl", folder / "rickctl", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    pip("wheel", "--no-build-isolation", "--wheel-dir", str(folder), str(folder))
    return next(folder.glob("*.whl"))


def pip(command: str, *words: str) -> None:
    argv = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", command, "--no-deps", "--no-index"]
    done = subprocess.run([*argv, *words], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_a_wheel_carries_every_module_the_charter_and_the_licence(wheel: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    wanted = {name_of(path) for path in SOURCES} | {"rickctl/charter.toml", "rickctl/py.typed"}
    assert wanted <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not {name for name in names if not name.startswith("rickctl")}


def test_a_wheel_runs_where_the_project_is_not(wheel: Path, tmp_path: Path) -> None:
    pip("install", "--target", str(tmp_path / "installed"), str(wheel))
    done = subprocess.run(
        [sys.executable, "-m", "rickctl", "quote", "BTC-USD", "-o", "csv"],
        cwd=tmp_path,
        env={"PATH": os.environ.get("PATH", ""), "HOME": str(tmp_path), "PYTHONPATH": str(tmp_path / "installed")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1].startswith("BTC-USD,paper,paper,main,sim")
