"""Opens the price source or broker a name stands for and imports only that one; knows names, never rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.domain.errors import UsageError

if TYPE_CHECKING:
    from rickctl.domain.ports import Market


def open_market(source: str, *, seed: int = 0) -> Market:
    """The market of `sim` or `replay:FILE`. Raises UsageError for another name."""
    kind = source.partition(":")[0].lower()
    if kind == "sim":
        from rickctl.adapters.sim import SimMarket  # noqa: PLC0415 - one source is imported, not all

        return SimMarket(seed=seed)
    message = f"price source {source!r} is not sim or replay:FILE"
    raise UsageError(message, code="unknown_source", hint="rickctl account create --help")
