"""The rows durable state is made of and the JSON they carry; says what is stored, never how or where."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rickctl.domain.orders import IntentState
    from rickctl.domain.scope import Scope

JSON: TypeAlias = "bool | int | str | Sequence[JSON] | Mapping[str, JSON] | None"
"""What a stored body may hold; a price or an amount is decimal text, so there is no floating number."""


_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
)


def canonical_json(value: JSON) -> str:
    """The one text of a value: keys sorted, no spaces, no escapes beyond what JSON asks."""
    return _ENCODER.encode(value)


class StaleAccount(Exception):
    """Somebody else wrote the account since it was read: read it again, compute again, write again."""


class AccountKind(StrEnum):
    """How an account holds what it trades."""

    MARGIN = "margin"
    SPOT = "spot"


class AccountStatus(StrEnum):
    """Whether an account still takes orders."""

    OPEN = "open"
    CLOSED = "closed"


class IntentKind(StrEnum):
    """What an intent would do at the venue."""

    ENTRY = "entry"
    CLOSE = "close"
    MODIFY = "modify"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """One account: `config` and `state` are JSON text; instants are UTC nanoseconds of the account's own clock.

    `clock_ns` is None where the account follows the wall clock. `version` counts writes and starts at 1.
    """

    scope: Scope
    kind: AccountKind
    currency: str
    config: str
    state: str
    checkpoint_ns: int
    clock_ns: int | None
    status: AccountStatus
    version: int
    created_ns: int

    def price_source(self) -> PriceSource:
        """The part of `config` that opens the account's market."""
        held = json.loads(self.config)
        return PriceSource(held["source"], held["seed"], held.get("fingerprint"))


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentRow:
    """One intent: `request`, `quotes`, `verdicts` and `outcome` are JSON text.

    `created_ns`, `sent_ns` and `answered_ns` are the scope's clock, `recorded_ns` the wall clock; all UTC nanoseconds.
    """

    scope: Scope
    number: int
    kind: IntentKind
    client_order_id: str
    key: str | None
    symbol: str
    request: str
    request_hash: str
    quotes: str
    verdicts: str
    charter_hash: str
    created_ns: int
    recorded_ns: int
    state: IntentState
    owner: str | None
    sent_ns: int | None = None
    answered_ns: int | None = None
    outcome: str | None = None
    error: str | None = None


class PriceSource(NamedTuple):
    """Where an account's prices come from: source text, seed, and the fingerprint of a recorded market."""

    source: str
    seed: int
    fingerprint: str | None


class LatchRow(NamedTuple):
    """A stop that stays until it is cleared; `scope` None holds for every account. `detail` is JSON text."""

    scope: Scope | None
    name: str
    reason: str
    detail: str
    set_ns: int
    recorded_ns: int


class JournalRow(NamedTuple):
    """One record of the chain: `body` is JSON text, `mac` hexadecimal, `recorded_ns` the wall clock in UTC nanoseconds.

    `number` is the order the record belongs to, within its scope.
    """

    seq: int
    recorded_ns: int
    scope: Scope | None
    kind: str
    number: int | None
    body: str
    mac: str


class JournalHead(NamedTuple):
    """The last record of one database's journal; `seq` 0 and an empty `mac` before the first."""

    store_id: str
    seq: int
    mac: str


class Finding(NamedTuple):
    """Something a check of the journal found; `first` and `last` are record numbers where records are concerned."""

    code: str
    message: str
    first: int | None = None
    last: int | None = None
