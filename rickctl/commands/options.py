"""Arguments and options that several commands share, each said once; parses words, looks nothing up."""

from __future__ import annotations

from typing import Annotated

import typer

from rickctl.app import App

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
        help="NAME or mode:broker:name  [env: RICKCTL_ACCOUNT]",
        show_default=False,
    ),
]
AtOption = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="ask about the past, e.g. 2026-03-02T14:00:00Z", show_default=False),
]
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


def app_of(context: typer.Context) -> App:
    """The App this run was given."""
    app = context.obj
    assert isinstance(app, App)  # noqa: S101 - a wiring fault, never an input
    return app
