"""OANDA as a broker: its modes, its prices, its accounts to trade in; decides nothing about risk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.adapters.oanda.cache import Cache
from rickctl.adapters.oanda.client import OandaClient
from rickctl.adapters.oanda.hosts import find_hosts
from rickctl.adapters.oanda.market import OandaMarket
from rickctl.domain.errors import RickctlError
from rickctl.domain.ports import Capabilities, Link
from rickctl.domain.scope import Mode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rickctl.adapters.oanda.hosts import Hosts
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
_MILLISECOND_NS = 1_000_000


class Oanda:
    """OANDA v20, practice and live; `hosts` says where each mode is spoken to."""

    name = "oanda"
    summary = "FX, metals and indices by OANDA v20; needs a token"
    modes = (Mode.PRACTICE, Mode.LIVE)
    capabilities = CAPABILITIES

    def __init__(
        self,
        surroundings: Surroundings,
        hosts: Callable[[Mode, Mapping[str, str]], Hosts] = find_hosts,
    ) -> None:
        self._surroundings = surroundings
        self._hosts = hosts
        self._clients: dict[tuple[Mode, str | None], OandaClient] = {}
        self._markets: dict[tuple[Mode, str], OandaMarket] = {}

    def link(self) -> Link:
        """Whether the practice side answers a token of ours, and how fast; raises nothing of its own."""
        try:
            started_ns = self._surroundings.clock.now_ns()
            found = self._client(Mode.PRACTICE, None).get("/accounts").get("accounts") or []
            took_ns = self._surroundings.clock.now_ns() - started_ns
        except RickctlError as error:
            return Link(is_up=False, detail=error.message, is_set_up=error.code != "no_credentials")
        latency_ms = str(max(took_ns, 0) // _MILLISECOND_NS)
        return Link(is_up=True, detail=f"practice, {len(found)} accounts", latency_ms=latency_ms)

    def market(self, mode: Mode, account: str) -> Market:
        """Its prices for one account. Raises Unreachable, SetupError."""
        return self._market(mode, account)

    def venue(self, scope: Scope, store_id: str) -> Venue:
        """One account to trade in. Raises Unreachable, SetupError."""
        from rickctl.adapters.oanda.venue import OandaVenue  # noqa: PLC0415 - a quote trades in no account

        calls, market = self._client(scope.mode, scope.account), self._market(scope.mode, scope.account)
        return OandaVenue(scope, scope.account, calls, market, f"rk-{store_id}-{scope.account}-")

    def close(self) -> None:
        """Let go of every connection."""
        for client in self._clients.values():
            client.close()

    def _market(self, mode: Mode, account: str) -> OandaMarket:
        key = mode, account
        if key not in self._markets:
            cache = Cache(self._surroundings.folder)
            self._markets[key] = OandaMarket(self._client(mode, account), account, cache)
        return self._markets[key]

    def _client(self, mode: Mode, account: str | None) -> OandaClient:
        key = mode, account
        if key not in self._clients:
            given = self._surroundings
            self._clients[key] = OandaClient(
                self._hosts(mode, given.environment),
                token=lambda: given.secret(self.name, mode, account),
                clock=given.clock,
                folder=given.folder,
            )
        return self._clients[key]
