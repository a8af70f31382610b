"""Asks OANDA which accounts a token opens, and whether it belongs to the other environment; changes nothing there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rickctl.adapters.oanda.answers import name_of
from rickctl.adapters.oanda.client import OandaClient, Patience
from rickctl.adapters.oanda.hosts import SANDBOX, find_hosts
from rickctl.domain.credentials import ProbeAnswer
from rickctl.domain.errors import SetupError, Unreachable
from rickctl.domain.instants import MILLISECOND_NS, SECOND_NS
from rickctl.domain.scope import Mode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rickctl.adapters.oanda.answers import Reply
    from rickctl.adapters.oanda.hosts import Hosts
    from rickctl.domain.credentials import Secret
    from rickctl.domain.ports import Clock, Surroundings

_PATIENCE = Patience(5 * SECOND_NS)


class OandaProbe:
    """Tries a token at the host of its mode; `hosts_of` gives the hosts of a mode."""

    def __init__(self, hosts_of: Callable[[Mode], Hosts], clock: Clock) -> None:
        self._hosts_of = hosts_of
        self._clock = clock

    def check(self, mode: Mode, token: Secret) -> ProbeAnswer:
        """The token's accounts. Raises Unreachable; SetupError (bad_token) naming the environment that knows it."""
        hosts = self._hosts_of(mode)
        try:
            reply = self._ask(hosts, token)
        except SetupError as refused:
            other = Mode.LIVE if mode is Mode.PRACTICE else Mode.PRACTICE
            if refused.code != "bad_token" or not self._is_known(hosts, self._hosts_of(other), token):
                raise
            message = f"{name_of(hosts)} does not know this token; it is one of oanda {other.value}"
            hint = f"rickctl login oanda --mode {other.value}"
            raise SetupError(message, code="bad_token", hint=hint, request_id=refused.request_id) from None
        skew_ms = None if reply.skew_ns is None else -reply.skew_ns // MILLISECOND_NS
        return ProbeAnswer(_account_ids(hosts, reply.body), skew_ms=skew_ms)

    def _ask(self, hosts: Hosts, token: Secret) -> Reply:
        client = OandaClient(hosts, token=lambda: token, clock=self._clock, folder=None, patience=_PATIENCE)
        try:
            return client.read("/accounts")
        finally:
            client.close()

    def _is_known(self, asked: Hosts, other: Hosts, token: Secret) -> bool:
        """Whether the other environment knows it; a token never travels between OANDA and an exchange on this machine."""
        if SANDBOX in {asked.source, other.source}:
            return False
        try:
            self._ask(other, token)
        except (SetupError, Unreachable):
            return False
        return True


def open_probe(surroundings: Surroundings) -> OandaProbe:
    """The probe of OANDA's own hosts, or of the exchange on this machine that the environment names for practice."""
    return OandaProbe(lambda mode: find_hosts(mode, surroundings.environment), surroundings.clock)


def _account_ids(hosts: Hosts, body: Mapping[str, Any]) -> Sequence[str]:
    accounts = body.get("accounts")
    found = [raw.get("id") for raw in accounts if isinstance(raw, dict)] if isinstance(accounts, list) else [None]
    if not all(isinstance(name, str) for name in found):
        message = f"{name_of(hosts)} sent no answer that can be read: no accounts"
        raise Unreachable(message, code="bad_answer")
    return [str(name) for name in found]
