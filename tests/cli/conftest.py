"""A desk of its own for every command-line test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.harness import Desk

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Empty folders, a clock that stands still, a pipe for a screen."""
    return Desk(root=tmp_path)
