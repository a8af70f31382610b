"""The PIN as a file in the configuration folder: hashed with scrypt, swapped in one step; counts no tries.

Cost 65536, block 8, two lanes: 64 MiB and about a third of a second a try. A PIN of six digits slows a thief of this
file down; it is not a key.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from rickctl.domain.errors import SetupError
from rickctl.domain.pin import PinRecord
from rickctl.domain.records import canonical_json
from rickctl.store.failures import from_os
from rickctl.store.files import check_file, create_file, sync_folder

if TYPE_CHECKING:
    from pathlib import Path

PIN_FILE = "pin.json"
DRAFT_FILE = "pin.new.json"

COST, BLOCK, LANES = 1 << 16, 8, 2
_MOST_BYTES = 256 << 20
_SALT_BYTES = 16
_HASH_BYTES = 32


class PinFile:
    """The PIN of one configuration folder."""

    def __init__(self, config: Path) -> None:
        self._path = config / PIN_FILE
        self._draft = config / DRAFT_FILE

    @property
    def is_there(self) -> bool:
        """Whether a PIN was set. Raises SetupError for a file others can reach."""
        return check_file(self._path)

    def hashed(self, pin: str, store_id: str) -> PinRecord:
        """A PIN as it is kept, with a fresh salt."""
        salt = os.urandom(_SALT_BYTES)
        found = PinRecord(COST, BLOCK, LANES, salt.hex(), "", store_id)
        return found._replace(hash=_scrypt(pin, found).hex())

    def matches(self, record: PinRecord, pin: str) -> bool:
        """Whether this is the PIN; takes as long for any."""
        return hmac.compare_digest(_scrypt(pin, record), bytes.fromhex(record.hash))

    def digest(self, record: PinRecord) -> str:
        """What the journal keeps of a PIN: it gives nothing away that the hash does not."""
        return hashlib.sha256(_text(record).encode()).hexdigest()

    def load(self, digest: str) -> PinRecord | None:
        """The PIN the journal knows by `digest`, or None; a cut short change is finished. Raises SetupError."""
        found = _read(self._path)
        if found is not None and self.digest(found) == digest:
            return found
        draft = _read(self._draft)
        if draft is not None and self.digest(draft) == digest:
            self.commit()
            return draft
        return None

    def prepare(self, record: PinRecord) -> None:
        """Write the new PIN beside the old one, durably; it counts once it is committed. Raises SetupError."""
        try:
            self._draft.unlink(missing_ok=True)
            create_file(self._draft, _text(record).encode())
        except OSError as error:
            raise from_os(error, self._draft) from error

    def commit(self) -> None:
        """Put the prepared PIN in the place of the old one. Raises SetupError."""
        try:
            self._draft.replace(self._path)
            with suppress(OSError):
                sync_folder(self._path.parent)
        except OSError as error:
            raise from_os(error, self._path) from error


def _scrypt(pin: str, record: PinRecord) -> bytes:
    try:
        return hashlib.scrypt(
            pin.encode(),
            salt=bytes.fromhex(record.salt),
            n=record.cost,
            r=record.block,
            p=record.lanes,
            maxmem=_MOST_BYTES,
            dklen=_HASH_BYTES,
        )
    except (ValueError, MemoryError) as error:
        message = f"scrypt does not run here: {error}"
        raise SetupError(message, code="pin_damaged", hint="rickctl pin --help") from error


def _text(record: PinRecord) -> str:
    return canonical_json(record._asdict())


def _read(path: Path) -> PinRecord | None:
    if not check_file(path):
        return None
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        record = PinRecord(
            int(held["cost"]),
            int(held["block"]),
            int(held["lanes"]),
            str(held["salt"]),
            str(held["hash"]),
            str(held["store_id"]),
        )
        bytes.fromhex(record.salt + record.hash)
    except OSError as error:
        raise from_os(error, path) from error
    except (ValueError, KeyError, TypeError):
        message = f"{path} is not a PIN as it was written"
        raise SetupError(message, code="pin_damaged", hint="rickctl pin --help") from None
    return record
