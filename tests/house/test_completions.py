"""The completion scripts in completions/ are what the commands of today would write, and hold every word of them.

To write them again: `python -m tests.house.test_completions`.
"""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from rickctl.commands.complete import read_branches
from rickctl.commands.table import NOUNS
from rickctl.render.shells import FILES, draw_script
from rickctl.services.grammar import ASKED_KINDS
from tests.house.kit import ROOT

if TYPE_CHECKING:
    from rickctl.services.grammar import Slot, Verb

FOLDER = ROOT / "completions"
BRANCHES = read_branches()
VERBS = [verb for branch in BRANCHES for verb in branch.verbs]
PARSERS = {"bash": ["bash", "-n"], "zsh": ["zsh", "-n"], "fish": ["fish", "--no-execute"]}


def slots(verb: Verb) -> list[Slot]:
    return [flag.slot for flag in verb.flags if flag.slot] + [place.slot for place in verb.places]


@pytest.mark.parametrize("shell", FILES)
def test_a_script_is_what_the_commands_would_write_now(shell: str) -> None:
    kept = (FOLDER / FILES[shell]).read_text(encoding="utf-8")
    assert kept == draw_script(shell, BRANCHES), "run: python -m tests.house.test_completions"


def test_every_command_is_in_the_tree() -> None:
    assert [branch.name for branch in BRANCHES] == [noun.name for noun in NOUNS]
    assert all(branch.verbs for branch in BRANCHES)
    assert len({verb.path for verb in VERBS}) == len(VERBS)


@pytest.mark.parametrize("shell", FILES)
@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.path)
def test_a_script_holds_every_word_of_a_command(shell: str, verb: Verb) -> None:
    text = draw_script(shell, BRANCHES)
    bare = shell == "fish"
    for flag in verb.flags:
        for name in flag.names:
            assert (name.lstrip("-") if bare else name) in text
    for slot in slots(verb):
        assert all(word in text for word in slot.words)


def test_what_only_this_machine_knows_is_asked_for_and_never_kept() -> None:
    asked = {slot.kind for verb in VERBS for slot in slots(verb)}
    assert {"symbols", "accounts", "orders"} <= asked <= {*ASKED_KINDS, "files", "text", "words"}
    assert "EUR_USD" not in "".join((FOLDER / name).read_text(encoding="utf-8") for name in FILES.values())


@pytest.mark.parametrize("shell", PARSERS)
def test_a_script_is_well_formed(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    subprocess.run([*PARSERS[shell], str(FOLDER / FILES[shell])], check=True, timeout=60)


if __name__ == "__main__":
    for shell, name in FILES.items():
        (FOLDER / name).write_text(draw_script(shell, BRANCHES), encoding="utf-8")
