"""What the rules measure, worked out once per check and made safe: anything unknown or not a number is None."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from rickctl.domain.instants import SECOND_NS
from rickctl.domain.orders import EntryType, Side
from rickctl.domain.quality import QualityInputs, assess

if TYPE_CHECKING:
    from rickctl.domain.charter.rules import Action
    from rickctl.domain.charter.snapshot import Snapshot
    from rickctl.domain.charter.values import Charter
    from rickctl.domain.orders import OrderRequest
    from rickctl.domain.quality import Quality


def finite(value: Decimal | None) -> Decimal | None:
    """The value if it is a number at all."""
    return value if value is not None and value.is_finite() else None


def positive(value: Decimal | None) -> Decimal | None:
    """The value if it is a number above zero."""
    return value if value is not None and value.is_finite() and value > 0 else None


def product(*factors: Decimal | None) -> Decimal | None:
    """The product, None when any factor is unknown."""
    result = Decimal(1)
    for factor in factors:
        if factor is None:
            return None
        result *= factor
    return result


def total(*terms: Decimal | None) -> Decimal | None:
    """The sum, None when any term is unknown."""
    result = Decimal(0)
    for term in terms:
        if term is None:
            return None
        result += term
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One order before the charter. Prices in quote currency, notional in the charter's, risk in the account's."""

    action: Action
    request: OrderRequest
    snapshot: Snapshot
    charter: Charter
    bid: Decimal | None
    ask: Decimal | None
    entry: Decimal | None
    stop: Decimal | None
    target: Decimal | None
    units: Decimal | None
    to_charter: Decimal | None
    order_notional: Decimal | None
    position_notional: Decimal | None
    account_notional: Decimal | None
    added_notional: Decimal | None

    @property
    def mid(self) -> Decimal | None:
        """Halfway between bid and ask."""
        return None if self.bid is None or self.ask is None else (self.bid + self.ask) / 2

    @property
    def risk(self) -> Decimal | None:
        """Price lost per unit at the stop; None unless it is on the losing side."""
        return self._ahead(self.entry, self.stop, -self.request.side.sign)

    @property
    def reward(self) -> Decimal | None:
        """Price won per unit at the target; None unless it is on the winning side."""
        return self._ahead(self.entry, self.target, self.request.side.sign)

    @property
    def is_risk_free(self) -> bool:
        """Whether an open position's stop has reached its entry, so that the stop can no longer lose."""
        if self.snapshot.entry_price is None or self.entry is None or self.stop is None:
            return False
        return (self.stop - self.entry) * self.request.side.sign >= 0

    @property
    def has_fees(self) -> bool:
        """Whether the account pays commission."""
        return not self.snapshot.commission.is_free

    @property
    def risk_amount(self) -> Decimal | None:
        """Loss at the stop in account currency, fees in and out included."""
        if not self.is_risk_free:
            return total(self._amount(self.risk), self._fees(self.stop))
        if not self.has_fees:
            return Decimal(0)
        lost = self._result(self.stop)
        return None if lost is None else max(-lost, Decimal(0))

    @property
    def stakes(self) -> tuple[Decimal, Decimal] | None:
        """Loss at the stop (above zero) and gain at the target: in price, or in account currency after known fees."""
        if self.risk is None or self.reward is None:
            return None
        if not self.has_fees:
            return self.risk, self.reward
        lost, won = self.risk_amount, self._result(self.target)
        return None if lost is None or won is None else (lost, won)

    def _result(self, exit_price: Decimal | None) -> Decimal | None:
        """What the order brings at an exit after fees in and out, in account currency."""
        fees = self._fees(exit_price)
        if self.entry is None or exit_price is None or fees is None:
            return None
        return total(self._amount((exit_price - self.entry) * self.request.side.sign), -fees)

    def _amount(self, distance: Decimal | None) -> Decimal | None:
        return product(self.units, distance, positive(self.snapshot.quote_to_account))

    def _fees(self, exit_price: Decimal | None) -> Decimal | None:
        """Commission of the entry and of an exit at that price; None where it cannot be known."""
        commission, rate = self.snapshot.commission, positive(self.snapshot.quote_to_account)
        if _known(commission.share) is None or _known(commission.per_order) is None:
            return None
        if self.units is None or self.entry is None or exit_price is None or rate is None:
            return None
        return commission.round_trip(self.units, self.entry, exit_price, rate)

    @staticmethod
    def _ahead(entry: Decimal | None, exit_price: Decimal | None, sign: int) -> Decimal | None:
        if entry is None or exit_price is None:
            return None
        return positive((exit_price - entry) * sign)


def build_case(action: Action, request: OrderRequest, snapshot: Snapshot, charter: Charter) -> Case:
    """Measure an order against its moment; raises nothing whatever the numbers are."""
    bid, ask = positive(snapshot.quote.bid), positive(snapshot.quote.ask)
    units = positive(request.units)
    to_charter = _to_charter(snapshot, charter)
    unit_value = product(positive(snapshot.base_to_account), to_charter)
    before, after = _worst_units(request.side, Decimal(0), snapshot), None
    if units is not None:
        after = _worst_units(request.side, units, snapshot)
    position = product(after, unit_value)
    added = None if before is None or after is None else product(max(after - before, Decimal(0)), unit_value)
    return Case(
        action=action,
        request=request,
        snapshot=snapshot,
        charter=charter,
        bid=bid,
        ask=ask,
        entry=_entry(request, snapshot, bid, ask),
        stop=positive(request.stop_loss),
        target=positive(request.take_profit),
        units=units,
        to_charter=to_charter,
        order_notional=product(units, unit_value),
        position_notional=position,
        account_notional=total(position, product(_known(snapshot.exposure.others_notional), to_charter)),
        added_notional=added,
    )


def quality_of(case: Case) -> Quality | None:
    """The computed quality; None where the order or its price cannot be measured."""
    if case.risk is None or case.reward is None or case.bid is None or case.ask is None or case.entry is None:
        return None
    stakes = case.stakes
    if stakes is None:
        return None
    snapshot, charter = case.snapshot, case.charter
    touch = case.ask if case.request.side is Side.BUY else case.bid
    carried = case.account_notional
    return assess(
        QualityInputs(
            risk=case.risk,
            reward=case.reward,
            after_fees=stakes[1] / stakes[0] if case.has_fees else None,
            spread=max(case.ask - case.bid, Decimal(0)),
            entry_distance=abs(case.entry - touch),
            recent_range=positive(snapshot.recent_range),
            quote_age_ns=snapshot.quote.age_ns(snapshot.now_ns),
            max_age_ns=int(charter.max_quote_age_seconds * SECOND_NS),
            closes_in_ns=_closes_in(snapshot),
            exposure_share=None if carried is None else carried / charter.max_exposure,
        )
    )


def _closes_in(snapshot: Snapshot) -> int | None:
    """Time to the close: none left in a closed market, None where trading does not stop."""
    if not snapshot.market_open:
        return 0
    return None if snapshot.next_close_ns is None else snapshot.next_close_ns - snapshot.now_ns


def _entry(request: OrderRequest, snapshot: Snapshot, bid: Decimal | None, ask: Decimal | None) -> Decimal | None:
    if snapshot.entry_price is not None:
        return positive(snapshot.entry_price)
    if request.entry is EntryType.MARKET:
        return ask if request.side is Side.BUY else bid
    return positive(request.price)


def _to_charter(snapshot: Snapshot, charter: Charter) -> Decimal | None:
    if snapshot.account_to_charter is None and snapshot.currency == charter.currency:
        return Decimal(1)
    return positive(snapshot.account_to_charter)


def _known(value: Decimal | None) -> Decimal | None:
    """An amount already carried: never negative, so that no caller's sign can make room."""
    found = finite(value)
    return None if found is None or found < 0 else found


def _worst_units(side: Side, units: Decimal, snapshot: Snapshot) -> Decimal | None:
    """The larger side of the position if all entries on one side fill and none on the other."""
    exposure = snapshot.exposure
    held = finite(exposure.position_units)
    buys = total(_known(exposure.working_buy_units), _known(exposure.unknown_buy_units))
    sells = total(_known(exposure.working_sell_units), _known(exposure.unknown_sell_units))
    if held is None or buys is None or sells is None:
        return None
    if side is Side.BUY:
        buys += units
    else:
        sells += units
    return max(abs(held + buys), abs(held - sells))
