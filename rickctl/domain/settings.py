"""Every setting a person may make: key, variable, default and bounds, and how its text is read; opens no file."""

from __future__ import annotations

from typing import NamedTuple

from rickctl.domain.credentials import SOURCES
from rickctl.domain.errors import SetupError, UsageError
from rickctl.domain.scope import Mode, check_account_name, parse_scope

SettingValue = str | int | bool | None


class Setting(NamedTuple):
    """One setting; `choices` bound a text, `least` and `most` a whole number. A `default` of None means not set."""

    key: str
    variable: str
    kind: str
    default: SettingValue
    about: str
    choices: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None

    @property
    def expected(self) -> str:
        """What a value has to be, in words."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        return {
            "account": "an account such as main or practice:oanda:NAME, never a LIVE one",
            "switch": "true or false",
            "number": f"a whole number from {self.least} to {self.most}",
            "name": "a broker's name",
            "command": "a command line with {mode} in it, such as: pass show oanda/{mode}",
            "path": "the path of a file, from / or ~",
            "backend": "a class of Python, such as keyrings.alt.file.EncryptedKeyring",
        }[self.kind]


class Effective(NamedTuple):
    """A value in force and whether it comes from the `environment`, the `file` or the `default`."""

    value: SettingValue
    source: str


class Problem(NamedTuple):
    """A key of the file whose value cannot stand; `setting` is None where the key is unknown."""

    key: str
    setting: Setting | None


class Checked(NamedTuple):
    """What validation made of a file: its values, and everything that is wrong with it."""

    values: dict[str, SettingValue]
    problems: tuple[Problem, ...]


SETTINGS: tuple[Setting, ...] = (
    Setting("output", "RICKCTL_OUTPUT", "text", "table", "format of results", ("table", "json", "jsonl", "csv")),
    Setting("account", "RICKCTL_ACCOUNT", "account", "paper:paper:main", "account of commands that name none"),
    Setting("colour", "NO_COLOR", "colour", "auto", "colour on a terminal", ("auto", "never")),
    Setting(
        key="execution_enabled",
        variable="EXECUTION_ENABLED",
        kind="switch",
        default=False,
        about="whether LIVE can be armed at all",
    ),
    Setting(
        key="quality_threshold",
        variable="QUALITY_THRESHOLD",
        kind="number",
        default=None,
        about="a quality above the charter's",
        least=70,
        most=100,
    ),
    Setting(
        key="max_hold_min",
        variable="MAX_HOLD_MIN",
        kind="number",
        default=None,
        about="a longest hold under the charter's, minutes",
        least=1,
        most=360,
    ),
    Setting("active_broker", "ACTIVE_BROKER", "name", "paper", "broker of commands that name none"),
    Setting(
        key="credential_source",
        variable="RICKCTL_CREDENTIAL_SOURCE",
        kind="text",
        default="auto",
        about="the only source of tokens that is asked",
        choices=("auto", *SOURCES),
    ),
    Setting("log_level", "RICKCTL_LOG_LEVEL", "text", "info", "what the log file is told", ("off", "error", "info")),
    Setting("log_file", "RICKCTL_LOG_FILE", "path", None, "a log file outside the state folder"),
    Setting("credential_command", "RICKCTL_CREDENTIAL_COMMAND", "command", None, "command that prints a token"),
    Setting("credential_file", "RICKCTL_CREDENTIAL_FILE", "path", None, "a file with tokens, mode 0600"),
    Setting("keyring_backend", "RICKCTL_KEYRING_BACKEND", "backend", None, "a keyring other than the system's"),
)
"""In the order they are shown."""

SETTINGS_BY_KEY: dict[str, Setting] = {setting.key: setting for setting in SETTINGS}

SECRET_VARIABLES = (
    "OANDA_LIVE_TOKEN",
    "OANDA_PRACTICE_TOKEN",
    "OANDA_LIVE_ACCOUNT_ID",
    "OANDA_PRACTICE_ACCOUNT_ID",
    "COINBASE_API_KEY",
    "COINBASE_API_SECRET",
)
"""Variables of venues: known, never shown and never kept in a file."""

_AS_TYPED = frozenset({"account", "command", "path", "backend"})
_ON = frozenset({"1", "true", "yes", "on"})
_OFF = frozenset({"0", "false", "no", "off"})


def find_setting(key: str) -> Setting:
    """The setting of a key, `-` and capitals forgiven. Raises UsageError."""
    wanted = key.strip().lower().replace("-", "_")
    if wanted in SETTINGS_BY_KEY:
        return SETTINGS_BY_KEY[wanted]
    message = f"{key[:40]!r} is not a setting"
    raise UsageError(message, code="unknown_setting", hint=f"known: {', '.join(SETTINGS_BY_KEY)}")


def read_value(setting: Setting, text: str) -> SettingValue:
    """The value a word means, as typed or as a variable holds it. Raises ValueError."""
    word = text.strip()
    lowered = word.lower()
    if setting.kind == "switch" and lowered in _ON | _OFF:
        return lowered in _ON
    if setting.kind == "number":
        number = int(word) if word.isascii() and word.isdecimal() else -1
        return check_value(setting, number)
    return check_value(setting, word if setting.kind in _AS_TYPED else lowered)


def check_value(setting: Setting, value: object) -> SettingValue:
    """The value itself if the setting can hold it. Raises ValueError."""
    if setting.kind == "switch":
        usable = isinstance(value, bool)
    elif setting.kind == "number":
        usable = type(value) is int and (setting.least or 0) <= value <= (setting.most or 0)
    else:
        usable = isinstance(value, str) and (value in setting.choices if setting.choices else _is_name(setting, value))
    if not usable:
        raise ValueError(setting.expected)
    assert value is None or isinstance(value, str | int | bool)  # noqa: S101 - one of the three above
    return value


def _is_name(setting: Setting, text: str) -> bool:
    if setting.kind == "command":
        # Without the mode a token of practice would be shown to LIVE.
        return "{mode}" in text and text.isprintable()
    if setting.kind == "path":
        return text.startswith(("/", "~")) and text.isprintable()
    if setting.kind == "backend":
        return "." in text and all(part.isidentifier() for part in text.split("."))
    try:
        if setting.kind == "account":
            return parse_scope(text).mode is not Mode.LIVE
        check_account_name(text)
    except UsageError:
        return False
    return True


def read_variable(setting: Setting, text: str) -> SettingValue:
    """The value a variable of the environment gives; any text in NO_COLOR means never. Raises SetupError."""
    if setting.kind == "colour":
        return "never"
    try:
        return read_value(setting, text)
    except ValueError:
        message = f"{setting.variable}={text[:40]} in the environment is not {setting.expected}"
        raise SetupError(message, code="bad_config", hint=f"unset {setting.variable}") from None
