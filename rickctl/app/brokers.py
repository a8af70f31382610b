"""Opens brokers and their accounts with what they need of this machine; part of the wiring, holds no rule."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from rickctl.adapters.factory import find_offer, offers, open_broker
from rickctl.domain.errors import UsageError
from rickctl.domain.ports import Surroundings

if TYPE_CHECKING:
    from collections.abc import Callable

    from rickctl.adapters.factory import Offer
    from rickctl.app import App
    from rickctl.domain.ports import Broker, Hidden, Venue
    from rickctl.domain.scope import Mode, Scope


class Brokers:
    """The brokers of one run, each opened once and only when it is asked."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._open: dict[str, Broker] = {}
        self._venues: dict[tuple[Scope, str], Venue] = {}

    @property
    def surroundings(self) -> Surroundings:
        """What a broker is given of this machine."""
        app = self._app
        return Surroundings(app.clock, self._secret, app.folders.state / "brokers", app.environment)

    def _secret(self, broker: str, mode: Mode, account: str | None) -> Hidden:
        return self._app.secret(broker, mode, account)

    def openers(self, name: str | None) -> list[tuple[str, str, Callable[[], Broker]]]:
        """One installed broker, or all, each opened only when it is asked. Raises UsageError for an unknown name."""
        given = self.surroundings
        chosen = list(offers(given)) if name is None else [find_offer(name, given)]
        return [(offer.name, offer.package, partial(self._opened, offer)) for offer in chosen]

    def _opened(self, offer: Offer) -> Broker:
        if offer.name not in self._open:
            self._open[offer.name] = open_broker(offer)
        return self._open[offer.name]

    def broker(self, scope: Scope) -> Broker:
        """The broker of a scope. Raises UsageError where it is not installed or does not trade in that mode."""
        broker = self._open.get(scope.broker) or self._opened(find_offer(scope.broker, self.surroundings))
        if scope.mode not in broker.modes:
            modes = ", ".join(mode.value for mode in broker.modes)
            message = f"{broker.name} trades in {modes}, not {scope.mode.value}"
            raise UsageError(message, code="bad_mode", hint="rickctl broker list")
        return broker

    def venue(self, scope: Scope, store_id: str) -> Venue:
        """One account at a broker, opened once a run. Raises UsageError, SetupError."""
        key = scope, store_id
        if key not in self._venues:
            self._venues[key] = self.broker(scope).venue(scope, store_id)
        return self._venues[key]

    def close(self) -> None:
        """Let go of the brokers that were asked."""
        for broker in self._open.values():
            broker.close()
