"""Which token is meant, as login, logout and whoami ask for it; parses words, looks nothing up."""

from __future__ import annotations

from typing import Annotated

import typer

from rickctl.domain.credentials import Slot, check_slot
from rickctl.domain.scope import check_account_name, parse_mode

BrokerArgument = Annotated[str, typer.Argument(metavar="BROKER", help="oanda", show_default=False)]
ModeOption = Annotated[str, typer.Option("--mode", metavar="MODE", help="practice or live", show_default=False)]
SlotAccountOption = Annotated[
    str | None,
    typer.Option("--account", metavar="ID", help="an account with a token of its own", show_default=False),
]


def read_slot(broker: str, mode: str, account: str | None) -> Slot:
    """The slot that three words name. Raises UsageError."""
    name = broker.strip().lower()
    named = None if account is None else check_account_name(account.strip().lower())
    return check_slot(Slot(name, parse_mode(mode, name), named))
