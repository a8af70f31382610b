"""`kill -9` at moments drawn from a seed, of one command or of two at once, and what must be true after each."""

from __future__ import annotations

import signal
import subprocess
import time
from typing import TYPE_CHECKING

from rickctl.domain.orders import IntentState
from rickctl.domain.records import IntentKind
from tests.faults.acts import RUNNING, STEPPED, Life, advance, begin, cancel, close, enter, lives, modify, rest
from tests.faults.crowd import Ended, strike
from tests.faults.ground import OPEN, draw, examine, pick
from tests.faults.spans import OVER, Spans
from tests.faults.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.faults.acts import Act
    from tests.faults.crowd import Crowd

MOST_COMMITS = 20
"""No command commits more often."""

PAIRS = ((enter, enter), (enter, advance), (cancel, modify), (close, close), (cancel, advance), (rest, enter))


def kill_one_by_one(folder: Path, crowd: Crowd, *, seed: int, count: int, account: str = "a") -> Tally:
    """Kill `count` commands, one at a time; `account` `main` is on the wall clock."""
    tally, spans = Tally(seed), Spans()
    acts = RUNNING if account == "main" else STEPPED
    for life in lives(folder, crowd, tally, count, account):
        act = pick(acts, seed, tally.runs, "act")(life)
        if spans.known(act):
            _die(life, act, spans, tally)
            tally.runs += 1
        else:
            spans.measure(act, life)
    return tally


def kill_two_at_once(folder: Path, crowd: Crowd, *, seed: int, count: int) -> Tally:
    """Start two commands at once and kill one of them or both, `count` times."""
    tally, spans = Tally(seed), Spans()
    for life in lives(folder, crowd, tally, count):
        first, second = _pair(life, pick(PAIRS, seed, tally.runs, "pair"))
        fresh = [act for act in (first, second) if not spans.known(act)]
        if fresh:
            spans.measure(fresh[0], life)
        else:
            _die_together(life, first, second, spans, tally)
            tally.runs += 1
    return tally


def kill_beside_commits(folder: Path, crowd: Crowd, *, seed: int, acts: Sequence[Callable[[Life], Act]]) -> Tally:
    """Kill each command just before and just after each of its commits, in turn: no chance is left between them."""
    tally = Tally(seed)
    for place, make in enumerate(acts):
        life = begin(folder / f"commits-{place}", crowd, seed)
        for step in range(2 * MOST_COMMITS):
            life = life._replace(step=step)
            act, moment = make(life), f"{('before', 'after')[step % 2]}-{step // 2 + 1}"
            (command,) = life.ground.start(act.argv, halt=moment)
            ended = life.ground.finish(command)
            if not ended.was_killed:
                break
            _judge(life, act, ended, tally)
            tally.runs += 1
    return tally


def kill_programs(folder: Path, crowd: Crowd, *, seed: int, count: int) -> Tally:
    """Kill `count` times `python -m rickctl`, from the interpreter's start to its end."""
    tally, took = Tally(seed), 0.0
    life = begin(folder / "programs", crowd, seed)
    while tally.runs < count:
        life = life._replace(step=life.step + 1)
        act = pick((enter, cancel, close, advance), seed, life.step, "act")(life)
        begun = time.monotonic()
        with life.ground.spawn(*act.argv) as process:
            if took:
                _kill_after(process, OVER * took * draw(seed, life.step, "delay"))
            out, err = process.communicate(timeout=60)
        ended = Ended(act.argv, process.returncode, out, err)
        if took:
            _judge(life, act, ended, tally)
            tally.runs += 1
        took = took or time.monotonic() - begun
    return tally


def _kill_after(process: subprocess.Popen[str], delay_s: float) -> None:
    try:
        process.wait(delay_s)
    except subprocess.TimeoutExpired:
        process.kill()


def _pair(life: Life, makers: tuple[Callable[[Life], Act], Callable[[Life], Act]]) -> tuple[Act, Act]:
    """Two acts; the same one twice where both are made alike."""
    first, second = makers
    made = first(life)
    return made, made if second is first else second(life)


def _die(life: Life, act: Act, spans: Spans, tally: Tally) -> None:
    (command,) = life.ground.start(act.argv)
    strike(command.pid, signal.SIGKILL, spans.moment_s(act, tally.seed, tally.runs))
    _judge(life, act, life.ground.finish(command), tally)


def _judge(life: Life, act: Act, ended: Ended, tally: Tally) -> None:
    """Everything that must be true after a command ended, killed or not."""
    faults = _check_code(ended)
    tally.seen[f"{_moment(life)}" if ended.was_killed else "finished"] += 1
    faults += _recover(life)
    faults += _check_said(life, act, ended)
    faults += _check_again(life, act)
    tally.blame(f"{act.name}, run {tally.runs}", faults)


def _die_together(life: Life, first: Act, second: Act, spans: Spans, tally: Tally) -> None:
    commands = life.ground.start(first.argv, second.argv)
    doomed = pick(((0,), (1,), (0, 1)), tally.seed, tally.runs, "doomed")
    delays = sorted((spans.moment_s((first, second)[n], tally.seed, tally.runs, n), n) for n in doomed)
    passed = 0.0
    for delay_s, number in delays:
        strike(commands[number].pid, signal.SIGKILL, delay_s - passed)
        passed = delay_s
    ended = [life.ground.finish(command) for command in commands]
    faults = [fault for each in ended for fault in _check_code(each)]
    killed = sum(each.was_killed for each in ended)
    tally.seen[("none killed in time", "one killed", "both killed")[killed]] += 1
    faults += _recover(life)
    for act, each in zip((first, second), ended, strict=True):
        faults += _check_said(life, act, each)
    for act in (first, second):
        faults += _check_again(life, act, codes=(0, 4, 6))
    tally.blame(f"{first.name} and {second.name}, run {tally.runs}", faults)


def _check_code(ended: Ended) -> list[str]:
    """A command that lived ends done, rejected, refused or unknown; nothing else is expected here."""
    fine = ended.was_killed or ended.code in {0, 4, 6, 7}
    return [] if fine else [f"code: {' '.join(ended.argv)} ended with {ended.code}: {ended.err}"]


def _moment(life: Life) -> str:
    """Where the newest intent stood when its process died."""
    facts = life.facts()
    if facts.intents and facts.intents[0].state in OPEN:
        return f"killed at {facts.intents[0].state.value}"
    return "killed outside"


def _recover(life: Life) -> list[str]:
    """The next command settles what was left; then everything is examined."""
    found = examine(life.ground, life.account, living=True)
    resolved = life.ground.run("order", "resolve", "--account", life.account, codes=(0, 7))
    if resolved.code:
        found.append("open: resolve left an outcome unknown")
    return [*found, *examine(life.ground, life.account)]


def _check_said(life: Life, act: Act, ended: Ended) -> list[str]:
    """What was printed whole is so."""
    if ended.json() is None or act.is_done(life.facts(), ended):
        return []
    return [f"lost: {' '.join(act.argv)} said it was done"]


def _check_again(life: Life, act: Act, *, codes: Sequence[int] = ()) -> list[str]:
    """The same command line again does nothing twice, and with a key it names the same order."""
    if not act.again:
        return []
    before = _keyed(life, act)
    ended = life.ground.run(*act.argv, codes=(*act.again, *codes))
    faults = examine(life.ground, life.account)
    after = _keyed(life, act)
    if before is not None and after != before and not _was_abandoned(life, before):
        faults.append(f"twice: the key of order {before} came to stand for {after}")
    if after is not None and ended.code == 0 and ended.json()["order"] != after:
        faults.append(f"twice: asked again, order {after} was called {ended.json()['order']}")
    return [*faults, *(_check_said(life, act, ended) if ended.code == 0 else [])]


def _was_abandoned(life: Life, number: int) -> bool:
    """Whether an order turned out never to have been sent, which gives its key back."""
    return any(row.number == number and row.state is IntentState.ABANDONED for row in life.facts().intents)


def _keyed(life: Life, act: Act) -> int | None:
    """The order that the key of a command line stands for."""
    if "--key" not in act.argv:
        return None
    key = act.argv[act.argv.index("--key") + 1]
    rows = [row for row in life.facts().intents if row.key == key and row.kind is IntentKind.ENTRY]
    return rows[0].number if rows else None
