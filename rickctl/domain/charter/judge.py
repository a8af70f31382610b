"""The rules as functions of one case, about all but amounts and counts, which are in `limits`."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.charter.case import positive, quality_of
from rickctl.domain.charter.words import UNKNOWN, at_least, at_most, down, grouped, up
from rickctl.domain.instants import MINUTE_NS, SECOND_NS, duration_text, rfc3339
from rickctl.domain.orders import EntryType, Side
from rickctl.domain.scope import Mode

if TYPE_CHECKING:
    from rickctl.domain.charter.case import Case
    from rickctl.domain.market import Instrument
    from rickctl.domain.orders import OrderRequest

_AHEAD_NS = SECOND_NS
"""How far a source's clock may run ahead of ours before its time means nothing."""

_LARGEST = Decimal(10) ** 15
_MILLI = Decimal("0.001")
_RISK_FREE = "no risk left"


class Answer(NamedTuple):
    """What one rule found; `detail` is the sentence a refusal is told with."""

    measured: str
    limit: str
    passed: bool
    detail: str | None = None


def held_to(passed: bool, measured: str, limit: str, refusal: str, note: str | None = None) -> Answer:  # noqa: FBT001 - the answer is what it is called with
    """An answer that carries `refusal` only when it refuses."""
    return Answer(measured, limit, passed, note if passed else refusal)


def valid_order(case: Case) -> Answer:
    """1.1: numbers on the instrument's own grid and within its sizes."""
    fault = _fault(case)
    return Answer("valid" if fault is None else "not valid", "valid", fault is None, fault)


def _fault(case: Case) -> str | None:
    symbol, instrument = case.request.symbol, case.snapshot.instrument
    if instrument is None or instrument.symbol != symbol:
        return f"{symbol} is not an instrument of this account"
    if case.snapshot.quote.symbol != symbol:
        return f"the price is of {case.snapshot.quote.symbol}, not of {symbol}"
    return _units_fault(case.units, instrument) or _prices_fault(case.request, instrument)


def _units_fault(units: Decimal | None, instrument: Instrument) -> str | None:
    if units is None or (units <= _LARGEST and units % instrument.unit_increment != 0):
        return f"units must be a positive multiple of {instrument.unit_increment:f}"
    if units > _LARGEST or not instrument.minimum_units <= units <= instrument.maximum_units:
        least, most = grouped(instrument.minimum_units), grouped(instrument.maximum_units)
        return f"{grouped(units)} units are outside {least} to {most} for {instrument.symbol}"
    return None


def _prices_fault(request: OrderRequest, instrument: Instrument) -> str | None:
    if (request.entry is EntryType.MARKET) != (request.price is None):
        return "a limit or stop entry has a price, a market entry none"
    prices = (("price", request.price), ("stop-loss", request.stop_loss), ("take-profit", request.take_profit))
    for name, price in (*prices, ("trailing", request.trailing)):
        if price is not None and not _on_grid(price, instrument.price_increment):
            return f"{name} must be a positive multiple of {instrument.price_increment:f}"
    return None


def _on_grid(price: Decimal, increment: Decimal) -> bool:
    found = positive(price)
    return found is not None and found <= _LARGEST and found % increment == 0


def charter_sealed(case: Case) -> Answer:
    """1.2: these values were sealed for this mode."""
    mode = case.request.scope.mode
    sealed = ", ".join(sorted(found.value for found in case.snapshot.sealed_for)) or "nothing"
    refusal = f"charter {case.charter.short_hash} is not sealed for {mode.value}"
    return held_to(mode in case.snapshot.sealed_for, f"sealed for {sealed}", f"sealed for {mode.value}", refusal)


def kill_switch(case: Case) -> Answer:
    """1.3: no kill stands."""
    reason = case.snapshot.kill_reason
    return held_to(reason is None, "set" if reason is not None else "clear", "clear", f"trading is killed: {reason}")


def latches(case: Case) -> Answer:
    """1.4: no latch stands."""
    found = ", ".join(case.snapshot.latches)
    return held_to(not found, found or "none", "none", f"latched by {found} until a person resumes")


def no_unknown(case: Case) -> Answer:
    """1.5: no order of unknown outcome in this instrument."""
    symbol = case.request.symbol
    held = symbol in case.snapshot.held_symbols
    return held_to(not held, "held" if held else "none", "none", f"{symbol} is held by an order of unknown outcome")


def armed(case: Case) -> Answer:
    """1.6: a LIVE scope has a window open, for it and for this charter."""
    scope, state = case.request.scope, case.snapshot.arming
    if scope.mode is not Mode.LIVE:
        return Answer(scope.mode.value, "armed for live", passed=True, detail="not LIVE, rule not applied")
    refusal = f"{scope} is not armed: {state.told or 'it was armed under other terms'}"
    is_armed = state.allows(scope, case.charter.hash)
    measured = f"armed, {duration_text(state.left_ns)} left" if is_armed else "not armed"
    return held_to(is_armed, measured, "armed", refusal)


def real_price(case: Case) -> Answer:
    """2.1: both sides of the quote are prices, and not crossed."""
    bid, ask = case.bid, case.ask
    measured = f"{_shown(case.snapshot.quote.bid)} / {_shown(case.snapshot.quote.ask)}"
    if bid is None or ask is None:
        refusal = f"the price is missing a side: {measured}"
        return Answer(measured, "bid and ask above zero", passed=False, detail=refusal)
    return held_to(bid <= ask, measured, "bid ≤ ask", f"the price is crossed: {measured}")


def _shown(price: Decimal | None) -> str:
    return UNKNOWN if price is None else f"{price:f}" if positive(price) else str(price)


def price_age(case: Case) -> Answer:
    """2.2: the source vouched for the price lately, and not in the future."""
    age_ns = case.snapshot.quote.age_ns(case.snapshot.now_ns)
    limit = case.charter.max_quote_age_seconds
    age = up(Decimal(age_ns) / SECOND_NS, "s", _MILLI)
    passed = -_AHEAD_NS <= age_ns <= limit * SECOND_NS
    return held_to(passed, age, at_most(limit, "s"), f"the price is {age} old; {grouped(limit)} s is the most")


def tradeable(case: Case) -> Answer:
    """2.3: the source would deal on this price."""
    found = case.snapshot.quote.tradeable
    refusal = f"{case.snapshot.quote.source} does not trade on this price now"
    return held_to(found, "tradeable" if found else "indicative", "tradeable", refusal)


def moving_price(case: Case) -> Answer:
    """2.4: the price itself has moved lately."""
    still_ns = case.snapshot.now_ns - case.snapshot.quote.changed_ns
    limit = case.charter.limit("max_frozen_s", case.request.symbol)
    still = up(Decimal(still_ns) / SECOND_NS, "s", _MILLI)
    passed = -_AHEAD_NS <= still_ns <= limit * SECOND_NS
    refusal = f"the price has not moved for {still}; {grouped(limit)} s is the most"
    return held_to(passed, still, at_most(limit, "s"), refusal)


def market_hours(case: Case) -> Answer:
    """2.5: the market is open."""
    opens_ns = case.snapshot.next_open_ns
    until = "" if opens_ns is None else f"; it opens {rfc3339(opens_ns)}"
    is_open = case.snapshot.market_open
    refusal = f"the {case.request.symbol} market is closed{until}"
    return held_to(is_open, "open" if is_open else "closed", "open", refusal)


def entry_collar(case: Case) -> Answer:
    """2.6: the entry lies near the fresh mid."""
    limit = case.charter.limit("max_entry_distance_pct", case.request.symbol)
    mid, entry = case.mid, case.entry
    if case.snapshot.entry_price is not None:
        return Answer("filled already", at_most(limit, "%"), passed=True)
    if mid is None or entry is None:
        return Answer(UNKNOWN, at_most(limit, "%"), passed=False, detail="the entry cannot be compared with a price")
    away = abs(entry - mid) * 100
    shown = up(away / mid, "%")
    refusal = f"the entry {entry:f} is {shown} from the market at {mid:f}; {grouped(limit)} % is the most"
    return held_to(away <= limit * mid, shown, at_most(limit, "%"), refusal)


def exit_collar(case: Case) -> Answer:
    """2.7: both exits lie near the entry."""
    limit = case.charter.limit("max_exit_distance_pct", case.request.symbol)
    entry, exits = case.entry, [price for price in (case.stop, case.target) if price is not None]
    if entry is None or not exits:
        return Answer(UNKNOWN, at_most(limit, "%"), passed=False, detail="there is no exit to compare with the entry")
    away = max(abs(price - entry) for price in exits) * 100
    shown = up(away / entry, "%")
    refusal = f"an exit is {shown} from the entry; {grouped(limit)} % is the most"
    return held_to(away <= limit * entry, shown, at_most(limit, "%"), refusal)


def reward_risk(case: Case) -> Answer:
    """4.1: the target is far enough for the risk."""
    limit = case.charter.min_reward_risk
    if case.is_risk_free:
        return Answer(_RISK_FREE, at_least(limit), passed=True)
    if case.risk is None or case.reward is None:
        return Answer(UNKNOWN, at_least(limit), passed=False, detail="reward:risk needs both exits, each on its side")
    if case.stakes is None:
        return Answer(UNKNOWN, at_least(limit), passed=False, detail="reward:risk needs the fees, and they are unknown")
    lost, won = case.stakes
    shown = down(won / lost)
    included = "fees included" if case.has_fees else None
    refusal = f"reward:risk is {shown}{f', {included}' if included else ''}; the charter asks for {grouped(limit)}"
    return held_to(won >= limit * lost, shown, at_least(limit), refusal, included)


def both_exits(case: Case) -> Answer:
    """4.2: a stop-loss and a take-profit."""
    request = case.request
    pairs = (("stop-loss", request.stop_loss), ("take-profit", request.take_profit))
    missing = [name for name, price in pairs if price is None]
    measured = "both" if not missing else "none" if len(missing) == len(pairs) else f"no {missing[0]}"
    refusal = f"no {' and no '.join(missing)}; every entry carries both"
    return held_to(not missing, measured, "both", refusal)


def right_side(case: Case) -> Answer:
    """4.3: stop behind the entry and the touch, target ahead; a stop entry beyond the touch."""
    fault = _wrong_side(case)
    limit = "stop < entry < target" if case.request.side is Side.BUY else "target < entry < stop"
    return Answer("right" if fault is None else "wrong", limit, fault is None, fault)


def _wrong_side(case: Case) -> str | None:
    sign = case.request.side.sign
    behind, ahead = ("below", "above") if sign > 0 else ("above", "below")
    if case.entry is None:
        return "the entry price is unknown"
    if case.snapshot.entry_price is not None:
        return _fires_at_once(case, behind, ahead)
    if case.request.stop_loss is not None and case.risk is None:
        return f"the stop-loss of a {case.request.side.value} must be {behind} the entry {case.entry:f}"
    if case.request.take_profit is not None and case.reward is None:
        return f"the take-profit of a {case.request.side.value} must be {ahead} the entry {case.entry:f}"
    return _fires_at_once(case, behind, ahead)


def _fires_at_once(case: Case, behind: str, ahead: str) -> str | None:
    sign = case.request.side.sign
    closing, opening = (case.bid, case.ask) if sign > 0 else (case.ask, case.bid)
    if closing is None or opening is None:
        return "the price is unknown"
    held = case.snapshot.entry_price is not None
    if held and case.target is not None and (case.target - closing) * sign <= 0:
        return f"the take-profit must be {ahead} {closing:f}, where the position would be closed now"
    at_market = held or case.request.entry is EntryType.MARKET
    if at_market and case.stop is not None and (closing - case.stop) * sign <= 0:
        return f"the stop-loss must be {behind} {closing:f}, where the position would be closed now"
    if case.request.entry is EntryType.STOP and case.entry is not None and (case.entry - opening) * sign <= 0:
        return f"a {case.request.side.value} stop entry must be {ahead} the market at {opening:f}"
    return None


def venue_exits(case: Case) -> Answer:
    """4.4: the venue holds both exits."""
    attached = case.snapshot.attaches_exits
    refusal = f"{case.request.scope.broker} cannot hold both exits of this order itself"
    return held_to(attached, "attached" if attached else "not attached", "attached", refusal)


def quality(case: Case) -> Answer:
    """5.1: the stated quality if given, else the computed one."""
    limit, stated, computed = case.charter.min_quality, case.request.quality, quality_of(case)
    if stated is not None:
        beside = "" if computed is None else f"; computed {computed.score}"
        passed = limit <= stated <= 100  # noqa: PLR2004 - quality is out of 100
        refusal = f"stated quality {stated} is not {limit} to 100"
        return held_to(passed, f"{stated} stated", at_least(limit), refusal, f"stated{beside}")
    if case.is_risk_free:
        return Answer(_RISK_FREE, at_least(limit), passed=True)
    if computed is None:
        return Answer(UNKNOWN, at_least(limit), passed=False, detail="quality needs a price and both exits")
    weakest = min(computed.parts, key=lambda part: (part.score - 100) * part.weight)
    refusal = f"quality is {computed.score} of 100, {limit} is asked: {weakest.sentence}"
    return held_to(computed.score >= limit, str(computed.score), at_least(limit), refusal, weakest.sentence)


def timeframe(case: Case) -> Answer:
    """5.2: a strategy's bars are long enough."""
    found, allowed = case.request.timeframe, ", ".join(sorted(case.charter.timeframes))
    if found is None:
        return Answer("none stated", allowed, passed=True, detail="not a strategy's order, rule not applied")
    shown = found[:12]
    return held_to(found in case.charter.timeframes, shown, allowed, f"timeframe {shown} is not one of {allowed}")


def time_to_live(case: Case) -> Answer:
    """6.1: a resting entry ends in time."""
    limit = case.charter.max_ttl_min
    expires_ns = case.request.expires_ns
    if expires_ns is None:
        instant = case.request.entry is EntryType.MARKET
        refusal = "a resting entry must say when it expires"
        return held_to(instant, "none", at_most(limit, "min"), refusal, "a market entry does not rest")
    left_ns = expires_ns - case.snapshot.now_ns
    shown = up(Decimal(left_ns) / MINUTE_NS, "min")
    refusal = "the order has expired already"
    if left_ns > 0:
        refusal = f"the order would live {duration_text(left_ns)}; {limit} min is the most"
    return held_to(0 < left_ns <= limit * MINUTE_NS, shown, at_most(limit, "min"), refusal)


def life_in_window(case: Case) -> Answer:
    """6.4: a LIVE entry that rests ends with the window."""
    expires_ns, state = case.request.expires_ns, case.snapshot.arming
    if case.request.scope.mode is not Mode.LIVE:
        return Answer(case.request.scope.mode.value, "armed for live", passed=True, detail="not LIVE, rule not applied")
    if not state.is_armed:
        return Answer(UNKNOWN, "the end of the window", passed=False, detail="without a window nothing may rest")
    end = f"≤ {rfc3339(state.ends_ns)}"
    if expires_ns is None:
        instant = case.request.entry is EntryType.MARKET
        return held_to(instant, "none", end, "a resting entry must say when it expires", "a market entry does not rest")
    refusal = f"the order would rest until {rfc3339(expires_ns)}; the window ends {rfc3339(state.ends_ns)}"
    return held_to(expires_ns <= state.ends_ns, rfc3339(expires_ns), end, refusal)


def maximum_hold(case: Case) -> Answer:
    """6.2: somebody closes the position in time."""
    limit, hold = case.charter.max_hold_min, case.snapshot.hold_min
    if hold is None:
        refusal = f"nobody would close this position after {limit} min"
        return Answer("nobody closes it", at_most(limit, "min"), passed=False, detail=refusal)
    account = case.request.scope.account
    refusal = f"account {account} holds a position for {hold} min, fixed when it was created; {limit} min is the most"
    return held_to(0 < hold <= limit, f"{hold} min", at_most(limit, "min"), refusal)


def price_source(case: Case) -> Answer:
    """10.1: the quote comes from the account's own source."""
    found, own = case.snapshot.quote.source, case.snapshot.source
    return held_to(found == own, found, own, f"the price came from {found}; this account is priced by {own}")
