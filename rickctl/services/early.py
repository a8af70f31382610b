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

_OF_THE_PRICE = frozenset({"no_shorts", "no_rate", "no_equity", "bad_quote", "not_offered", "market_closed"})
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
                instrument = find_instrument(draft.symbol, desk.market.instruments)
                body = _request(draft, instrument, desk)
                put_on_record(error, body, desk, trader, request_hash=draft.fingerprint(instrument.symbol))
            raise

    return recorded


def put_on_record(
    error: Refused,
    body: dict[str, JSON],
    desk: Desk,
    trader: Trader,
    *,
    kind: IntentKind = IntentKind.ENTRY,
    request_hash: str = "",
) -> None:
    """Write a refusal that no rule spoke down as an intent, and tell it its number.

    One that cannot be written down is a refusal all the same.
    """
    symbol, now_ns = str(body["symbol"]), account_now(desk)
    told: dict[str, JSON] = {"code": error.code, "message": error.message, "words": body.pop("words", {})}
    quotes = _quotes(symbol, desk, now_ns) if error.code in _OF_THE_PRICE else []
    with suppress(SetupError), desk.writable().transaction() as transaction:
        row = transaction.add_intent(
            desk.scope,
            kind=kind,
            key=None,
            symbol=symbol,
            request={**body, "told": told},
            request_hash=request_hash,
            quotes=quotes,
            verdicts=[],
            charter_hash=_hash_in_force(trader),
            state=IntentState.REFUSED,
            owner=None,
            created_ns=now_ns,
            error=error.code,
        )
        error.order = row.number


def _request(draft: Draft, instrument: Instrument, desk: Desk) -> dict[str, JSON]:
    """The request as far as the words alone make one, and the words themselves."""
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
        "words": words,
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


def _quotes(symbol: str, desk: Desk, now_ns: int) -> list[JSON]:
    try:
        return [quote_json(desk.market.quote(symbol, now_ns))]
    except Unreachable:
        return []


def _hash_in_force(trader: Trader) -> str:
    """The charter's hash, empty where none can be used."""
    try:
        return trader.entry_charter()[0].hash
    except (Refused, SetupError):
        return ""
