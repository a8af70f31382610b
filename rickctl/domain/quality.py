"""How good an order is, 0 to 100, from inputs it shows with their weights; Decimal only, decides nothing by itself."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from typing import NamedTuple

from rickctl.domain.instants import HOUR_NS, duration_text


class QualityPart(NamedTuple):
    """One input: what was measured, its score of 100, its weight in percent, and a sentence for people."""

    name: str
    measured: str
    score: int
    weight: int
    sentence: str


class Quality(NamedTuple):
    """The weighted score of 100 and the parts it is made of."""

    score: int
    parts: tuple[QualityPart, ...]


class QualityInputs(NamedTuple):
    """What quality is made of: distances in price, times in nanoseconds, exposure as a fraction of its limit.

    `recent_range` is the usual height of a 15-minute bar, None when unknown; `closes_in_ns` is None when trading
    does not stop; `exposure_share` is None when it could not be known; `after_fees` is reward:risk where fees count.
    """

    risk: Decimal
    reward: Decimal
    spread: Decimal
    entry_distance: Decimal
    recent_range: Decimal | None
    quote_age_ns: int
    max_age_ns: int
    closes_in_ns: int | None
    exposure_share: Decimal | None
    after_fees: Decimal | None = None


WEIGHTS: dict[str, int] = {
    "reward:risk": 30,
    "spread": 25,
    "quote age": 10,
    "distance": 15,
    "session": 10,
    "exposure": 10,
}
"""Percent of the score each input makes up."""

_FULL = 100
_NEUTRAL = 50
_CALM_CLOSE_NS = 6 * HOUR_NS
_CENT = Decimal("0.01")
_MOST_SHOWN = Decimal(10) ** 9
"""What is larger scores the same, and would have more digits than are kept."""

_Curve = tuple[tuple[Decimal, int], ...]


def _curve(*points: tuple[str, int]) -> _Curve:
    return tuple((Decimal(at), score) for at, score in points)


_REWARD = _curve(("0", 0), ("0.4", 15), ("0.8", 50), ("1", 60), ("2", 78), ("3", 100))
_SPREAD = _curve(("0", 100), ("0.05", 85), ("0.10", 60), ("0.25", 0))
_AGE = _curve(("0", 100), ("0.2", 90), ("1", 0))
_STOP_ROOM = _curve(("0", 0), ("0.5", 40), ("1", 75), ("1.5", 100))
_ENTRY_REACH = _curve(("0", 100), ("2", 100), ("8", 30), ("20", 0))
_CLOSE = _curve(("0", 0), ("0.1667", 50), ("1", 100))
_EXPOSURE = _curve(("0", 100), ("0.5", 60), ("1", 0))


def assess(inputs: QualityInputs) -> Quality:
    """Score an order; `risk` must be above zero."""
    parts = (_reward(inputs), _spread(inputs), _age(inputs), _distance(inputs), _close(inputs), _exposure(inputs))
    total = sum((Decimal(part.score * part.weight) for part in parts), Decimal(0)) / _FULL
    return Quality(int(total.to_integral_value(rounding=ROUND_DOWN)), parts)


def _score(curve: _Curve, at: Decimal) -> int:
    """The height of the curve at `at`, straight between its points and level beyond them."""
    if at <= curve[0][0]:
        return curve[0][1]
    for (left, low), (right, high) in pairwise(curve):
        if at <= right:
            height = low + (high - low) * (at - left) / (right - left)
            return int(height.to_integral_value(rounding=ROUND_HALF_EVEN))
    return curve[-1][1]


def _part(name: str, measured: str, score: int, sentence: str) -> QualityPart:
    return QualityPart(name, measured, score, WEIGHTS[name], sentence)


def _reward(inputs: QualityInputs) -> QualityPart:
    ratio = inputs.reward / inputs.risk if inputs.after_fees is None else inputs.after_fees
    shown = f"{min(ratio, _MOST_SHOWN).quantize(_CENT, rounding=ROUND_FLOOR):f}"
    sentence = f"the target is {shown} times as far as the stop"
    if inputs.after_fees is not None:
        sentence = f"the target brings {shown} times what the stop costs, fees included"
    return _part("reward:risk", f"{shown} R", _score(_REWARD, ratio), sentence)


def _spread(inputs: QualityInputs) -> QualityPart:
    share = inputs.spread / inputs.risk
    shown = _percent(share)
    return _part("spread", shown, _score(_SPREAD, share), f"spread is {shown} of the stop")


def _age(inputs: QualityInputs) -> QualityPart:
    age_ns = max(0, inputs.quote_age_ns)
    shown, most = duration_text(age_ns), duration_text(inputs.max_age_ns)
    score = _score(_AGE, Decimal(age_ns) / Decimal(inputs.max_age_ns))
    return _part("quote age", shown, score, f"the price is {shown} old; {most} is the most")


def _distance(inputs: QualityInputs) -> QualityPart:
    usual = inputs.recent_range
    if usual is None or usual <= 0:
        return _part("distance", "unknown", _NEUTRAL, "recent volatility is unknown, scored half")
    room, reach = inputs.risk / usual, inputs.entry_distance / usual
    score = min(_score(_STOP_ROOM, room), _score(_ENTRY_REACH, reach))
    stop, entry = (f"{min(times, _MOST_SHOWN).quantize(_CENT):f}" for times in (room, reach))
    sentence = f"the stop is {stop} and the entry {entry} usual 15-minute ranges away"
    return _part("distance", f"{stop} × range", score, sentence)


def _close(inputs: QualityInputs) -> QualityPart:
    left_ns = inputs.closes_in_ns
    if left_ns is None:
        return _part("session", "no close", _FULL, "trading does not stop")
    shown = duration_text(max(0, left_ns))
    score = _score(_CLOSE, Decimal(left_ns) / Decimal(_CALM_CLOSE_NS))
    return _part("session", shown, score, f"trading stops in {shown}" if left_ns > 0 else "the market is closed")


def _exposure(inputs: QualityInputs) -> QualityPart:
    share = inputs.exposure_share
    if share is None:
        return _part("exposure", "unknown", 0, "the exposure carried is unknown")
    shown = _percent(share)
    return _part("exposure", shown, _score(_EXPOSURE, share), f"{shown} of the exposure limit would be in use")


def _percent(share: Decimal) -> str:
    return f"{min(share * 100, _MOST_SHOWN).quantize(Decimal(1)):f} %"
