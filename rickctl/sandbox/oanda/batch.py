"""Transactions in the making: numbers them, gives a batch its time and request, applies each; decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.sandbox.oanda.reasons import sentence
from rickctl.sandbox.oanda.records import Outcome, Transaction, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rickctl.sandbox.oanda.book import Book
    from rickctl.sandbox.oanda.records import Fields


class Batch:
    """What one request, or one instant of the market (no `request_id`), did to one account."""

    def __init__(self, book: Book, at_ns: int, request_id: str | None = None) -> None:
        self.book = book
        self.at_ns = at_ns
        self.request_id = request_id
        self.user_id = book.user_id if request_id is not None else 0
        self.first_id = book.last_id + 1
        self.made: list[Transaction] = []
        self.parts: dict[str, Transaction] = {}

    def add(self, kind: str, fields: Fields) -> Transaction:
        """The next transaction, already applied."""
        made = Transaction(
            id=self.book.last_id + 1,
            type=kind,
            account_id=self.book.terms.id,
            time_ns=self.at_ns,
            batch_id=self.first_id,
            user_id=self.user_id,
            request_id=self.request_id,
            fields=fields,
        )
        self.book.apply(made)
        self.made.append(made)
        return made

    def name(self, part: str, made: Transaction | None) -> None:
        """Give a transaction its name in the answer's body."""
        if made is not None:
            self.parts[part] = made

    def done(self) -> Outcome:
        """The answer to a request that was carried out."""
        return self._outcome(Verdict.DONE, self.parts, None)

    def refused(self, reason: str, *, missing: bool = False) -> Outcome:
        """The answer to a request that was not."""
        return self._outcome(Verdict.MISSING if missing else Verdict.REJECTED, self.parts, reason)

    def _outcome(self, verdict: Verdict, parts: Mapping[str, Transaction], reason: str | None) -> Outcome:
        related = tuple(made.id for made in self.made)
        message = None if reason is None else sentence(reason)
        return Outcome(verdict, dict(parts), related, self.book.last_id, reason, message)
