"""The project's own files, as the house tests read them."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "rickctl").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
PROGRAMS = [*SOURCES, *TESTS, *sorted((ROOT / "bench").rglob("*.py"))]
_NOT_OURS = frozenset({".git", ".venv", "build", "dist", "node_modules"})
_TEXTS = frozenset(
    {".py", ".md", ".toml", ".sh", ".txt", ".lock", ".cfg", ".yml", ".json", ".bash", ".zsh", ".fish", ".ps1"}
)


def name_of(path: Path) -> str:
    """The path as seen from the project's top."""
    return path.relative_to(ROOT).as_posix()


def texts() -> Iterator[Path]:
    """Every file of the project that people read."""
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        is_ours = not any(part in _NOT_OURS or part.endswith(("_cache", "__pycache__", ".egg-info")) for part in parts)
        is_text = path.suffix in _TEXTS or path.name in {"Makefile", "LICENSE", "run"}
        if is_ours and is_text and path.is_file():
            yield path


def tree(path: Path) -> ast.Module:
    """The syntax tree of one file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=name_of(path))


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of one file."""
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the last statement, the docstring and the signature not counted."""
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
