"""Clients that send too slowly are sent away, hold no memory, and keep nobody from leaving."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import suppress

import pytest

from serving_identity import identity_server

INFER = "/v2/models/numbers/infer"
GOOD = {"inputs": [{"name": "in_FP32", "shape": [1, 4], "datatype": "FP32", "data": [1, 2, 3, 4]}]}
LATE = "the body took longer than 1 s; send it faster, or in smaller requests"
RESIDENT = 'process_resident_memory_bytes{process="worker-0"}'
MIB = 1 << 20


@pytest.fixture
def server(tmp_path):
    with identity_server(tmp_path, body_timeout_seconds="1", idle_timeout_seconds="2") as server:
        yield server


def begin(server, rest, path=INFER):
    client = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    client.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\n{rest}".encode())
    return client


def said(client):
    """All that the server says until it closes the connection."""
    parts = []
    with client:
        while part := client.recv(10_000):
            parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize(
    "rest", ["Content-Length: 1000\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"]
)
def test_a_body_that_takes_too_long_is_answered_408(server, rest, wait_until):
    began = time.perf_counter()
    head, _, body = said(begin(server, rest)).partition(b"\r\n\r\n")
    assert 1 <= time.perf_counter() - began < 4
    assert head.startswith(b"HTTP/1.1 408 ")
    assert json.loads(body) == {"error": LATE}
    wait_until(lambda: server.metric('mlops_rejected_total{model="numbers",reason="body_too_slow"}') == 1)
    wait_until(lambda: server.metric('mlops_in_flight{model="numbers"}') == 0)


def test_many_slow_senders_hold_nobody_up_and_no_memory(tmp_path, wait_until):
    stop, body = threading.Event(), json.dumps(GOOD).encode()
    with identity_server(tmp_path, body_timeout_seconds="4") as server:
        load = server.load(4, INFER, body, stop)
        wait_until(lambda: len(load.replies) > 100)
        before = server.metric(RESIDENT)
        slow = [begin(server, f"Content-Length: {4 * MIB}\r\n\r\n") for _ in range(60)]
        for client in slow:
            client.sendall(b" " * (3 * MIB))
        wait_until(lambda: server.metric(RESIDENT) > before + 100 * MIB)
        for client in slow:
            assert said(client).startswith(b"HTTP/1.1 408 ")
        wait_until(lambda: server.metric(RESIDENT) < before + 60 * MIB)
        stop.set()
        load.join()
    assert load.lost == []
    assert {status for status, _ in load.replies} == {200}


@pytest.mark.parametrize(("own", "servers"), [({"parameters": {"timeout": 500_000}}, "30"), ({}, "0.5")])
def test_the_time_that_a_body_takes_counts_for_the_deadline(tmp_path, own, servers):
    body = json.dumps(GOOD | own).encode()
    with identity_server(tmp_path, request_timeout_seconds=servers) as server:
        assert server.ask(INFER, body).status == 200
        client = begin(server, f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n")
        client.sendall(body[:-1])
        time.sleep(0.6)
        client.sendall(body[-1:])
        answer = said(client)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"longer than it may" in answer


@pytest.mark.parametrize("rest", ["Content-Length: 900000\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n"])
def test_large_bodies_beyond_the_bound_are_refused_and_small_ones_are_not(tmp_path, rest, wait_until):
    chunk = "" if "900000" in rest else f"{900_000:x}\r\n{' ' * 900_000}\r\n"
    with identity_server(tmp_path, reading_bytes=str(2 * MIB)) as server:
        slow = [begin(server, rest + chunk) for _ in range(2)]
        wait_until(lambda: server.metric('mlops_in_flight{model="numbers"}') == 2)
        refused = wait_until(lambda: (reply := server.ask(INFER, b" " * 900_000)).status == 503 and reply)
        assert refused.json["error"].startswith("too many large bodies are being read (1800000 bytes)")
        assert refused.headers["retry-after"] == "1"
        assert server.ask(INFER, GOOD).status == 200
        for client in slow:
            client.close()
        wait_until(lambda: server.ask(INFER, b" " * 900_000).status == 400)


def test_a_head_that_takes_too_long_is_cut_off(server):
    client, began = begin(server, "X-Slow: "), time.perf_counter()
    client.settimeout(0.05)
    last = None
    while last != b"" and time.perf_counter() - began < 10:
        client.sendall(b"x")
        with suppress(TimeoutError):
            last = client.recv(100)
    client.close()
    assert 1.5 < time.perf_counter() - began < 5
    assert server.ask(INFER, GOOD).status == 200


@pytest.mark.parametrize("rest", ["Content-Length: 1000\r\n\r\nabc", "X-Slow: "])
def test_slow_senders_do_not_keep_a_server_that_leaves(tmp_path, wait_until, rest):
    with identity_server(tmp_path, body_timeout_seconds="2", drain_seconds="0") as server:
        slow = [begin(server, rest) for _ in range(20)]
        if "Content" in rest:
            wait_until(lambda: server.metric('mlops_in_flight{model="numbers"}') == 20)
        began = time.perf_counter()
        assert server.terminate() == 0
        assert time.perf_counter() - began < 6
        for client in slow:
            client.close()


def test_what_a_refused_client_still_sends_is_not_waited_for_long(tmp_path):
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"keys": [{"id": "shop", "sha256": "0" * 64, "models": ["*"]}]}))
    with identity_server(tmp_path, body_timeout_seconds="1", access_keys_file=str(keys)) as server:
        began = time.perf_counter()
        answer = said(begin(server, "Content-Length: 1000\r\n\r\nabc"))
        assert answer.startswith(b"HTTP/1.1 401 ")
        assert time.perf_counter() - began < 4
