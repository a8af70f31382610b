"""What stands and what is stopped, over all accounts; asks, changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.conversion import Rates
from rickctl.domain.errors import RickctlError
from rickctl.domain.orders import IntentState
from rickctl.domain.positions import equity
from rickctl.services.desk import hold
from rickctl.services.portfolio import Failed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from rickctl.domain.arming import ArmState
    from rickctl.domain.records import IntentRow, LatchRow
    from rickctl.domain.scope import Scope
    from rickctl.domain.state import StateReads
    from rickctl.services.arming import Change
    from rickctl.services.charter import LoadedCharter
    from rickctl.services.desk import Desk
    from rickctl.services.portfolio import Opener


class AccountGlance(NamedTuple):
    """One account in a line."""

    scope: Scope
    currency: str
    equity: Decimal | None
    open_trades: int
    working_orders: int
    now_ns: int


class Status(NamedTuple):
    """Everything that could stop an order, and every account at a glance."""

    as_of_ns: int
    kill_reason: str | None
    latches: list[LatchRow]
    unknown: list[IntentRow]
    charter_hash: str | None
    sealed_for: list[str]
    accounts: list[AccountGlance]
    failed: list[Failed]
    arming: list[ArmState]
    history: list[Change] | None

    @property
    def has_findings(self) -> bool:
        """Whether anything here wants a person."""
        return bool(self.kill_reason is not None or self.latches or self.unknown or self.failed or not self.sealed_for)


def report_status(
    state: StateReads,
    openers: Sequence[Opener],
    *,
    charter: LoadedCharter,
    kill_reason: str | None,
    as_of_ns: int,
    arming: list[ArmState],
    history: list[Change] | None,
) -> Status:
    """Ask every account once; one that does not answer is named."""
    accounts: list[AccountGlance] = []
    failed: list[Failed] = []
    for scope, opener in openers:
        try:
            accounts.append(_glance(opener()))
        except RickctlError as error:
            failed.append(Failed(scope, error.code, error.message))
    return Status(
        as_of_ns=as_of_ns,
        kill_reason=kill_reason,
        latches=state.latches(),
        unknown=state.intents(states={IntentState.UNKNOWN}),
        charter_hash=charter.charter.hash if charter.charter else None,
        sealed_for=sorted(mode.value for mode in charter.sealed_for),
        accounts=accounts,
        failed=failed,
        arming=arming,
        history=history,
    )


def _glance(desk: Desk) -> AccountGlance:
    held = hold(desk)
    account = held.account
    return AccountGlance(
        desk.scope,
        account.config.currency,
        equity(account, Rates(desk.market, held.now_ns)),
        len(account.trades),
        len(account.orders),
        held.now_ns,
    )
