"""Many processes at once on one account: the limit, the key and the duplicate rule each let exactly as many through."""

from __future__ import annotations

import signal
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.faults.crowd import Ended, strike
from tests.faults.ground import Ground, examine, look, place
from tests.faults.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.faults.crowd import Crowd

PROCESSES = 20
LEFT = 5
"""Daily trades left when the processes start."""

DONE, REFUSED = 0, 6


def race_for_the_last_trades(folder: Path, crowd: Crowd, *, seed: int, count: int, programs: bool = False) -> Tally:
    """Twenty different entries, five trades left; `programs` starts `python -m rickctl` each time."""
    tally = Tally(seed)
    for number in range(count):
        ground = _ground(folder / f"limit-{programs}-{number}", crowd, max_daily_trades=str(LEFT))
        argvs = [place("BTC-USD", "buy", f"0.{10 + each}") for each in range(PROCESSES)]
        ended = _programs(ground, argvs) if programs else _forks(ground, argvs)
        faults = _expect(ended, {DONE: LEFT, REFUSED: PROCESSES - LEFT}) + _expect_orders(ground, ended, LEFT)
        wrong = [each for each in ended if each.code == REFUSED and "daily" not in each.err]
        faults += [f"race: refused for another reason: {each.err}" for each in wrong]
        _close_round(tally, ground, "limit", number, faults)
    return tally


def race_for_the_last_room(folder: Path, crowd: Crowd, *, seed: int, count: int) -> Tally:
    """Twenty entries of a tenth of a bitcoin, room for five and a half: five are placed."""
    tally = Tally(seed)
    for number in range(count):
        ground = _ground(folder / f"room-{number}", crowd)
        (quoted,) = ground.run("quote", "BTC-USD", "--account", "a").json()
        ground.seal(max_position_notional=str(round(Decimal(quoted["mid"]) * (2 * LEFT + 1) / 20)))
        argvs = [place("BTC-USD", "buy", "0.1", "--key", f"{seed}-{each}") for each in range(PROCESSES)]
        ended = _forks(ground, argvs)
        faults = _expect(ended, {DONE: LEFT, REFUSED: PROCESSES - LEFT}) + _expect_orders(ground, ended, LEFT)
        _close_round(tally, ground, "room", number, faults)
    return tally


def race_behind_the_halted(folder: Path, crowd: Crowd, *, seed: int, moment: str) -> Tally:
    """Five processes halted on their way at `moment` hold the last five trades: fifteen more are refused."""
    tally = Tally(seed)
    ground = _ground(folder / f"halted-{moment}", crowd, max_daily_trades=str(LEFT))
    argvs = [place("BTC-USD", "buy", f"0.{10 + each}") for each in range(PROCESSES)]
    halted = []
    for argv in argvs[:LEFT]:
        halted += ground.start(argv, halt=moment)
        if ground.wait(halted[-1]) is not None:
            tally.blame(moment, ["race: it was not halted"])
    faults = _expect(_forks(ground, argvs[LEFT:]), {REFUSED: PROCESSES - LEFT})
    for command in halted:
        strike(command.pid, signal.SIGCONT, 0)
    ended = [ground.finish(command) for command in halted]
    faults += _expect(ended, {DONE: LEFT}) + _expect_orders(ground, ended, LEFT)
    _close_round(tally, ground, moment, 0, faults)
    return tally


def race_with_one_key(folder: Path, crowd: Crowd, *, seed: int, count: int) -> Tally:
    """Twenty times the same entry with the same key: one order, and everybody is told its number."""
    tally = Tally(seed)
    for number in range(count):
        ground = _ground(folder / f"key-{number}", crowd)
        ended = _forks(ground, [place("BTC-USD", "buy", "0.1", "--key", f"k{seed}-{number}")] * PROCESSES)
        faults = _expect(ended, {DONE: PROCESSES}) + _expect_orders(ground, ended, 1)
        _close_round(tally, ground, "key", number, faults)
    return tally


def race_of_duplicates(folder: Path, crowd: Crowd, *, seed: int, count: int) -> Tally:
    """Twenty times the same entry without a key: one is placed, the others are its duplicates."""
    tally = Tally(seed)
    for number in range(count):
        ground = _ground(folder / f"duplicate-{number}", crowd)
        ended = _forks(ground, [place("BTC-USD", "buy", f"0.{10 + number}")] * PROCESSES)
        faults = _expect(ended, {DONE: 1, REFUSED: PROCESSES - 1}) + _expect_orders(ground, ended, 1)
        _close_round(tally, ground, "duplicate", number, faults)
    return tally


def _ground(root: Path, crowd: Crowd, **limits: str) -> Ground:
    root.mkdir(parents=True)
    ground = Ground(root, crowd)
    ground.account("a")
    if limits:
        ground.seal(**limits)
    return ground


def _forks(ground: Ground, argvs: Sequence[Sequence[str]]) -> list[Ended]:
    return [ground.finish(command) for command in ground.start(*argvs)]


def _programs(ground: Ground, argvs: Sequence[Sequence[str]]) -> list[Ended]:
    started = [ground.spawn(*argv) for argv in argvs]
    ended = []
    for argv, process in zip(argvs, started, strict=True):
        out, err = process.communicate(timeout=120)
        ended.append(Ended(tuple(argv), process.returncode, out, err))
    return ended


def _expect(ended: Sequence[Ended], codes: dict[int, int]) -> list[str]:
    found = Counter(each.code for each in ended)
    if found == codes:
        return []
    odd = [each.err for each in ended if each.code not in codes]
    return [f"race: exit codes {dict(found)}, not {codes} {odd[:1]}"]


def _expect_orders(ground: Ground, ended: Sequence[Ended], count: int) -> list[str]:
    """The numbers told to those who were done are the orders of the ledger, `count` of them."""
    account = look(ground, "a").account
    held = {order.number for order in account.orders} if account is not None else set()
    told = {each.json()["order"] for each in ended if each.code == DONE}
    return [] if told == held and len(held) == count else [f"race: told {sorted(told)}, the ledger has {sorted(held)}"]


def _close_round(tally: Tally, ground: Ground, name: str, number: int, faults: list[str]) -> None:
    tally.runs += 1
    tally.blame(f"{name} round {number}", [*faults, *examine(ground, "a")])
    tally.seen["clean" if not faults else "broken"] += 1
