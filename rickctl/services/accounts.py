"""Paper accounts opened, funded, reset, closed and moved through time; places no order and prices nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from rickctl.domain.account import AccountConfig, Speed, parse_state
from rickctl.domain.conversion import Rates
from rickctl.domain.errors import Refused, UsageError
from rickctl.domain.instants import DAY_NS, SECOND_NS
from rickctl.domain.ledger import fold
from rickctl.domain.models import parse_commission, parse_latency_ns, parse_slippage, parse_spread
from rickctl.domain.money import CONVERTED_INCREMENT, check_currency, decimal_text, parse_decimal, parse_positive
from rickctl.domain.paper import deposit as deposit_cash
from rickctl.domain.paper import open_account
from rickctl.domain.paper import reset as reset_book
from rickctl.domain.positions import equity, margin_available, margin_used
from rickctl.domain.records import AccountKind, AccountStatus
from rickctl.domain.scope import Mode
from rickctl.services.desk import Held, change, check_open, hold, retry, save
from rickctl.services.settle import settle

if TYPE_CHECKING:
    from rickctl.domain.events import Event
    from rickctl.domain.market import TapeCounts
    from rickctl.domain.ports import Clock
    from rickctl.domain.records import AccountRow
    from rickctl.domain.scope import Scope
    from rickctl.domain.state import State, StateReads
    from rickctl.services.desk import Desk

Choice = TypeVar("Choice", bound=StrEnum)

LATEST_NS = 7_258_118_400 * SECOND_NS
"""Where the year 2200 begins: no clock goes further, so every instant can be stored."""

_MOST_CASH = Decimal(10) ** 15

LONGEST_STEP_NS = 366 * DAY_NS
"""The most a stepped clock moves at once."""


class Terms(NamedTuple):
    """The terms of a new account as typed."""

    kind: str = "margin"
    currency: str = "USD"
    balance: str = "100000"
    source: str = "sim"
    seed: int = 0
    spread: str = "source"
    slippage: str = "none"
    latency: str = "50ms"
    commission: str | None = None
    speed: str | None = None
    start_ns: int | None = None


SPOT_COMMISSION = "0.6%"
"""What a spot account pays on every fill where nothing else is said."""


def read_terms(terms: Terms, *, location: str, fingerprint: str | None, tape: TapeCounts | None) -> AccountConfig:
    """The terms of an account on an opened market; a recorded one has a stepped clock. Raises UsageError."""
    kind = _choice(AccountKind, terms.kind, "--kind")
    speed = _choice(Speed, terms.speed or ("wall" if tape is None else "step"), "--speed")
    if tape is not None and speed is Speed.WALL:
        message = "a recorded market has no wall clock: its time is the account's, moved by account advance"
        raise UsageError(message, code="bad_usage", hint="leave --speed out, or say --speed step")
    currency = check_currency(terms.currency)
    if terms.start_ns is not None and speed is Speed.WALL:
        message = "--start needs --speed step: the wall clock starts by itself"
        raise UsageError(message, code="bad_usage")
    if terms.start_ns is not None and not 0 <= terms.start_ns <= LATEST_NS:
        message = "--start must lie between the years 1970 and 2200"
        raise UsageError(message, code="bad_time")
    default = SPOT_COMMISSION if kind is AccountKind.SPOT else "none"
    return AccountConfig(
        kind=kind,
        currency=currency,
        balance=_check_cash(parse_positive(terms.balance, "--balance"), "--balance"),
        source=location,
        fingerprint=fingerprint,
        seed=terms.seed,
        spread=parse_spread(terms.spread),
        slippage=parse_slippage(terms.slippage),
        latency_ns=parse_latency_ns(terms.latency),
        commission=parse_commission(default if terms.commission is None else terms.commission),
        speed=speed,
        start_ns=tape.first_ns if tape is not None and terms.start_ns is None else terms.start_ns,
    )


def _choice(kinds: type[Choice], word: str, what: str) -> Choice:
    try:
        return kinds(word.strip().lower())
    except ValueError:
        message = f"{what} {word[:20]!r} is not one of {', '.join(kinds)}"
        raise UsageError(message, code="bad_usage") from None


def plan_account(scope: Scope, config: AccountConfig, reads: StateReads, clock: Clock) -> Held:
    """The account as it would open; nothing is written. Raises UsageError where it exists or is no paper account."""
    if scope.mode is not Mode.PAPER or scope.broker != "paper":
        message = f"{scope} is not ours to create; paper accounts are"
        raise UsageError(message, code="bad_account_name")
    now_ns = clock.now_ns() if config.start_ns is None else config.start_ns
    if reads.account(scope) is not None:
        message = f"account {scope} exists already"
        raise UsageError(message, code="account_exists", hint=f"rickctl account show {scope.account}")
    events = open_account(config, scope, now_ns)
    return Held(fold(events), events, None, now_ns)


def create_account(scope: Scope, config: AccountConfig, state: State, clock: Clock) -> Held:
    """Open an account. Raises UsageError where it exists already or is no paper account."""
    with state.transaction() as transaction:
        held = plan_account(scope, config, transaction, clock)
        row = save(transaction, held)
    return held._replace(row=row, events=())


class Advanced(NamedTuple):
    """Where a stepped clock stood and stands, and what happened between."""

    held: Held
    before_ns: int
    events: tuple[Event, ...]


class Worth(NamedTuple):
    """What an account is worth at its own now, in its currency; None where something has no price."""

    equity: Decimal | None
    margin_used: Decimal | None
    margin_available: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountService:
    """What can be done with one account beside trading."""

    desk: Desk

    def show(self) -> Held:
        """The account settled to its own now."""
        return hold(self.desk)

    def worth(self, held: Held) -> Worth:
        """Equity and margin at the prices of now."""
        rates = Rates(self.desk.market, held.now_ns)
        account = held.account
        return Worth(equity(account, rates), margin_used(account, rates), margin_available(account, rates))

    def deposit(self, amount: str, *, dry_run: bool) -> Held:
        """Move cash in, or out where the amount is below zero. Raises UsageError."""
        moved = _check_cash(parse_decimal(amount, "AMOUNT"), "AMOUNT")
        self._check_free(moved)
        if dry_run:
            held = check_open(hold(self.desk))
            return held.extended(deposit_cash(held.account, moved, at_ns=held.now_ns))
        change(self.desk, lambda held: (deposit_cash(held.account, moved, at_ns=held.now_ns), None))
        return hold(self.desk)

    def _check_free(self, moved: Decimal) -> None:
        """What is taken out must not be margin of open trades. Raises UsageError."""
        free = self.worth(hold(self.desk)).margin_available if moved < 0 else None
        if free is not None and -moved > free:
            message = f"only {decimal_text(free)} is free: the rest is margin of open trades"
            raise UsageError(message, code="bad_amount", hint="rickctl positions")

    def reset(self, *, dry_run: bool) -> Held:
        """Drop every order and trade and go back to the first balance."""
        if dry_run:
            held = check_open(hold(self.desk))
            return held.extended(reset_book(held.account, at_ns=held.now_ns))
        change(self.desk, lambda held: (reset_book(held.account, at_ns=held.now_ns), None))
        return hold(self.desk)

    def close(self, *, dry_run: bool) -> Held:
        """Close an account for good; it must hold nothing. Raises Refused."""
        if dry_run:
            return _check_empty(hold(self.desk))

        def attempt(held: Held) -> None:
            _check_empty(held)
            with self.desk.writable().transaction() as transaction:
                save(transaction, held, status=AccountStatus.CLOSED)

        retry(self.desk, attempt)
        return hold(self.desk)

    def advance(self, *, by_ns: int | None, to_ns: int | None, dry_run: bool) -> Advanced:
        """Move a stepped account's clock on and settle everything on the way. Raises UsageError."""
        if (by_ns is None) == (to_ns is None):
            message = "say how far with --by or --to, one of the two"
            hint = f"rickctl account advance {self.desk.scope.account} --by 1h"
            raise UsageError(message, code="bad_usage", hint=hint)

        def attempt(held: Held) -> Advanced:
            check_open(held)
            if held.account.config.speed is not Speed.STEP:
                message = f"account {self.desk.scope} follows the wall clock, which nobody moves"
                raise UsageError(message, code="running_clock", hint="rickctl account create NAME --speed step")
            target_ns = held.now_ns + by_ns if by_ns is not None else to_ns or 0
            _check_step(held.now_ns, target_ns)
            settled = settle(held.account, self.desk.market, target_ns)
            moved = Held(settled.state, (*held.events, *settled.events), held.row, target_ns)
            if dry_run:
                return Advanced(moved, held.now_ns, settled.events)
            with self.desk.writable().transaction() as transaction:
                row = save(transaction, moved)
            return Advanced(moved._replace(row=row, events=()), held.now_ns, settled.events)

        return retry(self.desk, attempt)


def _check_empty(held: Held) -> Held:
    """The account if it is open and holds nothing. Raises Refused."""
    check_open(held)
    if held.account.trades or held.account.orders:
        message = f"account {held.account.scope} still holds positions or working orders"
        hint = "rickctl position close --all; rickctl order cancel --all"
        raise Refused(message, code="account_in_use", hint=hint)
    return held


def _check_step(now_ns: int, target_ns: int) -> None:
    if target_ns < now_ns:
        message = "a clock moves forward only"
        raise UsageError(message, code="time_before_checkpoint", hint="rickctl account show")
    if target_ns - now_ns > LONGEST_STEP_NS:
        message = "a clock moves at most 366 days at once"
        raise UsageError(message, code="bad_duration")
    if target_ns > LATEST_NS:
        message = "a clock ends with the year 2199"
        raise UsageError(message, code="bad_time")


def _check_cash(amount: Decimal, what: str) -> Decimal:
    """The amount, if every sum of such amounts is kept and shown exactly. Raises UsageError."""
    if abs(amount) > _MOST_CASH or amount % CONVERTED_INCREMENT:
        message = f"{what} must be at most {_MOST_CASH:f}, with 8 decimals or fewer"
        raise UsageError(message, code="bad_number")
    return amount


def stored_accounts(state: StateReads) -> list[Held]:
    """Every account as last written, closed ones too; none is settled and no market is opened."""
    return [written(row) for row in state.accounts()]


def written(row: AccountRow) -> Held:
    """An account as last written, not settled any further."""
    return Held(parse_state(row.state), (), row, row.checkpoint_ns if row.clock_ns is None else row.clock_ns)
