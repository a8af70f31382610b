"""OANDA as a broker: its modes, its prices, its accounts to trade in; decides nothing about risk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.domain.errors import Unreachable
from rickctl.domain.ports import Capabilities, Link
from rickctl.domain.scope import Mode

if TYPE_CHECKING:
    from rickctl.domain.ports import Market, Surroundings, Venue
    from rickctl.domain.scope import Scope

CAPABILITIES = Capabilities(
    attaches_exits=True,
    entries=("market", "limit", "stop"),
    trails_stops=True,
    holds_expiry=True,
    shorts=True,
    partial_fills=False,
    absence_is_proof=False,
)


class Oanda:
    """OANDA v20, practice and live."""

    name = "oanda"
    summary = "FX, metals and indices by OANDA v20; needs a token"
    modes = (Mode.PRACTICE, Mode.LIVE)
    capabilities = CAPABILITIES

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings

    def link(self) -> Link:
        """Whether it answers."""
        return Link(is_up=False, detail="not asked")

    def market(self, mode: Mode, account: str) -> Market:
        """Its prices for one account. Raises Unreachable, SetupError."""
        message = f"no prices for {mode.value}:oanda:{account} yet"
        raise Unreachable(message, code="broker_away")

    def venue(self, scope: Scope, store_id: str) -> Venue:
        """One account to trade in. Raises Unreachable, SetupError."""
        del store_id
        message = f"no orders for {scope} yet"
        raise Unreachable(message, code="broker_away")
