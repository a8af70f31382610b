"""What the store's tests share: a clock that counts, a scope, and short ways to write an intent and an account."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from rickctl.domain.orders import IntentState
from rickctl.domain.records import AccountKind, AccountRow, AccountStatus, IntentKind
from rickctl.domain.scope import DEFAULT_SCOPE
from rickctl.store.state import Store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rickctl.domain.records import JSON, IntentRow
    from rickctl.domain.scope import Scope
    from rickctl.domain.state import StateTransaction


REPOSITORY = Path(__file__).parents[2]
NOBODY = 65534


class CountingClock:
    """Every reading is one nanosecond later."""

    def __init__(self, at_ns: int = 1_700_000_000_000_000_000) -> None:
        self.at_ns = at_ns

    def now_ns(self) -> int:
        self.at_ns += 1
        return self.at_ns

    def sleep_ns(self, length_ns: int) -> None:
        self.at_ns += length_ns


def open_store(
    root: Path, *, write: bool = True, busy_ms: int = 10_000, max_pages: int | None = None, config: str = "config"
) -> Store:
    return Store.open(root / "state", root / config, CountingClock(), write=write, busy_ms=busy_ms, max_pages=max_pages)


def fresh_account(scope: Scope = DEFAULT_SCOPE, *, state: str = '{"n":"0"}', checkpoint_ns: int = 1) -> AccountRow:
    return AccountRow(
        scope=scope,
        kind=AccountKind.MARGIN,
        currency="USD",
        config='{"source":"sim:v1"}',
        state=state,
        checkpoint_ns=checkpoint_ns,
        clock_ns=None,
        status=AccountStatus.OPEN,
        version=0,
        created_ns=1,
    )


def add_intent(
    transaction: StateTransaction,
    scope: Scope = DEFAULT_SCOPE,
    *,
    key: str | None = None,
    owner: str | None = None,
    state: IntentState = IntentState.INTENT,
    created_ns: int = 5,
    request: Mapping[str, JSON] | None = None,
) -> IntentRow:
    return transaction.add_intent(
        scope,
        kind=IntentKind.ENTRY,
        key=key,
        symbol="EUR_USD",
        request=request or {"units": "1000", "side": "buy"},
        request_hash="ab" * 32,
        quotes=[{"bid": "1.1", "ask": "1.2"}],
        verdicts=[{"rule": "1.1", "passed": True}],
        charter_hash="cd" * 32,
        state=state,
        owner=owner,
        created_ns=created_ns,
    )


def raw(root: Path, *statements: str, triggers: bool = False) -> None:
    """What somebody with a database tool would do; the guards are dropped unless `triggers`."""
    with closing(sqlite3.connect(root / "state" / "rickctl.db", isolation_level=None)) as connection:
        if not triggers:
            for name in ("journal_keeps", "journal_holds", "intents_hold"):
                connection.execute(f"DROP TRIGGER IF EXISTS {name}")
        for statement in statements:
            connection.execute(statement)


class DyingAnchor:
    """An anchor whose process is killed as it is about to move."""

    def move(self, *_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


PRELUDE = """
import os, signal, sys
from pathlib import Path
from rickctl.domain.errors import SetupError
from rickctl.domain.scope import DEFAULT_SCOPE
from tests.store.kit import add_intent, fresh_account, open_store
root = Path(sys.argv[1])
def die():
    os.kill(os.getpid(), signal.SIGKILL)
"""


def start(code: str, root: Path, *arguments: str) -> subprocess.Popen[str]:
    """Another process running `code` after the prelude, which gives it `root` and `die()`."""
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + code, str(root), *arguments],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str], code: int = 0) -> str:
    """What it printed, once it has ended with `code`."""
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    return out


def as_ordinary_user(root: Path, code: str) -> str:
    """What `code` prints as a user whom permission bits stop; `root` becomes that user's."""
    if os.geteuid() == 0:
        for path in (root, *root.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
        code = f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})\n{code}"
    return finish(start(code, root))
