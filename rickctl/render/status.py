"""Shows what stands and what is stopped: kill switch, latches, accounts, open outcomes; judges nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.domain.instants import rfc3339
from rickctl.render.arming import arm_record, arming_lines, change_record, changes_table
from rickctl.render.numbers import balance_text
from rickctl.render.records import decimal_or_none, scope_fields
from rickctl.render.view import Cell, Column, Line, Table, View, line

if TYPE_CHECKING:
    from rickctl.render.view import Json
    from rickctl.services.status import AccountGlance, Status
    from rickctl.services.stopping import Stopped

STATUS_FIELDS = (
    "as_of",
    "killed",
    "kill_reason",
    "arming",
    "latches",
    "unknown",
    "charter",
    "accounts",
    "failed",
    "history",
)
STOPPED_FIELDS = ("killed", "reason", "cancelled", "failed")
RESUMED_FIELDS = ("killed", "lifted")


def status_view(status: Status) -> View:
    """Everything that could stop an order, and every account at a glance."""
    return View(
        records={
            "as_of": rfc3339(status.as_of_ns),
            "killed": status.kill_reason is not None,
            "kill_reason": status.kill_reason,
            "arming": [arm_record(state) for state in status.arming],
            "latches": [
                {"name": latch.name, "account": str(latch.scope) if latch.scope else None, "reason": latch.reason}
                for latch in status.latches
            ],
            "unknown": [{"order": row.number, **scope_fields(row.scope)} for row in status.unknown],
            "charter": {"hash": status.charter_hash, "sealed_for": status.sealed_for},
            "accounts": [_account_record(row) for row in status.accounts],
            "failed": [{**scope_fields(row.scope), "code": row.code, "message": row.message} for row in status.failed],
            "history": None if status.history is None else [change_record(row) for row in status.history],
        },
        blocks=lambda: _blocks(status),
        fields=STATUS_FIELDS,
        is_single=True,
    )


def _account_record(row: AccountGlance) -> dict[str, Json]:
    return {
        **scope_fields(row.scope),
        "currency": row.currency,
        "equity": decimal_or_none(row.equity),
        "open_trades": row.open_trades,
        "working_orders": row.working_orders,
        "clock": rfc3339(row.now_ns),
    }


def _blocks(status: Status) -> list[Table | Line]:
    blocks: list[Table | Line] = []
    if status.kill_reason is not None:
        blocks.append(line(Cell("KILLED", "warn"), f"  {status.kill_reason}; no entry leaves until rickctl resume"))
        blocks += [
            line(Cell("resting", "warn"), f"  orders still work in {row.scope}: rickctl kill again")
            for row in status.accounts
            if row.working_orders
        ]
    blocks += [
        line(Cell("latched", "warn"), f"  {latch.name}: {latch.reason}  {latch.scope or 'every account'}")
        for latch in status.latches
    ]
    blocks += [line(Cell("unknown", "warn"), f"  order {row.number} of {row.scope}") for row in status.unknown]
    if status.charter_hash is None:
        blocks.append(line(Cell("entries refused", "warn"), "  the charter cannot be used; rickctl charter validate"))
    elif not status.sealed_for:
        unsealed = f"  charter {status.charter_hash[:6]} is sealed for nothing; rickctl charter validate"
        blocks.append(line(Cell("entries refused", "warn"), unsealed))
    if not blocks:
        blocks.append(line(Cell("entries allowed", "good"), f"   charter {(status.charter_hash or '–')[:6]}"))
    blocks += arming_lines(status.arming)
    columns = (Column("account", "left"), Column("equity"), Column("open"), Column("working"), Column("clock", "left"))
    rows: list[tuple[Cell, ...]] = [
        (
            Cell(str(row.scope), "loud"),
            Cell(balance_text(row.equity, row.currency)),
            Cell(str(row.open_trades)),
            Cell(str(row.working_orders)),
            Cell(rfc3339(row.now_ns - row.now_ns % 1_000_000_000), "dim"),
        )
        for row in status.accounts
    ]
    blocks += [line(""), Table(columns, rows)]
    blocks += [line(Cell(f"! {row.scope}  {row.message}", "warn")) for row in status.failed]
    if status.history is None:
        return blocks
    shown = [changes_table(status.history)] if status.history else [line("nothing was ever armed, sealed or resumed")]
    return [*blocks, line(""), *shown]


def stopped_view(stopped: Stopped) -> View:
    """What a kill did."""
    return View(
        records=_stopped_record(stopped, is_killed=True),
        blocks=lambda: [
            line(Cell("KILLED", "warn"), f"  {stopped.reason}; no entry leaves until rickctl resume"),
            line(f"  working entries cancelled: {len(stopped.cancelled)}; exits of open positions stay"),
            *(
                line(Cell(f"  ! {scope}  {message}; entries may rest there: rickctl kill again", "warn"))
                for scope, message in stopped.failed
            ),
        ],
        fields=STOPPED_FIELDS,
        is_single=True,
    )


def rehearsed_kill_view(stopped: Stopped, *, is_killed: bool) -> View:
    """What a kill would do; `killed` says whether one is in force already."""
    return View(
        records=_stopped_record(stopped, is_killed=is_killed),
        blocks=lambda: [
            line(Cell("would kill" if not is_killed else "killed already", "warn"), f"  {stopped.reason}"),
            line(f"  working entries to cancel: {len(stopped.cancelled)}; exits of open positions stay"),
            *(line(f"  order {number} of {scope}") for scope, number in stopped.cancelled),
            *(line(Cell(f"  ! {scope}  {message}", "warn")) for scope, message in stopped.failed),
        ],
        fields=STOPPED_FIELDS,
        is_single=True,
    )


def _stopped_record(stopped: Stopped, *, is_killed: bool) -> dict[str, Json]:
    return {
        "killed": is_killed,
        "reason": stopped.reason,
        "cancelled": [{"order": number, **scope_fields(scope)} for scope, number in stopped.cancelled],
        "failed": [{**scope_fields(scope), "message": message} for scope, message in stopped.failed],
    }


def rehearsed_resume_view(held: list[str], *, is_killed: bool, has_person: bool) -> View:
    """What a resume would lift, and whether somebody is there to do it."""
    word = "would ask a person, then lift" if has_person else "would be refused: no terminal, so no person, to lift"
    return View(
        records={"killed": is_killed, "lifted": held},
        blocks=lambda: (
            [line(Cell(word, "warn")), *(line(f"  {text}") for text in held)] if held else [line("nothing was stopped")]
        ),
        fields=RESUMED_FIELDS,
        is_single=True,
    )


def resumed_view(lifted: list[str]) -> View:
    """What a person lifted."""
    return View(
        records={"killed": False, "lifted": lifted},
        blocks=lambda: [line("entries are allowed again" if lifted else "nothing was stopped")],
        fields=RESUMED_FIELDS,
        is_single=True,
    )
