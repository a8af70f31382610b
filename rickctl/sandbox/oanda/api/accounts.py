"""What OANDA says of accounts: who they are, what they hold, what they may trade, what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.domain.market import InstrumentKind
from rickctl.sandbox.oanda.api.call import Answer, refuse, refuse_range
from rickctl.sandbox.oanda.api.newer import newer_account, newer_state, newer_transaction
from rickctl.sandbox.oanda.api.outcomes import answer_outcome
from rickctl.sandbox.oanda.reading import maximum_trail, minimum_trail
from rickctl.sandbox.oanda.records import each, nested

if TYPE_CHECKING:
    from decimal import Decimal

    from rickctl.domain.market import Instrument
    from rickctl.sandbox.oanda.api.call import Call, Desk, Headers
    from rickctl.sandbox.oanda.records import Fields, Terms, Value

_TYPES = {
    InstrumentKind.FX: "CURRENCY",
    InstrumentKind.METAL: "METAL",
    InstrumentKind.INDEX: "CFD",
    InstrumentKind.CRYPTO: "CFD",
}
_CHARGED = {"MONDAY": 1, "TUESDAY": 1, "WEDNESDAY": 3, "THURSDAY": 1, "FRIDAY": 1, "SATURDAY": 0, "SUNDAY": 0}


def list_accounts(desk: Desk, call: Call) -> Answer:
    """Every account the token opens."""
    del call
    return Answer(200, {"accounts": tuple({"id": one, "tags": ()} for one in desk.exchange.account_ids)})


def get_account(desk: Desk, call: Call) -> Answer:
    """The account in full."""
    return with_last(desk, call, {"account": newer_account(desk, desk.exchange.account(call.account_id))})


def get_summary(desk: Desk, call: Call) -> Answer:
    """The account without what it holds."""
    return with_last(desk, call, {"account": newer_account(desk, desk.exchange.summary(call.account_id))})


def get_changes(desk: Desk, call: Call) -> Answer:
    """What happened after a transaction, and the state that moves with prices."""
    since = call.number("sinceTransactionID")
    if since is None:
        refuse("sinceTransactionID")
    if since > desk.exchange.last_id(call.account_id):
        refuse_range("sinceTransactionID")
    found = desk.exchange.changes(call.account_id, since)
    changes = nested(found, "changes")
    made = tuple(newer_transaction(desk, one) for one in each(changes, "transactions"))
    state = newer_state(desk, call.account_id, nested(found, "state"))
    return with_last(desk, call, {"changes": {**changes, "transactions": made}, "state": state})


def configure(desk: Desk, call: Call) -> Answer:
    """Another alias or margin rate."""
    outcome = desk.exchange.configure(call.account_id, call.body(desk.settings), call.request_id, call.now_ns)
    return answer_outcome(desk, outcome, 200, names_related=False)


def list_instruments(desk: Desk, call: Call) -> Answer:
    """What the account may trade, or those of it that are named."""
    known = desk.exchange.instruments
    names = call.words("instruments") or tuple(known)
    if any(name not in known for name in names):
        refuse("instruments")
    terms = desk.exchange.terms(call.account_id)
    with_newer = desk.settings.newer_fields
    found = tuple(instrument_fields(name, known[name], terms, with_newer=with_newer) for name in dict.fromkeys(names))
    return with_last(desk, call, {"instruments": found})


def instrument_fields(name: str, instrument: Instrument, terms: Terms, *, with_newer: bool) -> Fields:
    """Instrument, in the precision it prescribes."""
    kind = _TYPES[instrument.kind]
    fields: dict[str, Value] = {
        "name": name,
        "type": kind,
        "displayName": name.replace("_", "/"),
        "pipLocation": instrument.pip_location,
        "displayPrecision": decimals(instrument.price_increment),
        "tradeUnitsPrecision": decimals(instrument.unit_increment),
        "minimumTradeSize": instrument.minimum_units,
        "maximumTrailingStopDistance": maximum_trail(instrument).quantize(instrument.price_increment),
        "minimumTrailingStopDistance": minimum_trail(instrument).quantize(instrument.price_increment),
        "maximumPositionSize": terms.position_limit,
        "maximumOrderUnits": instrument.maximum_units,
        "marginRate": max(instrument.margin_rate, terms.margin_rate),
    }
    if with_newer:
        fields["guaranteedStopLossOrderMode"] = "DISABLED"
        fields["tags"] = ({"type": "ASSET_CLASS", "name": kind},)
        fields["financing"] = _financing(terms.financing_rate)
    return fields


def decimals(increment: Decimal) -> int:
    """How many decimals a grid has."""
    return max(0, -int(increment.normalize().as_tuple().exponent))


def _financing(rate: Decimal) -> Fields:
    days: tuple[Fields, ...] = tuple({"dayOfWeek": day, "daysCharged": count} for day, count in _CHARGED.items())
    return {"longRate": -rate, "shortRate": -rate, "financingDaysOfWeek": days}


def with_last(desk: Desk, call: Call, fields: Fields, headers: Headers = ()) -> Answer:
    """An answer that also names the account's newest transaction."""
    return Answer(200, {**fields, "lastTransactionID": str(desk.exchange.last_id(call.account_id))}, headers)
