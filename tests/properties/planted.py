"""Plants one fault at a time in a copy of the project and tells whether the tests notice; run as a module, all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import NamedTuple

from tests.conftest import ROOT, SIZE_VARIABLE

TABLE = Path(__file__).parent / "faults.toml"
SLOWEST_S = 300
HASTE = """
# A failure is enough: nobody reads the smallest one.
import hypothesis
settings.register_profile("planted", parent=settings(), phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate])
settings.load_profile("planted")
"""
CAUGHT = 1
"""What pytest returns when tests ran and some failed; a copy that cannot even be imported gives another code."""


class Fault(NamedTuple):
    """A substitution in a file of the package, and the test files that must notice it."""

    name: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]
    quick: bool


class Trial(NamedTuple):
    """What the tests said of a copy."""

    code: int
    output: str


def load_faults() -> list[Fault]:
    """Every fault of the table."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return [
        Fault(name, row["file"], row["before"], row["after"], tuple(row["tests"]), row.get("quick", False))
        for name, row in table.items()
    ]


def occurrences(fault: Fault) -> int:
    """How often the text to replace stands in its file."""
    return (ROOT / "rickctl" / fault.file).read_text(encoding="utf-8").count(fault.before)


def copy_project(target: Path) -> None:
    """What the tests need of the project, without what it makes by itself."""
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    for name in ("rickctl", "tests"):
        shutil.copytree(ROOT / name, target / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", target)
    with (target / "tests" / "conftest.py").open("a", encoding="utf-8") as conftest:
        conftest.write(HASTE)


def plant(fault: Fault, target: Path) -> None:
    """Put the fault into the copy; raises ValueError where its text does not stand there once."""
    path = target / "rickctl" / fault.file
    text = path.read_text(encoding="utf-8")
    if text.count(fault.before) != 1:
        message = f"{fault.file} holds the text of {fault.name} {text.count(fault.before)} times"
        raise ValueError(message)
    path.write_text(text.replace(fault.before, fault.after), encoding="utf-8")


def try_tests(target: Path, tests: tuple[str, ...]) -> Trial:
    """Run test files of the copy, at the small size, up to the first that fails."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RICKCTL_", "PYTEST_"))}
    words = ["-x", "-p", "no:cacheprovider", "--override-ini=addopts=-q --import-mode=importlib"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, *(f"tests/{name}" for name in tests)],
        cwd=target,
        env={**kept, "PYTHONPATH": str(target), "PYTHONDONTWRITEBYTECODE": "1", SIZE_VARIABLE: "small"},
        capture_output=True,
        text=True,
        timeout=SLOWEST_S,
        check=False,
    )
    return Trial(done.returncode, done.stdout + done.stderr)


def try_fault(fault: Fault) -> Trial:
    """Plant one fault in a fresh copy and run the tests that must notice."""
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        copy_project(Path(folder))
        plant(fault, Path(folder))
        return try_tests(Path(folder), fault.tests)


def main() -> None:
    """Plant every fault, or those named, and print which were caught."""
    wanted = sys.argv[1:]
    faults = [fault for fault in load_faults() if not wanted or fault.name in wanted]
    killed = 0
    for fault in faults:
        trial = try_fault(fault)
        killed += trial.code == CAUGHT
        word = "caught" if trial.code == CAUGHT else f"SURVIVED (pytest {trial.code})"
        sys.stdout.write(f"{word:<10} {fault.name}\n")
        sys.stdout.flush()
    sys.stdout.write(f"killed {killed} of {len(faults)} planted faults\n")
    sys.exit(0 if killed == len(faults) else 1)


if __name__ == "__main__":
    main()
