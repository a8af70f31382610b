"""Changes to which charter is in force: a copy of one's own, a seal and its record; loosens nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rickctl.domain.charter import parse_charter
from rickctl.domain.errors import SetupError
from rickctl.services.charter import CHARTER_FILE, packaged_path, seal_charter

if TYPE_CHECKING:
    from pathlib import Path

    from rickctl.domain.arming import Person
    from rickctl.domain.charter import Charter
    from rickctl.domain.scope import Mode
    from rickctl.domain.state import State
    from rickctl.services.charter import LoadedCharter


def shipped_charter() -> Charter:
    """The charter the wheel carries. Raises SetupError where the installation is broken."""
    charter = parse_charter(packaged_path().read_text(encoding="utf-8")).charter
    if charter is None:
        message = "the charter this installation carries is damaged"
        raise SetupError(message, code="charter_missing", hint="install rickctl again")
    return charter


def own_copy(config_dir: Path) -> Path:
    """The configuration folder's own charter, made from the shipped one where there is none. Raises SetupError."""
    path = config_dir / CHARTER_FILE
    try:
        config_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path
    except OSError as error:
        message = f"cannot make {path}: {error.strerror or error}"
        raise SetupError(message, code="config_unwritable") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as copy:
        copy.write(packaged_path().read_text(encoding="utf-8"))
    return path


def seal_and_record(
    state: State | None,
    config_dir: Path,
    *,
    expect_hash: str,
    mode: Mode,
    now_ns: int,
    seal_key: bytes | None,
    confirmed_by: Person | None = None,
) -> LoadedCharter:
    """Seal the charter in use if it is the expected one, and say so in the journal. Raises Refused, SetupError.

    Without a state to say it in nothing is sealed: the charter comes back as it would be. LIVE needs somebody who
    typed the PIN.
    """
    loaded = seal_charter(
        config_dir,
        expect_hash=expect_hash,
        mode=mode,
        now_ns=now_ns,
        seal_key=seal_key,
        dry_run=state is None,
        is_confirmed=confirmed_by is not None,
    )
    if state is None:
        return loaded
    by = {} if confirmed_by is None else confirmed_by._asdict()
    with state.transaction() as transaction:
        transaction.append("charter_sealed", None, {"hash": loaded.require().hash, "mode": mode.value, **by})
    return loaded
