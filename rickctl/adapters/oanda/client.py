"""Requests to OANDA over a connection of our own; the only one that knows oandapyV20, decides nothing about risk.

Writes are built by oandapyV20 and carried by our connection; reads need nothing of it, because it costs more to import
than a whole quote. A write is sent once; a read may be tried again within its deadline.
"""

from __future__ import annotations

from _thread import get_ident
from os import urandom
from time import sleep
from typing import TYPE_CHECKING, Any, NamedTuple

from rickctl import __version__
from rickctl.adapters.oanda.answers import (
    AGAIN,
    BAD_REQUEST,
    Reply,
    judge_failed_write,
    judge_read,
    judge_write,
    not_sent,
    retry_after_ns,
)
from rickctl.adapters.oanda.parse import least_skew_ns, parse_date_ns
from rickctl.adapters.transport import Allowance, Connection, Deadline, Limits, Request, Why, WireFailure
from rickctl.domain.credentials import hide
from rickctl.domain.errors import SetupError, Unreachable
from rickctl.domain.instants import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from rickctl.adapters.oanda.hosts import Hosts
    from rickctl.adapters.transport import Answer, Host
    from rickctl.domain.ports import Clock, Hidden

REQUESTS_A_SECOND, CANCELS_A_SECOND, CONNECTIONS_A_SECOND = 100, 20, 2
"""Together the 120 requests and the 2 new connections the venue grants."""

_ATTEMPTS = 3
_FIRST_SHARE = 3, 5
"""Of a read's deadline the first attempt gets three fifths: a connection that died silently leaves time for another."""

_PAUSE_NS = SECOND_NS // 4
_SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_RELIEFS = ("/cancel", "/close")
"""Ends of paths that can only take risk away."""


class Patience(NamedTuple):
    """How long one call may take, whatever happens, in nanoseconds."""

    read_ns: int = 10 * SECOND_NS
    write_ns: int = 10 * SECOND_NS


class OandaClient:
    """OANDA's REST interface for one token at one mode's hosts; a connection for each thread that calls.

    Paths begin after `/v3` and are percent-encoded. Reads raise Unreachable and SetupError; writes also OrderRejected,
    and OutcomeUnknown once anything may have left.
    """

    def __init__(
        self,
        hosts: Hosts,
        *,
        token: Callable[[], Hidden],
        clock: Clock,
        folder: Path | None,
        patience: Patience | None = None,
    ) -> None:
        self.hosts = hosts
        self.clock = clock
        self._token = token
        self._folder = folder
        self._patience = patience or Patience()
        self._limits: dict[Host, Limits] = {}
        self._connections: dict[int, Connection] = {}

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        """The body of a read's answer."""
        return self.read(path, params).body

    def read(self, path: str, params: Mapping[str, str] | None = None) -> Reply:
        """A read's answer and its circumstances; tried again within its deadline where that may help."""
        request, deadline = self.request(path, params), Deadline(self._patience.read_ns)
        share = Deadline(self._patience.read_ns * _FIRST_SHARE[0] // _FIRST_SHARE[1])
        for attempt in range(1, _ATTEMPTS + 1):
            sent_ns = self.clock.now_ns()
            wait_ns = _pause_ns(attempt)
            try:
                answer = self._without_token(self._own_connection().exchange(request, share))
                return self.reply(answer, judge_read(self.hosts, answer), sent_ns)
            except WireFailure as failure:
                if attempt > 1 and failure.why is Why.RATE:
                    break  # what failed before says more than that we may not ask again yet
                failed = not_sent(self.hosts, failure)
            except Unreachable as refused:
                if answer.status not in AGAIN:
                    raise
                failed, wait_ns = refused, max(wait_ns, retry_after_ns(answer.headers))
            if attempt == _ATTEMPTS or wait_ns >= deadline.left_ns():
                break
            sleep(wait_ns / SECOND_NS)
            share = deadline
        raise failed

    def prepare(self) -> None:
        """Load what only a write needs, before anybody measures how long the write takes."""
        _library()

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """The body of a write's answer; sent once, whatever happens. Created is not filled."""
        is_relief = path.endswith(_RELIEFS)
        carrier = _Carrier(
            self._own_connection(), self._headers(), Deadline(self._patience.write_ns), is_relief=is_relief
        )
        try:
            carrier.carry(method, path, body)
        except WireFailure as failure:
            raise judge_failed_write(self.hosts, failure) from None
        return judge_write(self.hosts, self._without_token(carrier.answer))

    def request(self, path: str, params: Mapping[str, str] | None = None) -> Request:
        """A read as it is sent. Raises SetupError where there is no token, or one that cannot be a header."""
        words = "&".join(f"{name}={quoted(value)}" for name, value in (params or {}).items())
        return Request("GET", f"/v3{path}?{words}" if words else f"/v3{path}", self._headers())

    def connection(self, host: Host) -> Connection:
        """A connection of its own, under the limits all processes share."""
        if host not in self._limits:
            self._limits[host] = self._limits_of(host)
        return Connection(host, self._limits[host], ca_file=self.hosts.ca_file)

    def reply(self, answer: Answer, body: Mapping[str, Any], sent_ns: int) -> Reply:
        """An answer with what is known of it; it was asked for at `sent_ns`."""
        received_ns = self.clock.now_ns()
        try:
            skew_ns = least_skew_ns(parse_date_ns(answer.headers["date"]), sent_ns, received_ns)
        except (KeyError, ValueError):
            skew_ns = None
        return Reply(answer.status, body, answer.headers.get("requestid"), sent_ns, received_ns, skew_ns)

    def close(self) -> None:
        """Let go of every connection."""
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    def _without_token(self, answer: Answer) -> Answer:
        """The answer with every trace of our token hidden: its words end in messages, reports and the journal."""
        token = self._token()
        is_clean = answer.status < BAD_REQUEST and token.reveal().encode() not in answer.body
        if is_clean:
            return answer
        body = hide(answer.body.decode("utf-8", "surrogateescape"), [token]).encode("utf-8", "surrogateescape")
        headers = {name: hide(value, [token]) for name, value in answer.headers.items()}
        return answer._replace(headers=headers, body=body)

    def _own_connection(self) -> Connection:
        thread = get_ident()
        if thread not in self._connections:
            self._connections[thread] = self.connection(self.hosts.rest)
        return self._connections[thread]

    def _limits_of(self, host: Host) -> Limits:
        def allowance(what: str, count: int) -> Allowance:
            name = f"{host.name}-{host.port}.{what}".replace(":", "_")
            return Allowance(None if self._folder is None else self._folder / name, count)

        return Limits(
            allowance("requests", REQUESTS_A_SECOND),
            allowance("cancels", CANCELS_A_SECOND),
            allowance("connections", CONNECTIONS_A_SECOND),
        )

    def _headers(self) -> dict[str, str]:
        token = self._token().reveal()
        if not (token.isascii() and token.isprintable()) or " " in token or not token:
            message = "the token has characters no token has"
            raise SetupError(message, code="bad_token", hint=f"rickctl login oanda --mode {self.hosts.mode.value}")
        return {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "Accept-Datetime-Format": "RFC3339",
            "User-Agent": f"rickctl/{__version__}",
        }


class _Carrier:
    """Carries one request that oandapyV20 builds; requests takes it for a transport adapter of its own.

    So the library's session never opens a connection, follows a redirect, reads the environment or sees the token.
    """

    def __init__(
        self, connection: Connection, headers: Mapping[str, str], deadline: Deadline, *, is_relief: bool
    ) -> None:
        self._connection = connection
        self._headers = headers
        self._deadline = deadline
        self._is_relief = is_relief
        self._answers: list[Answer] = []

    @property
    def answer(self) -> Answer:
        """The one answer."""
        return self._answers[0]

    def carry(self, method: str, path: str, data: Mapping[str, Any] | None) -> None:
        """Have oandapyV20 build the request and send it once; what it thinks of the answer is not asked."""
        library = _library()

        class Endpoint(library.endpoints.apirequest.APIRequest):  # type: ignore[misc, name-defined]
            """One write, as the library takes it."""

            def __init__(self) -> None:
                super().__init__(f"v3{path}", method=method)
                self.data = data

        session = library.API(access_token="", request_params={"allow_redirects": False})
        session.client.trust_env = False
        session.client.mount("https://", self)
        try:
            session.request(Endpoint())
        except Exception:
            # It raises for a refusal, a status it does not expect and a body that is no JSON: the answer tells which.
            if not self._answers:
                raise

    def send(self, prepared: Any, **_options: object) -> Any:  # noqa: ANN401 - types of requests, which is not imported for a read
        """What requests calls to have a prepared request answered."""
        from io import BytesIO  # noqa: PLC0415 - a read needs neither

        from requests import Response  # noqa: PLC0415

        if self._answers:
            message = "a write is sent once"
            raise RuntimeError(message)
        body = prepared.body or b""
        headers = {**self._headers, "Content-Type": "application/json"} if body else self._headers
        raw = body.encode("utf-8") if isinstance(body, str) else body
        answer = self._connection.exchange(
            Request(prepared.method, prepared.path_url, headers, raw, self._is_relief), self._deadline
        )
        self._answers.append(answer)
        response = Response()
        response.status_code = answer.status
        response.headers.update(answer.headers)
        response.raw = BytesIO(answer.body)
        response.url, response.request = prepared.url, prepared
        return response

    def close(self) -> None:
        """The connection is not the library's to close."""


def _library() -> Any:  # noqa: ANN401 - it has no types
    """oandapyV20, without its talk on stderr."""
    import logging  # noqa: PLC0415 - a read needs none of this
    import warnings  # noqa: PLC0415

    logger = logging.getLogger("oandapyV20")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import oandapyV20  # type: ignore[import-untyped] # noqa: PLC0415
        import oandapyV20.endpoints.apirequest  # type: ignore[import-untyped] # noqa: PLC0415

        return oandapyV20


def quoted(text: str) -> str:
    """Text as a part of a path or query: everything unusual percent-encoded."""
    if _SAFE.issuperset(text):
        return text
    return "".join(sign if sign in _SAFE else "".join(f"%{byte:02X}" for byte in sign.encode()) for sign in text)


def _pause_ns(attempt: int) -> int:
    """Anything up to a quarter of a second, doubled with each attempt, so that many do not come back at once."""
    return (_PAUSE_NS << attempt) * int.from_bytes(urandom(4), "little") >> 32
