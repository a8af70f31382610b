"""`rickctl account …`: paper accounts opened, funded, reset, closed and moved through time; places no order."""

from __future__ import annotations

from typing import Annotated

import typer

from rickctl.commands.options import LockOption, OutFileOption, OutputOption, RehearsalFlag, app_of, contract, noun
from rickctl.domain.errors import ExitCode
from rickctl.domain.instants import parse_duration_ns, parse_instant
from rickctl.domain.scope import parse_scope
from rickctl.render.accounts import ACCOUNT_FIELDS, ADVANCED_FIELDS, account_view, accounts_view, advanced_view
from rickctl.services.accounts import Terms
from rickctl.services.desk import Held

cli = noun("Paper accounts: their terms, their money, their clock.")

_CHANGES = (ExitCode.UNREACHABLE, ExitCode.REFUSED)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="a-z 0-9 - _ . up to 40", show_default=False)]
AmountArgument = Annotated[str, typer.Argument(metavar="AMOUNT", help="below zero takes out", show_default=False)]
KindOption = Annotated[str, typer.Option("--kind", metavar="KIND", help="margin or spot")]
CurrencyOption = Annotated[str, typer.Option("--currency", metavar="CODE", help="USD, EUR, GBP, JPY …")]
BalanceOption = Annotated[str, typer.Option("--balance", metavar="AMOUNT", help="cash to begin with")]
SourceOption = Annotated[
    str, typer.Option("--source", metavar="SOURCE", help="sim, or replay:FILE for a recorded market")
]
SeedOption = Annotated[
    int, typer.Option("--seed", metavar="N", help="of the simulated market and random slippage", min=0)
]
SpreadOption = Annotated[str, typer.Option("--spread", metavar="MODEL", help="source, x1.5 or fixed:1.2p")]
SlippageOption = Annotated[str, typer.Option("--slippage", metavar="MODEL", help="none, fixed:0.2p or random:0.5p")]
LatencyOption = Annotated[str, typer.Option("--latency", metavar="TIME", help="from sent to live")]
CommissionOption = Annotated[
    str | None,
    typer.Option("--commission", metavar="MODEL", help="none, 0.6%, 2.50/order, 35/million", show_default=False),
]
SpeedOption = Annotated[
    str | None,
    typer.Option("--speed", metavar="CLOCK", help="wall, or step: moved by account advance", show_default=False),
]
StartOption = Annotated[
    str | None, typer.Option("--start", metavar="TIME", help="where a stepped clock begins", show_default=False)
]
ByOption = Annotated[str | None, typer.Option("--by", metavar="TIME", help="how far, e.g. 1h30m", show_default=False)]
ToOption = Annotated[str | None, typer.Option("--to", metavar="TIME", help="until when", show_default=False)]


@cli.command()
@contract(shape="object", fields=(*ACCOUNT_FIELDS, "tape"), mutates=True, exits=_CHANGES)
def create(
    context: typer.Context,
    name: NameArgument,
    kind: KindOption = "margin",
    currency: CurrencyOption = "USD",
    balance: BalanceOption = "100000",
    source: SourceOption = "sim",
    seed: SeedOption = 0,
    spread: SpreadOption = "source",
    slippage: SlippageOption = "none",
    latency: LatencyOption = "50ms",
    commission: CommissionOption = None,
    speed: SpeedOption = None,
    start: StartOption = None,
    dry_run: RehearsalFlag = False,
    output: OutputOption = None,
) -> None:
    """Open a paper account on terms that stay as they are.

    Its price source is fixed from then on as well.
    A margin account trades both ways on margin; a spot account pays in full, cannot go short, and pays 0.6% commission
    unless told otherwise. With --speed step its clock stands still until `rickctl account advance`.
    """
    terms = Terms(
        kind=kind,
        currency=currency,
        balance=balance,
        source=source,
        seed=seed,
        spread=spread,
        slippage=slippage,
        latency=latency,
        commission=commission,
        speed=speed,
        start_ns=None if start is None else parse_instant(start, "--start"),
    )
    app = app_of(context)
    held, worth = app.desks.create_account(parse_scope(name), terms, dry_run=dry_run)
    tape = app.desks.tape_of(held)
    app.show(account_view(held, worth, tape), output=output, badge=_badge(held, dry_run=dry_run))


@cli.command("list")
@contract(shape="array", fields=ACCOUNT_FIELDS, exits=(ExitCode.UNREACHABLE, ExitCode.SKIPPED, ExitCode.FINDINGS))
def list_accounts(
    context: typer.Context, out: OutFileOption = None, lock: LockOption = None, output: OutputOption = None
) -> None:
    """List every paper account, closed ones too, as last written."""
    app = app_of(context)
    app.start_job(lock)
    app.show(accounts_view(app.desks.stored_accounts()), output=output, badge="Accounts", out_file=out)


@cli.command()
@contract(shape="object", fields=(*ACCOUNT_FIELDS, "tape"), exits=(ExitCode.UNREACHABLE,))
def show(context: typer.Context, name: NameArgument = "main", output: OutputOption = None) -> None:
    """Show one account at its own now, its terms in words.

    What happened since it was last written is settled in memory.
    """
    app = app_of(context)
    service = app.desks.account_service(name, write=False, changes=False)
    held = service.show()
    app.show(account_view(held, service.worth(held), app.desks.tape_of(held)), output=output, badge=app.badge(name))


@cli.command()
@contract(shape="object", fields=ACCOUNT_FIELDS, mutates=True, exits=_CHANGES)
def deposit(
    context: typer.Context,
    name: NameArgument,
    amount: AmountArgument,
    dry_run: RehearsalFlag = False,
    output: OutputOption = None,
) -> None:
    """Move cash into an account, or out of it below zero.

    An amount below zero stands after `--`, or it would read as an option.
    """
    app = app_of(context)
    service = app.desks.account_service(name, write=not dry_run)
    held = service.deposit(amount, dry_run=dry_run)
    app.show(account_view(held, service.worth(held)), output=output, badge=_badge(held, dry_run=dry_run))


@cli.command()
@contract(shape="object", fields=ACCOUNT_FIELDS, mutates=True, exits=_CHANGES)
def reset(
    context: typer.Context, name: NameArgument, dry_run: RehearsalFlag = False, output: OutputOption = None
) -> None:
    """Drop every order and position, back to the first balance.

    The journal keeps what was.
    """
    app = app_of(context)
    service = app.desks.account_service(name, write=not dry_run)
    held = service.reset(dry_run=dry_run)
    app.show(account_view(held, service.worth(held)), output=output, badge=_badge(held, dry_run=dry_run))


@cli.command()
@contract(shape="object", fields=ACCOUNT_FIELDS, mutates=True, exits=_CHANGES)
def close(
    context: typer.Context, name: NameArgument, dry_run: RehearsalFlag = False, output: OutputOption = None
) -> None:
    """Close an account that holds nothing, for good."""
    app = app_of(context)
    service = app.desks.account_service(name, write=not dry_run)
    held = service.close(dry_run=dry_run)
    app.show(account_view(held, service.worth(held)), output=output, badge=_badge(held, dry_run=dry_run))


@cli.command()
@contract(shape="object", fields=ADVANCED_FIELDS, mutates=True, exits=_CHANGES)
def advance(
    context: typer.Context,
    name: NameArgument,
    by: ByOption = None,
    to: ToOption = None,
    dry_run: RehearsalFlag = False,
    output: OutputOption = None,
) -> None:
    """Move a stepped account's clock on and settle what happens.

    Everything that happens on the way is shown.
    """
    app = app_of(context)
    advanced = app.desks.account_service(name, write=not dry_run).advance(
        by_ns=None if by is None else parse_duration_ns(by, "--by"),
        to_ns=None if to is None else parse_instant(to, "--to"),
        dry_run=dry_run,
    )
    app.show(advanced_view(advanced), output=output, badge=_badge(advanced.held, dry_run=dry_run))


def _badge(held: Held, *, dry_run: bool) -> str:
    """The account's own badge; an account that is only rehearsed has no book to ask."""
    source = held.account.config.source.partition(":")[0]
    badge = f"Data: {source} | Exec: {held.account.scope.mode.value} · {held.account.scope.account}"
    return f"{badge} · dry run, nothing is written" if dry_run else badge
