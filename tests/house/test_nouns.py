"""The static table of commands names modules that exist, and says the same as they do."""

from __future__ import annotations

from importlib import import_module

import pytest
import typer
from typer.main import get_command

from rickctl.cli import root_help
from rickctl.commands.table import NOUNS, Noun
from tests.house.kit import ROOT


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.name)
def test_a_noun_of_the_table_can_be_run(noun: Noun) -> None:
    assert isinstance(import_module(noun.module).cli, typer.Typer)


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.name)
def test_a_summary_is_one_short_line(noun: Noun) -> None:
    assert noun.summary == noun.summary.strip()
    assert 0 < len(noun.summary.splitlines()[0]) <= 60
    assert "\n" not in noun.summary
    assert not noun.summary.endswith(".")


def test_names_are_unique_and_headings_stand_together() -> None:
    names = [noun.name for noun in NOUNS]
    headings = [noun.group for noun in NOUNS]
    changes = [here for here, before in zip(headings, [None, *headings], strict=False) if here != before]
    assert len(names) == len(set(names))
    assert len(changes) == len(set(changes)), "a heading of root help appears twice"


def test_every_module_with_a_command_is_in_the_table() -> None:
    folder = ROOT / "rickctl" / "commands"
    modules = {path.stem for path in folder.glob("*.py") if "\ncli = " in path.read_text(encoding="utf-8")}
    assert modules == {noun.module.rpartition(".")[2] for noun in NOUNS}


def test_root_help_names_every_noun_in_short_lines() -> None:
    lines = root_help().splitlines()
    assert max(map(len, lines)) <= 110
    for noun in NOUNS:
        assert any(line.split()[:1] == [noun.name] for line in lines)


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.name)
def test_no_summary_is_cut_on_a_page_of_80_columns(noun: Noun) -> None:
    context = typer.Context(get_command(import_module(noun.module).cli), info_name=noun.name, terminal_width=80)
    lines = context.command.get_help(context).splitlines()
    assert [line for line in lines if line.rstrip().endswith("...") and not line.startswith("Usage:")] == []
