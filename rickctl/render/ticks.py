"""One streamed quote as one line of JSON, the same text as any other way, at a tenth of the price; computes no more.

Thousands of lines a second differ in a few figures: what stays the same from line to line is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.domain.instants import MILLISECOND_NS, SECOND_NS, rfc3339
from rickctl.render.prices import QUOTE_FIELDS, quote_record
from rickctl.render.write import json_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rickctl.domain.market import Quote
    from rickctl.services.quotes import QuoteRow

_NONE: tuple[None, str] = (None, "")
_MOST_KEPT = 10_000
_AGE = QUOTE_FIELDS.index("age_seconds")
_HALF_MS = MILLISECOND_NS // 2
_THOUSANDTHS = [f".{number:03d}" for number in range(1000)]


class QuoteLines:
    """Lines of quotes of one account; keeps texts by price and the last second's, bounded."""

    def __init__(self) -> None:
        self._heads: dict[tuple[int, int], tuple[Quote, str]] = {}
        self._second, self._text = -1, ""
        self._received_ns, self._received = -1, ""

    def text(self, rows: Sequence[QuoteRow]) -> str:
        """The quotes as JSON, a line each."""
        lines: list[str] = []
        heads = self._heads
        for row in rows:
            _, _, quote, now_ns = row
            symbol, bid, ask, source, tradeable, changed_ns, asserted_ns, received_ns, last = quote
            # By identity: 1.10 and 1.1 are one number and two texts, and a source hands out one object for one text.
            like, head = heads.get((id(bid), id(ask)), _NONE)
            if (
                like is None
                or like.bid is not bid
                or like.ask is not ask
                or like.tradeable is not tradeable
                or like.last is not last
                or like.symbol != symbol
                or like.source != source
            ):
                head = self._head(row)
            age_ms, rest_ns = divmod(now_ns - asserted_ns, MILLISECOND_NS)
            if rest_ns >= _HALF_MS and (rest_ns > _HALF_MS or age_ms & 1):
                age_ms += 1  # half to even, as exact arithmetic rounds
            sign, age_ms = ("", age_ms) if age_ms >= 0 else ("-", -age_ms)
            second, fraction = divmod(changed_ns, SECOND_NS)
            if second == self._second and fraction % 1000:
                changed = f"{self._text}.{str(fraction + SECOND_NS)[1:]}Z"
            else:
                changed = self._instant(second, fraction)
            asserted = changed if asserted_ns == changed_ns else rfc3339(asserted_ns)
            if received_ns != self._received_ns:
                self._received_ns, self._received = received_ns, f'", "received_at": "{rfc3339(received_ns)}"}}\n'
            lines.append(
                f'{head}{sign}{age_ms // 1000}{_THOUSANDTHS[age_ms % 1000]}", "changed_at": "{changed}", '
                f'"asserted_at": "{asserted}{self._received}'
            )
        return "".join(lines)

    def _head(self, row: QuoteRow) -> str:
        """Everything of the line before the figures that differ from quote to quote."""
        quote, record = row.quote, quote_record(row)
        head = json_text({name: record[name] for name in QUOTE_FIELDS[:_AGE]})[:-1] + ', "age_seconds": "'
        if len(self._heads) >= _MOST_KEPT:
            self._heads.clear()
        self._heads[id(quote.bid), id(quote.ask)] = quote, head
        return head

    def _instant(self, second: int, fraction: int) -> str:
        """As `rfc3339`; most instants of a stream share the second of the one before."""
        if second != self._second:
            self._second, self._text = second, rfc3339(second * SECOND_NS)[:-1]
        if not fraction:
            return self._text + "Z"
        if fraction % 1000:
            return f"{self._text}.{str(fraction + SECOND_NS)[1:]}Z"
        if fraction % MILLISECOND_NS:
            return f"{self._text}.{fraction // 1000:06d}Z"
        return f"{self._text}{_THOUSANDTHS[fraction // MILLISECOND_NS]}Z"
