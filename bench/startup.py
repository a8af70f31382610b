"""What a cold start costs: CPU of a quote and of root help against an interpreter that does nothing."""

from __future__ import annotations

from statistics import median

from bench.figures import Figure, interleaved_ms, python, ratio

QUOTE_TARGET = 10
HELP_TARGET = 4
_FLOOR = "python -c pass"
_TARGETS = {"quote EUR_USD -o json": QUOTE_TARGET, "quote EUR_USD": QUOTE_TARGET, "--help": HELP_TARGET}


def measure() -> list[Figure]:
    """Ratios of CPU to `python -c pass`, run in turn."""
    programs = {_FLOOR: python("-c", "pass")}
    programs |= {words: python("-m", "rickctl", *words.split()) for words in _TARGETS}
    counted = interleaved_ms(programs)
    floor = counted[_FLOOR]
    return [
        Figure(
            f"rickctl {words}",
            ratio(counted[words], floor),
            target,
            "×",
            f"{median(counted[words]):.0f} ms against {median(floor):.0f} ms of {_FLOOR}",
        )
        for words, target in _TARGETS.items()
    ]
