"""What the machines draw: an account's terms, an entry, how long to wait, what is on offer."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from hypothesis import strategies as st

from rickctl.domain.account import AccountConfig
from rickctl.domain.instants import HOUR_NS, MILLISECOND_NS, MINUTE_NS, SECOND_NS
from rickctl.domain.models import parse_commission, parse_slippage, parse_spread
from rickctl.domain.orders import Side
from rickctl.domain.records import AccountKind

LENGTHS = st.sampled_from(
    [1, 250 * MILLISECOND_NS, 400 * MILLISECOND_NS, SECOND_NS, 7 * SECOND_NS, 30 * SECOND_NS, MINUTE_NS]
)
SIZES = st.sampled_from([None, None, None, 0, 400, 700, 5000])
MARGIN = {"EUR_USD": "1.08000", "USD_JPY": "150.000"}
SPOT = {"BTC-USD": "90000.00", "ETH-USD": "3000.00"}

CONFIGS = st.builds(
    lambda kind, currency, spread, slippage, latency, commission, balance, hold: AccountConfig(
        kind=kind,
        currency="USD" if kind is AccountKind.SPOT else currency,
        spread=parse_spread(spread),
        slippage=parse_slippage(slippage),
        latency_ns=latency,
        commission=parse_commission(commission),
        balance=Decimal(balance) * (150 if currency == "JPY" and kind is AccountKind.MARGIN else 1),
        max_hold_ns=hold,
    ),
    st.sampled_from([AccountKind.MARGIN, AccountKind.MARGIN, AccountKind.MARGIN, AccountKind.SPOT]),
    st.sampled_from(["USD", "USD", "EUR", "JPY"]),
    st.sampled_from(["source", "source", "x1.5", "x0.5", "fixed:0.4p"]),
    st.sampled_from(["none", "fixed:0.3p", "random:0.5p"]),
    st.sampled_from([0, 50 * MILLISECOND_NS, 3 * SECOND_NS]),
    st.sampled_from(["none", "0.1%", "2.50/order", "35/million"]),
    st.sampled_from([500, 1000, 60_000]),
    st.sampled_from([90 * SECOND_NS, 6 * HOUR_NS]),
)


class Entry(NamedTuple):
    """An entry as drawn; distances in hundred-thousandths of the price."""

    pick: int
    side: Side
    verb: str
    units: int
    away: int
    risk: int
    reward: int
    has_exits: bool
    trailing: int | None
    life_ns: int | None


ENTRIES = st.builds(
    Entry,
    pick=st.integers(0, 1),
    side=st.sampled_from(list(Side)),
    verb=st.sampled_from(["market", "market", "limit", "stop"]),
    units=st.sampled_from([1, 300, 1000, 5000, 46_000]),
    away=st.integers(1, 120),
    risk=st.integers(-5, 200),
    reward=st.integers(5, 200),
    has_exits=st.sampled_from([True, True, True, False]),
    trailing=st.sampled_from([None, None, 15, 60]),
    life_ns=st.sampled_from([None, 20 * SECOND_NS, 61 * SECOND_NS, HOUR_NS]),
)
