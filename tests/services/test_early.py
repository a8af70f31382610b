"""A refusal from before the gate is on record like every other: numbered, explained, and never counted."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from rickctl.domain.account import AccountConfig
from rickctl.domain.errors import Refused, SetupError, UsageError
from rickctl.domain.orders import IntentState, Side
from rickctl.domain.records import AccountKind
from rickctl.domain.scope import DEFAULT_SCOPE, Mode, Scope
from rickctl.render.why import why_view
from rickctl.services.accounts import AccountService
from rickctl.services.desk import hold
from rickctl.services.explain import explain
from rickctl.services.orders import place, preview
from rickctl.services.report import report_order
from tests.fakes import FakeMarket, point
from tests.services.order_kit import OPEN_NS, draft, ground

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rickctl.services.charter import LoadedCharter
    from rickctl.services.desk import Desk
    from rickctl.services.drafts import Draft
    from rickctl.services.orders import Trader
    from tests.services.order_kit import Ground

SPOT = Scope(Mode.PAPER, "paper", "coins")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Ground]:
    place_ = ground(tmp_path)
    yield place_
    place_.store.close()


def unreadable() -> LoadedCharter:
    message = "the charter cannot be used"
    raise Refused(message, code="charter_unreadable")


def used_key(here: Ground) -> tuple[Draft, Desk, Trader]:
    here.orders().place(draft(key="k"))
    return draft(key="k", units="9000"), here.desk(), here.trader()


def no_charter(here: Ground) -> tuple[Draft, Desk, Trader]:
    return draft(), here.desk(), replace(here.trader(), load=unreadable)


def closed(here: Ground) -> tuple[Draft, Desk, Trader]:
    here.orders().place(draft(limit="1.0800"))
    here.orders().cancel(1, every=False, dry_run=False)
    AccountService(desk=here.desk()).close(dry_run=False)
    return draft(), here.desk(), here.trader()


def short_of_coins(here: Ground) -> tuple[Draft, Desk, Trader]:
    desk = here.desk(SPOT, AccountConfig(kind=AccountKind.SPOT))
    words = draft(symbol="btc/usd", side=Side.SELL, units="0.5", stop_loss="1%")
    return words, desk, here.trader()


def broke(here: Ground) -> tuple[Draft, Desk, Trader]:
    service = AccountService(desk=here.desk())
    here.orders().place(draft(limit="1.0800"))
    here.orders().cancel(1, every=False, dry_run=False)
    service.deposit("-100000", dry_run=False)
    return draft(units=None, risk="0.5%"), here.desk(), here.trader()


def priceless(here: Ground) -> tuple[Draft, Desk, Trader]:
    here.market = FakeMarket([point(OPEN_NS + 10**9, "1.09200", "1.09210")])
    return draft(), here.desk(), here.trader()


CASES: dict[str, tuple[Callable[[Ground], tuple[Draft, Desk, Trader]], int]] = {
    "key_reused": (used_key, 2),
    "charter_unreadable": (no_charter, 1),
    "account_closed": (closed, 3),
    "no_shorts": (short_of_coins, 1),
    "no_equity": (broke, 3),
    "bad_quote": (priceless, 1),
}


@pytest.mark.parametrize("code", CASES)
def test_it_has_a_number_a_record_and_an_explanation(here: Ground, code: str) -> None:
    prepare, number = CASES[code]
    words, desk, trader = prepare(here)
    with pytest.raises(Refused) as refused:
        place(words, desk, trader, here.orders().execution)
    assert (refused.value.code, refused.value.order) == (code, number)
    row = here.store.intent(desk.scope, number)
    assert row is not None
    assert (row.state, row.error, row.key, row.verdicts) == (IntentState.REFUSED, code, None, "[]")
    explained = explain(desk, hold(desk), here.store, number)
    record = why_view(explained).records
    assert isinstance(record, dict)
    assert f"No rule was asked: {refused.value.message}." in record["text"]
    assert explained.records
    assert explained.is_intact


@pytest.mark.parametrize("code", CASES)
def test_it_uses_up_nothing_and_leaves_the_journal_whole(here: Ground, code: str) -> None:
    words, desk, trader = CASES[code][0](here)
    counted = len(here.store.intents(desk.scope, states={IntentState.ACCEPTED}))
    for _ in range(3):
        with pytest.raises(Refused):
            place(words, desk, trader, here.orders().execution)
    assert len(here.store.intents(desk.scope, states={IntentState.ACCEPTED})) == counted
    assert here.store.verify() == []


def test_it_gives_its_key_back(here: Ground) -> None:
    words, desk, _ = no_charter(here)
    with pytest.raises(Refused):
        place(words._replace(key="k"), desk, replace(here.trader(), load=unreadable), here.orders().execution)
    assert here.orders().place(draft(key="k")).row.number == 2


def test_what_was_not_worked_out_is_unknown_and_the_words_are_kept(here: Ground) -> None:
    desk = here.desk()
    words = draft(units=None, risk="0.5%", limit="1.0800")
    with pytest.raises(Refused):
        place(words, desk, replace(here.trader(), load=unreadable), here.orders().execution)
    report = report_order(desk, hold(desk), 1)
    assert (report.units, str(report.price), report.stop_loss) == (None, "1.08000", None)
    record = why_view(explain(desk, hold(desk), here.store, 1)).records
    assert isinstance(record, dict)
    asked = "You asked to buy EUR_USD for a risk of 0.5% limit 1.0800 in paper:paper:main, stop 20p, target 2R."
    assert asked in record["text"]
    assert "No charter could be used. Journal record 1, chain intact." in record["text"]


def test_the_price_is_told_where_it_decided(here: Ground) -> None:
    words, desk, trader = short_of_coins(here)
    with pytest.raises(Refused):
        place(words, desk, trader, here.orders().execution)
    row = here.store.intent(SPOT, 1)
    assert row is not None
    assert [quote["symbol"] for quote in json.loads(row.quotes)] == ["BTC-USD"]


def test_a_mistake_in_the_words_is_not_recorded(here: Ground) -> None:
    for words in (draft(units="nan"), draft(stop_loss="1.2"), draft(symbol="NOPE"), draft(risk="1%")):
        with pytest.raises(UsageError):
            place(words, here.desk(), here.trader(), here.orders().execution)
    assert here.intents() == []


def test_a_rehearsal_of_it_is_not_recorded(here: Ground) -> None:
    words, desk, trader = no_charter(here)
    with pytest.raises(Refused) as refused:
        preview(words, desk, trader)
    assert refused.value.order is None
    assert here.intents(scope=DEFAULT_SCOPE) == []


def test_one_that_cannot_be_recorded_is_a_refusal_all_the_same(here: Ground) -> None:
    words, desk, trader = no_charter(here)

    class Full:
        """A state nothing can be written to any more."""

        def transaction(self) -> object:
            message = "the disk is full"
            raise SetupError(message, code="state_full")

    with pytest.raises(Refused) as refused:
        place(words, replace(desk, state=Full()), trader, here.orders().execution)  # type: ignore[arg-type]
    assert refused.value.order is None
