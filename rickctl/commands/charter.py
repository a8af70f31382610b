"""`rickctl charter …`: look at, validate, seal and compare the risk charter; changes no limit by itself."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from rickctl.commands.options import OutputOption, RehearsalFlag, app_of, contract, noun
from rickctl.domain.errors import ExitCode, SetupError
from rickctl.domain.scope import Mode, parse_mode
from rickctl.render.charter import (
    DIFFERENCE_FIELDS,
    EXPLANATION_FIELDS,
    PATH_FIELDS,
    VALIDATION_FIELDS,
    VALUE_FIELDS,
    differences_view,
    explanations_view,
    path_view,
    sealed_view,
    validation_view,
    values_view,
)
from rickctl.services.charter import CHARTER_FILE, diff_charters, explain_rule, list_values, validate_charter
from rickctl.services.sealing import own_copy, seal_and_record, shipped_charter

if TYPE_CHECKING:
    from rickctl.app import App
    from rickctl.services.charter import LoadedCharter

cli = noun("The risk charter: every limit between an order and a broker.")

BADGE = "Charter"
_REFUSED = (ExitCode.REFUSED,)

SectionOption = Annotated[
    int | None, typer.Option("--section", "-s", metavar="N", min=1, max=11, help="one section only", show_default=False)
]
RuleArgument = Annotated[str, typer.Argument(metavar="RULE", help="3.2, 3, over_notional or a key", show_default=False)]
ExpectOption = Annotated[
    str, typer.Option("--expect", metavar="HASH", help="the hash you looked at, 12 digits or more", show_default=False)
]
ModeOption = Annotated[str, typer.Option("--mode", metavar="MODE", help="paper, practice or live")]


@cli.command()
@contract(shape="object", fields=VALIDATION_FIELDS, exits=(ExitCode.REFUSED, ExitCode.FINDINGS))
def validate(context: typer.Context, output: OutputOption = None) -> None:
    """Say whether orders may be checked by the charter in use.

    Sections 10 and 11 are printed with their values.
    """
    app = app_of(context)
    if _show_findings(app, app.charter(), output):
        raise typer.Exit(ExitCode.FINDINGS)


def _show_findings(app: App, loaded: LoadedCharter, output: str | None, note: str = "") -> bool:
    """Print what there is to say of a charter, and whether anything was found wrong."""
    findings = validate_charter(loaded)
    values = (*list_values(loaded.charter, 10), *list_values(loaded.charter, 11)) if loaded.charter else ()
    app.show(validation_view(loaded, findings, values), output=output, badge=BADGE + note)
    return bool(findings)


@cli.command()
@contract(shape="array", fields=VALUE_FIELDS, exits=_REFUSED)
def show(context: typer.Context, section: SectionOption = None, output: OutputOption = None) -> None:
    """Print every limit in force, its unit and its hard floor.

    No file can pass the floor.
    """
    app = app_of(context)
    loaded = app.charter()
    app.show(values_view(loaded, list_values(loaded.require(), section)), output=output, badge=BADGE)


@cli.command()
@contract(shape="array", fields=EXPLANATION_FIELDS, exits=_REFUSED)
def explain(context: typer.Context, rule: RuleArgument, output: OutputOption = None) -> None:
    """Give the reason for a rule, its values and examples.

    One line that passes, and one that is refused.
    """
    app = app_of(context)
    app.show(explanations_view(explain_rule(rule, app.charter().require())), output=output, badge=BADGE)


@cli.command()
@contract(shape="array", fields=DIFFERENCE_FIELDS, exits=_REFUSED)
def diff(context: typer.Context, output: OutputOption = None) -> None:
    """Print every value that is not as shipped."""
    app = app_of(context)
    app.show(differences_view(diff_charters(app.charter().require(), shipped_charter())), output=output, badge=BADGE)


@cli.command()
@contract(shape="object", fields=PATH_FIELDS, exits=_REFUSED)
def path(context: typer.Context, output: OutputOption = None) -> None:
    """Print where the charter in use lies.

    The configuration folder's own, else the shipped one.
    """
    app = app_of(context)
    app.show(path_view(app.charter()), output=output, badge="")


@cli.command()
@contract(shape="object", fields=PATH_FIELDS, mutates=True, exits=_REFUSED)
def seal(
    context: typer.Context,
    expect: ExpectOption,
    mode: ModeOption = "paper",
    dry_run: RehearsalFlag = False,
    output: OutputOption = None,
) -> None:
    """Seal the charter in use for a mode.

    Only the one whose hash you give is sealed; the seal is recorded in the journal.
    For live a person types the PIN at a terminal; it then still has to be armed.
    """
    app = app_of(context)
    chosen = parse_mode(mode)
    store = None if dry_run else app.store(write=True)
    seal_it = partial(
        seal_and_record,
        config_dir=app.folders.config,
        expect_hash=expect,
        mode=chosen,
        now_ns=app.clock.now_ns(),
        seal_key=app.seal_key(),
        confirmed_by=app.arming.person_at_terminal("seals for LIVE", "charter seal") if chosen is Mode.LIVE else None,
    )
    if chosen is Mode.LIVE and not dry_run:
        # The hash is looked at before anybody types a PIN for it.
        seal_it(None)
        app.arming.confirm("seal the charter for live")
    loaded = seal_it(store)
    app.show(sealed_view(loaded), output=output, badge=f"{BADGE} · dry run" if dry_run else BADGE)


@cli.command()
@contract(shape="object", fields=VALIDATION_FIELDS, mutates=True, exits=(ExitCode.REFUSED, ExitCode.FINDINGS))
def edit(context: typer.Context, dry_run: RehearsalFlag = False, output: OutputOption = None) -> None:
    """Open your copy of the charter in an editor and validate it.

    The editor is $VISUAL, else $EDITOR; the copy is made from the shipped one if it is missing.
    """
    app = app_of(context)
    editor = app.environment.get("VISUAL") or app.environment.get("EDITOR")
    if not editor:
        message = "neither VISUAL nor EDITOR names an editor"
        raise SetupError(message, code="no_editor", hint="EDITOR=vi rickctl charter edit")
    if dry_run:
        file = app.folders.config / CHARTER_FILE
        _show_findings(app, replace(app.charter(), path=file, is_shipped=False), output, " · dry run, before the edit")
        return
    app.run_editor(editor, own_copy(app.folders.config))
    validate(context, output)
