"""Canaries: secrets nobody else has, laid in every source, and everywhere they must never be found."""

from __future__ import annotations

import json
import os
import threading
from base64 import b64encode, urlsafe_b64encode
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from rickctl.cli import run
from rickctl.domain.credentials import SOURCES, Slot, Source, variable_of
from rickctl.domain.scope import Mode
from tests.cli.harness import ROOT, Answer
from tests.contract.exchange import ACCOUNT, OandaGround

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rickctl.app import App

PRACTICE, LIVE = Slot("oanda", Mode.PRACTICE), Slot("oanda", Mode.LIVE)
NAME = variable_of(PRACTICE)


def canary(source: str) -> str:
    """A token of a source; it looks different in a URL and in base64, and shares no long run with another."""
    return f"cana+ry/{source}%/{sha256(source.encode()).hexdigest()[:32]}=="


def shapes(secret: str) -> list[str]:
    """How it may be told: as it is, in a URL, in base64, alone or within a longer text."""
    found = [secret, quote(secret), quote(secret, safe=""), quote_plus(secret), repr(secret)]
    for encode in (b64encode, urlsafe_b64encode):
        found += [encode(f"{before}{secret}:x".encode()).decode() for before in ("", "x", "xy")]
    return found


def traces(secret: str) -> set[str]:
    """What gives it away: the long part of each shape that is its own."""
    encoded = {shape[6:-8] for shape in shapes(secret)[5:]}
    return {secret[-34:-2], *encoded}


CANARIES = {source: canary(source) for source in (*SOURCES, "live")}
TRACES = {trace: name for name, secret in CANARIES.items() for trace in traces(secret)}


def traces_in(text: str) -> list[str]:
    """Whose canary a text gives away."""
    return sorted({name for shape, name in TRACES.items() if shape in text})


def traces_under(folder: Path) -> list[str]:
    """Which files of a folder give one away, names included."""
    found = []
    for path in sorted(folder.rglob("*")):
        held = path.read_bytes().decode("latin-1") if path.is_file() else ""
        found += [f"{path.name}: {name}" for name in traces_in(held + path.name)]
    return found


class Children(threading.Thread):
    """Looks at the command lines of every process this one starts, and at the environment of those that are ours."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seen: set[str] = set()
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(0.005):
            for pid in descendants(os.getpid()):
                words = read_proc(f"/proc/{pid}/cmdline")
                self.seen.add(words)
                if "inquiry.py" in words:
                    self.seen.add(read_proc(f"/proc/{pid}/environ"))

    def end(self) -> str:
        """Everything that was seen."""
        self._ended.set()
        self.join()
        return "\n".join(self.seen)


def descendants(pid: int) -> Iterator[int]:
    """Processes started by a process and by those; none where the system does not list them."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 - a folder of threads
    except OSError:
        return
    for thread in threads:
        for child in read_proc(f"/proc/{pid}/task/{thread}/children").split():
            yield int(child)
            yield from descendants(int(child))


def read_proc(path: str) -> str:
    """A file of a process, empty once that is gone."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


# A venue that tells everything it is told.


class _Teller(BaseHTTPRequestHandler):
    """Repeats the token in headers and body, in every shape; `behaviour` says with which status and form."""

    protocol_version = "HTTP/1.1"
    behaviour = "400"

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._answer()

    do_PUT = do_PATCH = do_POST  # noqa: N815 - names http.server calls

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def _answer(self) -> None:
        told = self.headers.get("Authorization", "")
        secret = told.removeprefix("Bearer ")
        words = " ".join([told, *shapes(secret)])
        if self.behaviour.isdecimal():
            status = int(self.behaviour)
            form = {"errorMessage": words, "errorCode": words, "rejectReason": words, "lastTransactionID": secret}
            body = json.dumps(form) if status < 500 else f"<html>{words}</html>"
        else:
            status, body = (
                200,
                words if self.behaviour == "garbage" else json.dumps({words: [words], "accounts": [words]}),
            )
        sent = body.encode()
        self.send_response(status, "No")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.send_header("RequestID", secret)
        self.send_header("Location", f"/v3/{quote(secret)}")
        self.end_headers()
        self.wfile.write(sent)


@contextmanager
def teller(behaviour: str) -> Iterator[str]:
    """The URL of a venue that repeats the token: a status such as `401`, `garbage`, or `nonsense` (JSON of no use)."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Teller", (_Teller,), {"behaviour": behaviour}))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


# A desk with canaries in every source, one of them asked.


@dataclass
class Cage:
    """Where canaries lie; what is searched for them lies elsewhere."""

    folder: Path
    source: Source = "environment"
    descriptors: list[int] = field(default_factory=list)

    def variables(self) -> dict[str, str]:
        """Variables that name every source, the chosen one to be asked."""
        self.folder.mkdir(exist_ok=True)
        told = CANARIES["command"]
        file, script, handed = self.folder / "tokens", self.folder / "ask.sh", self.folder / "credentials"
        _private(file, f"{NAME}={CANARIES['file']}\n")
        _private(self.folder / "rickctl-sandbox:oanda", CANARIES["keyring"])
        _private(self.folder / "given", CANARIES[self.source])
        _private(script, f"#!/bin/sh\n[ $1 = practice ] || exit 0\necho '{told}'\necho '{told}' >&2\n", 0o700)
        handed.mkdir(exist_ok=True)
        _private(handed / NAME, CANARIES["systemd"])
        _private(self.folder / "handed", f"{NAME}={CANARIES['fd']}\n")
        return {
            "HOME": str(self.folder),
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": str(ROOT / "tests" / "fixtures" / "keyrings"),
            "RICKCTL_CREDENTIAL_SOURCE": self.source,
            "RICKCTL_CREDENTIAL_COMMAND": f"{script} {{mode}}",
            "RICKCTL_CREDENTIAL_FILE": str(file),
            "RICKCTL_KEYRING_BACKEND": "odd_keyrings.Plain",
            "CREDENTIALS_DIRECTORY": str(handed),
            "OANDA_PRACTICE_TOKEN": CANARIES["environment"],
            "OANDA_LIVE_TOKEN": CANARIES["live"],
            "OANDA_PRACTICE_ACCOUNT_ID": ACCOUNT,
        }

    def hand_over(self) -> dict[str, str]:
        """A descriptor to read the canary from, new for every command line."""
        self.take_back()
        self.descriptors.append(os.open(self.folder / "handed", os.O_RDONLY))
        return {"RICKCTL_CREDENTIAL_FD": str(self.descriptors[0])}

    def take_back(self) -> None:
        """Close the descriptor."""
        while self.descriptors:
            os.close(self.descriptors.pop())


def _private(path: Path, text: str, mode: int = 0o600) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


class CagedGround(OandaGround):
    """The exchange that knows one source's canary as its token, and a desk that has them all."""

    def __init__(self, folder: Path, source: Source) -> None:
        self.token = CANARIES[source]
        self.cage = Cage(folder.parent / f"{folder.name}-cage", source)
        variables = self.cage.variables()
        super().__init__(folder)
        self.desk.environment |= variables

    def app(self, out: StringIO, err: StringIO) -> App:
        """The App of one command line, with a descriptor of its own."""
        self.desk.environment |= self.cage.hand_over()
        return super().app(out, err)

    def run_as_is(self, *argv: str) -> Answer:
        """One command line, no account added."""
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = run(argv, self.app(out, err))
        return Answer(out.getvalue(), err.getvalue(), int(code))

    def run_without_live(self, *argv: str) -> Answer:
        """One command line that would otherwise ask LIVE's real host, which no test does."""
        held = self.desk.environment.pop("OANDA_LIVE_TOKEN")
        answer = self.run_as_is(*argv)
        self.desk.environment["OANDA_LIVE_TOKEN"] = held
        return answer

    def point_at(self, url: str) -> None:
        """Have another venue in the place of the exchange."""
        self.desk.environment["RICKCTL_OANDA_URL"] = url


def check_answer(argv: tuple[str, ...], answer: Answer) -> None:
    """Fail where one command line gave a canary away."""
    for name, text in (("stdout", answer.stdout), ("stderr", answer.stderr)):
        assert not traces_in(text), f"{argv} gave {traces_in(text)} away on {name}"
