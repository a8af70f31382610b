"""A process halted amid an order: while it lives nobody touches its intent, once it is dead the next command does."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from rickctl.domain.errors import SetupError
from rickctl.domain.orders import IntentState
from tests.faults.acts import STEPPED, begin, cancel, close, enter, lives, modify
from tests.faults.crowd import strike
from tests.faults.ground import OPEN, examine, pick, place
from tests.faults.spans import Spans
from tests.faults.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rickctl.domain.records import IntentRow
    from tests.faults.acts import Act, Life
    from tests.faults.crowd import Command, Crowd

ACTS = {"place": enter, "cancel": cancel, "modify": modify, "close": close}
WHEN_HALTED = {"recorded": IntentState.INTENT, "sent": IntentState.SENT, "taken": IntentState.SENT}
WHEN_KILLED = {
    "recorded": IntentState.ABANDONED,
    "sent": IntentState.ABANDONED,
    "taken": IntentState.ACCEPTED,
}
"""What the next command makes of an intent whose process was killed there: the truth, as the broker has it."""


def halt_at(folder: Path, crowd: Crowd, *, moment: str, name: str, seed: int, kill: bool) -> list[str]:
    """Halt one command at one moment, let others work beside it, then let it go on or kill it; what went wrong."""
    life = begin(folder, crowd, seed)
    act = ACTS[name](life)
    (command,) = life.ground.start(act.argv, halt=moment)
    if life.ground.wait(command) is not None:
        return [f"halt: {name} never came to {moment}"]
    held = _open(life)
    faults = [] if [row.state for row in held] == [WHEN_HALTED[moment]] else [f"halt: found {held}"]
    faults += _work_beside(life, held)
    return [*faults, *(_kill(life, command, held, moment) if kill else _let_go(life, act, command))]


def halt_anywhere(folder: Path, crowd: Crowd, *, seed: int, count: int) -> Tally:
    """Stop `count` commands at any instant, work beside each, then kill one half and let the other go on."""
    tally, spans = Tally(seed), Spans()
    for life in lives(folder, crowd, tally, count):
        act = pick(STEPPED, seed, tally.runs, "act")(life)
        if spans.known(act):
            tally.blame(f"{act.name}, halt {tally.runs}", _halt(life, act, spans, tally))
            tally.runs += 1
        else:
            spans.measure(act, life)
    return tally


def _halt(life: Life, act: Act, spans: Spans, tally: Tally) -> list[str]:
    (command,) = life.ground.start(act.argv)
    strike(command.pid, signal.SIGSTOP, spans.moment_s(act, tally.seed, tally.runs))
    is_halted = life.ground.wait(command) is None
    faults = _look_on(life, tally) if is_halted else []
    if is_halted:
        strike(command.pid, pick((signal.SIGKILL, signal.SIGCONT), tally.seed, tally.runs, "then"), 0)
        life.ground.finish(command)
    else:
        tally.seen["finished"] += 1
    life.ground.run("order", "resolve", "--account", "a")
    return [*faults, *examine(life.ground, "a")]


def _look_on(life: Life, tally: Tally) -> list[str]:
    """Work beside a halted process, unless it was halted as it opened or closed the database: then nobody can."""
    try:
        held = _open(life)
    except SetupError:
        tally.seen["halted with the database to itself"] += 1
        return []
    tally.seen[f"halted at {held[0].state}" if held else "halted outside"] += 1
    return _work_beside(life, held, codes=(0, 3, 6))


def _open(life: Life) -> list[IntentRow]:
    return [row for row in life.facts().intents if row.state in OPEN]


def _work_beside(life: Life, held: Sequence[IntentRow], *, codes: Sequence[int] = (0,)) -> list[str]:
    """Three recoveries at once and an entry in another instrument; the halted intents must stand as they did.

    A process halted inside a write keeps the database: then the others wait, and say so with exit code 3.
    """
    argv = ("order", "resolve", "--account", "a")
    entry = place("ETH-USD", "buy", f"0.0{50 + life.step}", "--key", f"beside-{life.step}")
    ended = [life.ground.finish(command) for command in life.ground.start(argv, argv, entry, argv)]
    faults = [f"code: {each.argv} ended with {each.code}: {each.err}" for each in ended if each.code not in codes]
    after = {row.number: row for row in life.facts().intents}
    faults += [f"stolen: order {row.number}, now {after[row.number]}" for row in held if after[row.number] != row]
    return [*faults, *examine(life.ground, "a", living=True)]


def _let_go(life: Life, act: Act, command: Command) -> list[str]:
    strike(command.pid, signal.SIGCONT, 0)
    ended = life.ground.finish(command)
    faults = [] if ended.code == 0 else [f"code: let go, it ended with {ended.code}: {ended.err}"]
    if ended.code == 0 and not act.is_done(life.facts(), ended):
        faults.append("lost: let go, it said it was done")
    return [*faults, *examine(life.ground, "a")]


def _kill(life: Life, command: Command, held: Sequence[IntentRow], moment: str) -> list[str]:
    strike(command.pid, signal.SIGKILL, 0)
    life.ground.finish(command)
    resolved = life.ground.run("order", "resolve", "--account", "a").json()
    found = [(row["order"], row["after"]) for row in resolved]
    wanted = [(row.number, WHEN_KILLED[moment].value) for row in held]
    faults = [] if found == wanted else [f"untrue: killed at {moment}, resolved as {resolved}, not {wanted}"]
    return [*faults, *examine(life.ground, "a")]
