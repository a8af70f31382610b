"""Settings: which source wins, what a file may say, and that a file is validated once and no more than once."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rickctl.config import validate_settings
from rickctl.domain.errors import SetupError, UsageError
from rickctl.domain.settings import SECRET_VARIABLES, SETTINGS, Effective, Setting, check_value, read_value
from rickctl.services.charter import load_charter
from rickctl.services.settings import (
    CONFIG_FILE,
    MEMORY_FILE,
    all_rows,
    check_tightening,
    effective,
    line_of,
    read_file,
    set_value,
    unset_value,
)
from tests.house.kit import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rickctl.domain.settings import Checked


class CountedValidation:
    """The real validation, and how often it was asked."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, written: Mapping[str, object]) -> Checked:
        self.times += 1
        return validate_settings(written)


def write(folder: Path, text: str) -> Path:
    path = folder / CONFIG_FILE
    path.write_text(text, encoding="utf-8")
    return path


def value(folder: Path, key: str, **environment: str) -> Effective:
    return effective(key, folder, environment, validate_settings)


def check(setting: Setting, held: object) -> bool:
    try:
        check_value(setting, held)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    ("key", "text", "environment", "expected"),
    [
        ("output", "", {}, ("table", "default")),
        ("output", 'output = "csv"', {}, ("csv", "file")),
        ("output", 'output = "csv"', {"RICKCTL_OUTPUT": "json"}, ("json", "environment")),
        ("output", 'output = "csv"', {"RICKCTL_OUTPUT": ""}, ("csv", "file")),
        ("OUTPUT", 'output = "csv"', {}, ("csv", "file")),
        ("account", 'account = "scalp"', {}, ("scalp", "file")),
        ("colour", "", {"NO_COLOR": "1"}, ("never", "environment")),
        ("colour", "", {"NO_COLOR": "0"}, ("never", "environment")),
        ("colour", 'colour = "never"', {}, ("never", "file")),
        ("execution_enabled", "", {}, (False, "default")),
        ("execution-enabled", "execution_enabled = true", {}, (True, "file")),
        ("execution_enabled", "execution_enabled = true", {"EXECUTION_ENABLED": "false"}, (False, "environment")),
        ("execution_enabled", "", {"EXECUTION_ENABLED": "True"}, (True, "environment")),
        ("quality_threshold", "", {}, (None, "default")),
        ("quality_threshold", "quality_threshold = 85", {"QUALITY_THRESHOLD": "90"}, (90, "environment")),
        ("max_hold_min", "max_hold_min = 30", {}, (30, "file")),
        ("active_broker", "", {"ACTIVE_BROKER": "Oanda"}, ("oanda", "environment")),
    ],
)
def test_the_environment_wins_over_the_file_and_the_file_over_the_default(
    key: str, text: str, environment: dict[str, str], expected: tuple[object, str], tmp_path: Path
) -> None:
    if text:
        write(tmp_path, text)
    assert value(tmp_path, key, **environment) == expected


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('output = "xml"', 1, "output = xml is not one of table, json, jsonl, csv"),
        (
            '# mine\n\noutput = "json"\nquality_threshold = 69',
            4,
            "quality_threshold = 69 is not a whole number from 70",
        ),
        ("quality_threshold = 101", 1, "from 70 to 100"),
        ('quality_threshold = "80"', 1, "quality_threshold = 80 is not a whole number"),
        ("quality_threshold = 80.0", 1, "quality_threshold = 80.0"),
        ("quality_threshold = true", 1, "quality_threshold = True"),
        ("max_hold_min = 361", 1, "from 1 to 360"),
        ("max_hold_min = 0", 1, "from 1 to 360"),
        ("max_hold_min = true", 1, "from 1 to 360"),
        ('execution_enabled = "true"', 1, "execution_enabled = true is not true or false"),
        ("execution_enabled = 1", 1, "execution_enabled = 1"),
        ('account = "live:oanda:001"', 1, "never a LIVE one"),
        ('account = "no such!"', 1, "account = no such!"),
        ('colour = "always"', 1, "one of auto, never"),
        ('\nactive_broker = ""', 2, "a broker's name"),
        ('[output]\nformat = "json"', 1, "output ="),
        ("nonsense = 1", 1, "nonsense is not a setting"),
        ('_env_file = ".env"', 1, "_env_file is not a setting"),
        ("self = 1", 1, "self is not a setting"),
        ("output = json", 1, "output = json"),
        ('output = "json"\noutput = "csv"', 2, "output"),
        ('output = "json', 1, 'output = "json'),
        ("output", 1, "output"),
    ],
)
def test_a_line_that_cannot_stand_is_named_by_file_line_and_key(
    text: str, line: int, words: str, tmp_path: Path
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(SetupError) as caught:
        value(tmp_path, "output")
    assert caught.value.code == "bad_config"
    assert caught.value.message.startswith(f"{path} line {line}: ")
    assert words in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.hint
    assert not (tmp_path / MEMORY_FILE).exists()


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    (tmp_path / CONFIG_FILE).write_bytes(b"output = \xff")
    with pytest.raises(SetupError, match=r"config\.toml is not text"):
        value(tmp_path, "output")


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("QUALITY_THRESHOLD", "60"),
        ("QUALITY_THRESHOLD", "8e1"),
        ("QUALITY_THRESHOLD", "٨٠"),
        ("MAX_HOLD_MIN", "361"),
        ("EXECUTION_ENABLED", "maybe"),
        ("RICKCTL_ACCOUNT", "live:oanda:001"),
    ],
)
def test_a_variable_that_cannot_stand_is_named(variable: str, text: str, tmp_path: Path) -> None:
    setting = next(one for one in SETTINGS if one.variable == variable)
    with pytest.raises(SetupError, match=f"{variable}={text} in the environment is not"):
        value(tmp_path, setting.key, **{variable: text})


ANYTHING = st.one_of(
    st.text(max_size=8),
    st.integers(-10, 500),
    st.booleans(),
    st.sampled_from(["json", "main", "live:oanda:1", "practice:oanda:1", "never", "info", "paper", "70", "true"]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["a"]), st.integers(), max_size=1),
    st.floats(allow_nan=False),
)


@given(setting=st.sampled_from(SETTINGS), held=ANYTHING)
def test_the_model_takes_what_the_table_allows_and_nothing_else(setting: Setting, held: object) -> None:
    checked = validate_settings({setting.key: held})
    if check(setting, held):
        assert checked == ({setting.key: held}, ())
    else:
        assert [problem.key for problem in checked.problems] == [setting.key]


@given(setting=st.sampled_from(SETTINGS), text=st.text(max_size=12))
def test_what_is_read_from_a_word_can_be_held(setting: Setting, text: str) -> None:
    try:
        found = read_value(setting, text)
    except ValueError:
        return
    assert check(setting, found)
    assert validate_settings({setting.key: found}).problems == ()


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda one: one.key)
def test_a_default_can_be_written_out(setting: Setting, tmp_path: Path) -> None:
    if setting.default is None:
        return
    write(tmp_path, f"{setting.key} = {json.dumps(setting.default)}")
    assert value(tmp_path, setting.key) == (setting.default, "file")


def test_the_model_reads_no_environment_of_its_own() -> None:
    code = "from rickctl.config import validate_settings as v; print(v({}).values, v({'output': 'json'}).values)"
    environment = {"OUTPUT": "csv", "output": "csv", "ACCOUNT": "live:oanda:1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True)
    assert done.stdout == "{} {'output': 'json'}\n"


# Validated once.


def test_a_file_is_validated_when_it_is_new_and_when_it_changes(tmp_path: Path) -> None:
    validation = CountedValidation()
    write(tmp_path, 'output = "csv"')
    for _ in range(3):
        assert read_file(tmp_path, validation) == {"output": "csv"}
    assert validation.times == 1
    write(tmp_path, 'output = "json"')
    for _ in range(3):
        assert read_file(tmp_path, validation) == {"output": "json"}
    assert validation.times == 2
    write(tmp_path, 'output = "csv"')
    assert read_file(tmp_path, validation) == {"output": "csv"}
    assert validation.times == 3
    assert (tmp_path / MEMORY_FILE).stat().st_mode & 0o077 == 0


def test_without_a_file_nothing_is_validated_and_nothing_written(tmp_path: Path) -> None:
    validation = CountedValidation()
    assert effective("quality_threshold", tmp_path, {"QUALITY_THRESHOLD": "90"}, validation).value == 90
    assert effective("output", tmp_path, {}, validation) == ("table", "default")
    assert validation.times == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kept", ["", "[]", "{}", '{"text": 3}', "\x00", '{"rules": "older", "text": "output = 1"}'])
def test_a_memory_that_says_nothing_is_passed_over(kept: str, tmp_path: Path) -> None:
    write(tmp_path, 'output = "csv"')
    (tmp_path / MEMORY_FILE).write_text(kept, encoding="utf-8")
    assert value(tmp_path, "output") == ("csv", "file")


def test_other_rules_validate_again(tmp_path: Path) -> None:
    validation = CountedValidation()
    write(tmp_path, 'output = "csv"')
    read_file(tmp_path, validation)
    memory = tmp_path / MEMORY_FILE
    kept = json.loads(memory.read_text(encoding="utf-8"))
    memory.write_text(json.dumps({**kept, "rules": "older"}), encoding="utf-8")
    read_file(tmp_path, validation)
    assert validation.times == 2


def test_a_memory_that_cannot_be_kept_costs_only_time(tmp_path: Path) -> None:
    write(tmp_path, 'output = "csv"')
    (tmp_path / MEMORY_FILE).mkdir()
    assert value(tmp_path, "output") == ("csv", "file")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([CONFIG_FILE, MEMORY_FILE])


# Changed.


def test_setting_keeps_comments_order_and_other_lines(tmp_path: Path) -> None:
    path = write(tmp_path, '# mine\noutput = "csv" # as a spreadsheet\n\n# strict\nquality_threshold = 80\n')
    assert set_value(path, "output", "JSON") == '# mine\noutput = "json"\n\n# strict\nquality_threshold = 80\n'
    assert set_value(path, "execution-enabled", "yes").endswith("quality_threshold = 80\nexecution_enabled = true\n")
    assert unset_value(path, "output") == "# mine\n\n# strict\nquality_threshold = 80\n"
    assert unset_value(path, "account") == path.read_text(encoding="utf-8")


def test_a_first_setting_makes_the_file(tmp_path: Path) -> None:
    assert set_value(tmp_path / CONFIG_FILE, "max_hold_min", "30") == "max_hold_min = 30\n"


@pytest.mark.parametrize(
    ("key", "word"),
    [
        ("output", "xml"),
        ("quality_threshold", "40"),
        ("quality_threshold", "-80"),
        ("max_hold_min", "1e2"),
        ("execution_enabled", "2"),
        ("account", "live:oanda:001"),
        ("account", 'a"b'),
        ("nonsense", "1"),
    ],
)
def test_a_word_that_cannot_stand_changes_nothing(key: str, word: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        set_value(tmp_path / CONFIG_FILE, key, word)


def test_one_bad_line_can_be_mended_while_another_is_bad(tmp_path: Path) -> None:
    path = write(tmp_path, 'output = "xml"\nnonsense = 1\n')
    assert unset_value(path, "nonsense") == 'output = "xml"\n'
    assert set_value(path, "output", "csv") == 'output = "csv"\nnonsense = 1\n'


@pytest.mark.parametrize("text", ['output = """\njson"""\n', '"out\\u0070ut" = "csv"\n'])
def test_what_is_written_unusually_is_left_to_an_editor(text: str, tmp_path: Path) -> None:
    path = write(tmp_path, text)
    with pytest.raises(SetupError) as caught:
        set_value(path, "output", "json")
    assert caught.value.code == "bad_config"


@pytest.mark.parametrize(
    ("text", "line"), [("a = 1\nb = 2", 2), ("[b]", 1), ('\n"b" = 1', 2), ("a.c = 1\n b.d = 1", 2)]
)
def test_a_key_is_found_on_its_line(text: str, line: int) -> None:
    assert line_of(text, "b") == line


def test_a_limit_of_ones_own_may_only_tighten_the_charter(tmp_path: Path) -> None:
    own = (load_charter(tmp_path, seal_key=None).require()).tightened(min_quality=80, max_hold_min=60)
    for key, word in (
        ("quality_threshold", "80"),
        ("quality_threshold", "95"),
        ("max_hold_min", "60"),
        ("output", "x"),
    ):
        check_tightening(next(one for one in SETTINGS if one.key == key), word, lambda: own)
    for key, word in (("quality_threshold", "79"), ("max_hold_min", "61")):
        with pytest.raises(UsageError, match="only tightened"):
            check_tightening(next(one for one in SETTINGS if one.key == key), word, lambda: own)


def test_no_secret_is_ever_in_a_row(tmp_path: Path) -> None:
    environment = {name: f"secret-{number}" for number, name in enumerate(SECRET_VARIABLES)}
    rows = all_rows(tmp_path, environment, validate_settings)
    assert "secret-" not in repr(rows)
    assert {row.key for row in rows if row.source == "environment"} == set(SECRET_VARIABLES)
    assert [row.key for row in rows[: len(SETTINGS)]] == [setting.key for setting in SETTINGS]


def test_the_page_names_every_setting_with_its_variable_and_default() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    for setting in SETTINGS:
        row = next(line for line in page.splitlines() if line.startswith(f"| `{setting.key}` | `{setting.variable}` |"))
        assert setting.default is None or f"`{json.dumps(setting.default).strip(chr(34))}`" in row
    assert [name for name in SECRET_VARIABLES if f"`{name}`" not in page] == []
