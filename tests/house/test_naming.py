"""Names, sizes and first sentences: what makes the next file look like the last one."""

from __future__ import annotations

import ast
from statistics import median
from typing import TYPE_CHECKING

import pytest

from tests.house.kit import PROGRAMS, SOURCES, TESTS, functions, length, name_of, tree

if TYPE_CHECKING:
    from pathlib import Path

VAGUE = {
    "base",
    "common",
    "core",
    "handler",
    "handlers",
    "helper",
    "helpers",
    "manager",
    "managers",
    "misc",
    "util",
    "utils",
}
LONGEST_FILE = 400
LONGEST_FUNCTION = 40
MEDIAN_FUNCTION = 10


@pytest.mark.parametrize("path", PROGRAMS, ids=name_of)
def test_a_module_is_named_for_what_it_is(path: Path) -> None:
    names = {path.stem, path.parent.name}
    words = {word for name in names for word in name.lower().split("_")}
    assert not words & VAGUE


@pytest.mark.parametrize("path", PROGRAMS, ids=name_of)
def test_a_module_opens_with_one_sentence(path: Path) -> None:
    docstring = ast.get_docstring(tree(path))
    if docstring is None:
        assert not path.read_text(encoding="utf-8").strip(), "it has no docstring"
        return
    sentence = docstring.partition("\n\n")[0].replace("\n", " ")
    assert sentence.endswith((".", ":")), sentence
    assert ". " not in sentence.replace("e.g. ", ""), "more than one sentence: put the rest in a second paragraph"


@pytest.mark.parametrize("path", PROGRAMS, ids=name_of)
def test_a_file_can_be_read_in_one_sitting(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= LONGEST_FILE


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_function_fits_on_a_screen(path: Path) -> None:
    too_long = {node.name: length(node) for node in functions(path) if length(node) > LONGEST_FUNCTION}
    assert not too_long


def test_most_functions_are_short() -> None:
    assert median(length(node) for path in SOURCES for node in functions(path)) <= MEDIAN_FUNCTION


@pytest.mark.parametrize("path", TESTS, ids=name_of)
def test_a_test_patches_nothing(path: Path) -> None:
    used = {node.id for node in ast.walk(tree(path)) if isinstance(node, ast.Name)}
    used |= {node.arg for node in ast.walk(tree(path)) if isinstance(node, ast.arg)}
    used |= {
        alias.name
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    used |= {node.module or "" for node in ast.walk(tree(path)) if isinstance(node, ast.ImportFrom)}
    assert not used & {"MagicMock", "Mock", "mock", "mocker", "monkeypatch", "patch", "unittest.mock"}
