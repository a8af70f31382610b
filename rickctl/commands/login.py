"""`rickctl login`: a broker's token, asked for or read, tried at the broker, kept; never taken as an option."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rickctl.app import App
from rickctl.commands.options import OutputOption, app_of, contract, noun
from rickctl.commands.slots import BrokerArgument, ModeOption, SlotAccountOption, read_slot
from rickctl.domain.errors import ExitCode
from rickctl.render.credentials import LOGIN_FIELDS, login_view
from rickctl.services.credentials import check_token, log_in, skew_warning

cli = noun("Keep a broker's token in the keyring.")

TokenFileOption = Annotated[
    Path | None,
    typer.Option("--token-file", metavar="FILE", help="read the token from a file of mode 0600", show_default=False),
]
TokenStdinFlag = Annotated[bool, typer.Option("--token-stdin", help="read the token from stdin")]
InsecureFileOption = Annotated[
    Path | None,
    typer.Option(
        "--insecure-file", metavar="FILE", help="keep the token in a file of mode 0600, unencrypted", show_default=False
    ),
]
DryRunFlag = Annotated[bool, typer.Option("--dry-run", help="try the token at the broker, keep nothing")]


@cli.command()
@contract(shape="object", fields=LOGIN_FIELDS, mutates=True, exits=(ExitCode.UNREACHABLE,))
def login(
    context: typer.Context,
    broker: BrokerArgument,
    mode: ModeOption,
    account: SlotAccountOption = None,
    token_file: TokenFileOption = None,
    token_stdin: TokenStdinFlag = False,
    insecure_file: InsecureFileOption = None,
    dry_run: DryRunFlag = False,
    output: OutputOption = None,
) -> None:
    """Ask for a token without showing it, try it at the broker, keep it in the keyring and read it back.

    Nothing is kept that the broker does not know. Without a keyring nothing is kept at all, unless --insecure-file
    names a file. Without a terminal the token comes from --token-file or --token-stdin.
    """
    app = app_of(context)
    slot = app.credentials.slot(read_slot(broker, mode, account))
    path = "" if insecure_file is None else str(insecure_file.expanduser().absolute())
    vault = app.credentials.vault(path)
    if not dry_run:
        # Before a person types anything: is there a place for it?
        vault.load([slot])
    secret = app.credentials.given(slot, token_file, from_stdin=token_stdin)
    _warn(app, check_token(slot.broker, secret))
    result = log_in(slot, secret, vault, app.credentials.desk(), app.credentials.ask, path=path, dry_run=dry_run)
    _warn(app, skew_warning(result.skew_ms))
    if path and not dry_run:
        app.warn(f"the token lies unencrypted in {path}; anyone who can read that file can use it")
    app.show(login_view(result), output=output, badge="Login")


def _warn(app: App, text: str | None) -> None:
    if text is not None:
        app.warn(text)
