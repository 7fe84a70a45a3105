"""One request's trace from its client to the model, through a real server and a batch with others."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
from tritonclient.grpc import service_pb2, service_pb2_grpc

from mlops_serving.publish import publish
from mlops_serving.spans import QUEUE
from mlops_serving.store import Store, store_settings
from serving_folder import folder_environ
from serving_process import free_port, models
from serving_python import make_class

INFER = "/v2/models/double/infer"
BODY = {"id": "mine", "inputs": [{"name": "x", "shape": [2], "datatype": "FP32", "data": [3, 4]}]}
GATED = """
import time
from pathlib import Path

class Double:
    def predict(self, inputs):
        time.sleep(0.005)
        while Path({gate!r}).exists():
            time.sleep(0.005)
        if (inputs["x"] < 0).any():
            raise ValueError
        return {{"y": inputs["x"] * 2}}
"""
"""Waits while there is a gate; slow enough not to run on the event loop."""


def traceparent(number, sampled=True):
    """A caller's header; its trace and its span have the number."""
    return f"00-{number:032x}-{number:016x}-{'01' if sampled else '00'}"


class Shop:
    """A server of a model behind a gate, which traces what its callers want traced."""

    def __init__(self, tmp_path, serve, endpoint, **more):
        self.gate, self.grpc_port = tmp_path / "gate", free_port()
        environ = {
            "MLOPS_STORE_URL": f"file://{tmp_path / 'store'}",
            "MLOPS_MODELS": models("1", "double"),
            "MLOPS_ALLOW_CODE": '["double"]',
            "MLOPS_GRPC_PORT": str(self.grpc_port),
            "MLOPS_OTLP_ENDPOINT": endpoint,
            "MLOPS_TRACE_SAMPLE": "0",
        } | more
        made = make_class(tmp_path / "made", GATED.format(gate=str(self.gate)))
        publish(Store(store_settings(environ)), tmp_path / "made", made)
        self.server = serve(environ).wait_ready()

    def ask(self, header, body=BODY):
        return self.server.ask(INFER, body, traceparent=header)

    def waiting(self):
        return self.server.metric('mlops_queue_rows{model="double"}')


def of_trace(receiver, number):
    """The spans of one trace by name."""
    return {span.name: span for span in receiver.spans if span.trace_id == f"{number:032x}"}


def assert_one_tree(spans, parent):
    assert spans.keys() == {"infer", "queue", "batch", "predict"}
    infer, queue, batch, predict = (spans[name] for name in ("infer", "queue", "batch", "predict"))
    assert (infer.parent_id, infer.parent_is_remote, infer.kind) == (parent, True, 2)
    assert [(span.parent_id, span.parent_is_remote, span.kind) for span in (queue, batch, predict)] == [
        (infer.span_id, False, 1),
        (infer.span_id, False, 1),
        (batch.span_id, False, 1),
    ]
    assert infer.start <= queue.start <= queue.end <= batch.start <= predict.start
    assert predict.end <= batch.end <= infer.end


def test_a_request_is_one_trace_from_its_caller_to_the_model(tmp_path, serve, receiver, wait_until):
    shop = Shop(tmp_path, serve, receiver.endpoint)
    assert shop.ask(traceparent(7)).json["outputs"][0]["data"] == [6, 8]
    wait_until(lambda: len(receiver.spans) == 4)
    spans = of_trace(receiver, 7)
    assert_one_tree(spans, f"{7:016x}")
    assert spans["batch"].attributes == {"mlops.batch_requests": 1, "mlops.batch_rows": 2}
    assert {span.status for span in spans.values()} == {0}


def test_requests_that_one_call_answered_are_linked_each_in_its_own_trace(
    tmp_path, serve, receiver, wait_until
):
    shop = Shop(tmp_path, serve, receiver.endpoint)
    shop.gate.touch()
    with ThreadPoolExecutor() as pool:
        asked = [pool.submit(shop.ask, traceparent(1))]
        # The model is busy from now on, so the others wait for it together.
        wait_until(lambda: shop.server.metric('mlops_in_flight{model="double"}') == 1 and shop.waiting() == 0)
        asked += [pool.submit(shop.ask, traceparent(number, number != 4)) for number in (2, 3, 4, 5)]
        wait_until(lambda: shop.waiting() == 8)
        shop.gate.unlink()
        assert [one.result().status for one in asked] == [200] * 5
    wait_until(lambda: len(receiver.spans) == 16)
    for number in (1, 2, 3, 5):
        assert_one_tree(of_trace(receiver, number), f"{number:016x}")
    alone = of_trace(receiver, 1)["batch"]
    assert (alone.attributes, alone.links) == ({"mlops.batch_requests": 1, "mlops.batch_rows": 2}, [])
    batches = [of_trace(receiver, number)["batch"] for number in (2, 3, 5)]
    assert {json.dumps(batch.attributes) for batch in batches} == {
        json.dumps({"mlops.batch_requests": 4, "mlops.batch_rows": 8})
    }
    first, *others = sorted(batches, key=lambda batch: -len(batch.links))
    assert set(first.links) == {(batch.trace_id, batch.span_id) for batch in others}
    assert [batch.links for batch in others] == [[(first.trace_id, first.span_id)]] * 2
    waited = of_trace(receiver, 2)["queue"]
    assert waited.end - waited.start > 1_000_000


def test_a_request_over_grpc_is_one_trace_too_and_has_its_line(tmp_path, serve, receiver, wait_until):
    shop = Shop(tmp_path, serve, receiver.endpoint)
    column = {"name": "x", "datatype": "FP32", "shape": [1], "contents": {"fp32_contents": [3.0]}}
    request = service_pb2.ModelInferRequest(model_name="double", id="mine", inputs=[column])
    with grpc.insecure_channel(f"127.0.0.1:{shop.grpc_port}") as channel:
        infer = service_pb2_grpc.GRPCInferenceServiceStub(channel).ModelInfer
        reply, call = infer.with_call(request, metadata=[("traceparent", traceparent(7))], timeout=20)
    assert list(reply.outputs[0].contents.fp32_contents) == [6.0]
    wait_until(lambda: len(receiver.spans) == 4)
    spans = of_trace(receiver, 7)
    assert_one_tree(spans, f"{7:016x}")
    told = dict(call.trailing_metadata())["traceparent"]
    assert told == f"00-{7:032x}-{spans['infer'].span_id}-01"
    (line,) = [line for line in shop.server.logged() if line["message"] == "answered"]
    assert (line["trace_id"], line["request_id"]) == (f"{7:032x}", "mine")


def test_a_prediction_that_fails_is_an_error_from_the_model_up(tmp_path, serve, receiver, wait_until):
    shop = Shop(tmp_path, serve, receiver.endpoint)
    bad = {"inputs": [{"name": "x", "shape": [1], "datatype": "FP32", "data": [-1]}]}
    assert shop.ask(traceparent(7), bad).status == 500
    wait_until(lambda: len(receiver.spans) == 4)
    spans = of_trace(receiver, 7)
    assert_one_tree(spans, f"{7:016x}")
    assert {name: span.status for name, span in spans.items()} == {
        "infer": 2,
        "queue": 0,
        "batch": 2,
        "predict": 2,
    }


def test_a_request_that_was_not_its_turn_in_time_has_only_waited(tmp_path, serve, receiver, wait_until):
    shop = Shop(tmp_path, serve, receiver.endpoint)
    shop.gate.touch()
    with ThreadPoolExecutor() as pool:
        first = pool.submit(shop.ask, traceparent(1))
        wait_until(lambda: shop.server.metric('mlops_in_flight{model="double"}') == 1)
        late = BODY | {"parameters": {"timeout": 100_000}}
        assert shop.ask(traceparent(2), late).status == 503
        shop.gate.unlink()
        assert first.result().status == 200
    wait_until(lambda: len(receiver.spans) == 6)
    spans = of_trace(receiver, 2)
    assert {name: span.status for name, span in spans.items()} == {"infer": 2, "queue": 0}
    assert spans["queue"].end - spans["queue"].start > 90_000_000


def test_a_collector_that_hangs_costs_spans_but_no_answer_and_seconds_at_the_end(
    tmp_path, serve, iris, iris_body, mute, wait_until
):
    more = {"MLOPS_OTLP_ENDPOINT": mute, "MLOPS_TRACE_SAMPLE": "1", "MLOPS_DRAIN_SECONDS": "0"}
    server = serve(folder_environ(tmp_path / "store", iris) | more | {"MLOPS_LOG_LEVEL": "error"})
    stop = threading.Event()
    body = json.dumps(iris_body(iris.rows[:1])).encode()
    load = server.wait_ready().load(8, "/v2/models/iris/infer", body, stop)
    wait_until(lambda: server.metric('mlops_spans_total{result="dropped"}') > 400, 60)
    stop.set()
    load.join()
    assert (load.lost, {status for status, _ in load.replies}) == ([], {200})
    kept = len(load.replies) - server.metric('mlops_spans_total{result="dropped"}') / 4
    # What is being sent is no longer in the queue; what five seconds did not suffice for is failed.
    assert QUEUE <= kept <= QUEUE + 16 + server.metric('mlops_spans_total{result="failed"}') / 4
    began = time.monotonic()
    assert server.terminate() == 0
    assert time.monotonic() - began < 6
