"""An App whose process stops, or kills, itself at a named moment of its work; changes nothing else."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rickctl.app.desks import Desks
from rickctl.app.system import system_app
from rickctl.store.state import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rickctl.app import App
    from rickctl.domain.orders import Approved
    from rickctl.domain.ports import Capabilities, Changes, Close, Execution, Submitted
    from rickctl.services.desk import Desk
    from rickctl.store.transaction import Transaction

MOMENTS = ("recorded", "sent", "taken")
"""The intent is durable · marked as sent, nothing has left · the broker has it, the answer is not written."""


def halt() -> None:
    """Stop this process until somebody lets it go on, or kills it."""
    os.kill(os.getpid(), signal.SIGSTOP)


class DyingStore(Store):
    """State whose process is killed before or after a commit, `before-3` or `after-1`."""

    moment = ""
    commits = 0

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """The transaction, and death beside its commit."""
        self.commits += 1
        with super().transaction() as transaction:
            yield transaction
            self._die("before")
        self._die("after")

    def _die(self, where: str) -> None:
        if self.moment == f"{where}-{self.commits}":
            os.kill(os.getpid(), signal.SIGKILL)


class HaltingDesks(Desks):
    """Desks whose first change stops at `moment`."""

    def __init__(self, app: App, moment: str) -> None:
        super().__init__(app)
        self._moment = moment
        self._asked = 0

    def _owner_name(self) -> str:
        """The owner is asked for when the intent is written, and once more before it is marked as sent."""
        self._asked += 1
        if self._asked > 1 and self._moment == "recorded":
            halt()
        return super()._owner_name()

    def execution(self, desk: Desk) -> Execution:
        """Where a desk's orders go, by way of a halt."""
        return HaltingExecution(super().execution(desk), self._moment)


class HaltingExecution:
    """A broker that stops its own process before or after it acts."""

    def __init__(self, broker: Execution, moment: str) -> None:
        self._broker = broker
        self._moment = moment

    @property
    def capabilities(self) -> Capabilities:
        return self._broker.capabilities

    def submit_order(self, approved: Approved) -> Submitted:
        self._before()
        submitted = self._broker.submit_order(approved)
        self._after()
        return submitted

    def submit_close(self, close: Close) -> Submitted:
        self._before()
        submitted = self._broker.submit_close(close)
        self._after()
        return submitted

    def cancel_order(self, client_order_id: str) -> None:
        self._before()
        self._broker.cancel_order(client_order_id)
        self._after()

    def modify_order(self, client_order_id: str, changes: Changes) -> None:
        self._before()
        self._broker.modify_order(client_order_id, changes)
        self._after()

    def find_order(self, client_order_id: str) -> Submitted | None:
        return self._broker.find_order(client_order_id)

    def has_change(self, client_order_id: str, changes: Changes | None) -> bool:
        return self._broker.has_change(client_order_id, changes)

    def _before(self) -> None:
        if self._moment == "sent":
            halt()

    def _after(self) -> None:
        if self._moment == "taken":
            halt()


def halting_app(moment: str) -> App:
    """The App of this process, whose first change stops at `moment`, or whose commit of that number is its last."""
    app = system_app()
    if moment in MOMENTS:
        app._desks = HaltingDesks(app, moment)
        return app
    store = DyingStore.open(app.folders.state, app.folders.config, app.clock, write=True)
    store.moment = moment
    app._stores[True] = store
    return app
