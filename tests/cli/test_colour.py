"""Colour on a terminal is a setting; without it the words are the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.render.layout import Screen
from tests.cli.harness import Desk

if TYPE_CHECKING:
    from pathlib import Path


def test_a_settings_file_takes_colour_away_and_leaves_the_words(tmp_path: Path) -> None:
    desk = Desk(root=tmp_path, screen=Screen(is_terminal=True, width=100, has_colour=True))
    coloured = desk.run("quote", "BTC-USD").stdout

    assert desk.run("config", "set", "colour", "never").code == 0

    plain = desk.run("quote", "BTC-USD").stdout
    assert "\x1b[" in coloured
    assert "\x1b[" not in plain
    assert "BTC-USD" in plain
