"""What a person asks of a sandbox, and what it tells when it has begun; knows no venue and starts nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class SandboxTerms(NamedTuple):
    """What a person asked of a sandbox; `oanda` is the port, 0 for a free one. Terms of accounts are of new ones."""

    oanda: int
    market: str = "sim"
    seed: int = 0
    is_always_open: bool = False
    with_tls: bool = False
    with_control: bool = False
    faults: Path | None = None
    state: Path | None = None
    accounts: int = 1
    balance: str = "100000"
    currency: str = "USD"
    is_hedging: bool = False
    is_fifo: bool = False
    is_strict: bool = False
    is_quiet: bool = False


class OpenedSandbox(NamedTuple):
    """One venue of a sandbox that serves; `paste` are the lines that lead to it."""

    venue: str
    url: str
    token: str
    accounts: tuple[str, ...]
    source: str
    seed: int
    state: Path
    ca_file: Path | None
    control_url: str | None
    paste: tuple[str, ...]


class FaultKind(NamedTuple):
    """A kind of fault a sandbox can be asked for: the moments it strikes at, its terms (`!`: must be given)."""

    kind: str
    strikes: str
    terms: str
    about: str
