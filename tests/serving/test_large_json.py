"""A large document keeps its server busy, but not from answering others."""

from __future__ import annotations

import http.client
import json
import threading
import time

import numpy as np

from serving_identity import identity_server

INFER = "/v2/models/numbers/infer"
ROWS = 300_000


def test_others_are_answered_while_a_large_document_is_read_and_written(tmp_path):
    values = np.random.default_rng(3).random(ROWS * 4, np.float32)
    tensor = {"name": "in_FP32", "shape": [ROWS, 4], "datatype": "FP32", "data": values.tolist()}
    body = json.dumps({"inputs": [tensor]}).encode()
    shares = []
    with identity_server(tmp_path) as server:
        for _ in range(5):
            done, waits = threading.Event(), []

            def ask(done=done, waits=waits):
                while not done.is_set():
                    began = time.perf_counter()
                    assert server.status() == 200
                    waits.append(time.perf_counter() - began)

            others = threading.Thread(target=ask)
            others.start()
            began = time.perf_counter()
            # Read here as bytes: to parse them meanwhile would hold up the other client.
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
            connection.request("POST", INFER, body)
            text = connection.getresponse().read()
            took = time.perf_counter() - began
            done.set()
            others.join()
            connection.close()
            assert np.float32(json.loads(text)["outputs"][0]["data"]).tobytes() == values.tobytes()
            shares.append(max(waits) / took)
    # Read and written on the event loop it is half of the time; what is left are copies of the whole.
    assert min(shares) < 0.3
