"""The charter as a frozen value, and every key of its file with direction and hard floor; reads no file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from rickctl.domain.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Mapping

RULES_VERSION = 2
"""Part of every charter hash: the same numbers under other rules are another charter."""

SHIPPED_HASH = "a461e23e536009a467880641455bd171e6d234306329519446b0afb54760a680"
"""Hash of the charter the wheel carries; sealed for PAPER by standing here."""

HASH_SHOWN = 12
HASH_IN_TALK = 6

SECTIONS: dict[int, str] = {
    1: "1-authority",
    2: "2-prices",
    3: "3-size",
    4: "4-protection",
    5: "5-quality",
    6: "6-time",
    7: "7-pace",
    8: "8-loss",
    9: "9-instruments",
    10: "10-dual-source",
    11: "11-several-brokers",
}
"""The tables of the file, by section number."""


class Bound(StrEnum):
    """Which way the file may move a value away from its hard floor."""

    AT_MOST = "may only be lower"
    AT_LEAST = "may only be higher"
    FIXED = "is fixed"
    SUBSET = "may only be shorter"


KeyValue = Decimal | int | bool | str | frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of the file: `floor` is the loosest value allowed, `tightest` the other end of what makes sense."""

    section: int
    name: str
    bound: Bound
    floor: KeyValue
    tightest: Decimal = Decimal(0)
    unit: str = ""
    whole: bool = False

    @property
    def field(self) -> str:
        """The name of the value in `Charter`."""
        return self.name.lower()

    @property
    def path(self) -> str:
        """Where the key stands in the file."""
        return f"{SECTIONS[self.section]}.{self.name}"


def _most(section: int, name: str, floor: str, tightest: str, unit: str) -> Key:
    return Key(
        section=section, name=name, bound=Bound.AT_MOST, floor=Decimal(floor), tightest=Decimal(tightest), unit=unit
    )


def _least(section: int, name: str, floor: str, tightest: str, unit: str) -> Key:
    return Key(
        section=section, name=name, bound=Bound.AT_LEAST, floor=Decimal(floor), tightest=Decimal(tightest), unit=unit
    )


def _fixed(section: int, name: str, value: bool | str = True) -> Key:  # noqa: FBT001, FBT002 - the value of a switch is data here
    return Key(section=section, name=name, bound=Bound.FIXED, floor=value)


def _count(key: Key) -> Key:
    return replace(key, whole=True)


KEYS: tuple[Key, ...] = (
    _fixed(1, "require_seal"),
    _fixed(1, "require_resume"),
    _fixed(1, "hold_unknown"),
    _count(_most(1, "max_arm_min", "360", "1", "min")),
    _fixed(2, "require_tradeable"),
    _most(2, "max_frozen_s", "600", "1", "s"),
    _fixed(2, "require_open_market"),
    _most(2, "max_entry_distance_pct", "10", "0.01", "%"),
    _most(2, "max_exit_distance_pct", "50", "0.1", "%"),
    _most(3, "max_fx_units", "10000000", "1", "units"),
    _most(3, "max_metal_units", "100000", "0.01", "units"),
    _most(3, "max_index_units", "10000", "0.01", "units"),
    _most(3, "max_crypto_units", "100000", "0.00000001", "units"),
    _most(3, "max_order_notional", "5000000", "1", "USD"),
    _most(3, "max_position_notional", "10000000", "1", "USD"),
    _most(3, "max_exposure", "20000000", "1", "USD"),
    _most(3, "max_risk_pct", "5", "0.01", "%"),
    _most(3, "max_margin_use_pct", "100", "1", "%"),
    _least(4, "min_reward_risk", "0.8", "10", ""),
    _fixed(4, "require_both_exits"),
    _fixed(4, "require_right_side"),
    _fixed(4, "require_venue_exits"),
    _count(_least(5, "min_quality", "70", "100", "of 100")),
    Key(section=5, name="timeframes", bound=Bound.SUBSET, floor=frozenset({"M15", "M30", "H1"})),
    _count(_most(6, "max_ttl_min", "360", "1", "min")),
    _count(_most(6, "max_hold_min", "360", "1", "min")),
    _count(_most(6, "max_placement_ms", "300", "1", "ms")),
    _count(_most(6, "max_latency_breaches", "5", "0", "breaches")),
    _count(_least(6, "latency_window_min", "10", "1440", "min")),
    _count(_most(7, "max_daily_trades", "500", "1", "trades")),
    _count(_most(7, "max_orders_per_minute", "60", "1", "orders")),
    _count(_most(7, "max_messages_per_minute", "120", "1", "messages")),
    _count(_least(7, "max_cancels_per_minute", "120", "1000", "cancels")),
    _count(_least(7, "duplicate_window_s", "5", "86400", "s")),
    _count(_most(7, "max_repeats", "50", "1", "entries")),
    _count(_least(7, "repeat_window_s", "60", "86400", "s")),
    _fixed(7, "refuse_self_trades"),
    _most(8, "max_day_drawdown_pct", "20", "0.1", "%"),
    _most(8, "max_peak_drawdown_pct", "30", "0.1", "%"),
    _fixed(10, "DUAL_SOURCE_ARCHITECTURE_ENABLED"),
    _fixed(10, "DATA_SOURCE_PREFERENCE", "live"),
    _fixed(10, "EXECUTION_SOURCE", "practice"),
    _fixed(10, "FALLBACK_DATA_SOURCE", "practice"),
    _fixed(10, "USE_LIVE_PRICES_WHEN_AVAILABLE"),
    _fixed(10, "ALLOW_PRACTICE_FALLBACK"),
    _fixed(10, "PRICE_DATA_VALIDATION_REQUIRED"),
    _most(10, "MAX_QUOTE_AGE_SECONDS", "5", "0.1", "s"),
    _most(10, "LIVE_STREAM_TIMEOUT_SECONDS", "30", "1", "s"),
    _fixed(10, "AUTOMATIC_RECONNECT_ON_DISCONNECT"),
    _count(_most(10, "MAX_RECONNECT_ATTEMPTS", "3", "0", "attempts")),
    _most(11, "MAX_TOTAL_EXPOSURE", "50000000", "1", "USD"),
    _most(11, "MAX_EXPOSURE_PER_BROKER", "20000000", "1", "USD"),
    _fixed(11, "CURRENCY", "USD"),
    _fixed(11, "DAY_BOUNDARY", "17:00 America/New_York"),
)
"""Every key the file must hold, in its order."""

KEYS_BY_NAME: dict[str, Key] = {key.name: key for key in KEYS}

OVERRIDES: dict[str, Key] = {
    key.name: key
    for key in (
        _most(9, "max_order_units", "10000000", "0.00000001", "units"),
        *(
            replace(KEYS_BY_NAME[name], section=9)
            for name in (
                "max_order_notional",
                "max_position_notional",
                "max_entry_distance_pct",
                "max_exit_distance_pct",
                "max_frozen_s",
            )
        ),
    )
}
"""What section 9 may say of one instrument; the hard floors hold there too."""

BROKER_CAP = "max_exposure"
"""The one key of a broker's own table in section 11."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charter:
    """The limits in force; money in `currency`, `hash` of the values as loaded."""

    hash: str
    require_seal: bool
    require_resume: bool
    hold_unknown: bool
    max_arm_min: int
    require_tradeable: bool
    max_frozen_s: Decimal
    require_open_market: bool
    max_entry_distance_pct: Decimal
    max_exit_distance_pct: Decimal
    max_fx_units: Decimal
    max_metal_units: Decimal
    max_index_units: Decimal
    max_crypto_units: Decimal
    max_order_notional: Decimal
    max_position_notional: Decimal
    max_exposure: Decimal
    max_risk_pct: Decimal
    max_margin_use_pct: Decimal
    min_reward_risk: Decimal
    require_both_exits: bool
    require_right_side: bool
    require_venue_exits: bool
    min_quality: int
    timeframes: frozenset[str]
    max_ttl_min: int
    max_hold_min: int
    max_placement_ms: int
    max_latency_breaches: int
    latency_window_min: int
    max_daily_trades: int
    max_orders_per_minute: int
    max_messages_per_minute: int
    max_cancels_per_minute: int
    duplicate_window_s: int
    max_repeats: int
    repeat_window_s: int
    refuse_self_trades: bool
    max_day_drawdown_pct: Decimal
    max_peak_drawdown_pct: Decimal
    dual_source_architecture_enabled: bool
    data_source_preference: str
    execution_source: str
    fallback_data_source: str
    use_live_prices_when_available: bool
    allow_practice_fallback: bool
    price_data_validation_required: bool
    max_quote_age_seconds: Decimal
    live_stream_timeout_seconds: Decimal
    automatic_reconnect_on_disconnect: bool
    max_reconnect_attempts: int
    max_total_exposure: Decimal
    max_exposure_per_broker: Decimal
    currency: str
    day_boundary: str
    instruments: Mapping[str, Mapping[str, Decimal]]
    brokers: Mapping[str, Decimal]

    @property
    def short_hash(self) -> str:
        """The six digits people say."""
        return self.hash[:HASH_IN_TALK]

    @property
    def shown_hash(self) -> str:
        """The twelve digits screens show and `charter seal --expect` takes."""
        return self.hash[:HASH_SHOWN]

    def limit(self, field: str, symbol: str) -> Decimal:
        """The number that holds for one instrument: its own from section 9, else the general one."""
        own = self.instruments.get(symbol, {}).get(field)
        general: Decimal = getattr(self, field)
        return general if own is None else own

    def order_units(self, symbol: str, kind: str) -> Decimal:
        """The most units one order may have; section 9 never lifts it over the hard floor of its kind."""
        name = f"max_{kind}_units"
        own = self.instruments.get(symbol, {}).get("max_order_units")
        if own is None:
            general: Decimal = getattr(self, name)
            return general
        floor = KEYS_BY_NAME[name].floor
        assert isinstance(floor, Decimal)  # noqa: S101 - the table above says so
        return min(own, floor)

    def broker_cap(self, broker: str) -> Decimal:
        """The most exposure one broker may carry."""
        return self.brokers.get(broker, self.max_exposure_per_broker)

    def tightened(self, *, min_quality: int | None = None, max_hold_min: int | None = None) -> Charter:
        """The same charter with stricter personal settings; a looser one raises SetupError."""
        quality = self.min_quality if min_quality is None else min_quality
        hold = self.max_hold_min if max_hold_min is None else max_hold_min
        if not self.min_quality <= quality <= _MOST_QUALITY:
            message = f"quality threshold {quality} is outside {self.min_quality} to 100: the charter is only tightened"
            raise SetupError(message, code="charter_loosened", hint="rickctl charter explain 5.1")
        if not 1 <= hold <= self.max_hold_min:
            message = f"maximum hold {hold} min is outside 1 to {self.max_hold_min}: the charter is only tightened"
            raise SetupError(message, code="charter_loosened", hint="rickctl charter explain 6.2")
        return replace(self, min_quality=quality, max_hold_min=hold)


_MOST_QUALITY = 100
