"""What a venue's wire and the server say to each other: requests, answers, streams; knows no venue and no socket."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rickctl.domain.records import JSON

MILLISECOND_NS = 1_000_000

Headers = tuple[tuple[str, str], ...]


class Request(NamedTuple):
    """One request as it was read; a HEAD arrives as the GET it stands for.

    `path` is as sent, without the query; `query` is decoded, every value of a name in order; header names are lower
    case and repeated headers are joined by commas. `received_ns` is the exchange clock's. `connection` numbers the
    connections of this server from 1, so a wire can count what one connection asks for and how many are new.
    """

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    received_ns: int
    connection: int

    @property
    def segments(self) -> tuple[str, ...]:
        """The parts of the path, each decoded on its own: `%2F` inside a part stays inside it."""
        return tuple(unquote(part) for part in self.path.split("/")[1:])

    def first(self, name: str) -> str | None:
        """The first value the query gives a name, None without one."""
        values = self.query.get(name)
        return values[0] if values else None


class Reply(NamedTuple):
    """One whole answer; the server adds Date and Content-Length and sends headers and body in one write."""

    status: int
    body: bytes
    headers: Headers = ()


class EndOfStream(Exception):
    """A stream has ended by the venue's own will: the last chunk is sent, and the connection may serve on."""


def _ignore() -> None:
    """Nothing to let go of."""


class Streamed(NamedTuple):
    """An answer without an end: `poll(now_ns)` is called at once and then every `every_ns`, on the exchange clock.

    Each bytes it returns is one whole line, its line end included, and is sent as a chunk of its own; it may raise
    EndOfStream. `closed` is called once, whoever ended the stream.
    """

    status: int
    headers: Headers
    poll: Callable[[int], Sequence[bytes]]
    every_ns: int = 50 * MILLISECOND_NS
    closed: Callable[[], None] = _ignore


class Wire(Protocol):
    """A venue's protocol over one exchange. All calls come from one thread, one at a time, and must not block."""

    @property
    def name(self) -> str:
        """The venue's word, lower case, such as `oanda`."""
        ...

    def operation(self, request: Request) -> str:
        """What a request asks for, such as `order.create` or `pricing.stream`; faults aim at it. Raises nothing."""
        ...

    def answer(self, request: Request) -> Reply | Streamed:
        """Do what is asked; what it raises is answered 500 and logged as a bug."""
        ...

    def tick(self, now_ns: int) -> None:
        """Bring the exchange to `now_ns` of the exchange clock; called several times a second."""
        ...

    def invitation(self, url: str) -> Sequence[str]:
        """The lines a person pastes to point rickctl, curl or other people's clients at `url`; printed on start."""
        ...

    def describe(self) -> Mapping[str, JSON]:
        """What a person at the control endpoint should see of it: accounts, counts, versions; never a secret."""
        ...

    def close(self) -> None:
        """Write down what is not written yet; called once at the end."""
        ...


class Hints(Protocol):
    """What the fault layer wants of the exchange itself at one operation; each question counts as one occurrence."""

    def hints(self, operation: str) -> Mapping[str, str]:
        """Words of `HINT_WORDS` with their values; empty nearly always.

        A wire asks once for each request that makes an order, by its operation (`order.create`), and hands what it is
        told to the engine with the order; what an engine keeps of it lasts as long as the order.
        """
        ...


HINT_WORDS: Mapping[str, str] = {
    "reject": "refuse with this reason, as the venue spells it, as a validation failure",
    "cancel": "take it, then cancel it at fill time with this reason",
    "fraction": "fill this part of it only, decimal text between 0 and 1; the rest stays working or is cancelled by "
    "its own time in force",
    "liquidity": "`none`: there is nothing at the touch; cancel or leave working as the venue would",
}
"""The words a hint may use, protocol-neutral, and what each asks of an exchange."""
