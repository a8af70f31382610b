"""Where things live and what the environment says; reads settings, never validates twice, never writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

STATE_DIR_VARIABLE = "RICKCTL_STATE_DIR"
CONFIG_DIR_VARIABLE = "RICKCTL_CONFIG_DIR"
OUTPUT_VARIABLE = "RICKCTL_OUTPUT"
ACCOUNT_VARIABLE = "RICKCTL_ACCOUNT"


class Folders(NamedTuple):
    """The folder of durable state and the folder of configuration, seals and the journal's key."""

    state: Path
    config: Path


def find_folders(environment: Mapping[str, str]) -> Folders:
    """The folders named by the environment, else the platform's own."""
    from pathlib import Path  # noqa: PLC0415 - help and version need no folder

    state = environment.get(STATE_DIR_VARIABLE)
    config = environment.get(CONFIG_DIR_VARIABLE)
    return Folders(
        Path(state).expanduser() if state else _platform_folder("user_state_path"),
        Path(config).expanduser() if config else _platform_folder("user_config_path"),
    )


def _platform_folder(name: str) -> Path:
    import platformdirs  # noqa: PLC0415 - not needed where the environment names both folders

    found: Path = getattr(platformdirs, name)("rickctl", appauthor=False)
    return found
