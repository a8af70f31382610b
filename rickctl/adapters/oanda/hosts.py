"""The only hosts OANDA is spoken to at, and the loopback that may stand in for practice; opens no connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rickctl.adapters.transport import Host
from rickctl.domain.errors import SetupError, UsageError
from rickctl.domain.scope import Mode

if TYPE_CHECKING:
    from collections.abc import Mapping

URL_VARIABLE = "RICKCTL_OANDA_URL"
"""An exchange on this machine in the place of OANDA's practice hosts; live hosts cannot be replaced."""

SANDBOX = "oanda-sandbox"
"""What prices of an exchange on this machine are labelled as."""

CA_VARIABLE = "SSL_CERT_FILE"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_HIGHEST_PORT = 65_535


class Hosts(NamedTuple):
    """Where one mode's requests and streams go; `source` names its prices. No file, flag or variable makes a LIVE one.

    `ca_file`: the only authorities believed; None leaves it to the system.
    """

    mode: Mode
    rest: Host
    stream: Host
    source: str
    ca_file: str | None = None


VENUE_HOSTS: dict[Mode, Hosts] = {
    Mode.PRACTICE: Hosts(
        Mode.PRACTICE,
        Host("https", "api-fxpractice.oanda.com", 443),
        Host("https", "stream-fxpractice.oanda.com", 443),
        "oanda-practice",
    ),
    Mode.LIVE: Hosts(
        Mode.LIVE,
        Host("https", "api-fxtrade.oanda.com", 443),
        Host("https", "stream-fxtrade.oanda.com", 443),
        "oanda-live",
    ),
}
"""The whole allow-list."""


def find_hosts(mode: Mode, environment: Mapping[str, str]) -> Hosts:
    """The hosts of a mode; the environment's loopback stands in for practice only. Raises UsageError, SetupError."""
    if mode not in VENUE_HOSTS:
        message = f"oanda trades in practice and live, not {mode.value}"
        raise UsageError(message, code="bad_mode", hint="--mode practice")
    url = environment.get(URL_VARIABLE, "").strip()
    if mode is Mode.LIVE or not url:
        return VENUE_HOSTS[mode]
    host = loopback_host(url)
    return Hosts(mode, host, host, SANDBOX, environment.get(CA_VARIABLE) or None)


def loopback_host(url: str) -> Host:
    """The host of `http://127.0.0.1:PORT` or its like. Raises SetupError for anything that is not this machine."""
    scheme, mark, rest = url.partition("://")
    authority = rest.removesuffix("/")
    name, port = _split(authority)
    is_port = port.isascii() and port.isdecimal() and 0 < int(port) <= _HIGHEST_PORT
    if scheme.lower() not in {"http", "https"} or not mark or name.lower() not in LOOPBACK or not is_port:
        message = f"{URL_VARIABLE} is not http or https with a port on 127.0.0.1, localhost or [::1]"
        raise SetupError(message, code="not_loopback", hint=f"unset {URL_VARIABLE}")
    return Host(scheme.lower(), name.lower(), int(port))


def _split(authority: str) -> tuple[str, str]:
    if authority.startswith("["):
        name, _, port = authority[1:].partition("]:")
        return name, port
    name, _, port = authority.partition(":")
    return name, port
