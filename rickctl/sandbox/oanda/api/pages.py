"""Lists of orders and trades a page at a time: the filters of a request, and the link to the page after."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar
from urllib.parse import urlencode

from rickctl.sandbox.oanda.api.call import read_number, refuse

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from rickctl.sandbox.oanda.api.call import Call, Desk, Headers

_USUAL = 50
_MOST = 500


class Numbered(Protocol):
    """An order or a trade."""

    @property
    def id(self) -> int:
        """Its number."""
        ...


_Row = TypeVar("_Row", bound=Numbered)


class Page(NamedTuple):
    """What a request wants to see; with `ids` the state does not matter."""

    ids: frozenset[int] | None
    state: str
    instrument: str | None
    most: int
    before: int | None

    def holds(self, number: int, instrument: str) -> bool:
        """Whether a row is asked for, its state aside. `beforeID` is the largest number to answer with."""
        return (
            (self.ids is None or number in self.ids)
            and (self.instrument is None or instrument == self.instrument)
            and (self.before is None or number <= self.before)
        )


def read_page(desk: Desk, call: Call, states: Collection[str], usual: str) -> Page:
    """The filters of a request. Raises Failure."""
    words = call.words("ids")
    ids = None if words is None else [read_number(word) for word in words]
    if ids is not None and None in ids:
        refuse("ids")
    instrument = call.text("instrument")
    if instrument is not None and instrument not in desk.exchange.instruments:
        refuse("instrument")
    return Page(
        ids=None if ids is None else frozenset(one for one in ids if one is not None),
        state=call.choice("state", states, usual),
        instrument=instrument,
        most=call.whole("count", lowest=1, highest=_MOST) or _USUAL,
        before=call.number("beforeID"),
    )


def page_of(rows: Sequence[_Row], page: Page, desk: Desk, call: Call) -> tuple[tuple[_Row, ...], Headers]:
    """The first rows, newest first, and a link to the next where there are more."""
    shown = tuple(rows[: page.most])
    if len(rows) <= page.most:
        return shown, ()
    asked = {name: ",".join(values) for name, values in call.request.query.items()}
    query = urlencode({**asked, "count": page.most, "beforeID": rows[page.most].id})
    where = call.url(desk.settings, call.request.path.removeprefix("/v3/"))
    return shown, (("Link", f'<{where}?{query}>; rel="next"'),)
