"""HTTPS: certificates change under load without costing a request, and bad ones change nothing."""

from __future__ import annotations

import http.client
import json
import shutil
import signal
import socket
import ssl
import threading
from datetime import UTC, datetime

import pytest
import trustme

from serving_folder import folder_environ, replace_file

INFER = "/v2/models/iris/infer"
DONE, REFUSED = (f'mlops_reloads_total{{file="tls",result="{result}"}}' for result in ("done", "refused"))
CHANGES = 20


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def mounted(tmp_path, authority):
    """A folder like a mounted Secret."""
    mount(tmp_path / "tls", authority.issue_cert("localhost"))
    return tmp_path / "tls"


def mount(folder, made):
    """Swap the link, as Kubernetes does; the serial number of the certificate."""
    folder.mkdir(exist_ok=True)
    version = folder / f"..{len(list(folder.iterdir()))}"
    version.mkdir()
    for name, pem in (("tls.crt", made.cert_chain_pems[0]), ("tls.key", made.private_key_pem)):
        pem.write_to_path(version / name)
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")
    (folder / "..new").symlink_to(version.name)
    (folder / "..new").rename(folder / "..data")
    return parsed(made)["serialNumber"]


def parsed(made):
    """The certificate as a client sees it in a handshake without a network."""
    client, server = ssl.create_default_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    client.load_verify_locations(cadata=made.cert_chain_pems[0].bytes().decode())
    made.configure_cert(server)
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = client.wrap_bio(down, up), server.wrap_bio(up, down, server_side=True)
    for end in (*ends, *ends):
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return ends[0].getpeercert()


@pytest.fixture
def trusting(authority):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def server(serve, tmp_path, iris, mounted, trusting):
    return start(serve, tmp_path, iris, mounted, trusting)


def start(serve, tmp_path, iris, mounted, trusting, **more):
    files = {"MLOPS_TLS_CERT_FILE": f"{mounted}/tls.crt", "MLOPS_TLS_KEY_FILE": f"{mounted}/tls.key"}
    server = serve(folder_environ(tmp_path / "store", iris) | files | more)
    server.tls = trusting
    return server


def held(server):
    """Threads of all processes, and open files of each worker."""
    files = [server.metric(f'process_open_fds{{process="worker-{number}"}}') for number in (0, 1)]
    return [server.threads(), *files]


def handshake(server):
    """Serial number, TLS version and protocol of a new connection."""
    with (
        socket.create_connection(("127.0.0.1", server.port), 5) as plain,
        server.tls.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        return secure.getpeercert()["serialNumber"], secure.version(), secure.selected_alpn_protocol()


@pytest.mark.timeout(180)
def test_twenty_new_certificates_under_load_cost_no_request_and_each_is_shown_to_new_connections(
    serve, tmp_path, iris, iris_body, mounted, trusting, authority, wait_until
):
    more = {"MLOPS_DRAIN_SECONDS": "0.4", "MLOPS_WORKERS": "2"}
    shutil.copytree(iris.folders["1"], tmp_path / "cache" / "iris" / "1")
    server = start(serve, tmp_path, iris, mounted, trusting, **more).wait_ready()
    stop = threading.Event()
    body = json.dumps(iris_body(iris.rows[:1])).encode()
    load = server.load(8, INFER, body, stop, reconnect=True)
    before: list[float] = []
    for change in range(1, CHANGES + 1):
        serial = mount(mounted, authority.issue_cert("localhost"))
        wait_until(lambda n=change: server.metric(DONE) == 2 * n)
        assert {handshake(server)[0] for _ in range(16)} == {serial}
        before = before or held(server)
    stop.set()
    load.join()
    assert load.lost == []
    assert {status for status, _ in load.replies} == {200}
    assert len({answer for _, answer in load.replies}) == 1
    assert load.told_to_close >= 8
    assert server.metric(REFUSED) == -1
    wait_until(lambda: all(now <= then for now, then in zip(held(server), before, strict=True)))
    assert server.terminate() == 0


def test_sigterm_right_after_a_change_loses_no_request(
    serve, tmp_path, iris, iris_body, mounted, trusting, authority, wait_until
):
    server = start(serve, tmp_path, iris, mounted, trusting, MLOPS_DRAIN_SECONDS="2").wait_ready()
    body = json.dumps(iris_body(iris.rows[:1])).encode()
    load = server.load(8, INFER, body, threading.Event(), reconnect=False)
    wait_until(lambda: len(load.replies) > 200)
    mount(mounted, authority.issue_cert("localhost"))
    wait_until(lambda: server.metric(DONE) == 1)
    assert server.terminate() == 0
    load.join()
    assert load.lost == []
    assert {status for status, _ in load.replies} == {200}
    assert load.told_to_close == 8


def test_the_end_of_the_certificate_is_a_metric(server, mounted, authority, wait_until):
    server.wait_ready()
    end = datetime(2031, 5, 6, tzinfo=UTC)
    mount(mounted, authority.issue_cert("localhost", not_after=end))
    wait_until(lambda: server.metric("mlops_tls_not_after_seconds") == end.timestamp())


def test_bad_new_certificates_change_nothing_and_the_next_good_one_is_used(
    server, mounted, authority, wait_until
):
    server.wait_ready()
    serial = handshake(server)[0]
    replace_file(mounted / "..data" / "tls.crt", "no certificate")
    wait_until(lambda: server.metric(REFUSED) == 1)
    assert handshake(server)[0] == serial
    first, second = authority.issue_cert("localhost"), authority.issue_cert("localhost")
    replace_file(mounted / "..data" / "tls.crt", first.cert_chain_pems[0].bytes())
    wait_until(lambda: server.metric(REFUSED) == 2)
    replace_file(mounted / "..data" / "tls.key", second.private_key_pem.bytes())
    wait_until(lambda: server.metric(REFUSED) == 3)
    assert handshake(server)[0] == serial
    replace_file(mounted / "..data" / "tls.key", first.private_key_pem.bytes())
    wait_until(lambda: server.metric(DONE) == 1)
    wait_until(lambda: handshake(server)[0] == parsed(first)["serialNumber"])
    said = [line["message"] for line in server.logged() if line["level"] == "error"]
    assert len(said) == 3
    assert all(line.startswith("the certificate before stays: the certificate in ") for line in said)


def test_it_speaks_http_1_over_tls_1_2_and_1_3_only(server, trusting):
    server.wait_ready()
    trusting.set_alpn_protocols(["h2", "http/1.1"])
    assert handshake(server)[1:] == ("TLSv1.3", "http/1.1")
    trusting.maximum_version = ssl.TLSVersion.TLSv1_2
    assert handshake(server)[1:] == ("TLSv1.2", "http/1.1")
    server.tls = None
    with pytest.raises(http.client.BadStatusLine):
        server.ask("/v2/health/live")


def test_a_client_that_never_speaks_keeps_nobody_waiting(server):
    server.wait_ready()
    with socket.create_connection(("127.0.0.1", server.port)):
        assert server.status() == 200


def test_with_a_client_authority_only_its_clients_get_in(serve, tmp_path, iris, mounted, trusting, authority):
    clients = trustme.CA()
    clients.cert_pem.write_to_path(tmp_path / "ca.crt")
    more = {"MLOPS_TLS_CLIENT_CA_FILE": str(tmp_path / "ca.crt")}
    server = start(serve, tmp_path, iris, mounted, trusting, **more)
    clients.issue_cert("shop").configure_cert(trusting)
    server.wait_ready()
    for stranger in (None, trustme.CA().issue_cert("shop")):
        server.tls = ssl.create_default_context()
        authority.configure_trust(server.tls)
        if stranger:
            stranger.configure_cert(server.tls)
        with pytest.raises(OSError, match=r"(?i)certificate|unknown ca|eof"):
            server.ask("/v2/health/live")


def test_the_authority_of_clients_can_change_too(
    serve, tmp_path, iris, mounted, trusting, authority, wait_until
):
    before, after = trustme.CA(), trustme.CA()
    before.cert_pem.write_to_path(tmp_path / "ca.crt")
    more = {"MLOPS_TLS_CLIENT_CA_FILE": str(tmp_path / "ca.crt")}
    server = start(serve, tmp_path, iris, mounted, trusting, **more)
    before.issue_cert("shop").configure_cert(trusting)
    server.wait_ready()
    replace_file(tmp_path / "ca.crt", after.cert_pem.bytes())
    wait_until(lambda: server.metric(DONE) == 1)
    with pytest.raises(OSError, match=r"(?i)certificate|unknown ca|eof"):
        server.ask("/v2/health/live")
    server.tls = ssl.create_default_context()
    authority.configure_trust(server.tls)
    after.issue_cert("shop").configure_cert(server.tls)
    assert server.status() == 200


def test_probes_have_the_operators_port_which_needs_no_certificate(
    serve, tmp_path, iris, mounted, trusting, wait_until
):
    server = start(serve, tmp_path, iris, mounted, trusting, MLOPS_DRAIN_SECONDS="4")

    def status(path):
        return server.ask(path, port=server.admin_port).status

    server.wait_ready()
    wait_until(lambda: status("/v2/health/ready") == 200)
    assert [status(f"/v2/health/{name}") for name in ("live", "other")] == [200, 404]
    server.process.send_signal(signal.SIGTERM)
    wait_until(lambda: status("/v2/health/ready") == 503)
    assert status("/v2/health/live") == 200


@pytest.mark.parametrize("kept", ["MLOPS_TLS_CERT_FILE", "MLOPS_TLS_KEY_FILE"])
def test_a_certificate_without_its_key_is_a_wrong_setting(serve, tmp_path, iris, kept):
    server = serve(folder_environ(tmp_path / "store", iris) | {kept: "/nowhere"})
    assert server.process.wait(20) == 2
    assert server.logged()[-1]["message"] == (
        "MLOPS_TLS_CERT_FILE and MLOPS_TLS_KEY_FILE are set both or not at all"
    )


def test_a_server_does_not_start_on_a_certificate_that_cannot_be_used(
    serve, tmp_path, iris, mounted, trusting
):
    (mounted / "tls.key").unlink()
    server = start(serve, tmp_path, iris, mounted, trusting)
    assert server.process.wait(20) == 2
    assert "No such file or directory" in server.logged()[-1]["message"]
