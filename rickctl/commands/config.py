"""`rickctl config …`: settings, their values and where they come from; holds no secret and loosens no rule."""

from __future__ import annotations

from typing import Annotated

import typer

from rickctl.app import App
from rickctl.commands.options import OutputOption, app_of, contract, noun
from rickctl.config import CONFIG_FILE, validate_settings
from rickctl.domain.errors import ExitCode
from rickctl.domain.settings import find_setting
from rickctl.render.settings import (
    CONFIG_PATH_FIELDS,
    SETTING_FIELDS,
    config_path_view,
    setting_view,
    settings_view,
)
from rickctl.services.settings import all_rows, check_tightening, row_after, row_of, set_value, unset_value

cli = noun("Settings: defaults of the command line, and limits of your own under the charter's.")

BADGE = "Settings"

KeyArgument = Annotated[str, typer.Argument(metavar="KEY", help="a setting of `config show`", show_default=False)]
ValueArgument = Annotated[str, typer.Argument(metavar="VALUE", help="what to set it to", show_default=False)]
DryRunFlag = Annotated[bool, typer.Option("--dry-run", help="print what the file would hold, write nothing")]


@cli.command()
@contract(shape="array", fields=SETTING_FIELDS)
def show(context: typer.Context, output: OutputOption = None) -> None:
    """Print every setting in force and its source.

    Of venues' variables only whether they are there.
    """
    app = app_of(context)
    rows = all_rows(app.folders.config, app.environment, validate_settings)
    app.show(settings_view(rows), output=output, badge=BADGE)


@cli.command()
@contract(shape="object", fields=SETTING_FIELDS)
def get(context: typer.Context, key: KeyArgument, output: OutputOption = None) -> None:
    """Print the value in force of one setting."""
    app = app_of(context)
    app.show(setting_view(row_of(key, app.folders.config, app.environment, validate_settings)), output=output, badge="")


@cli.command("set")
@contract(shape="object", fields=SETTING_FIELDS, mutates=True, exits=(ExitCode.REFUSED,))
def set_(
    context: typer.Context,
    key: KeyArgument,
    value: ValueArgument,
    dry_run: DryRunFlag = False,
    output: OutputOption = None,
) -> None:
    """Write one setting into the file and print what is in force.

    Comments and all else in the file are kept.
    """
    app = app_of(context, mends_settings=True)
    changed = set_value(app.folders.config / CONFIG_FILE, key, value)
    check_tightening(find_setting(key), value, lambda: app.charter_file().require())
    _keep(app, key, changed, output, dry_run=dry_run)


@cli.command()
@contract(shape="object", fields=SETTING_FIELDS, mutates=True)
def unset(
    context: typer.Context,
    key: KeyArgument,
    dry_run: DryRunFlag = False,
    output: OutputOption = None,
) -> None:
    """Take one setting out of the file and print what is then in force."""
    app = app_of(context, mends_settings=True)
    changed = unset_value(app.folders.config / CONFIG_FILE, key)
    _keep(app, key, changed, output, dry_run=dry_run)


@cli.command()
@contract(shape="object", fields=CONFIG_PATH_FIELDS)
def path(context: typer.Context, output: OutputOption = None) -> None:
    """Print where the file lies, or would lie."""
    app = app_of(context)
    file = app.folders.config / CONFIG_FILE
    app.show(config_path_view(file, exists=file.exists()), output=output, badge="")


def _keep(app: App, key: str, changed: str, output: str | None, *, dry_run: bool) -> None:
    if dry_run:
        app.write_text(changed, None)
        return
    app.folders.config.mkdir(mode=0o700, parents=True, exist_ok=True)
    app.write_text(changed, app.folders.config / CONFIG_FILE)
    row = row_after(key, app.folders.config, app.environment, validate_settings)
    app.show(setting_view(row), output=output, badge="")
