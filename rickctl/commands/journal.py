"""`rickctl journal …`: read, verify, export and back up the record of everything; adds nothing to it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rickctl.commands.options import (
    AccountOption,
    LockOption,
    OutFileOption,
    OutputOption,
    RehearsalFlag,
    app_of,
    contract,
    noun,
)
from rickctl.domain.errors import ExitCode
from rickctl.render.journal import (
    BACKUP_FIELDS,
    EXPORTED_FIELDS,
    RECORD_FIELDS,
    VERIFY_FIELDS,
    backup_view,
    record_view,
    records_view,
    verification_view,
)
from rickctl.services.chronicle import (
    anchor_text,
    export_text,
    last_records,
    load_head,
    one_record,
    verify_journal,
)

cli = noun("The tamper-evident record of every intent, verdict, fill and change.")

BADGE = "Journal"

SeqArgument = Annotated[int, typer.Argument(metavar="RECORD", help="number of the record", show_default=False)]
TargetArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="a file that does not exist yet", show_default=False)
]
KindOption = Annotated[str | None, typer.Option("--kind", metavar="KIND", help="only this kind", show_default=False)]
OrderOption = Annotated[int | None, typer.Option("--order", metavar="N", help="only of this order", show_default=False)]
CountOption = Annotated[int, typer.Option("--count", "-n", metavar="N", help="how many, the newest last")]
CheckAnchorOption = Annotated[
    Path | None, typer.Option("--anchor", metavar="FILE", help="hold it to an exported anchor too", show_default=False)
]
AnchorFlag = Annotated[bool, typer.Option("--anchor", help="only the head, to keep elsewhere")]


@cli.command("list")
@contract(shape="array", fields=RECORD_FIELDS, exits=(ExitCode.SKIPPED,))
def list_records(
    context: typer.Context,
    account: AccountOption = None,
    kind: KindOption = None,
    order: OrderOption = None,
    count: CountOption = 20,
    out: OutFileOption = None,
    lock: LockOption = None,
    output: OutputOption = None,
) -> None:
    """Print the newest records, oldest first."""
    app = app_of(context)
    app.start_job(lock)
    scope = None if account is None else app.scope(account)
    rows = last_records(app.store(write=False), scope=scope, kind=kind, number=order, count=count)
    app.show(records_view(rows), output=output, badge=BADGE, out_file=out)


@cli.command()
@contract(shape="object", fields=RECORD_FIELDS)
def show(context: typer.Context, record: SeqArgument, output: OutputOption = None) -> None:
    """Print one record whole."""
    app = app_of(context)
    app.show(record_view(one_record(app.store(write=False), record)), output=output, badge=BADGE)


@cli.command()
@contract(shape="object", fields=VERIFY_FIELDS, exits=(ExitCode.FINDINGS,))
def verify(context: typer.Context, anchor: CheckAnchorOption = None, output: OutputOption = None) -> None:
    """Prove that no record was changed, moved or taken away.

    Edited, deleted, inserted, moved, cut off, rewritten: exit 9 with what was found.
    """
    app = app_of(context)
    head, findings = verify_journal(app.store(write=False), None if anchor is None else load_head(anchor))
    app.show(verification_view(head, findings), output=output, badge=BADGE)
    if findings:
        raise typer.Exit(ExitCode.FINDINGS)


@cli.command()
@contract(shape="lines", fields=EXPORTED_FIELDS)
def export(context: typer.Context, anchor: AnchorFlag = False, out: OutFileOption = None) -> None:
    """Print the journal, or with --anchor its head alone.

    The journal is one JSON object a line.
    """
    app = app_of(context)
    store = app.store(write=False)
    app.write_text(anchor_text(store.head(), app.clock.now_ns()) if anchor else export_text(store), out)


@cli.command()
@contract(shape="object", fields=BACKUP_FIELDS)
def backup(
    context: typer.Context, target: TargetArgument, dry_run: RehearsalFlag = False, output: OutputOption = None
) -> None:
    """Copy the state to a new file and check the copy.

    The journal's key is not in it.
    """
    app = app_of(context)
    store = app.store(write=False)
    if dry_run:
        store.check_backup(target)
    else:
        store.backup(target)
    view = backup_view(target, store.head(), is_made=not dry_run)
    app.show(view, output=output, badge=f"{BADGE} · dry run" if dry_run else BADGE)
