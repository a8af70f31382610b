"""`rickctl sandbox`: our own exchange on this machine, speaking a venue's protocol; no money and no network."""

from __future__ import annotations

import signal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rickctl.commands.options import OutputOption, RehearsalFlag, app_of, contract, noun
from rickctl.domain.errors import ExitCode
from rickctl.domain.sandbox import SandboxTerms
from rickctl.render.sandbox import FAULT_FIELDS, SANDBOX_FIELDS, faults_view, sandbox_view

if TYPE_CHECKING:
    from rickctl.app import App
    from rickctl.domain.sandbox import OpenedSandbox

cli = noun("Our own exchange on this machine, in a venue's words.")

_HIGHEST_PORT = 65_535
OandaOption = Annotated[
    int,
    typer.Option("--oanda", metavar="PORT", min=0, max=_HIGHEST_PORT, help="speak OANDA v20 on PORT; 0: a free one"),
]
MarketOption = Annotated[str, typer.Option("--market", metavar="SOURCE", help="sim or replay:FILE")]
SeedOption = Annotated[int, typer.Option("--seed", metavar="N", min=0, help="of prices, token and faults")]
AlwaysOpenFlag = Annotated[bool, typer.Option("--always-open", help="trade at weekends and through daily breaks too")]
TlsFlag = Annotated[bool, typer.Option("--tls", help="speak TLS with a throw-away authority")]
ControlFlag = Annotated[bool, typer.Option("--control", help="answer below /_control: faults, prices, time")]
FaultsOption = Annotated[
    Path | None,
    typer.Option("--faults", metavar="FILE", help="faults to begin with, TOML or JSON", show_default=False),
]
StateOption = Annotated[
    Path | None,
    typer.Option("--state", metavar="DIR", help="keep accounts there, not in the state folder", show_default=False),
]
AccountsOption = Annotated[int, typer.Option("--accounts", metavar="N", help="how many accounts there are")]
BalanceOption = Annotated[str, typer.Option("--balance", metavar="AMOUNT", help="what a new account holds")]
CurrencyOption = Annotated[str, typer.Option("--currency", metavar="CODE", help="of new accounts")]
HedgingFlag = Annotated[bool, typer.Option("--hedging", help="new accounts hold both sides of a symbol")]
FifoFlag = Annotated[bool, typer.Option("--fifo", help="new accounts close the oldest trade first")]
StrictFlag = Annotated[bool, typer.Option("--strict", help="read prices sent as JSON numbers as OANDA once did")]
QuietFlag = Annotated[bool, typer.Option("--quiet", "-q", help="no line a request on stderr")]


@cli.callback()
def sandbox() -> None:
    """Our own exchange on this machine, in a venue's words."""


@cli.command()
@contract(shape="object", fields=SANDBOX_FIELDS, mutates=True)
def start(
    context: typer.Context,
    oanda: OandaOption = 0,
    market: MarketOption = "sim",
    seed: SeedOption = 0,
    always_open: AlwaysOpenFlag = False,
    tls: TlsFlag = False,
    control: ControlFlag = False,
    faults: FaultsOption = None,
    state: StateOption = None,
    accounts: AccountsOption = 1,
    balance: BalanceOption = "100000",
    currency: CurrencyOption = "USD",
    hedging: HedgingFlag = False,
    fifo: FifoFlag = False,
    strict: StrictFlag = False,
    quiet: QuietFlag = False,
    dry_run: RehearsalFlag = False,
    output: OutputOption = None,
) -> None:
    """Serve until Ctrl-C, on loopback only.

    It prints the lines that point rickctl or another client at it.
    Accounts, orders and trades survive a restart on the same state.
    """
    app = app_of(context)
    terms = SandboxTerms(
        oanda=oanda,
        market=market,
        seed=seed,
        is_always_open=always_open,
        with_tls=tls,
        with_control=control,
        faults=faults,
        state=state,
        accounts=accounts,
        balance=balance,
        currency=currency,
        is_hedging=hedging,
        is_fifo=fifo,
        is_strict=strict,
        is_quiet=quiet,
    )
    if dry_run:
        for opened in app.sandbox.rehearse(terms):
            _tell(app, output, opened, " · dry run")
    elif app.sandbox.run(terms, partial(_tell, app, output)) is signal.SIGINT:
        raise typer.Exit(ExitCode.INTERRUPTED)


def _tell(app: App, output: str | None, opened: OpenedSandbox, note: str = "") -> None:
    badge = f"Data: {opened.source.partition(':')[0]} | Exec: sandbox{note}"
    app.show(sandbox_view(opened), output=output, badge=badge)


@cli.command()
@contract(shape="array", fields=FAULT_FIELDS)
def faults(context: typer.Context, output: OutputOption = None) -> None:
    """List the faults that can be asked for.

    In a file, or at the control endpoint; `!` marks a term that must be given.
    """
    app = app_of(context)
    app.show(faults_view(app.sandbox.fault_kinds()), output=output, badge="Sandbox")
