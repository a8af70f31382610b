"""`rickctl order …`: place, cancel, modify and look at orders; every rule lives behind the services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from rickctl.commands.options import (
    AccountOption,
    AllFlag,
    DryRunFlag,
    IfOpenOption,
    LockOption,
    OrderArgument,
    OutFileOption,
    OutputOption,
    RehearsalFlag,
    SymbolArgument,
    app_of,
    contract,
    noun,
)
from rickctl.domain.errors import ExitCode, Refused, SetupError, UsageError
from rickctl.domain.instants import parse_duration_ns
from rickctl.domain.orders import OrderState, Side
from rickctl.render.orders import (
    HISTORY_FIELDS,
    ORDER_FIELDS,
    RESOLVED_FIELDS,
    SHOWN_FIELDS,
    history_view,
    order_view,
    orders_view,
    resolved_view,
)
from rickctl.render.preview import PREVIEW_FIELDS, preview_view
from rickctl.services.drafts import Draft
from rickctl.services.terms import Words

if TYPE_CHECKING:
    from rickctl.app import App
    from rickctl.services.orderdesk import OrderDesk
    from rickctl.services.report import OrderReport

cli = noun("Place, cancel, modify and look at orders; every entry carries a stop-loss and a take-profit.")

_SENT = (ExitCode.REJECTED, ExitCode.UNREACHABLE, ExitCode.REFUSED, ExitCode.UNKNOWN)
_KILLED_BUSY_MS = 200
_READ = (ExitCode.UNREACHABLE,)

SideArgument = Annotated[
    Side, typer.Argument(metavar="SIDE", help="buy or sell", show_default=False, case_sensitive=False)
]
UnitsArgument = Annotated[
    str | None, typer.Argument(metavar="[UNITS]", help="base units, above zero; or use --risk", show_default=False)
]
RiskOption = Annotated[
    str | None, typer.Option("--risk", metavar="R", help="size it: 0.5% of equity, or an amount", show_default=False)
]
LimitOption = Annotated[
    str | None, typer.Option("--limit", metavar="PRICE", help="enter there or better", show_default=False)
]
StopEntryOption = Annotated[
    str | None, typer.Option("--stop-entry", metavar="PRICE", help="enter once reached", show_default=False)
]
StopLossOption = Annotated[
    str | None, typer.Option("--stop-loss", metavar="EXIT", help="a price, 20p, 0.5%", show_default=False)
]
TakeProfitOption = Annotated[
    str | None, typer.Option("--take-profit", metavar="EXIT", help="a price, 40p, 1%, 2R", show_default=False)
]
TrailingOption = Annotated[
    str | None, typer.Option("--trailing", metavar="DISTANCE", help="20p or 0.5%: the stop follows", show_default=False)
]
TtlOption = Annotated[
    str | None, typer.Option("--ttl", metavar="TIME", help="life of a resting entry, at most 6h", show_default=False)
]
TimeframeOption = Annotated[
    str | None, typer.Option("--timeframe", metavar="G", help="what a strategy's order is based on", show_default=False)
]
QualityOption = Annotated[
    int | None, typer.Option("--quality", metavar="N", help="your own score, 0 to 100", show_default=False)
]
KeyOption = Annotated[
    str | None, typer.Option("--key", metavar="KEY", help="the same key is the same order, 30 days", show_default=False)
]
AllVerdictsFlag = Annotated[bool, typer.Option("--all", help="with --dry-run: the rules that passed too")]
MisleadingStopOption = Annotated[str | None, typer.Option("--stop", hidden=True)]
PriceOption = Annotated[
    str | None, typer.Option("--price", metavar="PRICE", help="of a resting entry", show_default=False)
]
NewUnitsOption = Annotated[
    str | None, typer.Option("--units", metavar="UNITS", help="of a resting entry", show_default=False)
]
StateOption = Annotated[
    OrderState | None, typer.Option("--state", metavar="STATE", help="working, filled, refused …", show_default=False)
]
CountOption = Annotated[int, typer.Option("--count", "-n", metavar="N", help="how many, the newest first", min=1)]
MaybeOrderArgument = Annotated[
    int | None, typer.Argument(metavar="[ORDER]", help="number of the order", min=1, show_default=False)
]


@cli.command()
@contract(shape="object", fields=(*SHOWN_FIELDS, *PREVIEW_FIELDS), mutates=True, exits=(*_SENT, ExitCode.SKIPPED))
def place(
    context: typer.Context,
    symbol: SymbolArgument,
    side: SideArgument,
    units: UnitsArgument = None,
    risk: RiskOption = None,
    limit: LimitOption = None,
    stop_entry: StopEntryOption = None,
    stop_loss: StopLossOption = None,
    take_profit: TakeProfitOption = None,
    trailing: TrailingOption = None,
    ttl: TtlOption = None,
    timeframe: TimeframeOption = None,
    quality: QualityOption = None,
    key: KeyOption = None,
    account: AccountOption = None,
    dry_run: DryRunFlag = False,
    show_all: AllVerdictsFlag = False,
    lock: LockOption = None,
    if_market_open: IfOpenOption = None,
    output: OutputOption = None,
    stop: MisleadingStopOption = None,
) -> None:
    """Place an entry with its stop-loss and take-profit as one order.

    When one exit fills, the other is gone.
    Exits are prices or distances from the entry: 20p is pips, 0.5% of the price, 2R twice the stop's distance.
    Exit 0: the broker has it. 4: the broker said no. 6: refused by rickctl. 7: unknown, do not place it again.
    """
    if stop is not None:
        message = "--stop could be the stop-loss or a stop entry; say which"
        raise UsageError(message, code="ambiguous_stop", hint="--stop-loss EXIT, or --stop-entry PRICE")
    draft = Draft(
        symbol=symbol,
        side=side,
        units=units,
        risk=risk,
        limit=limit,
        stop_entry=stop_entry,
        stop_loss=stop_loss,
        take_profit=take_profit,
        trailing=trailing,
        ttl_ns=None if ttl is None else parse_duration_ns(ttl, "--ttl"),
        timeframe=timeframe,
        quality=quality,
        key=key,
    )
    app = app_of(context)
    # A rehearsal writes nothing, so it takes no lock either.
    app.start_job(None if dry_run else lock, if_market_open, account)
    if dry_run:
        checked, refused = app.desks.orders(account, write=False).preview(draft)
        app.show(preview_view(checked, refused, show_all=show_all), output=output, badge=app.badge(account, "dry run"))
        raise typer.Exit(ExitCode.DONE if refused is None else ExitCode.REFUSED)
    orders, report = _placed(app, account, draft)
    if report.state is OrderState.WORKING and orders.is_stepped():
        app.hint(f"rickctl account advance {orders.scope.account} --by 1m")
    app.show(order_view(report), output=output, badge=app.badge(account))


def _placed(app: App, account: str | None, draft: Draft) -> tuple[OrderDesk, OrderReport]:
    """Place it; under a kill, which refuses it in any case, nobody who holds the state is waited for."""
    killed = app.kill_reason()
    try:
        if killed is not None:
            app.store(write=True, busy_ms=_KILLED_BUSY_MS)
        orders = app.desks.orders(account, write=True)
        return orders, orders.place(draft)
    except SetupError as error:
        if killed is None or error.code != "state_locked":
            raise
        message = f"trading is killed: {killed}"
        raise Refused(message, code="kill_latch", hint="rickctl resume") from None


@cli.command()
@contract(shape="array", fields=ORDER_FIELDS, mutates=True, exits=_SENT)
def cancel(
    context: typer.Context,
    order: MaybeOrderArgument = None,
    every: AllFlag = False,
    account: AccountOption = None,
    dry_run: DryRunFlag = False,
    output: OutputOption = None,
) -> None:
    """Cancel what is not filled of an order, or of every entry.

    With --all every working entry of the account goes; open positions keep their exits.
    """
    app = app_of(context)
    orders = app.desks.orders(account, write=not dry_run)
    reports = orders.cancel(order, every=every, dry_run=dry_run)
    app.show(orders_view(reports), output=output, badge=app.badge(account, "dry run" if dry_run else None))


@cli.command()
@contract(shape="object", fields=SHOWN_FIELDS, mutates=True, exits=_SENT)
def modify(
    context: typer.Context,
    order: OrderArgument,
    stop_loss: StopLossOption = None,
    take_profit: TakeProfitOption = None,
    trailing: TrailingOption = None,
    price: PriceOption = None,
    units: NewUnitsOption = None,
    ttl: TtlOption = None,
    account: AccountOption = None,
    dry_run: DryRunFlag = False,
    output: OutputOption = None,
) -> None:
    """Change a working order, or the exits of the position it opened.

    What widens risk passes every rule again.
    """
    words = Words(
        number=order,
        units=units,
        price=price,
        stop_loss=stop_loss,
        take_profit=take_profit,
        trailing=trailing,
        ttl_ns=None if ttl is None else parse_duration_ns(ttl, "--ttl"),
    )
    app = app_of(context)
    report = app.desks.orders(account, write=not dry_run).modify(words, dry_run=dry_run)
    app.show(order_view(report), output=output, badge=app.badge(account, "dry run" if dry_run else None))


@cli.command("list")
@contract(shape="array", fields=ORDER_FIELDS, exits=(*_READ, ExitCode.SKIPPED))
def list_orders(
    context: typer.Context,
    state: StateOption = None,
    count: CountOption = 50,
    account: AccountOption = None,
    out: OutFileOption = None,
    lock: LockOption = None,
    if_market_open: IfOpenOption = None,
    output: OutputOption = None,
) -> None:
    """List the newest orders, refused ones too.

    Of one account, or without --account of all.
    """
    app = app_of(context)
    app.start_job(lock, if_market_open, account)
    reports = app.desks.list_orders(account, states=None if state is None else {state}, count=count)
    app.show(orders_view(reports), output=output, badge=app.report_badge(account), out_file=out)


@cli.command()
@contract(shape="object", fields=SHOWN_FIELDS, exits=_READ)
def show(
    context: typer.Context, order: OrderArgument, account: AccountOption = None, output: OutputOption = None
) -> None:
    """Show one order whole, and the rules its account fills by."""
    app = app_of(context)
    orders = app.desks.orders(account, write=False, as_written=True)
    app.show(order_view(orders.show(order), orders.rules()), output=output, badge=app.badge(account))


@cli.command()
@contract(shape="array", fields=HISTORY_FIELDS, exits=_READ)
def history(
    context: typer.Context, order: OrderArgument, account: AccountOption = None, output: OutputOption = None
) -> None:
    """Print everything that happened to an order and its position.

    The oldest comes first.
    """
    app = app_of(context)
    orders = app.desks.orders(account, write=False, as_written=True)
    app.show(history_view(orders.show(order)), output=output, badge=app.badge(account))


@cli.command()
@contract(shape="array", fields=RESOLVED_FIELDS, mutates=True, exits=_SENT)
def resolve(
    context: typer.Context,
    account: AccountOption = None,
    dry_run: RehearsalFlag = False,
    output: OutputOption = None,
) -> None:
    """Ask the broker what became of orders without an answer.

    Nothing is sent again. Exit 7 while one is unknown.
    """
    app = app_of(context)
    orders = app.desks.orders(account, write=not dry_run)
    resolved = orders.resolve(dry_run=dry_run)
    badge, has_unknown = app.badge(account, "dry run" if dry_run else None), orders.has_unknown()
    app.show(resolved_view(resolved, orders.scope, has_unknown=has_unknown), output=output, badge=badge)
    if not dry_run and has_unknown:
        raise typer.Exit(ExitCode.UNKNOWN)
