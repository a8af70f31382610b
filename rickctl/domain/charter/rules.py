"""The numbered rules in words: code, keys, reason and examples; the arithmetic is next door in `judge`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What is asked for; fewer rules stand before what cannot add risk."""

    ENTRY = "entry"
    MODIFY = "modify"
    CLOSE = "close"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: `rank` orders refusals, lowest first; `latches` names the latch a breach leaves behind."""

    id: str
    name: str
    code: str
    keys: tuple[str, ...]
    rank: int
    reason: str
    passes: str
    refuses: str
    hint: str | None = None
    latches: str | None = None
    actions: frozenset[Action] = frozenset({Action.ENTRY, Action.MODIFY})


_ENTRY_ONLY = frozenset({Action.ENTRY})
_EXITS_ONLY = frozenset({Action.CLOSE, Action.CANCEL})
_ALL = frozenset(Action)
_ORDER = "order place EUR_USD buy 10000 --stop-loss 20p --take-profit 2R"

# One rule a paragraph: laid out by hand, as it is read.
# fmt: off
RULES: tuple[Rule, ...] = (
    Rule(
        id="1.1", name="valid order", code="invalid_order", keys=(), rank=5,
        reason="Limits cannot be compared with what is not a number on the instrument's own grid and sizes.",
        passes=_ORDER, refuses="order place EUR_USD buy 0.5 --stop-loss 20p --take-profit 2R",
        actions=_ALL - {Action.CANCEL},
    ),
    Rule(
        id="1.2", name="charter sealed", code="charter_unsealed", keys=("require_seal",), rank=1,
        reason="Limits count only when a person has looked at exactly these values and said so for this mode.",
        passes="charter seal --expect HASH --mode paper", refuses=f"{_ORDER}  (after an edit, before sealing)",
        hint="rickctl charter validate",
    ),
    Rule(
        id="1.3", name="kill switch", code="kill_latch", keys=("require_resume",), rank=0,
        reason="After a kill nothing adds risk until a person at a terminal resumes; closing always works.",
        passes=f"{_ORDER}  (after resume)", refuses=f"{_ORDER}  (after kill)", hint="rickctl resume",
    ),
    Rule(
        id="1.4", name="latches", code="latched", keys=("require_resume",), rank=2,
        reason="A loss limit, slow placements or a runaway script stop the account until a person has looked.",
        passes=f"{_ORDER}  (after resume)", refuses=f"{_ORDER}  (after a day's loss beyond 8.1)",
        hint="rickctl resume",
    ),
    Rule(
        id="1.5", name="no unknown outcome", code="instrument_held", keys=("hold_unknown",), rank=3,
        reason="While an order's outcome is unknown, trading the same instrument could do it twice.",
        passes=f"{_ORDER}  (after the outcome is resolved)", refuses=f"{_ORDER}  (EUR_USD has an unknown order)",
        hint="rickctl order resolve",
    ),
    Rule(
        id="1.6", name="armed", code="not_armed", keys=("max_arm_min",), rank=4,
        reason="Real money is risked only while a person has opened a window for it, which closes by itself.",
        passes=f"{_ORDER}  (in a live account, armed)", refuses=f"{_ORDER}  (in a live account, not armed)",
        hint="rickctl arm --help",
    ),
    Rule(
        id="2.1", name="real price", code="bad_quote", keys=("PRICE_DATA_VALIDATION_REQUIRED",), rank=12,
        reason="A missing, zero, crossed or not-a-number price measures nothing.",
        passes=_ORDER, refuses=f"{_ORDER}  (the quote is 1.08520 / 1.08512)",
    ),
    Rule(
        id="2.2", name="price age", code="stale_quote", keys=("MAX_QUOTE_AGE_SECONDS",), rank=13,
        reason="A price the source has not vouched for lately may be far from where the order would fill.",
        passes=f"{_ORDER}  (quote 0.1 s old)", refuses=f"{_ORDER}  (quote 6 s old)",
    ),
    Rule(
        id="2.3", name="tradeable price", code="not_tradeable", keys=("require_tradeable",), rank=14,
        reason="An indicative price is not one a venue would deal on.",
        passes=_ORDER, refuses=f"{_ORDER}  (the source marks the price as not tradeable)",
    ),
    Rule(
        id="2.4", name="moving price", code="frozen_quote", keys=("max_frozen_s",), rank=15,
        reason="A price that has stopped moving is a broken feed however fresh its envelope.",
        passes=f"{_ORDER}  (the price moved 2 s ago)", refuses=f"{_ORDER}  (the price last moved 121 s ago)",
    ),
    Rule(
        id="2.5", name="market hours", code="market_closed", keys=("require_open_market",), rank=11,
        reason="An entry sent to a closed market fills at a reopening price nobody has seen.",
        passes=f"{_ORDER}  (on a Tuesday)", refuses=f"{_ORDER}  (on a Saturday)",
    ),
    Rule(
        id="2.6", name="entry collar", code="price_collar", keys=("max_entry_distance_pct",), rank=24,
        reason="An entry far from the market is a slipped digit more often than a plan.",
        passes="order place EUR_USD buy 10000 --limit 1.08000 --stop-loss 20p --take-profit 2R",
        refuses="order place EUR_USD buy 10000 --limit 0.10852 --stop-loss 20p --take-profit 2R",
    ),
    Rule(
        id="2.7", name="exit collar", code="exit_collar", keys=("max_exit_distance_pct",), rank=25,
        reason="An exit far from the entry protects nothing, and a target out of reach flatters reward:risk.",
        passes=_ORDER, refuses="order place EUR_USD buy 10000 --stop-loss 20p --take-profit 10.8920",
    ),
    Rule(
        id="3.1", name="order size", code="over_units",
        keys=("max_fx_units", "max_metal_units", "max_index_units", "max_crypto_units", "max_order_units"), rank=30,
        reason="The plainest guard against an extra zero, and it needs no conversion rate.",
        passes="order place BTC-USD buy 0.5 --stop-loss 1% --take-profit 2R",
        refuses="order place BTC-USD buy 50 --stop-loss 1% --take-profit 2R",
    ),
    Rule(
        id="3.2", name="notional", code="over_notional", keys=("max_order_notional",), rank=31,
        reason="What one order can cost is bounded by its value, whatever it is an order of.",
        passes="order place EUR_USD buy 250000 --stop-loss 20p --take-profit 2R",
        refuses="order place EUR_USD buy 900000 --stop-loss 20p --take-profit 2R",
    ),
    Rule(
        id="3.3", name="position", code="over_position", keys=("max_position_notional",), rank=32,
        reason="Many small orders must not add up to what one large order may not be.",
        passes="order place EUR_USD buy 250000 --stop-loss 20p --take-profit 2R  (250 000 already held)",
        refuses="order place EUR_USD buy 250000 --stop-loss 20p --take-profit 2R  (500 000 already working)",
    ),
    Rule(
        id="3.4", name="total exposure", code="over_exposure", keys=("max_exposure",), rank=33,
        reason="Everything working and everything unknown may fill at once; the account must bear that too.",
        passes=_ORDER, refuses=f"{_ORDER}  (1 495 000 USD already carried in other symbols)",
    ),
    Rule(
        id="3.5", name="risk per trade", code="over_risk", keys=("max_risk_pct",), rank=34,
        reason="No single stop may cost more than a small part of the equity.",
        passes="order place EUR_USD buy --risk 0.5% --stop-loss 20p --take-profit 2R",
        refuses="order place EUR_USD buy 250000 --stop-loss 100p --take-profit 2R",
    ),
    Rule(
        id="3.6", name="margin", code="over_margin", keys=("max_margin_use_pct",), rank=35,
        reason="An order that uses up the margin leaves the account to be closed out by the first move against it.",
        passes=_ORDER, refuses="order place EUR_USD buy 400000 --stop-loss 20p --take-profit 2R  (2 000 USD free)",
    ),
    Rule(
        id="4.1", name="reward:risk", code="risk_reward", keys=("min_reward_risk",), rank=22,
        reason="A target much nearer than the stop has to be right far too often.",
        passes=_ORDER, refuses="order place EUR_USD buy 10000 --stop-loss 20p --take-profit 10p",
    ),
    Rule(
        id="4.2", name="both exits", code="naked_entry", keys=("require_both_exits",), rank=8,
        reason="A position without a stop and a target depends on somebody being awake.",
        passes=_ORDER, refuses="order place EUR_USD buy 10000",
    ),
    Rule(
        id="4.3", name="right side", code="wrong_side", keys=("require_right_side",), rank=9,
        reason="An exit on the wrong side of the price fires the moment it is accepted.",
        passes=_ORDER, refuses="order place EUR_USD buy 10000 --stop-loss 0.1p --take-profit 2R",
    ),
    Rule(
        id="4.4", name="exits at the venue", code="oco_unsupported", keys=("require_venue_exits",), rank=10,
        reason="Exits this machine would have to send later do not protect when this machine is off.",
        passes=_ORDER, refuses=f"{_ORDER}  (at a broker that cannot attach both exits)",
        hint="rickctl broker capabilities",
    ),
    Rule(
        id="5.1", name="quality", code="low_quality", keys=("min_quality",), rank=40,
        reason="The stated quality counts, else the computed one; every input of the score is shown with its weight.",
        passes=f"{_ORDER} --quality 80", refuses=f"{_ORDER} --quality 60",
    ),
    Rule(
        id="5.2", name="timeframe", code="timeframe", keys=("timeframes",), rank=41,
        reason="Signals from faster bars are mostly spread. Without --timeframe the rule is not applied.",
        passes=f"{_ORDER} --timeframe M15", refuses=f"{_ORDER} --timeframe M1",
    ),
    Rule(
        id="6.1", name="time to live", code="over_ttl", keys=("max_ttl_min",), rank=42,
        reason="A forgotten resting order fills on a day nobody remembers it.",
        passes="order place EUR_USD buy 10000 --limit 1.08000 --stop-loss 20p --take-profit 2R --ttl 6h",
        refuses="order place EUR_USD buy 10000 --limit 1.08000 --stop-loss 20p --take-profit 2R --ttl 7h",
    ),
    Rule(
        id="6.2", name="maximum hold", code="over_hold", keys=("max_hold_min",), rank=43,
        reason="Somebody must close the position when its time is up, also when nothing of ours runs then.",
        passes=_ORDER, refuses=f"{_ORDER}  (in an account nobody would close after 360 minutes)",
        hint="rickctl account create NAME",
    ),
    Rule(
        id="6.3", name="placement latency", code="slow_placement",
        keys=("max_placement_ms", "max_latency_breaches", "latency_window_min"), rank=20,
        reason="Orders that take long to be answered are checked on prices that are gone when they arrive.",
        passes=f"{_ORDER}  (answers within 300 ms lately)", refuses=f"{_ORDER}  (three slow answers within the hour)",
        hint="rickctl resume", latches="slow_placement",
    ),
    Rule(
        id="6.4", name="life in the window", code="outlives_arm", keys=("max_arm_min",), rank=44,
        reason="A resting entry must not fill after the window that let it be sent has closed.",
        passes="order place EUR_USD buy 10000 --limit 1.08000 --stop-loss 20p --take-profit 2R --ttl 20m"
        "  (in a live account, armed for 30 min)",
        refuses="order place EUR_USD buy 10000 --limit 1.08000 --stop-loss 20p --take-profit 2R --ttl 1h"
        "  (in a live account, armed for 30 min)",
    ),
    Rule(
        id="7.1", name="daily trades", code="daily_trades", keys=("max_daily_trades",), rank=16,
        reason="A script in a loop, or a bad day, ends at a number chosen on a good one.",
        passes=f"{_ORDER}  (the 50th entry of the day)", refuses=f"{_ORDER}  (the 51st entry of the day)",
        actions=_ENTRY_ONLY,
    ),
    Rule(
        id="7.2", name="order rate", code="order_rate", keys=("max_orders_per_minute",), rank=18,
        reason="Nobody at a prompt needs more; a runaway loop does.",
        passes=f"{_ORDER}  (the 20th entry of the minute)", refuses=f"{_ORDER}  (the 21st entry of the minute)",
        actions=_ENTRY_ONLY,
    ),
    Rule(
        id="7.3", name="message rate", code="message_rate", keys=("max_messages_per_minute",), rank=19,
        reason="Changes count with entries, so that neither hides behind the other; venues limit both.",
        passes="order modify 17 --stop-loss 1.08400  (the 60th message of the minute)",
        refuses="order modify 17 --stop-loss 1.08400  (the 61st message of the minute)",
    ),
    Rule(
        id="7.4", name="cancel rate", code="cancel_rate", keys=("max_cancels_per_minute",), rank=19,
        reason="Getting out has its own, larger allowance, never used up by orders; the file cannot make it small.",
        passes="order cancel 17", refuses="order cancel 17  (the 301st cancel of the minute)", actions=_EXITS_ONLY,
    ),
    Rule(
        id="7.5", name="no duplicate", code="duplicate", keys=("duplicate_window_s",), rank=17,
        reason="The same line twice is a double-run script; a new --key is the explicit way past.",
        passes=f"{_ORDER} --key second", refuses=f"{_ORDER}  (the same line 5 s later)", actions=_ENTRY_ONLY,
    ),
    Rule(
        id="7.6", name="repeated entries", code="repeated_execution", keys=("max_repeats", "repeat_window_s"), rank=17,
        reason="Entry after entry on one side of one symbol is a loop feeding itself; it stops until a person looks.",
        passes=f"{_ORDER}  (the 10th in ten minutes)", refuses=f"{_ORDER}  (the 11th in ten minutes)",
        hint="rickctl resume", latches="repeated_execution", actions=_ENTRY_ONLY,
    ),
    Rule(
        id="7.7", name="no self-trade", code="self_trade", keys=("refuse_self_trades",), rank=26,
        reason="Trading with oneself pays the spread for nothing and can look like a manipulated market.",
        passes=_ORDER, refuses=f"{_ORDER}  (own sell limit resting at the ask)",
    ),
    Rule(
        id="8.1", name="day's drawdown", code="day_drawdown", keys=("max_day_drawdown_pct",), rank=6,
        reason="A bad day is ended before it becomes a bad month; only a person resumes.",
        passes=f"{_ORDER}  (4 % under the day's start)", refuses=f"{_ORDER}  (5.1 % under the day's start)",
        hint="rickctl resume", latches="day_drawdown",
    ),
    Rule(
        id="8.2", name="peak drawdown", code="peak_drawdown", keys=("max_peak_drawdown_pct",), rank=7,
        reason="Slow losses that no single day shows are caught against the best the account has been.",
        passes=f"{_ORDER}  (9 % under the peak)", refuses=f"{_ORDER}  (10.1 % under the peak)",
        hint="rickctl resume", latches="peak_drawdown",
    ),
    Rule(
        id="10.1", name="price source", code="wrong_source", rank=12,
        keys=("PRICE_DATA_VALIDATION_REQUIRED", "DATA_SOURCE_PREFERENCE", "FALLBACK_DATA_SOURCE"),
        reason="An account is checked on the source it was made for, never on another market under open positions.",
        passes=_ORDER, refuses=f"{_ORDER}  (the quote came from another source)",
    ),
    Rule(
        id="11.1", name="all brokers", code="over_total_exposure", keys=("MAX_TOTAL_EXPOSURE",), rank=36,
        reason="Ten accounts within their limits can still be one bet; modes are never added together.",
        passes=_ORDER, refuses=f"{_ORDER}  (2 995 000 USD carried at all brokers)",
    ),
    Rule(
        id="11.2", name="one broker", code="over_broker_exposure", keys=("MAX_EXPOSURE_PER_BROKER",), rank=37,
        reason="No single broker's failure or outage may trap more than this.",
        passes=_ORDER, refuses=f"{_ORDER}  (1 495 000 USD carried at the same broker)",
    ),
    Rule(
        id="11.3", name="conversion rates", code="no_rate", keys=("CURRENCY",), rank=21,
        reason="A limit in one currency and an order in another compare only through a known rate.",
        passes=_ORDER, refuses="order place USD_JPY buy 10000 --stop-loss 20p --take-profit 2R  (no rate for JPY)",
    ),
    Rule(
        id="11.4", name="trading day", code="stale_day", keys=("DAY_BOUNDARY",), rank=21,
        reason="Counters and the day's start must belong to the day that is being traded.",
        passes=_ORDER, refuses=f"{_ORDER}  (the day's start on record is two days old)",
    ),
)
"""Every rule, by section."""
# fmt: on

RULES_BY_ID: dict[str, Rule] = {rule.id: rule for rule in RULES}


def rules_for(action: Action) -> tuple[Rule, ...]:
    """The rules that stand before one kind of action, by section."""
    return tuple(rule for rule in RULES if action in rule.actions)
