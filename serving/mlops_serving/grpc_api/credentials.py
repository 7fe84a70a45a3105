"""TLS of the gRPC port: the files of the REST port, read again when they change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc

from mlops_serving.certificate import Certificate, read_certificate
from mlops_serving.errors import SettingsError
from mlops_serving.file_watch import state
from mlops_serving.logs import log
from mlops_serving.metrics.meters import Meter
from mlops_serving.settings import Settings


def credentials(settings: Settings, reloads: Meter) -> Any:
    """What a secure port needs, None where there is no certificate.

    grpc asks at each handshake whether there is something new, so a new certificate costs no connection.
    Raises `SettingsError` when the files cannot be used now; later, what was good stays in use, and
    `reloads` counts it. For the event loop's thread.
    """
    if settings.tls_cert_file is None or settings.tls_key_file is None:
        return None
    loop = asyncio.get_running_loop()

    def count(result: str) -> None:
        # grpc asks in threads of its own.
        loop.call_soon_threadsafe(lambda: reloads.labels("grpc_tls", result).add())

    files = Files(settings.tls_cert_file, settings.tls_key_file, settings.tls_client_ca_file, count)
    return grpc.dynamic_ssl_server_credentials(
        files.read(), files.newest, require_client_authentication=settings.tls_client_ca_file is not None
    )


class Files:
    """The certificate's files and what they were when they were last read."""

    def __init__(self, cert: Path, key: Path, client_ca: Path | None, count: Callable[[str], None]) -> None:
        self._cert, self._key, self._client_ca, self._count = cert, key, client_ca, count
        self._paths = tuple(path for path in (cert, key, client_ca) if path)
        self._seen = state(self._paths)

    def read(self) -> Any:
        """A configuration for grpc; raises `SettingsError` when the files cannot be used."""
        return _configuration(read_certificate(self._cert, self._key, self._client_ca))

    def newest(self) -> Any:
        """A configuration for grpc, None while nothing has changed or what is new cannot be used."""
        before, self._seen = self._seen, state(self._paths)
        if self._seen == before:
            return None
        try:
            found = self.read()
            self._count("done")
            return found
        except SettingsError as error:
            self._count("refused")
            log.warning(f"{error}; the certificate before stays in use")
            return None


def _configuration(found: Certificate) -> Any:
    pair = (found.key.read_bytes(), found.cert.read_bytes())
    root = found.client_ca.read_bytes() if found.client_ca else None
    return grpc.ssl_server_certificate_configuration([pair], root_certificates=root)
