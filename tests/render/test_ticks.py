"""The short way to a streamed line prints what the long way prints, to the letter."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from rickctl.domain.instants import SECOND_NS
from rickctl.domain.instruments import Instruments
from rickctl.domain.market import Quote
from rickctl.domain.scope import parse_scope
from rickctl.render.prices import quotes_view
from rickctl.render.ticks import QuoteLines
from rickctl.render.write import json_text
from rickctl.services.quotes import QuoteRow

SCOPE = parse_scope("practice:oanda:101-001-1234567-001")
PRICES = st.none() | st.decimals("0.00001", "99999", places=5) | st.sampled_from([Decimal("1.10"), Decimal("1.1")])
NEAR = st.integers(-3 * SECOND_NS, 8 * SECOND_NS) | st.integers(-3000, 8000).map(lambda ms: ms * 1_000_000)
INSTANTS = NEAR.map(lambda near_ns: 1_795_255_200 * SECOND_NS + near_ns)


def rows(symbol: str) -> st.SearchStrategy[QuoteRow]:
    """Rows of one symbol with anything a source may say."""
    quotes = st.builds(
        Quote, symbol=st.just(symbol), bid=PRICES, ask=PRICES, source=st.sampled_from(["oanda-live", "a “b”\u202e\n"]),
        tradeable=st.booleans(), changed_ns=INSTANTS, asserted_ns=INSTANTS, received_ns=INSTANTS, last=PRICES,
    )  # fmt: skip
    instrument = Instruments()[symbol]
    return st.builds(QuoteRow, scope=st.just(SCOPE), instrument=st.just(instrument), quote=quotes, now_ns=INSTANTS)


@given(st.lists(rows("EUR_USD") | rows("USD_JPY") | rows("BTC-USD"), max_size=6))
def test_a_streamed_line_is_the_line_of_any_other_way(found: list[QuoteRow]) -> None:
    lines = QuoteLines()
    expected = "".join(json_text(record) + "\n" for record in quotes_view(found).flat())
    assert lines.text(found) == expected
    assert "".join(lines.text([row]) for row in found) == expected


def test_more_prices_than_are_kept_are_printed_all_the_same() -> None:
    lines = QuoteLines()
    instrument = Instruments()["EUR_USD"]
    for number in range(1, 10_020):
        price = Decimal(number).scaleb(-5)
        quote = Quote(
            "EUR_USD", price, price, "sim", tradeable=True, changed_ns=0, asserted_ns=0, received_ns=number * SECOND_NS
        )
        assert f'"bid": "{price:f}"' in lines.text([QuoteRow(SCOPE, instrument, quote, 0)])
