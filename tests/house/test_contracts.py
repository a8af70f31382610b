"""The import contracts hold, and each of them bites when something is planted against it."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest

from tests.house.kit import ROOT, tree

if TYPE_CHECKING:
    from pathlib import Path

# (contract, file the violation is planted in, the violation)
PLANTED = [
    ("rings", "store/planted.py", "import rickctl.commands.quote"),
    ("rings", "services/planted.py", "import rickctl.config"),
    ("rings", "render/planted.py", "from rickctl.services import quotes"),
    ("rings", "domain/planted.py", "import rickctl.config"),
    ("rings", "app_planted.py", "import json"),
    ("rings", "credentials.py", "import rickctl.store"),
    ("rings", "engine/__init__.py", "import rickctl.gateway"),
    ("rings", "sandbox/__init__.py", "import rickctl.adapters"),
    ("adapters", "adapters/oanda/broker.py", "import rickctl.adapters.sim"),
    ("adapters", "adapters/sim/planted.py", "from rickctl.adapters.replay import tape"),
    ("adapters", "adapters/dual.py", "import rickctl.adapters.factory"),
    ("domain", "domain/planted.py", "import time"),
    ("domain", "domain/charter/planted.py", "import pathlib"),
    ("use-cases", "services/planted.py", "import sqlite3"),
    ("use-cases", "services/planted.py", "from time import time_ns"),
    ("use-cases", "engine/runner.py", "import httpx"),
    ("commands", "commands/planted.py", "from rickctl.adapters.factory import open_market"),
    ("commands", "commands/planted.py", "import rickctl.store.db"),
    ("commands", "commands/planted.py", "import rickctl.credentials"),
    ("commands", "commands/planted.py", "import rickctl.sandbox.server"),
    ("given-ports", "engine/runner.py", "from rickctl.adapters.factory import open_market"),
    ("given-ports", "gateway/http.py", "import rickctl.store.db"),
    ("given-ports", "gateway/http.py", "import rickctl.credentials"),
    ("owners", "commands/planted.py", "from rich.table import Table"),
    ("owners", "app.py", "import keyring"),
    ("owners", "adapters/planted.py", "import sqlite3"),
    ("owners", "credentials.py", "import pydantic_settings"),
    ("owners", "adapters/oanda/broker.py", "import oandapyV20"),
    ("owners", "adapters/coinbase/broker.py", "import httpx"),
]
NEW_PACKAGES = ("engine", "gateway", "sandbox", "adapters/oanda", "adapters/coinbase", "domain/charter")
NEW_MODULES = ("credentials.py", "sandbox/server.py")


def lint(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run lint-imports over the package in `folder`."""
    program = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache", "--no-logo", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the package with the packages that are still to come, empty."""
    shutil.copytree(ROOT / "rickctl", tmp_path / "rickctl", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name in NEW_PACKAGES:
        path = tmp_path / "rickctl" / name
        path.mkdir(exist_ok=True)
        (path / "__init__.py").touch()
    for name in NEW_MODULES:
        (tmp_path / "rickctl" / name).touch()
    return tmp_path


def test_the_contracts_hold() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_contracts_hold_when_the_packages_still_to_come_are_there(copied: Path) -> None:
    good = {
        "credentials.py": "import keyring",
        "engine/runner.py": "import rickctl.services.quotes",
        "gateway/http.py": "import rickctl.engine.runner",
        "adapters/transport/__init__.py": "import httpx",
        "adapters/oanda/client.py": "import oandapyV20\nimport rickctl.adapters.transport",
        "adapters/oanda/broker.py": "import rickctl.adapters.oanda.client",
        "store/planted.py": "import sqlite3",
    }
    for name, text in good.items():
        (copied / "rickctl" / name).write_text(text + "\n", encoding="utf-8")
    done = lint(copied)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("contract", "file", "line"), PLANTED)
def test_a_contract_bites(contract: str, file: str, line: str, copied: Path) -> None:
    path = copied / "rickctl" / file
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(before.replace("from __future__ import annotations\n", "") + line + "\n", encoding="utf-8")
    done = lint(copied, "--contract", contract)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout


@pytest.mark.parametrize("name", ["engine", "gateway"])
def test_a_package_the_contracts_know_by_its_modules_has_an_empty_front(name: str) -> None:
    """Their wildcards match what is inside a package, not the package's own file."""
    assert not (ROOT / "rickctl" / f"{name}.py").exists()
    front = ROOT / "rickctl" / name / "__init__.py"
    nodes = ast.walk(tree(front)) if front.exists() else iter(())
    assert not any(isinstance(node, ast.Import | ast.ImportFrom) for node in nodes)


def test_every_contract_has_something_planted_against_it() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    assert {contract["id"] for contract in contracts} == {name for name, _, _ in PLANTED}
