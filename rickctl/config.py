"""Where things live, and the validation of what a person may set; opens no file and never writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rickctl.domain.settings import Checked

STATE_DIR_VARIABLE = "RICKCTL_STATE_DIR"
CONFIG_DIR_VARIABLE = "RICKCTL_CONFIG_DIR"
OUTPUT_VARIABLE = "RICKCTL_OUTPUT"
ACCOUNT_VARIABLE = "RICKCTL_ACCOUNT"
CONFIG_FILE = "config.toml"


class Folders(NamedTuple):
    """The folder of durable state and the folder of configuration, seals and the journal's key."""

    state: Path
    config: Path


def find_folders(environment: Mapping[str, str]) -> Folders:
    """The folders named by the environment, else the platform's own."""
    from pathlib import Path  # noqa: PLC0415 - help and version need no folder

    state = environment.get(STATE_DIR_VARIABLE)
    config = environment.get(CONFIG_DIR_VARIABLE)
    found = Folders(
        Path(state).expanduser() if state else _platform_folder("user_state_path"),
        Path(config).expanduser() if config else _platform_folder("user_config_path"),
    )
    if found.state == found.config:
        # One folder for both, as macOS has it, would put the journal's key beside what it proves.
        return Folders(found.state / "state", found.config / "config")
    return found


def _platform_folder(name: str) -> Path:
    import platformdirs  # noqa: PLC0415 - not needed where the environment names both folders

    folder: Path = getattr(platformdirs, name)("rickctl", appauthor=False)
    return folder


def validate_settings(written: Mapping[str, object]) -> Checked:
    """What a settings file means, and everything wrong with it; loads pydantic, so call it for a changed file only."""
    from functools import partial  # noqa: PLC0415 - a file that did not change needs none of this
    from typing import Annotated, Any  # noqa: PLC0415

    from pydantic import PlainValidator, ValidationError, create_model  # noqa: PLC0415
    from pydantic_settings import BaseSettings, SettingsConfigDict  # noqa: PLC0415

    from rickctl.domain.settings import SETTINGS, SETTINGS_BY_KEY, Checked, Problem, check_value  # noqa: PLC0415

    class FromFile(BaseSettings):
        """Values come from the file alone: the environment is read where it is asked for, and wins there."""

        model_config = SettingsConfigDict(validate_default=False)

        @classmethod
        def settings_customise_sources(cls, *_: Any, **sources: Any) -> tuple[Any, ...]:  # noqa: ANN401 - its own types
            return (sources["init_settings"],)

    fields: dict[str, Any] = {
        setting.key: (Annotated[Any, PlainValidator(partial(check_value, setting))], None) for setting in SETTINGS
    }
    # Unknown keys never reach the model: some would mean something to it.
    problems = [Problem(key, None) for key in written if key not in SETTINGS_BY_KEY]
    known = {key: value for key, value in written.items() if key in SETTINGS_BY_KEY}
    try:
        model = create_model("Settings", __base__=FromFile, **fields)(**known)
    except ValidationError as error:
        keys = [str(fault["loc"][0]) for fault in error.errors()]
        return Checked({}, (*problems, *(Problem(key, SETTINGS_BY_KEY[key]) for key in keys)))
    return Checked(model.model_dump(exclude_unset=True), tuple(problems))
