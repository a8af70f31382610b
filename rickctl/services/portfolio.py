"""Positions and results over accounts, as of each one's own now; a part that fails is named, never zero-filled."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.conversion import Rates, RateSide
from rickctl.domain.errors import RickctlError
from rickctl.domain.events import from_json
from rickctl.domain.history import DayResult, day_results
from rickctl.domain.positions import equity, positions, results
from rickctl.services.desk import hold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rickctl.domain.market import Instrument
    from rickctl.domain.positions import Position, Result
    from rickctl.domain.scope import Scope
    from rickctl.services.desk import Desk, Held

_ZERO = Decimal(0)
Opener = tuple["Scope", "Callable[[], Desk]"]


class Failed(NamedTuple):
    """An account that could not be asked, and why."""

    scope: Scope
    code: str
    message: str


class PositionRow(NamedTuple):
    """One position with what it is of; `source` is where its price comes from."""

    scope: Scope
    instrument: Instrument
    position: Position
    currency: str
    source: str
    tradeable: bool
    age_ns: int
    now_ns: int


class PositionReport(NamedTuple):
    """Every position of the accounts asked; `failed` names those that did not answer."""

    as_of_ns: int
    rows: list[PositionRow]
    failed: list[Failed]

    @property
    def complete(self) -> bool:
        """Whether every account answered."""
        return not self.failed


def report_positions(openers: Sequence[Opener], as_of_ns: int) -> PositionReport:
    """Positions of every account, in the order given."""
    rows: list[PositionRow] = []
    failed: list[Failed] = []
    for scope, opener in openers:
        try:
            desk = opener()
            held = hold(desk)
            rows.extend(_position_rows(desk, held))
        except RickctlError as error:
            failed.append(Failed(scope, error.code, error.message))
            continue
        if len(openers) == 1:
            # One account has one clock, and it may be a stepped one.
            as_of_ns = held.now_ns
    return PositionReport(as_of_ns, rows, failed)


def _position_rows(desk: Desk, held: Held) -> list[PositionRow]:
    rates = Rates(desk.market, held.now_ns)
    rows = []
    for position in positions(held.account, rates):
        quote = rates.quote(position.symbol)
        rows.append(
            PositionRow(
                scope=desk.scope,
                instrument=desk.market.instruments[position.symbol],
                position=position,
                currency=held.account.config.currency,
                source=desk.market.source,
                tradeable=quote.tradeable,
                age_ns=quote.age_ns(held.now_ns),
                now_ns=held.now_ns,
            )
        )
    return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountResult:
    """What one account has brought, in its own currency; `rate` turns that into the base currency (None: unknown)."""

    scope: Scope
    currency: str
    now_ns: int
    start: Decimal
    deposits: Decimal
    balance: Decimal
    realised: Decimal
    fees: Decimal
    unrealised: Decimal | None
    equity: Decimal | None
    rate: Decimal | None
    source: str
    by_instrument: tuple[Result, ...]
    by_day: tuple[DayResult, ...]


class PnlReport(NamedTuple):
    """Results of the accounts of one mode; totals are in `base` and None where a part is unknown."""

    as_of_ns: int
    base: str
    accounts: list[AccountResult]
    failed: list[Failed]

    def total(self, name: str) -> Decimal | None:
        """The sum of one amount over the accounts, in the base currency."""
        total = _ZERO
        for account in self.accounts:
            amount: Decimal | None = getattr(account, name)
            if amount is None or account.rate is None:
                return None
            total += amount * account.rate
        return total


def report_pnl(openers: Sequence[Opener], base: str, as_of_ns: int) -> PnlReport:
    """Realised, unrealised and fees of every account, by instrument and day, totalled in `base` at mid rates."""
    accounts: list[AccountResult] = []
    failed: list[Failed] = []
    for scope, opener in openers:
        try:
            result = _account_result(opener(), base)
            accounts.append(result)
            if result.rate is None:
                message = f"no rate from {result.currency} to {base} on its market"
                failed.append(Failed(scope, "no_rate", message))
        except RickctlError as error:
            failed.append(Failed(scope, error.code, error.message))
    if len(openers) == 1 and accounts:
        # One account has one clock, and it may be a stepped one.
        as_of_ns = accounts[0].now_ns
    return PnlReport(as_of_ns, base, accounts, failed)


def _account_result(desk: Desk, base: str) -> AccountResult:
    held = hold(desk)
    account = held.account
    rates = Rates(desk.market, held.now_ns)
    found = tuple(results(account, rates))
    unrealised: Decimal | None = _ZERO
    for row in found:
        unrealised = None if unrealised is None or row.unrealised is None else unrealised + row.unrealised
    way = rates.conversion(account.config.currency, base, RateSide.MID)
    return AccountResult(
        scope=desk.scope,
        currency=account.config.currency,
        now_ns=held.now_ns,
        start=account.start,
        deposits=account.deposits,
        balance=account.balance,
        realised=account.realised,
        fees=account.fees,
        unrealised=unrealised,
        equity=equity(account, rates),
        rate=None if way is None else way.rate,
        source=desk.market.source,
        by_instrument=found,
        by_day=tuple(_by_day(desk, held)),
    )


def _by_day(desk: Desk, held: Held) -> list[DayResult]:
    saved = [from_json(json.loads(row.body)) for row in desk.reads.ledger(desk.scope)]
    events = (*saved, *(event for event in held.events if event.n > len(saved)))
    return day_results(events, held.account.config.day_calendar)
