"""The pages of docs/ as tests read them: console examples replayed, sections, tables, what a command says of itself.

Run as a program it rewrites examples and option tables with today's answers: `python -m tests.house.docs_kit [PAGE…]`.
"""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from typer.main import get_command

from rickctl.commands.table import NOUNS
from tests.cli.harness import Step, Transcript, open_desk, replay
from tests.house.kit import ROOT, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.cli.harness import Desk

DOCS = ROOT / "docs"
UPDATE_VARIABLE = "RICKCTL_UPDATE_DOCS"
PROMPT = "$ rickctl"

_ACTIONS = frozenset({"advance", "write", "copy", "replace", "remove", "mode"})
_SETTINGS = frozenset({"clock", "screen", "width", "colour", "env", "mask"})
_COMMENT = re.compile(r"<!-- (\w+): (.*) -->")
_BEGIN, _END = "<!-- from the command -->", "<!-- to here -->"
# A page names places as a person would; the harness knows them by name. The longest first, so that none hides another.
_PLACES = (
    ("~/.local/state/rickctl", "{state}"),
    ("~/.config/rickctl", "{config}"),
    ("~/rickctl/tests/fixtures", "{fixtures}"),
    ("~/rickctl", "{project}"),
    ("~", "{desk}"),
)
_GOES_ON = r"(?![\w.-])"


class Verb(NamedTuple):
    """One command of the tree: its full name, what Typer built of it, and what it promises."""

    name: str
    command: Any

    @property
    def promised(self) -> Any:  # noqa: ANN401 - the Contract its function carries
        """Shape, fields, exit codes."""
        return self.command.callback.contract


def verbs() -> list[Verb]:
    """Every command, in the order of the help."""
    found = []
    for noun in NOUNS:
        built = get_command(import_module(noun.module).cli)
        inner = getattr(built, "commands", None) or {"": built}
        shown = {name: command for name, command in inner.items() if not command.hidden}
        found += [Verb(f"{noun.name} {name}".strip(), command) for name, command in shown.items()]
    return found


def pages() -> list[Path]:
    """Every page, in order."""
    return sorted(DOCS.rglob("*.md"))


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """What stands under a heading of the second level, up to the next one; empty where there is none."""
    _, found, rest = f"\n{text}".partition(f"\n## {heading}\n")
    return rest.partition("\n## ")[0] if found else ""


def table(text: str, first: str) -> list[list[str]]:
    """The rows of every table whose first heading is `first`, without their backticks."""
    rows: list[list[str]] = []
    is_inside = False
    for line in text.splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|"):
            is_inside = False
        elif cells[0] == first:
            is_inside = True
        elif is_inside and set(cells[0]) - set("-: "):
            rows.append(cells)
    return rows


def fences(text: str) -> Iterator[tuple[str, list[str]]]:
    """Every fenced block: its language and its lines."""
    language: str | None = None
    lines: list[str] = []
    for line in text.splitlines():
        if not line.startswith("```"):
            lines.append(line)
        elif language is None:
            language, lines = line.removeprefix("```"), []
        else:
            yield language, lines
            language = None


# what a command says of itself


def described(verb: Verb) -> list[str]:
    """Synopsis, arguments and options of a command as lines of a page."""
    hidden = ("help", *(one.name for one in verb.command.params if getattr(one, "hidden", False)))
    parameters = [parameter for parameter in verb.command.params if parameter.name not in hidden]
    arguments = [one for one in parameters if one.param_type_name == "argument"]
    options = [one for one in parameters if one.param_type_name == "option"]
    words = ["rickctl", verb.name, *(_argument_word(one) for one in arguments), *(["[OPTIONS]"] if options else [])]
    lines = ["```text", " ".join(words), "```", ""]
    for heading, rows in (("Argument", arguments), ("Option", options)):
        if rows:
            lines += [f"| {heading} | Meaning | Default |", "|---|---|---|"]
            lines += [f"| {_names(one)} | {_cell(one.help or '')} | {_default(one)} |" for one in rows]
            lines.append("")
    changes = "It changes state." if verb.promised.mutates else "It changes nothing."
    return [*lines, changes]


def _argument_word(parameter: Any) -> str:  # noqa: ANN401 - typer publishes no type for what it builds
    name = (parameter.metavar or parameter.name.upper()).strip("[]")
    return name if parameter.required else f"[{name}]"


def _names(parameter: Any) -> str:  # noqa: ANN401 - as above
    if parameter.param_type_name == "argument":
        return f"`{(parameter.metavar or parameter.name.upper()).strip('[]')}`"
    flags = sorted((*parameter.opts, *parameter.secondary_opts), key=lambda flag: (flag.startswith("--"), flag))
    value = "" if getattr(parameter, "is_flag", False) else f" {parameter.metavar or parameter.type.name.upper()}"
    return ", ".join(f"`{flag}`" for flag in flags[:-1]) + (", " if flags[1:] else "") + f"`{flags[-1]}{value}`"


def _default(parameter: Any) -> str:  # noqa: ANN401 - as above
    default = parameter.default
    return f"`{default}`" if isinstance(default, (str, int)) and not isinstance(default, bool) else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def with_descriptions(text: str) -> str:
    """The page with the part of every section that its command writes, as the command would write it today."""
    known = {f"rickctl {verb.name}": verb for verb in verbs()}
    lines: list[str] = []
    heading, is_skipping = "", False
    for line in text.split("\n"):
        heading = line.removeprefix("## ") if line.startswith("## ") else heading
        if line == _BEGIN:
            lines += [line, *described(known[heading]), _END]
        elif not is_skipping:
            lines.append(line)
        is_skipping = line == _BEGIN or (is_skipping and line != _END)
    return "\n".join(lines)


# examples


def commands_of(text: str) -> list[str]:
    """Every command line shown on a page or a part of it."""
    return [line for language, lines in fences(text) if language == "console" for line in lines if is_command(line)]


def is_command(line: str) -> bool:
    return line.startswith(PROMPT)


def played(text: str, root: Path) -> str:
    """The page with today's answers to its examples, run in order in one fresh desk on a clock that stands still."""
    notes = [found for line in text.splitlines() if (found := _COMMENT.fullmatch(line))]
    header = ("# A page.", *(f"{note[1]}: {note[2]}" for note in notes if note[1] in _SETTINGS))
    desk = open_desk(Transcript(header, (), ()), root)
    lines: list[str] = []
    before: list[str] = []
    is_console = False
    for line in text.split("\n"):
        note = _COMMENT.fullmatch(line)
        if note and note[1] in _ACTIONS:
            before.append(f"{note[1]}: {_to_names(note[2])}")
        if is_command(line) and is_console:
            lines += [line, *_answer(Step(tuple(before), _to_names(line)), header, desk)]
            before = []
        elif not is_console or line == "```":
            lines.append(line)
        if line.startswith("```"):
            is_console = line == "```console"
    return "\n".join(lines)


def _answer(step: Step, header: Sequence[str], desk: Desk) -> list[str]:
    """What follows a command line on the page: stdout, `stderr> ` lines, and the exit code unless it is 0."""
    text = replay(Transcript(tuple(header), (step,), ()), desk).partition("\n---\n")[2]
    shown = text.removesuffix("\n").split("\n")[len(step.before) + 1 :]
    return [_to_places(line) for line in (shown[:-1] if shown[-1] == "exit 0" else shown)]


def _to_names(line: str) -> str:
    for place, name in _PLACES:
        line = re.sub(re.escape(place) + _GOES_ON, name, line)
    return line


def _to_places(line: str) -> str:
    for place, name in _PLACES:
        line = line.replace(name, place)
    return line


def today(path: Path) -> str:
    """The page as it would read with today's commands and answers."""
    with TemporaryDirectory() as folder:
        return played(with_descriptions(read(path)), Path(folder).resolve())


def exit_codes(text: str) -> list[tuple[str, str]]:
    """Every command line of a page with the exit code it shows, 0 where it shows none."""
    found: list[tuple[str, str]] = []
    for language, lines in fences(text):
        for line in lines if language == "console" else ():
            if is_command(line):
                found.append((line, "exit 0"))
            elif re.fullmatch(r"exit \d+", line):
                found[-1] = (found[-1][0], line)
    return found


def rewrite(page: Path) -> None:
    """Write a page with today's answers, and tell on stderr which exit codes are no longer what they were."""
    text = today(page)
    for (command, before), (_, after) in zip(exit_codes(read(page)), exit_codes(text), strict=True):
        if before != after:
            sys.stderr.write(f"{name_of(page)}: {command}: {before} is now {after}\n")
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    for chosen in [Path(word).resolve() for word in sys.argv[1:]] or pages():
        rewrite(chosen)
