"""Wires one run: streams, clock, environment, folders, and the ports opened on first use; holds no rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TextIO, TypeVar

from rickctl.app.log import CommandLog
from rickctl.app.scopes import find_scope
from rickctl.config import CONFIG_FILE, OUTPUT_VARIABLE, find_folders, validate_settings
from rickctl.domain.errors import UsageError
from rickctl.domain.scope import DEFAULT_SCOPE, Mode, Scope, unknown_account
from rickctl.render.write import check_format, write_rounds, write_view, write_watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from rickctl.adapters.factory import OpenedMarket
    from rickctl.app.arming import Arming
    from rickctl.app.brokers import Brokers
    from rickctl.app.credentials import Credentials
    from rickctl.app.desks import Desks
    from rickctl.app.rehearsals import Rehearsals
    from rickctl.app.sandbox import Sandboxes
    from rickctl.config import Folders
    from rickctl.domain.credentials import Secret
    from rickctl.domain.ports import Clock, Market, Probe
    from rickctl.domain.settings import Effective
    from rickctl.render.layout import Screen
    from rickctl.render.view import View
    from rickctl.services.charter import LoadedCharter
    from rickctl.store.state import Store

_WATCH_NS = 1_000_000_000
_GLANCE_MS = 50
Row = TypeVar("Row")


class Book(NamedTuple):
    """One account as a read sees it: its scope, its prices and its own clock."""

    scope: Scope
    market: Market
    now_ns: int
    is_stepped: bool = False

    @property
    def badge(self) -> str:
        """`Data: sim | Exec: paper · main`."""
        return f"Data: {self.market.source.partition(':')[0]} | Exec: {self.scope.mode.value} · {self.scope.account}"


class App:
    """Everything a command may touch, given once; tests build it with their own streams, clock and folders."""

    def __init__(
        self,
        *,
        out: TextIO,
        err: TextIO,
        screen: Screen,
        environment: Mapping[str, str],
        clock: Clock,
        ask: Callable[[str], str] | None = None,
        ask_hidden: Callable[[str], str] | None = None,
        open_probe: Callable[[str], Probe] | None = None,
        boot: Callable[[], tuple[int, str]] | None = None,
    ) -> None:
        self.out = out
        self.err = err
        self.screen = screen
        self.environment = environment
        self.clock = clock
        self.ask = ask
        self.ask_hidden = ask_hidden
        self.open_probe = open_probe
        self.boot = boot
        self.is_rehearsal = False
        self.log = CommandLog(self)
        self._folders: Folders | None = None
        self._markets: dict[tuple[str, int], OpenedMarket] = {}
        self._stores: dict[bool, Store] = {}
        self._desks: Desks | None = None
        self._credentials: Credentials | None = None
        self._arming: Arming | None = None
        self._brokers: Brokers | None = None

    @property
    def folders(self) -> Folders:
        """Where state and configuration live."""
        if self._folders is None:
            self._folders = find_folders(self.environment)
        return self._folders

    def scope(self, account: str | None) -> Scope:
        """The account named, else the environment's, the file's, `paper:paper:main`. Raises UsageError, SetupError."""
        return find_scope(self, account)

    def output(self, chosen: str | None) -> str:
        """The format asked for on the command line, else in the environment, else in the file, else a table."""
        return check_format(chosen or self.environment.get(OUTPUT_VARIABLE) or self.written("output") or "table")

    def effective(self, key: str) -> Effective:
        """A setting in force and its source: environment, file or default. Raises SetupError for one that cannot be."""
        from rickctl.services.settings import effective  # noqa: PLC0415 - a machine without a file needs none of it

        folder = self.folders.config
        return effective(key, folder, self.environment, validate_settings, keep=not self.is_rehearsal)

    def written(self, key: str) -> str:
        """What the settings file says of a text, empty where it says nothing; no file costs one look."""
        if not (self.folders.config / CONFIG_FILE).exists():
            return ""
        found = self.effective(key)
        return str(found.value) if found.source == "file" else ""

    def open_market(self, source: str, seed: int, expected: str | None = None) -> OpenedMarket:
        """The price source an account names, opened once a run. Raises UsageError, SetupError, Unreachable."""
        key = (source, seed)
        if key not in self._markets:
            from rickctl.adapters.factory import open_market  # noqa: PLC0415 - opened on first use

            self._markets[key] = open_market(source, seed=seed, expected=expected)
        return self._markets[key]

    def store(self, *, write: bool, busy_ms: int | None = None) -> Store:
        """The state of this machine, opened once a run; reading makes nothing. Raises SetupError."""
        if write not in self._stores:
            from rickctl.store.state import Store  # noqa: PLC0415 - opened on first use

            state, config = self.folders
            self._stores[write] = Store.open(state, config, self.clock, write=write, busy_ms=busy_ms)
        return self._stores[write]

    @property
    def may_have_acted(self) -> bool:
        """Whether this run opened the state to write: what it did then stays, whatever fails later."""
        return True in self._stores

    def glance(self) -> Store | None:
        """The state to read at the press of a key: not waited for where it is held. Raises SetupError."""
        return self.store(write=False, busy_ms=_GLANCE_MS) if self._has_state() else None

    def book(self, account: str | None) -> Book:
        """The account to read prices for; the default one need not exist yet. Raises UsageError for another."""
        scope = self.scope(account)
        if scope.broker != DEFAULT_SCOPE.broker:
            return Book(scope, self.brokers.broker(scope).market(scope.mode, scope.account), self.clock.now_ns())
        row = self.store(write=False).account(scope) if self._has_state() else None
        if row is None:
            if scope != DEFAULT_SCOPE:
                raise unknown_account(scope)
            return Book(scope, self.open_market("sim:v1", 0).market, self.clock.now_ns())
        priced = row.price_source()
        market = self.open_market(priced.source, priced.seed, priced.fingerprint).market
        now_ns = self.clock.now_ns() if row.clock_ns is None else row.clock_ns
        return Book(scope, market, now_ns, is_stepped=row.clock_ns is not None)

    def _has_state(self) -> bool:
        """Whether there is a database to ask: a first quote opens none."""
        return (self.folders.state / "rickctl.db").exists()

    @property
    def desks(self) -> Desks:
        """The accounts of this run, to work on."""
        if self._desks is None:
            from rickctl.app.desks import Desks  # noqa: PLC0415 - a quote works on no account

            self._desks = Desks(self)
        return self._desks

    @property
    def arming(self) -> Arming:
        """LIVE's windows, and the PIN that opens them."""
        if self._arming is None:
            from rickctl.app.arming import Arming  # noqa: PLC0415 - paper is never armed

            self._arming = Arming(self)
        return self._arming

    @property
    def credentials(self) -> Credentials:
        """The secrets of this run, each looked for once."""
        if self._credentials is None:
            from rickctl.app.credentials import Credentials  # noqa: PLC0415 - paper needs no secret

            self._credentials = Credentials(self)
        return self._credentials

    def secret(self, broker: str, mode: Mode, account: str | None) -> Secret:
        """The token that opens an account, from the first source that has it. Raises SetupError (no_credentials)."""
        return self.credentials.secret(broker, mode, account)

    def hide(self, text: str) -> str:
        """The text without any secret this run has seen or was given in its environment."""
        from rickctl.domain.credentials import hide_all  # noqa: PLC0415 - only a failure or a warning needs it

        return hide_all(text, [] if self._credentials is None else self._credentials.known, self.environment)

    def seal_key(self) -> bytes | None:
        """The key seals and journal are proven with; None before the first write. Raises SetupError."""
        from rickctl.store.anchor import load_key  # noqa: PLC0415 - a quote needs no key

        return load_key(self.folders.config)

    def charter(self) -> LoadedCharter:
        """The charter in force: the file's, tightened by a person's own settings. Raises Refused, SetupError."""
        from rickctl.services.settings import tighten  # noqa: PLC0415 - a quote needs no charter

        return tighten(self.charter_file(), self.effective)

    def charter_file(self) -> LoadedCharter:
        """The charter in use as its file has it, with its findings and seals. Raises Refused, SetupError."""
        from rickctl.services.charter import load_charter  # noqa: PLC0415 - a quote needs no charter

        return load_charter(self.folders.config, seal_key=self.seal_key())

    def kill_reason(self) -> str | None:
        """Why everything is stopped, or None; asks the latch file only."""
        from rickctl.store.kill import read_kill  # noqa: PLC0415 - a quote is never stopped

        held = read_kill(self.folders.state)
        return None if held is None else held.reason

    def repeat(
        self,
        ask: Callable[[], Row],
        view_of: Callable[[Row], View],
        *,
        watch: bool,
        output: str | None,
        badge: str,
        out_file: Path | None,
    ) -> Row:
        """Show a result once, or every second until interrupted; returns the first one. Raises UsageError."""
        if watch and out_file is not None:
            message = "--watch repaints and --out writes once; choose one"
            raise UsageError(message, code="bad_usage")
        result = ask()
        if not watch:
            self.show(view_of(result), output=output, badge=badge, out_file=out_file)
            return result
        chosen = self.output(output)

        def rounds() -> Iterator[View]:
            yield view_of(result)
            while True:
                self.clock.sleep_ns(_WATCH_NS)
                yield view_of(ask())

        write_watch(rounds(), output=chosen, badge=badge, screen=self.screen, out=self.out)
        return result

    def badge(self, account: str | None, note: str | None = None) -> str:
        """`Data: sim | Exec: paper · main`, with a note such as `dry run`."""
        badge = self.book(account).badge
        return f"{badge} · {note}" if note else badge

    def report_badge(self, account: str | None) -> str:
        """The badge of a report: of one account, or without a name where it covers all of a mode."""
        if account is not None:
            return self.badge(account)
        return f"Data: each account's own | Exec: {self.scope(None).mode.value}"

    def start_job(self, lock: str | None, if_market_open: str | None = None, account: str | None = None) -> None:
        """What a scheduled job asks first: alone, and only while a market is open. Raises Skipped."""
        if lock is not None:
            from rickctl.store.joblock import hold_job_lock  # noqa: PLC0415 - jobs only

            hold_job_lock(self.folders.state, lock)
        if if_market_open is not None:
            from rickctl.services.quotes import check_market_open  # noqa: PLC0415 - jobs only

            book = self.book(account)
            check_market_open(if_market_open, book.market, book.now_ns)

    def set_kill(self, reason: str) -> None:
        """Put the kill latch down, before anything else is tried. Raises SetupError."""
        from rickctl.store.kill import Kill, set_kill  # noqa: PLC0415 - only a kill needs it

        set_kill(self.folders.state, Kill(reason, self.clock.now_ns()))

    def clear_kill(self) -> bool:
        """Lift the kill latch; False where there was none. Raises SetupError."""
        from rickctl.store.kill import clear_kill  # noqa: PLC0415 - only resume needs it

        return clear_kill(self.folders.state)

    @property
    def rehearsals(self) -> Rehearsals:
        """What stopping and resuming would do."""
        from rickctl.app.rehearsals import Rehearsals  # noqa: PLC0415 - stopping itself needs none of it

        return Rehearsals(self)

    @property
    def brokers(self) -> Brokers:
        """The installed brokers, to ask or to trade with."""
        if self._brokers is None:
            from rickctl.app.brokers import Brokers  # noqa: PLC0415 - a quote on paper asks no broker

            self._brokers = Brokers(self)
        return self._brokers

    @property
    def sandbox(self) -> Sandboxes:
        """Our own exchange, to begin or to rehearse."""
        from rickctl.app.sandbox import Sandboxes  # noqa: PLC0415 - only the sandbox needs a server

        return Sandboxes(self)

    def unknown_outcomes(self) -> list[tuple[Scope, int]]:
        """Orders nobody can vouch for, where this run has looked at the state. Raises SetupError."""
        return [row for store in list(self._stores.values())[:1] for row in store.unknown_outcomes()]

    def run_editor(self, editor: str, path: Path) -> None:
        """Let a person edit a file. Raises SetupError where the editor does not start or fails."""
        from rickctl.app.system import run_editor  # noqa: PLC0415 - only an edit needs it

        run_editor(editor, path)

    def close(self) -> None:
        """Let go of what was opened."""
        for store in self._stores.values():
            store.close()
        if self._desks is not None:
            self._desks.close()
        if self._brokers is not None:
            self._brokers.close()

    def running_clock(self, book: Book) -> Clock:
        """The clock of an account whose time passes by itself. Raises UsageError for one that is stepped."""
        if book.is_stepped:
            message = f"the clock of {book.scope} moves only by account advance; there is nothing to wait for"
            raise UsageError(
                message, code="stepped_clock", hint=f"rickctl account advance {book.scope.account} --by 1m"
            )
        return self.clock

    def warn(self, text: str) -> None:
        """Say something on stderr that changes no exit code."""
        from rickctl.render.clean import clean_text  # noqa: PLC0415 - most runs have nothing to warn of

        self.err.write(clean_text(f"rickctl: warning: {self.hide(text)}") + "\n")
        self.err.flush()

    def hint(self, command: str) -> None:
        """Say on stderr what to type next, to a person only."""
        if self.screen.is_terminal:
            self.err.write(f"hint: {command}\n")
            self.err.flush()

    def write_text(self, text: str, target: Path | None) -> None:
        """Print finished text, or put it into a file in one step. Raises SetupError."""
        if target is None:
            self.out.write(text)
            return
        from rickctl.render.outfile import replace_file  # noqa: PLC0415 - only --out needs it

        replace_file(target, text)

    def is_painted(self, output: str | None) -> bool:
        """Whether a result that keeps changing is repainted for a person rather than written line by line."""
        return self.screen.is_terminal and self.output(output) == "table"

    def show_rounds(
        self,
        rounds: Iterator[tuple[Sequence[Row], Sequence[Row]]],
        view_of: Callable[[Sequence[Row]], View],
        *,
        output: str | None,
        badge: str,
        text_of: Callable[[Sequence[Row]], str] | None = None,
    ) -> None:
        """Print a result that keeps changing: all rows repainted on a terminal, the changed ones on a pipe."""
        chosen = self.output(output)
        write_rounds(rounds, view_of, output=chosen, badge=badge, screen=self.screen, out=self.out, text_of=text_of)

    def show(self, view: View, *, output: str | None, badge: str, out_file: Path | None = None) -> None:
        """Print one result on stdout, or put it into a file in one step. Raises SetupError."""
        if out_file is not None:
            from io import StringIO  # noqa: PLC0415 - only --out needs it

            text, plain = StringIO(), self.screen._replace(is_terminal=False)
            write_view(view, output=self.output(output), badge=badge, screen=plain, out=text)
            self.write_text(text.getvalue(), out_file)
            return
        write_view(view, output=self.output(output), badge=badge, screen=self.screen, out=self.out)
