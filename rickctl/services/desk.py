"""One account and what works on it: read as of now, changed in one step, tried again when somebody else was first.

A paper account is settled over its market, an account at a broker over the broker's own record; both end as a `Held`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from rickctl.domain.account import AccountState, Speed, parse_state, state_json
from rickctl.domain.errors import Refused, SetupError, Unreachable
from rickctl.domain.events import EquityMarked, from_json, number_of, to_json
from rickctl.domain.fills import Batch
from rickctl.domain.hours import day_start_ns
from rickctl.domain.ledger import apply, fold
from rickctl.domain.paper import open_account
from rickctl.domain.records import AccountRow, AccountStatus, StaleAccount, canonical_json
from rickctl.services.settle import settle

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rickctl.domain.account import AccountConfig
    from rickctl.domain.events import Event
    from rickctl.domain.ports import Clock, Market, News, Venue
    from rickctl.domain.scope import Scope
    from rickctl.domain.state import State, StateReads, StateTransaction

MOST_TRIES = 200
"""How often a change is computed again because another process was first, before giving up."""

Result = TypeVar("Result")


class Held(NamedTuple):
    """An account as of its own now; `events` are settled but not saved, `row` is None until it is first written."""

    account: AccountState
    events: tuple[Event, ...]
    row: AccountRow | None
    now_ns: int

    @property
    def version(self) -> int:
        """The version this was computed from; 0 before the first write."""
        return 0 if self.row is None else self.row.version

    def extended(self, events: Sequence[Event]) -> Held:
        """The account after more events of its own."""
        account = self.account
        for event in events:
            account = apply(account, event)
        return self._replace(account=account, events=(*self.events, *events))


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One account's state, market and clock; `opening` are the terms it gets when it is first written.

    `venue` is where the account is kept, None for one that is kept here; with `tell` a venue that
    is away is told of and the account is as last written, which is enough to say what became of orders.
    """

    scope: Scope
    reads: StateReads
    market: Market
    clock: Clock
    opening: AccountConfig
    state: State | None = None
    venue: Venue | None = None
    tell: Callable[[str], None] | None = None

    @property
    def attaches_exits(self) -> bool:
        """Whether an entry and its exits reach the account as one order."""
        return self.venue is None or self.venue.execution.capabilities.attaches_exits

    def writable(self) -> State:
        """The state to write to; a desk opened for reading has none."""
        if self.state is None:
            message = "this desk was opened for reading"
            raise SetupError(message, code="state_read_only")
        return self.state

    def history(self, number: int) -> tuple[Event, ...]:
        """Every event the ledger has of one order, those that closed its trade included."""
        rows = self.reads.journal(self.scope, kinds={"ledger"}, number=number)
        return tuple(from_json(json.loads(row.body)) for row in rows)

    def write(self, make: Callable[[AccountState, int], tuple[Event, ...]]) -> int:
        """Settle to now, add the events `make` gives, commit; returns the account's now."""
        return change(self, lambda held: (make(held.account, held.now_ns), held.now_ns))


def hold(desk: Desk) -> Held:
    """The account settled to its own now, in memory; nothing is written.

    Raises Unreachable for a broker that is away.
    """
    row = desk.reads.account(desk.scope)
    if desk.venue is not None:
        return _mirrored(desk, desk.venue, row)
    if row is None:
        now_ns = desk.clock.now_ns()
        events = open_account(desk.opening, desk.scope, now_ns)
        return Held(fold(events), events, None, now_ns)
    stored = _stored_state(row)
    now_ns = row.clock_ns if row.clock_ns is not None else max(desk.clock.now_ns(), stored.checkpoint_ns)
    settled = settle(stored, desk.market, now_ns)
    return Held(settled.state, settled.events, row, now_ns)


def _mirrored(desk: Desk, venue: Venue, row: AccountRow | None) -> Held:
    """The account as its broker's record has it by now."""
    asked_ns = desk.clock.now_ns()
    if row is None:
        met = venue.meet(desk.opening, asked_ns)
        batch = Batch(fold(met.events[:1]))
        batch.events.append(met.events[0])
        return _told(desk, batch, met._replace(events=met.events[1:]), None)
    stored = _stored_state(row)
    try:
        news = venue.news(stored, asked_ns)
    except (SetupError, Unreachable) as error:
        if desk.tell is None:
            raise
        desk.tell(f"{error.message}; {desk.scope} is shown as last written")
        return Held(stored, (), row, row.checkpoint_ns)
    return _told(desk, Batch(stored), news, row)


def _told(desk: Desk, batch: Batch, news: News, row: AccountRow | None) -> Held:
    """The account after the news, marked where its equity counts for the limits."""
    for event in news.events:
        batch.add(event)
    # The broker's clock may be ahead of ours; time of an account never runs back.
    now_ns = max(desk.clock.now_ns(), batch.state.checkpoint_ns)
    _mark(batch, news, now_ns)
    return Held(batch.state, tuple(batch.events), row, now_ns)


def _mark(batch: Batch, news: News, now_ns: int) -> None:
    """Equity where a trading day begins while trades are open, and a new peak, as the broker states it."""
    account = batch.state
    if news.equity is None or not account.trades:
        return
    start_ns = day_start_ns(account.config.day_calendar, now_ns)
    if account.day.at_ns < start_ns:
        batch.add(EquityMarked(at_ns=now_ns, equity=news.equity, is_day=True))
    if news.equity > account.peak.equity:
        batch.add(EquityMarked(at_ns=now_ns, equity=news.equity))


def beside(reads: StateReads, scope: Scope) -> list[AccountRow]:
    """The open accounts counted together with this one; a stepped account is a rehearsal and is counted alone."""
    own = reads.account(scope)
    if own is not None and own.clock_ns is not None:
        return []
    return [
        row
        for row in reads.accounts()
        if row.scope != scope
        and row.scope.mode is scope.mode
        and row.status is AccountStatus.OPEN
        and row.clock_ns is None
    ]


def _stored_state(row: AccountRow) -> AccountState:
    """What a row says an account holds. Raises SetupError for one that says nothing readable."""
    try:
        return parse_state(row.state)
    except (ArithmeticError, KeyError, TypeError, ValueError) as error:
        message = f"account {row.scope} is damaged in the state: it cannot be read"
        raise SetupError(message, code="state_corrupt", hint="rickctl journal verify") from error


def check_open(held: Held) -> Held:
    """The account if it still takes orders. Raises Refused."""
    if held.row is not None and held.row.status is AccountStatus.CLOSED:
        message = f"account {held.account.scope} is closed"
        raise Refused(message, code="account_closed", hint="rickctl account list")
    return held


def save(
    transaction: StateTransaction,
    held: Held,
    *,
    clock_ns: int | None = None,
    status: AccountStatus | None = None,
) -> AccountRow:
    """Write an account and the events that led there. Raises StaleAccount when somebody else was first."""
    account, row = held.account, held.row
    for event in held.events:
        transaction.append("ledger", account.scope, to_json(event), number=number_of(event))
    is_stepped = account.config.speed is Speed.STEP
    return transaction.put_account(
        AccountRow(
            scope=account.scope,
            kind=account.config.kind,
            currency=account.config.currency,
            config=canonical_json(account.config.to_json()),
            state=state_json(account),
            checkpoint_ns=account.checkpoint_ns,
            clock_ns=(clock_ns if clock_ns is not None else held.now_ns) if is_stepped else None,
            status=status or (AccountStatus.OPEN if row is None else row.status),
            version=held.version,
            created_ns=account.created_ns,
        ),
        expected_version=held.version,
    )


def change(desk: Desk, make: Callable[[Held], tuple[Sequence[Event], Result]]) -> Result:
    """Compute outside the lock, write in one transaction, compute again if the account moved meanwhile."""

    def attempt(held: Held) -> Result:
        events, result = make(check_open(held))
        with desk.writable().transaction() as transaction:
            save(transaction, held.extended(events))
        return result

    return retry(desk, attempt)


def retry(desk: Desk, attempt: Callable[[Held], Result]) -> Result:
    """Run `attempt` on the account as it stands until it meets no newer version. Raises SetupError."""
    for _ in range(MOST_TRIES):
        try:
            return attempt(hold(desk))
        except StaleAccount:
            continue
    message = f"account {desk.scope} is being written by others without pause"
    raise SetupError(message, code="state_locked", hint="try again; nothing was changed")
