"""Pieces every completion script is made of: texts on one line, slots and options as codes; draws no script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.render.clean import clean_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rickctl.services.grammar import Branch, Place, Slot, Verb

REPEATS = "*"
HELP = ("--help", "-h")
HELP_SUMMARY = "what it does and how it is written"


def banner(shell: str) -> str:
    """What a script says of itself."""
    return f"# Written by `rickctl complete --shell {shell}`: to change it, change the commands."


def one_line(text: str) -> str:
    """Text without breaks or control characters."""
    return " ".join(clean_text(text).split())


def double(text: str) -> str:
    """Between double quotes; for texts of our own, which hold nothing a shell would expand."""
    return f'"{text}"'


def all_verbs(branches: Sequence[Branch]) -> Iterator[Verb]:
    """Every command, in order."""
    for branch in branches:
        yield from branch.verbs


def last_word(verb: Verb) -> str:
    """The word that chooses this command among its siblings."""
    return verb.path.rpartition(" ")[2]


def option_names(verb: Verb) -> list[str]:
    """Every spelling of every option, help included."""
    return [name for flag in verb.flags for name in flag.names] + list(HELP)


def coded(slot: Slot) -> str:
    """A slot as one text: its words, or `@` and what to ask for."""
    return " ".join(slot.words) if slot.kind == "words" else f"@{slot.kind}"


def coded_place(place: Place) -> str:
    """An argument's slot, behind `*` where it repeats."""
    return (REPEATS if place.repeats else "") + coded(place.slot)
