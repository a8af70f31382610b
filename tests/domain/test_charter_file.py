"""A charter file is taken whole or not at all: every key is needed, none loosens, the hash is of values."""

from __future__ import annotations

import re
from dataclasses import fields
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rickctl.domain.charter import (
    KEYS,
    OVERRIDES,
    RULES,
    SECTIONS,
    SHIPPED_HASH,
    Action,
    Bound,
    Charter,
    Finding,
    FindingCode,
    Key,
    parse_charter,
    rules_for,
)
from tests.domain.charter_kit import SHIPPED_TEXT, shipped

ROOT = Path(__file__).parents[2]
NUMBERS = [key for key in KEYS if key.bound in {Bound.AT_MOST, Bound.AT_LEAST}]
MISSION_10 = {
    "DUAL_SOURCE_ARCHITECTURE_ENABLED": True,
    "DATA_SOURCE_PREFERENCE": "live",
    "EXECUTION_SOURCE": "practice",
    "FALLBACK_DATA_SOURCE": "practice",
    "USE_LIVE_PRICES_WHEN_AVAILABLE": True,
    "ALLOW_PRACTICE_FALLBACK": True,
    "PRICE_DATA_VALIDATION_REQUIRED": True,
    "MAX_QUOTE_AGE_SECONDS": Decimal(5),
    "LIVE_STREAM_TIMEOUT_SECONDS": Decimal(30),
    "AUTOMATIC_RECONNECT_ON_DISCONNECT": True,
    "MAX_RECONNECT_ATTEMPTS": 3,
}


def with_value(key: Key, value: str) -> str:
    text, changed = re.subn(rf"(?m)^{key.name} = .*$", f"{key.name} = {value}", SHIPPED_TEXT, count=1)
    assert changed == 1
    return text


def without(key: Key) -> str:
    text, changed = re.subn(rf"(?m)^{key.name} = .*\n", "", SHIPPED_TEXT, count=1)
    assert changed == 1
    return text


def findings(text: str) -> tuple[Finding, ...]:
    parsed = parse_charter(text)
    assert (parsed.charter is None) is bool(parsed.findings)
    return parsed.findings


def only(text: str) -> tuple[str, FindingCode]:
    (found,) = findings(text)
    return found.key, found.code


def test_the_shipped_charter_is_the_one_sealed_for_paper() -> None:
    assert shipped().hash == SHIPPED_HASH
    assert (shipped().shown_hash, shipped().short_hash) == (SHIPPED_HASH[:12], SHIPPED_HASH[:6])


def test_the_top_of_the_repository_shows_the_file_the_wheel_carries() -> None:
    assert (ROOT / "charter.toml").read_bytes() == (ROOT / "rickctl" / "charter.toml").read_bytes()


def test_every_value_of_the_shipped_file_says_what_it_is() -> None:
    values = [line for line in SHIPPED_TEXT.splitlines() if "=" in line and not line.startswith("#")]
    assert len(values) > len(KEYS)
    assert all(re.search(r" # .{9,}", line) for line in values)


def test_section_10_holds_exactly_the_keys_and_values_of_the_mission() -> None:
    charter = shipped()
    found = {key.name: getattr(charter, key.field) for key in KEYS if key.section == 10}
    assert found == MISSION_10


def test_the_promised_values_are_the_shipped_ones() -> None:
    charter = shipped()
    assert charter.min_reward_risk == Decimal("0.8")
    assert charter.timeframes == {"M15", "M30", "H1"}
    assert (charter.max_ttl_min, charter.max_hold_min, charter.max_placement_ms) == (360, 360, 300)
    assert (charter.min_quality, charter.max_frozen_s) == (70, Decimal(120))


def test_schema_and_value_name_the_same_keys() -> None:
    names = {found.name for found in fields(Charter)} - {"hash", "instruments", "brokers"}
    assert names == {key.field for key in KEYS}
    assert len({key.field for key in KEYS}) == len(KEYS)


def test_rules_are_numbered_by_section_and_named_once() -> None:
    assert len({rule.id for rule in RULES}) == len({rule.code for rule in RULES}) == len(RULES)
    order = [tuple(int(part) for part in rule.id.split(".")) for rule in RULES]
    assert order == sorted(order)
    assert all(int(rule.id.split(".")[0]) in SECTIONS for rule in RULES)
    known = {key.name for key in KEYS} | set(OVERRIDES)
    assert {name for rule in RULES for name in rule.keys} <= known
    assert all(re.fullmatch(r"[a-z_]+", rule.code) for rule in RULES)


def test_every_rule_stands_before_something_and_few_before_getting_out() -> None:
    assert {rule.id for action in Action for rule in rules_for(action)} == {rule.id for rule in RULES}
    assert [rule.id for rule in rules_for(Action.CLOSE)] == ["1.1", "7.4"]
    assert [rule.id for rule in rules_for(Action.CANCEL)] == ["7.4"]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_a_missing_key_is_a_finding_that_names_it(key: Key) -> None:
    assert only(without(key)) == (key.path, FindingCode.MISSING)


def test_a_missing_section_is_a_finding_for_each_of_its_keys() -> None:
    text = SHIPPED_TEXT.replace("[8-loss]", "[8-lost]")
    found = {(one.key, one.code) for one in findings(text)}
    assert found == {
        ("8-loss.max_day_drawdown_pct", FindingCode.MISSING),
        ("8-loss.max_peak_drawdown_pct", FindingCode.MISSING),
        ("8-lost", FindingCode.UNKNOWN),
    }


def step(key: Key) -> Decimal:
    return Decimal(1) if key.whole else Decimal("0.000000001")


@pytest.mark.parametrize("key", NUMBERS, ids=lambda key: key.name)
def test_a_number_may_reach_its_hard_floor_and_never_pass_it(key: Key) -> None:
    assert isinstance(key.floor, Decimal)
    outward = step(key) if key.bound is Bound.AT_MOST else -step(key)
    assert {one.code for one in findings(with_value(key, f"{key.floor + outward:f}"))} == {FindingCode.LOOSENED}
    at_floor = [one for one in findings(with_value(key, f"{key.floor:f}")) if one.key == key.path]
    assert at_floor == [] or key.name == "max_cancels_per_minute"


@pytest.mark.parametrize("key", NUMBERS, ids=lambda key: key.name)
def test_a_number_beyond_sense_is_refused_at_the_tight_end(key: Key) -> None:
    inward = -step(key) if key.bound is Bound.AT_MOST else step(key)
    found = {(one.key, one.code) for one in findings(with_value(key, f"{key.tightest + inward:f}"))}
    assert (key.path, FindingCode.OUT_OF_RANGE) in found
    tightest = [one for one in findings(with_value(key, f"{key.tightest:f}")) if one.key == key.path]
    assert tightest == []


@pytest.mark.parametrize("key", [key for key in KEYS if key.bound is Bound.FIXED], ids=lambda key: key.name)
def test_switches_and_sources_are_fixed(key: Key) -> None:
    other = '"paper"' if isinstance(key.floor, str) else "false"
    assert only(with_value(key, other)) == (key.path, FindingCode.FIXED)
    assert only(with_value(key, "1")) == (key.path, FindingCode.FIXED)


@pytest.mark.parametrize(
    "raw", ["true", '"1"', "nan", "inf", "-inf", "[]", "{}", "1979-05-27", "1e40", "0." + "1" * 29]
)
def test_a_number_is_a_plain_number(raw: str) -> None:
    key = next(one for one in KEYS if one.name == "max_risk_pct")
    assert only(with_value(key, raw)) == (key.path, FindingCode.BAD_TYPE)


def test_a_count_is_whole() -> None:
    key = next(one for one in KEYS if one.name == "max_daily_trades")
    assert only(with_value(key, "9.5")) == (key.path, FindingCode.BAD_TYPE)
    assert findings(with_value(key, "9.0")) == ()


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ('["M5"]', FindingCode.LOOSENED),
        ('["M15", "D"]', FindingCode.LOOSENED),
        ("[]", FindingCode.BAD_TYPE),
        ('"M15"', FindingCode.BAD_TYPE),
        ("[15]", FindingCode.BAD_TYPE),
    ],
)
def test_timeframes_are_only_left_out(raw: str, code: FindingCode) -> None:
    key = next(one for one in KEYS if one.name == "timeframes")
    assert only(with_value(key, raw)) == (key.path, code)
    assert findings(with_value(key, '["H1"]')) == ()


def test_the_allowance_for_cancels_stays_above_the_one_for_messages() -> None:
    text = with_value(next(one for one in KEYS if one.name == "max_messages_per_minute"), "120")
    text = re.sub(r"(?m)^max_cancels_per_minute = .*$", "max_cancels_per_minute = 120", text)
    assert only(text) == ("7-pace.max_cancels_per_minute", FindingCode.LOOSENED)


@pytest.mark.parametrize(
    ("addition", "key"),
    [
        ("[12-other]\nx = 1", "12-other"),
        ("[9-instruments.EUR_USD]\nmin_quality = 1", "9-instruments.EUR_USD.min_quality"),
        ('[9-instruments."eur usd"]\nmax_frozen_s = 1', "9-instruments.eur usd"),
        ("[11-several-brokers.brokers.oanda]\nmax_exposure = 1\nmore = 2", "11-several-brokers.brokers.oanda.more"),
        ('[11-several-brokers.brokers."O A"]\nmax_exposure = 1', "11-several-brokers.brokers.O A"),
    ],
)
def test_an_unknown_key_is_a_finding(addition: str, key: str) -> None:
    assert only(f"{SHIPPED_TEXT}\n{addition}\n") == (key, FindingCode.UNKNOWN)


def test_a_stranger_in_a_section_or_at_the_top_is_a_finding() -> None:
    assert only(SHIPPED_TEXT.replace("[8-loss]", "[8-loss]\nmax_tears = 1")) == (
        "8-loss.max_tears",
        FindingCode.UNKNOWN,
    )
    assert only("max_tears = 1\n" + SHIPPED_TEXT) == ("max_tears", FindingCode.UNKNOWN)


@pytest.mark.parametrize(
    ("addition", "code"),
    [
        ("[9-instruments.EUR_USD]\nmax_frozen_s = 601", FindingCode.LOOSENED),
        ("[9-instruments.EUR_USD]\nmax_order_notional = true", FindingCode.BAD_TYPE),
        ("[11-several-brokers.brokers.oanda]\nmax_exposure = 20000001", FindingCode.LOOSENED),
        ("[11-several-brokers.brokers.oanda]", FindingCode.MISSING),
        ("[11-several-brokers.brokers]\noanda = 1", FindingCode.BAD_TYPE),
    ],
)
def test_own_limits_of_instruments_and_brokers_are_held_to_the_floors_too(addition: str, code: FindingCode) -> None:
    assert {one.code for one in findings(f"{SHIPPED_TEXT}\n{addition}\n")} >= {code}


def test_own_limits_replace_the_general_ones() -> None:
    parsed = parse_charter(
        f"{SHIPPED_TEXT}\n[9-instruments.EUR_USD]\nmax_frozen_s = 30\n"
        "[11-several-brokers.brokers.oanda]\nmax_exposure = 9_000\n"
    )
    assert parsed.charter is not None
    assert parsed.charter.limit("max_frozen_s", "EUR_USD") == 30
    assert parsed.charter.limit("max_frozen_s", "GBP_USD") == 120
    assert parsed.charter.order_units("BTC-USD", "crypto") == 5
    assert parsed.charter.order_units("LTC-USD", "crypto") == 2_500
    assert parsed.charter.broker_cap("oanda") == 9_000
    assert parsed.charter.broker_cap("paper") == 1_500_000


@pytest.mark.parametrize("text", ["", "[", "\0", "a = 1\na = 2", "x = " + "[" * 5_000, "#" * 200_001, "3-size = 1"])
def test_what_is_no_charter_gives_findings_and_no_charter(text: str) -> None:
    assert findings(text)


def test_comments_order_and_spelling_do_not_change_the_hash() -> None:
    sections = re.split(r"(?m)^(?=\[)", re.sub(r" +# .*", "", SHIPPED_TEXT))
    text = "".join(reversed(sections[1:])).replace("500_000", "500000.00").replace("= 0.8", "= 0.80")
    text = text.replace('["M15", "M30", "H1"]', '["H1", "M15", "M30"]').replace("= 120", "= 1.2e2")
    parsed = parse_charter(text)
    assert parsed.findings == ()
    assert parsed.charter == shipped()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("max_daily_trades = 50", "max_daily_trades = 49"),
        ("min_reward_risk = 0.8", "min_reward_risk = 0.81"),
        ('["M15", "M30", "H1"]', '["M15", "M30"]'),
        ("max_order_units = 5 ", "max_order_units = 4 "),
        ("[9-instruments.ETH-USD]", "[9-instruments.LTC-USD]"),
        ("[9-instruments.XAG_USD]", "[11-several-brokers.brokers.paper]\nmax_exposure = 5\n[9-instruments.XAG_USD]"),
    ],
)
def test_any_changed_value_is_another_charter(old: str, new: str) -> None:
    text = SHIPPED_TEXT.replace(old, new)
    assert text != SHIPPED_TEXT
    parsed = parse_charter(text)
    assert parsed.findings == ()
    assert parsed.charter is not None
    assert parsed.charter.hash != SHIPPED_HASH


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(max_size=60), st.integers(0, len(SHIPPED_TEXT)))
def test_no_damage_to_the_file_raises(damage: str, at: int) -> None:
    parsed = parse_charter(SHIPPED_TEXT[:at] + damage + SHIPPED_TEXT[at:])
    assert (parsed.charter is None) is bool(parsed.findings)
