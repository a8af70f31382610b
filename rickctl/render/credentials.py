"""Shows logins and who this machine is at a venue; masks accounts, and is never given a secret to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.domain.credentials import mask_account, variable_of
from rickctl.render.numbers import counted
from rickctl.render.view import Cell, Column, Line, Table, View, line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rickctl.domain.credentials import Slot
    from rickctl.render.view import Record
    from rickctl.services.credentials import Identity, LoggedIn, LoggedOut

LOGIN_FIELDS = ("broker", "mode", "account", "accounts", "permissions", "skew_ms", "stored")
LOGOUT_FIELDS = ("broker", "mode", "account", "removed", "remaining")
IDENTITY_FIELDS = (
    "broker", "mode", "account", "source", "detail", "accounts", "permissions", "answers", "problem",
)  # fmt: skip


def login_view(result: LoggedIn) -> View:
    """What a login came to."""
    return View(
        records={
            **_named(result.slot, result.account),
            "accounts": len(result.accounts),
            "permissions": list(result.permissions),
            "skew_ms": result.skew_ms,
            "stored": result.stored or None,
        },
        blocks=lambda: _login_lines(result),
        fields=LOGIN_FIELDS,
        is_single=True,
    )


def _login_lines(result: LoggedIn) -> list[Line]:
    slot = result.slot
    verb = Cell("logged in", "good") if result.stored else Cell("would log in", "loud")
    lines = [
        line(verb, f" at {slot.broker} {slot.mode.value}"),
        line(
            Cell("  account  ", "dim"), mask_account(result.account), f" of {counted(len(result.accounts), 'account')}"
        ),
    ]
    if result.permissions:
        lines.append(line(Cell("  may      ", "dim"), ", ".join(result.permissions)))
    kept = f"in {result.stored}, read back" if result.stored else "nowhere: a rehearsal"
    return [*lines, line(Cell("  stored   ", "dim"), kept)]


def logout_view(result: LoggedOut) -> View:
    """What a logout took away, and where a token is found all the same."""
    return View(
        records={
            **_named(result.slot, result.slot.account),
            "removed": [place for _, place in result.removed],
            "remaining": result.remaining.source if result.remaining else None,
        },
        blocks=lambda: _logout_lines(result),
        fields=LOGOUT_FIELDS,
        is_single=True,
    )


def _logout_lines(result: LoggedOut) -> list[Line]:
    places = ", ".join(dict.fromkeys(place for _, place in result.removed))
    done = f"removed from {places}" if places else "nothing was stored"
    lines = [line(Cell("logged out", "good"), f" of {result.slot.broker} {result.slot.mode.value}; {done}")]
    if result.remaining is not None:
        held = result.remaining
        still = f"a token is still found: {held.source}, {shown_detail(held.slot, held.detail)}"
        lines.append(line(Cell(still, "warn")))
    return lines


def removals_view(slot: Slot, places: Sequence[str]) -> View:
    """What a logout would take away."""
    return View(
        records={**_named(slot, slot.account), "removed": list(places), "remaining": None},
        blocks=lambda: [line(f"would remove the token of {slot.broker} {slot.mode.value} from {', '.join(places)}")],
        fields=LOGOUT_FIELDS,
        is_single=True,
    )


def identities_view(rows: Sequence[Identity]) -> View:
    """Who this machine is at every venue."""
    columns = (
        Column("broker", "left"),
        Column("mode", "left"),
        Column("account", "left"),
        Column("source", "left"),
        Column("detail", "left", drop=2),
        Column("may", "left", drop=1),
        Column("answers", "left"),
        Column("", "left"),
    )
    return View(
        records=[_identity_record(row) for row in rows],
        blocks=lambda: [Table(columns, [_identity_cells(row) for row in rows])],
        fields=IDENTITY_FIELDS,
    )


def _identity_record(row: Identity) -> Record:
    return {
        **_named(row.slot, row.account),
        "source": row.source,
        "detail": shown_detail(row.slot, row.detail),
        "accounts": row.accounts,
        "permissions": None if row.permissions is None else list(row.permissions),
        "answers": row.answers,
        "problem": row.problem,
    }


def _identity_cells(row: Identity) -> tuple[Cell, ...]:
    answers = {None: Cell("–", "dim"), True: Cell("yes", "good"), False: Cell("no", "bad")}[row.answers]
    return (
        Cell(row.slot.broker, "loud"),
        Cell(row.slot.mode.value, "warn" if row.slot.mode.value == "live" else "plain"),
        Cell(mask_account(row.account) if row.account else "–"),
        Cell(row.source, "key") if row.source else Cell("none", "dim"),
        Cell(shown_detail(row.slot, row.detail) or "–", "dim"),
        Cell(", ".join(row.permissions) if row.permissions else "–"),
        answers,
        Cell(row.problem or "", "warn"),
    )


def shown_detail(slot: Slot, detail: str | None) -> str | None:
    """The words of a source, without the account that a variable's name may hold."""
    if detail is None or slot.account is None:
        return detail
    whole = variable_of(slot)
    return detail.replace(whole, f"{variable_of(slot._replace(account=None))}_***").replace(
        slot.account, mask_account(slot.account)
    )


def _named(slot: Slot, account: str | None) -> dict[str, str | None]:
    return {"broker": slot.broker, "mode": slot.mode.value, "account": mask_account(account) if account else None}
