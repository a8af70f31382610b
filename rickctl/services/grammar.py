"""What may stand in each place of a command line, as data a completion is drawn from; parses and draws nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.bars import GRANULARITY_NS
from rickctl.domain.charter import RULES
from rickctl.domain.orders import OrderState, Side
from rickctl.domain.records import AccountKind
from rickctl.domain.scope import Mode
from rickctl.domain.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Sequence

ASKED_KINDS = ("symbols", "accounts", "orders", "trades", "numbers")
"""What a shell asks for at the press of a key; everything else stands in its script."""


class Slot(NamedTuple):
    """What may stand in one place: words known beforehand, or a kind to ask for; `files`; or any text."""

    kind: str = "text"
    words: tuple[str, ...] = ()


class Flag(NamedTuple):
    """One option with all its spellings; `slot` is None where it takes no value."""

    names: tuple[str, ...]
    summary: str
    metavar: str
    slot: Slot | None


class Place(NamedTuple):
    """One argument; `repeats` where it takes all words that are left."""

    metavar: str
    slot: Slot
    repeats: bool


class Verb(NamedTuple):
    """One command: the words that lead to it, its options and its arguments in order."""

    path: str
    summary: str
    flags: tuple[Flag, ...]
    places: tuple[Place, ...]


class Branch(NamedTuple):
    """A first word: a command itself where it has one verb of the same path, else the verbs under it."""

    name: str
    summary: str
    verbs: tuple[Verb, ...]

    @property
    def is_leaf(self) -> bool:
        """Whether the first word is the whole command."""
        return len(self.verbs) == 1 and self.verbs[0].path == self.name


_BY_METAVAR: dict[str, tuple[str, ...]] = {
    "CLOCK": ("wall", "step"),
    "FORMAT": ("table", "json", "jsonl", "csv"),
    "G": tuple(GRANULARITY_NS),
    "GRANULARITY": tuple(GRANULARITY_NS),
    "MODE": tuple(mode.value for mode in Mode),
    "RULE": tuple(rule.id for rule in RULES),
    "SHELL": ("bash", "zsh", "fish", "powershell"),
    "SIDE": tuple(side.value for side in Side),
    "STATE": tuple(state.value for state in OrderState),
    "TIMEFRAME": tuple(GRANULARITY_NS),
}
_BY_PLACE: dict[tuple[str, str], tuple[str, ...]] = {
    ("charter seal", "mode"): (Mode.PAPER.value, Mode.PRACTICE.value),
    ("account create", "kind"): tuple(kind.value for kind in AccountKind),
    **{(f"config {verb}", "key"): tuple(setting.key for setting in SETTINGS) for verb in ("get", "set", "unset")},
}
_ASKED = {"SYMBOL": "symbols", "ACCOUNT": "accounts", "ORDER": "numbers", "TRADE": "trades"}
_FILES = frozenset({"FILE", "PATH"})
_OWN_ACCOUNT = "account create"


def slot_of(path: str, name: str, metavar: str, choices: Sequence[str]) -> Slot:
    """What to offer for a parameter, by its choices, its metavar, or its name; text where none says it."""
    if choices:
        return Slot("words", tuple(choices))
    word = metavar.upper().strip("….[]")
    if path.startswith("account ") and path != _OWN_ACCOUNT and word == "NAME":
        return Slot("accounts")
    known = _BY_PLACE.get((path, name), _BY_METAVAR.get(word, ()))
    if known:
        return Slot("words", known)
    if path == "order cancel" and word == "ORDER":
        return Slot("orders")
    for key in (word, name.upper(), name.upper().removesuffix("S")):
        if key in _ASKED:
            return Slot(_ASKED[key])
    return Slot("files") if word in _FILES else Slot()
