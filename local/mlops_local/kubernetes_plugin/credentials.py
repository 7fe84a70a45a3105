"""How a kubeconfig's user is proved: TLS client certificates and credential programs.

Used by `client` when it connects. Protocol:
https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
"""

from __future__ import annotations

import ipaddress
import json
import os
import ssl
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mlops_local.kubernetes_plugin.errors import KubeconfigError
from mlops_local.kubernetes_plugin.kubeconfig import Access, ExecCommand

EXEC_SECONDS = 60


def tls(access: Access, certificate: bytes | None, key: bytes | None) -> ssl.SSLContext | bool:
    """The TLS settings of a kubeconfig; `ssl` reads client certificates from files only."""
    if not access.server.startswith("https"):
        return True
    context = ssl.create_default_context(cadata=access.authority.decode() if access.authority else None)
    if not access.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate and key:
        with tempfile.TemporaryDirectory(prefix="mlops-tls-") as folder:
            pair = Path(folder) / "pair.pem"
            pair.touch(mode=0o600)
            pair.write_bytes(certificate.rstrip() + b"\n" + key)
            try:
                context.load_cert_chain(pair)
            except (ssl.SSLError, OSError) as error:
                raise KubeconfigError(
                    f"the kubeconfig's client certificate does not load: {error}"
                ) from error
    return context


def run_exec(command: ExecCommand) -> tuple[str | None, bytes | None, bytes | None]:
    """Run a credential program; returns token, certificate and key as it gives them."""
    info = {"apiVersion": command.api_version, "kind": "ExecCredential", "spec": {"interactive": False}}
    environment = {**os.environ, **dict(command.env), "KUBERNETES_EXEC_INFO": json.dumps(info)}
    try:
        done = subprocess.run(
            [command.command, *command.args],
            env=environment,
            capture_output=True,
            text=True,
            timeout=EXEC_SECONDS,
            check=True,
        )
        status: Mapping[str, Any] = json.loads(done.stdout)["status"]
    except subprocess.CalledProcessError as error:
        raise KubeconfigError(f"{command.command} gave no credentials: {error.stderr.strip()}") from error
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError) as error:
        raise KubeconfigError(f"{command.command} gave no credentials: {error}") from error
    certificate, key = status.get("clientCertificateData"), status.get("clientKeyData")
    return status.get("token"), certificate and certificate.encode(), key and key.encode()


def is_loopback(server: str) -> bool:
    """True for addresses that a proxy can never reach, as in Go's HTTP client."""
    host = urlsplit(server).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
