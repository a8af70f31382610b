"""A state folder of its own to do harm in, and the examination of what is left there; harms nothing itself."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from rickctl.app.system import SystemClock
from rickctl.domain.account import Ended as Reason
from rickctl.domain.account import parse_state, state_json
from rickctl.domain.events import CashMoved, OrderAccepted, OrderCancelled, OrderFilled, OrderModified, from_json
from rickctl.domain.ledger import fold
from rickctl.domain.orders import IntentState
from rickctl.domain.records import IntentKind
from rickctl.domain.scope import parse_scope
from rickctl.services.charter import packaged_path
from rickctl.store.state import Store
from tests.faults.crowd import ROOT, Ended

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rickctl.domain.account import AccountState
    from rickctl.domain.events import Event
    from rickctl.domain.records import IntentRow
    from tests.faults.crowd import Command, Crowd

START = "2026-11-18T14:00:00Z"
"""A Wednesday on which everything trades."""

OPEN = frozenset({IntentState.INTENT, IntentState.SENT, IntentState.UNKNOWN})
WIDE = {"max_daily_trades": "500", "max_orders_per_minute": "60", "max_messages_per_minute": "120", "max_repeats": "50"}
"""Limits that many orders in a short time do not meet."""


def draw(*parts: object) -> float:
    """A number in [0, 1) that is the same for the same parts."""
    digest = hashlib.sha256("\n".join(str(part) for part in parts).encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48


def pick(choices: Sequence[Any], *parts: object) -> Any:  # noqa: ANN401 - one of what was given
    """One of `choices`, the same for the same parts."""
    return choices[int(draw(*parts) * len(choices))]


class Facts(NamedTuple):
    """An account as the store has it; `account` is None before it is first written."""

    account: AccountState | None
    clock_ns: int | None
    events: list[Event]
    intents: list[IntentRow]


class Ground:
    """State and configuration folders under `root`, and commands run on them."""

    def __init__(self, root: Path, crowd: Crowd) -> None:
        self.root = root
        self._crowd = crowd
        self.environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(root),
            "RICKCTL_STATE_DIR": str(root / "state"),
            "RICKCTL_CONFIG_DIR": str(root / "config"),
            "RICKCTL_OUTPUT": "json",
        }

    def start(self, *argvs: Sequence[str], halt: str | None = None) -> list[Command]:
        """Start command lines at once."""
        return self._crowd.start(argvs, self.environment, halt=halt)

    def wait(self, command: Command) -> Ended | None:
        """How a command ended, or None where it was stopped."""
        return self._crowd.wait(command)

    def finish(self, command: Command) -> Ended:
        """How a command ended."""
        ended = self.wait(command)
        if ended is None:
            message = f"{command.argv} was stopped"
            raise AssertionError(message)
        return ended

    def run(self, *argv: str, codes: Sequence[int] = (0,)) -> Ended:
        """Run one command line to its end, which must have one of `codes`."""
        ended = self.finish(self.start(argv)[0])
        if ended.code not in codes:
            message = f"{' '.join(argv)} ended with {ended.code}, not {codes}: {ended.err}"
            raise AssertionError(message)
        return ended

    def spawn(self, *argv: str) -> subprocess.Popen[str]:
        """The same as a program of its own: `python -m rickctl …`."""
        return subprocess.Popen(
            [sys.executable, "-m", "rickctl", *argv],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def account(self, name: str) -> None:
        """A paper account whose clock stands at START."""
        self.run("account", "create", name, "--speed", "step", "--start", START)

    def seal(self, **values: str) -> None:
        """Put a charter of one's own in force, as shipped but for `values`."""
        lines = packaged_path().read_text(encoding="utf-8").splitlines()
        text = "\n".join(_with(line, values) for line in lines) + "\n"
        (self.root / "config").mkdir(mode=0o700, exist_ok=True)
        (self.root / "config" / "charter.toml").write_text(text, encoding="utf-8")
        found = self.run("charter", "validate", codes=(0, 9)).json()
        self.run("charter", "seal", "--expect", found["hash"])

    def reads(self) -> Store:
        """The state, to look at."""
        return Store.open(self.root / "state", self.root / "config", SystemClock(), write=False)


def _with(line: str, values: dict[str, str]) -> str:
    key = line.partition("=")[0].strip()
    return f"{key} = {values[key]}" if key in values else line


def place(symbol: str, side: str, units: str, *more: str, account: str = "a") -> tuple[str, ...]:
    """The command line of an entry with both exits."""
    exits = ("--stop-loss", "1%", "--take-profit", "2R")
    return ("order", "place", symbol, side, units, *exits, "--account", account, *more)


def examine(ground: Ground, name: str, *, living: bool = False) -> list[str]:
    """Everything wrong with one account and the journal, each beginning with its kind; `living`: intents may be open.

    journal: a proof fails · ledger: not exact · twice: done twice · lost: acknowledged and gone · untrue: the record
    says what did not happen · open: still without an answer.
    """
    faults = []
    if ground.run("journal", "verify", codes=(0, 9)).code:
        faults.append("journal: verify found something")
    facts = look(ground, name)
    if facts.account is not None:
        faults += _check_ledger(facts.events, facts.account)
    faults += _check_orders(facts.events, facts.intents) + _check_changes(facts.events, facts.intents)
    if not living:
        faults += [f"open: order {row.number} still {row.state}" for row in facts.intents if row.state in OPEN]
    return faults


def look(ground: Ground, name: str) -> Facts:
    """What the store holds of one account."""
    scope = parse_scope(name)
    with ground.reads() as reads:
        row = reads.account(scope)
        events = [from_json(json.loads(record.body)) for record in reads.ledger(scope)]
        account = None if row is None else parse_state(row.state)
        return Facts(account, None if row is None else row.clock_ns, events, reads.intents(scope))


def _check_ledger(events: Sequence[Event], stored: AccountState) -> list[str]:
    try:
        sum_of_events = fold(events)
    except ValueError as error:
        return [f"ledger: {error}"]
    folded = replace(
        sum_of_events, checkpoint_ns=stored.checkpoint_ns, peak=stored.peak, is_peak_new=stored.is_peak_new
    )
    faults = [] if state_json(folded) == state_json(stored) else ["ledger: the snapshot is not the sum of its events"]
    cash = stored.start + stored.deposits + stored.realised - stored.fees
    if cash != stored.balance:
        faults.append(f"ledger: {stored.balance} is not {cash}, what came in and was earned")
    moved = [event.amount for event in events if isinstance(event, CashMoved)]
    filled = [event.cash for event in events if isinstance(event, OrderFilled)]
    if stored.start + sum(moved) + sum(filled) != stored.balance:
        faults.append(f"ledger: {stored.balance} is not what the events moved")
    return faults


def _check_orders(events: Sequence[Event], intents: Sequence[IntentRow]) -> list[str]:
    """No order twice, none without its intent, none taken whose intent says otherwise."""
    taken = Counter(event.number for event in events if isinstance(event, OrderAccepted))
    faults = [f"twice: order {number} taken {count} times" for number, count in taken.items() if count > 1]
    states = {row.number: row.state for row in intents}
    other = [number for number in taken if states.get(number) not in {*OPEN, IntentState.ACCEPTED}]
    faults += [f"untrue: order {number} is in the ledger, its intent is {states.get(number)}" for number in other]
    for row in intents:
        is_order = row.kind in {IntentKind.ENTRY, IntentKind.CLOSE}
        if is_order and row.state is IntentState.ACCEPTED and row.number not in taken:
            faults.append(f"lost: order {row.number} was accepted and is not in the ledger")
    # What provably was never sent gives its key back: the same line run again places it.
    standing = (row for row in intents if row.state is not IntentState.ABANDONED)
    keys = Counter(row.key for row in standing if row.key is not None)
    return [*faults, *(f"twice: key {key} has {count} orders" for key, count in keys.items() if count > 1)]


def _check_changes(events: Sequence[Event], intents: Sequence[IntentRow]) -> list[str]:
    """As many changes in the ledger as the intents account for: none twice, none that is called never sent."""
    faults = []
    cancels = [event for event in events if isinstance(event, OrderCancelled) and event.reason is Reason.CLIENT]
    changes = [event for event in events if isinstance(event, OrderModified)]
    for kind, made in ((IntentKind.CANCEL, cancels), (IntentKind.MODIFY, changes)):
        found = Counter(event.number for event in made)
        mine = [row for row in intents if row.kind is kind and row.state in {*OPEN, IntentState.ACCEPTED}]
        owned = Counter(json.loads(row.request)["target"] for row in mine)
        for number, count in found.items():
            if kind is IntentKind.CANCEL and count > 1:
                faults.append(f"twice: order {number} cancelled {count} times")
            if count > owned[number]:
                faults.append(f"untrue: order {number} has {count} of {kind}, its intents own to {owned[number]}")
    return faults
