"""Shows LIVE's windows, what a disarm did, and the changes of what may be risked; judges nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.domain.instants import SECOND_NS, duration_text, rfc3339
from rickctl.domain.scope import Mode
from rickctl.render.records import scope_fields, time_or_none
from rickctl.render.view import Cell, Column, Line, Table, View, line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rickctl.domain.arming import ArmState, Ended
    from rickctl.domain.scope import Scope
    from rickctl.render.view import Json
    from rickctl.services.arming import Change

ARM_FIELDS = ("mode", "broker", "account", "armed", "ends_at", "left_s", "cause", "reason", "charter")
DISARM_FIELDS = ("disarmed", "cancelled", "failed", "recorded")
PIN_FIELDS = ("pin",)
_SHOWN = 12


def arm_record(state: ArmState) -> dict[str, Json]:
    """One scope and whether it may add risk now; `left_s` are whole seconds that are left."""
    window = state.window
    return {
        **(scope_fields(state.scope) if state.scope else {"mode": Mode.LIVE.value, "broker": None, "account": None}),
        "armed": state.is_armed,
        "ends_at": time_or_none(state.ends_ns if state.is_armed else None),
        "left_s": state.left_ns // SECOND_NS if state.is_armed else 0,
        "cause": None if state.cause is None else state.cause.value,
        "reason": window.reason if window is not None and state.is_armed else None,
        "charter": window.bindings.charter_hash if window is not None and state.is_armed else None,
    }


def arm_view(state: ArmState, *, is_dry_run: bool) -> View:
    """A window that was opened, or would be."""
    return View(
        records=arm_record(state), blocks=lambda: [_window_line(state, is_dry_run)], fields=ARM_FIELDS, is_single=True
    )


def _window_line(state: ArmState, is_dry_run: bool) -> Line:  # noqa: FBT001 - said by its only callers' own flag
    charter = "" if state.window is None else f"   charter {state.window.bindings.charter_hash[:6]}"
    end = rfc3339(state.ends_ns - state.ends_ns % SECOND_NS)
    word = Cell("would be armed", "warn") if is_dry_run else Cell("LIVE ARMED", "live")
    reason = f"   {state.window.reason}" if state.window is not None and state.window.reason else ""
    return line(word, f"  {state.scope} until {end}, {duration_text(state.left_ns)}{charter}{reason}")


def arming_lines(states: Sequence[ArmState]) -> list[Line]:
    """A line for every scope that has, or last had, a window."""
    return [
        _window_line(state, is_dry_run=False)
        if state.is_armed
        else line(Cell("disarmed", "dim"), f"  {state.scope}: {state.told}")
        for state in states
    ]


def disarm_view(
    ended: Sequence[Ended],
    cancelled: Sequence[tuple[Scope, int]],
    failed: Sequence[tuple[Scope, str]],
    note: str | None,
) -> View:
    """What a disarm did; `note` is why the journal does not tell of it yet."""
    return View(
        records={
            "disarmed": [{**scope_fields(one.scope), "cause": one.cause.value} for one in ended],
            "cancelled": [{"order": number, **scope_fields(scope)} for scope, number in cancelled],
            "failed": [{**scope_fields(scope), "message": message} for scope, message in failed],
            "recorded": note is None,
        },
        blocks=lambda: [
            *(line(Cell("disarmed", "good"), f"  {one.scope}") for one in ended),
            *([] if ended else [line("nothing was armed")]),
            *([line(f"  resting entries cancelled: {len(cancelled)}; exits stay")] if ended and not failed else []),
            *(
                line(Cell(f"  ! {scope}  {message}; an entry that rests ends with its window", "warn"))
                for scope, message in failed
            ),
            *([] if note is None else [line(Cell(f"  ! not in the journal yet: {note}", "warn"))]),
        ],
        fields=DISARM_FIELDS,
        is_single=True,
    )


def rehearsed_disarm_view(states: Sequence[ArmState]) -> View:
    """What a disarm would end."""
    found = [state for state in states if state.is_armed and state.scope is not None]
    scopes = [state.scope for state in found if state.scope is not None]
    return View(
        records={
            "disarmed": [{**scope_fields(scope), "cause": "by_hand"} for scope in scopes],
            "cancelled": [],
            "failed": [],
            "recorded": False,
        },
        blocks=lambda: [line(f"would disarm  {scope}") for scope in scopes] or [line("nothing is armed")],
        fields=DISARM_FIELDS,
        is_single=True,
    )


def pin_view(word: str) -> View:
    """That the PIN was set or changed; never the PIN."""
    return View(records={"pin": word}, blocks=lambda: [line(f"PIN {word}")], fields=PIN_FIELDS, is_single=True)


def change_record(change: Change) -> dict[str, Json]:
    """One change of what may be risked."""
    scope = {"mode": None, "broker": None, "account": None} if change.scope is None else scope_fields(change.scope)
    return {"at": rfc3339(change.at_ns), **scope, "change": change.kind, "detail": change.detail, "by": change.by}


def changes_table(changes: Sequence[Change]) -> Table:
    """Changes, newest first."""
    columns = (
        Column("at", "left"),
        Column("change", "left"),
        Column("account", "left"),
        Column("detail", "left"),
        Column("by", "left", drop=1),
    )
    return Table(
        columns,
        [
            (
                Cell(rfc3339(row.at_ns - row.at_ns % SECOND_NS), "dim"),
                Cell(row.kind, "loud"),
                Cell(str(row.scope) if row.scope else "–"),
                Cell(row.detail or "–"),
                Cell(row.by or "–", "dim"),
            )
            for row in changes
        ],
    )
