"""Reaching the cluster's endpoint, tried on a TLS server of this test."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator

import pytest
import trustme

from mlops_cli.aws.findings import Level
from mlops_cli.aws.reach import connect, verdict

HOST = "localhost"


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def port(authority: trustme.CA) -> Iterator[int]:
    """A server that shakes hands once."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)

        def serve() -> None:
            try:
                with listening.accept()[0] as plain, context.wrap_socket(plain, server_side=True):
                    pass
            except OSError:
                # A client that does not trust the certificate hangs up.
                pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


def pem(authority: trustme.CA) -> str:
    return authority.cert_pem.bytes().decode()


def test_an_endpoint_of_the_clusters_own_authority_answers(port: int, authority: trustme.CA) -> None:
    connect(HOST, port, pem(authority))


def test_an_endpoint_of_another_authority_does_not(port: int) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        connect(HOST, port, pem(trustme.CA()))


def test_a_closed_port_does_not(authority: trustme.CA) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        free = listening.getsockname()[1]
    with pytest.raises(OSError, match="refused"):
        connect(HOST, free, pem(authority))


@pytest.mark.parametrize(
    ("error", "public", "level", "text", "remedy"),
    [
        (None, False, Level.OK, "h answers", ""),
        (
            TimeoutError("timed out"),
            False,
            Level.FAIL,
            "h does not answer: timed out; the endpoint is private",
            "run from inside the VPC: over a VPN",
        ),
        (
            TimeoutError("timed out"),
            True,
            Level.FAIL,
            "h does not answer: timed out; the public endpoint lets in 192.0.2.0/24",
            "add this machine's address to the allow list in mlops:cluster",
        ),
        (
            ssl.SSLCertVerificationError("self-signed"),
            True,
            Level.FAIL,
            "h has a certificate of another authority: ('self-signed',)",
            "look for a proxy that opens TLS",
        ),
    ],
)
def test_each_way_of_not_answering_has_its_remedy(
    error: OSError | None, public: bool, level: Level, text: str, remedy: str
) -> None:
    finding = verdict("h", error, public=public, allowed=["192.0.2.0/24"])
    assert (finding.level, finding.text) == (level, text)
    assert finding.remedy.startswith(remedy)
