"""Every command has its section on a page: options as the command has them, every field, every exit code, examples."""

from __future__ import annotations

import re

import pytest

from rickctl.commands.table import NOUNS
from tests.house.docs_kit import DOCS, Verb, commands_of, read, section, table, verbs, with_descriptions

FOLDER = DOCS / "commands"
PAGES = sorted(FOLDER.glob("*.md"))
NAMES = [noun.name for noun in NOUNS]
VERBS = verbs()


def page_of(name: str) -> str:
    return read(FOLDER / f"{name.partition(' ')[0]}.md")


def words(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", f"`{cell}`")


def fields_of(name: str) -> set[str]:
    """The fields a section lists, those of another section it points to included."""
    found = section(page_of(name), f"rickctl {name}")
    shown = {word for row in table(found, "Field") for word in words(row[0])} - {", "}
    return shown.union(*(fields_of(other) for other in re.findall(r"Fields of \[`rickctl ([a-z ]+)`\]", found)))


def name_of(verb: Verb) -> str:
    return verb.name


def test_the_pages_are_those_of_the_command_table() -> None:
    assert {page.stem for page in PAGES} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_says_what_it_is_for_and_what_to_beware_of(name: str) -> None:
    text = page_of(name)
    assert text.startswith(f"# {name}\n")
    assert section(text, "Traps").strip().startswith("- ")
    assert len(commands_of(text)) >= 2


@pytest.mark.parametrize("name", NAMES)
def test_options_on_a_page_are_those_of_its_commands(name: str) -> None:
    text = page_of(name)
    assert with_descriptions(text) == text, "write it again: python -m tests.house.docs_kit"


@pytest.mark.parametrize("verb", VERBS, ids=name_of)
def test_a_command_has_its_section_with_options_and_an_example(verb: Verb) -> None:
    found = section(page_of(verb.name), f"rickctl {verb.name}")
    assert "<!-- from the command -->" in found
    assert [line for line in commands_of(found) if line.startswith(f"$ rickctl {verb.name}")], "it shows no example"


@pytest.mark.parametrize("verb", VERBS, ids=name_of)
def test_the_fields_on_a_page_are_those_the_command_prints(verb: Verb) -> None:
    assert fields_of(verb.name) == set(verb.promised.fields)
    rows = table(section(page_of(verb.name), f"rickctl {verb.name}"), "Field")
    assert all(row[1] for row in rows), "a field without a meaning"


@pytest.mark.parametrize("verb", VERBS, ids=name_of)
def test_the_exit_codes_on_a_page_are_those_the_command_declares(verb: Verb) -> None:
    rows = table(section(page_of(verb.name), f"rickctl {verb.name}"), "Code")
    shown = [int(code) for row in rows for code in re.findall(r"\d+", row[0])]
    assert sorted(shown) == sorted(verb.promised.exits)


def test_every_shape_of_an_output_is_explained() -> None:
    assert {verb.promised.shape for verb in VERBS if f"`{verb.promised.shape}`" not in page_of("schema")} == set()
