"""Errors, exit codes and variables are documented completely: read off the source, compared with the pages."""

from __future__ import annotations

import ast
import re
from collections import defaultdict

import pytest

from rickctl import cli
from rickctl.domain import errors
from rickctl.domain.account import Ended
from rickctl.domain.charter import RULES
from rickctl.domain.errors import ExitCode, RickctlError
from tests.house.docs_kit import DOCS, pages, read, section, table
from tests.house.kit import ROOT, SOURCES, TESTS, tree

ERRORS = read(DOCS / "errors.md")
EXIT_CODES = read(DOCS / "exit-codes.md")
CATEGORIES = {
    name: kind.category
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, RickctlError)
}


def codes_of_source() -> dict[str, set[str]]:
    """Every code a failure is raised with, by category; a code the text does not state is looked up in what does."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for path in SOURCES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CATEGORIES:
                given = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
                codes = {str(value.value) for value in given if isinstance(value, ast.Constant)}
                found[CATEGORIES[node.func.id]] |= codes
    found["refused"] |= {rule.code for rule in RULES}
    found["rejected"] |= {reason.value for reason in Ended if reason is not Ended.CLIENT} | {"abandoned"}
    found["setup"] |= {"disk_full", "read_only", "no_permission", "io"}
    return found


@pytest.mark.parametrize("category", sorted(set(CATEGORIES.values())))
def test_the_catalogue_has_every_code_of_a_category_and_no_other(category: str) -> None:
    assert {row[0] for row in table(section(ERRORS, category), "Code")} == codes_of_source()[category]


@pytest.mark.parametrize("kind", [*cli.EXIT_CODES, RickctlError], ids=lambda kind: kind.__name__)
def test_a_category_states_its_exit_code(kind: type[RickctlError]) -> None:
    assert section(ERRORS, kind.category).startswith(f"\nExit {int(cli.EXIT_CODES.get(kind, ExitCode.BUG))}.")


def test_the_codes_of_the_operating_system_are_those_of_the_front_door() -> None:
    source = read(ROOT / "rickctl" / "cli.py")
    assert all(f'"{code}"' in source for code in ("disk_full", "read_only", "no_permission", "io"))


def test_a_rules_code_stands_beside_its_number() -> None:
    rows = {row[0]: row[1] for row in table(section(ERRORS, "refused"), "Code") if row[1]}
    assert rows == {rule.code: rule.id for rule in RULES}


def test_every_exit_code_is_explained_with_its_name() -> None:
    rows = {row[0]: row[1] for row in table(EXIT_CODES, "Code")}
    assert rows == {str(int(code)): code.name.lower() for code in ExitCode}


def test_every_variable_is_documented() -> None:
    names = {
        name
        for path in [*SOURCES, *TESTS, ROOT / "Makefile"]
        for name in re.findall(r"RICKCTL_[A-Z][A-Z_]*[A-Z]\b", read(path))
    }
    documented = "".join(read(page) for page in pages())
    assert {name for name in names if name not in documented} == set()
