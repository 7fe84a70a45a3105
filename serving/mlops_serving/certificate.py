"""Reading a certificate before it is used: whether it fits its key, and when it ends."""

from __future__ import annotations

import re
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from mlops_serving.errors import SettingsError

_PEM: Final = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_SEQUENCE, _UTC_TIME, _GENERALIZED_TIME, _VERSION = 0x30, 0x17, 0x18, 0xA0


class Certificate(NamedTuple):
    """Files of a certificate that was found good, and its end in seconds since 1970.

    `client_ca` holds the certificates that sign clients', None if clients need none.
    """

    cert: Path
    key: Path
    client_ca: Path | None
    not_after: float


def read_certificate(cert: Path, key: Path, client_ca: Path | None) -> Certificate:
    """Check that the files are well-formed and belong together; raises `SettingsError`.

    Symbolic links are followed now, so that a swap of a mounted Secret cannot mix two certificates.
    """
    try:
        cert, key = cert.resolve(strict=True), key.resolve(strict=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # Without a password OpenSSL would ask for one on the terminal.
        context.load_cert_chain(cert, key, password="")
        if client_ca:
            client_ca = client_ca.resolve(strict=True)
            context.load_verify_locations(client_ca)
        found = _PEM.search(cert.read_text())
        if found is None:
            raise ValueError("there is no certificate in it")
        return Certificate(cert, key, client_ca, not_after(ssl.PEM_cert_to_DER_cert(found[0])))
    except ssl.SSLError as error:
        why = (error.reason or "not PEM, or an encrypted key").replace("_", " ").lower()
    except OSError as error:
        why = f"{error.strerror}: {error.filename}"
    except ValueError as error:
        why = str(error)
    files = f"{cert} and {key}" + (f" and {client_ca}" if client_ca else "")
    raise SettingsError(f"the certificate in {files} cannot be used: {why}; mount a PEM pair that fits")


def not_after(der: bytes) -> float:
    """When an X.509 certificate ends, in seconds since 1970; `ValueError` if it is malformed.

    Source: RFC 5280, sections 4.1 and 4.1.2.5.
    """
    try:
        _, at, _ = _element(der, 0)
        _, at, _ = _element(der, at)
        tag, _, end = _element(der, at)
        if tag == _VERSION:
            at = end
        for _ in ("serial number", "signature algorithm", "issuer"):
            _, _, at = _element(der, at)
        tag, at, _ = _element(der, at)
        _, _, at = _element(der, at)
        kind, start, end = _element(der, at)
        text = der[start:end].decode("ascii")
    except (IndexError, UnicodeDecodeError) as error:
        raise ValueError("the certificate is truncated") from error
    if tag != _SEQUENCE or kind not in (_UTC_TIME, _GENERALIZED_TIME):
        raise ValueError("the certificate has no validity where it belongs")
    if kind == _UTC_TIME:
        text = ("19" if text >= "50" else "20") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()


def _element(der: bytes, at: int) -> tuple[int, int, int]:
    """Tag, and where the content of the element at a place starts and ends (DER, X.690)."""
    tag, length, start = der[at], der[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7F
        length, start = int.from_bytes(der[start : start + size]), start + size
    if start + length > len(der):
        raise IndexError
    return tag, start, start + length
