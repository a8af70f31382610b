"""Asks OANDA which accounts a token opens; changes nothing there, judges nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.adapters.oanda.answers import name_of
from rickctl.adapters.oanda.client import OandaClient, Patience
from rickctl.adapters.oanda.hosts import find_hosts
from rickctl.domain.credentials import ProbeAnswer
from rickctl.domain.errors import Unreachable
from rickctl.domain.instants import MILLISECOND_NS, SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Callable

    from rickctl.adapters.oanda.hosts import Hosts
    from rickctl.domain.credentials import Secret
    from rickctl.domain.ports import Clock, Surroundings
    from rickctl.domain.scope import Mode

_PATIENCE = Patience(5 * SECOND_NS)


class OandaProbe:
    """Tries a token at the host of its mode; `hosts_of` gives the hosts of a mode."""

    def __init__(self, hosts_of: Callable[[Mode], Hosts], clock: Clock) -> None:
        self._hosts_of = hosts_of
        self._clock = clock

    def check(self, mode: Mode, token: Secret) -> ProbeAnswer:
        """The token's accounts, and our clock against the venue's. Raises Unreachable, SetupError (bad_token)."""
        hosts = self._hosts_of(mode)
        client = OandaClient(hosts, token=lambda: token, clock=self._clock, folder=None, patience=_PATIENCE)
        try:
            reply = client.read("/accounts")
        finally:
            client.close()
        accounts = reply.body.get("accounts")
        found = [raw.get("id") for raw in accounts if isinstance(raw, dict)] if isinstance(accounts, list) else [None]
        if not all(isinstance(name, str) for name in found):
            message = f"{name_of(hosts)} sent no answer that can be read: no accounts"
            raise Unreachable(message, code="bad_answer", request_id=reply.request_id)
        skew_ms = None if reply.skew_ns is None else -reply.skew_ns // MILLISECOND_NS
        return ProbeAnswer([str(name) for name in found], skew_ms=skew_ms)


def open_probe(surroundings: Surroundings) -> OandaProbe:
    """The probe of OANDA's own hosts, or of the exchange on this machine that the environment names for practice."""
    return OandaProbe(lambda mode: find_hosts(mode, surroundings.environment), surroundings.clock)
