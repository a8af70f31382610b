"""The simulated market `sim:v1`: a pure function of seed, instrument and time, without state or clock."""

from __future__ import annotations

from rickctl.adapters.sim.market import SimMarket

__all__ = ["SimMarket"]
