"""Arguments and options that several commands share, each said once; parses words, looks nothing up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeVar

import typer

from rickctl.app import App
from rickctl.config import OUTPUT_VARIABLE
from rickctl.domain.errors import ExitCode

if TYPE_CHECKING:
    from rickctl.services.portfolio import Failed

Callback = TypeVar("Callback", bound=Callable[..., Any])

OutputOption = Annotated[
    str | None,
    typer.Option(
        "--output", "-o", metavar="FORMAT", help="table, json, jsonl or csv  [env: RICKCTL_OUTPUT]", show_default=False
    ),
]
AccountOption = Annotated[
    str | None,
    typer.Option(
        "--account",
        "-a",
        metavar="ACCOUNT",
        help="NAME, practice:oanda, mode:broker:ID  [env: RICKCTL_ACCOUNT]",
        show_default=False,
    ),
]
AtOption = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="ask about the past, e.g. 2026-03-02T14:00:00Z", show_default=False),
]
DryRunFlag = Annotated[
    bool, typer.Option("--dry-run", help="print what would be sent and every verdict; write nothing")
]
RehearsalFlag = Annotated[bool, typer.Option("--dry-run", help="print what would come of it; write nothing")]
AllFlag = Annotated[bool, typer.Option("--all", help="everything of the account")]
OrderArgument = Annotated[int, typer.Argument(metavar="ORDER", help="number of the order", min=1, show_default=False)]
OutFileOption = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="write the result there in one step", show_default=False)
]
LockOption = Annotated[
    str | None,
    typer.Option("--lock", metavar="NAME", help="skip (exit 8) while NAME runs elsewhere", show_default=False),
]
IfOpenOption = Annotated[
    str | None,
    typer.Option("--if-market-open", metavar="SYMBOL", help="skip (exit 8) while SYMBOL is closed", show_default=False),
]
WatchFlag = Annotated[bool, typer.Option("--watch", "-w", help="repeat every second until Ctrl-C")]
SymbolArgument = Annotated[
    str, typer.Argument(metavar="SYMBOL", help="EUR_USD, eur/usd, BTC-USD …", show_default=False)
]
SymbolsArgument = Annotated[
    list[str], typer.Argument(metavar="SYMBOL…", help="EUR_USD, eur/usd, BTC-USD …", show_default=False)
]


def noun(summary: str) -> typer.Typer:
    """A Typer for one noun: plain help, no colours of its own, no traceback of its own."""
    return typer.Typer(
        help=summary,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def given_app(context: typer.Context) -> App:
    """The App this run was given, nothing checked."""
    app = context.obj
    assert isinstance(app, App)  # noqa: S101 - a wiring fault, never an input
    return app


def app_of(context: typer.Context, *, mends_settings: bool = False) -> App:
    """The App this run was given, its output format checked before anything is done. Raises UsageError, SetupError.

    A command that `mends_settings` must run where the settings file itself names no format.
    """
    app = given_app(context)
    chosen = context.params.get("output")
    if "output" in context.params and not (mends_settings and not chosen and not app.environment.get(OUTPUT_VARIABLE)):
        app.output(chosen)
    return app


class Contract(NamedTuple):
    """What a command promises a script: whether it changes anything, the shape of its JSON, and its exit codes."""

    mutates: bool
    shape: str
    fields: tuple[str, ...]
    exits: tuple[int, ...]


_EVERYWHERE = (ExitCode.DONE, ExitCode.BUG, ExitCode.USAGE, ExitCode.SETUP, ExitCode.INTERRUPTED)


def contract(
    *, shape: str, fields: tuple[str, ...], mutates: bool = False, exits: tuple[int, ...] = ()
) -> Callable[[Callback], Callback]:
    """Attach a Contract to a command; `exits` are those beside 0, 1, 2, 3 and 130, which every command has."""

    def attach(callback: Callback) -> Callback:
        codes = tuple(sorted({*(int(code) for code in _EVERYWHERE), *(int(code) for code in exits)}))
        callback.__dict__["contract"] = Contract(mutates, shape, fields, codes)
        return callback

    return attach


def name_failed(app: App, failed: Sequence[Failed], output: str | None) -> None:
    """Say on stderr which accounts did not answer, where the format has no place for it."""
    if app.output(output) in {"csv", "jsonl"}:
        for account in failed:
            app.warn(f"{account.scope}: {account.message}")
