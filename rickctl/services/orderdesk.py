"""Everything one account's orders can be asked, behind one name: recovers first, then acts, then reports."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from rickctl.domain.errors import OrderRejected, OutcomeUnknown, RickctlError, SetupError, Unreachable, UsageError
from rickctl.domain.events import concerns
from rickctl.domain.orders import IntentState, OrderState
from rickctl.domain.scope import Mode
from rickctl.services.changes import cancel, close_position, modify, preview_change, preview_close
from rickctl.services.desk import change, hold
from rickctl.services.ended import Standing
from rickctl.services.orders import place, preview
from rickctl.services.recovery import Resolved, preview_recovery, recover
from rickctl.services.report import all_events, raise_if_cancelled, report_order, report_orders
from rickctl.services.sending import account_now, await_fill
from rickctl.services.stopping import cancel_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rickctl.domain.errors import Refused
    from rickctl.domain.ports import Execution
    from rickctl.domain.scope import Scope
    from rickctl.services.desk import Desk
    from rickctl.services.drafts import Draft
    from rickctl.services.orders import Checked, Trader
    from rickctl.services.report import OrderReport
    from rickctl.services.terms import Words

Item = TypeVar("Item")
Result = TypeVar("Result")
_MOST = 1_000_000
FILL_RULES = (
    "buys fill at the ask, sells at the bid; a stop gapped over fills at the gap",
    "both exits inside one bar: the stop; entry and stop in one bar counts, entry and target does not",
    "a trailing stop moves once a minute; equity, margin and the day's start are taken on the same grid",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDesk:
    """One account's orders."""

    desk: Desk
    trader: Trader
    execution: Execution
    is_gone: Callable[[str], bool]

    @property
    def scope(self) -> Scope:
        """Whose orders these are."""
        return self.desk.scope

    def preview(self, draft: Draft) -> tuple[Checked, Refused | None]:
        """What an order would meet; nothing is written."""
        return preview(draft, self.desk, self.trader)

    def place(self, draft: Draft) -> OrderReport:
        """Place an entry and report it once it could have filled. Raises as `orders.place`, and OrderRejected."""
        self._catch_up(must=True)
        row = place(draft, self.desk, self.trader, self.execution)
        return raise_if_cancelled(self._read_back([row.number], self._after_fill)[0])

    def cancel(self, number: int | None, *, every: bool, dry_run: bool) -> list[OrderReport]:
        """Cancel one order or every working entry; a dry run reports what would be cancelled."""
        if (number is None) is not every:
            message = "say which order, or --all"
            raise UsageError(message, code="bad_usage", hint="rickctl order list --state working")
        if dry_run:
            return [self.show(number)] if number is not None else self.working()
        self._catch_up(must=False)
        numbers = [number] if number is not None else [report.row.number for report in self.working()]
        # What is filled while everything is cancelled is no failure: it shows as filled.
        passed = {"already_filled"} if every else set()
        _do_each(numbers, lambda each: cancel(each, self.desk, self.trader, self.execution), passed)
        return self._read_back(numbers, self.show)

    def modify(self, words: Words, *, dry_run: bool) -> OrderReport:
        """Change an order or its exits; a dry run raises what the change would end in."""
        if dry_run:
            preview_change(words, self.desk, self.trader)
            return self.show(words.number)
        self._catch_up(must=True)
        modify(words, self.desk, self.trader, self.execution)
        return self._read_back([words.number], self._after_fill)[0]

    def close(
        self, symbol: str | None, trade: int | None, units: str | None, *, every: bool, dry_run: bool
    ) -> list[OrderReport]:
        """Close a position, part of it, or everything, and report the closing orders. Raises OrderRejected."""
        account = hold(self.desk).account
        if trade is not None and symbol is None:
            found = account.trade(trade)
            symbol = None if found is None else found.symbol
        if every is not (symbol is None and trade is None) or (every and units is not None):
            message = "say which SYMBOL or --trade, or --all for everything"
            raise UsageError(message, code="bad_usage", hint="rickctl positions")
        if symbol is None and trade is not None:
            message = f"trade {trade} is not open"
            raise OrderRejected(message, code="nothing_to_close", hint="rickctl positions")
        symbols = [symbol] if symbol is not None else sorted({held.symbol for held in account.trades})
        if dry_run:
            for each in symbols:
                preview_close(each, trade, units, self.desk, self.trader)
            return [
                self.show(held.number)
                for held in account.trades
                if held.number > 0 and held.symbol in symbols and trade in {None, held.number}
            ]
        self._catch_up(must=False)
        # What closed by itself while everything is closed is no failure either.
        passed = {"nothing_to_close"} if every else set()
        rows = _do_each(
            symbols, lambda each: close_position(each, trade, units, self.desk, self.trader, self.execution), passed
        )
        return [raise_if_cancelled(done) for done in self._read_back([row.number for row in rows], self._after_fill)]

    def show(self, number: int) -> OrderReport:
        """One order as it stands."""
        return report_order(self.desk, hold(self.desk), number)

    def working(self) -> list[OrderReport]:
        """Every working order, newest first."""
        return report_orders(self.desk, hold(self.desk), {OrderState.WORKING}, _MOST)

    def rules(self) -> list[str]:
        """How this account fills orders, in words."""
        if self.desk.venue is not None:
            return [f"orders, exits and expiry are kept and filled by {self.scope.broker}"]
        described = hold(self.desk).account.config.describe()
        return [*FILL_RULES, *(f"{name.replace('_', ' ')}: {text}" for name, text in described.items())]

    def resolve(self, *, dry_run: bool = False) -> list[Resolved]:
        """Settle what dead processes left without an answer, finish a kill and a disarm; the living are not touched."""
        if dry_run:
            return preview_recovery(self.desk.reads, self.scope, self.execution, self.is_gone, self._standing)
        self._finish_stops()
        return self._recover()

    def _catch_up(self, *, must: bool) -> None:
        """Settle, ahead of a command, what can be settled; what cannot keeps no risk in place unless it `must` be."""
        away = (Unreachable, OutcomeUnknown)
        with suppress(*away):
            self._finish_stops()
        with suppress(*(() if must else away)):
            self._recover()

    def _finish_stops(self) -> None:
        """Cancel the entries that a kill or the end of a LIVE window could not reach."""
        if self.trader.kill_reason() is not None:
            cancel_entries(self.desk, self.execution)
        if self.scope.mode is Mode.LIVE and not self.trader.arming().is_armed:
            # An entry must not outlive its window; one that cannot be cancelled now ends by itself at the venue.
            with suppress(RickctlError):
                cancel_entries(self.desk, self.execution)

    def _recover(self) -> list[Resolved]:
        now_ns = account_now(self.desk)
        return recover(self.desk.writable(), self.scope, self.execution, self.is_gone, self._standing, now_ns)

    def _standing(self, number: int) -> Standing:
        """The account by now, and all that happened to one order or trade of it."""
        held = hold(self.desk)
        events = (event for event in all_events(self.desk, held) if concerns(event, number))
        return Standing(held.account, tuple(events))

    def is_stepped(self) -> bool:
        """Whether the account's clock stands still until it is advanced."""
        row = self.desk.reads.account(self.scope)
        return row is not None and row.clock_ns is not None

    def has_unknown(self) -> bool:
        """Whether an outcome of this account is still unknown."""
        return bool(self.desk.reads.intents(self.scope, states={IntentState.UNKNOWN}))

    def _read_back(self, numbers: Sequence[int], read: Callable[[int], OrderReport]) -> list[OrderReport]:
        """Orders the broker took, as they stand: a failure to read them is none to send. Raises OutcomeUnknown."""
        if self.desk.venue is not None:
            # What the broker made of it is kept now: later it may be away, and the account is shown as last written.
            with suppress(Unreachable, SetupError):
                change(self.desk, lambda held: ((), held.now_ns))
        found: list[OrderReport] = []
        for number in numbers:
            try:
                found.append(read(number))
            except (Unreachable, SetupError) as error:
                message = f"the broker took it, but how order {number} stands cannot be read; do not send it again"
                hint = f"rickctl order show {number} --account {self.scope}"
                message = f"{message}: {error.message}"
                raise OutcomeUnknown(message, code="outcome_unknown", hint=hint, order=number) from error
        return found

    def _after_fill(self, number: int) -> OrderReport:
        order = hold(self.desk).account.order(number)
        if order is not None:
            await_fill(self.desk, order.live_ns)
        return self.show(number)


def _do_each(items: Sequence[Item], act: Callable[[Item], Result], passed: set[str]) -> list[Result]:
    """Do it to every one, then raise the first failure whose code is not `passed` over."""
    done: list[Result] = []
    failures: list[RickctlError] = []
    for item in items:
        try:
            done.append(act(item))
        except RickctlError as error:
            if error.code not in passed:
                failures.append(error)
    if failures:
        if len(items) > 1:
            failures[0].message += f"; {len(items) - len(failures)} of {len(items)} were done"
        raise failures[0]
    return done
