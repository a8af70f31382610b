"""A sane order, its moment and the shipped charter, for tests to change one thing at a time; asserts nothing."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from rickctl.domain.arming import NOT_LIVE, ArmState, Bindings, Moment, Person, Window
from rickctl.domain.charter import Charter, Counts, Exposure, Snapshot, parse_charter
from rickctl.domain.instants import HOUR_NS, MILLISECOND_NS, MINUTE_NS
from rickctl.domain.market import Instrument, InstrumentKind, Quote
from rickctl.domain.orders import EntryType, OrderRequest, Side
from rickctl.domain.scope import DEFAULT_SCOPE, Mode, Scope

NOW_NS = 1_800_000_000_000_000_000
LIVE = Scope(Mode.LIVE, "oanda", "001-001-1234567-001")
SHIPPED_TEXT = (Path(__file__).parents[2] / "rickctl" / "charter.toml").read_text(encoding="utf-8")


def shipped(**changes: Any) -> Charter:  # noqa: ANN401 - any field of the charter
    parsed = parse_charter(SHIPPED_TEXT)
    assert parsed.charter is not None, parsed.findings
    return replace(parsed.charter, **changes)


def instrument(kind: InstrumentKind = InstrumentKind.FX, **changes: Any) -> Instrument:  # noqa: ANN401 - any field
    plain = Instrument(
        symbol="EUR_USD",
        base_currency="EUR",
        quote_currency="USD",
        kind=kind,
        pip_location=-4,
        price_increment=Decimal("0.00001"),
        unit_increment=Decimal("0.00000001") if kind is InstrumentKind.CRYPTO else Decimal(1),
        minimum_units=Decimal("0.00000001") if kind is InstrumentKind.CRYPTO else Decimal(1),
        maximum_units=Decimal(100_000_000),
        margin_rate=Decimal("0.02"),
        calendar="fx",
    )
    return plain._replace(**changes)


def quote(**changes: Any) -> Quote:  # noqa: ANN401 - any field
    plain = Quote(
        symbol="EUR_USD",
        bid=Decimal("1.08512"),
        ask=Decimal("1.08520"),
        source="sim:v1",
        tradeable=True,
        changed_ns=NOW_NS - 200 * MILLISECOND_NS,
        asserted_ns=NOW_NS - 100 * MILLISECOND_NS,
        received_ns=NOW_NS,
    )
    return plain._replace(**changes)


def snapshot(**changes: Any) -> Snapshot:  # noqa: ANN401 - any field
    plain = Snapshot(
        now_ns=NOW_NS,
        quote=quote(),
        instrument=instrument(),
        source="sim:v1",
        market_open=True,
        sealed_for=frozenset({Mode.PAPER}),
        currency="USD",
        equity=Decimal(100_000),
        day_start_equity=Decimal(100_000),
        peak_equity=Decimal(100_000),
        day_start_ns=NOW_NS - 5 * HOUR_NS,
        margin_available=Decimal(100_000),
        quote_to_account=Decimal(1),
        base_to_account=Decimal("1.08516"),
        hold_min=360,
        attaches_exits=True,
        recent_range=Decimal("0.0009"),
        next_close_ns=NOW_NS + 5 * HOUR_NS,
    )
    return replace(plain, **changes)


def order(**changes: Any) -> OrderRequest:  # noqa: ANN401 - any field
    plain = OrderRequest(
        scope=DEFAULT_SCOPE,
        symbol="EUR_USD",
        side=Side.BUY,
        units=Decimal(10_000),
        entry=EntryType.MARKET,
        price=None,
        stop_loss=Decimal("1.08320"),
        take_profit=Decimal("1.08920"),
    )
    return replace(plain, **changes)


def counts(**changes: int) -> Snapshot:
    return snapshot(counts=replace(Counts(), **changes))


def carrying(**changes: Decimal) -> Snapshot:
    return snapshot(exposure=replace(Exposure(), **changes))


def armed(left_ns: int, *, scope: Scope = LIVE, charter: Charter | None = None) -> ArmState:
    """A window for `scope` under the shipped charter that stands for `left_ns` more."""
    bindings = Bindings((charter or shipped()).hash, "5701e1d0", "", "")
    window = Window(
        number=7,
        scope=scope,
        bindings=bindings,
        opened=Moment(NOW_NS - HOUR_NS, 0, "boot"),
        wall_end_ns=NOW_NS + left_ns,
        boot_end_ns=HOUR_NS + left_ns,
        reason="",
        by=Person(1000, "/dev/pts/1"),
    )
    return ArmState(scope=scope, window=window, cause=None, ends_ns=NOW_NS + left_ns, left_ns=left_ns)


def live(**changes: Any) -> Snapshot:  # noqa: ANN401 - any field
    """A moment in which only the window stands between an order and real money."""
    return snapshot(**{"sealed_for": frozenset({Mode.LIVE}), "arming": armed(20 * MINUTE_NS), **changes})


BROKEN_LIVE = {
    "1.6": (order(scope=LIVE), live(arming=NOT_LIVE)),
    "6.4": (
        order(scope=LIVE, entry=EntryType.LIMIT, price=Decimal("1.08520"), expires_ns=NOW_NS + 20 * MINUTE_NS + 1),
        live(),
    ),
}
"""A LIVE order without a window, and one that outlives its window."""
