"""No secret leaves by any door: every command, every source, and venues that repeat what they are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rickctl.domain.credentials import SOURCES, Secret, Source, hide
from tests.contract.exchange import ACCOUNT
from tests.credentials.canary_kit import (
    CANARIES,
    CagedGround,
    Children,
    check_answer,
    shapes,
    teller,
    traces_in,
    traces_under,
)
from tests.credentials.kit import Machine
from tests.house.docs_kit import Verb, verbs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rickctl.domain.credentials import ProbeAnswer
    from rickctl.domain.scope import Mode
    from tests.cli.harness import Answer

AT_ONCE = frozenset({"400", "401"})
"""Answers that are not asked for again: a whole session of them is quick."""

BEHAVIOURS = (*sorted(AT_ONCE), "403", "404", "429", "500", "garbage", "nonsense")
ENDLESS = frozenset({"sandbox start"})
"""Commands that run until they are stopped; their own tests watch them."""

SCOPE = f"practice:oanda:{ACCOUNT}"
ORDER = ("order", "place", "EUR_USD", "buy", "1000", "--stop-loss", "20p", "--take-profit", "40p")
SESSION: tuple[tuple[str, ...], ...] = (
    ("quote", "EUR_USD"),
    ("quote", "EUR_USD", "-o", "json"),
    ("candles", "EUR_USD"),
    ("stream", "EUR_USD", "--count", "1"),
    (*ORDER, "--dry-run"),
    ORDER,
    (*ORDER, "--limit", "1.09"),
    ("order", "list"),
    ("order", "show", "1"),
    ("order", "modify", "1", "--take-profit", "60p"),
    ("order", "history", "1"),
    ("order", "cancel", "2"),
    ("order", "resolve"),
    ("why", "1"),
    ("positions",),
    ("pnl",),
    ("position", "close", "--all"),
    ("status",),
)
UNSCOPED: tuple[tuple[str, ...], ...] = (
    ("whoami",),
    ("whoami", "--check", "-o", "json"),
    ("broker", "status"),
    ("broker", "list"),
    ("doctor",),
    ("config", "show"),
    ("account", "list"),
    ("journal", "list"),
    ("journal", "verify"),
    ("login", "oanda", "--mode", "practice", "--dry-run", "--token-file", "{given}"),
    ("login", "oanda", "--mode", "practice", "--insecure-file", "{new}", "--token-file", "{given}"),
    ("whoami", "-o", "jsonl"),
    ("logout", "oanda", "--mode", "practice"),
)
FEW = (SESSION[0], ORDER, SESSION[7], UNSCOPED[1], UNSCOPED[2], UNSCOPED[9], UNSCOPED[10])


@pytest.fixture
def ground(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[CagedGround]:
    """A caged desk; everything it and its processes left behind is searched at the end."""
    source: Source = getattr(request, "param", "environment")
    (tmp_path / "desk").mkdir()
    children = Children()
    children.start()
    with CagedGround(tmp_path / "desk", source) as caged:
        yield caged
        caged.cage.take_back()
    assert not traces_in(children.end())
    assert traces_under(tmp_path / "desk") == []


def filled(argv: tuple[str, ...], ground: CagedGround) -> tuple[str, ...]:
    cage = ground.cage.folder
    return tuple(word.format(given=cage / "given", new=cage / "new") for word in argv)


def drive(ground: CagedGround, session: tuple[tuple[str, ...], ...]) -> dict[tuple[str, ...], Answer]:
    """Run command lines on the venue's account where they take one, each searched as it comes."""
    answers = {}
    for argv in session:
        scoped = (*argv, "--account", SCOPE) if argv in SESSION and argv[0] != "status" else filled(argv, ground)
        answers[argv] = ground.run_without_live(*scoped) if "--check" in argv else ground.run_as_is(*scoped)
        check_answer(argv, answers[argv])
    return answers


@pytest.mark.parametrize("ground", SOURCES, indirect=True)
def test_a_session_that_goes_well_gives_nothing_away(ground: CagedGround, capfd: pytest.CaptureFixture[str]) -> None:
    chosen = SESSION + UNSCOPED if ground.cage.source == "environment" else FEW
    answers = drive(ground, chosen)
    failed = {argv: answer for argv, answer in answers.items() if answer.code}
    assert not failed
    assert f",{ground.cage.source}," in ground.run_as_is("whoami", "-o", "csv").stdout
    assert not traces_in("".join(capfd.readouterr()))


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_a_venue_that_repeats_the_token_gives_nothing_away(
    behaviour: str, ground: CagedGround, capfd: pytest.CaptureFixture[str]
) -> None:
    with teller(behaviour) as url:
        ground.point_at(url)
        answers = drive(ground, SESSION + UNSCOPED if behaviour in AT_ONCE else FEW)
    assert answers[SESSION[0]].code in {3, 4, 5}
    assert not traces_in("".join(capfd.readouterr()))


@pytest.mark.parametrize("ground", [source for source in SOURCES if source != "environment"], indirect=True)
def test_every_source_is_hidden_as_well(ground: CagedGround) -> None:
    with teller("401") as url:
        ground.point_at(url)
        drive(ground, FEW)


def test_a_venue_that_breaks_after_the_order_gives_nothing_away(ground: CagedGround) -> None:
    assert drive(ground, (ORDER,))[ORDER].code == 0
    for behaviour, session in (("400", SESSION[5:]), ("502", SESSION[9:10]), ("garbage", SESSION[11:12])):
        with teller(behaviour) as url:
            ground.point_at(url)
            drive(ground, session)


class _Fault:
    """A probe that fails as a bug does, with the token in its words and in its frames."""

    def check(self, mode: Mode, token: Secret) -> ProbeAnswer:
        local = token.reveal()
        message = f"{mode} {local} {shapes(local)}"
        raise RuntimeError(message)


@pytest.mark.parametrize(
    "argv", [("whoami", "--check"), ("login", "oanda", "--mode", "live", "--token-file", "{given}", "--dry-run")]
)
def test_a_bug_gives_nothing_away_in_its_report(argv: tuple[str, ...], ground: CagedGround) -> None:
    ground.run_as_is("account", "create", "one")
    machine = Machine(root=ground.desk.root, environment=ground.desk.environment, probe=_Fault())
    answer = machine.run(*filled(argv, ground))
    check_answer(argv, answer)
    assert answer.code == 1
    report = (ground.desk.folders.state / "bug-report.txt").read_text(encoding="utf-8")
    assert "RuntimeError" in report
    assert "[secret]" in report


def line_of(verb: Verb, folder: Path) -> tuple[str, ...]:
    """The shortest command line of a command that Typer takes; what could name a file names one of `folder`."""
    samples = {"SYMBOL": "EUR_USD", "ORDER": "1", "UNITS": "1000", "MODE": "practice", "BROKER": "oanda"}
    words = verb.name.split()
    for one in verb.command.params:
        word = samples.get((one.metavar or "").strip("[]…. "), str(folder / "made"))
        if one.required and one.param_type_name == "argument":
            words.append(word)
        elif one.required:
            words += [one.opts[0], word]
    return tuple(words)


@pytest.mark.parametrize("behaviour", ["fine", "401"])
def test_every_command_there_is_gives_nothing_away(behaviour: str, ground: CagedGround) -> None:
    lines = [line_of(verb, ground.cage.folder) for verb in verbs() if verb.name not in ENDLESS]
    lines = [(*line, "--count", "1") if line[0] == "stream" else line for line in lines]
    ground.desk.environment["RICKCTL_ACCOUNT"] = SCOPE
    with teller("401") as url:
        if behaviour != "fine":
            ground.point_at(url)
        for line in [*lines, (CANARIES["environment"],), ("quote", CANARIES["environment"])]:
            check_answer(line, ground.run_as_is(*line))


def test_the_traces_find_what_they_look_for() -> None:
    """A search that finds nothing proves nothing unless it finds what is there."""
    for name, secret in CANARIES.items():
        assert all(traces_in(f"<{shape}>") == [name] for shape in shapes(secret))
        assert not traces_in(hide(" ".join(shapes(secret)), [Secret(secret)]))
