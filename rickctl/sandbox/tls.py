"""A throw-away authority and a certificate for loopback: made once a state folder, its signing key never kept."""

from __future__ import annotations

import os
import ssl
from typing import TYPE_CHECKING

from rickctl.domain.errors import SetupError
from rickctl.domain.instants import DAY_NS, to_datetime

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate, KeyUsage, Name

_VALID_NS = 90 * DAY_NS
_SPARE_NS = 7 * DAY_NS
AUTHORITY = "ca.pem"
_SERVER = "server.pem"


def tls_context(folder: Path, now_ns: int) -> tuple[ssl.SSLContext, Path]:
    """What a server needs to speak TLS, and the authority its clients have to believe. Raises SetupError."""
    authority, server = folder / AUTHORITY, folder / _SERVER
    try:
        if not _is_good(authority, server, now_ns):
            _make(folder, authority, server, now_ns)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(server)
    except (OSError, ValueError) as error:
        message = f"the certificates in {folder} cannot be used: {error}"
        raise SetupError(message, code="sandbox_tls", hint=f"rm -r {folder}") from None
    return context, authority


def _is_good(authority: Path, server: Path, now_ns: int) -> bool:
    """Whether both are there and hold for a while yet."""
    if not authority.exists() or not server.exists():
        return False
    from cryptography import x509  # noqa: PLC0415 - TLS only

    found = x509.load_pem_x509_certificate(server.read_bytes())
    return (
        found.not_valid_before_utc <= to_datetime(now_ns)
        and to_datetime(now_ns + _SPARE_NS) < found.not_valid_after_utc
    )


def _make(folder: Path, authority: Path, server: Path, now_ns: int) -> None:
    from cryptography import x509  # noqa: PLC0415 - TLS only
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.x509.oid import NameOID  # noqa: PLC0415

    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "rickctl sandbox, not to be trusted elsewhere")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    signing, serving = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _signed(issuer, issuer, signing, signing, now_ns)
    leaf = _signed(subject, issuer, serving, signing, now_ns)
    pem = serialization.Encoding.PEM
    key = serving.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write(server, key + leaf.public_bytes(pem))
    _write(authority, root.public_bytes(pem))


def _signed(
    subject: Name, issuer: Name, key: EllipticCurvePrivateKey, signing: EllipticCurvePrivateKey, now_ns: int
) -> Certificate:
    """A certificate for `key`: an authority where it signs itself, else for this machine's own names."""
    import ipaddress  # noqa: PLC0415 - TLS only

    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415

    is_authority = key is signing
    identifier = x509.SubjectKeyIdentifier.from_public_key(signing.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(to_datetime(now_ns - DAY_NS))
        .not_valid_after(to_datetime(now_ns + _VALID_NS))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=0 if is_authority else None), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_usage(is_authority=is_authority), critical=True)
    )
    if not is_authority:
        hosts = [x509.IPAddress(ipaddress.ip_address(text)) for text in ("127.0.0.1", "::1")]
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), *hosts]), critical=False
        )
        server_auth = x509.oid.ExtendedKeyUsageOID.SERVER_AUTH
        builder = builder.add_extension(x509.ExtendedKeyUsage([server_auth]), critical=False)
    return builder.sign(signing, hashes.SHA256())


def _usage(*, is_authority: bool) -> KeyUsage:
    from cryptography import x509  # noqa: PLC0415 - TLS only

    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )


def _write(path: Path, data: bytes) -> None:
    """Replace a file only its owner can read."""
    part = path.with_suffix(".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(data)
    part.replace(path)
