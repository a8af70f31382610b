"""The Protocols ring modules meet through; each says what is promised, none says how."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from decimal import Decimal
    from pathlib import Path

    from rickctl.domain.account import AccountConfig, AccountState
    from rickctl.domain.credentials import ProbeAnswer, Secret
    from rickctl.domain.events import Event
    from rickctl.domain.market import Bar, Cursor, Instrument, Quote, Step, Watch
    from rickctl.domain.orders import Approved
    from rickctl.domain.scope import Mode, Scope


class Clock(Protocol):
    """A source of now, and of waiting."""

    def now_ns(self) -> int:
        """UTC nanoseconds since the epoch."""
        ...

    def sleep_ns(self, length_ns: int) -> None:
        """Return after `length_ns` nanoseconds, at once when there are none."""
        ...


class Market(Protocol):
    """Prices as a function of time: the simulated market, a tape, later a venue's candles.

    Every method answers from (source, symbol, time) alone, so any process at any time sees the same past.
    Symbols are canonical and known; instants are UTC nanoseconds.
    """

    @property
    def source(self) -> str:
        """Name and version of the price source, such as `sim:v1`."""
        ...

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """Everything this market trades, by canonical symbol."""
        ...

    def quote(self, symbol: str, at_ns: int) -> Quote:
        """The quote standing at `at_ns`; not tradeable while closed or uncovered."""
        ...

    def point(self, symbol: str, at_ns: int) -> Step | None:
        """The standing price at `at_ns` if an order could trade on it now, as a POINT at `at_ns`; else None."""
        ...

    def next_step(self, symbol: str, watch: Watch, after: Cursor, until_ns: int) -> Step | None:
        """The first tradeable step with cursor > `after` and `at_ns` <= `until_ns` that wakes `watch`."""
        ...

    def bars(self, symbol: str, granularity: str, start_ns: int, end_ns: int, now_ns: int) -> list[Bar]:
        """Bars whose start lies in `[start_ns, end_ns)`, none invented; prices after `now_ns` are not seen."""
        ...

    def next_open_ns(self, symbol: str, at_ns: int) -> int | None:
        """`at_ns` if tradeable then, else the next instant that is; None when there is none."""
        ...

    def next_close_ns(self, symbol: str, at_ns: int) -> int | None:
        """The next instant trading stops after `at_ns`; None when it does not (or it is closed already)."""
        ...


class Capabilities(NamedTuple):
    """What a broker can do; the charter refuses what it cannot, and `broker capabilities` prints it.

    `absence_is_proof`: an order the broker does not know, whose sender is dead, never arrived and never will.
    """

    attaches_exits: bool
    entries: tuple[str, ...]
    trails_stops: bool
    holds_expiry: bool
    shorts: bool
    partial_fills: bool
    absence_is_proof: bool


class Submitted(NamedTuple):
    """A broker's yes: its own id for the order and when it took it, in UTC nanoseconds of the scope's clock."""

    broker_order_id: str
    accepted_ns: int


class Changes(NamedTuple):
    """New terms of an order or of the trade it opened; None leaves as it is. Prices on the grid, instants UTC ns."""

    units: Decimal | None = None
    price: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    trailing: Decimal | None = None
    expires_ns: int | None = None


class Close(NamedTuple):
    """A reduce-only market order: `units` of one trade, or of all trades of the symbol; None is all of them."""

    client_order_id: str
    symbol: str
    trade: int | None = None
    units: Decimal | None = None


class Execution(Protocol):
    """Where orders go: one account at one broker.

    Every method raises OrderRejected for a parsed no, Unreachable when nothing left, OutcomeUnknown when in doubt.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What this broker can do."""
        ...

    def submit_order(self, approved: Approved) -> Submitted:
        """Send an entry with its exits; only the charter makes an Approved. The same client order id acts once."""
        ...

    def submit_close(self, close: Close) -> Submitted:
        """Send a reduce-only order; it can never open or add. The same client order id acts once."""
        ...

    def cancel_order(self, client_order_id: str) -> None:
        """Cancel what is not filled; nothing where it was cancelled or expired already, OrderRejected where filled."""
        ...

    def modify_order(self, client_order_id: str, changes: Changes) -> None:
        """Change a working order, or the exits of the trade it opened."""
        ...

    def find_order(self, client_order_id: str) -> Submitted | None:
        """The order the broker knows by this id, or None."""
        ...

    def has_change(self, client_order_id: str, changes: Changes | None) -> bool:
        """Whether the order has these terms, or with None was cancelled because we asked; proof of a change."""
        ...


class News(NamedTuple):
    """What a broker's own record says happened to an account: events to come after those of the account, in order.

    `equity` is what the broker says the account is worth in its own currency, None where it does not say.
    """

    events: tuple[Event, ...]
    equity: Decimal | None


class Venue(Protocol):
    """One account at a broker: its prices, where its orders go, and what the broker's own record says happened to it.

    The account is a ledger of the same events as a paper account's, translated from the broker's record, so everything
    that reads accounts reads this one. An order of ours keeps our number; one that is not ours gets a number below
    zero, is shown and is never touched. Event instants are the broker's, never before those the account has already.
    """

    @property
    def market(self) -> Market:
        """Its prices."""
        ...

    @property
    def execution(self) -> Execution:
        """Where its orders go."""
        ...

    def prepare(self) -> None:
        """Do what a first write needs and can be done before it, so that sending takes no longer than the broker."""
        ...

    def meet(self, opening: AccountConfig, now_ns: int) -> News:
        """The account as it is first met: its creation, cash, working orders and open trades, whoever made them.

        `opening` are terms of ours (the longest hold); kind, currency, balance and source are the broker's.
        Raises Unreachable, SetupError.
        """
        ...

    def news(self, account: AccountState, now_ns: int) -> News:
        """What happened since `account.mark`, ending in a VenueRead where anything did.

        Raises Unreachable, SetupError.
        """
        ...


class Link(NamedTuple):
    """Whether a broker answers, and a line about it; `latency_ms` is decimal text, None where nothing was measured.

    `is_set_up` is False where nobody has logged in yet, which is no fault of anything.
    """

    is_up: bool
    detail: str
    latency_ms: str | None = None
    is_set_up: bool = True


class Hidden(Protocol):
    """A secret: printing it shows nothing."""

    def reveal(self) -> str:
        """The secret itself, for the one call that needs it."""
        ...


class Surroundings(NamedTuple):
    """What a broker of this package is given of the machine it runs on.

    `secret` gives the token of (broker, mode, account) and raises SetupError where there is none; `folder` holds what
    can be fetched again, such as instruments, and what all processes share; `environment` are the process's variables.
    """

    clock: Clock
    secret: Callable[[str, Mode, str | None], Hidden]
    folder: Path
    environment: Mapping[str, str]


class Broker(Protocol):
    """A broker as a package offers it: the embedded one, a venue's, or a third party's by entry point.

    An entry point of the group `rickctl.brokers` names a callable without arguments that returns one.
    """

    @property
    def name(self) -> str:
        """The word in `mode:broker:account`, lower case."""
        ...

    @property
    def summary(self) -> str:
        """One line for `broker list`."""
        ...

    @property
    def modes(self) -> tuple[Mode, ...]:
        """Where it can trade."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    def link(self) -> Link:
        """Ask it whether it is there; raises nothing of its own."""
        ...

    def market(self, mode: Mode, account: str) -> Market:
        """Its prices for one account. Raises Unreachable, SetupError."""
        ...

    def venue(self, scope: Scope, store_id: str) -> Venue:
        """One account to trade in; client order ids that name `store_id` are ours. Raises UsageError, SetupError."""
        ...

    def close(self) -> None:
        """Let go of every connection; called once at the end."""
        ...


class Probe(Protocol):
    """Asks a venue, harmlessly, whether it knows a token; one an adapter offers that needs a login."""

    def check(self, mode: Mode, token: Secret) -> ProbeAnswer:
        """Ask the host of `mode` for the token's accounts.

        Raises Unreachable; SetupError with the code `bad_token` where the venue does not know the token there.
        """
        ...
