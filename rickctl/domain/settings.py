"""Every setting a person may make: its key, its variable, its default and its bounds, as data; reads nothing."""

from __future__ import annotations

from typing import NamedTuple

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


SETTINGS: tuple[Setting, ...] = (
    Setting("output", "RICKCTL_OUTPUT", "text", "table", "format of results", ("table", "json", "jsonl", "csv")),
    Setting("account", "RICKCTL_ACCOUNT", "account", "paper:paper:main", "account of commands that name none"),
    Setting("colour", "NO_COLOR", "colour", "auto", "colour on a terminal", ("auto", "never")),
    Setting("log_level", "RICKCTL_LOG_LEVEL", "text", "info", "log file detail", ("debug", "info", "warning", "error")),
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
