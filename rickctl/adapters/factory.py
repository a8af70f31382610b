"""Opens the price source or broker a name stands for and imports only that one; knows names, never rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.errors import RickctlError, SetupError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rickctl.adapters.replay import ReplayMarket
    from rickctl.domain.market import TapeCounts
    from rickctl.domain.ports import Broker, Market, Surroundings

ENTRY_POINTS = "rickctl.brokers"


class OpenedMarket(NamedTuple):
    """A market, the text that opens it again from anywhere, and the mark of its content (None where it has none)."""

    market: Market
    location: str
    fingerprint: str | None = None
    tape: TapeCounts | None = None


def open_market(source: str, *, seed: int = 0, expected: str | None = None) -> OpenedMarket:
    """The market of `sim` or `replay:FILE`; a tape whose content is not `expected` refuses.

    Raises UsageError for another name or a bad tape, SetupError for a changed one, Unreachable for one that is away.
    """
    kind = source.partition(":")[0].lower()
    if kind == "sim":
        from rickctl.adapters.sim import SimMarket  # noqa: PLC0415 - one source is imported, not all

        market = SimMarket(seed=seed)
        if source.lower() not in {"sim", market.source}:
            message = f"this version of rickctl has {market.source}, not {source}"
            raise UsageError(message, code="unknown_source")
        return OpenedMarket(market, market.source)
    if kind == "replay":
        from rickctl.adapters.replay import open_tape  # noqa: PLC0415
        from rickctl.domain.instruments import Instruments  # noqa: PLC0415

        tape = open_tape(source, Instruments(), expected_hash=expected)
        return OpenedMarket(tape, tape.location, tape.fingerprint, _counts(tape))
    message = f"price source {source!r} is not sim or replay:FILE"
    raise UsageError(message, code="unknown_source", hint="rickctl account create --help")


def _counts(tape: ReplayMarket) -> TapeCounts:
    """What a tape held and what of it trades nothing, today's calendar asked too."""
    from rickctl.domain.hours import is_open  # noqa: PLC0415 - only a tape asks
    from rickctl.domain.market import TapeCounts  # noqa: PLC0415

    [instrument] = tape.instruments.values()
    found = tape.report(lambda at_ns: is_open(instrument.calendar, at_ns))
    return TapeCounts(
        rows=found.rows,
        used=found.used,
        crossed=found.crossed,
        impossible=found.impossible + found.not_positive,
        unmatched=found.unmatched_bid + found.unmatched_ask,
        duplicates=found.duplicates,
        gaps=found.gaps,
        gap_ns=found.gap_ns,
        closed_rows=found.closed_rows or 0,
        first_ns=found.first_ns,
        last_ns=found.last_ns,
    )


class Offer(NamedTuple):
    """A broker that is installed: its name, the package it comes from, and how to open it."""

    name: str
    package: str
    load: Callable[[], Broker]


def _paper() -> Broker:
    from rickctl.adapters.paper import Paper  # noqa: PLC0415 - one broker is imported, not all

    return Paper()


def _oanda(surroundings: Surroundings) -> Broker:
    from rickctl.adapters.oanda import Oanda  # noqa: PLC0415 - one broker is imported, not all

    return Oanda(surroundings)


def offers(surroundings: Surroundings) -> Iterator[Offer]:
    """Every installed broker, those of this package first; a third party cannot take their names."""
    own = (Offer("paper", "rickctl", _paper), Offer("oanda", "rickctl", lambda: _oanda(surroundings)))
    yield from own
    from importlib.metadata import entry_points  # noqa: PLC0415 - only a look past our own brokers needs it

    taken = {offer.name for offer in own}
    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda found: found.name):
        if point.name.lower() not in taken:
            package = point.dist.name if point.dist else "unknown"
            yield Offer(point.name.lower(), package, lambda found=point: found.load()())  # type: ignore[misc]


def open_broker(offer: Offer) -> Broker:
    """The broker of an offer. Raises SetupError where its package is broken or lacks something."""
    try:
        return offer.load()
    except RickctlError:
        raise
    except Exception as error:
        message = f"broker {offer.name} of {offer.package} cannot be opened: {type(error).__name__}: {error}"
        raise SetupError(message, code="broker_broken", hint=f"pip install --upgrade {offer.package}") from error


def find_offer(name: str, surroundings: Surroundings) -> Offer:
    """The offer of that name, in any case. Raises UsageError naming those there are."""
    known = []
    for offer in offers(surroundings):
        if offer.name == name.strip().lower():
            return offer
        known.append(offer)
    message = f"broker {name[:40]!r} is not installed; there is {', '.join(offer.name for offer in known)}"
    raise UsageError(message, code="unknown_broker", hint="rickctl broker list")
