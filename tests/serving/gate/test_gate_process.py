"""A gate as a process, before a pod that comes late, is slow, breaks, or never comes."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from serving_gate import INFER, GateProcess, Pod, running_gate
from serving_process import free_port, wait_until


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[GateProcess]:
    with running_gate(tmp_path) as running:
        yield running


def error_of(body: bytes) -> str:
    document: dict[str, str] = json.loads(body)
    assert list(document) == ["error"]
    return document["error"]


def test_fifty_first_requests_wait_for_the_pod_and_all_are_answered(gate: GateProcess) -> None:
    with ThreadPoolExecutor(50) as clients:
        asked = [clients.submit(gate.ask, INFER, b"x" * number) for number in range(50)]
        wait_until(lambda: gate.figure("mlops_gate_waiting") == 50)
        assert gate.wanted() == 50
        gate.pod.start()
        answers = [one.result() for one in asked]
    assert [(status, body) for status, _, body in answers] == [(200, b"%d" % n) for n in range(50)]
    assert gate.figure("mlops_gate_in_hand") == 0
    assert gate.figure("mlops_gate_held_total") == 50


def test_a_request_that_waited_in_vain_is_told_when_to_come_back(tmp_path: Path) -> None:
    with running_gate(tmp_path, hold_seconds=0.5) as gate:
        status, headers, body = gate.ask()
        assert (status, headers["retry-after"], headers["content-type"]) == (503, "10", "application/json")
        assert error_of(body) == "no pod was ready within 0.5 s; one is being started, try again later"
        assert gate.figure('mlops_gate_refused_total{reason="no_pod"}') == 1


def test_no_more_wait_than_may(tmp_path: Path) -> None:
    with running_gate(tmp_path, max_waiting=2) as gate, ThreadPoolExecutor(2) as clients:
        waiting = [clients.submit(gate.ask) for _ in range(2)]
        wait_until(lambda: gate.figure("mlops_gate_waiting") == 2)
        status, headers, body = gate.ask()
        assert (status, headers["retry-after"]) == (503, "5")
        assert error_of(body) == "2 requests wait for a pod already; try again in a moment"
        gate.pod.start()
        assert [one.result()[0] for one in waiting] == [200, 200]


def test_the_request_comes_as_it_was_but_for_what_is_between_two(gate: GateProcess) -> None:
    gate.pod.start()
    headers = {"traceparent": "00-a", "x-request-id": "7", "te": "x", "connection": "x-hop", "x-hop": "1"}
    status, answered, body = gate.ask("/v2/models/i%20s%3F/infer?a=%2F&b", b"abc", headers)
    assert (status, answered["traceparent"], body) == (200, "00-1", b"3")
    first, *fields = gate.pod.seen[0][0].decode().rstrip().split("\r\n")
    assert first == "POST /v2/models/i%20s%3F/infer?a=%2F&b HTTP/1.1"
    assert sorted(fields) == [
        "accept-encoding: identity",
        "content-length: 3",
        f"host: 127.0.0.1:{gate.port}",
        "traceparent: 00-a",
        "x-request-id: 7",
    ]


@pytest.mark.parametrize("size", [0, 1, 70_000, 3_000_000])
def test_bodies_of_known_and_unknown_length_arrive_whole(gate: GateProcess, size: int) -> None:
    gate.pod.start()
    body = bytes(range(256)) * (size // 256) + b"z" * (size % 256)
    pieces = (body[start : start + 9999] for start in range(0, size, 9999))
    assert gate.ask(body=body)[::2] == (200, b"%d" % size)
    assert gate.ask(body=pieces)[::2] == (200, b"%d" % size)
    assert [seen for _, seen in gate.pod.seen] == [body, body]


def test_a_body_over_the_limit_is_refused(tmp_path: Path) -> None:
    with running_gate(tmp_path, max_body_bytes=1024) as gate:
        gate.pod.start()
        status, _, body = gate.ask(body=bytes(1025))
        assert (status, error_of(body)) == (
            413,
            "the body is larger than 1024 bytes; send less at once",
        )


def test_an_answer_goes_out_in_the_pieces_it_came_in(gate: GateProcess) -> None:
    gate.pod.start()
    with socket.create_connection(("127.0.0.1", gate.port), timeout=10) as client:
        client.sendall(b"GET /pieces HTTP/1.1\r\nhost: x\r\n\r\n")
        got = b""
        while b"first" not in got:
            got += client.recv(4096)
        assert b"second" not in got
        gate.pod.release.set()
        while b"second" not in got:
            got += client.recv(4096)


def test_a_pod_that_dies_with_a_request_is_a_502_and_no_second_try(gate: GateProcess) -> None:
    gate.pod.start()
    status, _, body = gate.ask("/die")
    assert (status, error_of(body)) == (
        502,
        "the pod went away with the request, which may have been computed; ask again if that does no harm",
    )
    assert len(gate.pod.seen) == 1
    assert gate.figure('mlops_gate_failed_total{reason="broken"}') == 1


def test_an_answer_that_breaks_off_is_never_taken_for_whole(gate: GateProcess) -> None:
    gate.pod.start()
    with pytest.raises(http.client.IncompleteRead, match=r"more expected"):
        gate.ask("/die-in-answer")


def test_a_silent_pod_is_a_504(tmp_path: Path) -> None:
    with running_gate(tmp_path, answer_seconds=0.3) as gate:
        gate.pod.start()
        status, _, body = gate.ask("/slow")
        assert (status, error_of(body)) == (504, "the pod has said nothing for 0.3 s")


def test_a_client_that_goes_away_takes_its_request_along(gate: GateProcess) -> None:
    gate.pod.start()
    with socket.create_connection(("127.0.0.1", gate.port)) as client:
        client.sendall(b"POST /slow HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\nx")
        wait_until(lambda: gate.pod.seen)
    wait_until(lambda: gate.pod.broken == 1)
    wait_until(lambda: gate.figure("mlops_gate_in_hand") == 0)


def test_a_client_that_goes_away_waits_no_longer(gate: GateProcess) -> None:
    with socket.create_connection(("127.0.0.1", gate.port)) as client:
        client.sendall(b"POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\nx")
        wait_until(lambda: gate.figure("mlops_gate_waiting") == 1)
    wait_until(lambda: gate.figure("mlops_gate_waiting") == 0)


def test_asking_how_it_is_wakes_nobody(gate: GateProcess) -> None:
    for path in ("/v2/health/ready", "/v2/health/live", "/v2/models/iris/ready"):
        status, headers, body = gate.ask(path, None)
        assert (status, headers["mlops-endpoint-state"], json.loads(body)) == (
            200,
            "idle",
            {"live": True, "ready": True},
        )
    assert gate.wanted() == 0
    with ThreadPoolExecutor(1) as clients:
        waiting = clients.submit(gate.ask)
        wait_until(lambda: gate.figure("mlops_gate_waiting") == 1)
        assert gate.ask("/v2/health/ready", None)[1]["mlops-endpoint-state"] == "waking"
        gate.pod.start()
        assert waiting.result()[0] == 200
    assert "mlops-endpoint-state" not in gate.ask("/v2/health/ready", None)[1]


def test_asking_how_it_is_keeps_no_pod_either(gate: GateProcess) -> None:
    gate.pod.start()
    for path in ("/v2/health/ready", "/v2/models/iris/ready"):
        assert gate.ask(path, None)[::2] == (200, b"0")
    assert len(gate.pod.seen) == 2
    assert gate.wanted() == 0


def test_a_gate_that_is_told_to_stop_answers_what_it_holds_first(gate: GateProcess) -> None:
    with ThreadPoolExecutor(2) as clients:
        waiting = clients.submit(gate.ask)
        wait_until(lambda: gate.figure("mlops_gate_waiting") == 1)
        stopped = clients.submit(gate.stop)
        wait_until(lambda: gate.admin("/v2/health/ready")[0] == 503)
        gate.pod.start()
        assert waiting.result()[0] == 200
        assert stopped.result() == 0


def test_one_gate_tells_of_all_and_fails_where_a_silent_one_may_hold_requests(tmp_path: Path) -> None:
    admin = free_port()
    peers = {"peers": "localhost", "own_address": "127.0.0.1", "admin_port": admin}
    with running_gate(tmp_path, **peers) as alone:
        assert alone.wanted() == 0
    # Its peer is itself, once it does not know its own address.
    unknown = {**peers, "own_address": "127.0.0.9"}
    with running_gate(tmp_path, **unknown) as gate, ThreadPoolExecutor(1) as clients:
        waiting = clients.submit(gate.ask)
        wait_until(lambda: gate.figure("mlops_gate_waiting") == 1)
        assert gate.wanted() == 2
        gate.pod.start()
        waiting.result()
    with running_gate(tmp_path, Pod(free_port()), peers="no-such-name.invalid") as lost:
        status, _, body = lost.admin("/requests")
        assert status == 503
        assert error_of(body).endswith("it may hold requests")
        asking = threading.Thread(target=lost.ask)
        asking.start()
        wait_until(lambda: lost.figure("mlops_gate_waiting") == 1)
        assert lost.wanted() == 1
        lost.pod.start()
        asking.join()
