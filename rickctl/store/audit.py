"""The journal examined as a whole: verified, exported, backed up; finds and reports, repairs nothing."""

# ruff: noqa: S608  (only our own column names are put into statements; values are parameters)

from __future__ import annotations

import errno
import hmac
import json
import os
from typing import TYPE_CHECKING, Any

from rickctl.domain.errors import SetupError, UsageError
from rickctl.domain.instants import rfc3339
from rickctl.domain.records import Finding, canonical_json
from rickctl.store import journal
from rickctl.store.db import integrity, open_copy
from rickctl.store.failures import corrupt, from_os
from rickctl.store.files import create_file
from rickctl.store.rows import (
    ACCOUNT_COLUMNS,
    INTENT_COLUMNS,
    JOURNAL_COLUMNS,
    LATCH_COLUMNS,
    OPEN_STATES,
    read_account,
    read_latch,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import TextIO

    from rickctl.domain.records import JournalHead, JournalRow
    from rickctl.store.db import Database

_WALK = f"SELECT {', '.join(JOURNAL_COLUMNS)} FROM journal ORDER BY seq"


def mac_at(database: Database, seq: int) -> str | None:
    """The mac of one record, or None; raises SetupError."""
    found = database.one("SELECT mac FROM journal WHERE seq = ?", (seq,))
    return found[0] if found else None


def verify(
    database: Database | None,
    key: bytes | None,
    anchor: JournalHead | None,
    lost: Sequence[JournalHead] = (),
    exported: JournalHead | None = None,
) -> list[Finding]:
    """Everything wrong with the chain, its anchors and the tables it speaks of, in one consistent read.

    `anchor` is this journal's own, `lost` are those of other journals that stood in this folder before.
    """
    found = [_gone(mark) for mark in lost]
    if database is None:
        return found
    database.run("BEGIN")
    try:
        return [*found, *_verify(database, key, anchor, exported)]
    finally:
        database.roll_back()


def _gone(mark: JournalHead) -> Finding:
    message = (
        f"this folder held database {mark.store_id} up to record {mark.seq} and holds it no more;"
        f" if that was you, remove journal-{mark.store_id}.anchor"
    )
    return Finding("store_replaced", message, 1, mark.seq)


def _verify(
    database: Database, key: bytes | None, anchor: JournalHead | None, exported: JournalHead | None
) -> Iterator[Finding]:
    walked = _Walk()
    yield from walked.chain(database, key)
    if key is None and walked.last:
        yield Finding("key_missing", "journal.key is missing: no record can be proved")
    if anchor is None and walked.last:
        yield Finding("anchor_missing", "the journal's anchor is missing: a shortened journal would not show")
    for mark, name in ((anchor, "anchor"), (exported, "exported anchor")):
        if mark is not None:
            yield from _compare_mark(database, mark, name)
    yield from _check_intents(database, walked.last_of_intent)
    yield from _check_accounts(database, key, walked.last_of_account)
    yield from _check_latches(database, walked.last_of_latch)


class _Walk:
    """One pass over the journal: the chain is proved and the last word on every row of a table is noted."""

    def __init__(self) -> None:
        self.last = 0
        self.last_of_intent: dict[tuple[str, int], int] = {}
        self.last_of_account: dict[str, int] = {}
        self.last_of_latch: dict[tuple[str, str], int] = {}

    def chain(self, database: Database, key: bytes | None) -> Iterator[Finding]:
        """Findings of the chain itself, neighbouring bad records as one."""
        digest, before, bad = hmac.digest, "", 0
        for row in database.stream(_WALK):
            seq, recorded_ns, scope, kind, number, body, mac = row
            if seq != self.last + 1:
                yield from _bad_records(bad, self.last)
                bad = 0
                yield _gap(self.last + 1, seq - 1)
            if key is not None:
                text = (
                    f"{before}\n{seq}\n{recorded_ns}\n{scope or ''}\n{kind}\n{'' if number is None else number}\n{body}"
                )
                right = digest(key, text.encode(), "sha256").hex() == mac
                if not right:
                    bad = bad or seq
                elif bad:
                    yield from _bad_records(bad, self.last)
                    bad = 0
            before, self.last = mac, seq
            if kind in journal.OWN_KINDS:
                self._note(seq, scope, kind, number, body)
        yield from _bad_records(bad, self.last)

    def _note(self, seq: int, scope: str | None, kind: str, number: int | None, body: str) -> None:
        where = scope or ""
        if kind == journal.ACCOUNT:
            self.last_of_account[where] = seq
        elif kind in {journal.LATCH_SET, journal.LATCH_CLEARED}:
            try:
                name = str(json.loads(body)["name"])
            except (ValueError, KeyError, TypeError):
                return
            self.last_of_latch[where, name] = seq if kind == journal.LATCH_SET else 0
        elif number is not None:
            self.last_of_intent[where, number] = seq


def _bad_records(first: int, last: int) -> Iterator[Finding]:
    if first:
        which = f"record {first} is" if first == last else f"records {first} to {last} are"
        message = f"{which} not what was written there: edited, moved, inserted, or written without the key"
        yield Finding("record_changed", message, first, last)


def _gap(first: int, last: int) -> Finding:
    if last < first:
        return Finding("record_changed", f"a record numbered {last + 1} stands out of order", last + 1, last + 1)
    which = f"record {first} is" if first == last else f"records {first} to {last} are"
    return Finding("record_missing", f"{which} missing", first, last)


def _compare_mark(database: Database, mark: JournalHead, name: str) -> Iterator[Finding]:
    (store_id,) = database.one("SELECT value FROM meta WHERE name = 'store_id'")
    found = journal.journal_head(database, store_id)
    if mark.store_id != store_id:
        yield Finding("other_store", f"the {name} is of database {mark.store_id}, this is {store_id}")
    elif found.seq < mark.seq:
        message = f"the journal ends at record {found.seq}, the {name} has seen {mark.seq}: cut off or an old copy"
        yield Finding("truncated", message, found.seq + 1, mark.seq)
    elif mark.seq and mac_at(database, mark.seq) != mark.mac:
        message = f"record {mark.seq} is not the one the {name} has seen: the journal was rewritten"
        yield Finding("rewritten", message, mark.seq, mark.seq)


def _check_intents(database: Database, last: dict[tuple[str, int], int]) -> Iterator[Finding]:
    columns = ", ".join(f"i.{column}" for column in INTENT_COLUMNS)
    sql = (
        f"SELECT i.added_seq, i.changed_seq, i.is_open, a.body, c.body, {columns} FROM intents i"
        " LEFT JOIN journal a ON a.seq = i.added_seq LEFT JOIN journal c ON c.seq = i.changed_seq"
    )
    for added_seq, changed_seq, is_open, added, changed, *values in database.stream(sql):
        row = dict(zip(INTENT_COLUMNS, values, strict=True))
        is_told = last.pop((row["scope"], row["number"]), None) == changed_seq and is_open == (
            row["state"] in OPEN_STATES
        )
        if not is_told or not _is_told(row, added, changed, is_unchanged=added_seq == changed_seq):
            message = f"order {row['number']} of {row['scope']} is not as its records tell it"
            yield Finding("intent_changed", message, added_seq, changed_seq)
    for (scope, number), seq in last.items():
        yield Finding("intent_missing", f"order {number} of {scope} is gone, its record is not", seq, seq)


def _is_told(row: dict[str, Any], added: str | None, changed: str | None, *, is_unchanged: bool) -> bool:
    if added is None or changed is None:
        return False
    try:
        row.update(zip(journal.ASKED, journal.read_asked(added), strict=True))
        fixed, changing = journal.intent_texts(row["scope"], row)
    except (TypeError, ValueError):
        return False
    if is_unchanged:
        return added == f'{{"intent":{fixed},"now":{changing}}}'
    return added.startswith(f'{{"intent":{fixed},"now":') and changed.startswith(f'{{"now":{changing},"was":')


def _check_accounts(database: Database, key: bytes | None, last: dict[str, int]) -> Iterator[Finding]:
    columns = ", ".join(f"t.{column}" for column in ACCOUNT_COLUMNS)
    sql = (
        f"SELECT t.recorded_seq, t.mac, j.body, {columns} FROM accounts t LEFT JOIN journal j ON j.seq = t.recorded_seq"
    )
    for recorded_seq, mac, body, *values in database.rows(sql):
        name = str(values[0])
        recorded = last.pop(name, None)
        if recorded != recorded_seq or not _is_account_told(database, key, recorded_seq, mac, body, tuple(values)):
            message = f"account {name} is not as its records tell it"
            yield Finding("account_changed", message, recorded_seq, recorded_seq)
    for scope, seq in last.items():
        yield Finding("account_missing", f"account {scope} is gone, its record is not", seq, seq)


def _is_account_told(
    database: Database, key: bytes | None, recorded_seq: int, mac: str, body: str | None, values: tuple[Any, ...]
) -> bool:
    try:
        row = read_account(values, database.path)
        told = body is not None and f'"digest":"{journal.account_digest(row)}"' in body
        return told and (key is None or journal.account_seal(key, row, recorded_seq) == mac)
    except (SetupError, TypeError):
        return False


def _check_latches(database: Database, last: dict[tuple[str, str], int]) -> Iterator[Finding]:
    columns = ", ".join(f"t.{column}" for column in LATCH_COLUMNS)
    sql = f"SELECT t.recorded_seq, j.body, {columns} FROM latches t LEFT JOIN journal j ON j.seq = t.recorded_seq"
    for recorded_seq, body, *values in database.rows(sql):
        scope, name = str(values[0]), str(values[1])
        recorded = last.pop((scope, name), None)
        if recorded != recorded_seq or not _is_latch_told(database, body, tuple(values)):
            message = f"latch {name} of {scope or 'every account'} is not as its record tells it"
            yield Finding("latch_changed", message, recorded_seq, recorded_seq)
    for (scope, name), seq in last.items():
        if seq:
            yield Finding("latch_missing", f"latch {name} of {scope or 'every account'} was never cleared", seq, seq)


def _is_latch_told(database: Database, body: str | None, values: tuple[Any, ...]) -> bool:
    try:
        return body == journal.latch_body(read_latch(values, database.path))
    except (SetupError, TypeError):
        return False


def export(records: Iterable[JournalRow], out: TextIO) -> int:
    """Write records as one JSON object a line; how many."""
    count = 0
    for row in records:
        line = {
            "seq": row.seq,
            "recorded_at": rfc3339(row.recorded_ns),
            "recorded_ns": row.recorded_ns,
            "scope": None if row.scope is None else str(row.scope),
            "kind": row.kind,
            "number": row.number,
            "body": json.loads(row.body),
            "mac": row.mac,
        }
        out.write(canonical_json(line) + "\n")
        count += 1
    return count


def backup(database: Database, target: Path) -> None:
    """Copy the database to a file that is not there yet, check the copy, then give it its name; raises SetupError."""
    draft = target.with_name(f"{target.name}.{os.urandom(4).hex()}")
    try:
        create_file(draft)
        try:
            _check_copy(draft, _copy(database, draft))
            os.link(draft, target, follow_symlinks=False)
        finally:
            draft.unlink()
    except FileExistsError:
        raise _taken(target) from None
    except OSError as error:
        raise from_os(error, target) from error


def check_target(target: Path) -> None:
    """That a file could be made there as far as looking tells; raises UsageError, SetupError."""
    if os.path.lexists(target):
        raise _taken(target)
    if not target.parent.is_dir():
        raise from_os(FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)), target)
    if not os.access(target.parent, os.W_OK):
        raise from_os(PermissionError(errno.EACCES, os.strerror(errno.EACCES)), target)


def _taken(target: Path) -> UsageError:
    message = f"{target} exists already; a backup overwrites nothing"
    return UsageError(message, code="file_exists", hint="name another file")


def _copy(database: Database, draft: Path) -> JournalHead:
    database.run("BEGIN")
    try:
        expected = journal.journal_head(database, "")
        database.copy_to(draft)
    finally:
        database.roll_back()
    return expected


def _check_copy(draft: Path, expected: JournalHead) -> None:
    with open_copy(draft) as copy:
        found = integrity(copy)
        if found or journal.journal_head(copy, "") != expected:
            raise corrupt(draft, f"the copy is not like its source: {', '.join(found) or 'the last record differs'}")
