"""Every example on every page answers today what the page says; other blocks at least parse."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tomllib
from typing import TYPE_CHECKING

import pytest

from tests.house.docs_kit import DOCS, UPDATE_VARIABLE, commands_of, fences, is_command, pages, played, read, rewrite
from tests.house.kit import name_of

if TYPE_CHECKING:
    from pathlib import Path

SHOWING = [page for page in pages() if commands_of(read(page))]
LANGUAGES = frozenset({"console", "sh", "sh-session", "text", "json", "toml", "python", ""})


@pytest.mark.parametrize("page", SHOWING, ids=name_of)
def test_the_examples_on_a_page_answer_the_same_today(page: Path, tmp_path: Path) -> None:
    written = read(page)
    if os.environ.get(UPDATE_VARIABLE) == "1":
        rewrite(page)
        return
    assert played(written, tmp_path) == written, f"read the change, then {UPDATE_VARIABLE}=1"


@pytest.mark.parametrize("page", SHOWING, ids=name_of)
def test_no_example_shows_a_fault_of_the_program(page: Path) -> None:
    assert "a bug of ours:" not in read(page)


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_a_block_is_in_a_language_the_tests_know(page: Path) -> None:
    assert {language for language, _ in fences(read(page))} <= LANGUAGES
    assert read(page).count("\n```") % 2 == 0


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_a_block_parses_in_its_language(page: Path) -> None:
    for language, lines in fences(read(page)):
        text = "\n".join(lines)
        if language == "console":
            assert is_command(lines[0]), "a console block begins with a command"
        elif language == "sh":
            shell = shutil.which("sh") or "sh"
            done = subprocess.run([shell, "-n"], input=text, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
        elif language == "toml":
            tomllib.loads(text)
        elif language == "json":
            json.loads(text)
        elif language == "python":
            compile(text, name_of(page), "exec")


def test_a_changed_word_or_code_is_noticed(tmp_path: Path) -> None:
    page = (
        "\n```console\n$ rickctl zzz\nstderr> rickctl: 'zzz' is not a command of rickctl\n"
        "stderr> hint: {}\nexit 2\n```\n"
    )
    right = page.format("rickctl --help")
    assert played(right, tmp_path) == right
    for wrong in (page.format("rickctl"), right.replace("exit 2", "exit 0"), right.replace("exit 2\n", "")):
        assert played(wrong, tmp_path) == right


def test_notes_between_examples_change_the_desk(tmp_path: Path) -> None:
    page = (
        "<!-- clock: 2025-11-15T14:00:00Z -->\n<!-- advance: 3d -->\n"
        "<!-- write: ~/.config/rickctl/charter.toml x = 1 -->\n```console\n$ rickctl quote EUR_USD\n"
        "$ rickctl charter path\n```\n"
    )
    shown = played(page, tmp_path)
    assert "closed" not in shown
    assert "\n~/.config/rickctl/charter.toml\n" in shown


def test_files_of_an_example_stay_in_its_desk(tmp_path: Path) -> None:
    commands = ("$ rickctl charter seal --expect a461e23e5360", "$ rickctl journal backup ~/rickctl-copy.db")
    shown = played("\n".join(["```console", *commands, "```"]), tmp_path)
    assert "✓ ~/rickctl-copy.db" in shown
    assert (tmp_path / "rickctl-copy.db").is_file()


def test_there_is_a_page_for_the_index() -> None:
    assert (DOCS / "README.md").is_file()
