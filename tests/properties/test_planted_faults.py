"""The tests notice what they are there for: faults planted in a copy of the project make them fail."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT
from tests.properties.kit import IS_FULL
from tests.properties.planted import CAUGHT, Fault, copy_project, load_faults, occurrences, try_fault, try_tests

if TYPE_CHECKING:
    from pathlib import Path

FAULTS = load_faults()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_text_of_every_fault_stands_once_in_its_file(fault: Fault) -> None:
    assert occurrences(fault) == 1
    assert fault.before != fault.after
    assert all((ROOT / "tests" / name).is_file() for name in fault.tests)


def test_there_are_enough_faults() -> None:
    assert len(FAULTS) >= 30
    assert len({(fault.file, fault.before, fault.after) for fault in FAULTS}) == len(FAULTS)


def test_a_copy_without_a_fault_passes_and_is_the_copy(tmp_path: Path) -> None:
    copy_project(tmp_path)
    quick = {name for fault in FAULTS if fault.quick for name in fault.tests}
    trial = try_tests(tmp_path, tuple(sorted(quick)))
    assert trial.code == 0, trial.output
    code = "import rickctl, tests.fakes; print(rickctl.__file__, tests.fakes.__file__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert all(place.startswith(str(tmp_path)) for place in done.stdout.split())


@pytest.mark.parametrize("fault", [one for one in FAULTS if one.quick or IS_FULL], ids=lambda fault: fault.name)
def test_a_planted_fault_is_noticed(fault: Fault) -> None:
    trial = try_fault(fault)
    assert trial.code == CAUGHT, trial.output
