"""A connected socket before a deadline, encrypted where the host says so; sends nothing."""

from __future__ import annotations

import socket
import time
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import ssl
    from typing import Any

    Address = tuple[socket.AddressFamily, Any]


class Why(StrEnum):
    """Why there is no whole answer."""

    NO_ADDRESS = "no_address"
    REFUSED = "refused"
    TLS = "tls"
    RATE = "rate"
    TIMEOUT = "timeout"
    RESET = "reset"
    TRUNCATED = "truncated"
    GARBLED = "garbled"
    TOO_LARGE = "too_large"


class WireFailure(Exception):
    """No whole answer; `has_left` says whether the other side may have seen any of the request."""

    def __init__(self, why: Why, detail: str, *, has_left: bool) -> None:
        super().__init__(f"{why.value}: {detail}")
        self.why = why
        self.detail = detail
        self.has_left = has_left


def unsent(why: Why, detail: str) -> WireFailure:
    """The failure of a request of which nothing has left."""
    return WireFailure(why, detail, has_left=False)


class Deadline:
    """The instant by which a whole call has ended, on a clock nobody sets."""

    def __init__(self, length_ns: int) -> None:
        self._at_ns = time.monotonic_ns() + length_ns

    def left_ns(self) -> int:
        """Nanoseconds left; zero or less when it has passed."""
        return self._at_ns - time.monotonic_ns()

    def left_s(self) -> float:
        """Seconds left, as sockets take them. Raises TimeoutError when there are none."""
        left_ns = self.left_ns()
        if left_ns <= 0:
            message = "the deadline has passed"
            raise TimeoutError(message)
        return left_ns / 1_000_000_000


class Host(NamedTuple):
    """Where a request goes; `scheme` is http or https."""

    scheme: str
    name: str
    port: int

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"

    @property
    def authority(self) -> str:
        """Name and port as the Host header has them."""
        name = f"[{self.name}]" if ":" in self.name else self.name
        usual = 443 if self.scheme == "https" else 80
        return name if self.port == usual else f"{name}:{self.port}"


def open_socket(host: Host, deadline: Deadline, ca_file: str | None) -> socket.socket:
    """A connected socket, encrypted where the scheme says so. Raises WireFailure: nothing has left."""
    plain = _connect(host, deadline)
    if host.scheme != "https":
        return plain
    import ssl  # noqa: PLC0415 - plain loopback needs none

    try:
        plain.settimeout(deadline.left_s())
        return trust(ca_file).wrap_socket(plain, server_hostname=host.name)
    except (OSError, ValueError) as error:
        plain.close()
        if isinstance(error, TimeoutError):
            raise unsent(Why.TIMEOUT, "no encrypted connection in time") from None
        why = error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else str(error)
        raise unsent(Why.TLS, f"no encrypted connection to {host.name}: {why}") from None


@lru_cache(maxsize=4)
def trust(ca_file: str | None) -> ssl.SSLContext:
    """Who is believed: the file's authorities alone, or the system's (certifi's where the system has none)."""
    import ssl  # noqa: PLC0415 - plain loopback needs none

    if ca_file is None and ssl.get_default_verify_paths().cafile is None:
        import certifi  # noqa: PLC0415 - a system with authorities of its own needs none of these

        ca_file = certifi.where()
    return ssl.create_default_context(cafile=ca_file)


def _connect(host: Host, deadline: Deadline) -> socket.socket:
    addresses = _addresses(host, deadline)
    failure = unsent(Why.REFUSED, "no address answered")
    for count, (family, address) in enumerate(addresses):
        found = socket.socket(family, socket.SOCK_STREAM)
        try:
            found.settimeout(deadline.left_s() / (len(addresses) - count))
            found.connect(address)
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except TimeoutError:
            failure = unsent(Why.TIMEOUT, f"no connection to {host.name} in time")
        except OSError as error:
            failure = unsent(Why.REFUSED, f"no connection to {host.authority}: {error.strerror or error}")
        else:
            return found
        found.close()
    raise failure


def _addresses(host: Host, deadline: Deadline) -> list[Address]:
    """Addresses of a name; a look-up cannot be interrupted, so a name is asked in a thread that may be left."""
    try:
        return _look_up(host, socket.AI_NUMERICHOST)
    except OSError:
        found: list[list[Address] | OSError] = []
    from threading import Thread  # noqa: PLC0415 - an address written as numbers needs no look-up

    def ask() -> None:
        try:
            found.append(_look_up(host, 0))
        except OSError as error:
            found.append(error)

    asker = Thread(target=ask, name="name-look-up", daemon=True)
    asker.start()
    asker.join(max(deadline.left_ns(), 0) / 1_000_000_000)
    answer = found[0] if found else None
    if isinstance(answer, list) and answer:
        return answer
    if answer is None:
        raise unsent(Why.TIMEOUT, f"the name {host.name} was not found in time")
    raise unsent(
        Why.NO_ADDRESS, f"the name {host.name} is not found: {getattr(answer, 'strerror', None) or 'no address'}"
    )


def _look_up(host: Host, flags: int) -> list[Address]:
    found = socket.getaddrinfo(host.name, host.port, type=socket.SOCK_STREAM, flags=flags)
    return [(family, address) for family, _, _, _, address in found]
