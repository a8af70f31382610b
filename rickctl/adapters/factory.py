"""Opens the price source or broker a name stands for and imports only that one; knows names, never rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rickctl.domain.errors import UsageError

if TYPE_CHECKING:
    from rickctl.domain.ports import Market


class OpenedMarket(NamedTuple):
    """A market, the text that opens it again from anywhere, and the mark of its content (None where it has none)."""

    market: Market
    location: str
    fingerprint: str | None = None


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
        return OpenedMarket(tape, tape.location, tape.fingerprint)
    message = f"price source {source!r} is not sim or replay:FILE"
    raise UsageError(message, code="unknown_source", hint="rickctl account create --help")
