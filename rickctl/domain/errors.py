"""The failures a caller can act on, and the frozen exit codes; nothing here prints or ends a process.

    RickctlError
    ├── UsageError        2  the command line is wrong: bad number, unknown symbol or account, wrong-side price
    ├── SetupError        3  our own set-up is unusable: configuration, credentials, state corrupt, full, locked, newer
    ├── OrderRejected     4  the venue said no
    ├── Unreachable       5  nothing was sent
    ├── Refused           6  our own rules said no
    ├── OutcomeUnknown    7  it may have happened; do not retry
    └── Skipped           8  not done, on purpose

`cli.py` alone turns these into exit codes.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rickctl.domain.orders import Verdict


class ExitCode(IntEnum):
    """What a process returns; frozen, documented in docs/exit-codes.md."""

    DONE = 0
    BUG = 1
    USAGE = 2
    SETUP = 3
    REJECTED = 4
    UNREACHABLE = 5
    REFUSED = 6
    UNKNOWN = 7
    SKIPPED = 8
    FINDINGS = 9
    INTERRUPTED = 130


class RickctlError(Exception):
    """A failure with a stable `code`, one line for people and, where one exists, a command to type next."""

    category: ClassVar[str] = "bug"
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        code: str,
        hint: str | None = None,
        verdicts: Sequence[Verdict] = (),
        order: int | None = None,
        venue_code: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint
        self.verdicts = tuple(verdicts)
        self.order = order
        self.venue_code = venue_code
        self.request_id = request_id


class UsageError(RickctlError):
    """The words typed cannot be carried out as they stand."""

    category = "usage"


class SetupError(RickctlError):
    """Our own configuration, credentials or state cannot be used."""

    category = "setup"


class OrderRejected(RickctlError):
    """The venue answered no."""

    category = "rejected"


class Unreachable(RickctlError):
    """A venue or a price source did not answer and nothing was sent."""

    category = "unreachable"
    retryable = True


class Refused(RickctlError):
    """Our own rules said no, before anything was sent."""

    category = "refused"


class OutcomeUnknown(RickctlError):
    """A request left and no proof of its outcome came back."""

    category = "unknown"


class Skipped(RickctlError):
    """Not done, on purpose: closed market with --if-market-open, or an overlap lock."""

    category = "skipped"
