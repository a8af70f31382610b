"""The charter's page is what its program says, and its examples do what it says of them."""

from __future__ import annotations

import shlex
from dataclasses import replace
from decimal import Decimal

import pytest

from rickctl.domain.charter import KEYS, OVERRIDES, RULES, Rule, Snapshot, check
from rickctl.domain.exits import parse_stop, parse_target, resolve_exits
from rickctl.domain.instants import parse_duration_ns
from rickctl.domain.market import InstrumentKind
from rickctl.domain.orders import EntryType, OrderRequest, Side
from rickctl.domain.sizing import parse_risk, units_for_risk
from tests.domain.charter_kit import NOW_NS, instrument, order, quote, shipped, snapshot
from tests.house.charter_page import PAGE, page, shipped_charter

TEXT = PAGE.read_text(encoding="utf-8")
BITCOIN = snapshot(
    instrument=instrument(
        InstrumentKind.CRYPTO, symbol="BTC-USD", price_increment=Decimal("0.01"), margin_rate=Decimal("0.5")
    ),
    quote=quote(symbol="BTC-USD", bid=Decimal("67412.10"), ask=Decimal("67418.55")),
    base_to_account=Decimal("67415.32"),
    recent_range=Decimal(180),
    next_close_ns=None,
)
MOMENTS = {"EUR_USD": snapshot(), "BTC-USD": BITCOIN}


def test_the_page_is_the_one_the_rules_write() -> None:
    assert page(shipped_charter()) == TEXT, "write it again: python -m tests.house.charter_page"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_is_on_the_page_with_reason_code_and_both_examples(rule: Rule) -> None:
    for words in (f"### {rule.id} {rule.name}", rule.reason, f"`{rule.code}`"):
        assert words in TEXT
    for example in (rule.passes, rule.refuses):
        assert f"`{example.partition('  (')[0]}`" in TEXT


@pytest.mark.parametrize("name", [key.name for key in KEYS] + list(OVERRIDES))
def test_every_key_is_on_the_page(name: str) -> None:
    assert f"| `{name}` |" in TEXT


def asked(example: str) -> tuple[OrderRequest, Snapshot]:
    """The order an example line asks for, at the moment the page states."""
    _, _, symbol, side, *words = shlex.split(example)
    units = words.pop(0) if not words[0].startswith("--") else None
    options = dict(zip(words[::2], words[1::2], strict=True))
    moment, way = MOMENTS[symbol], Side(side)
    assert moment.instrument is not None
    limit = options.get("--limit")
    exits = resolve_exits(
        side=way,
        instrument=moment.instrument,
        quote=moment.quote,
        entry=EntryType.LIMIT if limit else EntryType.MARKET,
        price=Decimal(limit) if limit else None,
        stop_loss=parse_stop(options["--stop-loss"]) if "--stop-loss" in options else None,
        take_profit=parse_target(options["--take-profit"]) if "--take-profit" in options else None,
    )
    request = order(
        symbol=symbol,
        side=way,
        entry=EntryType.LIMIT if limit else EntryType.MARKET,
        price=Decimal(limit) if limit else None,
        stop_loss=exits.stop_loss,
        take_profit=exits.take_profit,
        expires_ns=NOW_NS + parse_duration_ns(options.get("--ttl", "6h")),
        timeframe=options.get("--timeframe"),
        quality=int(options["--quality"]) if "--quality" in options else None,
    )
    if units is not None:
        return replace(request, units=Decimal(units)), moment
    assert exits.entry is not None
    assert exits.stop_loss is not None
    sized = units_for_risk(
        parse_risk(options["--risk"]),
        equity=Decimal(100_000),
        instrument=moment.instrument,
        entry=exits.entry,
        stop_loss=exits.stop_loss,
        quote_to_account=Decimal(1),
    )
    return replace(request, units=sized), moment


def refused(example: str) -> set[str]:
    request, moment = asked(example)
    return {found.rule for found in check(request, moment, shipped(), client_order_id="c-1").refused}


def plain(examples: dict[str, str]) -> list[tuple[str, str]]:
    """Examples that need nothing said in brackets."""
    return [(rule, line) for rule, line in examples.items() if "  (" not in line and line.startswith("order place")]


PASSING = plain({rule.id: rule.passes for rule in RULES})
REFUSED = plain({rule.id: rule.refuses for rule in RULES})


def test_there_are_examples_to_try() -> None:
    assert len(PASSING) > 20
    assert {rule for rule, _ in REFUSED} == {
        "1.1",
        "2.6",
        "2.7",
        "3.1",
        "3.2",
        "3.5",
        "4.1",
        "4.2",
        "4.3",
        "5.1",
        "5.2",
        "6.1",
    }


@pytest.mark.parametrize(("rule", "line"), PASSING)
def test_a_passing_example_passes(rule: str, line: str) -> None:
    assert refused(line) == set(), rule


@pytest.mark.parametrize(("rule", "line"), REFUSED)
def test_a_refused_example_is_refused_by_its_rule(rule: str, line: str) -> None:
    assert rule in refused(line)
