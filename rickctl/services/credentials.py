"""Login, logout, whoami: a secret is asked about before it is kept, and all is recorded; shows none itself."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.credentials import Login, Slot
from rickctl.domain.errors import RickctlError, SetupError, UsageError
from rickctl.domain.scope import Mode, Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rickctl.domain.credentials import Found, LoginBook, ProbeAnswer, Secret, Vault
    from rickctl.domain.ports import Clock, Probe
    from rickctl.domain.records import JSON
    from rickctl.domain.state import State

    Ask = Callable[[Slot, Secret], ProbeAnswer]

SKEW_WARNED_MS = 2_000
SKEW_REFUSED_MS = 60_000
_LONGEST_TOKEN = 4_096
_SHAPES = {"oanda": (32, 32)}
"""Lengths of the hexadecimal parts of a token, as venues hand them out today; nowhere promised."""


def check_token(broker: str, secret: Secret) -> str | None:
    """A warning where a token looks unusual, None where it does not. Raises UsageError for what cannot be one."""
    text = secret.reveal()
    why = ""
    if not text:
        why = "it is empty"
    elif len(text) > _LONGEST_TOKEN:
        why = f"it is longer than {_LONGEST_TOKEN} characters"
    elif not all("!" <= sign <= "~" for sign in text):
        why = "it holds a space, a line break or a sign outside ASCII"
    elif text[0] in "\"'<" or text.lower().startswith("bearer"):
        why = "it stands in quotes or brackets, or with the word Bearer"
    if why:
        message = f"that is no token of {broker}: {why}"
        raise UsageError(message, code="bad_token_format", hint="copy the token alone")
    shape = _SHAPES.get(broker)
    parts = tuple(len(part) if set(part) <= set("0123456789abcdef") else 0 for part in text.split("-"))
    if shape is None or parts == shape:
        return None
    words = " - ".join(str(length) for length in shape)
    return f"tokens of {broker} have been {words} hexadecimal digits so far; this one has another shape"


class Desk(NamedTuple):
    """What logins and logouts are done with; `uid` is the user who does them."""

    logins: LoginBook
    open_state: Callable[[], State]
    clock: Clock
    state_folder: str
    uid: int


class LoggedIn(NamedTuple):
    """What a login came to; `stored` says in words where the token is, empty after a rehearsal."""

    slot: Slot
    account: str
    accounts: tuple[str, ...]
    permissions: tuple[str, ...]
    skew_ms: int | None
    stored: str


def log_in(
    slot: Slot, secret: Secret, vault: Vault, desk: Desk, ask: Ask, *, path: str = "", dry_run: bool = False
) -> LoggedIn:
    """Ask the venue about a token (`ask` is `authorise` with its probe), keep it, read it back, and record that.

    Raises SetupError (bad_token, wrong_environment, clock_skew and those of the vault), Unreachable; UsageError for an
    account the token does not open. A refusal is recorded too.
    """
    try:
        answer = ask(slot, secret)
        account = _choose(slot, answer)
    except RickctlError as error:
        if not dry_run:
            with _recorded(desk, "login_refused", slot, {"code": error.code}):
                pass
        raise
    found = LoggedIn(slot, account, tuple(answer.accounts), _permissions(answer), answer.skew_ms, "")
    if dry_run:
        return found
    return found._replace(stored=_keep(found, secret, vault, desk, path))


def _keep(found: LoggedIn, secret: Secret, vault: Vault, desk: Desk, path: str) -> str:
    """Keep a token, its login and the record of both, or put back what was there; where it is kept."""
    slot = found.slot
    # Opened before anything is kept: where nothing can be recorded, nobody logs in.
    desk.open_state()
    before, held = desk.logins.load(), vault.load([slot])
    login = Login(slot, found.account, found.accounts, path, desk.state_folder, desk.clock.now_ns())
    try:
        stored = vault.save(slot, secret)
        body: dict[str, JSON] = {"stored": stored, "accounts": len(found.accounts)}
        with _recorded(desk, "login", slot._replace(account=found.account), body):
            desk.logins.save([*(known for known in desk.logins.load() if known.slot != slot), login])
    except RickctlError:
        with suppress(RickctlError):
            desk.logins.save(before)
        with suppress(RickctlError):
            if slot in held:
                vault.save(slot, held[slot].secret)
            else:
                vault.remove(slot)
        raise
    return stored


def authorise(slot: Slot, secret: Secret, probe: Probe, *, asks_other: bool) -> ProbeAnswer:
    """What the venue says of a token; one of the other environment is named as such. Raises as `log_in`."""
    try:
        answer = probe.check(slot.mode, secret)
    except SetupError as error:
        if error.code != "bad_token" or not asks_other:
            raise
        other = Mode.LIVE if slot.mode is Mode.PRACTICE else Mode.PRACTICE
        if not _is_known(probe, other, secret):
            raise
        message = f"this token belongs to {slot.broker} {other.value}, not {slot.mode.value}; nothing was stored"
        hint = f"rickctl login {slot.broker} --mode {other.value}"
        raise SetupError(message, code="wrong_environment", hint=hint) from None
    skew_ms = answer.skew_ms
    if skew_ms is not None and abs(skew_ms) > SKEW_REFUSED_MS:
        message = f"this machine's clock is {_skew(skew_ms)} the venue's; it must be within {SKEW_REFUSED_MS // 1000} s"
        raise SetupError(message, code="clock_skew", hint="timedatectl set-ntp true")
    return answer


def skew_warning(skew_ms: int | None) -> str | None:
    """A line about a clock that is off, None for one that is right or was not measured."""
    if skew_ms is None or abs(skew_ms) <= SKEW_WARNED_MS:
        return None
    return f"this machine's clock is {_skew(skew_ms)} the venue's"


def _skew(skew_ms: int) -> str:
    return f"{abs(skew_ms) // 1000}.{abs(skew_ms) % 1000:03} s {'ahead of' if skew_ms > 0 else 'behind'}"


def _is_known(probe: Probe, mode: Mode, secret: Secret) -> bool:
    try:
        probe.check(mode, secret)
    except RickctlError:
        return False
    return True


def _permissions(answer: ProbeAnswer) -> tuple[str, ...]:
    """What the venue says a token may do; one that says nothing has let us read all the same."""
    return tuple(answer.permissions) or ("read",)


def _choose(slot: Slot, answer: ProbeAnswer) -> str:
    """The account named, else the first one the token opens."""
    if slot.account is None:
        if not answer.accounts:
            message = f"this token opens no account at {slot.broker} {slot.mode.value}"
            raise SetupError(message, code="no_accounts", hint="make a token for a v20 account")
        return answer.accounts[0]
    if slot.account not in answer.accounts:
        message = f"this token does not open account {slot.account}"
        raise UsageError(message, code="unknown_account", hint=f"rickctl login {slot.broker} --mode {slot.mode.value}")
    return slot.account


class LoggedOut(NamedTuple):
    """What a logout took away: slots, in words where each was; and where a token is found all the same."""

    slot: Slot
    removed: tuple[tuple[Slot, str], ...]
    remaining: Found | None


def planned_removals(slot: Slot, logins: Sequence[Login]) -> dict[tuple[Slot, str], bool]:
    """Where a logout looks: slot and file, an empty one for the keyring; True where a login left a token there."""
    held = {(login.slot, login.path): True for login in logins if slot.covers(login.slot)}
    return held | {(slot, ""): held.get((slot, ""), False)}


def log_out(
    slot: Slot, open_vault: Callable[[str], Vault], desk: Desk, find: Callable[[Slot], Found | None]
) -> LoggedOut:
    """Forget the tokens of a mode, or of one account, and record that. Raises SetupError."""
    desk.open_state()
    removed = []
    for (kept, path), is_known in planned_removals(slot, desk.logins.load()).items():
        try:
            if open_vault(path).remove(kept):
                removed.append((kept, path or "keyring"))
        except SetupError:
            # A keyring that no login used, and that is not there or does not answer, holds nothing of ours.
            if is_known:
                raise
    with _recorded(desk, "logout", slot, {"removed": [str(kept) for kept, _ in removed]}):
        desk.logins.save([login for login in desk.logins.load() if not slot.covers(login.slot)])
    return LoggedOut(slot, tuple(removed), _remaining(slot, find))


def _remaining(slot: Slot, find: Callable[[Slot], Found | None]) -> Found | None:
    try:
        return find(slot)
    except RickctlError:
        return None


class Identity(NamedTuple):
    """One broker and mode as this machine knows it; `answers` is None where the venue was not asked."""

    slot: Slot
    account: str | None
    source: str | None
    detail: str | None
    permissions: tuple[str, ...] | None = None
    accounts: int | None = None
    answers: bool | None = None
    problem: str | None = None


def identities(
    slots: Sequence[Slot], found: dict[Slot, Found], account_of: Callable[[Slot], str | None], logins: Sequence[Login]
) -> list[Identity]:
    """Who this machine is at every venue, without asking one."""
    by_slot = {login.slot: login for login in logins}
    rows = []
    for slot in slots:
        known = by_slot.get(slot)
        held = found.get(slot)
        account = slot.account or account_of(slot)
        rows.append(
            Identity(
                slot,
                account,
                held.source if held else None,
                held.detail if held else None,
                accounts=len(known.accounts) if known else None,
            )
        )
    return rows


def check_identity(row: Identity, found: Found | None, ask: Ask) -> Identity:
    """A row with what the venue says of its token; one without a token as it was."""
    if found is None:
        return row
    try:
        answer = ask(row.slot, found.secret)
    except RickctlError as error:
        return row._replace(answers=False, problem=error.message)
    is_open = row.account is None or row.account in answer.accounts
    problem = skew_warning(answer.skew_ms) if is_open else "the token does not open this account"
    return row._replace(
        permissions=_permissions(answer), accounts=len(answer.accounts), answers=is_open, problem=problem
    )


@contextmanager
def _recorded(desk: Desk, kind: str, slot: Slot, body: dict[str, JSON]) -> Iterator[None]:
    """A record of who does what with a credential, never the credential; no two processes change logins at once."""
    scope = Scope(slot.mode, slot.broker, slot.account) if slot.account else None
    who: dict[str, JSON] = {"broker": slot.broker, "mode": slot.mode.value, "uid": desk.uid}
    with desk.open_state().transaction() as transaction:
        yield
        transaction.append(kind, scope, {**who, **body})
