"""Links lead somewhere, the index names every page, and what the tour and the recipes name exists."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from tests.house.docs_kit import DOCS, pages, read, section, table
from tests.house.kit import ROOT, name_of, tree

if TYPE_CHECKING:
    from pathlib import Path

TOUR = table(read(DOCS / "tour.md"), "File")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FILE = re.compile(r"`((?:rickctl|tests|docs|examples|bench)/[\w./-]+)`")


def anchors(path: Path) -> set[str]:
    """The marks a rendered page gives its headings."""
    headings = [line.lstrip("#").strip() for line in read(path).splitlines() if line.startswith("#")]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", [*pages(), ROOT / "README.md"], ids=name_of)
def test_a_link_leads_somewhere(page: Path) -> None:
    broken = []
    for target in _LINK.findall(without_code(read(page))):
        where, _, mark = target.partition("#")
        if where.startswith(("https:", "http:")):
            continue
        file = (page.parent / where).resolve() if where else page
        if not file.exists() or (mark and mark not in anchors(file)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_a_file_that_is_named_exists(page: Path) -> None:
    named = {found.rstrip("/") for found in _FILE.findall(read(page)) if "NAME" not in found and "NOUN" not in found}
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_the_index_names_every_page() -> None:
    named = {(DOCS / target).resolve() for target in _LINK.findall(read(DOCS / "README.md"))}
    assert {name_of(page) for page in pages() if page != DOCS / "README.md" and page not in named} == set()


def test_the_tour_leads_through_the_house() -> None:
    assert len(TOUR) > 40


@pytest.mark.parametrize(("file", "function"), [(row[0], row[1]) for row in TOUR], ids=[row[1] for row in TOUR])
def test_a_function_of_the_tour_exists(file: str, function: str) -> None:
    owner, _, name = function.rpartition(".")
    body: list[ast.stmt] = tree(ROOT / file).body
    if owner:
        (found,) = [node for node in body if isinstance(node, ast.ClassDef) and node.name == owner]
        body = found.body
    defined = [node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    assert name in defined


PORTS = {"Offer it": "Broker", "Prices": "Market", "Orders": "Execution"}


@pytest.mark.parametrize(("heading", "port"), PORTS.items(), ids=PORTS.values())
def test_the_recipe_for_a_broker_names_every_member_of_its_ports(heading: str, port: str) -> None:
    text = section(read(DOCS / "adding-a-broker.md"), heading)
    ports = tree(ROOT / "rickctl" / "domain" / "ports.py").body
    (found,) = [node for node in ports if isinstance(node, ast.ClassDef) and node.name == port]
    members = {node.name for node in found.body if isinstance(node, ast.FunctionDef)}
    assert {member for member in members if not re.search(rf"`{member}[`(]", text)} == set()
