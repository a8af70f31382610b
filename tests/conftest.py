"""What every test may lean on: reproducible hypothesis runs, and files that may lie beside the project."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, settings

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
SIZE_VARIABLE = "RICKCTL_TEST_SIZE"

# Whoever starts the tests in the background may ignore Ctrl-C, and what is ignored is inherited by programs under test.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples every time, no database, no deadline: a slow machine is not a failure. `full` looks further.
# What failed is shown as it was found and made small; the search for what may vary in it takes minutes.
settings.register_profile(
    "small",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=60,
    print_blob=True,
    phases=[Phase.explicit, Phase.generate, Phase.target, Phase.shrink],
)
settings.register_profile("full", parent=settings.get_profile("small"), max_examples=2000)
settings.load_profile("full" if os.environ.get(SIZE_VARIABLE) == "full" else "small")


@pytest.fixture(scope="session")
def shared_file() -> Callable[[str], Path]:
    """A file of the folder `shared` beside the project; without it a test is skipped, and fails where CI=true."""

    def find(name: str) -> Path:
        path = ROOT.parent / "shared" / name
        if not path.exists():
            reason = f"needs {name}, which lies outside the project and is not here"
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        return path

    return find
