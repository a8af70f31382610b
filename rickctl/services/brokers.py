"""What brokers there are and what each can do; one that is broken is named and the others still work."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.errors import RickctlError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rickctl.domain.ports import Broker, Link

Opener = tuple[str, str, "Callable[[], Broker]"]


class BrokerRow(NamedTuple):
    """One installed broker; `broker` is None and `fault` says why where it cannot be opened."""

    name: str
    package: str
    broker: Broker | None
    link: Link | None
    fault: str | None


def report_brokers(openers: Sequence[Opener], *, with_link: bool) -> list[BrokerRow]:
    """Open each broker; with `with_link` ask each whether it is there."""
    return [_row(name, package, opener, with_link=with_link) for name, package, opener in openers]


def _row(name: str, package: str, opener: Callable[[], Broker], *, with_link: bool) -> BrokerRow:
    try:
        broker = opener()
        return BrokerRow(name, package, broker, broker.link() if with_link else None, None)
    except RickctlError as error:
        return BrokerRow(name, package, None, None, error.message)
