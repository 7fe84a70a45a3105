"""Sending spans: what is dropped, what it costs, and how failing and waiting requests look."""

from __future__ import annotations

import time

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from mlops_serving.artifact import Golden, Tensor, TensorSpec
from mlops_serving.publish import publish
from mlops_serving.spans import QUEUE, SpanMaker, Spans
from mlops_serving.store import Store, store_settings
from mlops_serving.tracing import Record
from serving_process import models

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
RECORD = Record(TRACE, SPAN, "", "infer", 1_000, 2_000, False, {"mlops.model": "iris", "mlops.rows": 1})


def start(serve, tmp_path, receiver, artifact, **more):
    environ = {
        "MLOPS_STORE_URL": f"file://{tmp_path / 'store'}",
        "MLOPS_MODELS": models("1", artifact[1].name),
        "MLOPS_OTLP_ENDPOINT": receiver.endpoint,
        "MLOPS_TRACE_SAMPLE": "1",
    }
    publish(Store(store_settings(environ)), *artifact)
    return serve(environ | more).wait_ready()


def make_picker(folder, make_artifact):
    """A model that fails on numbers other than 0, 1 and 2."""
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "X"], ["Y"])],
        "pick",
        [helper.make_tensor_value_info("X", TensorProto.INT64, ["n"])],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, ["n"])],
        [numpy_helper.from_array(np.array([5, 6, 7], np.float32), "table")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    return make_artifact(
        folder,
        model.SerializeToString(),
        [TensorSpec(name="X", datatype="INT64", shape=(-1,))],
        [TensorSpec(name="Y", datatype="FP32", shape=(-1,))],
        Golden(
            inputs=(Tensor(name="X", shape=(1,), datatype="INT64", data=(1,)),),
            outputs=(Tensor(name="Y", shape=(1,), datatype="FP32", data=(6.0,)),),
            atol=0,
        ),
        name="pick",
    )


def test_a_span_has_the_ids_and_times_it_was_given():
    span = SpanMaker().span(RECORD._replace(parent_id="00f067aa0ba902b8", failed=True, server=True))
    assert (span.context.trace_id, span.context.span_id) == (int(TRACE, 16), int(SPAN, 16))
    assert (span.parent.span_id, span.parent.is_remote) == (0x00F067AA0BA902B8, True)
    assert (span.start_time, span.end_time, span.status.is_ok) == (1_000, 2_000, False)
    assert dict(span.attributes) == RECORD.attributes
    assert SpanMaker().span(RECORD).parent is None


def test_what_does_not_fit_is_dropped_and_counted_and_nobody_waits(mute, metrics):
    spans = Spans(mute, metrics.spans)
    began = time.perf_counter()
    for _ in range(QUEUE * 3):
        spans.offer((RECORD, RECORD))
    assert time.perf_counter() - began < 1
    assert metrics.spans.labels("dropped").get() >= (QUEUE * 2 - 32) * 2
    began = time.perf_counter()
    spans.close()
    assert time.perf_counter() - began < 3
    assert metrics.spans.labels("exported").get() == 0


def test_everything_that_fits_arrives_once(receiver, metrics):
    spans = Spans(receiver.endpoint + "/", metrics.spans)
    for number in range(1, 1001):
        spans.offer([RECORD._replace(span_id=f"{number:016x}")])
    spans.close()
    assert sorted(int(span.span_id, 16) for span in receiver.spans) == list(range(1, 1001))
    assert metrics.spans.labels("exported").get() == 1000


def test_a_failing_prediction_is_an_error_span_and_a_log_line_with_the_same_trace(
    serve, tmp_path, receiver, make_artifact, wait_until
):
    picker = make_picker(tmp_path / "pick", make_artifact)
    server = start(serve, tmp_path, receiver, (tmp_path / "pick", picker))

    def body(number):
        tensor = {"name": "X", "shape": [1], "datatype": "INT64", "data": [number]}
        return {"id": "mine", "inputs": [tensor]}

    assert server.ask("/v2/models/pick/infer", body(2)).json["outputs"][0]["data"] == [7.0]
    assert server.ask("/v2/models/pick/infer", body(123454321)).status == 500
    wait_until(lambda: len(receiver.spans) == 8)
    good, bad = (span for span in receiver.spans if span.name == "infer")
    assert (good.status, bad.status) == (0, 2)
    assert (bad.attributes["mlops.status"], bad.attributes["mlops.rows"]) == (500, 1)
    assert "mlops.encode_seconds" not in bad.attributes
    [line] = [line for line in server.logged() if line["level"] == "error"]
    assert (line["message"], line["model"], line["request_id"], line["trace_id"]) == (
        "the model failed on a request",
        "pick",
        "mine",
        bad.trace_id,
    )
    assert "123454321" not in server.log.read_text()
