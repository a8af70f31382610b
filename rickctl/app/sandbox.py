"""Wires the sandbox exchange: its folder, world, faults and the venues asked for; part of the wiring, holds no rule."""

from __future__ import annotations

from contextlib import closing
from hashlib import blake2b
from shlex import quote
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.errors import UsageError
from rickctl.domain.money import check_currency, parse_positive
from rickctl.domain.sandbox import FaultKind, OpenedSandbox
from rickctl.sandbox.always_open import AlwaysOpenMarket
from rickctl.sandbox.clock import ExchangeClock
from rickctl.sandbox.control import Control
from rickctl.sandbox.faultfile import KINDS, FaultFile, read_fault_file
from rickctl.sandbox.faults import Faults
from rickctl.sandbox.folder import StateFolder
from rickctl.sandbox.remembered import RememberedMarket
from rickctl.sandbox.running import LineLog, Listening, run
from rickctl.sandbox.server import CONTROL, LOOPBACK, Server
from rickctl.sandbox.tls import AUTHORITY, tls_context
from rickctl.sandbox.turn import House
from rickctl.sandbox.world import Origin, World

if TYPE_CHECKING:
    import signal
    import ssl
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rickctl.app import App
    from rickctl.domain.ports import Market
    from rickctl.domain.sandbox import SandboxTerms
    from rickctl.sandbox.faultfile import Kind
    from rickctl.sandbox.http import Wire

_MOST_ACCOUNTS = 99
_HALF_TOKEN = 16


class _Prepared(NamedTuple):
    """What a sandbox is made of."""

    market: Market
    origin: Origin
    file: FaultFile


class _Venue(NamedTuple):
    """One venue's wire with what leads to it."""

    wire: Wire
    port: int
    token: str
    accounts: tuple[str, ...]


class Sandbox:
    """One sandbox of one run."""

    def __init__(self, app: App, terms: SandboxTerms) -> None:
        self._app = app
        self._terms = terms

    def run(self, tell: Callable[[OpenedSandbox], None]) -> signal.Signals:
        """Serve until a signal, `tell` called once all is open; the signal. Raises UsageError, SetupError."""
        prepared = self._prepare()
        with closing(StateFolder.open(self._folder())) as folder:
            world, faults = self._world(prepared, folder)
            return self._serve(world, faults, self._venues(world, faults), tell)

    def rehearse(self) -> list[OpenedSandbox]:
        """What a new sandbox would tell, with nothing written and no port opened. Raises UsageError, SetupError."""
        world, faults = self._world(self._prepare(), None)
        ca_file = self._certificates() / AUTHORITY if self._terms.with_tls else None
        return [self._opened(venue, venue.port, world, ca_file) for venue in self._venues(world, faults, keeps=False)]

    def _prepare(self) -> _Prepared:
        """All that can be wrong with the words typed, before anything is made."""
        terms = self._terms
        check_currency(terms.currency)
        parse_positive(terms.balance, "balance")
        _check(terms)
        opened = self._app.open_market(terms.market, terms.seed)
        starts_ns = None if opened.tape is None else opened.tape.first_ns
        origin = Origin(opened.market.source, terms.seed, opened.fingerprint, starts_ns, terms.is_always_open)
        market = RememberedMarket(AlwaysOpenMarket(opened.market) if terms.is_always_open else opened.market)
        file = FaultFile(None, ()) if terms.faults is None else read_fault_file(terms.faults)
        Faults(ExchangeClock(self._app.clock)).add(list(file.faults))
        return _Prepared(market, origin, file)

    def _world(self, prepared: _Prepared, folder: StateFolder | None) -> tuple[World, Faults]:
        market, origin, file = prepared
        world = World.open(folder, self._app.clock, market, origin)
        faults = Faults(world.clock, seed=self._terms.seed if file.seed is None else file.seed)
        faults.add(list(file.faults))
        return world, faults

    def _folder(self) -> Path:
        return self._terms.state.absolute() if self._terms.state else self._app.folders.state / "sandbox"

    def _serve(
        self, world: World, faults: Faults, venues: Sequence[_Venue], tell: Callable[[OpenedSandbox], None]
    ) -> signal.Signals:
        app, terms = self._app, self._terms
        log = LineLog(app.err, app.clock, is_quiet=terms.is_quiet)
        servers = [Server(House(venue.wire, world.clock, faults, log)) for venue in venues]

        def settle() -> None:
            for server in servers:
                server.tick()

        world.settle = settle
        if terms.with_control:
            control = Control(world, faults, servers)
            for server in servers:
                server.control = control.answer
        tls, ca_file = self._tls()

        def ready() -> None:
            for venue, server in zip(venues, servers, strict=True):
                tell(self._opened(venue, server.port, world, ca_file))

        try:
            listening = [Listening(server, venue.port, tls) for venue, server in zip(venues, servers, strict=True)]
            return run(listening, ready)
        finally:
            for venue in venues:
                venue.wire.close()

    def _tls(self) -> tuple[ssl.SSLContext | None, Path | None]:
        if not self._terms.with_tls:
            return None, None
        return tls_context(self._certificates(), self._app.clock.now_ns())

    def _certificates(self) -> Path:
        return self._folder() / "tls"

    def _opened(self, venue: _Venue, port: int, world: World, ca_file: Path | None) -> OpenedSandbox:
        url = f"{'https' if self._terms.with_tls else 'http'}://{LOOPBACK}:{port}"
        name = venue.wire.name
        believed = "" if ca_file is None else quote(str(ca_file))
        certificates = [f"export SSL_CERT_FILE={believed} REQUESTS_CA_BUNDLE={believed}"] if believed else []
        ours = [
            f"export RICKCTL_{name.upper()}_URL={url}",
            f"export {name.upper()}_PRACTICE_TOKEN={venue.token}",
            f"export RICKCTL_ACCOUNT=practice:{name}:{venue.accounts[0]}",
        ]
        return OpenedSandbox(
            venue=name,
            url=url,
            token=venue.token,
            accounts=venue.accounts,
            source=world.origin.source,
            seed=world.origin.seed,
            state=self._folder(),
            ca_file=ca_file,
            control_url=url + CONTROL if self._terms.with_control else None,
            paste=(*certificates, *ours, *venue.wire.invitation(url)),
        )

    def _venues(self, world: World, faults: Faults, *, keeps: bool = True) -> list[_Venue]:
        """The venues asked for, each with its exchange open; without `keeps` in memory only."""
        return [self._oanda(world, faults, self._folder() if keeps else None)]

    def _oanda(self, world: World, faults: Faults, folder: Path | None) -> _Venue:
        from rickctl.sandbox.oanda.exchange import Exchange  # noqa: PLC0415 - the venues asked for, not all
        from rickctl.sandbox.oanda.records import Terms  # noqa: PLC0415
        from rickctl.sandbox.oanda.wire import OandaWire, WireSettings  # noqa: PLC0415

        terms = self._terms
        wanted = [
            Terms(
                id=f"101-001-{1_000_000 + terms.seed % 1_000_000}-{number:03}",
                currency=check_currency(terms.currency),
                balance=parse_positive(terms.balance, "balance"),
                hedging=terms.is_hedging,
                fifo=terms.is_fifo,
            )
            for number in range(1, terms.accounts + 1)
        ]
        exchange = Exchange.open(folder and folder / "oanda", world.market, wanted, world.clock.now_ns())
        for one in wanted:
            if exchange.terms(one.id) != one:
                self._app.warn(f"account {one.id} was made on other terms and keeps them; --state DIR begins anew")
        digits = blake2b(f"sandbox/{terms.seed}".encode(), digest_size=2 * _HALF_TOKEN).hexdigest()
        token = f"{digits[: 2 * _HALF_TOKEN]}-{digits[2 * _HALF_TOKEN :]}"
        scheme = "https" if terms.with_tls else "http"
        settings = WireSettings(token=token, scheme=scheme, strict_numbers=terms.is_strict)
        wire = OandaWire(exchange, world.market, world.clock, settings, faults)
        return _Venue(wire, terms.oanda, token, exchange.account_ids)


def _check(terms: SandboxTerms) -> None:
    if not 1 <= terms.accounts <= _MOST_ACCOUNTS:
        message = f"a sandbox has 1 to {_MOST_ACCOUNTS} accounts"
        raise UsageError(message, code="bad_number")
    if terms.is_always_open and terms.market.partition(":")[0].lower() != "sim":
        message = "--always-open is for the simulated market; a recorded one is open where it was recorded"
        raise UsageError(message, code="bad_usage")


class Sandboxes:
    """Sandboxes as the App gives them to commands."""

    def __init__(self, app: App) -> None:
        self._app = app

    def run(self, terms: SandboxTerms, tell: Callable[[OpenedSandbox], None]) -> signal.Signals:
        """Serve until a signal, `tell` called once all is open; the signal. Raises UsageError, SetupError."""
        return Sandbox(self._app, terms).run(tell)

    def rehearse(self, terms: SandboxTerms) -> list[OpenedSandbox]:
        """What a new sandbox would tell, with nothing written. Raises UsageError, SetupError."""
        return Sandbox(self._app, terms).rehearse()

    def fault_kinds(self) -> list[FaultKind]:
        """Every kind of fault there is."""
        return [FaultKind(name, " or ".join(kind.strikes), _terms(kind), kind.summary) for name, kind in KINDS.items()]


def _terms(kind: Kind) -> str:
    return ", ".join(f"{term}!" if term in kind.needed else term for term in kind.terms)
