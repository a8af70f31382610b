"""Opens accounts to work on: desks, the orders of one, what a report covers; part of the wiring, holds no rule."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from rickctl.adapters.archive import ArchiveMarket
from rickctl.adapters.paper import PaperBroker
from rickctl.domain.account import ZERO, AccountConfig
from rickctl.domain.errors import Refused, RickctlError, SetupError, Unreachable, UsageError
from rickctl.domain.instants import MINUTE_NS
from rickctl.domain.records import AccountStatus, PriceSource
from rickctl.domain.scope import DEFAULT_SCOPE, Mode, unknown_account
from rickctl.services.accounts import (
    AccountService,
    Worth,
    create_account,
    plan_account,
    read_terms,
    stored_accounts,
    written,
)
from rickctl.services.desk import Desk, beside, hold
from rickctl.services.orderdesk import OrderDesk
from rickctl.services.orders import Trader
from rickctl.services.report import report_orders
from rickctl.services.sealing import shipped_charter
from rickctl.services.stopping import Stopped, check_person, clear_latches, stop_everything
from rickctl.store.owner import Owner, is_gone

if TYPE_CHECKING:
    from rickctl.app import App
    from rickctl.domain.market import TapeCounts
    from rickctl.domain.orders import OrderState
    from rickctl.domain.ports import Execution
    from rickctl.domain.records import AccountRow
    from rickctl.domain.scope import Scope
    from rickctl.services.accounts import Terms
    from rickctl.services.desk import Held
    from rickctl.services.portfolio import Opener
    from rickctl.services.report import OrderReport


class Desks:
    """The accounts of one run."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._owner: Owner | None = None
        self._told: set[str] = set()

    def desk(self, account: str | None, *, write: bool) -> Desk:
        """One account to work on; the default one need not exist yet. Raises UsageError for an unknown one."""
        return self._desk(self._app.scope(account), write=write)

    def _desk(self, scope: Scope, *, write: bool) -> Desk:
        state = self._app.store(write=write)
        if scope.broker != DEFAULT_SCOPE.broker:
            venue = self._app.brokers.venue(scope, state.store_id)
            return Desk(
                scope=scope,
                reads=state,
                market=venue.market,
                clock=self._app.clock,
                opening=AccountConfig(max_hold_ns=self._longest_hold_ns()),
                state=state if write else None,
                venue=venue,
            )
        row = state.account(scope)
        if row is None and scope != DEFAULT_SCOPE:
            raise unknown_account(scope)
        priced = PriceSource("sim:v1", 0, None) if row is None else row.price_source()
        market = self._app.open_market(priced.source, priced.seed, priced.fingerprint).market
        writable = self._app.store(write=True) if write else None
        # Only an account that is not there yet opens with terms of today.
        opening = AccountConfig() if row is not None else AccountConfig(max_hold_ns=self._longest_hold_ns())
        return Desk(scope=scope, reads=state, market=market, clock=self._app.clock, opening=opening, state=writable)

    def _longest_hold_ns(self) -> int:
        """How long a new account lets a position live: what the charter in force allows."""
        try:
            charter = self._app.charter().charter
        except (Refused, SetupError):
            charter = None
        return (charter or shipped_charter()).max_hold_min * MINUTE_NS

    def reading(self, scope: Scope) -> tuple[Desk, Held]:
        """An account settled to now, or as last written where its prices are away. Raises UsageError, SetupError."""
        try:
            desk = replace(self._desk(scope, write=False), tell=self._tell_once)
        except (Unreachable, SetupError) as error:
            if error.code not in {"tape_missing", "tape_changed"}:
                raise
            self._app.warn(f"{error.message}; {scope} is shown as last written")
            return self._as_written(scope)
        return desk, hold(desk)

    def _as_written(self, scope: Scope) -> tuple[Desk, Held]:
        state = self._app.store(write=False)
        row = state.account(scope)
        if row is None:
            raise unknown_account(scope)
        market = ArchiveMarket(row.price_source().source)
        desk = Desk(scope=scope, reads=state, market=market, clock=self._app.clock, opening=AccountConfig())
        return desk, written(row)

    def openers(self, account: str | None, *, every_mode: bool = False) -> list[Opener]:
        """The accounts a report covers, each opened only when it is asked, so that one that fails is one that fails."""
        if account is not None:
            scopes = [self._app.scope(account)]
        else:
            default = self._app.scope(None)
            stored = [row.scope for row in self._open_rows() if every_mode or row.scope.mode is default.mode]
            scopes = sorted({*stored, default, *([DEFAULT_SCOPE] if default.mode is Mode.PAPER else [])})
        return [(scope, partial(self._desk, scope, write=False)) for scope in scopes]

    def _open_rows(self) -> list[AccountRow]:
        """Every account that still takes orders. Raises SetupError."""
        return [row for row in self._app.store(write=False).accounts() if row.status is AccountStatus.OPEN]

    def _tell_once(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._app.warn(text)

    def orders(self, account: str | None, *, write: bool, as_written: bool = False) -> OrderDesk:
        """The orders of one account; `as_written` does without a broker that is away. Raises UsageError, SetupError."""
        desk = self.desk(account, write=write)
        if as_written:
            desk = replace(desk, tell=self._tell_once)
        return OrderDesk(desk=desk, trader=self.trader(desk), execution=self.execution(desk), is_gone=self.is_gone)

    def list_orders(self, account: str | None, *, states: set[OrderState] | None, count: int) -> list[OrderReport]:
        """The newest orders of one account or of all, newest first."""
        held = [self.reading(scope) for scope, _ in self.openers(account)]
        found = [row for desk, standing in held for row in report_orders(desk, standing, states, count)]
        return sorted(found, key=lambda report: report.row.recorded_ns, reverse=True)[:count]

    def account_service(self, name: str, *, write: bool, changes: bool = True) -> AccountService:
        """One account, to look at or to change. Raises UsageError where there is none, or a broker's is to change."""
        desk = self.desk(name, write=write)
        if changes and desk.venue is not None:
            message = f"{desk.scope} is kept by its broker, which alone moves its cash and its clock"
            raise UsageError(message, code="not_ours", hint=f"rickctl account show {desk.scope}")
        return AccountService(desk=desk)

    def create_account(self, scope: Scope, terms: Terms, *, dry_run: bool) -> tuple[Held, Worth]:
        """Open a paper account on the market its terms name, or show it as it would open. Raises UsageError."""
        opened = self._app.open_market(terms.source, terms.seed)
        config = read_terms(terms, location=opened.location, fingerprint=opened.fingerprint, tape=opened.tape)
        config = replace(config, max_hold_ns=self._longest_hold_ns())
        if dry_run:
            held = plan_account(scope, config, self._app.store(write=False), self._app.clock)
        else:
            held = create_account(scope, config, self._app.store(write=True), self._app.clock)
        return held, Worth(config.balance, ZERO, config.balance)

    def tape_of(self, held: Held) -> TapeCounts | None:
        """What the recorded market of an account held; None for a market that is not recorded."""
        config = held.account.config
        if held.account.scope.broker != DEFAULT_SCOPE.broker:
            return None
        return self._app.open_market(config.source, config.seed, config.fingerprint).tape

    def stored_accounts(self) -> list[Held]:
        """Every account as last written."""
        return stored_accounts(self._app.store(write=False))

    def stop_everything(self, reason: str) -> Stopped:
        """Cancel working entries of every account; the kill latch is down already."""
        try:
            scopes = [row.scope for row in self._open_rows()]
        except RickctlError as error:
            return Stopped(reason, [], [(DEFAULT_SCOPE, error.message)])
        return stop_everything(reason, [(scope, partial(self._to_stop, scope)) for scope in scopes])

    def _to_stop(self, scope: Scope) -> tuple[Desk, Execution]:
        desk = self._desk(scope, write=True)
        return desk, self.execution(desk)

    def resume(self) -> list[str]:
        """Let a person lift the kill latch and every other one; what was lifted. Raises Refused."""
        reason = self._app.kill_reason()
        latches = self._app.store(write=False).latches()
        held = [*([] if reason is None else [f"killed: {reason}"]), *(f"{row.name}: {row.reason}" for row in latches)]
        if not held:
            return []
        check_person(self._app.ask, held)
        clear_latches(self._app.store(write=True), latches, self._app.clock)
        self._app.clear_kill()
        return held

    def trader(self, desk: Desk) -> Trader:
        """Who places orders on a desk: the charter in use, the kill switch, the window of LIVE, this process."""
        trader = Trader(
            load=self._app.charter,
            shipped=shipped_charter,
            kill_reason=self._app.kill_reason,
            wall=self._app.clock,
            owner=self._owner_name,
            neighbours=lambda: self._neighbours(desk),
        )
        if desk.scope.mode is not Mode.LIVE:
            return trader
        return replace(trader, arming=self._app.arming.watch(desk.scope, is_sending=desk.state is not None))

    def _owner_name(self) -> str:
        if self._owner is None:
            self._owner = Owner.hold(self._app.folders.state)
        return self._owner.name

    def _neighbours(self, desk: Desk) -> list[Desk]:
        """The other open accounts on the wall clock: a stepped one is a rehearsal and is counted alone.

        One whose broker does not answer is counted as last written, so that it does not stop all the others.
        """
        others = (self._desk(row.scope, write=False) for row in beside(desk.reads, desk.scope))
        return [replace(other, tell=self._tell_once) for other in others]

    def execution(self, desk: Desk) -> Execution:
        """Where a desk's orders go."""
        return PaperBroker(desk, desk.market.instruments) if desk.venue is None else desk.venue.execution

    def is_gone(self, owner: str) -> bool:
        """Whether the process of that name lives no more. Raises SetupError."""
        return is_gone(self._app.folders.state, owner)

    def close(self) -> None:
        """Let go of this process's name."""
        if self._owner is not None:
            self._owner.close()
