"""The transcripts' own machinery: it notices what changed, and what it cannot read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.harness import parse_transcript, replay

if TYPE_CHECKING:
    from tests.cli.harness import Desk

RIGHT = (
    "# A note.\n---\n$ rickctl zzz\n"
    "stderr> rickctl: 'zzz' is not a command of rickctl\nstderr> hint: rickctl --help\nexit 2\n"
)


def test_a_true_transcript_reads_the_same(desk: Desk) -> None:
    assert replay(parse_transcript(RIGHT), desk) == RIGHT


@pytest.mark.parametrize(("old", "new"), [("exit 2", "exit 0"), ("zzz' is", "zzz' was"), ("stderr> hint", "hint")])
def test_a_changed_answer_is_noticed(desk: Desk, old: str, new: str) -> None:
    wrong = RIGHT.replace(old, new)
    assert replay(parse_transcript(wrong), desk) != wrong


def test_command_lines_without_answers_are_filled_in(desk: Desk) -> None:
    bare = "# A note.\n---\n$ rickctl zzz\n"
    assert replay(parse_transcript(bare), desk) == RIGHT


def test_two_command_lines_without_answers_are_two_steps() -> None:
    assert len(parse_transcript("# A note.\n---\n$ rickctl a\n$ rickctl b\nexit 0\n").steps) == 2


@pytest.mark.parametrize("text", ["# A note.\n---\nsome words\n", "clok: 2025-01-01\n---\n$ rickctl a\nexit 0\n"])
def test_words_it_does_not_know_are_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"not one of|neither"):
        parse_transcript(text)


def test_a_line_that_looks_like_a_mark_survives(desk: Desk) -> None:
    text = (
        "# Notes.\nmask: rickctl .* => exit 7\nmask: 7\\n => 7!\n---\n"
        "$ rickctl --version\n\\exit 7!\n\\no newline\nexit 0\n"
    )
    assert replay(parse_transcript(text), desk) == text


def test_actions_change_the_desk_between_command_lines(desk: Desk) -> None:
    text = (
        "# Notes.\n---\nwrite: {config}/a one\ncopy: {config}/a {config}/b\nreplace: {config}/b one two\n"
        "remove: {config}/a\nadvance: 90s\n$ rickctl --version\n"
    )
    before_ns = desk.clock.now_ns()
    replay(parse_transcript(text), desk)
    assert [path.name for path in desk.folders.config.iterdir()] == ["b"]
    assert (desk.folders.config / "b").read_text(encoding="utf-8") == "two"
    assert desk.clock.now_ns() - before_ns == 90 * 10**9
