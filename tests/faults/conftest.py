"""The crowd that the fault tests start their commands from, one a test process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.crowd import Crowd

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    """Processes forked from one that has imported everything."""
    with Crowd(tmp_path_factory.mktemp("crowd")) as found:
        yield found
