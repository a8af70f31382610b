"""The charter file is found in two places only, counts when sealed, and a seal cannot be forged, moved or widened."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from rickctl.domain.charter import KEYS, SHIPPED_HASH, Bound, FindingCode
from rickctl.domain.errors import RickctlError, SetupError, UsageError
from rickctl.domain.scope import Mode
from rickctl.services.charter import (
    Difference,
    LoadedCharter,
    diff_charters,
    explain_rule,
    find_charter,
    list_values,
    load_charter,
    packaged_path,
    seal_charter,
    validate_charter,
    value_text,
)

if TYPE_CHECKING:
    from pathlib import Path

KEY = b"k" * 32
NOW_NS = 1_800_000_000_000_000_000
SHIPPED_TEXT = packaged_path().read_text(encoding="utf-8")
EDITED_TEXT = SHIPPED_TEXT.replace("max_daily_trades = 50", "max_daily_trades = 7")


def edit(config: Path, text: str = EDITED_TEXT) -> None:
    (config / "charter.toml").write_text(text, encoding="utf-8")


def load(config: Path, key: bytes | None = KEY) -> LoadedCharter:
    return load_charter(config, seal_key=key)


def seal(config: Path, expect: str | None = None, mode: Mode = Mode.PAPER, key: bytes | None = KEY) -> LoadedCharter:
    expect_hash = expect or load(config, key).require().shown_hash
    return seal_charter(config, expect_hash=expect_hash, mode=mode, now_ns=NOW_NS, seal_key=key)


def test_without_a_file_of_ones_own_the_shipped_charter_is_in_force_and_sealed_for_paper(tmp_path: Path) -> None:
    loaded = load(tmp_path / "nowhere")
    assert (loaded.path, loaded.is_shipped) == (packaged_path(), True)
    assert loaded.require().hash == SHIPPED_HASH
    assert loaded.sealed_for == {Mode.PAPER}
    assert validate_charter(loaded) == ()
    assert not (tmp_path / "nowhere").exists()


def test_a_file_in_the_configuration_directory_replaces_the_shipped_one(tmp_path: Path) -> None:
    edit(tmp_path)
    loaded = load(tmp_path)
    assert (loaded.path, loaded.is_shipped) == (tmp_path / "charter.toml", False)
    assert loaded.require().max_daily_trades == 7


def test_a_dangling_link_is_not_silently_replaced_by_the_shipped_charter(tmp_path: Path) -> None:
    (tmp_path / "charter.toml").symlink_to(tmp_path / "gone.toml")
    assert find_charter(tmp_path) == tmp_path / "charter.toml"
    with pytest.raises(RickctlError) as caught:
        load(tmp_path)
    assert (caught.value.category, caught.value.code) == ("refused", "charter_unreadable")


def test_an_edited_charter_is_sealed_for_nothing_until_it_is_sealed(tmp_path: Path) -> None:
    edit(tmp_path)
    loaded = load(tmp_path)
    assert loaded.sealed_for == frozenset()
    (line,) = validate_charter(loaded)
    assert line.endswith(f"charter seal --expect {loaded.require().shown_hash}")
    assert seal(tmp_path).sealed_for == {Mode.PAPER}
    assert load(tmp_path).sealed_for == {Mode.PAPER}
    assert validate_charter(load(tmp_path)) == ()


def test_comments_are_free_of_the_seal(tmp_path: Path) -> None:
    edit(tmp_path, "# mine\n" + SHIPPED_TEXT)
    assert load(tmp_path).sealed_for == {Mode.PAPER}


def test_modes_are_sealed_one_by_one(tmp_path: Path) -> None:
    assert seal(tmp_path, mode=Mode.PRACTICE).sealed_for == {Mode.PAPER, Mode.PRACTICE}
    edit(tmp_path)
    assert seal(tmp_path, mode=Mode.PRACTICE).sealed_for == {Mode.PRACTICE}
    assert seal(tmp_path).sealed_for == {Mode.PAPER, Mode.PRACTICE}


def test_a_seal_is_of_one_content_and_an_earlier_content_keeps_its_own(tmp_path: Path) -> None:
    edit(tmp_path)
    seal(tmp_path)
    edit(tmp_path, EDITED_TEXT.replace("max_daily_trades = 7", "max_daily_trades = 8"))
    assert load(tmp_path).sealed_for == frozenset()
    edit(tmp_path)
    assert load(tmp_path).sealed_for == {Mode.PAPER}


@pytest.mark.parametrize("expect", ["", "0" * 64, SHIPPED_HASH[:11], SHIPPED_HASH[:12], "f" * 12, "\x1b[31m" * 5])
def test_only_the_expected_charter_is_sealed(tmp_path: Path, expect: str) -> None:
    edit(tmp_path)
    with pytest.raises(RickctlError) as caught:
        seal_charter(tmp_path, expect_hash=expect, mode=Mode.PAPER, now_ns=NOW_NS, seal_key=KEY)
    assert (caught.value.category, caught.value.code) == ("refused", "charter_changed")
    assert "\x1b" not in caught.value.message
    assert not (tmp_path / "charter.seal").exists()


def test_the_whole_hash_seals_too(tmp_path: Path) -> None:
    edit(tmp_path)
    assert seal(tmp_path, expect=load(tmp_path).require().hash.upper()).sealed_for == {Mode.PAPER}


def test_live_is_not_sealed_here(tmp_path: Path) -> None:
    with pytest.raises(RickctlError) as caught:
        seal(tmp_path, mode=Mode.LIVE)
    assert (caught.value.category, caught.value.code) == ("refused", "live_seal")
    assert not (tmp_path / "charter.seal").exists()


def test_a_charter_with_findings_is_neither_used_nor_sealed(tmp_path: Path) -> None:
    edit(tmp_path, SHIPPED_TEXT.replace("max_daily_trades = 50", "max_daily_trades = 501").replace("hold_unknown", "x"))
    loaded = load(tmp_path)
    assert {found.code for found in loaded.findings} == {
        FindingCode.LOOSENED,
        FindingCode.MISSING,
        FindingCode.UNKNOWN,
    }
    assert len(validate_charter(loaded)) == 3
    for attempt in (loaded.require, lambda: seal(tmp_path, expect=SHIPPED_HASH)):
        with pytest.raises(RickctlError) as caught:
            attempt()
        assert (caught.value.category, caught.value.code) == ("refused", "charter_unreadable")
        assert caught.value.message.endswith("; and 2 more")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b"\x00" * 50])
def test_a_file_that_is_no_text_refuses(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "charter.toml").write_bytes(content)
    assert load(tmp_path).findings


def test_a_directory_in_its_place_refuses(tmp_path: Path) -> None:
    (tmp_path / "charter.toml").mkdir()
    with pytest.raises(RickctlError) as caught:
        load(tmp_path)
    assert caught.value.code == "charter_unreadable"


def test_an_installation_without_a_charter_is_unusable(tmp_path: Path) -> None:
    with pytest.raises(SetupError) as caught:
        load_charter(tmp_path, seal_key=KEY, packaged=tmp_path / "gone" / "charter.toml")
    assert caught.value.code == "charter_missing"


def forge(config: Path, change: str) -> None:
    path = config / "charter.seal"
    content = json.loads(path.read_text(encoding="utf-8"))
    seals = content["seals"]
    (sealed,) = seals
    changes = {
        "widen": lambda: seals[sealed]["modes"].append("practice"),
        "move": lambda: seals.update({"0" * 64: seals.pop(sealed)}),
        "date": lambda: seals[sealed].update(sealed_ns=1),
        "strip": lambda: content.update(mac=""),
        "schema": lambda: content.update(schema=2),
        "shape": lambda: content.update(seals=[sealed]),
        "types": lambda: seals[sealed].update(modes="paper"),
    }
    changes[change]()
    path.write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.parametrize("change", ["widen", "move", "date", "strip", "schema", "shape", "types"])
def test_a_forged_seal_seals_nothing_and_is_reported(tmp_path: Path, change: str) -> None:
    edit(tmp_path)
    seal(tmp_path)
    forge(tmp_path, change)
    loaded = load(tmp_path)
    assert loaded.sealed_for == frozenset()
    assert loaded.seal_fault is not None
    assert len(validate_charter(loaded)) == 2


@pytest.mark.parametrize("change", ["widen", "move", "date", "strip"])
def test_sealing_again_never_signs_what_was_forged(tmp_path: Path, change: str) -> None:
    edit(tmp_path)
    seal(tmp_path)
    forge(tmp_path, change)
    assert seal(tmp_path).sealed_for == {Mode.PAPER}
    content = json.loads((tmp_path / "charter.seal").read_text(encoding="utf-8"))
    assert content["seals"] == {load(tmp_path).require().hash: {"modes": ["paper"], "sealed_ns": NOW_NS}}


def test_a_seal_of_another_key_or_of_none_does_not_count_where_there_is_a_key(tmp_path: Path) -> None:
    edit(tmp_path)
    seal(tmp_path, key=b"other" * 8)
    assert load(tmp_path).sealed_for == frozenset()
    assert load(tmp_path, key=None).sealed_for == frozenset()
    seal(tmp_path, key=None)
    assert load(tmp_path, key=None).sealed_for == {Mode.PAPER}
    assert load(tmp_path).sealed_for == frozenset()
    assert seal(tmp_path).sealed_for == {Mode.PAPER}


def test_a_seal_for_live_written_into_the_file_counts_for_nothing(tmp_path: Path) -> None:
    edit(tmp_path)
    seal(tmp_path, key=None)
    path = tmp_path / "charter.seal"
    path.write_text(path.read_text("utf-8").replace('"paper"', '"live"'), encoding="utf-8")
    assert load(tmp_path, key=None).sealed_for == frozenset()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"null", b"[" * 100_000])
def test_a_broken_seal_file_seals_nothing_and_can_be_sealed_over(tmp_path: Path, content: bytes) -> None:
    edit(tmp_path)
    (tmp_path / "charter.seal").write_bytes(content)
    assert load(tmp_path).sealed_for == frozenset()
    assert load(tmp_path).seal_fault is not None
    assert seal(tmp_path).sealed_for == {Mode.PAPER}


def test_the_seal_file_is_the_owners_alone_and_leaves_no_draft(tmp_path: Path) -> None:
    seal(tmp_path / "config", mode=Mode.PRACTICE)
    path = tmp_path / "config" / "charter.seal"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [found.name for found in path.parent.iterdir()] == ["charter.seal"]


def test_a_place_that_cannot_be_written_is_a_set_up_error(tmp_path: Path) -> None:
    (tmp_path / "charter.seal").mkdir()
    with pytest.raises(SetupError) as caught:
        seal(tmp_path, mode=Mode.PRACTICE)
    assert caught.value.code == "config_unwritable"
    assert [found.name for found in tmp_path.iterdir()] == ["charter.seal"]


def test_every_key_is_listed_with_floor_and_direction(tmp_path: Path) -> None:
    rows = list_values(load(tmp_path).require())
    assert {key.name for key in KEYS} <= {row.key for row in rows}
    row = next(found for found in rows if found.key == "min_reward_risk")
    assert (row.value, row.floor, row.bound) == ("0.8", "0.8", Bound.AT_LEAST)
    assert {found.key for found in list_values(load(tmp_path).require(), section=10)} == {
        key.name for key in KEYS if key.section == 10
    }
    assert "BTC-USD.max_order_units" in {found.key for found in list_values(load(tmp_path).require(), section=9)}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (frozenset({"M30", "H1"}), "H1, M30"),
        (Decimal("500000.00"), "500000"),
        (0, "0"),
        ("live", "live"),
    ],
)
def test_values_are_spelled_as_in_the_file(value: object, text: str) -> None:
    assert value_text(value) == text


def test_a_difference_names_the_key_and_both_values(tmp_path: Path) -> None:
    shipped = load(tmp_path).require()
    assert diff_charters(shipped, shipped) == ()
    text = EDITED_TEXT.replace(
        "[9-instruments.XAG_USD]\nmax_order_units = 20_000", "[9-instruments.EUR_USD]\nmax_frozen_s = 9"
    )
    edit(tmp_path, text + "\n[11-several-brokers.brokers.paper]\nmax_exposure = 5\n")
    assert set(diff_charters(load(tmp_path).require(), shipped)) == {
        Difference(key="max_daily_trades", shipped="50", yours="7"),
        Difference(key="XAG_USD.max_order_units", shipped="20000", yours=None),
        Difference(key="EUR_USD.max_frozen_s", shipped=None, yours="9"),
        Difference(key="paper.MAX_EXPOSURE_PER_BROKER", shipped=None, yours="5"),
    }


@pytest.mark.parametrize(
    ("word", "rules"),
    [
        ("3.2", {"3.2"}),
        ("8", {"8.1", "8.2"}),
        ("over_notional", {"3.2"}),
        ("MAX_QUOTE_AGE_SECONDS", {"2.2"}),
        (" Require_Resume ", {"1.3", "1.4"}),
    ],
)
def test_a_rule_is_explained_by_number_section_code_or_key(tmp_path: Path, word: str, rules: set[str]) -> None:
    found = explain_rule(word, load(tmp_path).require())
    assert {one.rule.id for one in found} == rules
    assert all(one.values and one.rule.reason for one in found)


def test_an_explanation_shows_the_values_of_single_instruments_too(tmp_path: Path) -> None:
    (found,) = explain_rule("2.6", load(tmp_path).require())
    assert {row.key for row in found.values} >= {"max_entry_distance_pct", "BTC-USD.max_entry_distance_pct"}


@pytest.mark.parametrize("word", ["", "3.99", "nothing", "3.2; rm", "1" * 500])
def test_an_unknown_rule_is_a_usage_error(tmp_path: Path, word: str) -> None:
    with pytest.raises(UsageError) as caught:
        explain_rule(word, load(tmp_path).require())
    assert caught.value.code == "unknown_rule"
