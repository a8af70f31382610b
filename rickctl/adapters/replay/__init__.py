"""The recorded market: prices read from files; it reads no clock, invents no price and trades nothing."""

from rickctl.adapters.replay.market import ReplayMarket
from rickctl.adapters.replay.source import TapeSource, open_tape, parse_source
from rickctl.adapters.replay.tape import TICK_HOLD_NS, TapeReport

__all__ = ["TICK_HOLD_NS", "ReplayMarket", "TapeReport", "TapeSource", "open_tape", "parse_source"]
