"""The simulated market `sim:v1`: prices as a pure function of seed, instrument and time; it keeps no state and reads no clock."""

from __future__ import annotations

from rickctl.adapters.sim.market import SimMarket

__all__ = ["SimMarket"]
