"""Secrets and what they open: a value that never shows itself, its name in the environment, its source; reads none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, NoReturn, Protocol

from rickctl.domain.errors import SetupError, UsageError
from rickctl.domain.scope import Mode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rickctl.domain.ports import Hidden

HIDDEN = "[secret]"
"""What stands where a secret would have."""

_SHORTEST_HIDDEN = 8
"""A secret of fewer characters is not looked for in texts: it would be found in innocent words."""

SECRET_ENDINGS = ("_TOKEN", "_SECRET", "_API_KEY", "_PASSWORD")
"""How names of variables end whose values are taken for secrets."""

_UNQUOTED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


class Secret:
    """A text that no output, log or traceback shows; `reveal` hands it to the one call that needs it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret itself; keep it in no variable that outlives the call."""
        return self._text

    def __repr__(self) -> str:
        return "Secret()"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        message = "a secret is not written down"
        raise TypeError(message)


def hide(text: str, secrets: Iterable[Hidden]) -> str:
    """The text with every secret in it replaced: as it is, percent-encoded, or in base64, also within a longer text."""
    for secret in secrets:
        for shape in _shapes(secret.reveal()):
            text = text.replace(shape, HIDDEN)
    return text


def hide_all(text: str, secrets: Iterable[Secret], environment: Mapping[str, str]) -> str:
    """The text without the secrets given, without those an environment names, and without what looks like a token."""
    import re  # noqa: PLC0415 - as above

    named = [Secret(value) for name, value in environment.items() if name.endswith(SECRET_ENDINGS)]
    return re.sub(r"[0-9a-f]{32}-[0-9a-f]{32}", HIDDEN, hide(text, [*secrets, *named]))


def _shapes(secret: str) -> list[str]:
    """How a secret may stand in a text, longest first."""
    from base64 import b64encode  # noqa: PLC0415 - only a failure with a secret at hand needs it

    if len(secret) < _SHORTEST_HIDDEN:
        return []
    raw = secret.encode("utf-8", "surrogateescape")
    quoted = "".join(chr(byte) if byte in _UNQUOTED else f"%{byte:02X}" for byte in raw)
    found = {secret, quoted, quoted.replace("%2F", "/"), quoted.lower()}
    for shift in range(3):
        # Of base64 over a longer text, the digits that hold nothing but bits of the secret.
        digits = b64encode(b"\0" * shift + raw).decode()[-(-8 * shift // 6) : 8 * (shift + len(raw)) // 6]
        found |= {digits, digits.replace("+", "-").replace("/", "_")}
    return sorted(found, key=len, reverse=True)


class Slot(NamedTuple):
    """What a secret opens: one broker in one mode, and one account of it or, without `account`, all of them.

    `is_sandbox`: an exchange on this machine stands in for the venue; its tokens are kept apart from the venue's own.
    """

    broker: str
    mode: Mode
    account: str | None = None
    is_sandbox: bool = False

    def __str__(self) -> str:
        place = "sandbox" if self.is_sandbox else self.mode.value
        return f"{place}:{self.broker}" + (f":{self.account}" if self.account else "")

    def covers(self, other: Slot) -> bool:
        """Whether what opens `other` opens no more than this does."""
        return other == self._replace(account=self.account or other.account)


def slots_of(slot: Slot) -> list[Slot]:
    """Where a secret is looked for: under the account first, then under the whole of broker and mode."""
    return [slot, slot._replace(account=None)] if slot.account else [slot]


def variable_of(slot: Slot) -> str:
    """The name of a secret in the environment and in files: `OANDA_PRACTICE_TOKEN`, an account's own with its id."""
    words = [slot.broker, slot.mode.value, "token", *([slot.account] if slot.account else [])]
    return "_".join("".join(sign if sign.isalnum() else "_" for sign in word).upper() for word in words)


def account_variable_of(slot: Slot) -> str:
    """The name of the default account's id in the environment: `OANDA_PRACTICE_ACCOUNT_ID`."""
    return variable_of(slot._replace(account=None)).removesuffix("TOKEN") + "ACCOUNT_ID"


def is_venue_secret(name: str) -> bool:
    """Whether a variable of that name holds a secret of a venue, as against one of another program."""
    return name.startswith(("OANDA_", "COINBASE_")) and (name.endswith(SECRET_ENDINGS) or "_TOKEN_" in name)


def mask_account(account: str) -> str:
    """An account as it may be shown: first and last part, `101-***-001`; a short one shows its last two signs."""
    parts = account.split("-")
    if len(parts) > 2:  # noqa: PLR2004 - a first, a last and something between
        return f"{parts[0]}-***-{parts[-1]}"
    return f"***{account[-2:]}" if len(account) > 4 else "***"  # noqa: PLR2004 - two of four would be half of it


TOKEN_BROKERS = ("oanda",)
"""Brokers that are logged in to with a token."""

Source = Literal["fd", "systemd", "command", "file", "environment", "keyring"]

SOURCES: tuple[Source, ...] = ("fd", "systemd", "command", "file", "environment", "keyring")
"""In the order they are asked; the first that has the secret gives it."""


class Found(NamedTuple):
    """A secret, where it came from, and in words which variable, file, command or keyring that is."""

    secret: Secret
    slot: Slot
    source: Source
    detail: str


class ProbeAnswer(NamedTuple):
    """What a venue said of a token: its accounts, what they may do, our clock minus the venue's (None: unmeasured)."""

    accounts: Sequence[str]
    permissions: Sequence[str] = ()
    skew_ms: int | None = None


class Vault(Protocol):
    """A place that keeps secrets. Every call raises SetupError where the place is away, locked or silent."""

    def load(self, slots: Sequence[Slot]) -> dict[Slot, Found]:
        """The secrets there are, of those asked for."""
        ...

    def save(self, slot: Slot, secret: Secret) -> str:
        """Keep a secret, read it back, and say in words where it is; if that fails nothing is kept."""
        ...

    def remove(self, slot: Slot) -> bool:
        """Forget a secret; False where there was none."""
        ...


class Login(NamedTuple):
    """What a login leaves behind beside the secret, none of it secret.

    `account` is the one a read uses that names none, `accounts` all the token opens, `path` the file that holds the
    token (empty: the keyring does), `state` the state folder of that day, `at_ns` the wall clock then.
    """

    slot: Slot
    account: str
    accounts: tuple[str, ...]
    path: str
    state: str
    at_ns: int


class LoginBook(Protocol):
    """The logins of this machine."""

    def load(self) -> list[Login]:
        """All of them. Raises SetupError."""
        ...

    def save(self, logins: Sequence[Login]) -> None:
        """Replace them, in one step. Raises SetupError."""
        ...


def no_credentials(slot: Slot, only: Source | None = None) -> SetupError:
    """The error for a secret that no source has, or that the only one asked has not."""
    where = f" from source {only}" if only else ""
    message = f"there is no token for {slot.broker} {slot.mode.value}{where}"
    hint = f"rickctl login {slot.broker} --mode {slot.mode.value}"
    return SetupError(message, code="no_credentials", hint=hint)


def find_source(word: str) -> Source:
    """The source of that name. Raises UsageError."""
    for source in SOURCES:
        if source == word.strip().lower():
            return source
    message = f"{word[:40]!r} is not a source of credentials; there is {', '.join(SOURCES)}"
    raise UsageError(message, code="bad_credential_source", hint="rickctl whoami --help")


def check_slot(slot: Slot) -> Slot:
    """The slot, if there is a token for it. Raises UsageError for paper and for a broker that takes none."""
    if slot.broker not in TOKEN_BROKERS:
        message = f"broker {slot.broker[:40]!r} takes no token; {', '.join(TOKEN_BROKERS)} does"
        raise UsageError(message, code="unknown_broker", hint="rickctl broker list")
    if slot.mode is Mode.PAPER:
        message = "paper needs no token; --mode is practice or live"
        raise UsageError(message, code="bad_mode", hint=f"rickctl login {slot.broker} --mode practice")
    return slot
