"""Transcripts: command lines with the exact stdout, stderr and exit code a user would see, replayed and compared.

A transcript is a text file, documented in tests/cli/transcripts/README.md. Every one runs in this process on a clock
that stands still; those that say `process: yes` run as processes too, and must answer the same.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from rickctl.app import App
from rickctl.cli import run
from rickctl.config import Folders
from rickctl.domain.instants import parse_duration_ns, parse_instant
from rickctl.render.layout import Screen

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).resolve().parent / "transcripts"
UPDATE_VARIABLE = "RICKCTL_UPDATE_TRANSCRIPTS"
DEFAULT_CLOCK = "2025-11-19T14:00:00Z"

_PROMPT = "$ rickctl"
_ERROR = "stderr> "
_EXIT = "exit "
_NO_NEWLINE = "\\no newline"
_HEADERS = frozenset({"clock", "screen", "width", "colour", "env", "mask", "process"})
_ACTIONS = frozenset({"advance", "write", "copy", "replace", "remove", "mode", "type"})
_SLOWEST_RUN_S = 30
_BOOTED_NS = parse_instant("2015-11-19T14:00:00Z")


class FakeClock:
    """A clock that moves only when a test moves it."""

    def __init__(self, now: str = DEFAULT_CLOCK) -> None:
        self.instant_ns = parse_instant(now)

    def now_ns(self) -> int:
        return self.instant_ns

    def sleep_ns(self, length_ns: int) -> None:
        self.instant_ns += max(length_ns, 0)

    def boot(self) -> tuple[int, str]:
        """The clock since boot: it runs with this one, of a machine that was started ten years before."""
        return self.instant_ns - _BOOTED_NS, "one-boot"

    def advance(self, duration: str) -> None:
        """Move forward by a duration such as `90s` or `1d`."""
        self.instant_ns += parse_duration_ns(duration)


class Answer(NamedTuple):
    """What one command line gave."""

    stdout: str
    stderr: str
    code: int


@dataclass(kw_only=True)
class Desk:
    """A place to run command lines: folders of its own, a clock that stands still, a screen and an environment."""

    root: Path
    clock: FakeClock = field(default_factory=FakeClock)
    screen: Screen = field(default_factory=lambda: Screen(is_terminal=False, width=80, has_colour=False))
    environment: dict[str, str] = field(default_factory=dict)
    typed: list[str] = field(default_factory=list)

    @property
    def folders(self) -> Folders:
        return Folders(self.root / "state", self.root / "config")

    def variables(self) -> dict[str, str]:
        """The environment of a command line: this desk's folders and what the test asked for."""
        return {
            "HOME": str(self.root),
            "RICKCTL_STATE_DIR": str(self.folders.state),
            "RICKCTL_CONFIG_DIR": str(self.folders.config),
            **self.environment,
        }

    def run(self, *argv: str) -> Answer:
        """Run one command line in this process, at a terminal where something is `typed`."""
        out, err = StringIO(), StringIO()
        answers, self.typed = self.typed, []

        def answer(question: str) -> str:
            err.write(f"{question}\n")
            return answers.pop(0)

        ask = answer if answers else None
        app = App(
            out=out,
            err=err,
            screen=self.screen,
            environment=self.variables(),
            clock=self.clock,
            ask=ask,
            ask_hidden=ask,
            boot=self.clock.boot,
        )
        with redirect_stdout(out), redirect_stderr(err):  # Typer prints its help pages past the App
            code = run(argv, app)
        return Answer(out.getvalue(), err.getvalue(), int(code))

    def run_process(self, *argv: str, before: tuple[str, ...] = ()) -> Answer:
        """Run one command line as a process of its own: a pipe for a screen, the machine's clock, nobody to answer."""
        done = subprocess.run(
            [*before, sys.executable, "-m", "rickctl", *argv],
            cwd=ROOT,
            env={"PATH": os.environ.get("PATH", ""), **self.variables()},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=_SLOWEST_RUN_S,
            check=False,
        )
        return Answer(done.stdout, done.stderr, done.returncode)


@dataclass(frozen=True, slots=True)
class Step:
    """One command line of a transcript and the notes and actions before it."""

    before: tuple[str, ...]
    command: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """A parsed transcript file."""

    header: tuple[str, ...]
    steps: tuple[Step, ...]
    tail: tuple[str, ...]

    def settings(self, name: str) -> list[str]:
        """Every value the header gives `name`."""
        pairs = [line.partition(":") for line in self.header if not line.startswith("#") and line.strip()]
        return [value.strip() for key, _, value in pairs if key.strip() == name]

    def setting(self, name: str, default: str) -> str:
        """The last value the header gives `name`."""
        return (self.settings(name) or [default])[-1]

    @property
    def runs_as_process(self) -> bool:
        """Whether it must also hold for a real process."""
        return self.setting("process", "no") == "yes"


def parse_transcript(text: str) -> Transcript:
    """Split a file into header, steps and what stands after the last step. Raises ValueError for unknown words."""
    header, _, body = text.partition("\n---\n")
    lines = body.removesuffix("\n").split("\n")
    steps: list[Step] = []
    before: list[str] = []
    place = 0
    while place < len(lines):
        line = lines[place]
        place += 1
        if line.startswith(_PROMPT):
            steps.append(Step(tuple(before), line))
            before = []
            place += _answer_length(lines[place:])
        else:
            _check_action(line)
            before.append(line)
    parsed = Transcript(tuple(header.split("\n")), tuple(steps), tuple(before))
    _check_header(parsed)
    return parsed


def _answer_length(lines: list[str]) -> int:
    """How many lines answer the command above them: up to its exit code, or none where it is still to be filled in."""
    for count, line in enumerate(lines):
        if line.startswith(_PROMPT):
            return 0
        if line.startswith(_EXIT):
            return count + 1
    return 0


def _check_action(line: str) -> None:
    word = line.partition(":")[0]
    if line.strip() and not line.startswith("#") and word not in _ACTIONS:
        message = f"{line!r} is neither a command, a note nor one of {', '.join(sorted(_ACTIONS))}"
        raise ValueError(message)


def _check_header(transcript: Transcript) -> None:
    for line in transcript.header:
        word = line.partition(":")[0].strip()
        if line.strip() and not line.startswith("#") and word not in _HEADERS:
            message = f"header {line!r} is not one of {', '.join(sorted(_HEADERS))}"
            raise ValueError(message)


def open_desk(transcript: Transcript, root: Path) -> Desk:
    """The desk a transcript's header asks for."""
    environment = dict(pair.partition("=")[::2] for pair in transcript.settings("env"))
    return Desk(
        root=root,
        clock=FakeClock(transcript.setting("clock", DEFAULT_CLOCK)),
        screen=Screen(
            is_terminal=transcript.setting("screen", "pipe") == "terminal",
            width=int(transcript.setting("width", "80")),
            has_colour=transcript.setting("colour", "no") == "yes",
        ),
        environment=environment,
    )


def replay(transcript: Transcript, desk: Desk, *, as_process: bool = False) -> str:
    """Run every step and return the file as it would read with today's answers."""
    lines = [*transcript.header, "---"]
    masks = [mask.partition(" => ")[::2] for mask in transcript.settings("mask")]
    for step in transcript.steps:
        for line in step.before:
            _act(line, desk)
        argv = shlex.split(_fill_places(step.command, desk))[2:]
        answer = desk.run_process(*argv) if as_process else desk.run(*argv)
        lines += [*step.before, step.command, *_answer_lines(answer, desk, masks)]
    return "\n".join([*lines, *transcript.tail]) + "\n"


def _answer_lines(answer: Answer, desk: Desk, masks: list[tuple[str, str]]) -> list[str]:
    stdout = [_escaped(line) for line in _lines(_hide(answer.stdout, desk, masks))]
    stderr = [f"{_ERROR}{line}".rstrip() for line in _lines(_hide(answer.stderr, desk, masks))]
    return [*stdout, *stderr, f"{_EXIT}{answer.code}"]


def _lines(text: str) -> list[str]:
    if not text:
        return []
    return text[:-1].split("\n") if text.endswith("\n") else [*text.split("\n"), _NO_NEWLINE]


def _escaped(line: str) -> str:
    is_marked = line.startswith((_PROMPT, _ERROR.strip(), _EXIT, "\\")) and line != _NO_NEWLINE
    return f"\\{line}" if is_marked else line


def _hide(text: str, desk: Desk, masks: list[tuple[str, str]]) -> str:
    """Names for places and masked words instead of what differs between runs; control characters made visible."""
    for name, place in _places(desk).items():
        text = text.replace(place, f"{{{name}}}")
    for pattern, word in masks:
        text = re.sub(pattern, word, text)
    return "".join(_visible(sign) for sign in text)


def _visible(sign: str) -> str:
    if sign < " " and sign != "\n":
        return chr(0x2400 + ord(sign))
    return f"\\x{ord(sign):02x}" if "\x7f" <= sign <= "\x9f" else sign


def _places(desk: Desk) -> dict[str, str]:
    return {
        "state": str(desk.folders.state),
        "config": str(desk.folders.config),
        "desk": str(desk.root),
        "fixtures": str(ROOT / "tests" / "fixtures"),
        "project": str(ROOT),
    }


def _fill_places(text: str, desk: Desk) -> str:
    for name, place in _places(desk).items():
        text = text.replace(f"{{{name}}}", place)
    return text


def _act(line: str, desk: Desk) -> None:
    """Carry out one action between command lines."""
    word, _, rest = line.partition(":")
    if not line.strip() or line.startswith("#"):
        return
    words = shlex.split(_fill_places(rest, desk))
    if word == "advance":
        desk.clock.advance(words[0])
    elif word == "write":
        target = Path(words[0])
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(" ".join(words[1:]).replace("\\n", "\n"), encoding="utf-8")
    elif word == "copy":
        target = Path(words[1])
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(Path(words[0]).read_bytes())
    elif word == "replace":
        text = Path(words[0]).read_text(encoding="utf-8")
        assert words[1] in text, f"{words[0]} holds no {words[1]!r}"
        Path(words[0]).write_text(text.replace(words[1], words[2]), encoding="utf-8")
    elif word == "remove":
        Path(words[0]).unlink()
    elif word == "type":
        desk.typed = words
    elif word == "mode":
        Path(words[0]).chmod(int(words[1], 8))
