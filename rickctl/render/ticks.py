"""One streamed quote as one line of JSON, the same text as any other way, at a tenth of the price; computes no more.

Thousands of lines a second differ in a few figures: what stays the same from line to line is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from rickctl.domain.instants import MILLISECOND_NS, SECOND_NS, rfc3339
from rickctl.render.prices import QUOTE_FIELDS, quote_record
from rickctl.render.write import json_text

if TYPE_CHECKING:
    from rickctl.domain.market import Quote
    from rickctl.services.quotes import QuoteRow

Key = TypeVar("Key")
Text = TypeVar("Text")
_NONE: tuple[None, str] = (None, "")
_MOST_KEPT = 10_000
_AGE = QUOTE_FIELDS.index("age_seconds")
_HALF_MS = MILLISECOND_NS // 2


class QuoteLines:
    """Lines of quotes of one account; keeps texts by price and by second, bounded."""

    def __init__(self) -> None:
        self._heads: dict[tuple[str, int, int, bool], tuple[Quote, str]] = {}
        self._seconds: dict[int, str] = {}
        self._received: tuple[int, str] = (-1, "")

    def line(self, row: QuoteRow) -> str:
        """The quote as JSON, without a line end."""
        _, _, quote, now_ns = row
        symbol, bid, ask, source, tradeable, changed_ns, asserted_ns, received_ns, last = quote
        # By identity: 1.10 and 1.1 are one number and two texts, and a source hands out one object for one text.
        kept, head = self._heads.get((symbol, id(bid), id(ask), tradeable), _NONE)
        if kept is None or kept[1] is not bid or kept[2] is not ask or kept[3] != source or kept[8] is not last:
            head = self._head(row)
        age_ms, rest_ns = divmod(now_ns - asserted_ns, MILLISECOND_NS)
        if rest_ns >= _HALF_MS and (rest_ns > _HALF_MS or age_ms & 1):
            age_ms += 1
        sign, age_ms = ("", age_ms) if age_ms >= 0 else ("-", -age_ms)
        changed = self._instant(changed_ns)
        asserted = changed if asserted_ns == changed_ns else self._instant(asserted_ns)
        if received_ns != self._received[0]:
            self._received = received_ns, self._instant(received_ns)
        return (
            f'{head}{sign}{age_ms // 1000}.{age_ms % 1000:03d}", "changed_at": "{changed}", '
            f'"asserted_at": "{asserted}", "received_at": "{self._received[1]}"}}'
        )

    def _head(self, row: QuoteRow) -> str:
        """Everything of the line before the figures that differ from quote to quote."""
        quote, record = row.quote, quote_record(row)
        head = json_text({name: record[name] for name in QUOTE_FIELDS[:_AGE]})[:-1] + ', "age_seconds": "'
        key = quote.symbol, id(quote.bid), id(quote.ask), quote.tradeable
        _bounded(self._heads)[key] = quote, head
        return head

    def _instant(self, at_ns: int) -> str:
        """As `rfc3339`; most instants of a stream share their second."""
        second, fraction = divmod(at_ns, SECOND_NS)
        text = self._seconds.get(second)
        if text is None:
            text = _bounded(self._seconds)[second] = rfc3339(second * SECOND_NS)[:-1]
        if not fraction:
            return text + "Z"
        if fraction % 1000:
            return f"{text}.{fraction:09d}Z"
        if fraction % MILLISECOND_NS:
            return f"{text}.{fraction // 1000:06d}Z"
        return f"{text}.{fraction // MILLISECOND_NS:03d}Z"


def _bounded(kept: dict[Key, Text]) -> dict[Key, Text]:
    """The same, emptied where it has grown too large."""
    if len(kept) >= _MOST_KEPT:
        kept.clear()
    return kept
