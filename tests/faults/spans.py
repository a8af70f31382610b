"""How long commands take when nobody harms them, and moments drawn from a seed within that time; harms nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.faults.ground import draw

if TYPE_CHECKING:
    from tests.faults.acts import Act, Life

OVER = 1.1
"""Moments are drawn up to this many times what the command took when it lived."""


class Spans:
    """The shortest each kind of command took, in seconds."""

    def __init__(self) -> None:
        self._found: dict[str, float] = {}

    def known(self, act: Act) -> bool:
        """Whether that kind of command was measured."""
        return act.name in self._found

    def measure(self, act: Act, life: Life) -> None:
        """Run it to its end."""
        begun = time.monotonic()
        life.ground.run(*act.argv, codes=(0, 4, 6))
        self._found[act.name] = time.monotonic() - begun

    def moment_s(self, act: Act, *parts: object) -> float:
        """An instant between the command's start and a little after its end; half of them in its later half."""
        part = draw(*parts, "moment")
        if draw(*parts, "half") < 1 / 2:
            part = (1 + part) / 2
        return OVER * self._found[act.name] * part
