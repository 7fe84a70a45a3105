"""Whatever is sent, the answer is a status with an error text, and the server lives."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import socket
import threading
import time
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops_serving.protocol.datatypes import DATATYPES
from serving_identity import identity_server

INFER = "/v2/models/numbers/infer"
GOOD = {"inputs": [{"name": "in_FP32", "shape": [1, 4], "datatype": "FP32", "data": [1, 2, 3, 4]}]}
LENGTH = "inference-header-content-length"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with identity_server(tmp_path_factory.mktemp("malformed")) as server:
        yield server
        assert server.process.poll() is None
        assert [line for line in server.logged() if line["level"] == "error"] == []


def refused(reply, status=400, text=""):
    assert (reply.status, list(reply.json)) == (status, ["error"])
    assert text in reply.json["error"]
    assert len(reply.json["error"]) < 1000


def works(server):
    reply = server.ask(INFER, GOOD)
    return reply.status == 200 and reply.json["outputs"][0]["data"] == [1, 2, 3, 4]


def tensor(**more):
    return {"inputs": [GOOD["inputs"][0] | more]}


def binary(size=16, **more):
    one = {"name": "in_FP32", "shape": [1, 4], "datatype": "FP32", "parameters": {"binary_data_size": size}}
    return json.dumps({"inputs": [one | more]}).encode()


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (tensor(shape=[4]), "has shape [4], the model takes [-1, 4]"),
        (tensor(shape=[2**62, 4]), f"needs {2**64}"),
        (tensor(shape=[2**64, 4]), "must be a list of whole numbers"),
        (tensor(shape=[-1, 4]), "must be a list of whole numbers"),
        (tensor(shape=[0, 4]), "has 4 values but shape"),
        (tensor(data=[[1, 2], [3, 4]]), "has 2 rows but shape"),
        (tensor(data=[[1, 2, 3], [4]]), "has 2 rows but shape"),
        (tensor(data=[[1, 2, 3, [4]]]), "not nested lists"),
        (tensor(data=[1, 2, 3, 1e300]), "out of range for FP32"),
        (tensor(data=[1, 2, 3, 10**4000]), "not JSON"),
        (tensor(data="1,2,3,4"), "must be a list"),
        (b'{"inputs":[{"name":"in_FP32","shape":[1,4],"datatype":"FP32","data":[1,2,3,NaN]}]}', "not NaN"),
        (b"[" * 100_000, "not JSON"),
        (b'{"inputs":' * 100_000, "not JSON"),
        (b'{"inputs":[{"name":' + b"[" * 1000 + b"]" * 1000 + b"}]}", "is unknown"),
        (b'{"inputs":[{"name":"' + b"n" * 100_000 + b'"}]}', "is unknown"),
        (GOOD | {"outputs": [{"name": "out_FP32"}] * 2}, "asked for twice"),
        (GOOD | {"outputs": [{"name": "n" * 100_000}]}, "is unknown"),
        ({"inputs": GOOD["inputs"] * 2}, "given twice"),
        ({"inputs": GOOD["inputs"] * 10_000}, "given twice"),
        (GOOD | {"id": 5}, "id must be a string"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"", "not JSON"),
    ],
)
def test_malformed_json_is_refused(server, body, text):
    refused(server.ask(INFER, body), 400, text)
    assert works(server)


@pytest.mark.parametrize(
    ("body", "header", "text"),
    [
        (binary() + b"\0" * 16, "100000", "but the body has only"),
        (binary() + b"\0" * 16, "-5", "must be the length"),
        (binary() + b"\0" * 16, "99999999999999999999999999", "must be the length"),
        (binary() + b"\0" * 16, "1e2", "must be the length"),
        (binary() + b"\0" * 16, "", "must be the length"),
        (binary() + b"\0" * 16, "5", "not JSON"),
        (binary() + b"\0" * 15, None, "has only 15 bytes left"),
        (binary() + b"\0" * 17, None, "1 bytes more"),
        (binary(2**63) + b"\0" * 16, None, "has only 16 bytes left"),
        (binary(-1) + b"\0" * 16, None, "whole number of bytes"),
        (binary(shape=[2**61, 4]) + b"\0" * 16, None, f"needs {2**65}"),
        (binary(data=[1, 2, 3, 4]) + b"\0" * 16, None, "has both data and binary_data_size"),
        (b"\0" * 15, "0", "comes in pieces of 16 bytes"),
    ],
)
def test_malformed_binary_is_refused(server, body, header, text):
    length = str(body.index(b"}]}") + 3) if header is None else header
    refused(server.ask(INFER, body, inference_header_content_length=length), 400, text)
    assert works(server)


def test_a_raw_body_is_answered_with_a_raw_tensor(server):
    data = np.arange(8, dtype=np.float32).tobytes()
    reply = server.ask(INFER, data, inference_header_content_length="0")
    assert (reply.status, reply.headers["content-type"]) == (200, "application/octet-stream")
    assert reply.json[int(reply.headers[LENGTH]) :] == data
    reply = server.ask("/v2/models/words/infer", "ü".encode(), inference_header_content_length="0")
    assert reply.json[int(reply.headers[LENGTH]) :] == b"\2\0\0\0\xc3\xbc"


def test_compressed_bodies_that_are_broken_or_too_large_are_refused(server):
    packed = gzip.compress(json.dumps(GOOD).encode())
    assert server.ask(INFER, packed, content_encoding="gzip").status == 200
    refused(server.ask(INFER, packed[:-1], content_encoding="gzip"), 400, "ends too early")
    refused(server.ask(INFER, packed, content_encoding="deflate"), 400, "is not deflate")
    refused(server.ask(INFER, packed, content_encoding="br"), 415, "gzip, deflate")
    assert server.ask(INFER, packed, content_encoding="br").headers["accept-encoding"] == "gzip, deflate"
    bomb = zlib.compress(b" " * (1 << 28), 9)
    refused(server.ask(INFER, bomb, content_encoding="deflate"), 413, "larger than 67108864 bytes")
    assert server.metric('process_resident_memory_bytes{process="worker-0"}') < 500e6
    assert works(server)


def test_small_replies_are_not_compressed_and_plain_clients_are_not_either(server):
    small = server.ask(INFER, GOOD, accept_encoding="gzip")
    assert (small.status, "content-encoding" in small.headers) == (200, False)
    many = {"inputs": [GOOD["inputs"][0] | {"shape": [500, 4], "data": [0.5] * 2000}]}
    assert "content-encoding" not in server.ask(INFER, many).headers
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("POST", INFER, json.dumps(many), {"Accept-Encoding": "deflate, gzip;q=0.5"})
    packed = connection.getresponse()
    assert packed.headers["content-encoding"] == "deflate"
    assert json.loads(zlib.decompress(packed.read()))["outputs"][0]["data"] == [0.5] * 2000
    connection.close()


def test_a_body_of_64_mib_is_taken_and_one_byte_more_is_not(server):
    rows = (1 << 26) // 16
    reply = server.ask(INFER, b"\0" * (rows * 16), inference_header_content_length="0")
    assert (reply.status, len(reply.json)) == (200, int(reply.headers[LENGTH]) + rows * 16)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.putrequest("POST", INFER)
    connection.putheader("Content-Length", str((1 << 26) + 1))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()
    assert works(server)


def test_a_chunked_body_is_read_whole(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    data = np.arange(40_000, dtype=np.float32).tobytes()
    chunks = (data[start : start + 7] for start in range(0, len(data), 7))
    connection.request("POST", INFER, chunks, {LENGTH: "0"}, encode_chunked=True)
    reply = connection.getresponse()
    body = reply.read()
    connection.close()
    assert (reply.status, body[int(reply.headers[LENGTH]) :]) == (200, data)


def test_a_slow_sender_holds_nobody_up(server):
    head = f"POST {INFER} HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
    body = json.dumps(GOOD).encode()
    slow = [socket.create_connection(("127.0.0.1", server.port), timeout=20) for _ in range(50)]
    for client in slow:
        client.sendall((head % len(body)).encode())
    took = []
    for byte in body:
        for client in slow:
            client.sendall(bytes([byte]))
        began = time.perf_counter()
        assert works(server)
        took.append(time.perf_counter() - began)
    for client in slow:
        assert client.recv(1000).startswith(b"HTTP/1.1 200 ")
        client.close()
    assert sorted(took)[len(took) // 2] < 0.1


@pytest.mark.parametrize(
    "rest", ["Content-Length: 1000\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n5\r\nab"]
)
def test_senders_that_vanish_leave_nothing_behind(server, wait_until, rest):
    head = f"POST {INFER} HTTP/1.1\r\nHost: x\r\n{rest}"
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
            client.sendall(head.encode())
    wait_until(lambda: server.metric('mlops_in_flight{model="numbers"}') == 0)
    assert works(server)


def test_a_chunk_that_is_none_is_refused(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(
            f"POST {INFER} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n".encode()
        )
        assert client.recv(1000).startswith(b"HTTP/1.1 4")
    assert works(server)


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: 5, 5",
        "Content-Length: -1",
        "Content-Length: 99999999999999999999",
        "Content-Encoding: \xff",
        "Inference-Header-Content-Length: \xff",
        "Mlops-Sticky-Key: \xff",
        "Accept-Encoding: \xff",
        "Content-Type: \xff",
    ],
)
def test_odd_headers_never_fail_the_server(server, head):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        more = "" if head.startswith("Content-Length") else "Content-Length: 5\r\n"
        client.sendall(f"POST {INFER} HTTP/1.1\r\nHost: x\r\n{more}{head}\r\n\r\nabcde".encode("latin-1"))
        assert client.recv(1000).startswith(b"HTTP/1.1 4")
    assert works(server)


def test_many_random_bodies_at_once(server):
    """Every thread sends its own nonsense; sound requests beside them are all answered."""
    failures = []

    def nonsense():
        for _ in range(40):
            reply = server.ask(INFER, os.urandom(2000), inference_header_content_length="100")
            if reply.status != 400:
                failures.append(reply)

    threads = [threading.Thread(target=nonsense) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert all(works(server) for _ in range(40))
    for thread in threads:
        thread.join()
    assert failures == []


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=8,
)
tensors = st.fixed_dictionaries(
    {
        "name": st.sampled_from([f"in_{one}" for one in DATATYPES]) | values,
        "shape": st.lists(st.integers(0, 3) | st.sampled_from([2**31, 2**62, -1]), max_size=3) | values,
        "datatype": st.sampled_from(DATATYPES) | values,
    },
    optional={
        "data": st.lists(st.integers(-3, 300), max_size=6) | values,
        "parameters": st.fixed_dictionaries({"binary_data_size": st.integers(-1, 40)}) | values,
    },
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.fixed_dictionaries(
        {"inputs": st.lists(tensors, max_size=3) | values},
        optional={"outputs": st.lists(tensors, max_size=2) | values, "id": values, "parameters": values},
    ),
    st.binary(max_size=40),
    st.sampled_from(["identity", "brain", "numbers", "words"]),
    st.sampled_from([None, 0, 1]),
)
def test_no_document_whatever_is_more_than_refused(server, document, tail, model, shift):
    text = json.dumps(document).replace("Infinity", "1e999").encode()
    headers = {} if shift is None else {"inference_header_content_length": str(len(text) * bool(shift))}
    reply = server.ask(f"/v2/models/{model}/infer", text + tail, **headers)
    assert reply.status in (200, 400, 501), reply
    if reply.status != 200:
        assert list(reply.json) == ["error"]
