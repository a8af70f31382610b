"""The risk charter: its values, its rules and the one check that approves an order; decides, never fetches or sends."""

from __future__ import annotations

from rickctl.domain.charter.check import (
    Decision,
    check,
    check_cancel,
    check_modify,
    check_reduce,
    is_slow_placement,
    new_latches,
    order_quality,
    refusal,
    widens_risk,
)
from rickctl.domain.charter.parse import Finding, FindingCode, ParsedCharter, charter_hash, parse_charter
from rickctl.domain.charter.rules import RULES, RULES_BY_ID, Action, Rule, rules_for
from rickctl.domain.charter.snapshot import Counts, Exposure, Snapshot
from rickctl.domain.charter.values import (
    HASH_IN_TALK,
    HASH_SHOWN,
    KEYS,
    OVERRIDES,
    RULES_VERSION,
    SECTIONS,
    SHIPPED_HASH,
    Bound,
    Charter,
    Key,
)

__all__ = [
    "HASH_IN_TALK",
    "HASH_SHOWN",
    "KEYS",
    "OVERRIDES",
    "RULES",
    "RULES_BY_ID",
    "RULES_VERSION",
    "SECTIONS",
    "SHIPPED_HASH",
    "Action",
    "Bound",
    "Charter",
    "Counts",
    "Decision",
    "Exposure",
    "Finding",
    "FindingCode",
    "Key",
    "ParsedCharter",
    "Rule",
    "Snapshot",
    "charter_hash",
    "check",
    "check_cancel",
    "check_modify",
    "check_reduce",
    "is_slow_placement",
    "new_latches",
    "order_quality",
    "parse_charter",
    "refusal",
    "rules_for",
    "widens_risk",
]
