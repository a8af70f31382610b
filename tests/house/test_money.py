"""No binary fraction comes near a price, and the domain needs nothing but the language."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

import pytest

from tests.house.kit import ROOT, SOURCES, name_of, tree

if TYPE_CHECKING:
    from pathlib import Path

DOMAIN = [path for path in SOURCES if path.is_relative_to(ROOT / "rickctl" / "domain")]
EXACT = [*DOMAIN, *(path for path in SOURCES if path.is_relative_to(ROOT / "rickctl" / "services"))]


def floats(source: ast.Module) -> list[int]:
    """Lines that name float or write a literal of it; `cutoff=` is a likeness of words, not a number of ours."""
    likenesses = {
        keyword.value for keyword in ast.walk(source) if isinstance(keyword, ast.keyword) and keyword.arg == "cutoff"
    }
    return [
        node.lineno
        for node in ast.walk(source)
        if (isinstance(node, ast.Name) and node.id == "float")
        or (isinstance(node, ast.Constant) and isinstance(node.value, float) and node not in likenesses)
    ]


def outside_imports(source: ast.Module) -> set[str]:
    """Top-level names imported that belong neither to the language nor to the domain."""
    found: set[str] = set()
    for node in ast.walk(source):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or ".")
    return {
        name
        for name in found
        if name.partition(".")[0] not in sys.stdlib_module_names and not f"{name}.".startswith("rickctl.domain.")
    }


@pytest.mark.parametrize("path", EXACT, ids=name_of)
def test_money_and_prices_are_never_floats(path: Path) -> None:
    assert floats(tree(path)) == []


@pytest.mark.parametrize("path", DOMAIN, ids=name_of)
def test_the_domain_imports_the_language_and_itself(path: Path) -> None:
    assert outside_imports(tree(path)) == set()


@pytest.mark.parametrize("text", ["x: float", "x = 0.1", "x = float(y)", "def f(x: list[float]) -> None: ..."])
def test_a_float_is_seen_in_every_disguise(text: str) -> None:
    assert floats(ast.parse(text))


@pytest.mark.parametrize("text", ["import rich", "from rickctl.store import db", "from . import x", "import rickctl"])
def test_an_import_from_outside_is_seen(text: str) -> None:
    assert outside_imports(ast.parse(text))
