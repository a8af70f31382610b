"""An order as typed, turned into an exact request: words in, prices and units out; judges no risk, sends nothing."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.errors import UsageError
from rickctl.domain.exits import parse_stop, parse_target, parse_trailing, resolve_exits
from rickctl.domain.models import NO_COMMISSION, Commission
from rickctl.domain.money import decimal_text, parse_positive
from rickctl.domain.orders import EntryType, OrderRequest, Side
from rickctl.domain.records import canonical_json
from rickctl.domain.sizing import parse_risk, units_for_risk
from rickctl.domain.symbols import canonical_symbol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from rickctl.domain.market import Instrument, Quote
    from rickctl.domain.scope import Scope

_LONGEST_KEY = 128
_LONGEST_TTL_NS = 366 * 24 * 3600 * 1_000_000_000


class Draft(NamedTuple):
    """An entry as typed; every text is still unread, None is not said."""

    symbol: str
    side: Side
    units: str | None = None
    risk: str | None = None
    limit: str | None = None
    stop_entry: str | None = None
    stop_loss: str | None = None
    take_profit: str | None = None
    trailing: str | None = None
    ttl_ns: int | None = None
    timeframe: str | None = None
    quality: int | None = None
    key: str | None = None

    def fingerprint(self, symbol: str) -> str:
        """SHA-256 of what was asked for, the key left out: the same words give the same mark at any price."""
        words = {name: None if value is None else str(value).strip() for name, value in self._asdict().items()}
        words.update(symbol=symbol, key=None)
        return hashlib.sha256(canonical_json(words).encode()).hexdigest()


class Sizing(NamedTuple):
    """What sizing by risk needs to know: equity, the worth of one unit of quote currency in it, what trading costs."""

    equity: Decimal
    quote_to_account: Decimal | None
    commission: Commission = NO_COMMISSION


def check_draft(draft: Draft) -> Draft:
    """The draft if its words fit together. Raises UsageError."""
    if not all(is_unicode(word) for word in draft if isinstance(word, str)):
        message = "the command line holds bytes that are no text"
        raise UsageError(message, code="bad_text")
    if (draft.units is None) == (draft.risk is None):
        message = "say how much with UNITS or with --risk, one of the two"
        raise UsageError(
            message, code="bad_size", hint=f"rickctl order place {draft.symbol} {draft.side} --risk 0.5% …"
        )
    if draft.limit is not None and draft.stop_entry is not None:
        message = "--limit and --stop-entry exclude each other"
        raise UsageError(message, code="bad_entry")
    if draft.quality is not None and not 0 <= draft.quality <= 100:  # noqa: PLR2004 - percent
        message = f"--quality must be 0 to 100, not {draft.quality}"
        raise UsageError(message, code="bad_number")
    if draft.key is not None and not (0 < len(draft.key) <= _LONGEST_KEY and draft.key.isprintable()):
        message = f"--key must be 1 to {_LONGEST_KEY} visible characters"
        raise UsageError(message, code="bad_key")
    if draft.ttl_ns is not None and draft.limit is None and draft.stop_entry is None:
        message = "--ttl is the life of a resting entry; a market entry does not rest"
        raise UsageError(message, code="bad_entry", hint="add --limit or --stop-entry, or leave --ttl out")
    check_ttl(draft.ttl_ns)
    return draft


def check_ttl(ttl_ns: int | None) -> int | None:
    """The life of a resting entry if it is one at all. Raises UsageError."""
    if ttl_ns is not None and not 0 < ttl_ns <= _LONGEST_TTL_NS:
        message = "--ttl must be above zero and under a year"
        raise UsageError(message, code="bad_duration")
    return ttl_ns


def is_unicode(text: str) -> bool:
    """Whether every character is one: bytes of a command line that are not UTF-8 arrive as halves of a pair."""
    return not any("\ud800" <= sign <= "\udfff" for sign in text)


def find_instrument(symbol: str, instruments: Mapping[str, Instrument]) -> Instrument:
    """The instrument a typed symbol names. Raises UsageError."""
    return instruments[canonical_symbol(symbol, instruments)]


def build_request(
    draft: Draft, *, scope: Scope, instrument: Instrument, quote: Quote, sizing: Sizing, expires_ns: int | None
) -> OrderRequest:
    """Resolve every distance and size of a draft against one quote. Raises UsageError."""
    entry, price = _entry(draft, instrument)
    exits = resolve_exits(
        side=draft.side,
        instrument=instrument,
        quote=quote,
        entry=entry,
        price=price,
        stop_loss=None if draft.stop_loss is None else parse_stop(draft.stop_loss),
        take_profit=None if draft.take_profit is None else parse_target(draft.take_profit),
        trailing=None if draft.trailing is None else parse_trailing(draft.trailing),
    )
    return OrderRequest(
        scope=scope,
        symbol=instrument.symbol,
        side=draft.side,
        units=_units(draft, instrument, sizing, exits.entry, exits.stop_loss),
        entry=entry,
        price=price,
        stop_loss=exits.stop_loss,
        take_profit=exits.take_profit,
        trailing=exits.trailing,
        expires_ns=None if entry is EntryType.MARKET else expires_ns,
        timeframe=None if draft.timeframe is None else draft.timeframe.strip().upper(),
        quality=draft.quality,
        key=draft.key,
    )


def _entry(draft: Draft, instrument: Instrument) -> tuple[EntryType, Decimal | None]:
    if draft.limit is not None:
        return EntryType.LIMIT, parse_entry_price(draft.limit, "--limit", instrument)
    if draft.stop_entry is not None:
        return EntryType.STOP, parse_entry_price(draft.stop_entry, "--stop-entry", instrument)
    return EntryType.MARKET, None


def parse_entry_price(text: str, what: str, instrument: Instrument) -> Decimal:
    """Read a price on the instrument's grid. Raises UsageError naming `what`."""
    return instrument.price(instrument.ticks(parse_positive(text, what)))


def _units(
    draft: Draft, instrument: Instrument, sizing: Sizing, entry: Decimal | None, stop_loss: Decimal | None
) -> Decimal:
    if draft.units is not None:
        return parse_units(draft.units, instrument)
    risk = parse_risk(draft.risk or "")
    if entry is None or stop_loss is None:
        message = "--risk needs a stop-loss: the size follows from the distance to it"
        raise UsageError(message, code="bad_size", hint="add --stop-loss 20p")
    return units_for_risk(
        risk,
        equity=sizing.equity,
        instrument=instrument,
        entry=entry,
        stop_loss=stop_loss,
        quote_to_account=sizing.quote_to_account,
        commission=sizing.commission,
    )


def parse_units(text: str, instrument: Instrument) -> Decimal:
    """Read UNITS on the instrument's grid, within its minimum and maximum. Raises UsageError."""
    units = parse_positive(text, "UNITS")
    if units % instrument.unit_increment:
        message = f"{instrument.symbol} trades in steps of {decimal_text(instrument.unit_increment)} units, not {text}"
        raise UsageError(message, code="bad_precision")
    if units < instrument.minimum_units:
        message = (
            f"{decimal_text(units)} is less than the {decimal_text(instrument.minimum_units)} {instrument.symbol} needs"
        )
        raise UsageError(message, code="bad_size")
    return units
