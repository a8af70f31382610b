"""Why an order is what it is: its report, the price it met and the records that prove it; offline, reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rickctl.services.report import report_order
from rickctl.services.stored import read_quotes

if TYPE_CHECKING:
    from rickctl.domain.market import Quote
    from rickctl.domain.records import JournalRow
    from rickctl.domain.state import Audit
    from rickctl.services.desk import Desk, Held
    from rickctl.services.report import OrderReport

GAP = 15
"""A stated quality further than this from the computed one is pointed out."""


class Explained(NamedTuple):
    """One order with everything that decided it; `is_intact` says whether the journal proves itself."""

    report: OrderReport
    quote: Quote | None
    records: tuple[JournalRow, ...]
    is_intact: bool

    @property
    def quality_gap(self) -> int | None:
        """Stated less computed quality, None where one of them is missing."""
        stated, computed = self.report.request.quality, self.report.quality
        return None if stated is None or computed is None else stated - computed.score

    @property
    def is_gap_wide(self) -> bool:
        """Whether the stated quality is far from the computed one."""
        return self.quality_gap is not None and abs(self.quality_gap) > GAP


def explain(desk: Desk, held: Held, audit: Audit, number: int) -> Explained:
    """Everything known of one order. Raises UsageError where there is none of that number."""
    report = report_order(desk, held, number)
    quotes = read_quotes(report.row.quotes)
    records = tuple(desk.reads.journal(desk.scope, number=number))
    return Explained(report, quotes[0] if quotes else None, records, not audit.verify())
