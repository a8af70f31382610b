"""OANDA is spoken to at its own hosts, or at this machine where practice is meant, and over checked encryption only."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from rickctl.adapters.oanda.hosts import VENUE_HOSTS, find_hosts
from rickctl.adapters.transport import Host
from rickctl.domain.errors import SetupError, Unreachable, UsageError
from rickctl.domain.scope import Mode
from rickctl.sandbox.tls import tls_context
from tests.adapters.oanda_kit import answer, client, drop, venue
from tests.house.kit import ROOT

if TYPE_CHECKING:
    import ssl


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://127.0.0.1:8080", Host("http", "127.0.0.1", 8080)),
        ("https://localhost:8443/", Host("https", "localhost", 8443)),
        ("HTTP://LOCALHOST:80", Host("http", "localhost", 80)),
        ("https://[::1]:9000", Host("https", "::1", 9000)),
        (" http://127.0.0.1:1 ", Host("http", "127.0.0.1", 1)),
    ],
)
def test_this_machine_stands_in_for_practice(url: str, host: Host) -> None:
    found = find_hosts(Mode.PRACTICE, {"RICKCTL_OANDA_URL": url, "SSL_CERT_FILE": "/ca.pem"})
    assert found == (Mode.PRACTICE, host, host, "oanda-sandbox", "/ca.pem")


@pytest.mark.parametrize(
    "url",
    [
        "http://api-fxtrade.oanda.com:443", "https://evil.example:443", "http://127.0.0.1", "127.0.0.1:80", "ftp://127.0.0.1:1",
        "http://127.0.0.1:0", "http://127.0.0.1:65536", "http://127.0.0.1:80/path", "http://user@127.0.0.1:80", "http://[::2]:80",
        "http://127.0.0.1.evil.example:80", "http://localhost@evil.example:80", "http://0.0.0.0:80", "http://127.0.0.2:80",
        "http://127.0.0.1:８０", "http://[::1]80", "http:127.0.0.1:80", "http://127.0.0.1:80:80", "http://127.0.0.1:-1",
    ],
)  # fmt: skip
def test_nothing_but_this_machine_does(url: str) -> None:
    with pytest.raises(SetupError) as caught:
        find_hosts(Mode.PRACTICE, {"RICKCTL_OANDA_URL": url})
    assert caught.value.code == "not_loopback"


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "https://evil.example:443", ""])
def test_nothing_stands_in_for_live(url: str) -> None:
    found = find_hosts(Mode.LIVE, {"RICKCTL_OANDA_URL": url, "SSL_CERT_FILE": "/ca.pem"})
    assert (str(found.rest), str(found.stream)) == ("https://api-fxtrade.oanda.com", "https://stream-fxtrade.oanda.com")
    assert found is VENUE_HOSTS[Mode.LIVE]


def test_practice_goes_to_the_venues_practice() -> None:
    found = find_hosts(Mode.PRACTICE, {})
    assert (str(found.rest), str(found.stream)) == (
        "https://api-fxpractice.oanda.com", "https://stream-fxpractice.oanda.com",
    )  # fmt: skip


def test_paper_has_no_host() -> None:
    with pytest.raises(UsageError):
        find_hosts(Mode.PAPER, {})


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, str]:
    """A server's side of an encrypted connection, and the file of the authority behind it."""
    context, authority = tls_context(tmp_path_factory.mktemp("tls"), time.time_ns())  # noqa: TID251 - certificates are dated
    return context, str(authority)


def test_encrypted_loopback_answers_to_who_believes_its_authority(certified: tuple[ssl.SSLContext, str]) -> None:
    context, authority = certified
    with venue(answer({"a": 1}), context=context) as found:
        calls = client(found.host, ca_file=authority)
        assert [calls.get("/accounts"), calls.get("/accounts")] == [{"a": 1}] * 2
        assert found.connections == 1


def test_a_certificate_nobody_vouches_for_is_refused_before_a_byte_is_sent(
    certified: tuple[ssl.SSLContext, str],
) -> None:
    with venue(answer({}), context=certified[0]) as found:
        with pytest.raises(Unreachable, match="certificate"):
            client(found.host, patience_ms=500).send("POST", "/accounts/1/orders", {})
        assert found.seen == []


def test_a_certificate_for_another_name_is_refused(certified: tuple[ssl.SSLContext, str]) -> None:
    context, authority = certified
    with venue(answer({}), context=context, address="127.0.0.2") as found:
        with pytest.raises(Unreachable, match="certificate"):
            client(found.host, ca_file=authority, patience_ms=500).get("/accounts")
        assert found.seen == []


def test_a_plain_server_where_an_encrypted_one_is_meant_gets_no_byte_of_a_request() -> None:
    with venue(drop) as found:
        host = Host("https", "127.0.0.1", found.host.port)
        with pytest.raises(Unreachable):
            client(host, patience_ms=400).send("POST", "/accounts/1/orders", {})
        assert found.seen == []


def test_no_certificate_check_can_be_turned_off_anywhere() -> None:
    for path in (ROOT / "rickctl" / "adapters").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not [
            word for word in ("CERT_NONE", "verify=False", "_create_unverified", "check_hostname") if word in text
        ]
