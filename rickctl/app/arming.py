"""Wires LIVE's windows and the PIN: clocks, files, journal and the person at the terminal; holds no rule."""

from __future__ import annotations

import hashlib
import hmac
import os
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.arming import (
    NOT_LIVE,
    ArmState,
    Bindings,
    Cause,
    Ended,
    Moment,
    Person,
    Standing,
    Window,
    judge,
    open_window,
)
from rickctl.domain.errors import Refused, RickctlError, SetupError
from rickctl.domain.orders import COUNTED_INTENTS
from rickctl.domain.scope import Mode
from rickctl.services import arming, pins
from rickctl.services.stopping import cancel_entries
from rickctl.store.arming import ArmFiles, read_boot
from rickctl.store.db import DATABASE_NAME
from rickctl.store.pin import PinFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from rickctl.app import App
    from rickctl.domain.scope import Scope
    from rickctl.services.charter import LoadedCharter

_BOUND_FILES = ("config.toml", "charter.toml", "charter.seal")
"""What the configuration of a window is: these files, by content and by when they were written."""


class Closed(NamedTuple):
    """What a disarm did: windows ended, entries cancelled, accounts whose entries it could not reach, and its record.

    `unrecorded` says why the journal does not tell of it yet; the next arm or disarm writes it down.
    """

    ended: list[Ended]
    cancelled: list[tuple[Scope, int]]
    failed: list[tuple[Scope, str]]
    unrecorded: str | None


class Arming:
    """LIVE's windows of one run."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._files = ArmFiles(app.folders.config)
        self._pin = PinFile(app.folders.config)

    # Asking.

    def moment(self) -> Moment:
        """Now, on both clocks."""
        boot_ns, boot_id = (self._app.boot or read_boot)()
        return Moment(self._app.clock.now_ns(), boot_ns, boot_id)

    def state(self, scope: Scope, *, is_sending: bool = False) -> ArmState:
        """Whether a scope may add risk now. Only what is about to send asks for the token. Raises SetupError."""
        if scope.mode is not Mode.LIVE:
            return NOT_LIVE
        found = self._files.load(scope)
        if not isinstance(found, Window):
            return judge(found, scope, self.moment(), _NOTHING)
        credential = self._credential(scope) if is_sending else found.bindings.credential
        standing = self._standing(credential, is_recorded=arming.is_recorded(self._app.store(write=False), found))
        # The clocks are read last: what is done with the answer is never later than it by more than the asking took.
        return judge(found, scope, self.moment(), standing)

    def watch(self, scope: Scope, *, is_sending: bool) -> Callable[[], ArmState]:
        """What a Trader asks at the gate and before the first byte; for one that sends, what is over stays over."""
        return partial(self._watched if is_sending else self.state, scope)

    def _watched(self, scope: Scope) -> ArmState:
        state = self.state(scope, is_sending=True)
        if state.is_over and state.window is not None and state.cause is not None:
            # A note in a file, not a record: the gate asks from inside a transaction of its own.
            self._files.end(Ended(scope, state.window.number, state.cause, state.detail, self._app.clock.now_ns()))
        return state

    def states(self) -> list[ArmState]:
        """Every scope that has, or last had, a window. Raises SetupError."""
        return [self.state(found.scope) for found in self._files.all()]

    def history(self) -> list[arming.Change]:
        """The newest hundred changes of what may be risked, newest first. Raises SetupError."""
        return arming.history(self._app.store(write=False), self._files.all(), self._app.clock.now_ns())

    def _standing(self, credential: str, *, is_recorded: bool = True) -> Standing:
        app = self._app
        loaded = self._charter()
        charter = None if loaded is None else loaded.charter
        bindings = Bindings(
            charter_hash="" if charter is None else charter.hash,
            store_id=app.store(write=False).store_id,
            configuration=self._configuration(),
            credential=credential,
        )
        return Standing(
            bindings=bindings,
            is_enabled=app.effective("execution_enabled").value is True,
            is_sealed=loaded is not None and Mode.LIVE in loaded.sealed_for,
            is_recorded=is_recorded,
            kill_reason=app.kill_reason(),
        )

    def _charter(self) -> LoadedCharter | None:
        try:
            return self._app.charter()
        except (Refused, SetupError):
            return None

    def _configuration(self) -> str:
        digest = hashlib.sha256()
        for name in _BOUND_FILES:
            path = self._app.folders.config / name
            with suppress(OSError):
                content = hashlib.sha256(path.read_bytes()).hexdigest()
                digest.update(f"{name} {path.stat().st_mtime_ns} {content}\n".encode())
        return digest.hexdigest()

    def _credential(self, scope: Scope) -> str:
        """A mark of the token this run would use, keyed so that it gives nothing away; empty without one."""
        key = self._app.seal_key()
        try:
            secret = self._app.secret(scope.broker, scope.mode, scope.account)
        except RickctlError:
            return ""
        return "" if key is None else hmac.digest(key, b"rickctl token\n" + secret.reveal().encode(), "sha256").hex()

    # Changing.

    def arm(self, scope: Scope, length: str | None, reason: str, *, dry_run: bool) -> ArmState:
        """Open a window after the PIN; a dry run says what would stand. Raises UsageError, Refused, SetupError."""
        arming.check_scope(scope)
        self._app.brokers.broker(scope)
        try:
            self._asker("arms LIVE", "arm")
            length_ns = self._check(scope, length)
            if not dry_run:
                self.confirm(f"arm {scope}")
                self._check(scope, length)
        except Refused as error:
            if not dry_run and self._has_state:
                arming.note_refusal(self._app.store(write=True), scope, error, self.person())
            raise
        standing = self._standing("" if dry_run else self._credential(scope))
        now = self.moment()
        if dry_run:
            window = open_window(0, scope, standing.bindings, now, length_ns, reason, self.person())
        else:
            state = self._app.store(write=True)
            window = arming.arm(
                scope, length_ns, reason, state=state, box=self._files, now=now, standing=standing, by=self.person()
            )
        return ArmState(scope=scope, window=window, cause=None, ends_ns=window.wall_end_ns, left_ns=length_ns)

    def _check(self, scope: Scope, length: str | None) -> int:
        loaded = self._app.charter()
        length_ns = arming.read_length(length, loaded)
        latches = [latch.name for latch in self._app.store(write=False).latches(scope)]
        arming.check_may_arm(scope, self._standing(""), loaded, latches)
        return length_ns

    def disarm(self, scope: Scope | None, detail: str, cause: Cause = Cause.BY_HAND) -> Closed:
        """End one window or every one, record it, and cancel entries that still rest. Raises SetupError."""
        closed = self.end(scope, detail, cause)
        for ended in closed.ended:
            try:
                if not self._has_sent(ended.scope):
                    continue
                desk = self._app.desks.orders(str(ended.scope), write=True)
                closed.cancelled.extend((ended.scope, number) for number in cancel_entries(desk.desk, desk.execution))
            except RickctlError as error:
                closed.failed.append((ended.scope, error.message))
        return closed

    def _has_sent(self, scope: Scope) -> bool:
        """Whether anything of ours may rest there."""
        return bool(self._app.store(write=False).intents(scope, states=COUNTED_INTENTS, limit=1))

    def end(self, scope: Scope | None, detail: str, cause: Cause) -> Closed:
        """As `disarm`, entries left alone: for a kill, which cancels all of them itself. Raises SetupError."""
        ended = arming.disarm(self._files, scope, cause, detail, self.moment())
        unrecorded = None
        try:
            if ended and self._has_state:
                arming.record(self._app.store(write=True), self._files, self.person(), self._app.clock.now_ns())
        except RickctlError as error:
            unrecorded = error.message
        return Closed(ended, [], [], unrecorded)

    @property
    def _has_state(self) -> bool:
        return (self._app.folders.state / DATABASE_NAME).exists()

    # The person.

    def person(self) -> Person:
        """Who runs this, and where."""
        tty = ""
        with suppress(OSError, ValueError, AttributeError):
            tty = os.ttyname(sys.stdin.fileno())
        return Person(os.getuid(), tty)

    def confirm(self, purpose: str) -> None:
        """Ask for the PIN. Raises Refused, SetupError."""
        ask = self._asker("types the PIN", "arm")
        pins.check_pin(self._guard(), ask, purpose)

    @property
    def has_pin(self) -> bool:
        """Whether a PIN was set. Raises SetupError."""
        return self._pin.is_there

    def set_pin(self) -> None:
        """Set the first PIN; a window that stood under none, or a lost one, ends. Raises Refused, UsageError."""
        pins.set_pin(self._guard(), self._asker("sets the PIN", "pin set"))
        self.disarm(None, "the PIN was set", Cause.BY_HAND)

    def change_pin(self) -> None:
        """Put another PIN in its place. Raises Refused, UsageError."""
        pins.change_pin(self._guard(), self._asker("changes the PIN", "pin change"))

    def check_pin_can_change(self, *, is_first: bool) -> None:
        """What setting (`is_first`) or changing the PIN would be refused for. Raises Refused, SetupError."""
        word, what = ("set", "sets the PIN") if is_first else ("change", "changes the PIN")
        self._asker(what, f"pin {word}")
        pins.check_presence(self._pin, is_there=not is_first)

    def person_at_terminal(self, what: str, command: str) -> Person:
        """Who sits at the terminal. Raises Refused where there is none."""
        self._asker(what, command)
        return self.person()

    def confirm_resume(self) -> None:
        """Ask for the PIN where what is stopped concerns LIVE and there is one. Raises Refused, SetupError."""
        store = self._app.store(write=False)
        latches = store.latches()
        is_general = self._app.kill_reason() is not None or any(latch.scope is None for latch in latches)
        has_live = bool(self._files.all()) or any(row.scope.mode is Mode.LIVE for row in store.accounts())
        concerns = (is_general and has_live) or any(latch.scope and latch.scope.mode is Mode.LIVE for latch in latches)
        if concerns and self.has_pin and self._app.ask_hidden is not None:
            self.confirm("resume LIVE")

    def _asker(self, what: str, command: str) -> Callable[[str], str]:
        arming.check_person(is_terminal=self._app.ask_hidden is not None, what=what, command=command)
        assert self._app.ask_hidden is not None  # noqa: S101 - checked in the line above
        return self._app.ask_hidden

    def _guard(self) -> pins.Guard:
        store = self._app.store(write=True)
        return pins.Guard(state=store, audit=store, box=self._pin, now=self.moment, person=self.person())


_NOTHING = Standing(Bindings("", "", "", ""), is_enabled=False, is_sealed=False, is_recorded=False, kill_reason=None)
