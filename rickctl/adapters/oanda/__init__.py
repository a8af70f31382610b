"""OANDA v20: its words, its traps and its record, behind the ports; knows no charter and no other broker."""

from rickctl.adapters.oanda.broker import Oanda

__all__ = ["Oanda"]
