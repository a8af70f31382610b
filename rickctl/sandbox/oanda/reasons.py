"""The sentences behind OANDA's reason words; it knows no request."""

from __future__ import annotations

_SENTENCES = {
    "INSTRUMENT_MISSING": "The instrument specified has not been specified",
    "INSTRUMENT_UNKNOWN": "The instrument specified is unknown",
    "UNITS_INVALID": "The units specified are invalid",
    "UNITS_PRECISION_EXCEEDED": "The units specified contain more precision than is allowed for the Order's instrument",
    "PRICE_PRECISION_EXCEEDED": "The price specified contains more precision than is allowed for the instrument",
    "ORDER_DOESNT_EXIST": "The Order specified does not exist",
    "TRADE_DOESNT_EXIST": "The Trade specified does not exist",
    "CLIENT_ORDER_ID_ALREADY_EXISTS": "The client Order ID specified is already assigned to another pending Order",
    "CLIENT_TRADE_ID_ALREADY_EXISTS": "The client Trade ID specified is already assigned to another open Trade",
    "CLOSEOUT_POSITION_DOESNT_EXIST": "The Position requested to be closed out does not exist",
    "CLOSE_TRADE_UNITS_EXCEED_TRADE_SIZE": "The request to partially close a Trade specifies more units than it has",
    "TIME_IN_FORCE_GTD_TIMESTAMP_IN_PAST": "The GTD timestamp specified is in the past",
    "INSUFFICIENT_MARGIN": "The Account does not have sufficient margin",
}


def sentence(reason: str) -> str:
    """One sentence for people; the word itself, spelt out, where there is none of its own."""
    return _SENTENCES.get(reason) or f"The request was rejected: {reason.replace('_', ' ').lower()}"
