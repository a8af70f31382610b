"""`python -m bench [NAME…]`: runs the measurements, all or the named ones, and prints one table; 9 if one misses."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

from bench import MEASUREMENTS
from bench.figures import write_table

if TYPE_CHECKING:
    from bench.figures import Figure

FINDINGS = 9


def main(names: list[str]) -> int:
    """Measure, print, and return the exit code."""
    unknown = [name for name in names if f"bench.{name}" not in MEASUREMENTS]
    if unknown:
        known = ", ".join(module.removeprefix("bench.") for module in MEASUREMENTS)
        print(f"bench: {unknown[0]!r} is not one of {known}", file=sys.stderr)
        return 2
    figures: list[Figure] = []
    for module in MEASUREMENTS:
        if not names or module.removeprefix("bench.") in names:
            print(f"measuring {module} …", file=sys.stderr)
            figures += import_module(module).measure()
    write_table(figures)
    return 0 if all(figure.is_met for figure in figures) else FINDINGS


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
