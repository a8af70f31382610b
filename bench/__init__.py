"""Measurements of what the project promises; each module of this package is one, listed in `bench.MEASUREMENTS`."""

from __future__ import annotations

MEASUREMENTS = (
    "bench.startup",
    "bench.durable",
    "bench.placing",
    "bench.settle",
    "bench.touch",
    "bench.drawing",
    "bench.live",
    "bench.stream",
    "bench.sandbox",
)
"""Modules with a `measure() -> list[Figure]`, in the order they are shown."""
