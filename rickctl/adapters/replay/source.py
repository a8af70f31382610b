"""From `replay:FILE` to an open tape: which files, which symbol, which bytes; reads files, never writes one."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import zlib
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rickctl.adapters.replay.market import ReplayMarket
from rickctl.adapters.replay.parse import parse_table
from rickctl.adapters.replay.tape import TICK_HOLD_NS, build_tape
from rickctl.domain.errors import SetupError, Unreachable, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rickctl.adapters.replay.parse import Table
    from rickctl.domain.market import Instrument

SCHEME = "replay:"
_GZIP_MAGIC = b"\x1f\x8b"
_LONGEST_LINE = 4096
_SYMBOL_SUFFIX = re.compile(r"#([A-Za-z0-9]+[_-][A-Za-z0-9]+)$", re.ASCII)
_SHOWN_HASH = 12


class TapeSource(NamedTuple):
    """Which files a tape is read from (one, or bid then ask), and the symbol where it was stated."""

    paths: tuple[Path, ...]
    symbol: str | None

    @property
    def text(self) -> str:
        """The source as an account keeps it; reads back as itself from any folder when the paths are absolute."""
        suffix = f"#{self.symbol}" if self.symbol else ""
        return SCHEME + "+".join(map(str, self.paths)) + suffix


def parse_source(text: str) -> TapeSource:
    """Read `replay:FILE[#SYMBOL]` or `replay:BIDFILE+ASKFILE[#SYMBOL]`; paths become absolute.

    A `+` parts two files unless a file of the whole name exists. Raises UsageError bad_source.
    """
    body = text.strip().removeprefix(SCHEME)
    suffix = _SYMBOL_SUFFIX.search(body)
    symbol = suffix.group(1).upper() if suffix else None
    body = body[: suffix.start()] if suffix else body
    if not body or "\0" in body:
        message = f"price source {text!r} names no file"
        raise UsageError(message, code="bad_source", hint="write replay:FILE or replay:BIDFILE+ASKFILE")
    return TapeSource(tuple(map(_absolute, _file_names(body))), symbol)


def open_tape(
    source_text: str,
    instruments: Mapping[str, Instrument],
    *,
    expected_hash: str | None = None,
    hold_ns: int = TICK_HOLD_NS,
    bar_ns: int | None = None,
) -> ReplayMarket:
    """Load the tape; `instruments` gives its symbol's metadata.

    Raises Unreachable tape_missing, SetupError tape_changed when the bytes are not those of `expected_hash`, and
    UsageError for content: bad_tape, bad_time, bad_number, off_grid, tape_symbol.
    """
    source = parse_source(source_text)
    instrument = instruments[_symbol(source, instruments)]
    with ExitStack() as opened:
        files = [opened.enter_context(_open(path)) for path in source.paths]
        fingerprint = _fingerprint(files)
        if expected_hash not in {None, fingerprint}:
            raise _changed(source.paths)
        tables = [_read(file, path.name, instrument) for file, path in zip(files, source.paths, strict=True)]
    tape = build_tape(tables, hold_ns=hold_ns, bar_ns=bar_ns)
    if tape.report.crossed * 2 > tape.report.rows:
        message = f"most rows of the tape are crossed ({tape.report.crossed} of {tape.report.rows})"
        raise UsageError(message, code="bad_tape", hint="the bid file comes first: replay:BIDFILE+ASKFILE")
    return ReplayMarket(
        tape,
        instrument,
        source=f"{SCHEME}{_label(source.paths[0])}@{fingerprint[:_SHOWN_HASH]}",
        fingerprint=fingerprint,
        location=source._replace(symbol=instrument.symbol).text,
    )


def _absolute(name: str) -> Path:
    try:
        return Path(os.path.normpath(Path(name).expanduser().absolute()))
    except RuntimeError:
        return Path(os.path.normpath(Path(name).absolute()))


def _exists(name: str) -> bool:
    try:
        return _absolute(name).exists()
    except (OSError, UnicodeEncodeError):
        return False


def _file_names(body: str) -> tuple[str, ...]:
    """The whole name if there is such a file, else the first two halves around a `+` that both are.

    Where files are away, two halves are two files when both or neither are written from the root.
    """
    if "+" not in body or _exists(body):
        return (body,)
    halves = [(body[:at], body[at + 1 :]) for at, character in enumerate(body) if character == "+"]
    halves = [(bid, ask) for bid, ask in halves if bid and ask]
    for bid, ask in halves:
        if _exists(bid) and _exists(ask):
            return (bid, ask)
    alike = [(bid, ask) for bid, ask in halves if bid.startswith("/") == ask.startswith("/")]
    return alike[0] if alike else (body,)


def _symbol(source: TapeSource, instruments: Mapping[str, Instrument]) -> str:
    """The stated symbol, or the one every file's name begins with (else contains)."""
    if source.symbol:
        if source.symbol not in instruments:
            message = f"symbol {source.symbol} is not known"
            raise UsageError(message, code="unknown_symbol")
        return source.symbol
    guesses = {_guess(path.name, instruments) for path in source.paths}
    guess = guesses.pop()
    if guess is None or guesses:
        message = f"the name of {source.paths[0].name} does not say which symbol it holds"
        raise UsageError(message, code="tape_symbol", hint=f"write {source.text}#EUR_USD")
    return guess


def _guess(name: str, instruments: Mapping[str, Instrument]) -> str | None:
    letters = _letters(name)
    inside = [symbol for symbol in instruments if _letters(symbol) in letters]
    leading = [symbol for symbol in inside if letters.startswith(_letters(symbol))]
    longest = sorted(leading or inside, key=len)[-1:]
    return longest[0] if longest and (leading or len(inside) == 1) else None


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.lower()))


def _label(path: Path) -> str:
    """The file's name for screens and ledgers: no folders, no compression, plain characters."""
    name = path.name.removesuffix(".gz").removesuffix(".csv")
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)


def _open(path: Path) -> io.BufferedReader:
    try:
        if path.exists() and not path.is_file():
            message = f"{path} is not a regular file"
            raise Unreachable(message, code="tape_missing")
        return path.open("rb")
    except (OSError, UnicodeEncodeError) as error:
        message = f"tape {path} cannot be read: {error.strerror if isinstance(error, OSError) else 'not a file name'}"
        raise Unreachable(message, code="tape_missing", hint=f"put the file back at {path}") from None


def _fingerprint(files: Sequence[io.BufferedReader]) -> str:
    """SHA-256 of the file's bytes as they lie on disk; of two files, of their two digests in a row."""
    digests = [hashlib.file_digest(file, "sha256").hexdigest() for file in files]
    for file in files:
        file.seek(0)
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def _changed(paths: Sequence[Path]) -> SetupError:
    message = f"tape {' + '.join(map(str, paths))} is not the one this account was opened on: its content changed"
    return SetupError(message, code="tape_changed", hint="restore the file, or open a new account on the new one")


def _read(file: io.BufferedReader, name: str, instrument: Instrument) -> Table:
    is_gzip = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
    file.seek(0)
    content = gzip.GzipFile(fileobj=file) if is_gzip else file
    try:
        with io.TextIOWrapper(content, encoding="utf-8-sig", newline="") as text:
            return parse_table(_lines(text), name, instrument)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        message = f"{name} is damaged: its gzip stream does not end as it should"
        raise UsageError(message, code="bad_tape") from None


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    """The lines, none longer than a row can be, so that no file without line ends fills the memory."""
    while line := text.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            message = f"a line is longer than {_LONGEST_LINE} characters"
            raise UsageError(message, code="bad_tape")
        yield line
