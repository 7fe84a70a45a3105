"""Whether the cluster's endpoint answers from here: name, TCP, TLS with the cluster's own authority."""

from __future__ import annotations

import socket
import ssl

from mlops_cli.aws.findings import Finding, fail, ok

TIMEOUT_SECONDS = 5.0


def connect(host: str, port: int, authority_pem: str) -> None:
    """Shake hands with the endpoint.

    Raises:
        OSError: no such name, no route, refused, no answer in time, or a certificate of another authority.
    """
    context = ssl.create_default_context(cadata=authority_pem)
    with (
        socket.create_connection((host, port), timeout=TIMEOUT_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=host),
    ):
        return


def verdict(host: str, error: OSError | None, *, public: bool, allowed: list[str]) -> Finding:
    """What an attempt to connect means, and what to do.

    Args:
        public: whether the endpoint answers outside the VPC at all.
        allowed: address blocks that may use the public endpoint.
    """
    check = "endpoint of the cluster"
    if error is None:
        return ok(check, f"{host} answers")
    why = f"{host} does not answer: {error}"
    if isinstance(error, ssl.SSLError):
        return fail(
            check,
            f"{host} has a certificate of another authority: {error}",
            "look for a proxy that opens TLS",
        )
    if public:
        blocks = ", ".join(allowed) or "no address"
        return fail(
            check,
            f"{why}; the public endpoint lets in {blocks}",
            "add this machine's address to the allow list in mlops:cluster, or use one that is in it",
        )
    return fail(
        check,
        f"{why}; the endpoint is private",
        "run from inside the VPC: over a VPN or Direct Connect, on a CI runner in a private subnet, or by"
        " `aws ssm start-session` with port forwarding through a node",
    )
