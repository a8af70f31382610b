"""Completion scripts for four shells, drawn from the grammar of the commands; knows no command."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rickctl.services.grammar import Branch

FILES = {"bash": "rickctl.bash", "zsh": "_rickctl", "fish": "rickctl.fish", "powershell": "rickctl.ps1"}
"""The file each shell's script is kept in."""


def draw_script(shell: str, branches: Sequence[Branch]) -> str:
    """The script of one of the shells in FILES, ending in a newline."""
    return "\n".join(import_module(f"rickctl.render.shells.{shell}").draw(branches)) + "\n"
