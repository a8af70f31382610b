"""Refusals from before the gate, put on record like every other: the words of the order and the answer; judges none."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import TYPE_CHECKING

from rickctl.domain.errors import Refused, SetupError, Unreachable, UsageError
from rickctl.domain.money import decimal_text
from rickctl.domain.orders import EntryType, IntentState
from rickctl.domain.records import IntentKind
from rickctl.services.drafts import Draft, find_instrument, parse_entry_price, parse_units
from rickctl.services.sending import account_now
from rickctl.services.stored import quote_json

if TYPE_CHECKING:
    from decimal import Decimal

    from rickctl.domain.market import Instrument
    from rickctl.domain.ports import Execution
    from rickctl.domain.records import JSON, IntentRow
    from rickctl.services.desk import Desk
    from rickctl.services.orders import Trader

Place = Callable[["Draft", "Desk", "Trader", "Execution"], "IntentRow"]

_OF_THE_PRICE = frozenset({"no_shorts", "no_rate", "no_equity", "bad_quote", "not_offered"})
"""Refusals after a price was asked for; before, it decided nothing."""


def on_record(place: Place) -> Place:
    """`place`, each of its refusals that has no number yet given one, under which `why` explains it.

    It gives its key back, since no rule was asked: the same line run again is judged anew.
    """

    @wraps(place)
    def recorded(draft: Draft, desk: Desk, trader: Trader, execution: Execution) -> IntentRow:
        try:
            return place(draft, desk, trader, execution)
        except Refused as error:
            if error.order is None:
                # A refusal that cannot be written down is a refusal all the same.
                with suppress(SetupError):
                    error.order = _keep(error, draft, desk, trader).number
            raise

    return recorded


def _keep(error: Refused, draft: Draft, desk: Desk, trader: Trader) -> IntentRow:
    instrument, now_ns = find_instrument(draft.symbol, desk.market.instruments), account_now(desk)
    quotes = _quotes(instrument, desk, now_ns) if error.code in _OF_THE_PRICE else []
    with desk.writable().transaction() as transaction:
        return transaction.add_intent(
            desk.scope,
            kind=IntentKind.ENTRY,
            key=None,
            symbol=instrument.symbol,
            request=_request(draft, instrument, desk, error),
            request_hash=draft.fingerprint(instrument.symbol),
            quotes=quotes,
            verdicts=[],
            charter_hash=_hash_in_force(trader),
            state=IntentState.REFUSED,
            owner=None,
            created_ns=now_ns,
            error=error.code,
        )


def _request(draft: Draft, instrument: Instrument, desk: Desk, error: Refused) -> dict[str, JSON]:
    """The request as far as the words alone make one, the words themselves, and what was said to them."""
    words: dict[str, JSON] = {name: getattr(draft, name) for name in _WORDS}
    price = draft.limit if draft.limit is not None else draft.stop_entry
    return {
        "scope": str(desk.scope),
        "symbol": instrument.symbol,
        "side": draft.side.value,
        "units": _read(draft.units, lambda text: parse_units(text, instrument)),
        "entry": _entry(draft).value,
        "price": _read(price, lambda text: parse_entry_price(text, "PRICE", instrument)),
        "stop_loss": None,
        "take_profit": None,
        "trailing": None,
        "expires_ns": None,
        "timeframe": draft.timeframe,
        "quality": draft.quality,
        "key": draft.key,
        "told": {"code": error.code, "message": error.message, "words": words},
    }


_WORDS = ("units", "risk", "limit", "stop_entry", "stop_loss", "take_profit", "trailing")


def _entry(draft: Draft) -> EntryType:
    if draft.limit is not None:
        return EntryType.LIMIT
    return EntryType.MARKET if draft.stop_entry is None else EntryType.STOP


def _read(text: str | None, parse: Callable[[str], Decimal]) -> str | None:
    """Exact decimal text of a word, None where it was not said or could not have been carried out."""
    try:
        return None if text is None else decimal_text(parse(text))
    except UsageError:
        return None


def _quotes(instrument: Instrument, desk: Desk, now_ns: int) -> list[JSON]:
    try:
        return [quote_json(desk.market.quote(instrument.symbol, now_ns))]
    except Unreachable:
        return []


def _hash_in_force(trader: Trader) -> str:
    """The charter's hash, empty where none can be used."""
    try:
        return trader.entry_charter()[0].hash
    except (Refused, SetupError):
        return ""
