"""TLS of the gRPC port: the files of the REST port, read again when they change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import grpc

from mlops_serving.certificate import Certificate, read_certificate
from mlops_serving.errors import SettingsError
from mlops_serving.logs import log
from mlops_serving.settings import Settings

Marks = tuple[tuple[int, int], ...]


def credentials(settings: Settings) -> Any:
    """What a secure port needs, None where there is no certificate.

    grpc asks at each handshake whether there is something new, so a new certificate costs no connection.
    Raises `SettingsError` when the files cannot be used now; later, what was good stays in use.
    """
    if settings.tls_cert_file is None or settings.tls_key_file is None:
        return None
    files = Files(settings.tls_cert_file, settings.tls_key_file, settings.tls_client_ca_file)
    first = files.newest()
    if first is None:
        raise SettingsError("the certificate changed while it was read; start again")
    return grpc.dynamic_ssl_server_credentials(
        first, files.newest, require_client_authentication=settings.tls_client_ca_file is not None
    )


class Files:
    """The certificate's files and what they were when they were last read."""

    def __init__(self, cert: Path, key: Path, client_ca: Path | None) -> None:
        self._cert, self._key, self._client_ca = cert, key, client_ca
        self._seen: Marks | None = None

    def newest(self) -> Any:
        """A configuration for grpc, None while nothing has changed or what is new cannot be used."""
        marks = self._marks()
        if marks == self._seen:
            return None
        first, self._seen = self._seen is None, marks
        try:
            return _configuration(read_certificate(self._cert, self._key, self._client_ca))
        except SettingsError as error:
            if first:
                raise
            log.warning(f"{error}; the certificate before stays in use")
            return None

    def _marks(self) -> Marks:
        files = [path for path in (self._cert, self._key, self._client_ca) if path]
        try:
            return tuple((stat.st_ino, stat.st_mtime_ns) for stat in (path.stat() for path in files))
        except OSError:
            # In the middle of a swap; the next handshake will find it done.
            return self._seen or ()


def _configuration(found: Certificate) -> Any:
    pair = (found.key.read_bytes(), found.cert.read_bytes())
    root = found.client_ca.read_bytes() if found.client_ca else None
    return grpc.ssl_server_certificate_configuration([pair], root_certificates=root)
