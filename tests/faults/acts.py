"""The commands that are killed: what each needs first, and how to tell whether what it said is so; kills nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.events import CashMoved, OrderAccepted, OrderCancelled, OrderModified
from rickctl.domain.instants import MINUTE_NS, rfc3339
from tests.faults.ground import WIDE, Ground, look, pick, place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.faults.crowd import Crowd, Ended
    from tests.faults.ground import Facts
    from tests.faults.tally import Tally

DEATHS = 12
"""How many steps one account goes through."""

COINS = ("BTC-USD", "ETH-USD", "SOL-USD")


class Life(NamedTuple):
    """One account that goes through many deaths, `step` of them so far; everything drawn comes from `seed`."""

    ground: Ground
    account: str
    seed: int
    step: int = 0

    @property
    def key(self) -> str:
        """The idempotency key of this step."""
        return f"k{self.step}"

    def pick(self, choices: tuple[str, ...], what: str) -> str:
        """One of `choices`, by seed and step."""
        chosen: str = pick(choices, self.seed, self.step, what)
        return chosen

    def facts(self) -> Facts:
        """What the store has now."""
        return look(self.ground, self.account)


class Act(NamedTuple):
    """A command line that was prepared; `is_done` says whether the store shows what it acknowledged.

    `again` are the exit codes of the same command line once more.
    """

    name: str
    argv: tuple[str, ...]
    is_done: Callable[[Facts, Ended], bool]
    again: tuple[int, ...] = (0,)


def begin(root: Path, crowd: Crowd, seed: int, account: str = "a") -> Life:
    """A fresh folder with one account in it, under limits that do not bind."""
    root.mkdir(parents=True)
    ground = Ground(root, crowd)
    ground.seal(**WIDE)
    if account != "main":
        ground.account(account)
    return Life(ground, account, seed)


def lives(folder: Path, crowd: Crowd, tally: Tally, count: int, account: str = "a") -> Iterator[Life]:
    """A life and its next step, again and again until `tally` has `count` runs; a new life after DEATHS steps."""
    while tally.runs < count:
        life = begin(folder / f"life-{account}-{tally.runs}", crowd, tally.seed + tally.runs, account)
        for step in range(DEATHS):
            if tally.runs < count:
                yield life._replace(step=step)


def enter(life: Life) -> Act:
    """A market entry with a key."""
    units = f"0.0{10 + life.step}"
    side = life.pick(("buy", "sell"), "side")
    argv = place(life.pick(COINS, "coin"), side, units, "--key", life.key, account=life.account)
    return Act("place", argv, _is_taken, (0, 4))


def rest(life: Life) -> Act:
    """A limit entry with a key, one percent away."""
    symbol = life.pick(COINS, "coin")
    (quoted,) = life.ground.run("quote", symbol, "--account", life.account).json()
    price = (Decimal(quoted["bid"]) * Decimal("0.99")).quantize(Decimal("0.01"))
    more = ("--limit", str(price), "--key", f"{life.key}-rest")
    argv = place(symbol, "buy", f"0.0{10 + life.step}", *more, account=life.account)
    return Act("place", argv, _is_taken, (0, 4))


def cancel(life: Life) -> Act:
    """A cancel of an order that works."""
    number = _resting(life)

    def is_done(facts: Facts, _: Ended) -> bool:
        return any(isinstance(event, OrderCancelled) and event.number == number for event in facts.events)

    return Act("cancel", ("order", "cancel", str(number), "--account", life.account), is_done)


def modify(life: Life) -> Act:
    """A modification of an order that works."""
    number = _resting(life)
    argv = ("order", "modify", str(number), "--take-profit", "3R", "--account", life.account)
    return Act("modify", argv, _is_modified(life, number))


def move_stop(life: Life) -> Act:
    """A stop moved nearer, of a trade that is open."""
    number, _ = _opened(life)
    argv = ("order", "modify", str(number), "--stop-loss", f"0.{90 - life.step}%", "--account", life.account)
    return Act("modify", argv, _is_modified(life, number))


def close(life: Life) -> Act:
    """The close of a position."""
    _, symbol = _opened(life)
    argv = ("position", "close", symbol, "--account", life.account)

    def is_done(facts: Facts, ended: Ended) -> bool:
        return all(_is_accepted(facts, order["order"]) for order in ended.json())

    return Act("close", argv, is_done, (0, 4))


def advance(life: Life) -> Act:
    """Half an hour of market on whatever is open."""
    _opened(life)
    to_ns = (life.facts().clock_ns or 0) + 30 * MINUTE_NS

    def is_done(facts: Facts, _: Ended) -> bool:
        return facts.clock_ns == to_ns

    return Act("settle", ("account", "advance", life.account, "--to", rfc3339(to_ns)), is_done)


def deposit(life: Life) -> Act:
    """Cash in, of an amount nobody else moves; the same again is more cash, so it is not run again."""
    amount = f"{100 + life.step}"

    def is_done(facts: Facts, _: Ended) -> bool:
        moved = [event.amount for event in facts.events if isinstance(event, CashMoved)]
        return moved.count(Decimal(amount)) == 1

    return Act("deposit", ("account", "deposit", life.account, amount), is_done, ())


def _is_taken(facts: Facts, ended: Ended) -> bool:
    return _is_accepted(facts, ended.json()["order"])


def _is_accepted(facts: Facts, number: int) -> bool:
    return any(isinstance(event, OrderAccepted) and event.number == number for event in facts.events)


def _is_modified(life: Life, number: int) -> Callable[[Facts, Ended], bool]:
    """Whether the order was changed exactly once more than it had been."""

    def count(facts: Facts) -> int:
        return sum(isinstance(event, OrderModified) and event.number == number for event in facts.events)

    before = count(life.facts())

    def is_done(facts: Facts, _: Ended) -> bool:
        return count(facts) == before + 1

    return is_done


def _resting(life: Life) -> int:
    number: int = life.ground.run(*rest(life).argv).json()["order"]
    return number


def _opened(life: Life) -> tuple[int, str]:
    """The number and symbol of a trade that is open, made where there is none."""
    found = _open_trade(life)
    if found is None:
        life.ground.run(*place("BTC-USD", "buy", "0.05", "--key", f"{life.key}-open", account=life.account))
        if life.facts().clock_ns is not None:
            life.ground.run("account", "advance", life.account, "--by", "1m")
        found = _open_trade(life)
    if found is None:
        message = f"nothing opened at step {life.step} of seed {life.seed}"
        raise AssertionError(message)
    return found


def _open_trade(life: Life) -> tuple[int, str] | None:
    rows = life.ground.run("positions", "--account", life.account).json()["rows"]
    return (rows[0]["trades"][0]["trade"], rows[0]["symbol"]) if rows else None


STEPPED = (enter, rest, cancel, modify, move_stop, close, advance, deposit)
RUNNING = (enter, rest, cancel, move_stop, close)
"""What can be done on the wall clock, which nobody moves."""
