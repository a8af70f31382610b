"""What the property tests share: how much of them runs; asserts nothing."""

from __future__ import annotations

import os

from tests.conftest import SIZE_VARIABLE

IS_FULL = os.environ.get(SIZE_VARIABLE) == "full"
"""Whether everything runs, or what fits into a minute."""
