"""The catalogue: what the simulated market lists, as one table of text and integers; it quotes nothing.

Metadata is what OANDA v20 (currencies, metals, indices) and Coinbase Advanced (crypto) publish for these symbols.
Coinbase has no pips: there a pip is a round step of about a hundredth of a percent. Margin rates of currencies are
those of OANDA's accounts in the United States: the riskier of the two decides. Crypto is spot, fully paid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from rickctl.domain.market import Instrument, InstrumentKind


class Listing(NamedTuple):
    """One row: metadata as text, and how the simulated market should behave.

    `level` is the price it returns to, `spread_ticks` the usual spread in price increments, `volatility_bp` a year's
    standard deviation in basis points, `depth` the units usually offered at the touch.
    """

    symbol: str
    kind: InstrumentKind
    pip_location: int
    price_increment: str
    unit_increment: str
    maximum_units: str
    margin_rate: str
    level: str
    spread_ticks: int
    volatility_bp: int
    depth: str

    def instrument(self) -> Instrument:
        """The row as the instrument everything else uses; the smallest order is one unit increment."""
        base, quote = self.symbol.replace("-", "_").split("_")
        return Instrument(
            symbol=self.symbol,
            base_currency=base,
            quote_currency=quote,
            kind=self.kind,
            pip_location=self.pip_location,
            price_increment=Decimal(self.price_increment),
            unit_increment=Decimal(self.unit_increment),
            minimum_units=Decimal(self.unit_increment),
            maximum_units=Decimal(self.maximum_units),
            margin_rate=Decimal(self.margin_rate),
            calendar=self.kind.value,
        )


_HALF_SIZED = frozenset({"GBP_USD", "GBP_JPY"})
"""The venue takes half the usual order in these."""


def _currencies(symbol: str, margin: str, level: str, spread: int, volatility: int, depth: str) -> Listing:
    pip, increment = (-2, "0.001") if symbol.endswith("JPY") else (-4, "0.00001")
    largest = "50000000" if symbol in _HALF_SIZED else "100000000"
    return Listing(symbol, InstrumentKind.FX, pip, increment, "1", largest, margin, level, spread, volatility, depth)


def _index(symbol: str, largest: str, level: str, spread: int, volatility: int) -> Listing:
    return Listing(symbol, InstrumentKind.INDEX, 0, "0.1", "0.1", largest, "0.05", level, spread, volatility, "50")


def _coin(symbol: str, pip: int, largest: str, level: str, spread: int, volatility: int, depth: str) -> Listing:
    return Listing(
        symbol, InstrumentKind.CRYPTO, pip, "0.01", "0.00000001", largest, "1", level, spread, volatility, depth
    )


_ROWS = (
    _currencies("EUR_USD", "0.02", "1.08500", 14, 720, "3000000"),
    _currencies("GBP_USD", "0.05", "1.27000", 18, 840, "2000000"),
    _currencies("USD_JPY", "0.05", "148.000", 15, 960, "3000000"),
    _currencies("USD_CHF", "0.04", "0.88500", 16, 760, "2000000"),
    _currencies("USD_CAD", "0.02", "1.36000", 18, 640, "2000000"),
    _currencies("AUD_USD", "0.03", "0.66000", 14, 980, "2000000"),
    _currencies("NZD_USD", "0.03", "0.60500", 17, 1000, "1500000"),
    _currencies("EUR_GBP", "0.05", "0.85500", 15, 560, "1500000"),
    _currencies("EUR_JPY", "0.05", "160.500", 20, 900, "1500000"),
    _currencies("EUR_CHF", "0.04", "0.96000", 18, 540, "1500000"),
    _currencies("EUR_CAD", "0.02", "1.47500", 26, 680, "1000000"),
    _currencies("EUR_AUD", "0.03", "1.64500", 27, 820, "1000000"),
    _currencies("EUR_NZD", "0.03", "1.79500", 36, 860, "1000000"),
    _currencies("EUR_SEK", "0.03", "11.35000", 480, 700, "1000000"),
    _currencies("EUR_NOK", "0.07", "11.60000", 560, 860, "1000000"),
    _currencies("GBP_JPY", "0.05", "188.000", 30, 1020, "1000000"),
    _currencies("GBP_CHF", "0.05", "1.12400", 30, 780, "1000000"),
    _currencies("GBP_CAD", "0.05", "1.72500", 34, 760, "1000000"),
    _currencies("GBP_AUD", "0.05", "1.92500", 34, 860, "1000000"),
    _currencies("AUD_JPY", "0.05", "97.700", 20, 1120, "1000000"),
    _currencies("AUD_CAD", "0.03", "0.89800", 22, 760, "1000000"),
    _currencies("AUD_NZD", "0.03", "1.09100", 24, 580, "1000000"),
    _currencies("CAD_JPY", "0.05", "108.800", 22, 980, "1000000"),
    _currencies("CHF_JPY", "0.05", "167.200", 26, 920, "1000000"),
    _currencies("NZD_JPY", "0.05", "89.500", 22, 1120, "1000000"),
    _currencies("USD_SEK", "0.03", "10.45000", 420, 1040, "1000000"),
    _currencies("USD_NOK", "0.07", "10.70000", 480, 1160, "1000000"),
    _currencies("USD_MXN", "0.1", "17.80000", 560, 1240, "1000000"),
    _currencies("USD_ZAR", "0.07", "18.60000", 980, 1480, "1000000"),
    _currencies("USD_SGD", "0.05", "1.34500", 24, 440, "1000000"),
    Listing("XAU_USD", InstrumentKind.METAL, -2, "0.001", "0.1", "20000", "0.05", "2350.000", 420, 1450, "300"),
    Listing("XAG_USD", InstrumentKind.METAL, -4, "0.00001", "1", "500000", "0.1", "28.50000", 2200, 2700, "10000"),
    _index("SPX500_USD", "10000", "5450.0", 5, 1500),
    _index("NAS100_USD", "2000", "19200.0", 17, 2000),
    _index("DE30_EUR", "1000", "18300.0", 12, 1550),
    _coin("BTC-USD", 0, "3400", "64000.00", 180, 5200, "0.8"),
    _coin("ETH-USD", -1, "42000", "3150.00", 24, 6400, "12"),
    _coin("SOL-USD", -2, "410000", "148.00", 3, 8200, "260"),
)

CATALOGUE: dict[str, Listing] = {row.symbol: row for row in _ROWS}
"""Every listing by canonical symbol."""


class Instruments(Mapping[str, Instrument]):
    """The catalogue as instruments, each built when first asked for."""

    def __init__(self) -> None:
        self._built: dict[str, Instrument] = {}

    def __getitem__(self, symbol: str) -> Instrument:
        """The instrument of a canonical symbol; raises KeyError."""
        if symbol not in self._built:
            self._built[symbol] = CATALOGUE[symbol].instrument()
        return self._built[symbol]

    def __iter__(self) -> Iterator[str]:
        """Symbols in the catalogue's order."""
        return iter(CATALOGUE)

    def __len__(self) -> int:
        """How many instruments are listed."""
        return len(CATALOGUE)
