"""A desk to place orders on: a store in a folder of the test's own, the simulated market, a clock that is set."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rickctl.adapters.paper import PaperBroker
from rickctl.adapters.sim import SimMarket
from rickctl.domain.account import AccountConfig
from rickctl.domain.instants import parse_instant
from rickctl.domain.orders import Side
from rickctl.domain.scope import DEFAULT_SCOPE, Mode
from rickctl.services.charter import LoadedCharter, packaged_path
from rickctl.services.desk import Desk
from rickctl.services.drafts import Draft
from rickctl.services.orderdesk import OrderDesk
from rickctl.services.orders import Trader
from rickctl.services.sealing import shipped_charter
from rickctl.store.state import Store
from tests.fakes import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rickctl.domain.charter import Charter
    from rickctl.domain.orders import IntentState
    from rickctl.domain.ports import Execution, Market
    from rickctl.domain.records import IntentRow
    from rickctl.domain.scope import Scope
    from rickctl.domain.state import StateTransaction

OPEN_NS = parse_instant("2025-11-19T14:00:00Z")
"""A Wednesday afternoon: every market trades."""


def sealed(charter: Charter) -> LoadedCharter:
    """A charter as it is loaded when it is sealed for paper."""
    return LoadedCharter(
        path=packaged_path(), is_shipped=True, charter=charter, findings=(), sealed_for=frozenset({Mode.PAPER})
    )


@dataclass(kw_only=True)
class Ground:
    """One state folder and everything that can be turned: the charter, the kill switch, who is gone."""

    store: Store
    clock: FakeClock
    market: Market = field(default_factory=SimMarket)
    charter: Charter = field(default_factory=shipped_charter)
    killed: str | None = None
    owner: str = "00000000-1-00000001"
    gone: set[str] = field(default_factory=set)
    neighbours: Callable[[], list[Desk]] = list

    def desk(self, scope: Scope = DEFAULT_SCOPE, opening: AccountConfig | None = None) -> Desk:
        """An account to write to."""
        return Desk(
            scope=scope,
            reads=self.store,
            market=self.market,
            clock=self.clock,
            opening=opening or AccountConfig(),
            state=self.store,
        )

    def trader(self) -> Trader:
        """Whoever places orders here."""
        return Trader(
            load=lambda: sealed(self.charter),
            shipped=shipped_charter,
            kill_reason=lambda: self.killed,
            wall=self.clock,
            owner=lambda: self.owner,
            neighbours=self.neighbours,
        )

    def orders(
        self,
        scope: Scope = DEFAULT_SCOPE,
        *,
        trader: Trader | None = None,
        execution: Execution | None = None,
    ) -> OrderDesk:
        """The orders of one account."""
        desk = self.desk(scope)
        return OrderDesk(
            desk=desk,
            trader=trader or self.trader(),
            execution=execution or PaperBroker(desk, desk.market.instruments),
            is_gone=lambda owner: owner in self.gone,
        )

    def tighten(self, **values: object) -> None:
        """Another charter, sealed all the same."""
        self.charter = replace(self.charter, **values)  # type: ignore[arg-type]

    def later(self, seconds: int) -> None:
        """Let the clock move on."""
        self.clock.at_ns += seconds * 1_000_000_000

    def intents(self, *states: IntentState, scope: Scope = DEFAULT_SCOPE) -> list[IntentRow]:
        """Intents of the account, newest first."""
        return self.store.intents(scope, states=states or None)


def ground(folder: Path) -> Ground:
    """A fresh place; close its store."""
    clock = FakeClock(OPEN_NS)
    return Ground(store=Store.open(folder / "state", folder / "config", clock, write=True), clock=clock)


def draft(**words: object) -> Draft:
    """A sane order, changed by `words`."""
    sane = Draft(symbol="EUR_USD", side=Side.BUY, units="10000", stop_loss="20p", take_profit="2R")
    return sane._replace(**words)  # type: ignore[arg-type]


@contextmanager
def opened(place: Ground) -> Iterator[StateTransaction]:
    """One write of a test's own."""
    with place.store.transaction() as transaction:
        yield transaction
